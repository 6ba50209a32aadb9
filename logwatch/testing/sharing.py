"""One engine for all tests of a run: compiling for each test would take longer than the tests.

The engine looks for the rules of all tests at once, as the daemon's does. A test has some of these
rules only, which count their ways of looking at lines anew: what was found for others is left out,
and the rest gets the test's numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from logwatch.config.model import Config
from logwatch.daemon.readings import Readings
from logwatch.matching.engines import Engines
from logwatch.matching.prefilter import Unwatched
from logwatch.records import Batch, Match
from logwatch.rules.base import RuleSettings, parts_of
from logwatch.simulation import Simulation

Way = tuple[str, int]
"""A rule, and which of its ways of looking at lines."""


def ways_of(rules: Sequence[RuleSettings]) -> list[Way]:
    """What each number of a match stands for."""
    return [(rules[part.rule].name, part.number) for part in parts_of(rules)]


class SharedReadings:
    """How lines are read, for `rules` of `config` and every test that has some of them."""

    def __init__(self, config: Config, rules: Collection[str], engines: Engines) -> None:
        """Raises EngineError."""
        chosen = tuple(rule for rule in config.rules if rule.name in rules)
        shared = replace(config, rules=chosen, audit=0.0)
        self.readings = Readings(shared, config.engine, Unwatched(), engines)
        self.ways = ways_of(chosen)


class SharingSimulation(Simulation):
    """A simulation of some rules that reads lines as all tests do, and remembers the latest."""

    found: Batch | None = None
    """What was taken of the line that it was fed last."""

    def share(self, shared: SharedReadings) -> None:
        """Read lines with `shared` from now on; its rules are all of ours, and more."""
        self.readings = shared.readings
        self.ways = ways_of(self.config.rules)
        numbers = {way: number for number, way in enumerate(self.ways)}
        self._number = [numbers.get(way) for way in shared.ways]

    def take(self, batch: Batch, first: int = 0, end: int | None = None) -> None:
        """See `Simulation.take`."""
        ours = [
            Match(number, match.record, match.captures)
            for match in batch.matches
            if (number := self._number[match.rule]) is not None
        ]
        self.found = replace(batch, matches=ours)
        super().take(self.found, first, end)
