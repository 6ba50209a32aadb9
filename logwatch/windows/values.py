"""What the numbers in a window come to: how many, least, most, average, total and percentiles.

Exact up to a limit of samples. The total is exact before it is rounded once to a float, whatever
the order of the samples. The p-th percentile is the nearest rank: the smallest sample that at least
p % of the samples do not exceed, always one of the samples.

Beyond the limit, panes: number, least, most, average and total are exact for the panes that the
window touches, which reach back T/32 more at most; a percentile is that of a DDSketch of these
panes, off by 1 % of the value at most.
"""

from __future__ import annotations

from bisect import bisect_right
from math import ceil, isfinite
from typing import Final

import msgspec
from msgspec import Struct

from logwatch.windows.adaptive import Adaptive
from logwatch.windows.samples import Samples
from logwatch.windows.stored import bad_dump, decode, encode, in_order
from logwatch.windows.sums import divided
from logwatch.windows.value_panes import StoredValuePanes, ValuePanes


class Values(Adaptive[float, Samples, ValuePanes]):
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
            return divided(self._coarse.total(now), 1)
        return self._only().total(*self._span(now))

    def average(self, now: float) -> float | None:
        """The arithmetic mean, None for no sample."""
        count = self.count(now)
        if not count:
            return None
        if self._coarse is not None:
            return divided(self._coarse.total(now), count)
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


class _Stored(Struct, array_like=True, frozen=True, tag="values 1"):
    times: list[float]
    values: list[float]
    noting: bool
    since: int
    window: float
    panes: StoredValuePanes | None

    def sound(self) -> bool:
        """Whether this can be what a window was."""
        return (
            len(self.times) == len(self.values)
            and in_order(self.times)
            and all(map(isfinite, self.values))
            and (self.noting or (not self.times and self.panes is not None))
        )


_decoder: Final = msgspec.msgpack.Decoder(_Stored)
