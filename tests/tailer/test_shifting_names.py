"""A rotation that shifts names just while the tail looks at them."""

from __future__ import annotations

import pytest

from logwatch.tailer import siblings, whereabouts


def shift(harness, line: bytes) -> None:
    """`.2` to `.3`, `.1` to `.2`, the log to `.1`, and a new log with one line."""
    for number in range(9, 0, -1):
        if harness.beside(f".{number}").exists():
            harness.beside(f".{number}").rename(harness.beside(f".{number + 1}"))
    harness.path.rename(harness.beside(".1"))
    harness.append(line)


@pytest.mark.parametrize("where", [whereabouts, siblings])
@pytest.mark.parametrize("at", range(1, 5))
def test_names_that_shift_while_they_are_looked_at_hide_nothing(follow, monkeypatch, where, at):
    """Between the listing and the opening each name has come to stand for another file."""
    harness = follow()
    harness.append(b"0\n")
    assert harness.read() == [b"0\n"]
    harness.append(b"1\n")
    for number in (2, 3, 4):
        shift(harness, b"%d\n" % number)
    name = "open_beside" if hasattr(where, "open_beside") else "open_regular"
    really_open, calls = getattr(where, name), []

    def opens_after_a_shift(*arguments):
        calls.append(arguments)
        if len(calls) == at:
            shift(harness, b"5\n")
        return really_open(*arguments)

    monkeypatch.setattr(where, name, opens_after_a_shift)
    harness.restart()
    lines = harness.read()
    monkeypatch.undo()
    lines += harness.read()
    if len(calls) < at:
        shift(harness, b"5\n")
        lines += harness.read()
    assert sorted(lines) == [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n"]
    assert harness.tail.losses() == []
