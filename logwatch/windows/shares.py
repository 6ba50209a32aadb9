"""How many of all: exact up to a limit of entries, beyond it by panes of T/32.

With panes both numbers are exact for the panes that the window touches, which reach back T/32 more
at most.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from logwatch.windows.adaptive import Adaptive, dead_entries
from logwatch.windows.panes import Panes
from logwatch.windows.stored import bad_dump, decode, encode, in_order


class Shares(Adaptive[bool, "Marked", "SharePanes"]):
    """The entries of one key in (t - T, t], each of them a part or not."""

    __slots__ = ()

    def _new_exact(self) -> Marked:
        return Marked()

    def _new_coarse(self) -> SharePanes:
        return SharePanes(self._window)

    def add(self, time: float, is_part: bool) -> None:  # noqa: FBT001  # what an entry is
        """Take an entry, and whether it is one of the part."""
        self._take(time, is_part)

    def counts(self, now: float) -> tuple[int, int]:
        """How many of the part, and how many of all, are in (now - T, now]."""
        if self._coarse is not None:
            return self._coarse.counts(now)
        exact = self._only()
        return _within(exact.parts, now, self._window), _within(exact.times, now, self._window)

    def dump(self) -> bytes:
        """Everything as bytes, for `load`."""
        exact, coarse = self._exact, self._coarse
        return encode(
            _Stored(
                times=exact.times.tolist() if exact else [],
                parts=exact.parts.tolist() if exact else [],
                noting=exact is not None,
                since=self._since if exact is not None and coarse is not None else 0,
                window=self._window,
                panes=coarse.stored() if coarse else None,
            )
        )

    @classmethod
    def load(cls, dumped: bytes, window: float, limit: int = 10_000) -> Shares:
        """What `dump` made of a window of the same length. Raises ValueError for anything else."""
        stored = decode(_decoder, dumped, "shares")
        loaded = cls(window, limit)
        if not stored.sound() or (stored.panes is not None and stored.window != window):
            raise bad_dump("shares")
        if stored.panes is not None:
            loaded._coarse = SharePanes.restored(window, stored.panes)
        loaded._exact = Marked.restored(stored.times, stored.parts) if stored.noting else None
        loaded._since = stored.since
        return loaded


class _StoredPanes(Struct, array_like=True, frozen=True):
    newest: float
    counts: dict[int, tuple[int, int]]


class _Stored(Struct, array_like=True, frozen=True, tag="shares 1"):
    times: list[float]
    parts: list[float]
    noting: bool
    since: int
    window: float
    panes: _StoredPanes | None

    def sound(self) -> bool:
        """Whether this can be what a window was."""
        return (
            in_order(self.times)
            and in_order(self.parts)
            and _are_among(self.parts, self.times)
            and (self.noting or (not self.times and self.panes is not None))
        )


_decoder: Final = msgspec.msgpack.Decoder(_Stored)


class Marked:
    """The times of all entries, and of those of the part again."""

    __slots__ = ("parts", "times")

    def __init__(self) -> None:
        self.times = array("d")
        self.parts = array("d")

    def add(self, time: float, item: bool, window: float) -> None:  # noqa: FBT001  # an entry
        """Take an entry; see `Exact.add`."""
        if dead := dead_entries(self.times, time, window):
            del self.parts[: bisect_right(self.parts, self.times[dead - 1])]
            del self.times[:dead]
        _put(self.times, time)
        if item:
            _put(self.parts, time)

    def entries(self) -> Iterable[tuple[float, bool]]:
        """Every entry."""
        parts = Counter(self.parts)
        for time in self.times:
            yield time, parts[time] > 0
            parts[time] -= 1

    @classmethod
    def restored(cls, times: list[float], parts: list[float]) -> Marked:
        """As it was when these were taken from it."""
        marked = cls()
        marked.times.extend(times)
        marked.parts.extend(parts)
        return marked


class SharePanes(Panes[tuple[int, int]]):
    """Both numbers for each pane."""

    __slots__ = ()

    def add(self, time: float, item: bool) -> bool:  # noqa: FBT001  # an entry
        """Take an entry; whether it opened a pane newer than all others."""
        self.expire(time)
        index, opened = self.reach(time, lambda: (0, 0))
        part, whole = self.kept[index]
        self.kept[index] = (part + item, whole + 1)
        return opened

    def counts(self, now: float) -> tuple[int, int]:
        """Of the part and of all, in the panes that the window touches."""
        part = whole = 0
        for each, all_of_it in self._touched(now):
            part += each
            whole += all_of_it
        return part, whole

    def size(self, now: float) -> int:
        """How many entries are in the panes that the window touches."""
        return sum(whole for _, whole in self._touched(now))

    def _touched(self, now: float) -> Iterator[tuple[int, int]]:
        return (self.kept[index] for index in self.of(now))

    def stored(self) -> _StoredPanes:
        """For a dump."""
        return _StoredPanes(self.newest, {index: self.kept[index] for index in self.order})

    @classmethod
    def restored(cls, window: float, stored: _StoredPanes) -> SharePanes:
        """As it was when `stored` was taken. Raises ValueError where it cannot have been."""
        panes = cls(window)
        panes.newest = stored.newest
        for index, counts in stored.counts.items():
            panes.open(index, counts)
        if not panes.sound() or not all(0 <= part <= whole for part, whole in panes.kept.values()):
            raise bad_dump("shares")
        return panes


def _are_among(parts: Iterable[float], times: Iterable[float]) -> bool:
    """Whether each of `parts` is one of `times`, both in order; each as often at most."""
    rest = iter(times)
    return all(part in rest for part in parts)  # which looks on from behind the one found last


def _put(times: array[float], time: float) -> None:
    if not times or time >= times[-1]:
        times.append(time)
    else:
        insort(times, time)


def _within(times: array[float], now: float, window: float) -> int:
    first = bisect_right(times, now - window)
    return bisect_right(times, now, first) - first
