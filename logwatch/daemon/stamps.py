"""When the lines of an old log were written that have no stamp of their own.

Live that is when they came. Of an old log nobody knows; but lines are written one after the other,
so a line without a stamp was written when the one before it was, the last lines of a stack trace
say. Where there is none before it, the next one after it tells; in a file without stamps all lines
are taken to be of one time, which the caller names: now in a backlog, the file's last change in a
replay.

At most `MOST_LINES` lines are looked at for one such line; beyond them the last known time counts.
"""

from __future__ import annotations

from msgspec.structs import replace

from logwatch.daemon.reading import LONGEST_STAMPED, Reading, first_line
from logwatch.matching.hits import LineHit
from logwatch.records import Batch, Block, Record
from logwatch.tailer.multiline import JOINT

MOST_LINES = 200
HOPELESS_LINES = 2_000
"""So many lines without any stamp among them: there is none in this file."""


class Stamps:
    """The times of the lines of one log, block after block."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: float | None = None
        """Time of the latest line of which it is known."""
        self._in_vain = 0
        """Lines that were looked at as long as none had a stamp."""
        self._barren = 0, 0
        """From where to where in the present block no line has a stamp."""
        self.stampless = False
        """Whether the time of any line had to be taken from the file."""

    def batch(self, block: Block, arrival: float, hits: list[LineHit] | None = None) -> Batch:
        """What is found in `block`; `arrival` is the time of lines of which nothing tells it.

        `hits`: see `Reading.batch`.
        """
        batch = self._reading.batch(block, arrival, hits)
        self._barren = 0, 0
        records = batch.records
        for number in [at for at, record in enumerate(records) if record.time == arrival]:
            low = self._pass(block, records[number - 1], arrival) if number else 0
            record = records[number]
            start = block.index(record.offset)
            time = self._time(block.records, low, start, record.text, arrival)
            records[number] = _at(record, time)
        low = self._pass(block, records[-1], arrival) if records else 0
        last = self._last(block.records, low, batch.last_time, arrival)
        return replace(batch, last_time=last)

    def _pass(self, block: Block, record: Record, arrival: float) -> int:
        """Where in `block` the line of `record` is; its time is the latest that is known."""
        if record.time != arrival:
            self._known = record.time
        return block.index(record.offset)

    def last(self, block: Block, arrival: float) -> float:
        """The time of the last line of `block`, which need not be looked at otherwise."""
        told = self._told(block, -1)
        if told is not None:
            return told
        known = self._known
        found = self._before(block.records, 0, len(block.data), arrival)
        self._known = known
        return arrival if found is None else found

    def first(self, block: Block, arrival: float) -> float:
        """The time of the first line of the first block."""
        found = self._told(block, 0)
        self._barren = 0, 0
        if found is None:
            found = self._after(block.records, 0, arrival)
        return arrival if found is None else found

    def _told(self, block: Block, at: int) -> float | None:
        """The time that is told beside the text of the first line, 0, or of the last, -1."""
        block = self._reading.unwrapped(block)
        if block.envelopes is None or not block.data:
            return None
        records = block.records
        return block.envelopes.told(records.rfind(b"\n", 0, -1) + 1 if at else 0)[0]

    def _last(self, data: bytes, low: int, time: float, arrival: float) -> float:
        if time != arrival:
            self._known = time
            return time
        found = self._before(data, low, len(data), arrival)
        return found if found is not None else self._elsewhere(data, 0, arrival)

    def _time(self, data: bytes, low: int, start: int, text: str, arrival: float) -> float:
        """The time of the line at `start`; nothing before `low` needs to be looked at."""
        if self._reading.framer is not None:
            text = first_line(text)
        own = self._reading.events.stamp(text, arrival=arrival, backlog=True)
        if own is None:
            own = self._before(data, low, start, arrival)
        if own is None:
            return self._elsewhere(data, start, arrival)
        return own

    def _elsewhere(self, data: bytes, start: int, arrival: float) -> float:
        if self._known is None:
            self._known = self._after(data, start, arrival)
        if self._known is None:
            self.stampless = True
            return arrival
        return self._known

    def _before(self, data: bytes, low: int, end: int, arrival: float) -> float | None:
        """The stamp of the nearest line before `end` that has one."""
        begin, seen = self._barren
        if begin <= low and end <= seen:
            return None
        for _ in range(MOST_LINES):
            if end <= low or self._is_hopeless:
                return None
            start = data.rfind(b"\n", low, end - 1) + 1 or low
            found = self._stamp(data, start, end, arrival)
            if found is not None:
                return found
            end = start
        return None

    def _after(self, data: bytes, start: int, arrival: float) -> float | None:
        """The stamp of the nearest line from `start` on that has one.

        Each line is looked at once, though there may be many from which it is asked for.
        """
        begin, seen = self._barren
        if begin <= start <= seen:
            passed, start = data.count(b"\n", start, seen), seen
        else:
            begin, passed = start, 0
        for _ in range(passed, MOST_LINES):
            end = data.find(b"\n", start) + 1 or len(data)
            if start >= end or self._is_hopeless:
                break
            found = self._stamp(data, start, end, arrival)
            if found is not None:
                return found
            start = end
        self._barren = begin, start
        return None

    @property
    def _is_hopeless(self) -> bool:
        return self._known is None and self._in_vain >= HOPELESS_LINES

    def _stamp(self, data: bytes, start: int, end: int, arrival: float) -> float | None:
        may_lead = self._reading.events.may_lead
        if may_lead is not None and not may_lead(data, start):
            self._in_vain += 1
            return None
        line = data[start:end]
        if self._reading.framer is not None:
            line = line.partition(JOINT)[0]
        text = line[:LONGEST_STAMPED].rstrip(b"\r\n").decode(errors="replace")
        found = self._reading.events.stamp(text, arrival=arrival, backlog=True)
        self._in_vain += found is None
        if found is not None:
            self._known = found
        return found


def _at(record: Record, time: float) -> Record:
    return replace(record, time=time)
