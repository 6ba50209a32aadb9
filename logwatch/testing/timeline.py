"""What each line of a test did, in words: only what is told of a failure hangs on it, no verdict.

That a line was matched, and what fired, is known from the pipeline. How far a kind has come by it
("3 of 5 in 2m") is reckoned here in the plainest way, for the reader.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import singledispatch

from msgspec import Struct

from logwatch.config.rule_tests import TimedLine
from logwatch.records import MISSING, Alert
from logwatch.rules.base import KindSettings, PlainMatch, RuleSettings, Threshold
from logwatch.rules.kinds import (
    Absence,
    Cleared,
    Expect,
    Heard,
    NewValue,
    Ratio,
    Sampling,
    Spike,
    TooFew,
    TooFewValues,
    Unique,
    Value,
)
from logwatch.rules.kinds import Sequence as SequenceKind
from logwatch.testing.outcome import (
    SAME_TIME_SECONDS,
    Deed,
    Did,
    Happened,
    Row,
    offset_text,
)
from logwatch.units import format_duration

OFF_SECONDS = 1.0
"""By so much a line's own stamp must differ from its arrival to be worth a word."""


class Taken(Struct, frozen=True):
    """That a rule took a line."""

    rule: str
    part: int
    """Which of the rule's ways of looking at lines it was."""
    time: float
    """Event time."""
    values: dict[str, str]
    """Fields of the record, and over them captures."""


class Fed(Struct, frozen=True, kw_only=True):
    """One line, and what came of it."""

    line: TimedLine
    taken: tuple[Taken, ...] = ()
    events: tuple[Happened, ...] = ()
    """Alerts of all rules that came when it was read."""


class Timeline:
    """Rows of one test of `rule`; `heard` are the rules whose episodes it is told of."""

    def __init__(self, rule: RuleSettings, heard: Mapping[str, RuleSettings], start: float) -> None:
        self._rule = rule
        self._heard = heard
        self._start = start
        self._progress = _Progress(rule, start)

    def rows(self, fed: Iterable[Fed], after: Sequence[Happened]) -> tuple[Row, ...]:
        """One row a line, and one for each moment at which something came about without one."""
        rows: list[Row] = []
        for each in fed:
            reached = max((one.time for one in each.taken), default=each.line.at)
            before: list[Happened] = []
            now: list[Happened] = []
            for event in each.events:
                (before if self._is_of_the_clock(event, reached) else now).append(event)
            _put(rows, self._of_the_clock(before))
            rows.append(self._of_line(each, now))
        _put(rows, self._of_the_clock(after))
        return tuple(rows)

    def _is_of_the_clock(self, event: Happened, reached: float) -> bool:
        """Whether it came about before the line at `reached`, and not by it."""
        if event.at < reached - SAME_TIME_SECONDS:
            return True
        rule = self._heard.get(event.alert.rule, self._rule)
        if isinstance(rule.kind, Spike):
            return True
        return isinstance(rule.kind, Absence | Expect) and event.alert.status == "firing"

    def _of_the_clock(self, events: Sequence[Happened]) -> Iterator[Row]:
        for event in events:
            if self._is_told(event.alert.rule):
                self._progress.told(event.alert)
                yield Row(at=event.at, line=None, did=(self._said(event),))

    def _of_line(self, fed: Fed, events: Sequence[Happened]) -> Row:
        did: list[Did] = []
        told = [event for event in events if self._is_told(event.alert.rule)]
        own = [one for one in fed.taken if one.rule == self._rule.name]
        others = [one for one in fed.taken if one.rule in self._heard]
        for one in own:
            if self._rule.active is None or self._rule.active.covers(one.time):
                self._progress.count(one)
        if not told:
            words = dict.fromkeys(map(self._matched, own))
            did += [Did("matched", each) for each in words]
            if not own:
                did += [Did("heard", f"matched by {one.rule}") for one in others]
        for event in told:
            self._progress.told(event.alert)
            did.append(self._said(event))
        if not did:
            did.append(Did("not matched", "not matched"))
        stamped = next((one.time for one in fed.taken), fed.line.at)
        if abs(stamped - fed.line.at) >= OFF_SECONDS:
            did[-1] = Did(did[-1].deed, f"{did[-1].text}, stamped {self._offset(stamped)}")
        return Row(at=fed.line.at, line=fed.line.text, did=tuple(did))

    def _matched(self, taken: Taken) -> str:
        active = self._rule.active
        if active is not None and not active.covers(taken.time):
            return f"matched, outside of its hours: {active.text}"
        return self._progress.words(taken)

    def _offset(self, at: float) -> str:
        return offset_text(at, self._start)

    def _is_told(self, rule: str) -> bool:
        return rule == self._rule.name or rule in self._heard

    def _said(self, event: Happened) -> Did:
        alert = event.alert
        word: tuple[Deed, str]
        match alert.status:
            case "firing":
                word = "fired", "FIRED"
            case "updated":
                word = "updated", "updated"
            case "resolved":
                word = "resolved", "resolved"
        if alert.rule != self._rule.name:
            return Did("heard", f"{alert.rule} {word[1]}")
        muted = f", muted by {event.muted_by}" if event.muted_by else ""
        key = key_text(alert.key)
        return Did(word[0], " ".join(part for part in (word[1], key) if part) + muted)


def _put(rows: list[Row], later: Iterable[Row]) -> None:
    """Add rows of the clock, each before the lines after it that no rule took.

    Such lines do not move the clock: what was due before them comes about afterwards.
    """
    for row in later:
        at = len(rows)
        while at and rows[at - 1].at > row.at and _is_idle(rows[at - 1]):
            at -= 1
        rows.insert(at, row)


