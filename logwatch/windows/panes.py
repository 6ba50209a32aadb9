"""Aligned pieces of a window: where entries are too many, each piece keeps a summary of its own.

Pane k covers [k * T/32, (k + 1) * T/32) of event time. A window that ends at `now` is answered with
all panes from the one that holds now - T to the one that holds `now`: the older end may reach back
T/32 too far. What the last pane holds beyond `now` is counted with it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from math import floor, inf, isfinite, nextafter
from typing import Generic, TypeVar

Summary = TypeVar("Summary")

PANES = 32
"""Panes that a window is cut into."""
_MOST_KEPT = 3 * PANES
"""Panes kept at most, where times jump to and fro; the oldest go first."""


class Panes(Generic[Summary]):
    """Summaries of one window by pane, the newest time of all, and which to ask at a moment."""

    __slots__ = ("_width", "_window", "kept", "newest", "order")

    def __init__(self, window: float) -> None:
        self._window = window
        self._width = window / PANES
        self.kept: dict[int, Summary] = {}
        self.order: list[int] = []
        self.newest = -inf

    def index(self, time: float) -> int:
        """The pane that `time` falls into."""
        return floor(time / self._width)

    def of(self, now: float) -> list[int]:
        """Indexes of the panes that the window which ends at `now` touches, oldest first."""
        order = self.order
        first = bisect_left(order, self.index(now - self._window))
        return order[first : bisect_right(order, self.index(now))]

    def reach(self, time: float, new: Callable[[], Summary]) -> tuple[int, bool]:
        """The pane of `time`, made where it was not there; whether it is newer than all others."""
        self.newest = max(self.newest, time)
        index = self.index(time)
        if index in self.kept:
            return index, False
        is_newest = not self.order or index > self.order[-1]
        self.open(index, new())
        return index, is_newest

    def open(self, index: int, summary: Summary) -> None:
        """Keep a pane that was not there."""
        insort(self.order, index)
        self.kept[index] = summary

    def expire(self, time: float) -> list[int]:
        """Drop what is older than any window to come after an entry at `time`; what was dropped.

        The newest time counts too, so that one stray time in the future drops nothing.
        """
        order = self.order
        if not order:
            return []
        horizon = self.index(min(time, self.newest) - self._window)
        dead = max(bisect_left(order, horizon), len(order) - _MOST_KEPT)
        dropped = order[:dead]
        del order[:dead]
        for index in dropped:
            del self.kept[index]
        return dropped

    def next_loss(self, now: float) -> float | None:
        """When the oldest pane of the window that ends at `now` leaves it, None for none."""
        panes = self.of(now)
        return self.leaving(panes[0]) if panes else None

    def leaving(self, index: int) -> float:
        """The first moment at which the window has left the pane behind."""
        moment = (index + 1) * self._width + self._window
        while self.index(moment - self._window) <= index:
            moment = nextafter(moment, inf)
        return moment

    def sound(self) -> bool:
        """Whether what was read from a dump can be what was kept."""
        return (
            0 < len(self.order) <= _MOST_KEPT + 1
            and isfinite(self.newest)
            and self.order[-1] == self.index(self.newest)
        )


def leaves(time: float, window: float) -> float:
    """The moment from which `time` is no longer in (now - window, now], roundings included."""
    moment = time + window
    while moment - window < time:
        moment = nextafter(moment, inf)
    return moment
