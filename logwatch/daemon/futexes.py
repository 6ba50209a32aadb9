"""Room for the waits of many threads, where the kernel asks for it.

From Linux 6.16 on a process has a table of its own for those of its threads that wait, of four
places for each processor: with ten thousand threads on two processors some hundred stand in each
place, and whoever wakes one goes through all before it. With places for all of them the kernel's
part of a burst takes a quarter. Source: PR_FUTEX_HASH(2const). Elsewhere nothing is done.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

_PR_FUTEX_HASH, _SET_SLOTS = 78, 1
FEW_THREADS = 64
"""So many need no more than there is."""
MOST_PLACES = 1 << 16
"""Of 64 bytes of the kernel's memory each."""


class Futexes:
    """The table of this process; for one thread."""

    def __init__(self, prctl: Callable[..., int] | None = None) -> None:
        """`prctl`: that of the C library."""
        self._prctl = prctl or getattr(ctypes.CDLL(None), "prctl", None)
        self._places = FEW_THREADS

    def make_room(self, threads: int) -> None:
        """So many are going to wait, each for something of its own."""
        if min(threads, MOST_PLACES) <= self._places or self._prctl is None:
            return
        self._places = min(MOST_PLACES, 1 << (threads - 1).bit_length())
        words = (ctypes.c_ulong(each) for each in (_SET_SLOTS, self._places, 0, 0))
        if self._prctl(_PR_FUTEX_HASH, *words) != 0:
            self._prctl = None  # a kernel that knows of no such table
