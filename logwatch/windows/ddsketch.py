"""Percentiles of any number of values to within 1 %: DDSketch.

C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
Relative-Error Guarantees", VLDB 2019. Bin k holds values in (g^(k-1), g^k] with g = 1.01/0.99; what
is answered for it is off by 1 % of the value at most. Values nearer to zero than 1e-12 count as
zero, values beyond 1e21 as 1e21: with that there are at most 3,802 bins on each side of zero.
"""

from __future__ import annotations

from math import ceil, log

_ERROR = 0.01
_BASE = (1 + _ERROR) / (1 - _ERROR)
_LOG_BASE = log(_BASE)
_LEAST = 1e-12
_MOST = 1e21
_OFFSET = 1 - ceil(log(_LEAST) / _LOG_BASE)
"""Added to k, so that bins of positive values count from 1; those of negative ones are negated."""
_LAST = ceil(log(_MOST) / _LOG_BASE) + _OFFSET


class DDSketch:
    """How many values fell into each bin; bins are in the order of the values."""

    __slots__ = ("bins",)

    def __init__(self) -> None:
        self.bins: dict[int, int] = {}

    def add(self, value: float) -> None:
        """Take a finite value."""
        index = _bin(abs(value))
        if value < 0:
            index = -index
        self.bins[index] = self.bins.get(index, 0) + 1

    def merge(self, other: DDSketch) -> None:
        """Take all that the other has taken."""
        bins = self.bins
        for index, count in other.bins.items():
            bins[index] = bins.get(index, 0) + count

    def subtract(self, other: DDSketch) -> None:
        """Undo the merge of the other."""
        bins = self.bins
        for index, count in other.bins.items():
            left = bins[index] - count
            if left:
                bins[index] = left
            else:
                del bins[index]

    def at_rank(self, rank: int) -> float:
        """About the rank-th smallest value, counted from 1; there must be so many."""
        bins = self.bins
        for index in sorted(bins):
            rank -= bins[index]
            if rank <= 0:
                return _middle(index)
        raise ValueError("fewer values than that")

    def sound(self) -> bool:
        """Whether what was read from a dump can be what was kept."""
        return all(abs(index) <= _LAST and count > 0 for index, count in self.bins.items())


def _bin(size: float) -> int:
    return 0 if size < _LEAST else ceil(log(min(size, _MOST)) / _LOG_BASE) + _OFFSET


def _middle(index: int) -> float:
    """The value whose distance from both ends of the bin is the same share of it."""
    if not index:
        return 0.0
    middle = 2 * _BASE ** (abs(index) - _OFFSET) / (_BASE + 1)
    return middle if index > 0 else -middle
