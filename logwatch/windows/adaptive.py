"""A window that is exact while it holds few entries, and a row of panes while it holds many.

- It is exact while at most `limit` entries are in the window of the newest time.
- One more, and the entries move into panes (`panes.py`), which forget the single entry.
- When a new pane begins with at most half of `limit` in the window, entries are noted one by one
  again beside the panes; a whole window later what was noted is all there is, and the panes go.
  More than `limit` of them before that, and the panes stay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from math import inf
from typing import Any, Generic, Protocol, TypeVar

from logwatch.windows.panes import leaves

Item = TypeVar("Item")
Taken_contra = TypeVar("Taken_contra", contravariant=True)

_MOST_KEPT = 4
"""So many times `limit` are kept one by one where times jump to and fro, panes beyond."""


class Exact(Protocol[Item]):
    """Entries kept one by one, sorted by time."""

    @property
    def times(self) -> Times:
        """The times of all entries, oldest first."""

    def add(self, time: float, item: Item, window: float) -> None:
        """Take one entry; entries that no later window holds may go."""

    def entries(self) -> Iterable[tuple[float, Item]]:
        """All that is kept."""


class Times(Protocol):
    """A sorted sequence of times."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> float: ...


class Coarse(Protocol[Taken_contra]):
    """Entries counted by pane."""

    @property
    def newest(self) -> float:
        """The newest time added."""

    def index(self, time: float) -> int:
        """The pane that `time` falls into."""

    def add(self, time: float, item: Taken_contra) -> bool:
        """Take one entry; whether it opened a pane newer than all others."""

    def size(self, now: float) -> int:
        """About how many entries are in the window that ends at `now`."""

    def next_loss(self, now: float) -> float | None:
        """When the oldest pane leaves the window."""


E = TypeVar("E", bound="Exact[Any]")
C = TypeVar("C", bound="Coarse[Any]")


class Adaptive(Generic[Item, E, C]):
    """The part that all windows share: adding, moving to and fro, and what is asked of times."""

    __slots__ = ("_coarse", "_exact", "_limit", "_since", "_window")

    _exact: E | None
    _coarse: C | None

    def __init__(self, window: float, limit: int = 10_000) -> None:
        if not 0 < window < inf or limit < 1:
            raise ValueError("a window has a length and room for an entry")
        self._window = window
        self._limit = limit
        self._exact = self._new_exact()
        self._coarse = None
        self._since = 0

    def _new_exact(self) -> E:
        raise NotImplementedError

    def _new_coarse(self) -> C:
        raise NotImplementedError

    @property
    def exact(self) -> bool:
        """Whether answers are exact; else they are what the panes tell."""
        return self._coarse is None

    @property
    def newest(self) -> float | None:
        """The newest time added, None for none."""
        if self._coarse is not None:
            return self._coarse.newest
        times = self._only().times
        return times[-1] if len(times) else None

    def moment(self, time: float) -> float:
        """The `now` to ask about when an entry at `time` was added, perhaps out of order.

        The newest time, whose window is the one that later entries join; the time itself where
        that window does not reach back to it, as after a stray time in the future.
        """
        newest = self.newest
        if newest is None or newest - self._window >= time:
            return time
        return max(time, newest)

    def next_loss(self, now: float) -> float | None:
        """When the window first loses something of what it holds at `now`, None for an empty one.

        This is the next moment at which an answer changes where nothing more comes.
        """
        if self._coarse is not None:
            return self._coarse.next_loss(now)
        times = self._only().times
        first = bisect_right(times, now - self._window)
        if first == len(times) or times[first] > now:
            return None
        return leaves(times[first], self._window)

    def _take(self, time: float, item: Item) -> None:
        exact, coarse = self._exact, self._coarse
        if coarse is not None:
            self._take_coarsely(coarse, time, item)
        elif exact is not None:
            exact.add(time, item, self._window)
            if len(exact.times) > self._limit and self._too_many(exact.times):
                self._coarse = coarse = self._new_coarse()
                for earlier, each in exact.entries():
                    coarse.add(earlier, each)
                self._exact = None

    def _take_coarsely(self, coarse: C, time: float, item: Item) -> None:
        reached = min(time, coarse.newest)
        opened = coarse.add(time, item)
        exact = self._exact
        if exact is None:
            if not opened or coarse.size(time) > self._limit // 2:
                return
            self._exact = exact = self._new_exact()
            self._since = coarse.index(time)
        if coarse.index(time) >= self._since:
            exact.add(time, item, self._window)
            if len(exact.times) > self._limit and self._too_many(exact.times):
                self._exact = None
            elif coarse.index(reached - self._window) >= self._since:
                self._coarse = None

    def _too_many(self, times: Times) -> bool:
        live = len(times) - bisect_right(times, times[len(times) - 1] - self._window)
        return live > self._limit or len(times) > _MOST_KEPT * self._limit

    def _only(self) -> E:
        """The entries, where there are no panes."""
        assert self._exact is not None
        return self._exact


def dead_entries(times: Times, time: float, window: float) -> int:
    """How many of the oldest entries may go before one at `time` comes, 0 where few could.

    They are in no window that ends at `time` or at the newest time: one stray time in the future
    takes nothing away. An eighth of all must be dead, so that moving the rest costs O(1) an entry.
    """
    size = len(times)
    if not size:
        return 0
    horizon = min(time, times[size - 1]) - window
    if times[size >> 3] > horizon:
        return 0
    return bisect_right(times, horizon)
