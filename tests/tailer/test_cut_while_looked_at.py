"""A file that is cut between the look at its size and the look at its bytes."""

from __future__ import annotations

import os
import shutil

import pytest

from logwatch.tailer.multiline import Framer, MultilineSettings

FRAMERS = {
    "lines": None,
    "records": Framer(
        MultilineSettings(preset="indent", timeout=2.0), encoding="utf-8", max_line=4096
    ),
}


@pytest.fixture(params=FRAMERS)
def log(request, follow):
    """All that there is was read."""
    log = follow(b"one\n", framer=FRAMERS[request.param])
    read_on(log)
    return log


def read_on(log):
    """As long as it takes until the last record is taken for complete."""
    log.read()
    log.advance(3.0)
    log.read()


@pytest.fixture
def cut(monkeypatch):
    """Cuts the file of a log as soon as its size was looked at, once."""

    def arm(log, *, copied=False):
        os.utime(log.path, ns=(1, 1))  # it is to be looked at
        real, inode, todo = os.fstat, log.path.stat().st_ino, [log.path]

        def fstat(fd):
            status = real(fd)
            if status.st_ino == inode and todo:
                path = next(each for each in (log.beside(".1"), todo.pop()) if each.exists())
                if copied:
                    shutil.copyfile(path, log.beside("-20260105"))
                os.truncate(path, 0)
            return status

        monkeypatch.setattr(os, "fstat", fstat)

    return arm


@pytest.mark.parametrize("is_renamed", [False, True])
def test_what_was_read_is_not_told_as_lost(log, cut, is_renamed):
    """Nor is what comes then taken for what was read before, or for a file written in place."""
    cut(log)
    moved = log.rotate(new=b"two\n") if is_renamed else log.path
    read_on(log)
    log.append(b"three\n", moved)
    read_on(log)
    assert sorted(log.data().splitlines()) == sorted([b"one", b"three", *[b"two"] * is_renamed])
    assert not any(block.reread for block in log.blocks)
    assert log.tail.losses() == []


def test_what_was_seen_and_not_read_is_told_as_lost_once(log, cut):
    log.append(b"two\n")
    cut(log)
    read_on(log)
    log.append(b"three\n")
    read_on(log)
    assert log.data() == b"one\nthree\n"
    assert [(loss.start, loss.end, loss.reason) for loss in log.tail.losses()] == [
        (4, 8, "truncated")
    ]


def test_what_was_not_read_is_read_from_the_copy(log, cut):
    log.append(b"two\n")
    cut(log, copied=True)
    read_on(log)
    log.append(b"three\n")
    read_on(log)
    assert log.data() == b"one\ntwo\nthree\n"
    assert log.tail.losses() == []
