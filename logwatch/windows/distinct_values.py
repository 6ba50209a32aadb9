"""How many distinct strings a window holds: exact up to a limit, beyond it to within a few percent.

Exact: each value with its latest time, sorted by time. A value longer than 128 characters, or one
that UTF-8 cannot hold, is kept as a digest of 16 bytes. Beyond the limit each pane has a
HyperLogLog with 4,096 registers: the standard error is 1.6 %, and the window reaches back T/32 more
at most. At a `now` before the newest time, a value that came again since is not counted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from logwatch.windows.adaptive import Adaptive, dead_entries
from logwatch.windows.hyperloglog import HyperLogLog, hash64
from logwatch.windows.panes import Panes, leaves
from logwatch.windows.stored import bad_dump, decode, encode, in_order

_PRECISION = 12
_LONGEST = 128
_SEARCHED = 16
"""Up to so many values are searched one by one: a dictionary would be larger than they are."""


class DistinctValues(Adaptive[str, "LatestSeen", "DistinctPanes"]):
    """The distinct strings of one key in (t - T, t]."""

    __slots__ = ()

    def _new_exact(self) -> LatestSeen:
        return LatestSeen()

    def _new_coarse(self) -> DistinctPanes:
        return DistinctPanes(self._window)

    def add(self, time: float, value: str) -> None:
        """Take a value seen at `time`; one seen before moves to its latest time."""
        self._take(time, _bounded(value))

    def count(self, now: float) -> int:
        """How many distinct values are in (now - T, now]."""
        if self._coarse is not None:
            return self._coarse.size(now)
        times = self._only().times
        first = bisect_right(times, now - self._window)
        return bisect_right(times, now, first) - first

    def falls_below(self, number: int) -> float | None:
        """When the count falls below `number` if nothing more comes; None where fewer are kept.

        It may have happened already. Raises ValueError for a number below 1.
        """
        if number < 1:
            raise ValueError("a count never falls below nothing")
        if self._coarse is not None:
            return self._coarse.falls_below(number)
        times = self._only().times
        return leaves(times[-number], self._window) if number <= len(times) else None

    def dump(self) -> bytes:
        """Everything as bytes, for `load`."""
        exact, coarse = self._exact, self._coarse
        return encode(
            _Stored(
                times=exact.times.tolist() if exact else [],
                values=exact.values if exact else [],
                noting=exact is not None,
                since=self._since if exact is not None and coarse is not None else 0,
                window=self._window,
                panes=coarse.stored() if coarse else None,
            )
        )

    @classmethod
    def load(cls, dumped: bytes, window: float, limit: int = 10_000) -> DistinctValues:
        """What `dump` made of a window of the same length. Raises ValueError for anything else."""
        stored = decode(_decoder, dumped, "distinct values")
        loaded = cls(window, limit)
        if not stored.sound() or (stored.panes is not None and stored.window != window):
            raise bad_dump("distinct values")
        if stored.panes is not None:
            loaded._coarse = DistinctPanes.restored(window, stored.panes)
        loaded._exact = LatestSeen.restored(stored.times, stored.values) if stored.noting else None
        loaded._since = stored.since
        return loaded


class _StoredPanes(Struct, array_like=True, frozen=True):
    newest: float
    sketches: dict[int, bytes]


class _Stored(Struct, array_like=True, frozen=True, tag="distinct 1"):
    times: list[float]
    values: list[str]
    noting: bool
    since: int
    window: float
    panes: _StoredPanes | None

    def sound(self) -> bool:
        """Whether this can be what a window was."""
        times, values = self.times, self.values
        return (
            len(times) == len(values) == len(set(values))
            and in_order(times)
            and (self.noting or (not times and self.panes is not None))
        )


_decoder: Final = msgspec.msgpack.Decoder(_Stored)


class LatestSeen:
    """Distinct values with the latest time of each, sorted by time and then by value."""

    __slots__ = ("_when", "times", "values")

    def __init__(self) -> None:
        self.times = array("d")
        self.values: list[str] = []
        self._when: dict[str, float] | None = None

    def add(self, time: float, item: str, window: float) -> None:
        """Take a value; see `Exact.add`."""
        times, values = self.times, self.values
        if dead := dead_entries(times, time, window):
            self._forget(dead)
        known = self._where(item)
        if known is not None:
            if times[known] >= time:
                return
            del times[known], values[known]
        if not times or time > times[-1]:
            times.append(time)
            values.append(item)
        else:
            first = bisect_left(times, time)
            place = bisect_right(values, item, first, bisect_right(times, time, first))
            times.insert(place, time)
            values.insert(place, item)
        if self._when is not None:
            self._when[item] = time
        elif len(values) > _SEARCHED:
            self._when = dict(zip(values, times, strict=True))

    def entries(self) -> Iterable[tuple[float, str]]:
        """Every value with its latest time."""
        return zip(self.times, self.values, strict=True)

    @classmethod
    def restored(cls, times: list[float], values: list[str]) -> LatestSeen:
        """As it was when these were taken from it."""
        seen = cls()
        seen.times.extend(times)
        seen.values = values
        if len(values) > _SEARCHED:
            seen._when = dict(zip(values, times, strict=True))
        return seen

    def _forget(self, number: int) -> None:
        when = self._when
        if when is not None:
            if len(self.values) - number > _SEARCHED:
                for value in self.values[:number]:
                    del when[value]
            else:
                self._when = None
        del self.times[:number], self.values[:number]

    def _where(self, value: str) -> int | None:
        values = self.values
        if self._when is None:
            return values.index(value) if value in values else None
        time = self._when.get(value)
        if time is None:
            return None
        first = bisect_left(self.times, time)
        return bisect_left(values, value, first, bisect_right(self.times, time, first))


class DistinctPanes(Panes[HyperLogLog]):
    """A HyperLogLog for each pane, and the union of those that were asked about last."""

    __slots__ = ("_union", "_united")

    def __init__(self, window: float) -> None:
        super().__init__(window)
        self._united: list[int] = []
        self._union = HyperLogLog(_PRECISION)

    def add(self, time: float, item: str) -> bool:
        """Take a value; whether it opened a pane newer than all others."""
        if self.expire(time):
            self._united, self._union = [], HyperLogLog(_PRECISION)
        index = self.index(time)
        opened = False
        if index not in self.kept:
            opened = not self.order or index > self.order[-1]
            self.open(index, HyperLogLog(_PRECISION))
        hashed = hash64(item)
        self.kept[index].add_hash(hashed)
        if index in self._united:
            self._union.add_hash(hashed)
        self.newest = max(self.newest, time)
        return opened

    def size(self, now: float) -> int:
        """About how many distinct values are in the window that ends at `now`."""
        panes = self.of(now)
        if panes != self._united:
            self._union = HyperLogLog(_PRECISION)
            for index in panes:
                self._union.merge(self.kept[index])
            self._united = panes
        return self._union.estimate()

    def falls_below(self, number: int) -> float | None:
        """When the pane leaves without which there are fewer than `number`."""
        union = HyperLogLog(_PRECISION)
        for index in reversed(self.order):
            union.merge(self.kept[index])
            if union.estimate() >= number:
                return self.leaving(index)
        return None

    def stored(self) -> _StoredPanes:
        """For a dump."""
        kept = self.kept
        return _StoredPanes(self.newest, {index: kept[index].dump() for index in self.order})

    @classmethod
    def restored(cls, window: float, stored: _StoredPanes) -> DistinctPanes:
        """As it was when `stored` was taken. Raises ValueError for a broken sketch."""
        panes = cls(window)
        panes.newest = stored.newest
        for index, sketch in stored.sketches.items():
            panes.open(index, HyperLogLog.load(sketch))
        if not panes.sound() or any(each.precision != _PRECISION for each in panes.kept.values()):
            raise bad_dump("distinct values")
        return panes


def _bounded(value: str) -> str:
    """The value, or a digest of it where it is long or not of Unicode alone."""
    if len(value) <= _LONGEST and value.isascii():
        return value
    data = value.encode("utf-8", "surrogatepass")
    if len(value) <= _LONGEST and _is_unicode(value):
        return value
    return "\0" + blake2b(data, digest_size=16).hexdigest()


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
