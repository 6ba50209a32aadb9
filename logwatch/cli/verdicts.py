"""What each rule says of one line: it takes it, or what said no, and how nearly.

What takes a line is the daemon's own: its reading of the source, its matcher, its conditions. Only
why a line was not taken is found out here, by asking for each pattern and condition by itself; so a
verdict can give a wrong reason at worst, and never a wrong answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from logwatch.cli.log_blocks import one_record
from logwatch.conditions import Condition, Where, compile_condition, compile_where, written
from logwatch.config.model import Config
from logwatch.daemon.reading import Reading
from logwatch.daemon.readings import Readings
from logwatch.matching.engines import Engines
from logwatch.matching.framing import bare
from logwatch.matching.prefilter import Unwatched
from logwatch.matching.searches import GuardedSearch
from logwatch.parsers.selection import Known
from logwatch.rules.base import PlainMatch, RuleSettings, Selector, Unless
from logwatch.schedule import Schedule
from logwatch.tailer.settings import SourceSettings

if TYPE_CHECKING:
    from logwatch.matching.near_miss import NearMiss, NearMisses

Outcome: TypeAlias = Literal["taken", "excluded", "refused", "missed", "given-up"]
"""Taken; found by `match` and excluded by `unless`, or refused by `where`; not found by `match`; or
a search in it takes so long that `run` gives it up, too."""

MOST_RULES_AT_ONCE = 200
"""For so many rules it is looked how nearly they match one line; those that share words with it."""
MOST_PATTERNS_COMPILED = 500
"""Beyond so many, to compile them for a few lines takes longer than to try each."""


class Capture(Struct, frozen=True):
    """What a named group captured: `line[start:end]`."""

    name: str
    start: int
    end: int


class Excluder(Struct, frozen=True):
    """The pattern of `unless` that was found, and where: `line[start:end]`.

    Or the conditions that hold, as they may be written, and where one of them was captured.
    """

    number: int
    pattern: str
    start: int
    end: int


class Refusal(Struct, frozen=True):
    """One condition of `where` that does not hold."""

    field: str
    value: str | None
    """What the line has there; None where it has no such field."""
    wanted: str
    is_parsed: bool
    """Whether the line is of the format of its source at all."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What one way of looking of one rule says of one line."""

    rule: str
    part: int = 0
    """Which of the rule's ways of looking at lines it is, from 1 on; 0 where it has one only."""
    outcome: Outcome
    pattern: int | None = None
    """Which of `match` was found, or came furthest; None for a rule that has none."""
    captures: tuple[Capture, ...] = ()
    excluder: Excluder | None = None
    refusals: tuple[Refusal, ...] = ()
    near_miss: NearMiss | None = None
    notes: tuple[str, ...] = ()
    """Why a line that is taken is told of to nobody all the same."""

    @property
    def whose(self) -> str:
        """`ssh-guessing`, and the part of it where it has several."""
        return f"{self.rule} part {self.part}" if self.part else self.rule

    @property
    def is_near(self) -> bool:
        """Whether the line was not taken, and nearly."""
        if self.near_miss is not None:
            return self.near_miss.is_near
        return self.outcome in ("excluded", "refused", "given-up")

    @property
    def nearness(self) -> float:
        """For an order: 2 is taken, 1 and more is found and then refused, below how far it got."""
        match self.outcome:
            case "taken":
                return 2.0
            case "excluded":
                return 1.5
            case "given-up" | "refused":
                return 1.2
            case "missed":
                return self.near_miss.share if self.near_miss else 0.0


class Way(Struct, frozen=True, kw_only=True):
    """One way in which a rule looks at lines."""

    rule: str
    part: int = 0
    selector: Selector
    active: Schedule | None = None
    """When the rule looks at lines; None is always."""
    shadow: bool = False
    """Whether what it finds is never sent."""


def ways_of(rule: RuleSettings) -> list[Way]:
    """The ways of one rule, what opens before what closes; none where it hears of rules only."""
    selectors = rule.selectors()
    first = 1 if len(selectors) > 1 else 0
    numbers = sorted(range(len(selectors)), key=lambda number: not rule.kind.gated(number))
    return [
        Way(
            rule=rule.name,
            part=first + place,
            selector=selectors[number],
            active=rule.hours(number),
            shadow=rule.shadow,
        )
        for place, number in enumerate(numbers)
    ]


