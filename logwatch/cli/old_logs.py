"""The lines of old logs that one rule takes, as the daemon would take them.

The reading of a source, its matcher and its conditions are the daemon's own. A line without a stamp
of its own counts as written when its file was written last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from logwatch.cli.log_blocks import STANDARD_INPUT, RecordBlock, records_of_file
from logwatch.cli.try_subject import Subject
from logwatch.cli.verdicts import readings_for
from logwatch.clock import SystemClock
from logwatch.daemon.reading import Reading
from logwatch.daemon.readings import engines_beside
from logwatch.matching.troubles import Trouble
from logwatch.records import Batch, Match, Record, no_file
from logwatch.rules.base import Hit
from logwatch.tailer.settings import SourceSettings


class ReadLog(Struct):
    """One file, and what was found in it so far."""

    path: str
    source: SourceSettings
    lines: int = 0
    taken: int = 0
    first: float | None = None
    """Event time of the earliest record that was taken, and of the latest."""
    last: float | None = None


class OldLogs:
    """Reads files for one rule."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._engines = engines_beside(subject.config)
        self._readings: dict[str, Reading] = {}

    def hits(self, log: ReadLog, watch: Callable[[int], object]) -> Iterator[Hit]:
        """What the rule takes of one file, in the order of the file; counted in `log`.

        `watch` is told of the bytes that were read, now and then.
        Raises OSError, EOFError where it cannot be read to its end, UsageError, EngineError.
        """
        reading, now = self._reading(log.source), _written_at(log.path)
        done = 0
        for block in records_of_file(log.path, log.source):
            batch = _batch(log, now)
            for record, match in _found(reading, block, now):
                if self._is_active(record.time):
                    log.taken += 1
                    log.first = record.time if log.first is None else min(log.first, record.time)
                    log.last = record.time if log.last is None else max(log.last, record.time)
                    yield Hit(batch, record, match)
            log.lines += block.lines
            done += len(block.data)
            watch(done)

    def troubles(self) -> list[Trouble]:
        """What came up in matching since somebody last asked."""
        return [trouble for reading in self._readings.values() for trouble in reading.troubles()]

    def _is_active(self, time: float) -> bool:
        active = self._subject.rule.active
        return active is None or active.covers(time)

    def _reading(self, source: SourceSettings) -> Reading:
        if source.name not in self._readings:
            selectors = [way.selector for way in self._subject.ways]
            readings = readings_for(self._subject.alone(source), selectors, self._engines)
            self._readings[source.name] = readings.of((source.name,))
        return self._readings[source.name]


def _found(reading: Reading, block: RecordBlock, now: float) -> Iterator[tuple[Record, Match]]:
    for hit in reading.matcher.match(block.data, block.joined):
        found, head = hit.found, reading.head(hit.text)
        if reading.selection is None:
            time, fields = reading.events.parse(head, arrival=now, backlog=True)
        else:
            taken = reading.selection.take(head, found, arrival=now, backlog=True)
            if taken is None:
                continue
            time, fields, found = taken
        record = Record(hit.start, hit.text, time, fields, hit.truncated)
        yield record, Match(0, 0, found[0][1])
    if reading.fields is not None:
        reading.fields.scanned(len(block.data))


def _written_at(path: str) -> float:
    if path == STANDARD_INPUT:
        return SystemClock().wall()
    return Path(path).stat().st_mtime


def _batch(log: ReadLog, now: float) -> Batch:
    return Batch(
        source=log.source.name,
        checkpoint=no_file(log.path, log.path),
        start=0,
        end=0,
        arrival=now,
        last_time=now,
        backlog=True,
    )
