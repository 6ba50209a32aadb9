"""THE DATA PATH from matches to what must be committed, on one screen; no I/O, no threads.

    Batch -> rules (state) -> alerts -> dispatch (mutes, routes, groups, rates) -> Transaction

The consumer calls it, and so do replays and tests: whoever calls it commits what `drain` hands out
as one transaction. Deadlines take effect in the order of event time (rules/timeline.py): before
the record that has passed them in a backlog, by the clock live. What rules are asked, and in which
order, is in rules/ruleset.py; who is told of their alerts, and when, is in dispatch.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET
from msgspec.msgpack import Decoder
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.alerts.silence_orders import SilenceOrder, obey
from logwatch.alerts.silences import Silence
from logwatch.clock import Moment
from logwatch.conditions import Where
from logwatch.dispatch import STATES, Dispatch, Untold
from logwatch.recipients import ended
from logwatch.records import SHADOW, Alert, Batch, Checkpoint, StateChange
from logwatch.rules import context
from logwatch.rules.base import Rule, RuleSettings
from logwatch.rules.context import Contexts, Held
from logwatch.rules.instructions import Instruction, Taught
from logwatch.rules.ruleset import Ruleset
from logwatch.rules.self_reports import SelfReport, SelfReports
from logwatch.store.transaction import Addressed, Burning, Transaction


class Pipeline:
    """All rules of one configuration and what they have brought about since the last `drain`."""

    def __init__(
        self,
        rules: Sequence[Rule],
        dispatch: Dispatch,
        *,
        host: str,
        late: Mapping[str, float] | None = None,
        virtual: bool = False,
    ) -> None:
        """`late`: how late a record may come, in seconds by source, where it is not the default.

        `virtual`: there is no clock but event time, in a replay or a test.
        """
        self._rules = Ruleset(
            rules,
            tell=self._address,
            failed=self._rule_failed,
            late=late,
            before=self._pass if virtual else None,
        )
        self._dispatch = dispatch
        self._sinks_for = dispatch.recipients.of_event
        self._virtual = virtual
        self._passed = -math.inf
        """Virtual time up to which everything was told that was due."""
        self._now = Moment(0.0, 0.0)
        """When somebody last called."""
        self._contexts = Contexts(
            [rule.settings for rule in rules],
            decode=Decoder(Held[Addressed]).decode,
            with_alert=_with_alert,
        )
        self._about_us = SelfReports(host)
        self._plain = frozenset(each.settings.name for each in rules if _is_plain(each.settings))
        """Rules of whose alerts nobody but the routes says anything."""
        self._is_direct = False
        """Whether a batch is taken while `Dispatch.direct`, which it stays meanwhile: an order to
        silence comes between two batches, and nothing else hides what nothing hid before."""
        self._pending = Transaction()
        self._partly: dict[str, tuple[Batch, int]] = {}
        """Batches of which a part was taken since the last `drain`, and which match is next."""
        self._ended: list[Alert] = []
        """Episodes that ended since their rule was changed, until the first `begin`."""

    @property
    def live(self) -> bool:
        """Whether time passes by the clock; False while the backlog is read."""
        return self._rules.live

    @property
    def quarantined(self) -> frozenset[str]:
        """Names of the rules that failed and are not asked any more; from any thread."""
        return self._rules.quarantined

    def untold(self, wall: float) -> Untold:
        """What is not told at wall time `wall`; from any thread."""
        return self._dispatch.untold(wall)

    @property
    def holding(self) -> bool:
        """Whether any alert waits for lines."""
        return self._contexts.holding

    @property
    def pending(self) -> Transaction:
        """What the next `drain` will hand out, rule state excepted; others may add deliveries."""
        return self._pending

    def restore(self, states: Iterable[StateChange]) -> None:
        """Give each part its state back, before `begin`."""
        for state in states:
            try:
                self._owner(state.rule).restore(state)
            except Exception as problem:  # noqa: BLE001 - another version wrote it
                telemetry.error("rules.state_forgotten", rule=state.rule, reason=repr(problem))
                self._pending.states[state.rule, state.key] = replace(state, body=None)
        self._dispatch.restored()

    def resume(self, burning: Iterable[Burning], now: Moment) -> None:
        """Take back who was told of which open episode, after `restore`.

        One that no rule keeps open, since its rule was removed or changed, ends here: whoever was
        told that it began is told that nobody watches it any more.
        """
        self._now = now
        kept, burning = self._rules.burning(), list(burning)
        kept.update(each.alert.id for each in burning if self._dispatch.watches(each.alert))
        going_on = [each for each in burning if each.alert.id in kept]
        self._dispatch.begin(going_on, now, after_backlog=not self._virtual)
        for each in burning:
            if each.alert.id not in kept:
                last = ended(each.alert, now)
                self._pending.alerts.append(self._dispatch.end_unwatched(last, each.told, now))
                self._ended.append(last)
        for newest in self._contexts.newest():
            if newest.burns and newest.alert.id not in kept:
                last = ended(newest.alert, now)
                self._contexts.follow(Addressed(last, now.wall, newest.told))
                self._ended.append(last)

    def begin(self, now: Moment) -> None:
        """Everything was restored, and the first record may come."""
        self._now, self._passed = now, now.wall
        self._contexts.begin(now.steady)
        over, self._ended = self._ended, []
        self._rules.begin(now, over)
        self._keep(self._rules.changes())  # at once: since when a rule watches must not be lost

    def go_live(self, now: Moment) -> None:
        """The backlog is read: from now on time passes by the clock."""
        self._now = now
        self._rules.go_live(now)
        self._pending.alerts += self._dispatch.go_live(now)

    def take(self, batch: Batch, now: Moment, first: int = 0, end: int | None = None) -> None:
        """Run one batch through the rules, or its matches from `first` up to `end`."""
        self._now = now
        matches = batch.matches if end is None and not first else batch.matches[first:end]
        if self._contexts.active:
            if not first:  # the lines that it brings are new
                self._release(self._contexts.learn(batch))
            self._contexts.remember(batch, matches, now.steady)
        self._is_direct = self._dispatch.direct
        self._rules.feed(batch, matches, now)
        self._is_direct = False
        self._finish(batch, end)

    def _finish(self, batch: Batch, end: int | None) -> None:
        """Move the checkpoint to behind what was taken of `batch`."""
        self._contexts.batch = None
        checkpoint = batch.checkpoint
        if end is not None and end < len(batch.matches):
            self._partly[checkpoint.identity] = batch, end
            return
        self._partly.pop(checkpoint.identity, None)
        if batch.end > batch.start:
            self._rules.arrived(batch)
        self._pending.checkpoints[checkpoint.identity] = checkpoint
        if batch.also is not UNSET:  # a record in two files
            self._pending.checkpoints[batch.also.identity] = batch.also

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Seconds from `now` until `expire` has something to do, None without a deadline."""
        asked = [self._dispatch.seconds_to_deadline(now)]
        if self.live:
            asked.append(self._rules.seconds_to_deadline(now))
            if self._contexts.holding:
                asked.append(self._contexts.first_deadline() - now.steady)
        waits = [each for each in asked if each is not None]
        return max(0.0, min(waits)) if waits else None

    def woke_up(self) -> None:
        """Nobody was there for a while: files hold lines of that time, one more than another.

        Deadlines wait for the next `expire`, also those that lines of other files are past.
        """
        self._rules.woke_up()

    def expire(self, now: Moment) -> None:
        """Let the deadlines up to `now` take effect.

        Those of rules wait until the backlog is read; those of messages to people never do.
        """
        self._now = now
        if self.live:
            if self._contexts.active:
                self._release(self._contexts.expire(now.steady))
            self._rules.expire(now)
        if not self._dispatch.direct:
            self._pending.alerts += self._dispatch.expire(now)

    def run_until(self, time: float) -> None:
        """Let virtual time pass up to `time`, with no line until then."""
        self._release(self._contexts.let_all_go())
        self._rules.run_until(time)

    def hasten(self, now: Moment) -> None:
        """Tell now what only waits for more to be told with it: nobody will be there later."""
        self._pending.alerts += self._dispatch.hasten(now)

    def seconds_to_slot(self, now: Moment) -> float | None:
        """Seconds until the rate of a sink lets out what waits for it; None: nothing waits."""
        return self._dispatch.seconds_to_slot(now)

    def teach(self, instruction: Instruction, now: Moment) -> Taught:
        """Let a rule learn, accept or forget; `drain` hands out what it knows then."""
        return self._rules.teach(instruction, now)

    def silence(
        self,
        order: SilenceOrder,
        where: Where,
        author: str,
        burning: Iterable[Alert],
        now: Moment,
    ) -> Silence:
        """Make a silence or end one: see alerts/silence_orders.py. Raises SilenceError."""
        return obey(self._dispatch.silences, order, where, author=author, burning=burning, now=now)

    def report(self, what: SelfReport, now: Moment) -> None:
        """Make an alert about logwatch itself; it takes the same routes as any other."""
        self._now = now
        alert = self._about_us.alert(what, now.wall)
        one = Addressed(alert, now.wall, (), burns=what.burns)
        routed = self._dispatch.route(one, self._moment(), avoid=what.about_sink)
        self._pending.alerts.append(routed)

    def close(self, finished: Iterable[Checkpoint]) -> None:
        """Nothing comes behind these positions, and nothing came of them."""
        self._pending.checkpoints.update((each.identity, each) for each in finished)

    def address_unstored(self, what: SelfReport, now: Moment) -> Addressed:
        """An alert about logwatch itself that is in no transaction, to all sinks of its routes."""
        return self._dispatch.recipients.event(self._about_us.alert(what, now.wall), now.wall)

    def paces(self, sink: str) -> bool:
        """Whether a sink has a rate, or writes for people."""
        return self._dispatch.paces(sink)

    def pace(self, alert: Alert, sink: str, now: Moment) -> bool:
        """Whether `sink` is sent now what comes to it from an outbox; else it is told later."""
        return self._dispatch.pace(alert, sink, now)

    def moved(self, sink: str, episodes: Iterable[str]) -> None:
        """`sink` was told of these in the place of another."""
        self._dispatch.moved(sink, episodes)

    def drain(self) -> Transaction:
        """Everything brought about since the last call, to be committed as one."""
        if not self._dispatch.direct:  # what is told at once was put together since
            self._pending.alerts += self._dispatch.expire(self._moment())
            self._pending.told.update(self._dispatch.owed())
        self._keep(self._rules.changes())
        self._keep(self._contexts.changes())
        self._keep(self._dispatch.changes())
        for identity, (batch, end) in self._partly.items():
            self._pending.checkpoints[identity] = _upto(batch, end)
        self._partly.clear()
        transaction, self._pending = self._pending, Transaction()
        return transaction

    def _keep(self, changes: Iterable[StateChange]) -> None:
        """These are to be committed."""
        for change in changes:
            self._pending.states[change.rule, change.key] = change

    def _owner(self, name: str) -> Ruleset | Contexts[Addressed] | Dispatch:
        """Who keeps its state under this name."""
        if name == context.NAME:
            return self._contexts
        return self._dispatch if name in STATES else self._rules

    def _address(
        self,
        rule: RuleSettings,
        alerts: Iterable[Alert],
        at: float,
        *,
        absorbed_by: str | None = None,
    ) -> None:
        """Say who is to be told of what a rule made: see `rules.ruleset.Tell`."""
        wall = self._rules.clock.wall
        if self._is_direct and rule.name in self._plain and absorbed_by is None:
            sinks_for, pending = self._sinks_for, self._pending.alerts
            for alert in alerts:  # of which there may be one for each line
                pending.append(Addressed(alert, wall, sinks_for(alert)))
            return
        burns, why = rule.kind.burns, SHADOW if rule.shadow else absorbed_by
        for alert in alerts:
            goes_on = burns and alert.status != "resolved"
            marked = replace(alert, muted_by=why) if why else alert
            one = Addressed(marked, wall, (), goes_on, event=at)
            if rule.context is None:
                self._pending.alerts.append(self._routed(one))
            else:
                self._release(self._contexts.hold(one, rule.context, at, live=self.live))

    def _release(self, held: Iterable[Addressed]) -> None:
        """These wait for no line any more."""
        self._pending.alerts += [self._routed(one) for one in held]

    def _routed(self, one: Addressed) -> Addressed:
        return self._dispatch.route(one, self._moment())

    def _moment(self) -> Moment:
        """What time it is for people who are told."""
        wall = self._rules.clock.wall
        return Moment(wall, wall) if self._virtual else self._now

    def _pass(self, time: float) -> None:
        """Virtual time reaches `time`: what is to be told before that is told."""
        dispatch = self._dispatch
        while (due := dispatch.next_due(self._passed)) <= time:
            # A step at least, however the sum of a time and a wait was rounded.
            self._passed = max(due, math.nextafter(self._passed, math.inf))
            self._pending.alerts += dispatch.expire(Moment(self._passed, self._passed))
        self._passed = max(time, self._passed)

    def _rule_failed(self, name: str, problem: Exception, now: Moment) -> None:
        """A rule is off: that is told like any other alert."""
        self.report(
            SelfReport(
                what="rule-quarantined",
                severity="error",
                message=f"rule {name} failed with {problem!r} and is off until the next start;"
                " the other rules go on",
            ),
            now,
        )


def _is_plain(rule: RuleSettings) -> bool:
    return not (rule.kind.burns or rule.shadow or rule.context)


def _upto(batch: Batch, end: int) -> Checkpoint:
    """The position before the record of the match `end` of `batch`."""
    number = batch.matches[end].record
    return replace(
        batch.checkpoint,
        offset=batch.records[number].offset,
        markers=(),
        skipping=False,
        closed=False,
        cursor=UNSET if batch.cursors is UNSET else batch.cursors[number],
    )


def _with_alert(one: Addressed, alert: Alert) -> Addressed:
    return replace(one, alert=alert)
