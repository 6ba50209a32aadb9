"""Lines around the records of rules with `context`, block after block of one path.

What is given along is the same however a file is cut into blocks: for each such record the
`before` lines that begin within `REACH` bytes before it, itself, and the `after` lines behind it,
which the next blocks bring where its own ends too soon. Each line says which one was before it, so
that whoever puts them together (rules/anchors.py) sees what belongs together.

After a start the lines before the first block are read from the file again, and as many of its
first lines are given along as somebody may still wait for. Where lines are put together to records
of several lines, a line here is a record. What may be missing: the line before a
start that is longer than `REACH`, and with it the lines that an alert waits for; what cannot be
read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from logwatch.matching.redaction import Redactor
from logwatch.parsers.event_time import EventClock
from logwatch.records import Batch, Block, NearLine, Stretch
from logwatch.rules.anchors import REACH
from logwatch.rules.message import cut
from logwatch.tailer.multiline import Framer

MOST_GENERATIONS = 16
"""Generations of one path of which the last lines are kept, should none of them ever be closed."""

ReadBack = Callable[[str, int, int], Stretch]
"""Identity of a generation, from, to: these bytes of it, or none where they cannot be had."""


class Nearness(Struct, frozen=True, kw_only=True):
    """What the rules with `context` that look at one source need of it."""

    before: int
    after: int
    """Lines: the most that any of the rules asks for."""
    parts: Collection[int]
    """Numbers of the parts of these rules, as in `Match.rule`."""
    encoding: str
    max_line: int
    events: EventClock
    framer: Framer | None = None
    """What puts lines together; None: each line is a record."""
    redactor: Redactor | None = None
    """What hides secrets in them; None: nothing does."""


class _Line(Struct, frozen=True, array_like=True, gc=False):
    """A line as it is in the file, without its newline."""

    offset: int
    previous: int
    data: bytes


class _Trail(Struct):
    """What is remembered of one generation behind its last block."""

    lines: list[_Line]
    """The last lines, as many as may be before a record."""
    last: int
    """Offset of the last line, -1 where that is not known."""
    owed: int
    """How many of the next lines belong behind a record of before."""


class Surroundings:
    """Lines near the records of one path, for one thread."""

    def __init__(self, nearness: Nearness, read_back: ReadBack) -> None:
        self._nearness = nearness
        self._read_back = read_back
        self._trails: dict[str, _Trail] = {}

    def add(self, block: Block, batch: Batch) -> Batch:
        """`batch`, which was made of `block`, with the lines near its records, if any."""
        near = self._near(block, batch)
        return batch if near is UNSET else replace(batch, near=near)

    def _near(self, block: Block, batch: Batch) -> list[NearLine] | UnsetType:
        trail = self._trail(block)
        parts = self._nearness.parts
        numbers = {match.record for match in batch.matches if match.rule in parts}
        hits = [block.index(batch.records[number].offset) for number in sorted(numbers)]
        near: list[NearLine] | UnsetType = UNSET
        if block.data and (hits or trail.owed):
            lines = self._chosen(block, hits, trail)
            near = [self._quoted(line, block, batch.arrival) for line in lines]
        self._advance(block, trail)
        return near

    def _trail(self, block: Block) -> _Trail:
        identity = block.checkpoint.identity
        trail = self._trails.get(identity)
        if trail is None:
            while len(self._trails) >= MOST_GENERATIONS:
                del self._trails[next(iter(self._trails))]
            trail = self._trails[identity] = self._found_again(identity, block.start)
        return trail

    def _found_again(self, identity: str, start: int) -> _Trail:
        """What is remembered of a generation that is read on from `start`."""
        if not start:
            return _Trail([], -1, 0)
        base = max(0, start - REACH - 1)
        found = self._read_back(identity, base, start)
        data = found.data
        first = data.find(b"\n") + 1 if base else len(data) - len(data.lstrip(b"\0"))
        if base and not first:
            first = len(data)
        framer = self._nearness.framer
        whole = data[first:] if framer is None else framer.frame(data[first:], final=True).joined
        text = _Text(data, data[:first] + whole, found)
        lines = list(_lines(text, first, len(data), -1))
        last = lines[-1].offset if lines else -1
        kept = lines[max(0, len(lines) - self._nearness.before) :]
        return _Trail(kept, last, self._nearness.after)

    def _chosen(self, block: Block, hits: Sequence[int], trail: _Trail) -> Iterator[_Line]:
        """The lines to give along, in the order of the file, each once."""
        data, owed, spans = block.records, 0, list[tuple[int, int]]()
        text = _Text(block.data, data, block)
        missing = 0
        if trail.owed:
            end, owed = _forward(data, 0, trail.owed)
            spans.append((0, end))
        for hit in hits:
            start, short = self._back(block, hit)
            end, left = _forward(data, hit, 1 + self._nearness.after)
            missing, owed = max(missing, short), max(owed, left)
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        trail.owed = owed
        if missing:
            yield from trail.lines[-missing:]
        for start, end in spans:
            yield from _lines(text, start, end, _before(block, start, trail))

    def _back(self, block: Block, hit: int) -> tuple[int, int]:
        """Where the lines before the one at `hit` begin, and how many must be of other blocks."""
        data, start = block.records, hit
        for found in range(self._nearness.before):
            if not start:
                return 0, self._nearness.before - found
            previous = _line_start(data, start - 1)
            if block.offset(previous) < block.offset(hit) - REACH:
                break
            start = previous
        return start, 0

    def _quoted(self, line: _Line, block: Block, arrival: float) -> NearLine:
        nearness = self._nearness
        data = line.data[: nearness.max_line]
        text = data.decode(nearness.encoding, "backslashreplace")
        if nearness.framer is not None:
            text = text.replace("\r\n", "\n")
        text = text.removesuffix("\r")
        first = text if nearness.framer is None else text.partition("\n")[0]
        stamp = nearness.events.stamp(first, arrival=arrival, backlog=block.backlog)
        if nearness.redactor is not None:
            text = nearness.redactor.text(text)
        return NearLine(line.offset, line.previous, cut(text), stamp)

    def _advance(self, block: Block, trail: _Trail) -> None:
        if block.checkpoint.closed:
            del self._trails[block.checkpoint.identity]
        if not block.data:
            return
        data = block.records
        start, short = self._back(block, len(data))
        last = _line_start(data, len(data) - 1)
        text = _Text(block.data, data, block)
        lines = list(_lines(text, start, len(data), _before(block, start, trail)))
        kept = trail.lines[-short:] if short else []
        trail.lines = [each for each in kept if each.offset >= block.end - REACH] + lines
        trail.last = block.offset(last)


def _line_start(data: bytes, within: int) -> int:
    """Where the line begins that has the byte at `within`, maybe its newline."""
    return data.rfind(b"\n", 0, within) + 1


def _before(block: Block, start: int, trail: _Trail) -> int:
    """Offset of the line before the one at `start`, -1 where that is not known."""
    return block.offset(_line_start(block.records, start - 1)) if start else trail.last


def _forward(data: bytes, start: int, count: int) -> tuple[int, int]:
    """Where `count` lines from `start` on end, and how many of them there are not."""
    for found in range(count):
        if start >= len(data):
            return start, count - found
        start = data.find(b"\n", start) + 1 or len(data)
    return start, 0


class _Text(NamedTuple):
    data: bytes
    records: bytes
    """As long, with each record as one line."""
    found: Stretch
    """Which knows where they are in the file."""


def _lines(text: _Text, start: int, end: int, previous: int) -> Iterator[_Line]:
    """The lines from `start` to `end`."""
    while start < end:
        newline = text.records.find(b"\n", start, end)
        stop = end if newline < 0 else newline
        offset = text.found.offset(start)
        yield _Line(offset, previous, text.data[start:stop])
        previous, start = offset, stop + 1
