"""From an alert to words for a person who is woken by them: what a message says, in parts.

Every sink that writes for people takes its words from here, and only from here, so that a title
tells the same everywhere: how bad, what, where, how often. Every text has passed `visible`, and
each has a bound; what is longer is cut in its middle, with a note of how much is missing and where
all of it is. Texts are one line each, but for the quoted lines of a record that had several. Times
are UTC. What a medium takes for markup is not neutralised here: that is for the sink to do, which
knows its medium.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import UNSET

from logwatch.conditions import OPERATORS
from logwatch.records import Alert, AlertLine, Gathering, Group, Member
from logwatch.sinks.blocks import Block, as_text, blocks
from logwatch.sinks.plain_text import fit, visible
from logwatch.sinks.words import MARKS, RESOLVED, Fact, Quote, Words, without_duration
from logwatch.units import format_duration

__all__ = [
    "SEVERAL",
    "TEST_MARK",
    "Block",
    "Fact",
    "Words",
    "as_text",
    "blocks",
    "words",
]

LONGEST_TITLE = 200
LONGEST_TEXT = 4000
LONGEST_SAMPLE = 1000
LONGEST_VALUE = 300
LONGEST_NAME = 80
"""Characters."""

TEST_MARK = "[TEST] "
"""Begins the title of a message that only tests a sink."""

MOST_SAMPLES = 5
MOST_NEAR = 20
MOST_VALUES = 20
MOST_MEMBERS = 20
"""Parts of a message; of what is beyond, the number is told."""

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_FIELD_NAME = re.compile(r"[\w.\-@]{1,80}")
_LONGEST_MATCHER = 100
_GATHERED: dict[Gathering, str] = {
    "digest": "digest",
    "storm": "storm",
    "backlog": "late",
}
"""Why several are told as one, where neither the route nor the message says it."""
_BETWEEN_TIMES = 1.0  # seconds; times that are closer are told as one


def words(alert: Alert, *, longest_title: int = LONGEST_TITLE) -> Words:
    """What to tell a person of `alert`, which may stand for several."""
    cut = _Cut(alert)
    group = _group(alert)
    over = alert.status == "resolved" or _is_test(alert)
    silence = "" if over else _silence(alert, group)
    return Words(
        severity=alert.severity,
        status=alert.status,
        test=_is_test(alert),
        title=_title(alert, cut, longest_title),
        text=cut(_without_mark(alert), LONGEST_TEXT),
        facts=tuple(_facts(alert, group, cut)),
        samples=tuple(_quotes(alert.lines[:MOST_SAMPLES], cut)),
        more_samples=max(0, len(alert.lines) - MOST_SAMPLES),
        before=_near(alert, alert.context.before[-MOST_NEAR:], cut),
        after=_near(alert, alert.context.after[:MOST_NEAR], cut),
        captures=tuple(_named(_captures(alert), cut)),
        members=tuple(_member(member, alert, cut) for member in (group.members if group else ())),
        more_members=max(0, group.alerts - len(group.members)) if group else 0,
        totals=tuple(_totals(group, cut)),
        runbook=cut(alert.labels.get("runbook", ""), LONGEST_VALUE * 2),
        how_to_silence=silence,
        how_to_see=cut.how_to_see,
    )


def _group(alert: Alert) -> Group | None:
    """What a message about several alerts says of them; None where it is about one."""
    return None if alert.group is UNSET or alert.group.alerts == 1 else alert.group


class _Cut:
    """Makes texts of one alert visible and short."""

    def __init__(self, alert: Alert) -> None:
        # Of a test nothing is kept that could be looked at.
        name = visible(shlex.quote(alert.id[:LONGEST_NAME]))
        self.how_to_see = "" if _is_test(alert) else f"logwatch why {name}"

    def __call__(self, text: str, longest: int) -> str:
        """`text` with hidden characters shown, `longest` characters at most."""
        return visible(fit(text, longest, self.how_to_see, _shown_size))

    def name(self, text: str) -> str:
        """A name of something."""
        return self(text, LONGEST_NAME)

    def value(self, text: str) -> str:
        """A value of a field."""
        return self(text, LONGEST_VALUE)


def _shown_size(text: str) -> int:
    return len(visible(text))


def _is_test(alert: Alert) -> bool:
    return alert.labels.get("test") == "true"


def _without_mark(alert: Alert) -> str:
    return alert.message.removeprefix(TEST_MARK) if _is_test(alert) else alert.message


def _title(alert: Alert, cut: _Cut, longest: int) -> str:
    """`▲ CRITICAL disk-error on db1/kern: I/O error, dev sdb (12 times)`."""
    message = _without_mark(alert)
    begin = f"{TEST_MARK if _is_test(alert) else ''}{MARKS[alert.status]} "
    if alert.status == "resolved":
        begin += f"resolved{_after(alert)}: "
        message = without_duration(message)
    else:
        begin += f"{alert.severity.upper()} "
    begin += f"{_where(alert, cut)}: "
    end = _how_often(alert)
    return cut(begin + cut(message, max(longest - len(begin) - len(end), 20)) + end, longest)


def _where(alert: Alert, cut: _Cut) -> str:
    """`disk-error on db1/kern`; what is not the same for all of several is left out."""
    said = _place(*(cut.name(_common(text)) for text in (alert.rule, alert.host, alert.source)))
    group = _group(alert)
    notes = {
        "updated": alert.status == "updated",
        "late": alert.late,
        _GATHERED.get(group.kind, "") if group else "": True,
    }
    return ", ".join([said or "several", *(note for note, true in notes.items() if note and true)])


def _place(rule: str, host: str, source: str) -> str:
    """`disk-error on db1/kern`, `disk-error on db1` or `disk-error in kern`; any may be empty."""
    place = "/".join(part for part in (host, source) if part)
    where = f"{'on' if host else 'in'} {place}" if place else ""
    return " ".join(part for part in (rule, where) if part)


def _common(text: str) -> str:
    return "" if text == SEVERAL else text


SEVERAL = "<several>"
"""Stands for a rule, source or host that alerts of one message do not share."""


def _how_often(alert: Alert) -> str:
    parts = []
    count = _count(alert)
    if count > 1:
        parts.append(f"{count:,} times")
    if alert.suppressed:
        parts.append(f"{alert.suppressed:,} more held back")
    return f" ({', '.join(parts)})" if parts else ""


def _count(alert: Alert) -> int:
    """How often it happened; the only one of a group has a count of its own from its beginning."""
    alone = alert.group is not UNSET and alert.group.alerts == 1
    if alone and alert.group is not UNSET and alert.group.members:
        return alert.group.members[0].count
    return alert.count


def _after(alert: Alert) -> str:
    lasted = _lasted(alert)
    return f" after {lasted}" if lasted else ""


def _lasted(alert: Alert) -> str:
    """How long the episode was, as its rule says, else from its beginning until it was over."""
    said = RESOLVED.match(_without_mark(alert))
    if said:
        return visible(said[1])
    begin, end = _time(alert.first), _time(alert.last if alert.late else alert.at)
    if begin is None or end is None or end < begin:
        return ""
    seconds = (end - begin).total_seconds()
    return format_duration(round(seconds) if seconds >= 1 else seconds)


def _time(stamp: str) -> datetime | None:
    """The time that `stamp` means; None where it is not written as ours are."""
    if not _STAMP.fullmatch(stamp):
        return None
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None


def _moment(stamp: str, cut: _Cut) -> str:
    """`2026-01-05 01:01:30 UTC` for an RFC 3339 time in UTC."""
    return f"{stamp[:10]} {stamp[11:19]} UTC" if _time(stamp) else cut.value(stamp)


def _facts(alert: Alert, group: Group | None, cut: _Cut) -> Iterable[Fact]:
    places = {"host": alert.host, "source": alert.source, "path": alert.path}
    common = {"rule": alert.rule, "severity": alert.severity, **places}
    yield from _named({k: v for k, v in common.items() if v not in ("", SEVERAL)}, cut)
    yield from _named(alert.key, cut)
    if group is not None:
        burning = f"{group.burning:,} of them burning" if group.burning else "none burning"
        yield Fact("alerts", f"{group.alerts:,}, {burning}")
        told = {*common, *alert.key}
        yield from _named({k: v for k, v in group.by.items() if k not in told}, cut)
    count = _count(alert)
    if count:
        yield Fact("count", f"{count:,}")
    if alert.suppressed:
        yield Fact("held back", f"{alert.suppressed:,}")
    yield from _times(alert, cut)
    if alert.late:
        yield Fact("late", "found in what was written before logwatch came to read it")
    if alert.reread is not UNSET and alert.reread:
        yield Fact("reread", "these lines may have been read once before")
    yield from _named(
        {name: value for name, value in alert.labels.items() if name not in ("runbook", "test")},
        cut,
    )


def _times(alert: Alert, cut: _Cut) -> Iterable[Fact]:
    first, last = _time(alert.first), _time(alert.last)
    if first and last and abs((last - first).total_seconds()) < _BETWEEN_TIMES:
        yield Fact("time", _moment(alert.first, cut))
    else:
        yield Fact("first", _moment(alert.first, cut))
        yield Fact("last", _moment(alert.last, cut))
    if alert.status == "resolved" and _lasted(alert):
        yield Fact("lasted", _lasted(alert))


def _named(values: Mapping[str, str], cut: _Cut) -> Iterable[Fact]:
    for number, (name, value) in enumerate(values.items()):
        if number == MOST_VALUES:
            yield Fact("…", f"{len(values) - MOST_VALUES:,} more")
            return
        yield Fact(cut.name(name), cut.value(value))


def _captures(alert: Alert) -> dict[str, str]:
    return {name: value for name, value in alert.fields.items() if alert.key.get(name) != value}


def _quotes(lines: Iterable[AlertLine], cut: _Cut) -> Iterable[Quote]:
    for line in lines:
        text = fit(line.text, LONGEST_SAMPLE, cut.how_to_see, _shown_size)
        yield Quote(
            f"{cut.value(line.path)}:{line.offset}",
            _moment(line.time, cut) if line.time else "",
            "\n".join(visible(part) for part in text.rstrip("\n").split("\n")),
        )


def _near(alert: Alert, lines: Iterable[AlertLine], cut: _Cut) -> tuple[Quote, ...]:
    """Lines around the first one that is quoted, but for those that are quoted anyway."""
    known = {(line.path, line.offset) for line in alert.lines[:MOST_SAMPLES]}
    return tuple(_quotes((line for line in lines if (line.path, line.offset) not in known), cut))


def _member(member: Member, alert: Alert, cut: _Cut) -> str:
    """One alert of several: `▲ CRITICAL disk-error on db1/kern: I/O error (12 times)`.

    What all of them share is in the title, and not repeated.
    """
    resolved = member.status == "resolved"
    state = "resolved" if resolved else member.severity.upper()
    pairs = ((member.rule, alert.rule), (member.host, alert.host), (member.source, alert.source))
    place = _place(*(cut.name(text) if text != shared else "" for text, shared in pairs))
    begin = " ".join(part for part in (MARKS[member.status], state, place) if part)
    often = f" ({member.count:,} times)" if member.count > 1 else ""
    return f"{begin}: {cut.value(without_duration(member.message))}{often}"


def _totals(group: Group | None, cut: _Cut) -> Iterable[Fact]:
    if group is None:
        return
    ordered = sorted(group.rules.items(), key=lambda pair: (-pair[1], pair[0]))
    yield from _named({rule: f"{number:,}" for rule, number in ordered}, cut)


def _silence(alert: Alert, group: Group | None) -> str:
    """The command that silences what the alert is about, narrowly; empty where none can be said."""
    matchers = {"rule": alert.rule, **(group.by if group is not None else {}), **alert.key}
    if alert.rule == SEVERAL:
        del matchers["rule"]
        if not matchers and group is not None and group.rules:
            matchers = {"rule": max(group.rules, key=group.rules.__getitem__)}
    said = [f"{name}={value}" for name, value in matchers.items() if _can_be_matched(name, value)]
    if not said:
        return ""
    return f"logwatch silence {shlex.join(said)} --for 2h"


def _can_be_matched(name: str, value: str) -> bool:
    """Whether a matcher can be written for it that a person can copy and that means just it."""
    return bool(
        _FIELD_NAME.fullmatch(name)
        and value
        and len(value) <= _LONGEST_MATCHER
        and not value.startswith(tuple(sign[0] for sign in OPERATORS))
        and visible(value) == value
    )
