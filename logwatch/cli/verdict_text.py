"""A verdict in words and pointers, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from logwatch.cli.marking import DIM, GREEN, YELLOW, Screen
from logwatch.cli.verdicts import Excluder, Refusal, Verdict
from logwatch.sinks.plain_text import shorten, visible

if TYPE_CHECKING:
    from logwatch.matching.near_miss import NearMiss

SCHEMA = 1
"""Version of what a verdict is as JSON."""
LONGEST_QUOTED = 80
LEAST_EXPLAINED = 0.25
"""Of a pattern that got less far, where it stopped tells nothing."""


def mark_of(verdict: Verdict, screen: Screen) -> str:
    """The sign of a verdict."""
    match verdict.outcome:
        case "taken":
            return screen.paint(GREEN, screen.marks.taken)
        case "missed":
            return screen.paint(YELLOW, screen.marks.missed)
        case "excluded" | "refused" | "given-up":
            return screen.paint(YELLOW, screen.marks.refused)


def reason_of(verdict: Verdict) -> str:
    """Why a line that was found was not taken, in words; "" where there is nothing to say."""
    if verdict.excluder is not None:
        return excluded_by(verdict.excluder)
    if verdict.outcome == "given-up":
        return "a search in this line takes too long, and run gives it up as well"
    if verdict.refusals:
        found = "matched, then " if verdict.pattern is not None else ""
        return found + "; ".join(dict.fromkeys(map(refused_by, verdict.refusals)))
    return ""


def excluded_by(excluder: Excluder) -> str:
    """`matched, then excluded by unless[1] 'from 127'`."""
    return f"matched, then excluded by unless[{excluder.number}] {quoted(excluder.pattern)}"


def refused_by(refusal: Refusal) -> str:
    """`where[status] said no: '404' is not >= 500`."""
    said = f"where[{visible(refusal.field)}] said no: "
    if refusal.value is not None:
        return f"{said}{quoted(refusal.value)} is not {visible(refusal.wanted)}"
    if refusal.is_parsed:
        return f"{said}the line has no such field (wanted: {visible(refusal.wanted)})"
    return "where said no: the line is not of the format of its source, and has no fields"


def quoted(text: str) -> str:
    """A text of a configuration or a log, harmless and in quotes."""
    return f"'{visible(shorten(text, LONGEST_QUOTED))}'"


def wanted_by(miss: NearMiss) -> str:
    """`needs "from", the line has "user"`."""
    needs = f"needs {visible(miss.needs)}"
    if miss.case_only:
        return f'{needs}, the line has "{visible(miss.has)}": (?i) in front would take it'
    if miss.anywhere:
        return f"{needs}, and the rest of the line has none"
    has = f'has "{visible(miss.has)}"' if miss.has else "ends"
    return f"{needs}, the line {has}"


def stop_in_line(miss: NearMiss, line: str, indent: str, screen: Screen) -> Iterator[str]:
    """The line with the place where the pattern stopped."""
    shown, under = screen.pointed(indent, line, (miss.line_start, miss.line_stop))
    yield shown
    yield f"{_pointer(under, screen)} {_that_fits('the pattern stops here', under, screen)}"


def stop_in_pattern(miss: NearMiss, screen: Screen) -> Iterator[str]:
    """The pattern with what it needs."""
    label = "      match:  "
    shown, under = screen.pointed(label, miss.pattern, (miss.stop, miss.stop))
    yield shown
    wanted = wanted_by(miss)
    if len(under) + len(wanted) < screen.columns:
        yield f"{_pointer(under, screen)} {wanted}"
    else:
        yield _pointer(under, screen)
        yield f"{' ' * len(label)}{wanted}"


def _pointer(under: str, screen: Screen) -> str:
    """What points, in colour, behind the blanks that lead to it."""
    pointer = under.lstrip()
    return under[: len(under) - len(pointer)] + screen.paint(YELLOW, pointer)


def _that_fits(text: str, under: str, screen: Screen) -> str:
    return text if len(under) + len(text) < screen.columns else ""


def explained(verdict: Verdict, line: str, screen: Screen, indent: str = "    ") -> Iterator[str]:
    """The line as a verdict sees it, and what said no, without the rule's name."""
    if verdict.outcome == "taken":
        yield indent + screen.captured(line, verdict.captures)
    elif verdict.excluder is not None and verdict.excluder.end:
        excluder = verdict.excluder
        span = excluder.start, excluder.end
        shown, under = screen.pointed(indent, line, span, caret=False)
        yield shown
        yield f"{_pointer(under, screen)} {_that_fits(f'unless[{excluder.number}]', under, screen)}"
    elif verdict.near_miss is not None and verdict.near_miss.share >= LEAST_EXPLAINED:
        yield from stop_in_line(verdict.near_miss, line, indent, screen)
        yield from stop_in_pattern(verdict.near_miss, screen)
    elif verdict.captures:
        yield indent + screen.captured(line, verdict.captures)


def headline(verdict: Verdict, screen: Screen, name: str) -> str:
    """`✗ ssh-guessing  nearly: 71 % of the pattern`."""
    match verdict.outcome:
        case "taken":
            said = ", but ".join(["takes it", *map(visible, verdict.notes)])
        case "missed" if verdict.near_miss is not None:
            share = f"{verdict.near_miss.share:.0%}".replace("%", " %")
            said = f"{'nearly' if verdict.near_miss.is_near else 'hardly'}: {share} of the pattern"
        case "missed":
            said = reason_of(verdict) or "has nothing in common with it"
        case _:
            said = reason_of(verdict)
    return f"{mark_of(verdict, screen)} {name}  {said}"


def dim(screen: Screen, text: str) -> str:
    """What is not the point."""
    return screen.paint(DIM, text)


def as_json(verdict: Verdict, line: str) -> dict[str, Any]:
    """What programs get of a verdict; spans count characters of `line`."""
    told: dict[str, Any] = msgspec.to_builtins(verdict)
    told["captures"] = {
        one.name: {"start": one.start, "end": one.end, "text": line[one.start : one.end]}
        for one in verdict.captures
    }
    return {name: value for name, value in told.items() if value is not None and value != []}
