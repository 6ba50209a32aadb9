"""What `logwatch learn` tells: what was read, what the rule knew and knows, and what was new."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from logwatch.cli.figures import number
from logwatch.cli.json_lines import harmless
from logwatch.cli.marking import DIM, GREEN, YELLOW, Screen, screen_of
from logwatch.cli.old_logs import ReadLog
from logwatch.rules.base import RuleSettings
from logwatch.rules.instructions import Taught
from logwatch.rules.kinds import NewTemplate, NewValue
from logwatch.sinks.plain_text import visible
from logwatch.stamps import rfc3339

SCHEMA = 1
FEW = 10


class Learned(Struct):
    """Everything that there is to tell."""

    rule: RuleSettings
    logs: Sequence[ReadLog]
    problems: dict[str, str] = field(default_factory=dict)
    """Files that could not be read to their end, and why."""
    denied: bool = False
    taught: Taught | None = None
    kept_by: str = ""
    accepted: tuple[str, ...] = ()
    unknown: list[str] = field(default_factory=list)
    """What was to be accepted or forgotten, and is not known."""
    forgets: bool = False


class Report(ABC):
    """Tells it."""

    def __init__(self, learned: Learned, screen: Screen) -> None:
        self._learned = learned
        self._screen = screen

    @abstractmethod
    def show(self) -> None:
        """Print all of it."""


def report_of(output: str, learned: Learned) -> Report:
    """For people (`text`), or for programs (`json`)."""
    kind = JsonReport if output == "json" else TextReport
    return kind(learned, screen_of())


class TextReport(Report):
    """For people."""

    def show(self) -> None:
        """See `Report.show`."""
        self._screen.write(*self._lines())
        self._screen.flush()

    def _lines(self) -> Iterable[str]:
        learned, screen = self._learned, self._screen
        yield visible(_headline(learned.rule))
        yield from self._files()
        if learned.logs:
            yield from self._found()
        for each in learned.accepted:
            did = "forgotten" if learned.forgets else "accepted"
            yield f"{screen.paint(GREEN, screen.marks.taken)} {did}: {visible(each)}"
        for each in learned.unknown:
            yield f"{screen.paint(YELLOW, screen.marks.missed)} {visible(self._unknown(each))}"
        if not learned.logs and learned.taught is not None:
            yield f"knows {self._things(learned.taught.known)} now"
        if learned.taught is not None:
            yield screen.paint(DIM, visible(learned.kept_by))

    def _files(self) -> Iterable[str]:
        logs = self._learned.logs
        width = min(40, max((len(visible(log.path)) for log in logs), default=0))
        for log in logs:
            counts = f"{number(log.lines, 'line'):>16}  {log.taken:>9,} taken"
            yield f"{visible(log.path):<{width}}{counts}{_span(log)}"
            if log.path in self._learned.problems:
                yield f"  {self._screen.marks.missed} {visible(self._learned.problems[log.path])}"

    def _found(self) -> Iterable[str]:
        taught, screen = self._learned.taught, self._screen
        if taught is None:
            if any(log.lines for log in self._learned.logs):
                name = visible(self._learned.rule.name)
                yield f"nothing to learn: the rule takes no line of them (logwatch try {name})"
            return
        yield (
            f"knew {self._things(taught.known_before)}, knows {taught.known:,} now:"
            f" {taught.new:,} new"
        )
        for words in taught.first_new[:FEW]:
            yield self._cut(f"  + {visible(words)}")
        if (rest := taught.new - min(FEW, len(taught.first_new))) > 0:
            yield f"  + {screen.marks.cut} {rest:,} more"

    def _unknown(self, words: str) -> str:
        if isinstance(self._learned.rule.kind, NewTemplate):
            return (
                f"no source knows a template '{words}'; with --source NAME a text becomes one of"
                " that source"
            )
        return f"not known: {words}"

    def _things(self, count: int) -> str:
        is_template = isinstance(self._learned.rule.kind, NewTemplate)
        return number(count, "template" if is_template else "value")

    def _cut(self, line: str) -> str:
        """`line` as far as it fits the screen."""
        columns, cut = self._screen.columns, self._screen.marks.cut
        return line if len(line) <= columns else line[: columns - len(cut)] + cut


class JsonReport(Report):
    """For programs: one object."""

    def show(self) -> None:
        """See `Report.show`."""
        learned = self._learned
        told: dict[str, Any] = {
            "schema": SCHEMA,
            "rule": learned.rule.name,
            "files": [
                {
                    "path": log.path,
                    "source": log.source.name,
                    "lines": log.lines,
                    "taken": log.taken,
                    "problem": learned.problems.get(log.path),
                }
                for log in learned.logs
            ],
            "known_before": learned.taught.known_before if learned.taught else None,
            "known": learned.taught.known if learned.taught else None,
            "new": learned.taught.new if learned.taught else 0,
            "first_new": learned.taught.first_new if learned.taught else (),
            "forgotten" if learned.forgets else "accepted": learned.accepted,
            "unknown": learned.unknown,
            "kept": learned.kept_by,
        }
        text = msgspec.json.encode(told, enc_hook=str)
        self._screen.write(harmless(text).decode())
        self._screen.flush()


def _headline(rule: RuleSettings) -> str:
    parts = [rule.name, rule.defined_at]
    if rule.sources is not None:
        parts.append(f"in {', '.join(rule.sources)}")
    if rule.by:
        parts.append(f"by {', '.join(rule.by)}")
    match rule.kind:
        case NewValue(value=names):
            parts.append(f"new value of {', '.join(names)}")
        case NewTemplate(field=name):
            parts.append(f"new template of {name}")
        case _:
            pass
    return "  ".join(part for part in parts if part)


def _span(log: ReadLog) -> str:
    """`   2026-01-05 to 2026-01-12`; nothing where nothing was taken."""
    if log.first is None or log.last is None:
        return ""
    first, last = rfc3339(log.first)[:10], rfc3339(log.last)[:10]
    return f"   {first}" if first == last else f"   {first} to {last}"