def readings_for(config: Config, selectors: Iterable[Selector], engines: Engines) -> Readings:
    """The daemon's way to read the sources of `config`, for these selectors and all sources.

    They are numbered as they come. Nothing of the daemon is touched: what is compiled is kept by
    `engines`. Raises EngineError.
    """
    rules = tuple(_as_rule(number, selector) for number, selector in enumerate(selectors))
    alone = replace(config, rules=rules, audit=0.0)
    return Readings(alone, config.engine, Unwatched(), engines)


def _as_rule(number: int, selector: Selector) -> RuleSettings:
    return RuleSettings(
        name=f"selector-{number}",
        match=selector.match,
        unless=selector.unless,
        where=selector.where,
        kind=PlainMatch(),
    )


class Verdicts:
    """What each of `ways` says of lines of `source`; `reading` is that of just their selectors."""

    def __init__(self, reading: Reading, source: SourceSettings, ways: Sequence[Way]) -> None:
        self._reading = reading
        self._source = source
        self._ways = tuple(ways)
        self._searches: dict[str, GuardedSearch] = {}
        self._misses: dict[str, NearMisses] = {}

    def text_of(self, line: bytes) -> str:
        """The line as rules see it."""
        kept = line[: self._source.max_line]
        return bare(kept.decode(self._source.matched_as, "backslashreplace"))

    def parses(self, line: bytes, now: float) -> bool:
        """Whether the line has fields as the format of the source gives them."""
        head = self._reading.head(self.text_of(line))
        return bool(self._reading.events.parse(head, arrival=now, backlog=True)[1])

    def of(self, line: bytes, now: float) -> list[Verdict]:
        """One verdict for each way, in their order; `line` has no newline, `now` is wall time."""
        text = self.text_of(line)
        taken = self._taken(line, now)
        time, fields = self._reading.given(text, now)
        asked = self._worth_asking(text, taken)
        return [
            self._taken_by(way, text, time)
            if number in taken
            else self._not_taken_by(way, text, fields, look=number in asked)
            for number, way in enumerate(self._ways)
        ]

    def _taken(self, line: bytes, now: float) -> set[int]:
        """The ways that take the line: the daemon's own answer."""
        reading = self._reading
        taken: set[int] = set()
        record = one_record(line, reading.framer)
        for hit in reading.matcher.match(record.data, record.joined):
            found = reading.selected(hit.text, hit.found, now)
            taken.update(reading.rules[number] for number, _ in found)
        return taken

    def _worth_asking(self, text: str, taken: set[int]) -> set[int]:
        """The ways that have most words in common with the line, where they are too many."""
        others = [number for number in range(len(self._ways)) if number not in taken]
        if len(others) > MOST_RULES_AT_ONCE:
            words = set(_WORD.findall(text.lower()))
            others.sort(key=lambda number: -_shared(self._ways[number].selector.match, words))
        return set(others[:MOST_RULES_AT_ONCE])

    def _taken_by(self, way: Way, text: str, time: float) -> Verdict:
        number, match = self._first(way.selector.match, text)
        return Verdict(
            rule=way.rule,
            part=way.part,
            outcome="taken",
            pattern=number,
            captures=() if match is None else captures_of(match),
            notes=tuple(_notes(way, time)),
        )

    def _not_taken_by(
        self, way: Way, text: str, fields: Mapping[str, str], *, look: bool
    ) -> Verdict:
        selector = way.selector
        said = Verdict(rule=way.rule, part=way.part, outcome="given-up")
        if selector.match:
            number, match = self._first(selector.match, text)
            if match is None and self._is_too_slow(selector.match, text):
                return said
            if match is None:
                missed = replace(said, outcome="missed")
                return self._missed(missed, selector, text) if look else missed
            said = replace(said, pattern=number, captures=captures_of(match))
        refusals = tuple(self._refusals(selector.where, fields))
        excluder = self._excluder(selector.unless, text, said.captures, fields)
        if excluder is not None and (selector.match or not refusals):
            return replace(said, outcome="excluded", excluder=excluder)
        if not refusals:
            return said
        # Without `match`, to fail in more than one condition is to have nothing to do with it.
        is_near = selector.match or len(refusals) == 1 < len(selector.where)
        return replace(said, outcome="refused" if is_near else "missed", refusals=refusals)

    def _excluder(
        self,
        unless: Sequence[Unless],
        text: str,
        captures: Sequence[Capture],
        fields: Mapping[str, str],
    ) -> Excluder | None:
        """The first of `unless` that takes the line out."""
        known = Known({one.name: text[one.start : one.end] for one in captures}, fields)
        for number, one in enumerate(unless):
            if isinstance(one, str):
                _, found = self._first((one,), text)
                if found is not None:
                    return Excluder(number, one, found.start(), found.end())
            elif compile_where(one, self._search_for)(known):
                asked = {condition.field for condition in one}
                spans = [(each.start, each.end) for each in captures if each.name in asked]
                return Excluder(number, _as_map(one), *next(iter(spans), (0, 0)))
        return None

    def _missed(self, said: Verdict, selector: Selector, text: str) -> Verdict:
        best: tuple[int, NearMiss] | None = None
        for number, pattern in enumerate(selector.match):
            found = self._near_misses(pattern).of(text)
            if found and (best is None or _rank(found) > _rank(best[1])):
                best = number, found
        return said if best is None else replace(said, pattern=best[0], near_miss=best[1])

    def _near_misses(self, pattern: str) -> NearMisses:
        if pattern not in self._misses:
            from logwatch.matching.near_miss import NearMisses  # noqa: PLC0415 - for what is missed

            self._misses[pattern] = NearMisses(pattern)
        return self._misses[pattern]

    def _refusals(self, where: Sequence[Condition], fields: Mapping[str, str]) -> Iterable[Refusal]:
        for condition in where:
            if not compile_condition(condition, self._search_for)(fields):
                wanted = " or ".join(written(test) for test in condition.tests)
                value = fields.get(condition.field)
                yield Refusal(condition.field, value, wanted, bool(fields))

    def _search_for(self, pattern: str) -> Any:
        if pattern not in self._searches:
            self._searches[pattern] = GuardedSearch(pattern)
        return self._searches[pattern].search

    def _first(self, patterns: Sequence[str], text: str) -> tuple[int | None, Any]:
        """The first pattern that is found; one that takes too long is not."""
        for number, pattern in enumerate(patterns):
            try:
                match = self._search_for(pattern)(text)
            except TimeoutError:
                continue
            if match is not None:
                return number, match
        return None, None

    def _is_too_slow(self, patterns: Sequence[str], text: str) -> bool:
        """Whether the search for one of them is given up."""
        for pattern in patterns:
            try:
                self._search_for(pattern)(text)
            except TimeoutError:
                return True
        return False


