"""All rules of one configuration at work: each is fed, heard and taught here, and nowhere else.

    matches, time, news of other rules, lessons -> rules (state) -> `tell` and `failed`

What a rule makes is told at once, in order. The rules that hear of it are told first, so that one
of them may absorb it, and what they make of it is told after it. One that fails is quarantined: it
is never asked again, the others go on; what it told before and remembers of that stays.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from msgspec import UNSET, UnsetType

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.records import Alert, Batch, Match, StateChange
from logwatch.rules import timeline
from logwatch.rules.base import Absorbing, Hit, Rule, RuleSettings, Told, parts_of
from logwatch.rules.instructions import Instruction, Taught
from logwatch.rules.kinds import SOURCE_QUIET
from logwatch.rules.timekeeper import Timekeeper

if TYPE_CHECKING:
    from logwatch.rules.quiet_sources import QuietSources


class Tell(Protocol):
    """Takes what rules make, in order."""

    def __call__(
        self,
        rule: RuleSettings,
        alerts: Iterable[Alert],
        at: float,
        *,
        absorbed_by: str | None = None,
    ) -> None:
        """Take `alerts` of `rule`, which came about at event time `at`; to be gone through once.

        `absorbed_by` is the rule that tells of more in their place.
        """
        ...


class Ruleset:
    """The rules, and all that they are asked."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        tell: Tell,
        failed: Callable[[str, Exception, Moment], None],
        late: Mapping[str, float] | None = None,
        before: Callable[[float], object] | None = None,
    ) -> None:
        """`failed` is told the name of a rule that is off from now on.

        `late`: how late a record may come, in seconds by source, where it is not the default.
        `before`: there is no clock but event time, and this is called before anything at a time.
        """
        virtual = before is not None
        settings = [rule.settings for rule in rules]
        self.rules = rules
        self._tell = tell
        self._failed = failed
        self._index = {each.name: index for index, each in enumerate(settings)}
        self._parts = [
            (part.rule, part.number, settings[part.rule].hours(part.number))
            for part in parts_of(settings)
        ]
        self._time = Timekeeper(rules, late or {}, before=before, expire_rule=self._expire_rule)
        self.clock = self._time.clock
        """What time it is for the rules, and for what is told."""
        self._waits = [bool(each.kind.word) or each.cooldown > 0 for each in settings]
        """Whether each rule may have deadlines."""
        self._is_timed = virtual or any(self._waits) or any(each.active for each in settings)
        self._listeners: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            for name in rule.settings.kind.hears():
                self._listeners[name].append(rule)
        self._is_heard = [bool(self._listeners.get(each.name)) for each in settings]
        """Whether others hear of what each rule makes."""
        self._touched: dict[int, Rule] = {}
        """Rules that may have changed since the last `changes`."""
        self._off: set[int] = set()
        self._quarantined: set[str] = set()
        quiet = (each for each in rules if each.settings.name == SOURCE_QUIET)
        self._quiet = cast("QuietSources | None", next(quiet, None))
        self._seen: dict[str, tuple[float, str]] = {}
        """Time and path of the last line of each source, until this goes live."""

    @property
    def quarantined(self) -> frozenset[str]:
        """Names of the rules that failed and are not asked any more; from any thread."""
        return frozenset(self._quarantined)

    @property
    def live(self) -> bool:
        """Whether time passes by the clock; False while the backlog is read."""
        return self._time.live

    def restore(self, state: StateChange) -> None:
        """Give a rule its state back, before `begin`; that of one that is no more is passed over.

        May raise anything for what another version wrote.
        """
        if state.rule == timeline.NAME:
            self._time.timeline.restore(state)
        elif (index := self._index.get(state.rule)) is not None:
            self.rules[index].restore(state)

    def burning(self) -> set[str]:
        """Ids of the episodes that rules keep open."""
        return {episode for rule in self.rules for episode in rule.burning()}

    def begin(self, now: Moment, ended: Iterable[Alert] = ()) -> None:
        """Everything was restored, and the first record may come.

        `ended`: ends of episodes that nobody watches any more; a composite may wait for them.
        """
        self._time.begin(now)
        for index, rule in enumerate(self.rules):
            rule.begin(self.clock)
            self._touched[index] = rule
            self._time.note(index)
        for over in ended:
            for listener in self._listeners.get(over.rule, ()):
                self._bring(listener, self._heard(listener, Told(over, now.wall)), now.wall)

    def go_live(self, now: Moment) -> None:
        """The backlog is read: from now on time passes by the clock."""
        self._time.live = True
        seen, self._seen = self._seen, {}
        for source, (time, path) in seen.items():
            self._line_came(source, time, path, backlog=True)
        self._time.go_live(now)

    def feed(self, batch: Batch, matches: Sequence[Match], now: Moment) -> None:
        """Give each rule what it matched, `matches` of `batch`, in the order of the file."""
        clock, records, rules, parts = self.clock, batch.records, self.rules, self._parts
        off, is_timed, waits, touched = self._off, self._is_timed, self._waits, self._touched
        keeper, noted, timeline = self._time, self._time.noted, self._time.timeline
        lags, source, is_heard, tell = timeline.lags, batch.source, self._is_heard, self._tell
        clock.wall, clock.pause = now.wall, now.steady
        reached: float | None = None
        for match in matches:
            record = records[match.record]
            index, part, hours = parts[match.rule]
            if off and index in off:
                continue
            if is_timed:
                time = record.time
                if time != reached:
                    reached = time
                    keeper.reach(time, source, now)
                if hours is not None and not hours.covers(time):
                    continue
                clock.event = timeline.position - lags[index]
            rule = rules[index]
            if index not in touched:
                touched[index] = rule
            try:
                alerts = rule.feed(Hit(batch, record, match, part), clock)
                if alerts and is_heard[index]:
                    self._bring(rule, alerts, record.time)
                elif alerts:  # there may be one for each line
                    tell(rule.settings, alerts, record.time)
            except Exception as problem:  # noqa: BLE001 - one rule's fault must not stop the others
                # What it told before it failed is committed, and so is what it remembers of that.
                self._quarantine(rule, problem, now)
            else:
                if waits[index] and (due := rule.due()) is not None and due < noted[index]:
                    keeper.note(index)

    def arrived(self, batch: Batch) -> None:
        """All of `batch`, which has bytes, is taken: its source has come so far."""
        source, time, path = batch.source, batch.last_time, batch.checkpoint.path
        live = self._time.live
        if live and not batch.backlog:
            self._time.arrived(batch)
        if self._quiet is None:
            return
        if live:
            self._line_came(source, time, path, first=batch.first_time, backlog=batch.backlog)
        else:
            self._seen[source] = max((time, path), self._seen.get(source, (time, path)))

    def woke_up(self) -> None:
        """Live: time passes by no line until the next `expire`."""
        self._time.is_held = True

    def expire(self, now: Moment) -> None:
        """Live: let the deadlines up to `now` take effect."""
        self._time.expire(now)

    def run_until(self, time: float) -> None:
        """Let virtual time pass up to `time`, with no line until then."""
        self._time.run_until(time)

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Live: seconds from `now` until `expire` has something to do, None without a deadline."""
        return self._time.seconds_to_deadline(now)

    def teach(self, instruction: Instruction, now: Moment) -> Taught:
        """Let a rule learn, accept or forget; `changes` hands out what it knows then."""
        index = self._index.get(instruction.rule)
        if index is None or index in self._off:
            return Taught(problem=f"no rule '{instruction.rule}' runs here; is it reloaded?")
        from logwatch.rules.lessons import teach  # noqa: PLC0415 - it loads the kinds that learn

        rule = self.rules[index]
        self._touched[index] = rule
        try:
            taught = teach(rule, instruction, now.wall)
        except Exception as problem:  # noqa: BLE001 - as in `feed`
            self._quarantine(rule, problem, now)
            return Taught(problem=f"the rule failed with {problem!r}")
        self._time.note(index)
        return taught

    def changes(self) -> Iterable[StateChange]:
        """The state that changed since the last call; calling it forgets that it did."""
        touched, self._touched = self._touched, {}
        for rule in touched.values():
            yield from rule.changes()
        yield from self._time.timeline.changes()

    def _bring(self, rule: Rule, alerts: Iterable[Alert], at: float) -> None:
        """Tell what `rule` made at event time `at`, and what others make of that."""
        settings = rule.settings
        listeners = self._listeners.get(settings.name)
        if listeners is None:
            self._tell(settings, alerts, at)
            return
        for alert in alerts:
            told = Told(alert, at, settings.kind.burns)
            answers = [(each, self._heard(each, told)) for each in listeners]
            absorber = next((each for each in listeners if _absorbs(each, alert)), None)
            by = absorber.settings.name if absorber else None
            self._tell(settings, (alert,), at, absorbed_by=by)
            for each, news in answers:
                self._bring(each, news, at)

    def _heard(self, rule: Rule, told: Told) -> Iterable[Alert]:
        """What `rule` makes of the news."""
        index = self._index[rule.settings.name]
        if index in self._off:
            return ()
        if told.alert.status == "firing":
            self._time.settle(rule.settings.kind.hears(), told.at)
        self._touched[index] = rule
        try:
            alerts = list(rule.hear(told, self.clock))
        except Exception as problem:  # noqa: BLE001 - as in `feed`
            self._quarantine(rule, problem, Moment(self.clock.pause, self.clock.wall))
            return ()
        self._time.note(index)
        return alerts

    def _expire_rule(self, index: int, at: float, now: Moment) -> bool:
        """Let what a rule has due take effect; whether it goes on."""
        rule = self.rules[index]
        self._touched[index] = rule
        try:
            self._bring(rule, rule.expire(self.clock), at)
        except Exception as problem:  # noqa: BLE001 - as in `feed`
            self._quarantine(rule, problem, now)
            return False
        return True

    def _line_came(
        self,
        source: str,
        time: float,
        path: str,
        *,
        first: float | UnsetType = UNSET,
        backlog: bool,
    ) -> None:
        """Lines of `source` came, from `first`, where that is known, to `time`.

        That is all that the quiet of a source is about. Whether it was quiet for a while in a
        backlog nobody knows: only blocks are looked at.
        """
        assert self._quiet is not None
        index = self._index[SOURCE_QUIET]
        self.clock.event = -math.inf if backlog else self._time.timeline.position
        alerts = self._quiet.heard(source, time, path, self.clock, first=first, backlog=backlog)
        self._touched[index] = self._quiet
        self._bring(self._quiet, alerts, time)
        self._time.note(index)

    def _quarantine(self, rule: Rule, problem: Exception, now: Moment) -> None:
        name = rule.settings.name
        self._off.add(self._index[name])
        self._quarantined.add(name)
        self._time.stop(self._index[name])
        telemetry.error("rules.quarantined", rule=name, reason=repr(problem), exc_info=True)
        self._failed(name, problem, now)


def _absorbs(rule: Rule, alert: Alert) -> bool:
    """Whether `rule` is a composite that keeps `alert`, of one of its parts, from being sent."""
    return isinstance(rule, Absorbing) and rule.absorbs_now(alert)
