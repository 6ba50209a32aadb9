"""From what logs hold to rules worth watching: known services, errors, rare messages, silence.

Every rule is in shadow mode: it is evaluated and stored, and sends nothing until somebody has
looked at what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from logwatch.cli.figures import number
from logwatch.cli.stock_rules import StockRule
from logwatch.cli.surveying import Kind, Survey
from logwatch.cli.template_pattern import escaped, pattern_for
from logwatch.units import format_duration

MOST_ERRORS = 8
"""Error-like templates of one log that get a rule; the rule for new ones sees the rest."""
MOST_RARE = 3
RARE_BELOW = 1 / 1000
"""A template is rare that has less than this share of the lines, and at most `RARE_COUNT`."""
RARE_COUNT = 2
LEAST_LINES_FOR_RARE = 1_000
SILENCE_FACTOR = 3
"""A silence is told of after so many times the longest pause."""
LONGEST_NAME = 60
WORDS_OF_NAME = 5

_GRAVE = frozenset({"fatal", "critical", "crit", "panic", "emerg", "emergency", "alert"})
_BAD = frozenset({"error", "err", "severe"})
_HARMLESS = frozenset({"info", "debug", "trace", "notice", "information"})
_ALARMING = re.compile(
    r"\b(?:fail(?:ed|ure|ures|s)?|refused|tim(?:ed|e)[ -]?out|timeout|out of memory|exceptions?"
    r"|denied|cannot|can't|could not|unable to|segfault|panic|fatal|corrupt\w*|unreachable"
    r"|abort(?:ed)?|no space left|errors?|traceback)\b",
    re.IGNORECASE,
)
_NICE_SECONDS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)
_DATE_WORDS = "mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_NO_NAME = re.compile(rf"[0-9]+|.|the|an|{_DATE_WORDS}")
_SLUG = re.compile(r"[a-z0-9]+")


class Draft(Struct, kw_only=True):
    """One proposed rule: its keys, and what is written above it."""

    written: dict[str, Any]
    notes: list[str] = []
    why: str = ""
    """For a rule that finds no line by itself: what it is for."""
    is_expected: bool = True
    """Whether it was made from lines of the sample, and so must find some."""

    @property
    def name(self) -> str:
        """The name of the rule."""
        return str(self.written["name"])


def drafts_for(found: Survey, stock: Sequence[StockRule], taken: set[str]) -> list[Draft]:
    """What to propose for one log; `taken` are names of rules that there are, and gets these."""
    return [
        *_from_stock(found, stock, taken),
        *_for_templates(found, stock, taken),
        *_for_access(found, stock, taken),
        *_for_new(found, taken),
        *_for_silence(found, taken),
    ]


def severity_of(kind: Kind) -> str | None:
    """How bad a kind of message looks; None for one that does not look like an error."""
    if kind.level in _GRAVE:
        return "critical"
    if kind.level in _BAD:
        return "error"
    if kind.level in _HARMLESS:
        return None
    return "warning" if _ALARMING.search(kind.template) else None


def _from_stock(found: Survey, stock: Sequence[StockRule], taken: set[str]) -> Iterator[Draft]:
    for rule in stock:
        written = dict(rule.written)
        name = written.pop("name")
        written.pop("in", None)
        if name in taken:
            name = f"{found.name}-{name}"[:LONGEST_NAME]
        yield Draft(
            written={"name": _unique(name, taken), "in": found.name, "mode": "shadow", **written},
            notes=[f"comes with logwatch ({rule.file})"],
            why="no line of the sample, but others of its service are in it",
            is_expected=False,
        )


def _for_templates(found: Survey, stock: Sequence[StockRule], taken: set[str]) -> Iterator[Draft]:
    known = [re.compile(text) for rule in stock for text in rule.settings.match]
    kinds = [
        kind
        for kind in found.kinds
        if not any(one.search(text) for one in known for text in kind.examples)
    ]
    errors = [(kind, bad) for kind in kinds if (bad := severity_of(kind)) is not None]
    order = ("critical", "error", "warning")
    errors.sort(key=lambda one: (order.index(one[1]), -one[0].count, one[0].id))
    yield from _watched(found, errors, MOST_ERRORS, "looks like an error", taken)
    if found.lines >= LEAST_LINES_FOR_RARE:
        limit = min(RARE_COUNT, found.lines * RARE_BELOW)
        rare = [(kind, "info") for kind in kinds if kind.count <= limit and not severity_of(kind)]
        rare.sort(key=lambda one: (one[0].count, one[0].id))
        yield from _watched(found, rare, MOST_RARE, "rare", taken)


def _watched(
    found: Survey, kinds: Sequence[tuple[Kind, str]], most: int, why: str, taken: set[str]
) -> Iterator[Draft]:
    """A rule for each of the first `most` kinds for which there is a good pattern."""
    made = 0
    seen: set[str] = set()
    for kind, severity in kinds:
        if made == most:
            return
        selector = _selector(found, kind)
        if selector is None or repr(selector) in seen:
            continue
        seen.add(repr(selector))
        made += 1
        name = _unique(f"{found.name}-{_slug(kind.template)}"[:LONGEST_NAME].rstrip("-"), taken)
        yield Draft(
            written={
                "name": name,
                "in": found.name,
                "mode": "shadow",
                **selector,
                "severity": severity,
                "cooldown": "10m",
            },
            notes=[why],
        )


def _selector(found: Survey, kind: Kind) -> Mapping[str, Any] | None:
    """What finds messages of this kind: a pattern for lines, or for the field that holds them."""
    form = found.form
    if form.format in ("json", "logfmt"):
        if form.message is None:
            return None
        pattern = pattern_for(kind.template, kind.texts)
        where = {form.level: kind.written_level} if form.level and kind.written_level else {}
        where |= {form.message: f"~ {pattern}"} if pattern is not None else {}
        return {"where": where} if where else None
    prefix = ""
    if form.format == "syslog" and len(kind.programs) == 1:
        program = next(iter(kind.programs))
        prefix = rf"{escaped(program)}(?:\[[^\]]*\])?: " if program else ""
    pattern = pattern_for(kind.template, kind.examples, prefix)
    return None if pattern is None else {"match": pattern}


def _for_access(found: Survey, stock: Sequence[StockRule], taken: set[str]) -> Iterator[Draft]:
    """Errors of a server of which no stock rule knows a line: there may have been none yet."""
    if found.form.format != "combined" or stock:
        return
    yield Draft(
        written={
            "name": _unique(f"{found.name}-5xx", taken),
            "in": found.name,
            "mode": "shadow",
            "where": {"status": "5??", "protocol": "*"},
            "when": "20 in 1m",
            "clear": "5 in 5m",
        },
        notes=["the server answers with errors"],
        is_expected=False,
    )


def _for_new(found: Survey, taken: set[str]) -> Iterator[Draft]:
    if found.form.format == "combined":
        return
    kinds = number(found.templates, "kind is", "kinds are")
    learn = f"logwatch learn {found.name}-never-seen --from FILE..."
    yield Draft(
        written={
            "name": _unique(f"{found.name}-never-seen", taken),
            "in": found.name,
            "mode": "shadow",
            "new": {
                "template": found.form.message or "message",
                "learn": "24h",
                "at_most": "5/h",
            },
        },
        notes=[f"a kind of message that never came before; {kinds} in the sample"],
        why=f"to let it know those of old logs: {learn}",
    )


def _for_silence(found: Survey, taken: set[str]) -> Iterator[Draft]:
    if found.longest_pause is None:
        return
    wanted = found.longest_pause * SILENCE_FACTOR
    seconds = next((nice for nice in _NICE_SECONDS if nice >= wanted), 86400)
    pause = format_duration(round(found.longest_pause)) if found.longest_pause >= 1 else "1s"
    yield Draft(
        written={
            "name": _unique(f"{found.name}-silent", taken),
            "in": found.name,
            "mode": "shadow",
            "absent": {"for": format_duration(seconds)},
            "severity": "warning",
        },
        notes=[f"no line at all; the longest pause in the sample is {pause}"],
    )


def _slug(template: str) -> str:
    """The first words of a template, for a name."""
    bare = re.sub(r"<[a-z*]+>", " ", template)
    words = [word for word in _SLUG.findall(bare.lower()) if not _NO_NAME.fullmatch(word)]
    return "-".join(words[:WORDS_OF_NAME]) or "message"


def _unique(name: str, taken: set[str]) -> str:
    number, unique = 2, name
    while unique in taken:
        unique = f"{name}-{number}"
        number += 1
    taken.add(unique)
    return unique
