"""How far long work is: one line on the terminal, drawn anew again and again, and gone at the end.

Only where somebody looks on, and only once it takes long enough to wonder.
"""

from __future__ import annotations

import sys
from typing import Self, TextIO

from logwatch.cli.figures import rough, size
from logwatch.cli.volume import is_quiet
from logwatch.clock import Clock

COLUMNS = 20
FIRST_SECONDS = 0.5
"""What is done by then needs no bar,"""
NEXT_SECONDS = 0.1
"""and from then on it is drawn so often."""
_NOTHING = "\r\x1b[K"


def unseen(more: int) -> None:
    """What is told of work that nobody looks at: `more` bytes are done."""


class Progress:
    """One piece of work of `whole` bytes; 0 where nobody knows how many.

    With the end of its `with` block, also by Ctrl-C, nothing of it is left.
    """

    def __init__(self, what: str, whole: int, clock: Clock, out: TextIO | None = None) -> None:
        """`what` is harmless."""
        self._what = what
        self._whole = whole
        self._clock = clock
        self._out = out or sys.stderr
        self._is_seen = self._out.isatty() and not is_quiet()
        self._is_drawn = False
        self._done = 0
        self._began = clock.steady()
        self._next = self._began + FIRST_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hide()

    def show(self, done: int) -> None:
        """Draw it anew, not too often; `done`: bytes so far."""
        if not self._is_seen or (now := self._clock.steady()) < self._next:
            return
        self._next = now + NEXT_SECONDS
        took = rough(now - self._began)
        self._out.write(f"{_NOTHING}{self._what}  {self._far(done)}  {took}")
        self._out.flush()
        self._is_drawn = True

    def add(self, more: int) -> None:
        """As `show`, where pieces are done; `more`: bytes of this one."""
        self._done += more
        self.show(self._done)

    def hide(self) -> None:
        """Leave nothing behind, so that something else can be written."""
        if self._is_drawn:
            self._out.write(_NOTHING)
            self._out.flush()
            self._is_drawn = False

    def _far(self, done: int) -> str:
        if not self._whole:
            return size(done)
        share = min(1.0, done / self._whole)
        full = round(share * COLUMNS)
        return f"[{'#' * full}{' ' * (COLUMNS - full)}]  {share:4.0%}"
