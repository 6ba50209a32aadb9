"""`logwatch try`: what a rule or a pattern catches in logs, and what it just misses.

Nothing is sent and nothing of a daemon is touched. Lines are found by the configuration's own
loader and the daemon's own engine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from logwatch import telemetry
from logwatch.cli.log_blocks import STANDARD_INPUT, records_of_file, records_of_text, size_of
from logwatch.cli.marking import screen_of
from logwatch.cli.progress import Progress
from logwatch.cli.try_firing import firing_of
from logwatch.cli.try_report import JsonReport, Report, TextReport
from logwatch.cli.try_scan import RuleScan, Sampled, given
from logwatch.cli.try_subject import Subject, subject_of
from logwatch.clock import SystemClock
from logwatch.daemon.readings import engines_beside
from logwatch.errors import Exit, UsageError
from logwatch.matching.engines import Engines
from logwatch.sinks.plain_text import visible
from logwatch.tailer.settings import SourceSettings


class _Input(NamedTuple):
    """Lines to look at."""

    label: str
    source: SourceSettings
    path: str


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure("warning")
    subject = subject_of(options)
    inputs = _inputs(options, subject)
    engines = engines_beside(subject.config)
    report = _report(options, subject, engines)
    trial = _Trial(subject, engines, report)
    report.begin()
    source = subject.sources[0]
    for number, line in enumerate(_lines(options.line, source), start=1):
        report.explain(Sampled("line", source, given(number, line)))
    try:
        for each in inputs:
            trial.read(each)
    except KeyboardInterrupt:  # who looked at a pipe long enough wants the sums all the same
        report.end()
        raise
    if inputs and not trial.read_any:
        return Exit.USAGE
    files = [(each.path, each.source) for each in inputs]
    if files and subject.is_configured and STANDARD_INPUT not in (path for path, _ in files):
        report.firing = firing_of(subject, files, engines)
    report.end()
    return Exit.DONE if report.taken else Exit.NO


def _lines(given_: Sequence[str], source: SourceSettings) -> Sequence[bytes]:
    """What was given with `--line`, put together where the source does so."""
    texts = [line.encode("utf-8", "surrogateescape") for line in given_]
    if source.framer is None:
        return texts
    return [record for text in texts for record in records_of_text(text, source.framer)]


def _report(options: argparse.Namespace, subject: Subject, engines: Engines) -> Report:
    screen = screen_of()
    kind = JsonReport if options.output == "json" else TextReport
    return kind(subject, screen, engines, verbose=options.verbose, only_missed=options.only_missed)


def _inputs(options: argparse.Namespace, subject: Subject) -> list[_Input]:
    if options.line:
        if options.files:
            raise UsageError("either files or --line")
        return []
    followed = subject.followed()
    files = options.files or _usual_files(subject, list(followed))
    labels = _labels(files)
    return [_Input(labels[path], subject.source_of(path, followed), path) for path in files]


def _usual_files(subject: Subject, followed: list[str]) -> list[str]:
    if not subject.is_configured:
        if sys.stdin.isatty():
            raise UsageError("try it on what?  Name files, - for standard input, or --line 'TEXT'")
        return [STANDARD_INPUT]
    if not followed:
        raise UsageError(
            f"no file is there now for rule '{subject.rule.name}'; name files, or - for standard"
            " input"
        )
    return followed


def _labels(paths: Sequence[str]) -> dict[str, str]:
    """What stands for each file: its name, or its path where two are called alike."""
    names = [Path(path).name for path in paths]
    return {
        path: "stdin" if path == STANDARD_INPUT else name if names.count(name) == 1 else path
        for path, name in zip(paths, names, strict=True)
    }


class _Trial:
    """Reads one input after the other, and hands on what is found."""

    def __init__(self, subject: Subject, engines: Engines, report: Report) -> None:
        self._subject = subject
        self._engines = engines
        self._report = report
        self._scans: dict[str, RuleScan] = {}
        self._clock = SystemClock()
        self.read_any = False

    def read(self, each: _Input) -> None:
        """Look at all lines of one file; what cannot be read is said, and the next one is."""
        scan = self._scan(each.source)
        bar = Progress(visible(each.label), size_of(each.path), self._clock)
        before = done = 0
        try:
            for block in records_of_file(each.path, each.source):
                for finding in scan.scan(block, before, self._clock.wall()):
                    bar.hide()
                    self._report.take(Sampled(each.label, each.source, finding))
                self._report.lines += block.lines
                self._report.let_see()
                before += block.lines
                done += len(block.data)
                bar.show(done)
            self.read_any = True
        except BrokenPipeError:  # whoever read what is said has gone; a file raises no such thing
            raise
        except (OSError, EOFError) as problem:
            self.read_any |= before > 0
            reason = getattr(problem, "strerror", None) or problem
            print(visible(f"logwatch try: {each.path}: {reason}"), file=sys.stderr)
        finally:
            bar.hide()
        for trouble in scan.troubles():
            print(f"logwatch try: {trouble.message}", file=sys.stderr)

    def _scan(self, source: SourceSettings) -> RuleScan:
        if source.name not in self._scans:
            subject = self._subject
            scan = RuleScan(subject.alone(source), source, subject.ways, self._engines)
            self._scans[source.name] = scan
            self._report.blind |= not scan.knows_near
        return self._scans[source.name]
