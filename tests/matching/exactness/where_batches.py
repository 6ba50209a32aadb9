"""Rules with conditions on fields, as the daemon reads them, beside a look at every record.

A batch has lines, or records of several, of one format in its odd spellings, and rules of which
each asks for fields of some line, or for what nearly is in it, many together with patterns. The
daemon finds lines by a needle or a pattern and parses these alone; here each record is parsed and
asked by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

from matching.exactness.choices import Choices, once_in, pick
from matching.exactness.comparison import ENCODINGS, block, reduced
from matching.exactness.grammar import is_valid, pattern
from matching.exactness.record_blocks import NEIGHBOURS, NEWLINES, block_of_records
from parsers.where_campaign import LINES, condition

from logwatch.conditions import compile_where
from logwatch.config.model import Config
from logwatch.daemon.reading import Reading, first_line
from logwatch.daemon.readings import Readings
from logwatch.matching.backtracking import danger
from logwatch.matching.engines import Engines
from logwatch.matching.matcher import ReferenceMatcher, RulePatterns
from logwatch.matching.prefilter import Unwatched
from logwatch.matching.syntax import parse
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.records import Block, Checkpoint, Marker
from logwatch.rules.base import PlainMatch, RuleSettings, Selector, Unless
from logwatch.tailer.multiline import MultilineSettings
from logwatch.tailer.settings import SourceSettings

NOW = 1_767_571_200.0
NOWHERE = Path("/nonexistent")
_EVERY = RulePatterns(match=("",))
WHERE = "where, "
"""Before the name of an engine, the name of a mode of the campaign."""
WHERE_MODES = tuple(WHERE + engine for engine in ("hyperscan", "hyperscan", "aho-corasick"))


class Piece(NamedTuple):
    """One record with its newline, and the same as one line."""

    data: bytes
    joined: bytes


class WhereCase(NamedTuple):
    """What both are asked."""

    format: str
    selectors: tuple[Selector, ...]
    pieces: tuple[Piece, ...]
    encoding: str
    max_line: int
    is_joined: bool

    @property
    def source(self) -> SourceSettings:
        multiline = MultilineSettings(preset="indent") if self.is_joined else None
        return SourceSettings(
            name="app",
            paths=(),
            format=self.format,
            tz="UTC",
            encoding=self.encoding,
            max_line=self.max_line,
            multiline=multiline,
        )

    def reading(self, engine: Any) -> Reading:
        """The daemon's, as it is before any block."""
        rules = tuple(
            RuleSettings(
                name=f"rule-{number}",
                match=each.match,
                unless=each.unless,
                where=each.where,
                kind=PlainMatch(),
            )
            for number, each in enumerate(self.selectors)
        )
        config = Config(files=(), state=NOWHERE, rules=rules, sources=(self.source,), audit=0.0)
        return Readings(config, engine, Unwatched(), Engines(engine)).of(("app",))


class Taken(NamedTuple):
    """One record that rules took."""

    offset: int
    text: str
    time: float
    fields: dict[str, str]
    found: tuple[tuple[int, dict[str, str]], ...]


def where_batch(choices: Choices, *, most: int = 100) -> list[WhereCase]:
    """Rules, and with them several blocks of lines or records of one format."""
    name = pick(choices, tuple(LINES))
    wanted = min(most, pick(choices, (20, 50, 50, 100)))
    is_joined = once_in(choices, 4)
    parser = make_parser(name, ParserSettings(tz=UTC))
    selectors: list[Selector] = []
    while len(selectors) < wanted:
        line = LINES[name](choices)
        fields = parser.parse(line, NOW).fields
        number = pick(choices, (1, 1, 1, 2)) if fields else 0
        made = [condition(choices, fields) for _ in range(number)]
        where = tuple(each for each in made if each is not None)
        if where:
            unless = _unless(choices, fields)
            selectors.append(Selector(where=where, match=_match(choices), unless=unless))
    case = WhereCase(
        name,
        tuple(selectors),
        (),
        pick(choices, ENCODINGS),
        pick(choices, (262_144, 262_144, 262_144, 60)),
        is_joined,
    )
    return [case._replace(pieces=_pieces(choices, case, 3 * wanted)) for _ in range(4)]


def _match(choices: Choices) -> tuple[str, ...]:
    if not once_in(choices, 3):
        return ()
    return tuple(_pattern(choices) for _ in range(pick(choices, (1, 1, 2))))


def _unless(choices: Choices, fields: dict[str, str]) -> tuple[Unless, ...]:
    patterns = (_pattern(choices),) if once_in(choices, 10) else ()
    if not once_in(choices, 5):
        return patterns
    made = [condition(choices, fields | {"a": "e", "b": "or"}) for _ in range(2)]
    return *patterns, *((each,) for each in made if each is not None)


def _pattern(choices: Choices) -> str:
    while True:
        text = pick(choices, ("(?P<a>e+)", "[0-5]", "=", '"', r"(?i)err(?P<b>\w*)", "o", r"\s\d"))
        if once_in(choices, 3):
            text = pattern(choices, 5)
        if is_valid(text) and danger(parse(text, records=True)).degree <= 1:
            return text


