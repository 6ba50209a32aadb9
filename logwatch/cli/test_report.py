"""What `logwatch test` tells: a line a file, each failure with its timeline, the coverage."""

from __future__ import annotations

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from msgspec import Struct

from logwatch.cli.figures import number
from logwatch.cli.marking import DIM, GREEN, RED, YELLOW, Screen, columns_of
from logwatch.config.problems import LINE_BREAK, Place
from logwatch.sinks.plain_text import visible
from logwatch.testing.coverage import Coverage
from logwatch.testing.outcome import (
    Did,
    Happened,
    Mismatch,
    Outcome,
    Row,
    may_be_taken,
    offset_text,
)
from logwatch.testing.timeline import key_text

MOST_MISMATCHES = 10
"""What is told of one test."""
MOST_ALIKE = 5
"""Rows of a timeline, one after the other, in which nothing fires; more are told as a number."""
_INDENT = " " * 6
_KEY_BEFORE = re.compile(r"([\w.-]+)['\"]?\s*:\s*$")


class Sums(Struct, frozen=True, kw_only=True):
    """How it went in all."""

    coverage: Coverage | None
    """None: only some tests were run, which says nothing of rules."""
    seconds: float
    least_coverage: float | None = None


class Report(ABC):
    """Tells outcomes, in the order in which they are given, then the sums."""

    def __init__(self, screen: Screen, *, verbose: bool) -> None:
        self._screen = screen
        self._verbose = verbose

    @abstractmethod
    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """All tests that were run."""

    @abstractmethod
    def end(self, outcomes: Sequence[Outcome], sums: Sums) -> None:
        """After the last one."""


