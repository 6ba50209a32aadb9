"""The table of `logwatch init`: which logs were found, as what, and which could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Self

from msgspec import Struct

from logwatch.cli.figures import number, pace
from logwatch.cli.log_sample import Unreadable
from logwatch.cli.marking import GREEN, YELLOW, Screen
from logwatch.cli.surveying import Survey
from logwatch.sinks.plain_text import visible

WIDEST_NAME = 28
WIDEST_PATH = 48
WIDE_COLUMNS = 110
"""Where there is less room paths are shorter."""


class Finding(Struct, kw_only=True):
    """One row."""

    kind: Literal["found", "empty", "cannot"]
    path: str
    name: str = ""
    what: str = ""
    lines_per_second: float | None = None
    denied: bool = False

    @classmethod
    def of_survey(cls, found: Survey) -> Self:
        """A log that was read."""
        return cls(
            kind="found",
            path=found.group.path,
            name=found.name,
            what=_what(found),
            lines_per_second=found.lines_per_second,
        )

    @classmethod
    def of_problem(cls, problem: Unreadable) -> Self:
        """A file that could not be read."""
        return cls(kind="cannot", path=problem.path, what=problem.reason, denied=problem.denied)


def table(findings: Sequence[Finding], screen: Screen) -> Iterable[str]:
    """The rows, each kind under the word that it begins with."""
    widest = WIDEST_PATH if screen.columns >= WIDE_COLUMNS else WIDEST_PATH // 2
    names = _width([one.name for one in findings], WIDEST_NAME)
    paths = _width([one.path for one in findings if one.kind == "found"], widest)
    before = ""
    for one in sorted(findings, key=lambda one: ("found", "empty", "cannot").index(one.kind)):
        word = one.kind if one.kind != before else ""
        before = one.kind
        color = GREEN if one.kind == "found" else YELLOW
        label = screen.paint(color, word) + " " * (8 - len(word))
        if one.kind == "found":
            path = _tail(visible(one.path), paths, screen.marks.cut)
            yield f"{label}{visible(one.name):<{names}}  {path:<{paths}}  {visible(one.what)}"
        else:
            yield f"{label}{visible(one.path)}  {visible(one.what)}".rstrip()


def _what(found: Survey) -> str:
    form = found.form
    fields = [form.time_field, form.level, form.message]
    known = ", ".join(field for field in fields if field)
    shown = f" ({known})" if known and form.format in ("json", "logfmt") else ""
    traces = ", with stack traces" if form.traces else ""
    files = "newest" if found.group.journald else f"{number(len(found.group.files), 'file')},"
    rate = "" if found.lines_per_second is None else f", {pace(found.lines_per_second)}"
    return f"{form.format}{shown}{traces}  {files} {number(found.lines, 'line')}{rate}"


def _width(texts: Sequence[str], most: int) -> int:
    return min(most, max((len(visible(text)) for text in texts), default=0))


def _tail(text: str, most: int, cut: str) -> str:
    """`text`, or its end where it is too long: that is what tells paths apart."""
    return text if len(text) <= most else cut + text[len(text) - most + len(cut) :]
