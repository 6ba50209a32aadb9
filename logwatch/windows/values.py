"""What the numbers in a window come to: how many, least, most, average, total and percentiles.

Exact up to a limit of samples. The total is exact before it is rounded once to a float, whatever
the order of the samples. The p-th percentile is the nearest rank: the smallest sample that at least
p % of the samples do not exceed, always one of the samples.

Beyond the limit, panes: number, least, most, average and total are exact for the panes that the
window touches, which reach back T/32 more at most; a percentile is that of a DDSketch of these
panes, off by 1 % of the value at most.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from math import ceil, fsum, inf, isfinite
from typing import Final

import msgspec
from msgspec import Struct

from logwatch.windows.adaptive import Adaptive, dead_entries
from logwatch.windows.ddsketch import DDSketch
from logwatch.windows.panes import Panes
from logwatch.windows.stored import bad_dump, decode, encode, in_order

_SCALE_BITS = 1074
"""Any float times two to this power is a whole number."""
_FEW = 32
"""Up to so many samples are looked through at each question; for more, the answers are kept."""


class Values(Adaptive[float, "Samples", "ValuePanes"]):
    """The numeric samples of one key in (t - T, t]."""

    __slots__ = ()

    def _new_exact(self) -> Samples:
        return Samples()

    def _new_coarse(self) -> ValuePanes:
        return ValuePanes(self._window)

    def add(self, time: float, value: float) -> None:
        """Take a sample. Raises ValueError for an infinite one and for what is not a number."""
        if not isfinite(value):
            raise ValueError(f"{value} is no sample")
        self._take(time, value + 0.0)  # no negative zero

    def count(self, now: float) -> int:
        """How many samples are in (now - T, now]."""
        if self._coarse is not None:
            return self._coarse.size(now)
        first, end = self._span(now)
        return end - first

    def minimum(self, now: float) -> float | None:
        """The smallest sample, None for none."""
        if self._coarse is not None:
            return min((each.least for each in self._coarse.summaries(now)), default=None)
        ordered = self._only().ordered(*self._span(now))
        return ordered[0] if ordered else None

    def maximum(self, now: float) -> float | None:
        """The largest sample, None for none."""
        if self._coarse is not None:
            return max((each.most for each in self._coarse.summaries(now)), default=None)
        ordered = self._only().ordered(*self._span(now))
        return ordered[-1] if ordered else None

    def total(self, now: float) -> float:
        """The sum of all samples, 0.0 for none; infinite where no float is as large."""
        if self._coarse is not None:
            return _divided(self._coarse.total(now), 1)
        return self._only().total(*self._span(now))

    def average(self, now: float) -> float | None:
        """The arithmetic mean, None for no sample."""
        count = self.count(now)
        if not count:
            return None
        if self._coarse is not None:
            return _divided(self._coarse.total(now), count)
        return self._only().average(*self._span(now))

    def percentile(self, now: float, percent: float) -> float | None:
        """The sample of nearest rank, None for no sample; 0 % is the smallest, 100 % the largest.

        Raises ValueError for a percentage that is not between 0 and 100.
        """
        if not 0 <= percent <= 100:
            raise ValueError(f"{percent} is no percentage")
        count = self.count(now)
        if not count:
            return None
        # 99.9 * 1000 is a little more than 99900 as floats, and must not be rank 1000.
        rank = max(1, ceil(round(percent * count / 100, 9)))
        if self._coarse is not None:
            return self._coarse.at_rank(now, rank)
        return self._only().ordered(*self._span(now))[rank - 1]

    def _span(self, now: float) -> tuple[int, int]:
        times = self._only().times
        first = bisect_right(times, now - self._window)
        return first, bisect_right(times, now, first)

    def dump(self) -> bytes:
        """Everything as bytes, for `load`."""
        exact, coarse = self._exact, self._coarse
        return encode(
            _Stored(
                times=exact.times.tolist() if exact else [],
                values=exact.values.tolist() if exact else [],
                noting=exact is not None,
                since=self._since if exact is not None and coarse is not None else 0,
                window=self._window,
                panes=coarse.stored() if coarse else None,
            )
        )

    @classmethod
    def load(cls, dumped: bytes, window: float, limit: int = 10_000) -> Values:
        """What `dump` made of a window of the same length. Raises ValueError for anything else."""
        stored = decode(_decoder, dumped, "values")
        loaded = cls(window, limit)
        if not stored.sound() or (stored.panes is not None and stored.window != window):
            raise bad_dump("values")
        if stored.panes is not None:
            loaded._coarse = ValuePanes.restored(window, stored.panes)
        loaded._exact = Samples.restored(stored.times, stored.values) if stored.noting else None
        loaded._since = stored.since
        return loaded


class _StoredSummary(Struct, array_like=True, frozen=True):
    count: int
    total: bytes
    least: float
    most: float
    bins: dict[int, int]


class _StoredPanes(Struct, array_like=True, frozen=True):
    newest: float
    summaries: dict[int, _StoredSummary]


class _Stored(Struct, array_like=True, frozen=True, tag="values 1"):
    times: list[float]
    values: list[float]
    noting: bool
    since: int
    window: float
    panes: _StoredPanes | None

    def sound(self) -> bool:
        """Whether this can be what a window was."""
        return (
            len(self.times) == len(self.values)
            and in_order(self.times)
            and all(map(isfinite, self.values))
            and (self.noting or (not self.times and self.panes is not None))
        )


_decoder: Final = msgspec.msgpack.Decoder(_Stored)


class Samples:
    """Samples sorted by time and then by value, and what was last asked of a span of them."""

    __slots__ = ("_view", "times", "values")

    def __init__(self) -> None:
        self.times = array("d")
        self.values = array("d")
        self._view: _View | None = None

    def add(self, time: float, item: float, window: float) -> None:
        """Take a sample; see `Exact.add`."""
        times, values = self.times, self.values
        if dead := dead_entries(times, time, window):
            del times[:dead], values[:dead]
            if self._view is not None and not self._view.forget(dead):
                self._view = None
        if not times or time > times[-1]:
            times.append(time)
            values.append(item)
            return
        first = bisect_left(times, time)
        place = bisect_right(values, item, first, bisect_right(times, time, first))
        times.insert(place, time)
        values.insert(place, item)
        if self._view is not None:
            self._view.insert(place, item)

    def entries(self) -> Iterable[tuple[float, float]]:
        """Every sample."""
        return zip(self.times, self.values, strict=True)

    def ordered(self, first: int, end: int) -> array[float]:
        """The samples of a span, smallest first."""
        if end - first <= _FEW:
            return array("d", sorted(self.values[first:end]))
        return self._viewed(first, end).ordered

    def total(self, first: int, end: int) -> float:
        """Their sum, rounded once."""
        if end - first <= _FEW:
            try:
                return fsum(self.values[first:end])
            except OverflowError:  # of what it has on the way, not of the sum
                return _divided(sum(map(_scaled, self.values[first:end])), 1)
        return _divided(self._viewed(first, end).total, 1)

    def average(self, first: int, end: int) -> float:
        """Their mean, rounded once."""
        if end - first <= _FEW:
            return _divided(sum(map(_scaled, self.values[first:end])), end - first)
        return _divided(self._viewed(first, end).total, end - first)

    def _viewed(self, first: int, end: int) -> _View:
        view = self._view
        if view is None or not view.near(first, end):
            self._view = view = _View(self.values, first, end)
        else:
            view.move(self.values, first, end)
        return view

    @classmethod
    def restored(cls, times: list[float], values: list[float]) -> Samples:
        """As it was when these were taken from it."""
        samples = cls()
        samples.times.extend(times)
        samples.values.extend(values)
        return samples


class _View:
    """The sum and the sorted values of a span, moved along as the window moves: O(log n) a step."""

    __slots__ = ("_end", "_first", "ordered", "total")

    def __init__(self, values: array[float], first: int, end: int) -> None:
        self._first, self._end = first, end
        self.ordered = array("d", sorted(values[first:end]))
        self.total = sum(map(_scaled, self.ordered))

    def near(self, first: int, end: int) -> bool:
        """Whether moving there costs less than beginning anew."""
        return 4 * (abs(first - self._first) + abs(end - self._end)) < end - first

    def move(self, values: array[float], first: int, end: int) -> None:
        """Become what a new one of this span would be."""
        for place in range(first, self._first):
            self._put(values[place])
        for place in range(self._end, end):
            self._put(values[place])
        for place in range(self._first, first):
            self._drop(values[place])
        for place in range(end, self._end):
            self._drop(values[place])
        self._first, self._end = first, end

    def forget(self, number: int) -> bool:
        """The oldest samples are gone; whether none of the span was among them."""
        self._first -= number
        self._end -= number
        return self._first >= 0

    def insert(self, place: int, value: float) -> None:
        """A sample was put at `place`."""
        if place < self._first:
            self._first += 1
        elif place < self._end:
            self._put(value)
        if place < self._end:
            self._end += 1

    def _put(self, value: float) -> None:
        insort(self.ordered, value)
        self.total += _scaled(value)

    def _drop(self, value: float) -> None:
        del self.ordered[bisect_left(self.ordered, value)]
        self.total -= _scaled(value)


class _Summary:
    """What the samples of one pane come to."""

    __slots__ = ("count", "least", "most", "sketch", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.least = inf
        self.most = -inf
        self.sketch = DDSketch()

    def add(self, value: float) -> None:
        self.count += 1
        self.total += _scaled(value)
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        self.sketch.add(value)

    def stored(self) -> _StoredSummary:
        size = self.total.bit_length() // 8 + 1
        total = self.total.to_bytes(size, "little", signed=True)
        bins = dict(sorted(self.sketch.bins.items()))
        return _StoredSummary(self.count, total, self.least, self.most, bins)

    @classmethod
    def restored(cls, stored: _StoredSummary) -> _Summary:
        summary = cls()
        summary.count = stored.count
        summary.total = int.from_bytes(stored.total, "little", signed=True)
        summary.least, summary.most = stored.least, stored.most
        summary.sketch.bins = stored.bins
        return summary

    def sound(self) -> bool:
        return (
            self.count == sum(self.sketch.bins.values())
            and -inf < self.least <= self.most < inf
            and self.sketch.sound()
        )


class ValuePanes(Panes[_Summary]):
    """A summary for each pane, and the sketch of those that were asked about last."""

    __slots__ = ("_sketch", "_sketched")

    def __init__(self, window: float) -> None:
        super().__init__(window)
        self._sketched: list[int] = []
        self._sketch = DDSketch()

    def add(self, time: float, item: float) -> bool:
        """Take a sample; whether it opened a pane newer than all others."""
        if self.expire(time):
            self._sketched, self._sketch = [], DDSketch()
        index = self.index(time)
        opened = False
        if index not in self.kept:
            opened = not self.order or index > self.order[-1]
            self.open(index, _Summary())
        self.kept[index].add(item)
        if index in self._sketched:
            self._sketch.add(item)
        self.newest = max(self.newest, time)
        return opened

    def summaries(self, now: float) -> Iterator[_Summary]:
        """Those of the panes that the window touches."""
        return (self.kept[index] for index in self.of(now))

    def size(self, now: float) -> int:
        """How many samples are in the panes that the window touches."""
        return sum(each.count for each in self.summaries(now))

    def total(self, now: float) -> int:
        """Their scaled sum."""
        return sum(each.total for each in self.summaries(now))

    def at_rank(self, now: float, rank: int) -> float:
        """About the sample of that rank, never beyond the least and the most."""
        panes = self.of(now)
        if panes != self._sketched:
            for index in set(self._sketched).difference(panes):
                self._sketch.subtract(self.kept[index].sketch)
            for index in set(panes).difference(self._sketched):
                self._sketch.merge(self.kept[index].sketch)
            self._sketched = panes
        least = min(self.kept[index].least for index in panes)
        most = max(self.kept[index].most for index in panes)
        return min(max(self._sketch.at_rank(rank), least), most)

    def stored(self) -> _StoredPanes:
        """For a dump."""
        return _StoredPanes(self.newest, {index: self.kept[index].stored() for index in self.order})

    @classmethod
    def restored(cls, window: float, stored: _StoredPanes) -> ValuePanes:
        """As it was when `stored` was taken. Raises ValueError where it cannot have been."""
        panes = cls(window)
        panes.newest = stored.newest
        for index, summary in stored.summaries.items():
            panes.open(index, _Summary.restored(summary))
        if not panes.sound() or not all(each.sound() for each in panes.kept.values()):
            raise bad_dump("values")
        return panes


def _scaled(value: float) -> int:
    """The value times two to the `_SCALE_BITS`: sums of these are exact in any order."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_SCALE_BITS + 1 - denominator.bit_length())


def _divided(scaled: int, count: int) -> float:
    """The scaled number divided, rounded once."""
    try:
        return scaled / (count << _SCALE_BITS)
    except OverflowError:
        return inf if scaled > 0 else -inf
