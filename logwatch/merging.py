"""Backlogs of several files -> one order: by event time, ties by source and offset.

A file is read in blocks and hands on what was found in each. A record may be taken when no file
that is still being read can bring an older one: its newest block reaches at least as far. A file
that is ahead of the others is held back, so that what waits here is bounded: the files are the
buffer. Within one file the order is that of the file, whatever its stamps say.

What may come in no order: a file that brings nothing for so long that it was passed over.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from logwatch.records import Batch

MOST_AHEAD = 4
"""Batches with matches by which one file may be ahead of another,"""
MANY_MATCHES = 50_000
"""and only one where so many matches wait in all."""


class Slice(NamedTuple):
    """Matches of `batch` from `first` up to `end` are next; `end` None: up to its end."""

    batch: Batch
    first: int
    end: int | None


class _Stream:
    """What was found in one file and is not taken yet."""

    def __init__(self) -> None:
        self.batches: deque[Batch] = deque()
        self.next = 0
        """Index of the next match in the first batch."""
        self.reaches = -math.inf
        """Event time up to which it has been read."""
        self.reading = True
        self._latest: float | None = None
        """Event time of the latest record of the first batch, once somebody asked."""

    @property
    def latest(self) -> float:
        """Event time of the latest record of the first batch; looked for once a batch."""
        if self._latest is None:
            self._latest = max(record.time for record in self.batches[0].records)
        return self._latest

    def drop(self) -> Batch:
        """Give the first batch away; the next one is first."""
        self._latest = None
        self.next = 0
        return self.batches.popleft()

    def head(self) -> tuple[float, str, int] | None:
        """The place of the next record in the common order; None where nothing waits."""
        if not self.batches:
            return None
        batch = self.batches[0]
        record = batch.records[batch.matches[self.next].record]
        return record.time, batch.source, record.offset


class Merger:
    """Puts the batches of all files in one order."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}

    def expect(self, paths: Iterable[str]) -> None:
        """These files are about to be read: wait for each of them."""
        for path in paths:
            self._streams.setdefault(path, _Stream())

    def put(self, batch: Batch) -> None:
        """Take what was found in the next block of a file."""
        path = batch.checkpoint.path
        stream = self._streams.get(path)
        if stream is None:
            stream = self._streams[path] = _Stream()
            stream.reading = False  # nobody has said that there is more of it
        stream.batches.append(batch)
        if batch.end > batch.start:  # one without bytes only moves a position
            stream.reaches = max(stream.reaches, batch.last_time)

    def finish(self, path: str) -> None:
        """The file was read to its end, or is not waited for any more."""
        if path in self._streams:
            self._streams[path].reading = False

    @property
    def empty(self) -> bool:
        """Whether nothing waits here."""
        return not any(stream.batches for stream in self._streams.values())

    def ahead(self) -> frozenset[str]:
        """Paths of the files that must wait for others."""
        if not self.laggards():
            return frozenset()
        waiting = [batch for stream in self._streams.values() for batch in stream.batches]
        many = sum(len(batch.matches) for batch in waiting) >= MANY_MATCHES
        most = 1 if many else MOST_AHEAD
        return frozenset(
            path for path, stream in self._streams.items() if len(stream.batches) >= most
        )

    def laggards(self) -> list[str]:
        """Paths of the files for which others wait."""
        if self.empty:
            return []
        return [
            path for path, stream in self._streams.items() if stream.reading and not stream.batches
        ]

    def ready(self) -> Iterator[Slice]:
        """What may be taken now, in order. Each slice must be taken before the next is asked for.

        A batch without matches comes when those of its file before it were taken.
        """
        heads = []
        for path, stream in self._streams.items():
            yield from self._matchless_first(stream)
            if (head := stream.head()) is not None:
                heads.append((head, path))
        heapq.heapify(heads)
        limit = self._limit()
        while heads and heads[0][0][0] < limit:
            _, path = heapq.heappop(heads)
            stream = self._streams[path]
            other = heads[0][0] if heads else (math.inf, "", 0)
            yield self._slice(stream, min(other, (limit, "", -1)))
            yield from self._matchless_first(stream)
            if (head := stream.head()) is not None:
                heapq.heappush(heads, (head, path))
            elif stream.reading:
                limit = min(limit, stream.reaches)

    def _limit(self) -> float:
        """No file that is being read can bring a record older than this.

        One just as old it can: what comes first of equal times is not known before that.
        """
        return min(
            (
                stream.reaches
                for stream in self._streams.values()
                if stream.reading and not stream.batches
            ),
            default=math.inf,
        )

    @staticmethod
    def _matchless_first(stream: _Stream) -> Iterator[Slice]:
        while stream.batches and not stream.batches[0].matches:
            yield Slice(stream.drop(), 0, None)

    @staticmethod
    def _slice(stream: _Stream, other: tuple[float, str, int]) -> Slice:
        """The matches of the first batch of `stream` that come before `other`; at least one."""
        batch, first = stream.batches[0], stream.next
        matches, records = batch.matches, batch.records
        if stream.latest < other[0]:
            end = len(matches)
        else:
            end = first + 1
            while end < len(matches):
                number = matches[end].record
                record = records[number]
                is_next = number != matches[end - 1].record
                if is_next and (record.time, batch.source, record.offset) >= other:
                    break
                end += 1
        if end == len(matches):
            return Slice(stream.drop(), first, None)
        stream.next = end
        return Slice(batch, first, end)
