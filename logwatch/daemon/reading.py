"""From a block of lines to a batch: the one way in which a daemon, a replay and a test see lines.

Where lines are put together to records of several lines the record is matched, and its time and
fields are those of its first line.

A reading has no memory of the blocks before: what is found in a line depends on the line, on when
it came and on whether it was there before it was followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from logwatch import telemetry
from logwatch.daemon.surroundings import Nearness, ReadBack, Surroundings
from logwatch.matching.field_searches import FieldSearches
from logwatch.matching.matcher import LineHit, Matcher
from logwatch.matching.redaction import MASK, Redactor, hidden
from logwatch.matching.troubles import Trouble, parted_wrongly
from logwatch.parsers.event_time import EventClock
from logwatch.parsers.selection import Selection, Taken
from logwatch.records import Batch, Block, Envelopes, Match, Record
from logwatch.tailer.multiline import Framer

if TYPE_CHECKING:
    from logwatch.tailer.container_lines import ContainerFramer

LONGEST_BESIDE = 4096
"""Characters of a field beside a shorter text that are kept once `where` has seen all of it: the
journal has some of megabytes beside a line (`COREDUMP_PROC_MAPS`)."""
LONGEST_KNOWN = 256
"""Characters of such a field whose secrets are remembered."""
LONGEST_STAMPED = 4096
"""Bytes of a line in which its time is looked for, where no rule takes it."""


def first_line(text: str) -> str:
    """What a record of several lines tells of its time and fields by."""
    return text.partition("\n")[0]


def redacted(
    redactor: Redactor, text: str, fields: dict[str, str], found: Taken
) -> tuple[str, dict[str, str], Taken]:
    """A record and what was found in it, without its secrets; or without all of it."""
    text, secrets = redactor.split(text)
    if secrets is None:
        telemetry.count("redaction.withheld")
    elif not secrets:
        return text, fields, found
    captured = [(rule, hidden(captures, secrets)) for rule, captures in found]
    return text, hidden(fields, secrets), captured


def _short(fields: dict[str, str], text: str) -> dict[str, str]:
    """`fields` that stand beside `text`, with no value much longer than that."""
    longest = max(LONGEST_BESIDE, len(text))
    if not any(len(value) > longest for value in fields.values()):
        return fields
    return {
        name: value if len(value) <= longest else f"{value[: longest - 1]}…"
        for name, value in fields.items()
    }


def _unsecret(redactor: Redactor, fields: dict[str, str], text: str) -> dict[str, str]:
    """`fields` that stand beside `text` without secrets of their own; those of it remain.

    Most entries of a program have the same beside their text, and to search it takes 0.4 ms.
    """
    shown = dict(fields)
    for name, value in fields.items():
        if value != text:
            search = _known_without if len(value) <= LONGEST_KNOWN else _without_secret
            shown[name] = search(redactor, name, value)
    return shown


def _without_secret(redactor: Redactor, name: str, value: str) -> str:
    """The value of such a field: a secret may show by its name, too (`DB_PASSWORD`)."""
    before, told = f"{name}=", redactor.text(f"{name}={value}")
    return told.removeprefix(before) if told.startswith(before) else MASK


_known_without = lru_cache(maxsize=1024)(_without_secret)


class Reading(Struct, frozen=True, kw_only=True):
    """How the lines of one source are read; shared by the monitors of all its files."""

    source: str
    matcher: Matcher
    rules: Sequence[int]
    """For each rule of the matcher, the number of its part in the whole configuration."""
    events: EventClock
    selection: Selection | None = None
    """The conditions on fields; None where no rule has any."""
    fields: FieldSearches | None = None
    """The patterns in those conditions."""
    names: Sequence[str] = ()
    """For each rule of the matcher, its name."""
    nearness: Nearness | None = None
    """What rules with `context` need; None where no rule has it."""
    framer: Framer | None = None
    """What puts lines together; None: each line is a record."""
    wrapping: ContainerFramer | None = None
    """What lines are wrapped in; None: they are as the program wrote them."""
    redactor: Redactor | None = None
    """What hides secrets in what was found; None: nothing does."""
    is_spanned: bool = False
    """Whether it is asked from when to when the lines of a live block are."""
    beside: Callable[[str, float], Mapping[str, str]] | None = None
    """What its source would have beside a text that somebody gives, at a wall time, without the
    rest; None: nothing."""

    def head(self, text: str) -> str:
        """What the time and the fields of a record with this text are read from."""
        return text if self.framer is None else first_line(text)

    def troubles(self) -> list[Trouble]:
        """What came up in matching since somebody last asked."""
        found = self.matcher.troubles()
        if self.fields is not None:
            found += self.fields.troubles()
        if self.redactor is not None:
            found += self.redactor.troubles()
        if self.framer is not None:
            found += map(parted_wrongly, self.framer.failures())
        return found

    def given(self, text: str, arrival: float) -> tuple[float, dict[str, str]]:
        """Event time and fields of a record that somebody gives."""
        head = self.head(text) if self.beside is None else first_line(text)
        time, fields = self.events.parse(head, arrival=arrival, backlog=True)
        return time, fields if self.beside is None else {**fields, **self.beside(text, arrival)}

    def selected(self, text: str, found: Taken, arrival: float) -> Taken:
        """Those of `found`, which the matcher found in such a record, whose conditions hold."""
        if self.selection is None:
            return found
        if self.beside is not None:
            return self.selection.of_fields(self.given(text, arrival)[1], found)
        taken = self.selection.take(self.head(text), found, arrival=arrival, backlog=True)
        return [] if taken is None else taken[2]

    def surroundings(self, read_back: ReadBack) -> Surroundings | None:
        """What adds lines to the batches of one path, where a rule asks for context."""
        wrapping = self.wrapping
        if self.nearness is None:
            return None
        if wrapping is None:
            return Surroundings(self.nearness, read_back)
        from logwatch.daemon.unwrapping import unwrapped_stretch  # noqa: PLC0415 - of few logs

        return Surroundings(
            self.nearness, lambda *place: unwrapped_stretch(read_back(*place), wrapping)
        )

    def unwrapped(self, block: Block) -> Block:
        """`block` as the program wrote it."""
        if self.wrapping is None:
            return block
        from logwatch.daemon.unwrapping import unwrapped  # noqa: PLC0415 - of few logs

        return unwrapped(block, self.wrapping)

    def lines_cut(self, block: Block) -> int:
        """Lines of `block` of which only the beginning is looked at, for they are over-long."""
        if self.wrapping is not None:  # what is in them may be short
            return int(block.truncated)
        lines = block.data if block.joined is None else block.joined
        return block.truncated + self.matcher.over_long(lines)

    def hits(self, block: Block) -> list[LineHit]:
        """The records of `block` that rules may take, in their order."""
        return self.matcher.match(block.data, block.joined) if block.data else []

    def batch(self, block: Block, arrival: float, hits: list[LineHit] | None = None) -> Batch:
        """What the rules find in `block`, which was read at wall time `arrival`.

        `hits` are those of the block as it was written, where somebody has looked already.
        """
        block = self.unwrapped(block)
        if hits is None:
            hits = self.hits(block)
        cursors: list[str] | UnsetType = UNSET
        if block.envelopes is None and self.beside is None:
            records, matches = self._found(hits, block, arrival)
        else:
            records, matches, cursors = self._found_enveloped(hits, block, block.envelopes, arrival)
        if self.fields is not None:
            self.fields.scanned(len(block.data))
        if self.redactor is not None:
            self.redactor.scanned(len(block.data))
        return Batch(
            source=self.source,
            checkpoint=block.checkpoint,
            start=block.start,
            end=block.end,
            arrival=arrival,
            last_time=self._last_time(block, arrival),
            first_time=self._first_time(block, arrival),
            records=records,
            matches=matches,
            backlog=block.backlog,
            reread=block.reread,
            also=UNSET if block.also is None else block.also,
            cursors=cursors,
        )

    def _found(
        self, hits: list[LineHit], block: Block, arrival: float
    ) -> tuple[list[Record], list[Match]]:
        backlog = block.backlog
        parse, rules, selection = self.events.parse, self.rules, self.selection
        records: list[Record] = []
        matches: list[Match] = []
        is_cut, joined, offset = block.truncated, block.joined is not None, block.offset
        redactor = self.redactor
        for hit in hits:
            found = hit.found
            line = first_line(hit.text) if joined else hit.text
            if selection is None:
                time, fields = parse(line, arrival=arrival, backlog=backlog)
            else:
                taken = selection.take(line, found, arrival=arrival, backlog=backlog)
                if taken is None:
                    continue
                time, fields, found = taken
            truncated = hit.truncated or is_cut or (joined and hit.start in block.cut)
            text, number = hit.text, len(records)
            if redactor is not None:
                text, fields, found = redacted(redactor, text, fields, found)
            records.append(Record(offset(hit.start), text, time, fields, truncated))
            for rule, captures in found:  # nearly always one
                matches.append(Match(rules[rule], number, captures))
        return records, matches

    def _found_enveloped(
        self, hits: list[LineHit], block: Block, envelopes: Envelopes | None, arrival: float
    ) -> tuple[list[Record], list[Match], list[str] | UnsetType]:
        """As `_found`, where the source tells more of its records than their text.

        Without `envelopes` the texts are from a file that somebody gives.
        """
        records: list[Record] = []
        matches: list[Match] = []
        cursors: list[str] = []
        tell, selection = self.events.tell, self.selection
        for hit in hits:
            stamp, told = self._told(hit, envelopes, arrival)
            head = first_line(hit.text)
            time, fields = tell(head, stamp, arrival=arrival, backlog=block.backlog)
            fields = fields | told if fields else told
            found = hit.found if selection is None else selection.of_fields(fields, hit.found)
            if not found:
                continue
            truncated = hit.truncated or hit.start in block.cut
            text, number = hit.text, len(records)
            fields = _short(fields, text)
            if self.redactor is not None:
                fields = _unsecret(self.redactor, fields, text)
                text, fields, found = redacted(self.redactor, text, fields, found)
            records.append(Record(block.offset(hit.start), text, time, fields, truncated))
            matches += [Match(self.rules[rule], number, captures) for rule, captures in found]
            cursors.append("" if envelopes is None else envelopes.cursor(hit.start))
        return records, matches, cursors if any(cursors) else UNSET

    def _told(
        self, hit: LineHit, envelopes: Envelopes | None, arrival: float
    ) -> tuple[float | None, dict[str, str]]:
        if envelopes is not None:
            return envelopes.told(hit.start)
        return None, {} if self.beside is None else dict(self.beside(hit.text, arrival))

    def _last_time(self, block: Block, arrival: float) -> float:
        """Event time of the last record."""
        data = block.data
        end = len(data) - data.endswith(b"\n")
        return self._time_at(block, block.records.rfind(b"\n", 0, end) + 1, end, arrival)

    def _first_time(self, block: Block, arrival: float) -> float | UnsetType:
        """Event time of the first record, where it is asked for and is not the last one too."""
        if not self.is_spanned or block.backlog:
            return UNSET
        end = block.records.find(b"\n")
        return self._time_at(block, 0, end, arrival) if -1 < end < len(block.data) - 1 else UNSET

    def _time_at(self, block: Block, start: int, end: int, arrival: float) -> float:
        """Event time of the record at `start` of the block's data, which ends at `end`."""
        text = block.data[start : min(end, start + LONGEST_STAMPED)].decode(errors="replace")
        if block.joined is not None:
            text = first_line(text)
        if block.envelopes is not None and block.data:
            stamp, _ = block.envelopes.told(start)
            return self.events.tell(text, stamp, arrival=arrival, backlog=block.backlog)[0]
        return self.events.time(text, arrival=arrival, backlog=block.backlog)