def _is_idle(row: Row) -> bool:
    return all(one.deed == "not matched" for one in row.did)


def key_text(key: Mapping[str, str]) -> str:
    """`job=db host=web1`."""
    return " ".join(f"{name}={value}" for name, value in key.items())


class _Progress:
    """How far a kind has come with each key."""

    def __init__(self, rule: RuleSettings, start: float) -> None:
        self.rule = rule
        self.start = start
        self.times: dict[str, list[float]] = defaultdict(list)
        """Event times of what was taken, by key, in order."""
        self.first = math.inf
        self.open: dict[str, float] = {}
        """When each key was opened that is watched."""

    def key(self, taken: Taken) -> str:
        names = self.rule.by
        if isinstance(self.rule.kind, Cleared | Expect):
            names = tuple(dict.fromkeys((*names, *self.rule.kind.references)))
        return key_text({name: taken.values.get(name) or MISSING for name in names})

    def count(self, taken: Taken) -> None:
        if isinstance(self.rule.kind, Cleared) and taken.part == 0:
            self.times.pop(self.key(taken), None)
            return
        insort(self.times[self.key(taken)], taken.time)
        self.first = min(self.first, taken.time)

    def told(self, alert: Alert) -> None:
        if isinstance(self.rule.kind, Expect) and alert.rule == self.rule.name:
            for key in [key for key in self.open if key_text(alert.key) in key]:
                del self.open[key]

    def words(self, taken: Taken) -> str:
        return _words(self.rule.kind, self, taken)

    def within(self, taken: Taken, window: float) -> int:
        """How many of the same key fell in the window that ends with this one."""
        times = self.times[self.key(taken)]
        return bisect_right(times, taken.time) - bisect_right(times, taken.time - window)


@singledispatch
def _words(_kind: KindSettings, progress: _Progress, taken: Taken) -> str:
    """What a line that was matched, and brought nothing about, did."""
    return _joined("matched", progress.key(taken))


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


@_words.register
def _(_kind: PlainMatch, progress: _Progress, taken: Taken) -> str:
    cooldown = progress.rule.cooldown
    held = f", held back by cooldown {format_duration(cooldown)}" if cooldown else ""
    return _joined("matched", progress.key(taken)) + held


@_words.register(Threshold)
def _of_threshold(kind: Threshold, progress: _Progress, taken: Taken) -> str:
    count = progress.within(taken, kind.window)
    window = format_duration(kind.window)
    said = f"{count} of {kind.count} in {window}" if count < kind.count else f"{count} in {window}"
    return f"{_joined('matched', progress.key(taken))}, {said}"


@_words.register
def _(kind: Cleared, progress: _Progress, taken: Taken) -> str:
    key = progress.key(taken)
    if taken.part == 0:
        return _joined("a line that clears", key)
    if kind.count > 1:
        return _of_threshold(kind, progress, taken)
    return _joined("matched", key)


@_words.register
def _(kind: Sampling, progress: _Progress, taken: Taken) -> str:
    number = len(progress.times[progress.key(taken)])
    said = f"number {number}, tells {kind.which} {kind.count}"
    return f"{_joined('matched', progress.key(taken))}, {said}"


@_words.register
def _(kind: Absence, progress: _Progress, taken: Taken) -> str:
    due = offset_text(taken.time + kind.limit, progress.start)
    return f"{_joined('seen', progress.key(taken))}, due {due}"


@_words.register
def _(kind: TooFew, progress: _Progress, taken: Taken) -> str:
    count, window = progress.within(taken, kind.limit), format_duration(kind.limit)
    return f"{_joined('seen', progress.key(taken))}, {count} of {kind.below} in {window}"


@_words.register
def _(kind: TooFewValues, progress: _Progress, taken: Taken) -> str:
    return _joined("seen", progress.key(taken), _values(kind.of, taken))


@_words.register
def _(kind: Expect, progress: _Progress, taken: Taken) -> str:
    key = progress.key(taken)
    if taken.part == 0:
        again = key in progress.open
        opened = progress.open.setdefault(key, taken.time)
        due = offset_text(opened + kind.within, progress.start)
        return f"{_joined('opened', key)}{' again' * again}, due {due}"
    if progress.open.pop(key, None) is None:
        return f"matched, no open {key}" if key else "matched, nothing is open"
    return f"{_joined('closed', key)} in time"


@_words.register
def _(kind: SequenceKind, progress: _Progress, taken: Taken) -> str:
    lines = [number for number, step in enumerate(kind.steps) if not isinstance(step, Heard)]
    number = lines[taken.part] + 1 if taken.part < len(lines) else 0
    return _joined(f"step {number} of {len(kind.steps)}", progress.key(taken))


@_words.register
def _(kind: Unique, progress: _Progress, taken: Taken) -> str:
    return _joined("matched", progress.key(taken), _values(kind.of, taken))


@_words.register
def _(kind: NewValue, progress: _Progress, taken: Taken) -> str:
    learning = taken.time - progress.first < kind.learn
    return _joined("learned" if learning else "matched", _values(kind.value, taken))


@_words.register
def _(kind: Value, progress: _Progress, taken: Taken) -> str:
    return _joined("matched", progress.key(taken), _values((kind.field,), taken))


@_words.register
def _(_kind: Ratio, progress: _Progress, taken: Taken) -> str:
    return _joined("matched, counted" if taken.part else "one of the share", progress.key(taken))


def _values(names: Iterable[str], taken: Taken) -> str:
    return key_text({name: taken.values.get(name) or MISSING for name in names})
