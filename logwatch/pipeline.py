"""THE DATA PATH from matches to what must be committed, on one screen; no I/O, no threads.

    Batch -> rules (state) -> alerts -> routes -> Transaction

The consumer calls it, and so do replays and tests: whoever calls it commits what `drain` hands out
as one transaction. Deadlines take effect in the order of event time (rules/timeline.py): before
the record that has passed them in a backlog, by the clock live. What rules are asked, and in which
order, is in rules/ruleset.py; here is what becomes of the alerts that they make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.msgpack import Decoder
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.recipients import Recipients, ended
from logwatch.records import Alert, Batch, Checkpoint, StateChange
from logwatch.rules import context
from logwatch.rules.base import Rule, RuleSettings
from logwatch.rules.context import Contexts, Held
from logwatch.rules.instructions import Instruction, Taught
from logwatch.rules.ruleset import Ruleset
from logwatch.rules.self_reports import SelfReport, SelfReports
from logwatch.store.writer import Addressed, Burning, Transaction


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
        self._rules = Ruleset(
            rules, tell=self._address, failed=self._rule_failed, late=late, virtual=virtual
        )
        self._recipients = Recipients(router)
        self._contexts = Contexts(
            [rule.settings for rule in rules],
            decode=Decoder(Held[Addressed]).decode,
            with_alert=_with_alert,
        )
        self._about_us = SelfReports(host)
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
                (self._contexts if state.rule == context.NAME else self._rules).restore(state)
            except Exception as problem:  # noqa: BLE001 - another version wrote it
                telemetry.error("rules.state_forgotten", rule=state.rule, reason=repr(problem))
                self._pending.states[state.rule, state.key] = replace(state, body=None)

    def resume(self, burning: Iterable[Burning], now: Moment) -> None:
        """Take back who was told of which open episode, after `restore`.

        One that no rule keeps open, since its rule was removed or changed, ends here: whoever was
        told that it began is told that nobody watches it any more.
        """
        kept = self._rules.burning()
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
        self._contexts.begin(now.steady)
        over, self._ended = self._ended, []
        self._rules.begin(now, over)
        self._keep(self._rules.changes())  # at once: since when a rule watches must not be lost

    def go_live(self, now: Moment) -> None:
        """The backlog is read: from now on time passes by the clock."""
        self._rules.go_live(now)

    def take(self, batch: Batch, now: Moment, first: int = 0, end: int | None = None) -> None:
        """Run one batch through the rules, or its matches from `first` up to `end`."""
        matches = batch.matches if end is None and not first else batch.matches[first:end]
        if self._contexts.active:
            if not first:  # the lines that it brings are new
                self._pending.alerts += self._contexts.learn(batch)
            self._contexts.remember(batch, matches, now.steady)
        self._rules.feed(batch, matches, now)
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

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Seconds from `now` until `expire` has something to do, None without a deadline."""
        if not self.live:
            return None
        rules = self._rules.seconds_to_deadline(now)
        waits = [] if rules is None else [rules]
        if self._contexts.holding:
            waits.append(self._contexts.first_deadline() - now.steady)
        return max(0.0, min(waits)) if waits else None

    def expire(self, now: Moment) -> None:
        """Let the deadlines up to `now` take effect, unless the backlog is still being read."""
        if self.live:
            if self._contexts.active:
                self._pending.alerts += self._contexts.expire(now.steady)
            self._rules.expire(now)

    def run_until(self, time: float) -> None:
        """Let virtual time pass up to `time`, with no line until then."""
        self._pending.alerts += self._contexts.let_all_go()
        self._rules.run_until(time)

    def teach(self, instruction: Instruction, now: Moment) -> Taught:
        """Let a rule learn, accept or forget; `drain` hands out what it knows then."""
        return self._rules.teach(instruction, now)

    def report(self, what: SelfReport, now: Moment) -> None:
        """Make an alert about logwatch itself; it takes the same routes as any other."""
        alert = self._about_us.alert(what, now.wall)
        self._pending.alerts.append(self._recipients.event(alert, now.wall))

    def drain(self) -> Transaction:
        """Everything brought about since the last call, to be committed as one."""
        self._keep(self._rules.changes())
        self._keep(self._contexts.changes())
        for identity, (batch, end) in self._partly.items():
            self._pending.checkpoints[identity] = _upto(batch, end)
        self._partly.clear()
        transaction, self._pending = self._pending, Transaction()
        return transaction

    def _keep(self, changes: Iterable[StateChange]) -> None:
        """These are to be committed."""
        for change in changes:
            self._pending.states[change.rule, change.key] = change

    def _address(
        self, rule: RuleSettings, alerts: Iterable[Alert], at: float, *, absorbed: bool = False
    ) -> None:
        """Say who is to be told of what a rule made: see `rules.ruleset.Tell`."""
        burns, recipients = rule.kind.burns, self._recipients
        pending, wall = self._pending.alerts, self._rules.clock.wall
        if not (burns or absorbed or rule.shadow or rule.context):
            for alert in alerts:  # of which there may be one for each line
                pending.append(recipients.event(alert, wall))
            return
        for alert in alerts:
            if absorbed or rule.shadow:
                one = recipients.nobody(alert, wall, burns=burns)
            else:
                one = (recipients.episode if burns else recipients.event)(alert, wall)
            if rule.context is None:
                pending.append(one)
            else:
                pending += self._contexts.hold(one, rule.context, at, live=self.live)

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


def _upto(batch: Batch, end: int) -> Checkpoint:
    """The position before the record of the match `end` of `batch`."""
    offset = batch.records[batch.matches[end].record].offset
    return replace(batch.checkpoint, offset=offset, markers=(), skipping=False, closed=False)


def _with_alert(one: Addressed, alert: Alert) -> Addressed:
    return replace(one, alert=alert)