def _as_map(where: Where) -> str:
    """`{ip: in 10.0.0.0/8, user: [bob, eve]}`."""
    tests = [(each.field, ", ".join(map(written, each.tests)), len(each.tests)) for each in where]
    entries = [f"{name}: {f'[{some}]' if number > 1 else some}" for name, some, number in tests]
    return f"{{{', '.join(entries)}}}"


_WORD = re.compile(r"[^\W\d_]{3,}")


def _shared(patterns: Sequence[str], words: set[str]) -> int:
    """Letters of the words that some pattern has in common with a line."""
    return max(
        (sum(map(len, words.intersection(_WORD.findall(text.lower())))) for text in patterns),
        default=0,
    )


def _notes(way: Way, time: float) -> Iterable[str]:
    if way.active is not None and not way.active.covers(time):
        yield f"outside of its active hours ({way.active.text})"
    if way.shadow:
        yield "in shadow mode, which sends nothing"


def _rank(miss: NearMiss) -> tuple[bool, float]:
    return miss.is_near, miss.share


def captures_of(match: Any) -> tuple[Capture, ...]:
    """The named groups that took part in a match, in the order of the line."""
    spans = [
        Capture(name, *match.span(name)) for name in match.groupdict() if match.start(name) >= 0
    ]
    return tuple(sorted(spans, key=lambda one: (one.start, -one.end)))
