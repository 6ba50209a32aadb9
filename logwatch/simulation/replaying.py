"""Old logs -> a simulation: many files, merged by event time, block by block.

Of each log one block is in hand. The log that is furthest behind in event time is read on next, so
what waits to be merged is bounded by one block for each log. A file that cannot be read is named in
`Totals.problems`; the others go on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from logwatch.config.model import Config
from logwatch.daemon.reading import Reading
from logwatch.daemon.readings import Readings
from logwatch.daemon.stamps import Stamps
from logwatch.matching.troubles import Trouble
from logwatch.merging import Merger
from logwatch.records import Batch, Block, Stretch
from logwatch.simulation.generations import STANDARD_INPUT, OldGeneration, opened
from logwatch.tailer.settings import SourceSettings


class ReplayFile(Struct, frozen=True, kw_only=True):
    """One log of the past, with its rotated generations."""

    path: str
    """What alerts name it: the path that is or was followed. No two logs have the same."""
    sources: tuple[str, ...]
    """The sources that take it; the first one's format counts."""
    generations: tuple[str, ...]
    """The files that hold its lines, oldest first; `-` is standard input."""
    written: float | None = None
    """When it was last written, seconds since the epoch; None: as the files themselves say."""


class Totals(Struct):
    """What was read so far."""

    files: int = 0
    size: int = 0
    """Bytes of lines, before compression."""
    lines: int = 0
    consumed: int = 0
    """Bytes of the files themselves."""
    first: float | None = None
    """Event time of the first line of all."""
    last: float | None = None
    """The latest event time."""
    stampless: list[str] = field(default_factory=list)
    """Files in which lines had no stamp, so that the time of the file's last change counted."""
    skipped: list[str] = field(default_factory=list)
    """Files that were written last before the time that was asked for."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Files that cannot be read, or not to their end, and why."""
    troubles: list[Trouble] = field(default_factory=list)
    """What came up in matching."""


class TimeRange(Struct, frozen=True):
    """What part of the past is looked at, in seconds since the epoch; both ends are in it."""

    since: float | None = None
    until: float | None = None

    def starts_after(self, time: float, slack: float = 0.0) -> bool:
        """Whether what happened at `time` is too old."""
        return self.since is not None and time < self.since - slack

    def ends_before(self, time: float, slack: float = 0.0) -> bool:
        """Whether what happened at `time` is too young."""
        return self.until is not None and time > self.until + slack

    def within(self, batch: Batch) -> Batch:
        """The same batch without the matches outside of the range."""
        outside = {
            number
            for number, record in enumerate(batch.records)
            if self.starts_after(record.time) or self.ends_before(record.time)
        }
        if not outside:
            return batch
        return replace(batch, matches=[one for one in batch.matches if one.record not in outside])


ALL_OF_IT = TimeRange()


class Player(Protocol):
    """What lines are fed to: a `Simulation`."""

    config: Config
    readings: Readings

    def reading(self, sources: tuple[str, ...]) -> Reading:
        """How lines of a file that `sources` take are read."""
        ...

    def begin(self, time: float) -> None:
        """Say that it is `time` now, unless it has begun already."""
        ...

    def take(self, batch: Batch, first: int = 0, end: int | None = None) -> None:
        """Take what was found in a block, or its matches from `first` up to `end`."""
        ...

    def run_until(self, time: float) -> None:
        """Let time pass."""
        ...


def replay(
    simulation: Player,
    files: Sequence[ReplayFile],
    *,
    range_: TimeRange,
    watch: Callable[[Totals], object],
) -> Totals:
    """See `Simulation.feed_files`."""
    totals = Totals()
    by_name = {source.name: source for source in simulation.config.sources}
    logs = [
        _Log(
            each,
            simulation.reading(each.sources),
            by_name[each.sources[0]],
            range_=range_,
            totals=totals,
        )
        for each in files
    ]
    merger = Merger()
    merger.expect(log.path for log in logs)
    heap: list[tuple[float, int]] = []
    for number, log in enumerate(logs):
        _read_on(log, number, merger, heap)
        watch(totals)
    begin = range_.since if range_.since is not None else totals.first
    if begin is not None:
        simulation.begin(begin)
    while True:
        for batch, first, end in merger.ready():
            simulation.take(batch, first, end)
        if not heap:
            break
        _, number = heapq.heappop(heap)
        _read_on(logs[number], number, merger, heap)
        watch(totals)
    end_time = range_.until if range_.until is not None else totals.last
    if end_time is not None and begin is not None:
        simulation.run_until(max(end_time, begin))
    for reading in simulation.readings.all():
        totals.troubles += reading.troubles()
    return totals


