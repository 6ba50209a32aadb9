"""How many distinct strings a window holds: exact up to a limit, beyond it to within a few percent.

Exact: each value with its latest time, sorted by time. A value longer than 128 characters, or one
that UTF-8 cannot hold, is kept as a digest of 16 bytes. Beyond the limit each pane has a
HyperLogLog with 4,096 registers: the standard error is 1.6 %, and the window reaches back T/32 more
at most. At a `now` before the newest time, a value that came again since is not counted.
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from logwatch.windows.adaptive import Adaptive
from logwatch.windows.distinct_panes import DistinctPanes, StoredDistinctPanes
from logwatch.windows.latest_seen import LatestSeen
from logwatch.windows.panes import leaves
from logwatch.windows.stored import bad_dump, decode, encode, in_order

_LONGEST = 128


class DistinctValues(Adaptive[str, LatestSeen, DistinctPanes]):
    """The distinct strings of one key in (t - T, t]."""

    __slots__ = ()

    def _new_exact(self) -> LatestSeen:
        return LatestSeen()

    def _new_coarse(self) -> DistinctPanes:
        return DistinctPanes(self._window)

    def add(self, time: float, value: str) -> None:
        """Take a value seen at `time`; one seen before moves to its latest time."""
        self._take(time, bounded(value))

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


class _Stored(Struct, array_like=True, frozen=True, tag="distinct 1"):
    times: list[float]
    values: list[str]
    noting: bool
    since: int
    window: float
    panes: StoredDistinctPanes | None

    def sound(self) -> bool:
        """Whether this can be what a window was."""
        times, values = self.times, self.values
        return (
            len(times) == len(values) == len(set(values))
            and in_order(times)
            and (self.noting or (not times and self.panes is not None))
        )


_decoder: Final = msgspec.msgpack.Decoder(_Stored)


def bounded(value: str) -> str:
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
