"""Kind 12, composite: several other rules that burn, or fired, within a time of one another.

What it hears of one key of `by` is put together by rule; an alert has the key by its own key, else
by its fields. A *part* is one of the rules: it *holds* from its firing on. An episode holds until
it is resolved, an event (a plain match, say, which nobody resolves) for `within`. A part with
several keys holds while at least one of them does.

The composite fires as soon as `needed` parts hold at one time, where an episode that was over
before counts as an event: it holds for `within` from its firing. It resolves when fewer than
`needed` hold; by timer where the part that is missing was an event. When a further part joins it
says so once, with an `updated` message. What the cool-down holds back is told when it ends, if it
still holds then; so is what `active` holds back, when the active hours begin.

With `absorbs`, nobody is told of a part while the composite burns, nor of the alert that made it
fire; its messages quote them all, and `resolved` names the parts that burn on. Whoever was told of
a part before is told that it is over.

Bounds: of a part, the names of `MOST_EPISODES` episodes are kept and more are counted. Of each part
the latest lines are quoted, and with `by` the latest one.

Words for `say`: `parts` (what each part said), `rules` (their names), and the fields of the parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice

from msgspec.structs import replace

from logwatch.records import Alert, Status
from logwatch.rules.active_time import ActiveTime
from logwatch.rules.base import Hit, Now, RuleSettings, Told
from logwatch.rules.composite_parts import (
    MOST_EPISODES,
    CompositeState,
    Part,
    fields_of,
    parts_in_words,
    quotes_of,
)
from logwatch.rules.explaining import on_clock
from logwatch.rules.keyed import KeyedRule
from logwatch.rules.kinds import Composite
from logwatch.rules.samples import QUOTED_LINES, Sample
from logwatch.units import format_duration

_USUAL = frozenset(
    ("count", "key", "rule", "severity", "source", "path", "log_file", "host", "first", "last")
) | {"duration", "suppressed"}
"""Words that mean the composite and not its parts, whatever fields those have."""


class CompositeRule(KeyedRule[CompositeState]):
    """One composite and what it has heard, by key."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        super().__init__(settings, CompositeState, host=host)
        assert isinstance(settings.kind, Composite)
        self._kind = settings.kind
        self._absorbs = settings.kind.absorbs and not settings.shadow
        # With `by` there may be very many keys.
        self._most_lines = 1 if settings.by else QUOTED_LINES
        self._active = ActiveTime(settings.active)
        self._no_samples: list[Sample] = []
        self._ended: str | None = None
        """The absorbed episode that was resolved just now."""

    def fresh(self) -> CompositeState:
        """See `KeyedRule.fresh`. It quotes its parts and has no samples of its own."""
        return CompositeState(samples=self._no_samples)

    def absorbs_now(self, alert: Alert) -> bool:
        """Whether `alert`, which was heard just now, is told to nobody but who was told before."""
        if not self._absorbs:
            return False
        if alert.status == "resolved" and alert.id == self._ended:
            return True
        state = self._states.get(self._key_of(alert))
        return state is not None and state.episode is not None

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """See `Rule.hear`."""
        self._ended = None
        key = self._key_of(told.alert)
        if told.alert.status != "firing" and not self._knows(key, told.alert):
            return ()
        alerts: list[Alert] = []
        state = self._touch(key, told.at, now, alerts)
        if not self._take_deadlines(key, state, told.at, now, alerts):
            state = self._touch(key, told.at, now, alerts)
        match told.alert.status:
            case "firing":
                alerts += self._begun(key, state, told, now)
            case "updated":
                state.parts[told.alert.rule].say(told.alert, self._most_lines)
            case "resolved":
                self._over(state, told)
        if self._take_deadlines(key, state, told.at, now, alerts):
            self.plan(key, state)
        return alerts

    def on_hit(self, key: str, state: CompositeState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`: it looks at no lines."""
        raise NotImplementedError

    def on_deadline(self, key: str, state: CompositeState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        if state.episode is not None:
            return (self.resolve(key, state, at, now),)
        if state.waits is not None:
            cooled = self._cool_at(state) <= state.waits
            state.waits = None
            state.suppressed -= 1
            if self._count(state, at) >= self._kind.needed:
                if cooled:  # by rounding, the cool-down might seem to last a bit longer
                    state.fired_at = None
                return self._fire(key, state, at, now)
            state.suppressed += 1
        return ()

    def deadline(self, state: CompositeState) -> float | None:
        """See `KeyedRule.deadline`."""
        if state.episode is not None:
            ends = sorted((part.until for part in state.parts.values()), reverse=True)
            at = self.held_until(state, ends[self._kind.needed - 1])
        elif state.waits is not None:
            at = state.waits
        else:
            at = max([self._cool_at(state), *(part.until for part in state.parts.values())])
        return at if at < math.inf else None

    def is_idle(self, state: CompositeState, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        over = all(part.until <= at for part in state.parts.values())
        return over and state.waits is None and self._cool_at(state) <= at

    def stock_message(
        self,
        key: str,
        state: CompositeState,
        status: Status,
    ) -> str:
        """See `KeyedRule.stock_message`."""
        text = (
            f"{len(state.members)} of {len(self._kind.rules)} rules"
            f" within {format_duration(self._kind.within)}: {parts_in_words(state)}"
        )
        if status != "resolved":
            return text
        on = [name for name in state.members if state.parts[name].episodes]
        return f"{' and '.join(on)} still burning, of {text}" if on else text

    def values(self, state: CompositeState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        fields = {name: text for name, text in fields_of(state).items() if name not in _USUAL}
        return {**fields, "parts": parts_in_words(state), "rules": ", ".join(state.members)}

    def remembers(self, key: str, state: CompositeState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        kind, here = self._kind, self._count(state, now.event)
        needed = f"{kind.needed} needed" if kind.needed < len(kind.rules) else "all needed"
        waits = "; waits for the end of its cool-down" if state.waits else ""
        lines = [f"{here} of {len(kind.rules)} rules hold, {needed}{waits}"]
        for name in kind.rules:
            part = state.parts.get(name)
            lines.append(f"{name}: {'not heard of' if part is None else _in_words(part, now)}")
        return lines

    def _key_of(self, alert: Alert) -> str:
        by, own, fields = self.settings.by, alert.key, alert.fields
        return self._keyed.joined(own.get(name) or fields.get(name) for name in by) if by else ""

    def _knows(self, key: str, alert: Alert) -> bool:
        """Whether `alert` goes on with an episode that was heard to begin."""
        state = self._states.get(key)
        part = state.parts.get(alert.rule) if state is not None else None
        return part is not None and (alert.id in part.burning or part.more > 0)

    def _begun(self, key: str, state: CompositeState, told: Told, now: Now) -> Iterable[Alert]:
        """A part fired: that may be the one needed, or a further one."""
        name = told.alert.rule
        part = state.parts[name] = self._held(state.parts.get(name), told)
        part.say(told.alert, self._most_lines)
        state.last = max(state.last, told.at)
        state.late = told.alert.late
        alerts: list[Alert] = []
        if state.episode is None:
            if state.waits is None and (at := self._complete(state, told.at)) is not None:
                alerts += self._fire(key, state, at, now)
        elif name not in state.members:
            state.members = (*state.members, name)
            state.count = len(state.members)
            alerts.append(self.update(key, state, told.at, now))
        if self._absorbs and state.episode is not None and told.burns:
            part.absorbed = (*part.absorbed, told.alert.id)[-MOST_EPISODES:]
        return alerts

    def _held(self, part: Part | None, told: Told) -> Part:
        """The part, with the firing that was told."""
        at, alert = told.at, told.alert
        until = math.inf if told.burns else at + self._kind.within
        if part is None:
            part = Part(at, until, at)
        elif at >= part.until:
            part.since, part.until = at, until
        elif until >= part.since:
            part.since, part.until = min(part.since, at), max(part.until, until)
        part.fired = max(part.fired, at)
        if told.burns and alert.id not in part.burning:
            if len(part.burning) < MOST_EPISODES:
                part.burning = (*part.burning, alert.id)
            else:
                part.more += 1
        return part

    def _over(self, state: CompositeState, told: Told) -> None:
        """An episode of a part is resolved."""
        part = state.parts[told.alert.rule]
        ended = told.alert.id
        if ended not in part.burning:
            part.more -= 1
        part.burning = _without(part.burning, ended)
        if ended in part.absorbed:
            self._ended = ended
            part.absorbed = _without(part.absorbed, ended)
        if not part.episodes:
            complete = state.episode is not None or state.waits is not None
            part.until = told.at if complete else max(told.at, part.fired + self._kind.within)
        if state.waits is not None and self._count(state, told.at) < self._kind.needed:
            state.waits = None

    def _count(self, state: CompositeState, at: float) -> int:
        """How many parts hold at event time `at`."""
        return sum(part.holds(at) for part in state.parts.values())

    def _complete(self, state: CompositeState, at: float) -> float | None:
        """When enough parts hold, with one that fired at `at`; None where they do not.

        News of another part may have come first although it fired later: then it is that time.
        """
        later = {part.since for part in state.parts.values() if part.since > at}
        enough = (
            each for each in (at, *sorted(later)) if self._count(state, each) >= self._kind.needed
        )
        return next(enough, None)

    def _fire(self, key: str, state: CompositeState, at: float, now: Now) -> Iterable[Alert]:
        """Fire at `at`, or wait for the end of the cool-down and for active hours."""
        members = {name: part for name, part in state.parts.items() if part.holds(at)}
        state.members = tuple(sorted(members, key=lambda name: (members[name].since, name)))
        state.count = len(members)
        state.first = min(part.since for part in members.values())
        newest = max(members.values(), key=lambda part: (part.since, part.alert))
        state.anchor = (newest.alert, round(at * 1000))
        opening = self._active.opening(at)
        alerts = tuple(self.fire(key, state, at, now)) if opening <= at else ()
        state.anchor = None  # there may be very many keys, and the episode has its name
        if alerts:
            return alerts
        if opening > at:
            state.suppressed += 1
        again = max(opening, self._cool_at(state))
        state.waits = again if again < math.inf else None
        return ()

    def _cool_at(self, state: CompositeState) -> float:
        """When the cool-down is over."""
        return -math.inf if state.fired_at is None else state.fired_at + self.settings.cooldown

    def _alert(self, key: str, state: CompositeState, now: Now, status: Status, at: float) -> Alert:
        quotes = quotes_of(state)
        return replace(
            super()._alert(key, state, now, status, at),
            source=_each(quote.source for quote in quotes.values()),
            path=_each(quote.path for quote in quotes.values()),
            fields=fields_of(state),
            lines=[line for quote in quotes.values() for line in quote.lines],
        )


def _in_words(part: Part, now: Now) -> str:
    """Whether a part holds, and what it said last."""
    if not part.holds(now.event):
        return f"no longer, fired last at {on_clock(part.fired, now.wall)}"
    if part.episodes:
        since = f"burns since {on_clock(part.since, now.wall)}"
        return f"{since}, {part.episodes:,} of it: {part.quote.message}"
    fired, until = on_clock(part.fired, now.wall), on_clock(part.until, now.wall)
    return f"fired at {fired}, counts until {until}: {part.quote.message}"


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(each for each in names if each != name)


def _each(texts: Iterable[str]) -> str:
    """Each of `texts` once, a few of them."""
    return ",".join(islice(dict.fromkeys(text for text in texts if text), 4))
