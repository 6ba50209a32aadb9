"""Backlogs of several files -> one order: by event time, ties by source, file and offset.

So what one file has of a second, which is as fine as most stamps are, is taken in one piece.
A file is read in blocks and hands on what was found in each. A record may be taken when no file
that is still being read can bring an older one: its newest block reaches at least as far. A file
that is ahead of the others is held back, so that what waits here is bounded: the files are the
buffer. Within one file the order is that of the file, whatever its stamps say.

There may be thousands of files, and a step of the consumer for each of their blocks: what a call
costs grows with what is put and taken, and nothing goes through all files.

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
MANY_MATCHES = 25_000
"""and only one where so many matches wait in all,"""
FEW_MATCHES = MANY_MATCHES // 4
"""until so few do."""


class Held(NamedTuple):
    """Files that must wait for others."""

    paths: frozenset[str]
    one_each: bool
    """Whether each other file must wait, too, once it has brought a batch, until that is taken."""


NONE_HELD = Held(frozenset(), one_each=False)


class Slice(NamedTuple):
    """Matches of `batch` from `first` up to `end` are next; `end` None: up to its end."""

    batch: Batch
    first: int
    end: int | None


class _Stream:
    """What was found in one file and is not taken yet."""

    def __init__(self, *, reading: bool) -> None:
        self.batches: deque[Batch] = deque()
        self.next = 0
        """Index of the next match in the first batch."""
        self.reaches = -math.inf
        """Event time up to which it has been read."""
        self.reading = reading
        """Whether somebody has said that there is more of it."""
        self._latest: float | None = None
        """Event time of the latest record of the first batch, once somebody asked."""

    @property
    def latest(self) -> float:
        """Event time of the latest record of the first batch; looked for once a batch."""
        if self._latest is None:
            self._latest = max([record.time for record in self.batches[0].records])
        return self._latest

    def drop(self) -> Batch:
        """Give the first batch away; the next one is first."""
        self._latest = None
        self.next = 0
        return self.batches.popleft()

    def head(self) -> tuple[float, str]:
        """Time and source of the next record, where the first batch has matches."""
        batch = self.batches[0]
        return batch.records[batch.matches[self.next].record].time, batch.source


class _Silent:
    """Files that are being read and of which nothing waits, and how far each was read at least."""

    def __init__(self) -> None:
        self.streams: dict[str, _Stream] = {}
        self._reached: list[tuple[float, str]] = []
        """A heap with each of them, as far as it was read once; others may be in it."""
        self._noted: set[str] = set()
        """Paths in that heap, each of which is there once."""

    def add(self, path: str, stream: _Stream) -> None:
        self.streams[path] = stream
        if path not in self._noted:
            self._noted.add(path)
            heapq.heappush(self._reached, (stream.reaches, path))

    def discard(self, path: str) -> None:
        self.streams.pop(path, None)

    def limit(self) -> float:
        """None of them can bring a record older than this.

        One just as old it can: what comes first of equal times is not known before that.
        """
        reached = self._reached
        while reached:
            known, path = reached[0]
            stream = self.streams.get(path)
            if stream is None:
                heapq.heappop(reached)
                self._noted.discard(path)
            elif stream.reaches > known:
                heapq.heapreplace(reached, (stream.reaches, path))
            else:
                return known
        return math.inf


class Merger:
    """Puts the batches of all files in one order."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}
        """Files that are being read, and those of which something waits."""
        self._silent = _Silent()
        self._to_look_at: deque[str] = deque()
        """Paths of files of which something waits that is in no order yet."""
        self._heads: list[tuple[float, str, str]] = []
        """A heap with time, source and path of the next record of each other file of which
        something waits."""
        self._matches = 0
        """Matches in all batches that wait."""
        self._ahead: dict[int, set[str]] = {1: set(), MOST_AHEAD: set()}
        """Paths of the files of which so many batches wait."""
        self._held = NONE_HELD
        """What `held` said last."""
        self._emptied: list[str] = []
        """Paths of the files that were taken all of since then."""

    def expect(self, paths: Iterable[str]) -> None:
        """These files are about to be read: wait for each of them."""
        for path in paths:
            if path not in self._streams:
                self._streams[path] = _Stream(reading=True)
                self._silent.add(path, self._streams[path])

    def put(self, batch: Batch) -> None:
        """Take what was found in the next block of a file."""
        path = batch.checkpoint.path
        stream = self._streams.get(path)
        if stream is None:
            stream = self._streams[path] = _Stream(reading=False)
        if not stream.batches:
            self._to_look_at.append(path)
            self._silent.discard(path)
        stream.batches.append(batch)
        if batch.end > batch.start:  # one without bytes only moves a position
            stream.reaches = max(stream.reaches, batch.last_time)
        self._matches += len(batch.matches)
        if (paths := self._ahead.get(len(stream.batches))) is not None:
            paths.add(path)

    def finish(self, path: str) -> None:
        """The file was read to its end, or is not waited for any more."""
        stream = self._streams.get(path)
        if stream is not None:
            stream.reading = False
            self._silent.discard(path)
            if not stream.batches:
                del self._streams[path]

    @property
    def empty(self) -> bool:
        """Whether nothing waits here."""
        return not self._ahead[1]

    @property
    def is_held_up(self) -> bool:
        """Whether something waits here for files that have brought nothing yet."""
        return bool(self._silent.streams and self._ahead[1])

    @property
    def silent(self) -> int:
        """How many files are being read of which nothing waits here."""
        return len(self._silent.streams)

    def laggards(self) -> list[str]:
        """Paths of the files for which others wait."""
        return [*self._silent.streams] if self.is_held_up else []

    def held(self) -> Held:
        """Which files must wait for others; the same object until others must."""
        many = FEW_MATCHES if self._held.one_each else MANY_MATCHES  # or it went to and fro
        is_full = self._matches >= many and self.is_held_up
        if not (is_full and self._held.one_each):  # else each one goes on for itself: see `emptied`
            paths = self._ahead[1 if is_full else MOST_AHEAD] if self.is_held_up else set[str]()
            held = Held(frozenset(paths), one_each=is_full)
            if held != self._held:
                self._held = held
            self._emptied.clear()
        return self._held

    def emptied(self) -> list[str]:
        """Paths of the files that need wait no more, of those for which `Held.one_each` is told."""
        emptied, self._emptied = self._emptied, []
        return emptied

    def ready(self) -> Iterator[Slice]:
        """What may be taken now, in order. Each slice must be taken before the next is asked for.

        A batch without matches comes when those of its file before it were taken.
        """
        while (one := self._next()) is not None:
            yield one

    def _next(self) -> Slice | None:
        """What goes next, and is none of ours from now on; None where nothing may go."""
        while self._to_look_at:
            path = self._to_look_at[0]
            stream = self._streams[path]
            if stream.batches[0].matches:
                self._to_look_at.popleft()
                heapq.heappush(self._heads, (*stream.head(), path))
                continue
            if len(stream.batches) == 1:
                self._to_look_at.popleft()
            return Slice(self._drop(path, stream), 0, None)
        if not self._heads or self._heads[0][0] >= (limit := self._silent.limit()):
            return None
        _, source, path = heapq.heappop(self._heads)
        if self._heads:
            time, *other = self._heads[0]
            # What is just as old as that comes before it, or does not.
            limit = min(limit, math.nextafter(time, math.inf) if [source, path] < other else time)
        stream = self._streams[path]
        one = self._slice(path, stream, limit)
        if stream.batches:
            self._to_look_at.append(path)
        return one

    def _drop(self, path: str, stream: _Stream) -> Batch:
        """Give the first batch of a stream away."""
        if (paths := self._ahead.get(len(stream.batches))) is not None:
            paths.discard(path)
        batch = stream.drop()
        self._matches -= len(batch.matches)
        if stream.batches:
            return batch
        self._emptied.append(path)
        if stream.reading:
            self._silent.add(path, stream)
        else:
            del self._streams[path]
        return batch

    def _slice(self, path: str, stream: _Stream, limit: float) -> Slice:
        """The matches of the first batch of `stream` that are older than `limit`; at least one."""
        batch, first = stream.batches[0], stream.next
        matches, records = batch.matches, batch.records
        if stream.latest < limit:
            end = len(matches)
        else:
            end = first + 1
            while end < len(matches):
                number = matches[end].record
                if records[number].time >= limit and number != matches[end - 1].record:
                    break
                end += 1
        if end == len(matches):
            return Slice(self._drop(path, stream), first, None)
        stream.next = end
        return Slice(batch, first, end)
