"""THE DATA PATH from matches to what must be committed, on one screen; no I/O, no threads.

    Batch -> rules (state) -> alerts -> routes -> Transaction

The consumer calls it, and so do replays and tests: whoever calls it commits what `drain` hands out
as one transaction. Deadlines take effect in the order of event time (rules/timeline.py): before
the record that has passed them in a backlog, by the clock live.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from msgspec.msgpack import Decoder
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.recipients import Recipients, ended
from logwatch.records import Alert, Batch, Checkpoint, Match, StateChange
from logwatch.rules import context, timeline
from logwatch.rules.agenda import Agenda, Limits
from logwatch.rules.base import Absorbing, Hit, Rule, Told, parts_of
from logwatch.rules.context import Contexts, Held
from logwatch.rules.instructions import Instruction, Taught
from logwatch.rules.kinds import SOURCE_QUIET
from logwatch.rules.self_reports import SelfReport, SelfReports
from logwatch.rules.timeline import SETTLE_SECONDS, Timeline
from logwatch.store.writer import Addressed, Burning, Transaction

if TYPE_CHECKING:
    from logwatch.rules.quiet_sources import QuietSources

LEAST_STEP = 0.001
"""Seconds by which, at least, a rule's next deadline lies after the one that took effect."""


class Pipeline:
    """All rules of one configuration and what they have brought about since the last `drain`."""

    def __init__(
        self,
        rules: Sequence[Rule],
        router: Router,
        *,
        host: str,
        late: Mapping[str, float] | None = None,
        virtual: bool = False,
    ) -> None:
        """`late`: how late a record may come, in seconds by source, where it is not the default.

        `virtual`: there is no clock but event time, in a replay or a test.
        """
        settings = [rule.settings for rule in rules]
        self._rules = rules
        self._index = {each.name: index for index, each in enumerate(settings)}
        self._parts = [
            (part.rule, part.number, settings[part.rule].hours(part.number))
            for part in parts_of(settings)
        ]
        self._recipients = Recipients(router)
        self._virtual = virtual
        self._timeline = Timeline(settings, late or {})
        self._clock = self._timeline.now
        self._waits = [bool(each.kind.word) or each.cooldown > 0 for each in settings]
        """Whether each rule may have deadlines."""
        self._is_timed = virtual or any(self._waits) or any(each.active for each in settings)
        self._listeners: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            for name in rule.settings.kind.hears():
                self._listeners[name].append(rule)
        self._pending = Transaction()
        self._touched: dict[str, Rule] = {}
        self._agenda = Agenda(len(rules))
        self._partly: dict[str, tuple[Batch, int]] = {}
        """Batches of which a part was taken since the last `drain`, and which match is next."""
        self._quarantined: set[str] = set()
        self._ended: list[Alert] = []
        """Episodes that ended since their rule was changed, until the first `begin`."""
        self._contexts = Contexts(
            settings, decode=Decoder(Held[Addressed]).decode, with_alert=_with_alert
        )
        self._about_us = SelfReports(host)
        self.live = False
        """Whether time passes by the clock; False while the backlog is read."""
        quiet = (each for each in rules if each.settings.name == SOURCE_QUIET)
        self._quiet = cast("QuietSources | None", next(quiet, None))
        self._seen: dict[str, tuple[float, str]] = {}
        """Time and path of the last line of each source, until this goes live."""

    @property
    def quarantined(self) -> frozenset[str]:
        """Names of the rules that failed and are not asked any more; from any thread."""
        return frozenset(self._quarantined)

    def restore(self, states: Iterable[StateChange]) -> None:
        """Give each rule its state back, before `begin`."""
        for state in states:
            if state.rule == timeline.NAME:
                self._timeline.restore(state)
                continue
            index = self._index.get(state.rule)
            if index is None and state.rule != context.NAME:
                continue
            try:
                (self._contexts if index is None else self._rules[index]).restore(state)
            except Exception as problem:  # noqa: BLE001 - as in `take`; another version wrote it
                telemetry.error("rules.state_forgotten", rule=state.rule, reason=repr(problem))
                self._pending.states[state.rule, state.key] = replace(state, body=None)

    def resume(self, burning: Iterable[Burning], now: Moment) -> None:
        """Take back who was told of which open episode, after `restore`.

        One that no rule keeps open, since its rule was removed or changed, ends here: whoever was
        told that it began is told that nobody watches it any more.
        """
        kept = {episode for rule in self._rules for episode in rule.burning()}
        for each in burning:
            if each.alert.id in kept:
                self._recipients.take_back(each.alert.id, each.told)
            else:
                last = self._recipients.last(each.alert, each.told, now)
                self._pending.alerts.append(last)
                self._ended.append(last.alert)
        for newest in self._contexts.newest():
            if newest.burns and newest.alert.id in kept:
                self._recipients.take_back(newest.alert.id, newest.told)
            elif newest.burns:
                last_alert = ended(newest.alert, now)
                self._contexts.follow(Addressed(last_alert, now.wall, newest.told))
                self._ended.append(last_alert)

    def begin(self, now: Moment) -> None:
        """Everything was restored, and the first record may come."""
        clock = self._clock
        clock.event, clock.pause, clock.wall = now.wall, now.steady, now.wall
        self._contexts.begin(now.steady)
        self._timeline.begin(now.wall)
        for index, rule in enumerate(self._rules):
            rule.begin(clock)
            for change in rule.changes():
                self._pending.states[change.rule, change.key] = change
            self._note_deadline(index)
        for over in self._ended:  # a composite may wait for the end of what nobody watches now
            for listener in self._listeners.get(over.rule, ()):
                self._address(listener, self._heard(listener, Told(over, now.wall)), now.wall)
        self._ended.clear()

    def go_live(self, now: Moment) -> None:
        """The backlog is read: from now on time passes by the clock."""
        self.live = True
        seen, self._seen = self._seen, {}
        for source, (time, path) in seen.items():
            self._hear(source, time, path, backlog=True)
        for index in range(len(self._rules)):
            self._note_deadline(index)
        self._clock.wall = now.wall

    def _hear(self, source: str, time: float, path: str, *, backlog: bool) -> None:
        """A line of `source` came: that is all that the quiet of a source is about.

        Whether it was quiet for a while in a backlog nobody knows: only blocks are looked at.
        """
        assert self._quiet is not None
        clock = self._clock
        clock.event = -math.inf if backlog else self._timeline.position
        alerts = self._quiet.heard(source, time, path, clock, backlog=backlog)
        self._touched[SOURCE_QUIET] = self._quiet
        self._address(self._quiet, alerts, time)
        self._note_deadline(self._index[SOURCE_QUIET])

    def take(self, batch: Batch, now: Moment, first: int = 0, end: int | None = None) -> None:
        """Run one batch through the rules, or its matches from `first` up to `end`."""
        clock, records, rules, parts = self._clock, batch.records, self._rules, self._parts
        off, is_timed, waits, noted = (
            self._quarantined,
            self._is_timed,
            self._waits,
            self._agenda.noted,
        )
        timeline, lags, source = self._timeline, self._timeline.lags, batch.source
        clock.wall, clock.pause = now.wall, now.steady
        matches = batch.matches if end is None and not first else batch.matches[first:end]
        if self._contexts.active:
            self._learn_context(batch, matches, now, is_new=not first)
        reached: float | None = None
        fed: set[int] = set()
        for match in matches:
            record = records[match.record]
            index, part, hours = parts[match.rule]
            rule = rules[index]
            if off and rule.settings.name in off:
                continue
            if is_timed:
                time = record.time
                if time != reached:
                    reached = time
                    self._reach(time, source, now)
                if hours is not None and not hours.covers(time):
                    continue
                clock.event = timeline.position - lags[index]
            if index not in fed:
                fed.add(index)
                self._touched[rule.settings.name] = rule
            try:
                alerts = rule.feed(Hit(batch, record, match, part), clock)
                if alerts:
                    self._address(rule, alerts, record.time)
            except Exception as problem:  # noqa: BLE001 - one rule's fault must not stop the others
                # What it told before it failed is committed, and so is what it remembers of that.
                self._quarantine(rule, problem, now)
            else:
                if waits[index] and (due := rule.due()) is not None and due < noted[index]:
                    self._note_deadline(index)
        self._finish(batch, end)

    def _learn_context(
        self, batch: Batch, matches: Sequence[Match], now: Moment, *, is_new: bool
    ) -> None:
        """Send on what waited for the lines that `batch` brings."""
        if is_new:
            self._pending.alerts += self._contexts.learn(batch)
        self._contexts.remember(batch, matches, now.steady)

    @property
    def holding(self) -> bool:
        """Whether any alert waits for lines."""
        return self._contexts.holding

    def _finish(self, batch: Batch, end: int | None) -> None:
        """Move the checkpoint to behind what was taken of `batch`."""
        self._contexts.batch = None
        checkpoint = batch.checkpoint
        if end is not None and end < len(batch.matches):
            self._partly[checkpoint.identity] = batch, end
            return
        self._partly.pop(checkpoint.identity, None)
        if batch.end > batch.start:
            self._notice(batch)
        self._pending.checkpoints[checkpoint.identity] = checkpoint

    def _notice(self, batch: Batch) -> None:
        """All of a batch is taken: its source has come so far."""
        source, time, path = batch.source, batch.last_time, batch.checkpoint.path
        if self.live and not batch.backlog:
            for index in self._timeline.arrived(batch):
                if self._rules[index].basis == "event":
                    self._agenda.forget(index)
                    self._note_deadline(index)
        if self._quiet is None:
            return
        if self.live:
            self._hear(source, time, path, backlog=batch.backlog)
        else:
            self._seen[source] = max((time, path), self._seen.get(source, (time, path)))

    def _reach(self, time: float, source: str, now: Moment) -> None:
        """A record of this event time is next: what was due before it takes effect first."""
        reached, clock = self._timeline, self._clock
        reached.reach(time, source)
        if self.live:
            reached.position = max(reached.position, min(time, now.wall))
            return
        if time > reached.position:
            if time >= self._agenda.next:
                self._expire(Limits(time, time), now)
            reached.position = time
        clock.pause = reached.position
        if self._virtual:
            clock.wall = reached.position

    def expire(self, now: Moment) -> None:
        """Let the deadlines up to `now` take effect, unless the backlog is still being read."""
        if self.live:
            limit = now.wall - SETTLE_SECONDS
            if self._contexts.active:
                self._pending.alerts += self._contexts.expire(now.steady)
            self._expire(Limits(limit, now.steady), now)
            self._timeline.position = max(self._timeline.position, limit)

    def run_until(self, time: float) -> None:
        """Let virtual time pass up to `time`, with no line until then."""
        now = Moment(time, time)
        self._pending.alerts += self._contexts.let_all_go()
        self._expire(Limits(time, time), now)
        self._timeline.position = max(self._timeline.position, time)

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Seconds from `now` until `expire` has something to do, None without a deadline."""
        if not self.live:
            return None
        event, pause = self._agenda.first("event"), self._agenda.first("pause")
        waits = [event + SETTLE_SECONDS - now.wall] if event is not None else []
        waits += [pause - now.steady] if pause is not None else []
        if self._contexts.holding:
            waits.append(self._contexts.first_deadline() - now.steady)
        return max(0.0, min(waits)) if waits else None

    def _expire(self, limits: Limits, now: Moment) -> None:
        """Let deadlines take effect, the earliest first."""
        while (due := self._agenda.pop(limits)) is not None:
            name, limit = due
            self._expire_one(self._index[name], limit, now)

    def _expire_one(self, index: int, limit: float, now: Moment) -> None:
        rule, clock, at = self._rules[index], self._clock, self._agenda.forget(index)
        if at + self._lag(index) > limit:  # it fell behind since this was noted
            self._note_deadline(index)
            return
        clock.event, clock.pause, clock.wall = at, now.steady, now.wall
        if not self.live:
            clock.pause = at
            clock.wall = at if self._virtual else now.wall
        elif rule.basis == "pause":
            clock.event, clock.pause = self._timeline.position, at
        self._touched[rule.settings.name] = rule
        try:
            self._address(rule, rule.expire(clock), at)
        except Exception as problem:  # noqa: BLE001 - as in `take`
            self._quarantine(rule, problem, now)
        else:
            self._note_deadline(index, soonest=at + LEAST_STEP)

    def _note_deadline(self, index: int, *, soonest: float = -math.inf) -> None:
        """Remember when the rule has something to do, if that is sooner than what is noted."""
        rule = self._rules[index]
        at = rule.due() if self.live or rule is not self._quiet else None
        if at is None:
            return
        at = max(at, soonest)
        if at < self._agenda.noted[index]:
            self._agenda.note(index, rule.settings.name, rule.basis, at, self._lag(index))

    def _lag(self, index: int) -> float:
        """Seconds by which the deadlines of a rule take effect later, for its lines come late."""
        return self._timeline.lags[index] if self._rules[index].basis == "event" else 0.0

    def teach(self, instruction: Instruction, now: Moment) -> Taught:
        """Let a rule learn, accept or forget; `drain` hands out what it knows then."""
        index = self._index.get(instruction.rule)
        if index is None or instruction.rule in self._quarantined:
            return Taught(problem=f"no rule '{instruction.rule}' runs here; is it reloaded?")
        from logwatch.rules.lessons import teach  # noqa: PLC0415 - it loads the kinds that learn

        rule = self._rules[index]
        self._touched[instruction.rule] = rule
        try:
            taught = teach(rule, instruction, now.wall)
        except Exception as problem:  # noqa: BLE001 - as in `take`
            self._quarantine(rule, problem, now)
            return Taught(problem=f"the rule failed with {problem!r}")
        self._note_deadline(index)
        return taught

    def report(self, what: SelfReport, now: Moment) -> None:
        """Make an alert about logwatch itself; it takes the same routes as any other."""
        alert = self._about_us.alert(what, now.wall)
        self._pending.alerts.append(self._recipients.event(alert, now.wall))

    @property
    def pending(self) -> Transaction:
        """What the next `drain` will hand out, rule state excepted; others may add deliveries."""
        return self._pending

    def drain(self) -> Transaction:
        """Everything brought about since the last call, to be committed as one."""
        transaction, self._pending = self._pending, Transaction()
        for rule in self._touched.values():
            for change in rule.changes():
                transaction.states[change.rule, change.key] = change
        self._touched.clear()
        for identity, (batch, end) in self._partly.items():
            transaction.checkpoints[identity] = _upto(batch, end)
        self._partly.clear()
        for change in (*self._timeline.changes(), *self._contexts.changes()):
            transaction.states[change.rule, change.key] = change
        return transaction

    def _address(self, rule: Rule, alerts: Iterable[Alert], at: float) -> None:
        """Say who is to be told of `alerts`, which came about at event time `at`."""
        settings, listeners = rule.settings, self._listeners.get(rule.settings.name, ())
        pending, wall, burns = self._pending.alerts, self._clock.wall, settings.kind.burns
        recipients = self._recipients
        if not (burns or listeners or settings.shadow or settings.context):
            for alert in alerts:  # of which there may be one for each line
                pending.append(recipients.event(alert, wall))
            return
        for alert in alerts:
            answers = [(each, self._heard(each, Told(alert, at, burns))) for each in listeners]
            if settings.shadow or any(_absorbs(each, alert) for each in listeners):
                one = recipients.nobody(alert, wall, burns=burns)
            else:
                one = (recipients.episode if burns else recipients.event)(alert, wall)
            if settings.context is None:
                pending.append(one)
            else:
                pending += self._contexts.hold(one, settings.context, at, live=self.live)
            for each, news in answers:
                self._address(each, news, at)

    def _heard(self, rule: Rule, told: Told) -> Iterable[Alert]:
        """What `rule` makes of the news."""
        name, index = rule.settings.name, self._index[rule.settings.name]
        if name in self._quarantined:
            return ()
        if told.alert.status == "firing":
            self._settle(rule, told.at)
        self._touched[name] = rule
        try:
            alerts = list(rule.hear(told, self._clock))
        except Exception as problem:  # noqa: BLE001 - as in `take`
            self._quarantine(rule, problem, Moment(self._clock.pause, self._clock.wall))
            return ()
        self._note_deadline(index)
        return alerts

    def _settle(self, listener: Rule, at: float) -> None:
        """What else it hears of and was due by `at` takes effect before it hears of a firing then.

        Or an episode that is over would hold with one that begins, only because its end waits for
        lines that find their way here, or because of the names of the rules.
        """
        clock = self._clock
        before = clock.event, clock.pause, clock.wall
        for name in listener.settings.kind.hears():
            index = self._index.get(name)
            if index is None or name in self._quarantined or self._rules[index].basis != "event":
                continue
            while self._agenda.noted[index] + self._lag(index) <= at:
                self._agenda.drop(name, "event")
                self._expire_one(index, at, Moment(before[1], before[2]))
        clock.event, clock.pause, clock.wall = before

    def _quarantine(self, rule: Rule, problem: Exception, now: Moment) -> None:
        name = rule.settings.name
        self._quarantined.add(name)
        self._agenda.drop(name, rule.basis)
        telemetry.error("rules.quarantined", rule=name, reason=repr(problem), exc_info=True)
        self.report(
            SelfReport(
                what="rule-quarantined",
                severity="error",
                message=f"rule {name} failed with {problem!r} and is off until the next start;"
                " the other rules go on",
            ),
            now,
        )


def _upto(batch: Batch, end: int) -> Checkpoint:
    """The position before the record of the match `end` of `batch`."""
    offset = batch.records[batch.matches[end].record].offset
    return replace(batch.checkpoint, offset=offset, markers=(), skipping=False, closed=False)


def _with_alert(one: Addressed, alert: Alert) -> Addressed:
    return replace(one, alert=alert)


def _absorbs(rule: Rule, alert: Alert) -> bool:
    """Whether `rule` is a composite that keeps `alert`, of one of its parts, from being sent."""
    return isinstance(rule, Absorbing) and rule.absorbs_now(alert)
