"""What `logwatch replay` tells in the end: what was read, and what each rule would have told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from logwatch.cli.figures import number, size
from logwatch.cli.marking import ASCII_MARKS, DIM, YELLOW, Screen
from logwatch.cli.replay_tally import RuleTally, Tally
from logwatch.cli.sparkline import Scale, scale, sparkline
from logwatch.records import SHADOW
from logwatch.rules.base import RuleSettings
from logwatch.simulation import SimulatedAlert, Totals
from logwatch.sinks.plain_text import shorten, visible
from logwatch.stamps import rfc3339
from logwatch.units import format_duration

SCHEMA = 1
LONGEST_NAME = 28
NOISY_FIRED = 20
NOISY_A_DAY = 24.0
QUIET_ENOUGH = 0.5
"""A longer cool-down is advised where it leaves at most this share."""
_STATUS = {"firing": "▲", "updated": "△", "resolved": "✓"}


class Outcome(NamedTuple):
    """One replay of one configuration."""

    rules: Sequence[RuleSettings]
    tally: Tally
    matched: Mapping[str, int]
    totals: Totals
    sources: int
    compressed: int
    """Files of those that were read."""
    has_sinks: bool

    @property
    def scale(self) -> Scale | None:
        """What stands in the columns; None where nothing was read."""
        totals = self.totals
        if totals.first is None or totals.last is None:
            return None
        latest = [each.when.latest for each in self.tally.rules.values()]
        return scale(totals.first, max(totals.first, totals.last, *latest))


def headlines(outcome: Outcome) -> Iterator[str]:
    """What was read, and by which clock."""
    totals = outcome.totals
    packed = f" ({outcome.compressed:,} compressed)" if outcome.compressed else ""
    yield (
        f"{number(outcome.sources, 'source')}, {number(totals.files, 'file')}{packed},"
        f" {size(totals.size)}, {number(totals.lines, 'line')}"
    )
    if totals.first is not None and totals.last is not None:
        yield f"{_moment(totals.first)} to {_moment(totals.last)}, by the stamps of the lines"
    if totals.stampless:
        names = ", ".join(visible(name) for name in totals.stampless[:3])
        more = " and others" if len(totals.stampless) > 3 else ""
        yield f"no stamps in {names}{more}: its lines are as old as the file's last change"
    if totals.skipped:
        yield f"{number(len(totals.skipped), 'file')} of before that time left out"


def table(outcome: Outcome, screen: Screen) -> Iterator[str]:
    """One row for each rule."""
    columns = outcome.scale
    names = [_short(visible(rule.name), screen.marks.cut) for rule in outcome.rules]
    wide = max([4, *map(len, names)])
    over = _over(columns)
    lines = columns.columns if columns else 0
    spark = max(lines, len(over))
    yield screen.paint(DIM, f"{'rule':<{wide}}  {'fired':>7}  {over:<{spark}}  would have told")
    ascii_only = screen.marks == ASCII_MARKS
    for name, rule in zip(names, outcome.rules, strict=True):
        tally = outcome.tally.rules[rule.name]
        counts = tally.when.columns(*columns) if columns else []
        picture = sparkline(counts, ascii_only=ascii_only)
        start = f"{name:<{wide}}  {tally.fired:>7,}  {picture:<{spark}}  "
        told, hint = whom(rule, tally, outcome), hint_for(rule, tally, outcome)
        if hint and len(start) + len(told) + len(hint) + 2 > screen.columns:
            yield start + told
            yield " " * (wide + 2) + screen.paint(YELLOW, hint)
        else:
            yield start + told + (f"  {screen.paint(YELLOW, hint)}" if hint else "")


def _short(name: str, cut: str) -> str:
    """A long name without its middle: names of one sort begin alike, and end in what differs."""
    if len(name) <= LONGEST_NAME:
        return name
    room = LONGEST_NAME - len(cut)
    return name[: room // 2] + cut + name[room // 2 - room :]


def whom(rule: RuleSettings, tally: RuleTally, outcome: Outcome) -> str:
    """`sec-chat 6, held by cooldown 29`."""
    told = [f"{visible(name)} {count:,}" for name, count in tally.told.most_common()]
    for name, count in tally.collected.most_common():
        told.append(f"{visible(name)} {number(count, 'alert')} put together with others")
    for what, count in tally.muted.most_common():
        told.append(f"{_kept_by(what)} {count:,}")
    if tally.unrouted:
        told.append(f"nobody: no {'route' if outcome.has_sinks else 'sink'} {tally.unrouted:,}")
    if tally.held:
        told.append(f"held by cooldown {tally.held:,}")
    if not told and not outcome.matched.get(rule.name, 0):
        hears = rule.kind.hears() and not rule.selectors()
        return "never: its rules did not fire so" if hears else "never: no line matched"
    return ", ".join(told) or f"never: {number(outcome.matched[rule.name], 'line')} matched"


def _kept_by(what: str) -> str:
    """`nobody: shadow`, `absorbed by outage`, `held by mute night`."""
    if what == SHADOW:
        return f"nobody: {what}"
    is_muted = what.startswith(("mute ", "silence ", "inhibit "))
    return f"{'held' if is_muted else 'absorbed'} by {visible(what)}"


def hint_for(rule: RuleSettings, tally: RuleTally, outcome: Outcome) -> str:
    """What to do about a rule that tells too much or nothing; empty where it is well."""
    if not outcome.matched.get(rule.name, 0) and not tally.fired:
        return f"logwatch try {visible(rule.name)}" if rule.selectors() else ""
    totals = outcome.totals
    days = max(1.0, ((totals.last or 0.0) - (totals.first or 0.0)) / 86_400)
    if rule.shadow or tally.fired < NOISY_FIRED or tally.fired / days < NOISY_A_DAY:
        return ""
    if tally.quieter.is_known:
        for cooldown, left in tally.quieter.fired.items():
            if left <= QUIET_ENOUGH * tally.fired:
                return f"noisy: try `cooldown: {format_duration(cooldown)}` (then about {left:,})"
    return f"noisy: {tally.fired / days:,.0f} a day"


def line_of(one: SimulatedAlert, screen: Screen) -> str:
    """One alert on one line."""
    alert = one.alert
    mark = _STATUS[alert.status] if screen.marks != ASCII_MARKS else alert.status[0]
    sinks = f"to {', '.join(one.sinks)}" if one.sinks else "told to nobody"
    whom_ = f"muted by {one.muted_by}" if one.muted_by else sinks
    start = f"{_moment(one.at)}  {mark} {alert.rule}  {alert.severity}  "
    return visible(f"{start}{shorten(alert.message, 300)}  ({whom_})")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """All of it for programs."""
    totals, columns = outcome.totals, outcome.scale
    return {
        "schema": SCHEMA,
        "sources": outcome.sources,
        "files": totals.files,
        "compressed": outcome.compressed,
        "bytes": totals.size,
        "lines": totals.lines,
        "first": None if totals.first is None else rfc3339(totals.first),
        "last": None if totals.last is None else rfc3339(totals.last),
        "without_stamps": totals.stampless,
        "left_out": totals.skipped,
        "problems": [{"file": name, "reason": reason} for name, reason in totals.problems],
        "step_seconds": columns.step if columns else None,
        "step_start": rfc3339(columns.start) if columns else None,
        "rules": [_rule_as_json(rule, outcome, columns) for rule in outcome.rules],
        "sent": 0,
    }


def _rule_as_json(rule: RuleSettings, outcome: Outcome, columns: Scale | None) -> dict[str, Any]:
    tally = outcome.tally.rules[rule.name]
    return {
        "rule": rule.name,
        "matched": outcome.matched.get(rule.name, 0),
        "fired": tally.fired,
        "over_time": tally.when.columns(*columns) if columns else [],
        "told": dict(tally.told),
        "muted": dict(tally.muted),
        "unrouted": tally.unrouted,
        "held_by_cooldown": tally.held,
        "hint": hint_for(rule, tally, outcome) or None,
    }


def _over(columns: Scale | None) -> str:
    if columns is None:
        return ""
    end = columns.start + columns.step * columns.columns
    pattern = "%b %d" if columns.step >= 86_400 else "%b %d %H:%M"
    first, last = _local(columns.start).strftime(pattern), _local(end).strftime(pattern)
    return f"{first} - {last}, each {format_duration(columns.step)}"


def _local(time: float) -> datetime:
    return datetime.fromtimestamp(time).astimezone()


def _moment(time: float) -> str:
    return _local(time).strftime("%Y-%m-%d %H:%M:%S")
