"""Tests of a configuration, run one by one in virtual time through the pipeline of the daemon.

Each test has a simulation of its own: its rule with no memory, the rules that it hears of, and
those that absorb it. What the engine compiles is shared by all of them.

A source without `tz` is read as UTC here, so that a test comes to the same on every machine.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from gzip import BadGzipFile
from gzip import open as open_gzip
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from logwatch.clock import Clock
from logwatch.config.model import Config
from logwatch.config.own_formats import parser_of
from logwatch.config.rule_tests import RuleTest, TimedLine
from logwatch.daemon.readings import engines_beside
from logwatch.records import Batch
from logwatch.rules.base import RuleSettings
from logwatch.simulation import SimulatedAlert, Simulation
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.text_encoding import as_matched
from logwatch.testing.comparing import compared, probed, routing
from logwatch.testing.coverage import Coverage, Reached
from logwatch.testing.explaining import Explanation
from logwatch.testing.outcome import Happened, Mismatch, Outcome, offset_text
from logwatch.testing.records import records_of
from logwatch.testing.sharing import SharedReadings, SharingSimulation, Way
from logwatch.testing.timeline import Fed, Taken, Timeline

HOST = "test"
"""The host of alerts whose lines name none."""
LARGEST_FILE_BYTES = 64 * 1024 * 1024
"""Of the lines that a test names by `file`."""
_UTC = "UTC"


class Runner:
    """Runs tests of one configuration."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        tests: Sequence[RuleTest] | None = None,
        rows_of_all: bool = False,
    ) -> None:
        """`tests`: those that will be run; None: any of the configuration.

        `rows_of_all`: make timelines of tests that pass, too. Raises EngineError.
        """
        self._config = replace(
            config,
            sources=tuple(replace(each, tz=each.tz or _UTC) for each in config.sources),
        )
        self._clock = clock
        self._rows_of_all = rows_of_all
        self._rules = {rule.name: rule for rule in config.rules}
        self._sources = {source.name: source for source in self._config.sources}
        self._absorbers = _absorbers(config.rules)
        self._inhibitors = _inhibitors(config.tests if tests is None else tests)
        self._reached = Reached(config)
        self._engines = engines_beside(config)
        names = {test.rule for test in (config.tests if tests is None else tests)}
        needed = set().union(*(self._needed(name) for name in names))
        self._shared = SharedReadings(self._config, needed, self._engines)

    def run(self, test: RuleTest) -> Outcome:
        """What `test` comes to. Raises EngineError where the engine cannot be had."""
        began = self._clock.steady()
        rule = self._rules[test.rule]
        lines, trouble = self._lines(test)
        if trouble:
            return Outcome(test=test, trouble=trouble)
        lines = records_of(lines, self._sources)
        simulation = self._simulation(rule, test.start)
        fed, after = self._played(simulation, test, lines)
        outcome = self._judged(test, simulation, fed, after)
        self._reached.add(outcome, rule, fed)
        explanation = Explanation(outcome, rule, self._sources, fed, _horizon(test, fed))
        hints = explanation.accidents() if outcome.passed else explanation.hints()
        outcome = replace(outcome, hints=tuple(dict.fromkeys(hints)))
        if not outcome.passed or self._rows_of_all:
            heard = {name: self._rules[name] for name in _heard(rule, self._rules)}
            rows = Timeline(rule, heard, test.start).rows(fed, after)
            outcome = replace(outcome, rows=rows)
        return replace(outcome, seconds=self._clock.steady() - began)

    def coverage(self) -> Coverage:
        """What the tests that were run have reached."""
        return self._reached.coverage()

    def _needed(self, name: str) -> set[str]:
        """The rules that are there in a test of rule `name`."""
        own = {name, *self._absorbers.get(name, ()), *self._inhibitors.get(name, ())}
        return own.union(*(_heard(self._rules[each], self._rules) for each in own))

    def _simulation(self, rule: RuleSettings, start: float) -> SharingSimulation:
        simulation = SharingSimulation(
            self._config,
            host=HOST,
            rules=self._needed(rule.name),
            start=start,
            engines=self._engines,
        )
        simulation.share(self._shared)
        return simulation

    def _played(
        self, simulation: SharingSimulation, test: RuleTest, lines: Sequence[TimedLine]
    ) -> tuple[list[Fed], list[Happened]]:
        """Each line with what came of it, and what came after all of them."""
        told = len(simulation.events)
        early = [_happened(event) for event in simulation.events]
        fed: list[Fed] = []
        for line in lines:
            simulation.found = None
            simulation.feed_lines(line.source, [(line.at, line.text)], line.fields)
            events = early + [_happened(event) for event in simulation.events[told:]]
            told, early = len(simulation.events), []
            taken = tuple(_taken(simulation.found, simulation.ways))
            fed.append(Fed(line=line, taken=taken, events=tuple(events)))
        simulation.run_until(_horizon(test, fed))
        return fed, early + [_happened(event) for event in simulation.events[told:]]

    def _judged(
        self,
        test: RuleTest,
        simulation: Simulation,
        fed: Sequence[Fed],
        after: Sequence[Happened],
    ) -> Outcome:
        rule = self._rules[test.rule]
        watched = {test.rule, *_heard(rule, self._rules)}
        events = tuple(
            event
            for event in (*(event for each in fed for event in each.events), *after)
            if event.alert.rule in watched
        )
        outcome = Outcome(test=test, events=events)
        if failed := watched & simulation.quarantined:
            return replace(
                outcome,
                trouble=f"rule {', '.join(sorted(failed))} failed on these lines and was stopped,"
                " as it would be in run: this is a fault of logwatch, please report it",
            )
        return replace(outcome, mismatches=tuple(_mismatches(outcome, rule)))

    def _lines(self, test: RuleTest) -> tuple[Sequence[TimedLine], str | None]:
        """The lines of a test, or why it has none."""
        unknown = {line.source for line in test.lines} - self._sources.keys()
        if unknown:
            return (), "there is no source for its lines: write source: NAME in the test"
        if test.file is None:
            return test.lines, None
        try:
            lines = tuple(_lines_of_file(test, self._sources[test.source]))
        except (OSError, EOFError, zlib.error, BadGzipFile) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return (), f"{shown_path(test.file)} cannot be read: {reason}"
        if not lines:
            return (), f"{shown_path(test.file)} is empty: nothing was tested"
        if lines[0].at < test.start:
            return (), _begins_before(test, lines[0].at)
        return lines, None


