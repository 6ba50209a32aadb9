"""`logwatch test`: the tests that stand in a configuration, in virtual time.

Each test of `tests:` gives its rule lines and says what must fire and when; nothing is sent, and
nothing of a daemon is touched. That there is nothing to test is a failure.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from logwatch import telemetry
from logwatch.cli.marking import GREEN, RED, Screen, screen_of
from logwatch.cli.test_json import JsonReport
from logwatch.cli.test_report import Report, Sums, TextReport
from logwatch.clock import SystemClock
from logwatch.config.loader import find_config, load
from logwatch.config.model import Config
from logwatch.config.rule_tests import RuleTest
from logwatch.errors import ConfigError, Exit, UsageError
from logwatch.sinks.plain_text import visible
from logwatch.testing.coverage import Coverage
from logwatch.testing.outcome import Outcome, may_be_taken
from logwatch.testing.runner import Runner


class _Chosen(NamedTuple):
    """A configuration, and those of its tests that are asked for."""

    config: Config
    tests: Sequence[RuleTest]
    covered: Config | None
    """The rules of which it counts that they have a test; None: that does not count."""


class _Run(NamedTuple):
    """What became of the chosen tests."""

    outcomes: Sequence[Outcome]
    coverage: Coverage | None


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    telemetry.telemetry.configure("error")
    if options.names and options.min_coverage is not None:
        raise UsageError("--min-coverage counts all rules, and -k chooses some; leave one out")
    screen = screen_of()
    clock = SystemClock()
    began = clock.steady()
    run = _run(options, clock)
    if options.update and _update(run.outcomes, screen, is_json=options.output == "json"):
        run = _run(options, clock)
    if not run.outcomes:
        return _nothing(options)
    report = _report(options, screen)
    report.tell(run.outcomes)
    sums = Sums(
        coverage=run.coverage,
        seconds=clock.steady() - began,
        least_coverage=options.min_coverage,
    )
    report.end(run.outcomes, sums)
    if options.junit:
        _write_junit(Path(options.junit), run.outcomes)
    is_covered = sums.coverage is None or sums.coverage.percent >= (options.min_coverage or 0.0)
    return Exit.DONE if is_covered and all(each.passed for each in run.outcomes) else Exit.NO


def _run(options: argparse.Namespace, clock: SystemClock) -> _Run:
    """Load what is asked for, and run it. Raises ConfigError, UsageError."""
    outcomes: list[Outcome] = []
    rules = []
    chosen = [_with_names(each, options.names) for each in _chosen(options)]
    if options.names and not any(each.tests for each in chosen):
        raise UsageError(_no_such_test(options.names, chosen))
    for each in chosen:
        runner = Runner(each.config, clock, tests=each.tests, rows_of_all=options.verbose)
        outcomes += [runner.run(test) for test in each.tests]
        if each.covered is not None:
            names = {rule.name for rule in each.covered.rules}
            rules += [rule for rule in runner.coverage().rules if rule.rule in names]
    return _Run(outcomes, None if options.names else Coverage(tuple(rules)))


def _chosen(options: argparse.Namespace) -> list[_Chosen]:
    """Every configuration that is to be tested, and which of its tests."""
    if not options.files:
        config = load(find_config(options.config, working_folder=True), sends=False)
        return [_Chosen(config, config.tests, config)]
    main = _main_config(options)
    parts = {os.path.realpath(path) for path in main.files} if main is not None else set()
    inside = [file for file in options.files if os.path.realpath(file) in parts]
    outside = [file for file in options.files if file not in inside]
    if outside and options.config:
        raise UsageError(
            f"{outside[0]} is no part of {options.config}; add it to its 'include', or leave out -c"
        )
    chosen = [_in_files(main, inside)] if main is not None and inside else []
    for file in outside:
        config = load(file, sends=False)
        chosen.append(_Chosen(config, config.tests, config))
    return chosen


def _main_config(options: argparse.Namespace) -> Config | None:
    """The configuration that files may be a part of, None where there is none that can be used."""
    try:
        return load(find_config(options.config, working_folder=True), sends=False)
    except ConfigError:
        if options.config:
            raise
        return None


def _in_files(config: Config, files: Iterable[str]) -> _Chosen:
    """The tests in these files, and the rules in them."""
    wanted = {os.path.realpath(file) for file in files}
    tests = [test for test in config.tests if os.path.realpath(test.place.file) in wanted]
    rules = tuple(
        rule
        for rule in config.rules
        if os.path.realpath(rule.defined_at.rpartition(":")[0]) in wanted
    )
    return _Chosen(config, tests, replace(config, rules=rules))


def _with_names(chosen: _Chosen, names: Sequence[str] | None) -> _Chosen:
    if not names:
        return chosen
    known = {test.rule for test in chosen.tests}
    tests = [test for test in chosen.tests if any(_is_meant(name, test, known) for name in names)]
    return chosen._replace(tests=tests)


def _is_meant(name: str, test: RuleTest, known: Iterable[str]) -> bool:
    """Whether `-k name` means this test: a rule's name, `NAME:LINE`, a glob, a part of a name."""
    if name in known:
        return test.rule == name
    rule, _, line = name.rpartition(":")
    if rule in known and line.isdecimal():
        return test.rule == rule and test.place.line == int(line)
    if any(sign in name for sign in "*?["):
        return fnmatchcase(test.rule, name)
    return name in test.rule


