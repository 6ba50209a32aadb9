"""How many events fell into each aligned bucket of event time.

Bucket k covers [k * width, (k + 1) * width). Only buckets with events take memory: the latest
`keep` of them. What is older than those is forgotten, and a time that falls there later is ignored
and counted in `ignored`. Counts never depend on the clock, and a stray time in the future costs
one place of `keep` and nothing else.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from math import floor, inf
from operator import lt
from typing import Final

import msgspec
from msgspec import Struct

from logwatch.windows.stored import bad_dump, decode, encode

_LARGEST = 2**63


class Buckets:
    """Counts of one key by bucket."""

    __slots__ = ("_counts", "_first", "_indexes", "_keep", "_width", "ignored")

    def __init__(self, width: float, keep: int) -> None:
        if not 0 < width < inf or keep < 1:
            raise ValueError("a bucket has a width, and at least one is kept")
        self._width = width
        self._keep = keep
        self._first: int | None = None
        """The oldest bucket that is known; None before any time came."""
        self._indexes = array("q")
        self._counts = array("Q")
        self.ignored = 0
        """Times that came when their bucket was forgotten."""

    def index(self, time: float) -> int:
        """The bucket that `time` falls into."""
        index = floor(time / self._width)
        # The quotient is rounded: it may reach the next whole number just before the bucket ends.
        if index * self._width > time:
            return index - 1
        return index + 1 if (index + 1) * self._width <= time else index

    def starts(self, index: int) -> float:
        """When the bucket begins."""
        return index * self._width

    @property
    def newest(self) -> int | None:
        """The latest bucket with an event, None for none."""
        return self._indexes[-1] if self._indexes else None

    def add(self, time: float) -> None:
        """Count an event."""
        index = self.index(time)
        indexes, counts = self._indexes, self._counts
        if indexes and index == indexes[-1]:
            counts[-1] += 1
            return
        if self._first is None or (index < self._first and len(indexes) < self._keep):
            self._first = index
        elif index < self._first:
            self.ignored += 1
            return
        place = bisect_left(indexes, index)
        if place < len(indexes) and indexes[place] == index:
            counts[place] += 1
            return
        indexes.insert(place, index)
        counts.insert(place, 1)
        if len(indexes) > self._keep:
            self._first = indexes[0] + 1
            del indexes[0], counts[0]

    def closed(self, now: float) -> int:
        """The last bucket that no event at `now` or later can fall into."""
        return self.index(now) - 1

    def count(self, index: int) -> int | None:
        """How many events fell into the bucket; None where that is not known.

        Buckets without an event count 0, also those later than all events; it is for the caller
        to ask for closed ones.
        """
        if self._first is None or index < self._first:
            return None
        place = bisect_left(self._indexes, index)
        if place < len(self._indexes) and self._indexes[place] == index:
            return self._counts[place]
        return 0

    def empty(self, now: float) -> bool:
        """Whether the latest `keep` buckets that are closed at `now`, and all later, hold none."""
        newest = self.newest
        return newest is None or newest <= self.closed(now) - self._keep

    def dump(self) -> bytes:
        """Everything as bytes, for `load`."""
        return encode(
            _Stored(
                width=self._width,
                first=self._first,
                indexes=self._indexes.tolist(),
                counts=self._counts.tolist(),
                ignored=self.ignored,
            )
        )

    @classmethod
    def load(cls, dumped: bytes, width: float, keep: int) -> Buckets:
        """What `dump` made of buckets of the same width. Raises ValueError for anything else."""
        stored = decode(_decoder, dumped, "buckets")
        if stored.width != width or not stored.sound() or len(stored.indexes) > keep:
            raise bad_dump("buckets")
        loaded = cls(width, keep)
        loaded._first = stored.first
        loaded._indexes.extend(stored.indexes)
        loaded._counts.extend(stored.counts)
        loaded.ignored = stored.ignored
        return loaded


class _Stored(Struct, array_like=True, frozen=True, tag="buckets 1"):
    width: float
    first: int | None
    indexes: list[int]
    counts: list[int]
    ignored: int

    def sound(self) -> bool:
        """Whether this can be what buckets were."""
        indexes, first = self.indexes, self.first
        return (
            len(indexes) == len(self.counts)
            and all(map(lt, indexes, indexes[1:]))
            and (not indexes or (first is not None and first <= indexes[0]))
            and all(-_LARGEST <= index < _LARGEST for index in indexes)
            and all(0 < count < _LARGEST for count in self.counts)
            and self.ignored >= 0
        )


_decoder: Final = msgspec.msgpack.Decoder(_Stored)
