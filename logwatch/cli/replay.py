"""`logwatch replay`: what the whole configuration would have told over the past; sends nothing.

Old logs, rotated and compressed ones too, are merged by event time and go through the daemon's own
reading, engine and rules on virtual time.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from logwatch import telemetry
from logwatch.cli.figures import size
from logwatch.cli.json_lines import encoded, harmless
from logwatch.cli.marking import Screen, screen_of
from logwatch.cli.progress import Progress
from logwatch.cli.replay_against import Difference, Told
from logwatch.cli.replay_report import Outcome, as_json, headlines, line_of, table
from logwatch.cli.replay_tally import Tally
from logwatch.cli.rights import allow_many_files
from logwatch.cli.volume import least_level
from logwatch.cli.when import moment
from logwatch.clock import Clock, SystemClock
from logwatch.config.loader import find_config, load
from logwatch.config.model import Config
from logwatch.errors import Exit, UsageError
from logwatch.records import encode_alert
from logwatch.simulation import ReplayFile, SimulatedAlert, Simulation, TimeRange, Totals
from logwatch.simulation.choosing import files_named, files_of_sources
from logwatch.simulation.replaying import size_of
from logwatch.sinks.plain_text import visible
from logwatch.tailer.settings import SourceSettings

_COMPRESSED = (".gz", ".bz2", ".xz", ".lzma", ".zst")


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure(least_level())
    allow_many_files()  # all logs are open at the same time, for they are merged
    if options.output != "text" and options.list:
        raise UsageError("--list is for people; -o ndjson gives each alert")
    if options.output == "ndjson" and options.against:
        raise UsageError("--against gives sums; -o json has them for programs")
    clock = SystemClock()
    config = load(find_config(options.config, working_folder=True), sends=False)
    old = load(Path(options.against), sends=False) if options.against else None
    range_ = TimeRange(
        since=moment(options.since, clock) if options.since else None,
        until=moment(options.until, clock) if options.until else None,
    )
    run = _Run(options, range_, clock, screen_of())
    told = Told() if old is not None else None
    outcome = run.over(config, run.told_at_once(told))
    difference = None
    if old is not None and told is not None:
        before = Told()
        run.over(old, before.add)
        names = [[rule.name for rule in each.rules] for each in (old, config)]
        difference = Difference(before, told, *names)
    run.tell(outcome, difference)
    return Exit.DONE if outcome.totals.files else Exit.USAGE


class _Run:
    """What was asked for."""

    def __init__(
        self, options: argparse.Namespace, range_: TimeRange, clock: Clock, screen: Screen
    ) -> None:
        self._options = options
        self._range = range_
        self._clock = clock
        self._screen = screen

    def told_at_once(self, told: Told | None) -> Callable[[SimulatedAlert], object]:
        """What is done with each alert when it comes, beside counting it."""

        def hand_on(one: SimulatedAlert) -> None:
            if told is not None:
                told.add(one)
            if self._options.list:
                self._screen.write(line_of(one, self._screen))
                self._screen.flush()
            if self._options.output == "ndjson" and one.is_told:
                sys.stdout.buffer.write(harmless(encode_alert(one.alert)) + b"\n")

        return hand_on

    def over(self, config: Config, hand_on: Callable[[SimulatedAlert], object]) -> Outcome:
        """Replay one configuration. Raises UsageError where there is nothing to read."""
        files = self._files(config)
        tally = Tally((rule.name, rule.cooldown) for rule in config.rules)
        bar = Progress(_what_is_read(files), size_of(files), self._clock)

        def tell(one: SimulatedAlert) -> None:
            tally.add(one)
            bar.hide()
            hand_on(one)

        simulation = Simulation(
            config, host=os.uname().nodename, tell=tell, tell_message=tally.add_message
        )
        with bar:
            totals = simulation.feed_files(
                files, range_=self._range, watch=lambda read: bar.show(read.consumed)
            )
        _complain(totals, tally)
        return Outcome(
            rules=config.rules,
            tally=tally,
            matched=simulation.matched,
            totals=totals,
            sources=len({name for each in files for name in each.sources}),
            compressed=_compressed(files) - sum(map(_is_compressed, totals.skipped)),
            has_sinks=bool(config.sinks),
        )

    def _files(self, config: Config) -> Sequence[ReplayFile]:
        if self._options.files:
            return files_named(self._options.files, config.sources, self._options.source)
        sources = config.sources
        if self._options.source is not None:
            sources = tuple(each for each in sources if each.name == self._options.source)
            if not sources:
                files_named((), config.sources, self._options.source)  # says which there are
        files, problems = files_of_sources(sources)
        for path, problem in problems.items():
            print(f"logwatch replay: {visible(path)}: {problem}", file=sys.stderr)
        _tell_what_has_no_file(sources)
        if not files:
            raise UsageError("no source has a file now; name files, or - for standard input")
        return files

    def tell(self, outcome: Outcome, difference: Difference | None) -> None:
        """Print the sums."""
        screen = self._screen
        if self._options.output == "json":
            sums = as_json(outcome)
            if difference is not None:
                sums["against"] = difference.as_json()
            screen.write(encoded(sums))
        elif self._options.output == "text":
            screen.write(*headlines(outcome), *table(outcome, screen))
            if difference is not None:
                screen.write(*difference.lines(screen))
            screen.write("nothing was sent")
        screen.flush()


def _tell_what_has_no_file(sources: Sequence[SourceSettings]) -> None:
    """What came from elsewhere is kept by others, if at all."""
    names = [each.name for each in sources if each.origin is not None]
    if names:
        text = f"no {'file' if len(names) == 1 else 'files'}, so not looked into"
        remedy = f"--source {names[0]} FILE takes lines that you kept"
        print(f"logwatch replay: {', '.join(names)}: {text}; {remedy}", file=sys.stderr)


def _complain(totals: Totals, tally: Tally) -> None:
    for name, reason in totals.problems:
        print(f"logwatch replay: {visible(name)}: {reason}", file=sys.stderr)
    for trouble in totals.troubles:
        print(f"logwatch replay: {visible(trouble.message)}", file=sys.stderr)
    for message in tally.own:
        print(f"logwatch replay: {visible(message)}", file=sys.stderr)


def _is_compressed(name: str) -> bool:
    return name.endswith(_COMPRESSED)


def _compressed(files: Sequence[ReplayFile]) -> int:
    return sum(_is_compressed(name) for each in files for name in each.generations)


def _what_is_read(files: Sequence[ReplayFile]) -> str:
    count = sum(len(each.generations) for each in files)
    packed = _compressed(files)
    sources = len({name for each in files for name in each.sources})
    of_them = f" ({packed} compressed)" if packed else ""
    return f"{sources} sources, {count} files{of_them}, {size(size_of(files))}"