def _no_such_test(names: Sequence[str], chosen: Sequence[_Chosen]) -> str:
    known = {test.rule for each in chosen for test in each.config.tests}
    untested = {rule.name for each in chosen for rule in each.config.rules} - known
    name = names[0]
    if name in untested:
        return f"rule '{name}' has no test"
    from difflib import get_close_matches  # noqa: PLC0415 - for what is misspelt

    near = get_close_matches(name, known, 1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"no rule with a test is called like '{name}'{hint}"


def _nothing(options: argparse.Namespace) -> Exit:
    """There was no test: nothing was checked, and that must not look like success."""
    where = " ".join(options.files) or find_config(options.config, working_folder=True)
    print(
        f"logwatch test: there is no test in {where}, so nothing was checked\n"
        "  write one beside its rule:\n"
        "    tests:\n"
        "      - rule: NAME\n"
        "        lines: ['+0s a line that it must catch']\n"
        "        fires: [{at: +0s}]",
        file=sys.stderr,
    )
    return Exit.NO


def _update(outcomes: Sequence[Outcome], screen: Screen, *, is_json: bool) -> bool:
    """Write what came into the tests that failed for that alone; whether anything was written."""
    from logwatch.testing.rewriting import rewritten, write  # noqa: PLC0415 - for --update alone

    by_file: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if may_be_taken(outcome):
            by_file.setdefault(outcome.test.place.file, []).append(outcome)
        elif not outcome.passed:
            print(
                f"logwatch test: {outcome.test.place.short}: {outcome.test.rule} is left as it is:"
                " it fails for more than the values of what fires and resolves",
                file=sys.stderr,
            )
    changes = [rewritten(Path(file), tests) for file, tests in by_file.items()]
    for change in changes:
        write(change)
        if not is_json:
            _show(change.difference(), screen)
    return bool(changes)


def _show(difference: Iterable[str], screen: Screen) -> None:
    """A diff, in colours where there are colours."""
    for line in difference:
        color = {"+": GREEN, "-": RED}.get(line[:1])
        shown = visible(line)
        screen.write(screen.paint(color, shown) if color else shown)


def _report(options: argparse.Namespace, screen: Screen) -> Report:
    if options.output == "json":
        return JsonReport(screen, verbose=options.verbose)
    return TextReport(screen, verbose=options.verbose, command=_command(options))


def _command(options: argparse.Namespace) -> str:
    """What was typed, as far as it says which tests there are."""
    config = ["-c", options.config] if options.config else []
    return shlex.join(["logwatch", "test", *options.files, *config])


def _write_junit(path: Path, outcomes: Sequence[Outcome]) -> None:
    from logwatch.testing.junit import junit  # noqa: PLC0415 - it loads what writes XML

    report = TextReport(_PlainScreen(), verbose=False)
    body = junit(outcomes, _names(outcomes), lambda each: "\n".join(report.failure(each)))
    try:
        path.write_bytes(body)
    except OSError as error:
        raise UsageError(f"--junit {path}: {error.strerror or error}") from error


class _PlainScreen(Screen):
    """What a report is made for that no terminal shows."""

    def __init__(self) -> None:
        super().__init__(sys.stdout, color=False, columns=120)


def _names(outcomes: Sequence[Outcome]) -> dict[int, str]:
    """A name for each test: that of its rule, and which of its tests it is."""
    counts: dict[tuple[str, str], int] = {}
    names = {}
    for index, outcome in enumerate(outcomes):
        key = outcome.test.place.file, outcome.test.rule
        counts[key] = counts.get(key, 0) + 1
        names[index] = f"{outcome.test.rule} #{counts[key]}"
    return names