def _pieces(choices: Choices, case: WhereCase, number: int) -> tuple[Piece, ...]:
    lines = [LINES[case.format](choices) for _ in range(number)]
    if case.is_joined:
        texts = [_record(choices, case.format, line) for line in lines]
        data, joined = block_of_records(choices, texts, case.encoding, case.max_line, framed=False)
    else:
        data = joined = block(choices, lines, case.encoding)
    pieces, start = [], 0
    for line in _lines(joined):
        pieces.append(Piece(data[start : start + len(line)], line))
        start += len(line)
    return tuple(pieces)


def _lines(data: bytes) -> list[bytes]:
    """At newlines alone."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _record(choices: Choices, name: str, line: str) -> str:
    """The line, and below it what is none of its fields."""
    for _ in range(pick(choices, (0, 1, 1, 2))):
        below = LINES[name](choices) if once_in(choices, 2) else pick(choices, NEIGHBOURS)
        line += pick(choices, NEWLINES) + below
    return line


def expected(case: WhereCase) -> list[Taken]:
    """What a look at every record finds."""
    parser = make_parser(case.format, ParserSettings(tz=UTC))
    rules = [
        (
            ReferenceMatcher((RulePatterns(match=each.match, unless=each.unless_found),)),
            compile_where(each.where),
            [compile_where(one) for one in each.unless_so],
        )
        for each in case.selectors
    ]
    every = ReferenceMatcher((_EVERY,), encoding=case.encoding, max_line=case.max_line)
    data, joined = _whole(case.pieces)
    found = []
    for hit in every.match(data, joined if case.is_joined else None):
        parsed = parser.parse(first_line(hit.text) if case.is_joined else hit.text, NOW)
        taken = []
        for number, (matcher, holds, exclusions) in enumerate(rules):
            if holds(parsed.fields) and (own := matcher._found(hit.text)):
                captures = own[0][1]
                if not any(out(parsed.fields | captures) for out in exclusions):
                    taken.append((number, captures))
        if taken:
            time = NOW if parsed.time is None else parsed.time
            found.append(Taken(hit.start, hit.text, time, parsed.fields, tuple(taken)))
    return found


def got(reading: Reading, case: WhereCase, cuts: Sequence[int] = ()) -> list[Taken]:
    """What the daemon finds, where its tailer ends blocks at these pieces."""
    found: list[Taken] = []
    start = 0
    for first, last in zip([0, *cuts], [*cuts, len(case.pieces)], strict=True):
        data, joined = _whole(case.pieces[first:last])
        batch = reading.batch(_block(data, joined if case.is_joined else None, start), NOW)
        by_record: dict[int, list[tuple[int, dict[str, str]]]] = {}
        for match in batch.matches:
            by_record.setdefault(match.record, []).append((match.rule, dict(match.captures)))
        found += [
            Taken(each.offset, each.text, each.time, each.fields, tuple(by_record[number]))
            for number, each in enumerate(batch.records)
        ]
        start += len(data)
    return found


def is_alike(found: list[Taken], wanted: list[Taken], reading: Reading) -> bool:
    """Whether both are the same, but for rules of which a search was given up for its time."""
    figures = reading.matcher.statistics
    gave_up = {*figures.timeouts, *figures.quarantined}
    if reading.fields is not None:
        gave_up |= {*reading.fields.timeouts, *reading.fields.quarantined}
    return found == wanted or _without(found, gave_up) == _without(wanted, gave_up)


def _without(found: list[Taken], rules: set[int]) -> list[Taken]:
    kept = (
        each._replace(found=tuple(one for one in each.found if one[0] not in rules))
        for each in found
    )
    return [each for each in kept if each.found]


class WhereComparison:
    """A reading and the look at every record, on whole blocks and on blocks that come in parts."""

    def __init__(self, case: WhereCase, engine: Any) -> None:
        self._engine = engine
        self._reading = case.reading(engine)

    def difference(
        self, case: WhereCase, wanted: list[Taken], choices: Choices
    ) -> Callable[[], str] | None:
        """What explains the difference, None where there is none."""
        most = len(case.pieces)
        cuts = sorted({1 + choices.below(most - 1) for _ in range(5)}) if most > 1 else []
        for at in ([], cuts):
            if not is_alike(got(self._reading, case, at), wanted, self._reading):
                return lambda: self._explained(case)
        return None

    def _explained(self, case: WhereCase) -> str:
        def differs(one: WhereCase) -> bool:
            reading = one.reading(self._engine)
            return not is_alike(got(reading, one), expected(one), reading)

        if differs(case):
            case = case._replace(
                selectors=tuple(
                    reduced(
                        case.selectors, lambda some: differs(case._replace(selectors=tuple(some)))
                    )
                )
            )
            case = case._replace(
                pieces=tuple(
                    reduced(case.pieces, lambda some: differs(case._replace(pieces=tuple(some))))
                )
            )
        reading = case.reading(self._engine)
        return f"{case!r}\ngot      {got(reading, case)!r}\nexpected {expected(case)!r}"


def _whole(pieces: Sequence[Piece]) -> tuple[bytes, bytes]:
    return b"".join(one.data for one in pieces), b"".join(one.joined for one in pieces)


def _block(data: bytes, joined: bytes | None, start: int) -> Block:
    end = start + len(data)
    checkpoint = Checkpoint(
        identity="1.1.0",
        path="/app.log",
        device=0,
        inode=1,
        birth=1,
        epoch=0,
        offset=end,
        head=Marker(0, 0, ""),
    )
    return Block(
        path="/app.log",
        data=data,
        joined=joined,
        start=start,
        end=end,
        checkpoint=checkpoint,
        backlog=True,
    )
