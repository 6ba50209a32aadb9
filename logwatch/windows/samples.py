"""Numbers of a window kept one by one, and what they come to in a span of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from math import fsum

from logwatch.windows.adaptive import dead_entries
from logwatch.windows.sums import divided, scaled_up

_FEW = 32
"""Up to so many samples are looked through at each question; for more, the answers are kept."""


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
                return divided(sum(map(scaled_up, self.values[first:end])), 1)
        return divided(self._viewed(first, end).total, 1)

    def average(self, first: int, end: int) -> float:
        """Their mean, rounded once."""
        if end - first <= _FEW:
            return divided(sum(map(scaled_up, self.values[first:end])), end - first)
        return divided(self._viewed(first, end).total, end - first)

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
        self.total = sum(map(scaled_up, self.ordered))

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
        self.total += scaled_up(value)

    def _drop(self, value: float) -> None:
        del self.ordered[bisect_left(self.ordered, value)]
        self.total -= scaled_up(value)