def _read_on(log: _Log, number: int, merger: Merger, heap: list[tuple[float, int]]) -> None:
    """Put one more batch of `log` where it is merged."""
    batch = next(log.batches, None)
    if batch is None:
        merger.finish(log.path)
        return
    merger.put(batch)
    log.reaches = max(log.reaches, batch.last_time)
    heapq.heappush(heap, (log.reaches, number))


class _Log:
    """One log while it is read."""

    def __init__(
        self,
        file: ReplayFile,
        reading: Reading,
        source: SourceSettings,
        *,
        range_: TimeRange,
        totals: Totals,
    ) -> None:
        self.path = file.path
        self.reaches = float("-inf")
        self.batches = self._batches()
        self._file = file
        self._reading = reading
        self._source = source
        self._range = range_
        self._totals = totals
        self._stamps = Stamps(reading)
        self._begun = False

    def _batches(self) -> Iterator[Batch]:
        for name in self._file.generations:
            try:
                with opened(name, self.path, self._source) as generation:
                    yield from self._of(name, generation)
            except OSError as problem:
                reason = getattr(problem, "strerror", None) or str(problem)
                self._totals.problems.append((name, reason))
            if self._range.ends_before(self.reaches, self._source.late):
                break

    def _of(self, name: str, generation: OldGeneration) -> Iterator[Batch]:
        totals, slack = self._totals, self._source.late
        modified = self._file.written if self._file.written is not None else generation.modified
        if self._range.starts_after(modified, slack):
            totals.skipped.append(name)
            return
        totals.files += 1
        consumed = 0
        self._stamps.stampless = False
        surroundings, newest = self._reading.surroundings(nothing_before), None
        for block in generation.blocks:
            batch = self._look(block, modified)
            if batch is not None and surroundings is not None:
                batch = newest = surroundings.add(block, batch)
            consumed, before = generation.consumed(), consumed
            totals.consumed += consumed - before
            totals.size += block.end - block.start
            totals.lines += block.data.count(b"\n") + block.truncated + block.partial
            if self._stamps.stampless and totals.stampless[-1:] != [name]:
                totals.stampless.append(name)
            del block  # or the next one would need memory of its own
            if batch is not None:
                yield batch
            if self._range.ends_before(self.reaches, slack):
                return
        if newest is not None:
            yield _closing(newest)

    def _look(self, block: Block, modified: float) -> Batch | None:
        """What is found in a block; None where all of it is too old."""
        stamps, totals = self._stamps, self._totals
        if self._range.since is not None:
            last = stamps.last(block, modified)
            if self._range.starts_after(last, self._source.late):
                return None
        if not self._begun:
            self._begun = True
            first = stamps.first(block, modified)
            first = max(first, self._range.since or first)
            totals.first = first if totals.first is None else min(first, totals.first)
        found = replace(stamps.batch(block, modified), backlog=False)  # not late: there is no now
        batch = self._range.within(found)
        last = min(batch.last_time, self._range.until or batch.last_time)
        totals.last = last if totals.last is None else max(last, totals.last)
        return batch


def nothing_before(_identity: str, _start: int, end: int) -> Stretch:
    """What is before the first block: too old, or never written."""
    return Stretch(data=b"", start=end)


def _closing(batch: Batch) -> Batch:
    """The end of the generation whose last batch this is: no alert waits for lines of it."""
    closed = replace(batch.checkpoint, closed=True)
    return replace(batch, checkpoint=closed, start=batch.end, records=[], matches=[], near=UNSET)


def size_of(files: Sequence[ReplayFile]) -> int:
    """Bytes of all files together; those of standard input are not known."""
    names = [name for each in files for name in each.generations if name != STANDARD_INPUT]
    total = 0
    for name in names:
        with suppress(OSError):
            total += Path(name).stat().st_size
    return total
