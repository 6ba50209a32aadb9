"""A rotated file that its disk does not give back holds up no other one, also after a restart."""

from __future__ import annotations

import errno
import gzip
import os

import pytest


@pytest.fixture
def disk(monkeypatch):
    """Has an error in the file of an inode, while that is set."""

    class Disk:
        bad: int | None = None

    really = os.pread

    def pread(fd, *words):
        if os.fstat(fd).st_ino == Disk.bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return really(fd, *words)

    monkeypatch.setattr(os, "pread", pread)
    return Disk


@pytest.mark.parametrize("restarts", [False, True])
def test_the_log_is_read_and_the_rest_of_the_rotated_one_when_that_can_be_had(
    follow, numbered, disk, restarts
):
    log = follow(numbered(0, 3), grace=300.0)
    log.read()
    old = log.rotate(new=numbered(10, 3))
    log.append(numbered(3, 2), old)
    disk.bad = old.stat().st_ino
    if restarts:
        log.restart()
    assert b"".join(log.read()) == numbered(10, 3)
    for number in range(5):
        log.advance(60)
        log.append(numbered(13 + number, 1))
        assert b"".join(log.read()) == numbered(13 + number, 1)
    disk.bad = None
    log.advance(60)
    assert b"".join(log.read()) == numbered(3, 2)
    assert not log.tail.losses()
    log.restart()
    assert log.read() == []


@pytest.mark.parametrize("lines", [3, 100])
@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_compressed_beside_it_is_read_all_the_same(
    follow, numbered, disk, restarts, lines
):
    """It is not the archive that cannot be read; but it may be the same, so it is marked."""
    log = follow(numbered(0, lines), grace=300.0)
    log.read()
    old = log.rotate(".2", new=numbered(1000, 1))
    log.append(numbered(lines, 2), old)
    log.beside(".1.gz").write_bytes(gzip.compress(numbered(500, lines)))
    disk.bad = old.stat().st_ino
    if restarts:
        log.restart()
    log.read()
    disk.bad = None
    log.advance(60)
    log.read()
    told = [(each.data, each.reread) for each in log.blocks if each.data]
    assert sorted(told) == [
        (numbered(0, lines), False),
        (numbered(lines, 2), False),
        (numbered(500, lines), True),
        (numbered(1000, 1), False),
    ]
    assert not log.tail.losses()
