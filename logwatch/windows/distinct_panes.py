"""Distinct strings of a window by pane: a HyperLogLog of each."""

from __future__ import annotations

from msgspec import Struct

from logwatch.windows.hyperloglog import HyperLogLog, hash64
from logwatch.windows.panes import Panes
from logwatch.windows.stored import bad_dump

_PRECISION = 12


class StoredDistinctPanes(Struct, array_like=True, frozen=True):
    """What a dump holds of `DistinctPanes`."""

    newest: float
    sketches: dict[int, bytes]


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
        index, opened = self.reach(time, lambda: HyperLogLog(_PRECISION))
        hashed = hash64(item)
        self.kept[index].add_hash(hashed)
        if index in self._united:
            self._union.add_hash(hashed)
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

    def stored(self) -> StoredDistinctPanes:
        """For a dump."""
        kept = self.kept
        return StoredDistinctPanes(self.newest, {index: kept[index].dump() for index in self.order})

    @classmethod
    def restored(cls, window: float, stored: StoredDistinctPanes) -> DistinctPanes:
        """As it was when `stored` was taken. Raises ValueError for a broken sketch."""
        panes = cls(window)
        panes.newest = stored.newest
        for index, sketch in stored.sketches.items():
            panes.open(index, HyperLogLog.load(sketch))
        if not panes.sound() or any(each.precision != _PRECISION for each in panes.kept.values()):
            raise bad_dump("distinct values")
        return panes