class _Table:
    """The rows of a timeline, in columns that fit the screen: when, what came, what it did."""

    def __init__(self, outcome: Outcome, screen: Screen) -> None:
        self._start = outcome.test.start
        self._screen = screen
        rows = outcome.rows
        self._width = max((len(self._time(row)) for row in rows), default=0)
        room = screen.columns - len(_INDENT) - self._width - 4
        doing = max((columns_of(_did(row)) for row in rows), default=0)
        lines = max((columns_of(_text(row)) for row in rows), default=0)
        self._longest = min(lines, room - min(doing, room * 3 // 5))
        self._rest = room - self._longest

    def _time(self, row: Row) -> str:
        return offset_text(row.at, self._start)

    def row(self, row: Row) -> str:
        """One row."""
        screen = self._screen
        text = _padded(_middle_cut(_text(row), self._longest, screen), self._longest)
        text = screen.paint(DIM, text) if row.line is None else text
        did = self._colored(row.did, _middle_cut(_did(row), self._rest, screen))
        return f"{_INDENT}{self._time(row):<{self._width}}  {text}  {did}"

    def hidden(self, count: int) -> str:
        """What stands for so many rows."""
        said = f"{self._screen.marks.cut} {count:,} more like these (-v)"
        return self._screen.paint(DIM, f"{_INDENT}{'':<{self._width}}  {said}")

    def _colored(self, did: Iterable[Did], text: str) -> str:
        deeds = {one.deed for one in did}
        if "fired" in deeds:
            return self._screen.paint(RED, text)
        if "resolved" in deeds:
            return self._screen.paint(GREEN, text)
        return self._screen.paint(DIM, text) if deeds == {"not matched"} else text


def _text(row: Row) -> str:
    return "(clock)" if row.line is None else visible(row.line)


def _did(row: Row) -> str:
    return ", ".join(visible(one.text) for one in row.did)


class TextReport(Report):
    """For people."""

    def __init__(self, screen: Screen, *, verbose: bool, command: str = "logwatch test") -> None:
        super().__init__(screen, verbose=verbose)
        self._command = command
        """What was typed, without what changes; for the remedy of a failure."""
        self._texts: dict[str, list[str]] = {}

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """See `Report.tell`."""
        by_file = {
            file: list(tests)
            for file, tests in groupby(
                sorted(outcomes, key=lambda each: (_rank(each, outcomes), each.test.place.line)),
                key=lambda each: each.test.place.file,
            )
        }
        width = max((columns_of(visible(file)) for file in by_file), default=0)
        for file, tests in by_file.items():
            shown = visible(file)
            padding = " " * (width - columns_of(shown))
            self._screen.write(f"{shown}{padding}    {self._verdict(tests)}")
            for outcome in tests:
                if not outcome.passed:
                    self._screen.write(*self.failure(outcome))
                elif self._verbose or outcome.hints:
                    self._screen.write(*self._passed(outcome))

    @staticmethod
    def _counts(outcomes: Sequence[Outcome]) -> str:
        passed = sum(each.passed for each in outcomes)
        failed = len(outcomes) - passed
        parts = [f"{passed:,} ok"] if passed else []
        parts += [f"{failed:,} failed"] if failed else []
        return ", ".join(parts)

    def _verdict(self, outcomes: Sequence[Outcome]) -> str:
        said, comma, failed = self._counts(outcomes).rpartition(", ")
        has_failed = any(not each.passed for each in outcomes)
        return said + comma + (self._screen.paint(RED, failed) if has_failed else failed)

    def _passed(self, outcome: Outcome) -> Iterator[str]:
        test, screen = outcome.test, self._screen
        doubtful = bool(outcome.hints)
        color, mark = (YELLOW, screen.marks.refused) if doubtful else (GREEN, screen.marks.taken)
        said = "   passes, but:" if doubtful else ""
        mark = screen.paint(color, mark)
        yield f"  {mark} {visible(test.rule)}   {visible(test.place.short)}{said}"
        yield from self._timeline(outcome)
        yield from self._hints(outcome)

    def failure(self, outcome: Outcome) -> Iterator[str]:
        """One test that failed: what happened in it, and what should have."""
        test, screen = outcome.test, self._screen
        mark = screen.paint(RED, screen.marks.missed)
        yield f"  {mark} {visible(test.rule)}   {visible(test.place.short)}"
        yield from self._timeline(outcome)
        if outcome.trouble is not None:
            yield f"    {visible(outcome.trouble)}"
        most = len(outcome.mismatches) if self._verbose else MOST_MISMATCHES
        for mismatch in outcome.mismatches[:most]:
            yield from self._mismatch(mismatch, outcome)
        if (more := len(outcome.mismatches) - most) > 0:
            yield screen.paint(DIM, f"    {screen.marks.cut} {more:,} more differences (-v)")
        yield from self._hints(outcome)
        if may_be_taken(outcome):
            command = f"{self._command} --update -k {shlex.quote(test.rule)}"
            yield screen.paint(DIM, f"    take it as right: {visible(command)}")

    def _hints(self, outcome: Outcome) -> Iterator[str]:
        for hint in outcome.hints:
            first, *rest = self._wrapped(visible(hint), len("    note: "))
            yield f"    {self._screen.paint(YELLOW, 'note')}: {first}"
            yield from (f"          {line}" for line in rest)

    def _wrapped(self, text: str, indent: int) -> list[str]:
        """`text` in lines that fit the screen; a command stays whole, for it is to be copied."""
        said, command, words = text.partition("logwatch try ")
        lines = wrap(said, max(20, self._screen.columns - indent), break_long_words=False)
        return [*lines, command + words] if command else lines

    def _timeline(self, outcome: Outcome) -> Iterator[str]:
        rows = list(outcome.rows)
        table = _Table(outcome, self._screen)
        shown = [True] * len(rows) if self._verbose else _shown(rows)
        hidden = 0
        for row, is_shown in zip(rows, shown, strict=True):
            if not is_shown:
                hidden += 1
                continue
            if hidden:
                yield table.hidden(hidden)
                hidden = 0
            yield table.row(row)
        if hidden:
            yield table.hidden(hidden)

    def _mismatch(self, mismatch: Mismatch, outcome: Outcome) -> Iterator[str]:
        start = outcome.test.start
        if mismatch.differences:
            for difference in mismatch.differences:
                name = self._written(difference.place, difference.name)
                head = f"    line {difference.place.line}  {visible(name)}  "
                if difference.got is None:
                    yield f"{head}expected  '{visible(difference.expected)}'"
                    yield f"{' ' * columns_of(head)}got       no such name"
                else:
                    from logwatch.cli.word_diff import told_apart  # noqa: PLC0415 - for what failed

                    yield from told_apart(head, difference.expected, difference.got, self._screen)
            return
        section: str = mismatch.section
        section = "quiet" if section == "fires" and outcome.test.quiet else section
        head = f"    line {mismatch.place.line}  {section}  "
        if mismatch.expected is not None:
            wanted = dict(mismatch.expected.values)
            at = mismatch.expected.at
            said = _entry(at if at is None else offset_text(at, start), wanted)
        else:
            said = "nothing" if outcome.test.quiet or not outcome.test.fires else "nothing more"
        got = "nothing" if mismatch.got is None else self._came(mismatch.got, start)
        yield f"{head}expected  {_end_cut(visible(said), head, self._screen)}"
        yield f"{' ' * columns_of(head)}got       {_end_cut(visible(got), head, self._screen)}"

    def _came(self, got: Happened, start: float) -> str:
        message = got.alert.message
        return f"{_entry(offset_text(got.at, start), got.alert.key)}  '{message}'"

    def _written(self, place: Place, name: str) -> str:
        """`name` as it was written at `place`: `say` and `message` are the same."""
        if name != "message":
            return name
        if place.file not in self._texts:
            self._texts[place.file] = _lines_of(place.file)
        lines = self._texts[place.file]
        line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
        found = _KEY_BEFORE.search(line[: place.column - 1])
        return found[1] if found else name

    def end(self, outcomes: Sequence[Outcome], sums: Sums) -> None:
        """See `Report.end`."""
        dot = f" {self._screen.marks.dot} "
        parts = [self._verdict(outcomes), f"{sums.seconds:.2f} s"]
        if sums.coverage is not None:
            self._screen.write(*self._missed(sums.coverage))
            room = self._screen.columns - len(self._counts(outcomes)) - len(parts[1]) - 6
            covered, *without = self._covered(sums.coverage, room)
            parts.insert(1, covered)
            self._screen.write(*without)
        self._screen.write(dot.join(parts))
        if sums.coverage is not None and _too_little(sums):
            self._screen.write(
                f"coverage is {sums.coverage.percent:.0f} %, and --min-coverage asks for"
                f" {sums.least_coverage:g} %"
            )
        self._screen.flush()

    def _covered(self, coverage: Coverage, room: int) -> Iterator[str]:
        """A part of the sum line; and a line of its own, where the names do not fit into it."""
        said = f"rules with a test {coverage.tested:,} of {len(coverage.rules):,}"
        names = [visible(name) for name in coverage.without]
        in_line = f"{said}, without: {' '.join(names)}"
        if not names or columns_of(in_line) <= room:
            yield in_line if names else said
            return
        yield said
        head = "without a test: "
        room = self._screen.columns - len(head) - len(" (-v)")
        shown = " ".join(names) if self._verbose else self._that_fit(names, room)
        yield head + shown + ("" if shown == " ".join(names) else " (-v)")

    def _that_fit(self, names: Sequence[str], room: int) -> str:
        """As many of `names` as there is room for, and how many more there are."""
        if columns_of(" ".join(names)) <= room:
            return " ".join(names)
        shown: list[str] = []
        for name in names:
            if columns_of(" ".join([*shown, name])) + len(" ... 1,000 more") > room:
                break
            shown.append(name)
        if not shown:
            return number(len(names), "rule")
        return f"{' '.join(shown)} {self._screen.marks.cut} {len(names) - len(shown):,} more"

    def _missed(self, coverage: Coverage) -> Iterator[str]:
        """Branches of rules with a test that no test reaches."""
        rules = [rule for rule in coverage.rules if rule.tests and rule.missed]
        if not rules:
            return
        tested = [rule for rule in coverage.rules if rule.tests]
        total = sum(len(rule.branches) for rule in tested)
        missed = sum(len(rule.missed) for rule in tested)
        said = f"not reached by any test: {missed:,} of {number(total, 'branch', 'branches')}"
        if not self._verbose:
            names = [visible(rule.rule) for rule in rules]
            room = self._screen.columns - len(said) - len(", in  (-v)")
            yield f"{said}, in {self._that_fit(names, room)} (-v)"
        else:
            yield said
            width = max(columns_of(visible(rule.rule)) for rule in rules)
            for rule in rules:
                name = _padded(visible(rule.rule), width)
                yield f"  {name}  {visible('  '.join(rule.missed))}   {visible(rule.defined_at)}"


def _too_little(sums: Sums) -> bool:
    """Whether the coverage is less than was asked for."""
    least, coverage = sums.least_coverage, sums.coverage
    return least is not None and coverage is not None and coverage.percent < least


def _rank(outcome: Outcome, outcomes: Sequence[Outcome]) -> int:
    """Files in the order in which they first come."""
    return next(
        index
        for index, each in enumerate(outcomes)
        if each.test.place.file == outcome.test.place.file
    )


def _shown(rows: Sequence[Row]) -> list[bool]:
    """Which rows are shown: of many in which nothing is told, the first and the last ones."""
    shown = [True] * len(rows)
    index = 0
    for plain, run in groupby(rows, key=_is_plain):
        length = len(list(run))
        if plain and length > MOST_ALIKE:
            shown[index + 2 : index + length - 2] = [False] * (length - 4)
        index += length
    return shown


def _is_plain(row: Row) -> bool:
    return all(one.deed in ("matched", "not matched") for one in row.did)


def _entry(at: str | None, values: dict[str, str]) -> str:
    """`at +2h  job=db`."""
    parts = [f"at {at}"] if at is not None else []
    return "  ".join([*parts, key_text(values)] if values else parts) or "an alert"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def _middle_cut(text: str, width: int, screen: Screen) -> str:
    """At most `width` columns of `text`, its two ends: a log line tells most at its end."""
    if columns_of(text) <= width:
        return text
    mark = screen.marks.cut
    room = max(0, width - len(mark))
    head = room // 3
    left, right = text[:head], text[len(text) - (room - head) :]
    while columns_of(left) + columns_of(right) > room and right:
        right = right[1:]
    return f"{left}{mark}{right}"


def _end_cut(text: str, head: str, screen: Screen) -> str:
    room = max(20, screen.columns - columns_of(head) - len("expected  "))
    if columns_of(text) <= room:
        return text
    shown = text[: room - len(screen.marks.cut)]
    while columns_of(shown) > room - len(screen.marks.cut):
        shown = shown[:-1]
    return shown + screen.marks.cut


def _lines_of(file: str) -> list[str]:
    try:
        with open(file, encoding="utf-8", newline="") as opened:  # noqa: PTH123 - as it is named
            return LINE_BREAK.split(opened.read())
    except (OSError, UnicodeDecodeError):
        return []
