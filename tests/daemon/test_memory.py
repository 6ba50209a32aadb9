"""What is free goes back to the machine."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from logwatch.clock import Moment
from logwatch.daemon.memory import giving_back

PIECE = 2_000
NUMBER = 20_000


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_what_lies_between_pieces_that_are_in_use_is_given_back():
    """Forty megabytes, of which a piece here and there is kept."""
    pieces = [bytes(PIECE) for _ in range(NUMBER)]
    kept = pieces[::50]
    del pieces
    before = resident_bytes()
    giving_back()(Moment(0, 0))
    assert before - resident_bytes() > PIECE * NUMBER // 2
    assert len(kept) == NUMBER // 50


def test_without_that_library_nothing_is_done(monkeypatch):
    """As with musl."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    giving_back()(Moment(0, 0))
