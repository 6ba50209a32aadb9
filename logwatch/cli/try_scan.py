"""One rule over whole files: what it takes, what it just misses, counted block by block.

The lines are found by the engine, as in `run`: with the rule itself it is given the rule without
what says no to found lines, and the beginnings of its patterns. So near misses cost no look at
every line; and each is counted, though only a sample is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from logwatch import parsers
from logwatch.cli.log_blocks import RecordBlock
from logwatch.cli.verdicts import Way, readings_for
from logwatch.config.model import Config
from logwatch.matching.engines import Engines
from logwatch.matching.near_miss import NearMisses
from logwatch.matching.troubles import Trouble
from logwatch.rules.base import Selector
from logwatch.tailer.settings import SourceSettings

Role: TypeAlias = Literal["taken", "excluded", "near"]

MOST_SAMPLED = 5_000
MOST_SAMPLED_BYTES = 16 * 1024 * 1024


class Finding(NamedTuple):
    """One line that is worth telling of."""

    role: Role
    line_number: int
    data: bytes
    """The line without its newline; a record may have several."""


def given(number: int, line: bytes) -> Finding:
    """A line of the command line, of which nothing is known yet."""
    return Finding("near", number, line)


class RuleScan:
    """Looks for one rule in the lines of one source, file after file."""

    def __init__(
        self, config: Config, source: SourceSettings, ways: Sequence[Way], engines: Engines
    ) -> None:
        """`config` is that of the source alone. Raises EngineError."""
        self._roles: list[Role] = []
        selectors: list[Selector] = []
        self.knows_near = False
        """Whether there is anything to know a near miss by."""
        for way in ways:
            self._add(selectors, "taken", way.selector)
            for loose in _loose(way.selector):
                self._add(selectors, "excluded", loose)
            for near in _near(way.selector, source.format):
                self._add(selectors, "near", near)
                self.knows_near = True
        self._reading = readings_for(config, selectors, engines).of((source.name,))

    def _add(self, selectors: list[Selector], role: Role, selector: Selector) -> None:
        selectors.append(selector)
        self._roles.append(role)

    def scan(self, records: RecordBlock, lines_before: int, now: float) -> Iterator[Finding]:
        """What is found in records, whose first line has the number after `lines_before`."""
        block = records.data
        counted, line = 0, lines_before + 1
        for hit in self._reading.matcher.match(block, records.joined):
            found = self._reading.selected(hit.text, hit.found, now)
            if not found:
                continue
            line += block.count(b"\n", counted, hit.start)
            counted = hit.start
            yield Finding(self._role(found), line, block[hit.start : hit.end])
        if self._reading.fields is not None:
            self._reading.fields.scanned(len(block))

    def _role(self, found: Sequence[tuple[int, object]]) -> Role:
        roles = {self._roles[self._reading.rules[number]] for number, _ in found}
        return "taken" if "taken" in roles else "excluded" if "excluded" in roles else "near"

    def troubles(self) -> list[Trouble]:
        """What came up in matching since somebody last asked."""
        return self._reading.troubles()


def _loose(selector: Selector) -> Iterator[Selector]:
    """What finds the lines that `unless` and `where` say no to."""
    if selector.match and (selector.unless or selector.where):
        yield Selector(match=selector.match)
    elif selector.unless:
        yield replace(selector, unless=())


def _near(selector: Selector, format_: str) -> Iterator[Selector]:
    """What finds near misses of patterns; without any, of all conditions but one.

    Conditions that nothing in a line's text tells of are left alone: for them every line of a file
    would have to be parsed.
    """
    patterns = [text for one in selector.match for text in NearMisses(one).near_patterns]
    if patterns:
        yield Selector(match=tuple(dict.fromkeys(patterns)))
    if not selector.match and len(selector.where) > 1:
        for left_out in range(len(selector.where)):
            where = selector.where[:left_out] + selector.where[left_out + 1 :]
            needle = parsers.needle(format_, where)
            if needle is not None and needle.weight:
                yield Selector(where=where)


class Sampled(NamedTuple):
    """A finding, and where it is."""

    label: str
    source: SourceSettings
    finding: Finding


class Sample:
    """An even sample of what is offered, which depends on nothing else."""

    def __init__(self, most: int = MOST_SAMPLED, most_bytes: int = MOST_SAMPLED_BYTES) -> None:
        self.kept: list[Sampled] = []
        self.offered = 0
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._stride = 1

    def offer(self, one: Sampled) -> None:
        """Keep it, or not; every second one that was kept goes when there is no more room."""
        self.offered += 1
        if (self.offered - 1) % self._stride:
            return
        self.kept.append(one)
        self._bytes += len(one.finding.data)
        while len(self.kept) > max(1, self._most if self._bytes <= self._most_bytes else 1):
            self.kept = self.kept[::2]
            self._stride *= 2
            self._bytes = sum(len(each.finding.data) for each in self.kept)
