"""Numbers of a window by pane: number, total, least, most and a sketch of percentiles of each."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from msgspec import Struct

from logwatch.windows.ddsketch import DDSketch
from logwatch.windows.panes import Panes
from logwatch.windows.stored import bad_dump
from logwatch.windows.sums import scaled_up


class StoredSummary(Struct, array_like=True, frozen=True):
    """What a dump holds of one pane."""

    count: int
    total: bytes
    least: float
    most: float
    bins: dict[int, int]


class StoredValuePanes(Struct, array_like=True, frozen=True):
    """What a dump holds of `ValuePanes`."""

    newest: float
    summaries: dict[int, StoredSummary]


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
        self.total += scaled_up(value)
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        self.sketch.add(value)

    def stored(self) -> StoredSummary:
        size = self.total.bit_length() // 8 + 1
        total = self.total.to_bytes(size, "little", signed=True)
        bins = dict(sorted(self.sketch.bins.items()))
        return StoredSummary(self.count, total, self.least, self.most, bins)

    @classmethod
    def restored(cls, stored: StoredSummary) -> _Summary:
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
        index, opened = self.reach(time, _Summary)
        self.kept[index].add(item)
        if index in self._sketched:
            self._sketch.add(item)
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

    def stored(self) -> StoredValuePanes:
        """For a dump."""
        return StoredValuePanes(
            self.newest, {index: self.kept[index].stored() for index in self.order}
        )

    @classmethod
    def restored(cls, window: float, stored: StoredValuePanes) -> ValuePanes:
        """As it was when `stored` was taken. Raises ValueError where it cannot have been."""
        panes = cls(window)
        panes.newest = stored.newest
        for index, summary in stored.summaries.items():
            panes.open(index, _Summary.restored(summary))
        if not panes.sound() or not all(each.sound() for each in panes.kept.values()):
            raise bad_dump("values")
        return panes
