"""What a writer without O_APPEND leaves before its lines where its file was cut."""

from __future__ import annotations

import os

import pytest

from logwatch.tailer.holes import behind_hole

HOLE = 1 << 30
"""Bytes, which would take a second to read."""


@pytest.fixture
def begins(tmp_path):
    """Where content begins in a file; `size`: as it was known a moment ago."""

    def find(data: bytes, *, at: int = 0, size: int | None = None) -> int:
        path = tmp_path / "app.log"
        with path.open("wb") as file:
            file.seek(at)
            file.write(data)
        fd = os.open(path, os.O_RDONLY)
        try:
            return behind_hole(fd, at + len(data) if size is None else size)
        finally:
            os.close(fd)

    return find


def test_content_begins_behind_a_hole(begins, monkeypatch):
    """However large it is: hardly anything of it is read."""
    read = []
    really = os.pread
    monkeypatch.setattr(os, "pread", lambda *words: read.append(really(*words)) or read[-1])
    assert begins(b"one\n", at=HOLE) == HOLE
    assert sum(map(len, read)) < 1 << 20


@pytest.mark.parametrize("nuls", [1, 5_000, 600_000])
def test_nuls_that_were_written_are_passed_over_as_well(begins, nuls):
    assert begins(bytes(nuls) + b"one\n\0two\n") == nuls


@pytest.mark.parametrize("data", [b"", b"one\n", b"one\0\n"])
def test_where_there_is_none_it_begins_at_the_beginning(begins, data):
    assert begins(data) == 0


@pytest.mark.parametrize(("data", "at"), [(bytes(7), 0), (b"", 0), (bytes(7), HOLE)])
def test_nothing_but_nuls_is_all_passed_over(begins, data, at):
    assert begins(data, at=at) == at + len(data)


@pytest.mark.parametrize(("data", "at"), [(bytes(200) + b"one\n", 0), (b"one\n", HOLE)])
def test_what_was_added_meanwhile_is_left_to_the_next_look(begins, data, at):
    """Or more would be passed over than there is, as far as is known."""
    assert begins(data, at=at, size=100) == 100