def _mismatches(outcome: Outcome, rule: RuleSettings) -> Iterator[Mismatch]:
    test = outcome.test
    place = test.fires_place or test.place
    yield from compared("fires", test.fires, outcome.compared, start=test.start, place=place)
    if test.resolves is not None:
        listed = test.resolves[0].place if test.resolves else place
        yield from compared(
            "resolves", test.resolves, outcome.resolved, start=test.start, place=listed
        )
    yield from routing(test, outcome.fired)
    own = outcome.of_status("firing", "updated", "resolved") if rule.kind.burns else ()
    yield from probed(test.probes, own, lambda at: offset_text(at, test.start))


def _horizon(test: RuleTest, fed: Sequence[Fed]) -> float:
    """How far the clock goes: to `until`, or the last line, and to everything that is asked for."""
    times = [test.start, *(line.line.at for line in fed)]
    times += [one.time for each in fed for one in each.taken]
    if test.until is not None:
        times.append(test.until)
    times += [probe.at for probe in test.probes]
    return max(times)


def _taken(batch: Batch | None, ways: Sequence[Way]) -> Iterator[Taken]:
    """Which rules took the one line of `batch`, and what they have of it."""
    for match in batch.matches if batch is not None else ():
        assert batch is not None
        record = batch.records[match.record]
        rule, part = ways[match.rule]
        yield Taken(rule, part, record.time, {**record.fields, **match.captures})


def _happened(event: SimulatedAlert) -> Happened:
    return Happened(alert=event.alert, at=event.at, sinks=event.sinks, muted_by=event.muted_by)


def _heard(rule: RuleSettings, rules: dict[str, RuleSettings]) -> set[str]:
    """Names of the rules that `rule` hears of, and that those hear of."""
    found: set[str] = set()
    waiting = [rule]
    while waiting:
        for name in waiting.pop().kind.hears():
            if name in rules and name not in found:
                found.add(name)
                waiting.append(rules[name])
    return found - {rule.name}


def _absorbers(rules: Sequence[RuleSettings]) -> dict[str, set[str]]:
    """For each rule, those that absorb it, and those that absorb these."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        if getattr(rule.kind, "absorbs", False):
            for name in rule.kind.hears():
                found.setdefault(name, set()).add(rule.name)
    return found


def _inhibitors(tests: Iterable[RuleTest]) -> dict[str, set[str]]:
    """For each rule, those that its tests say inhibit it."""
    found: dict[str, set[str]] = {}
    for test in tests:
        before, _, name = (test.muted_by or "").partition("inhibit by ")
        if name and not before:
            found.setdefault(test.rule, set()).add(name)
    return found


def _lines_of_file(test: RuleTest, source: SourceSettings) -> Iterator[TimedLine]:
    """Each line of the file at the time that its stamp gives, else at that of the line before."""
    assert test.file is not None
    opened = open_gzip if test.file.suffix == ".gz" else open
    parser = parser_of(source, ZoneInfo(source.tz or _UTC))
    with opened(test.file, "rb") as file:
        data = file.read(LARGEST_FILE_BYTES + 1)
    if len(data) > LARGEST_FILE_BYTES:
        raise OSError(f"it has more than {LARGEST_FILE_BYTES:,} bytes; take a part of it")
    at = None
    data = as_matched(data, source.encoding)
    text = data.decode(source.matched_as, "surrogateescape")
    for number, line in enumerate(text.splitlines(), 1):
        stamp = parser.time(line, at or test.start)
        at = max(at or stamp or test.start, stamp or 0.0)
        place = test.place._replace(file=str(test.file), line=number, column=1, end_column=2)
        yield TimedLine(at=at, text=line, source=test.source, place=place)


def _begins_before(test: RuleTest, first: float) -> str:
    stamp = datetime.fromtimestamp(first, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    file = shown_path(test.file) if test.file is not None else ""
    return f"{file} begins before the test does: write start: {stamp}"


def shown_path(path: Path) -> str:
    """`path` as seen from the working folder, where it is below it."""
    folder = Path.cwd()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
