"""THE DATA PATH from matches to what must be committed, on one screen; no I/O, no threads.

    Batch -> rules (state) -> alerts -> routes -> Transaction

The consumer calls it, and so do the in-memory commands: whoever calls it commits what `drain`
hands out as one transaction. While it catches up, deadlines wait: a line that lies unread in a
file may still be the one that an open window waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from logwatch import telemetry
from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.records import Alert, Batch, Severity, StateChange
from logwatch.rules.base import Hit, PlainMatch, Rule
from logwatch.rules.deadlines import Deadlines
from logwatch.rules.message import about_logwatch, episode_id, rfc3339
from logwatch.store.writer import Addressed, Burning, Transaction

LOOK_AT_ALL_SECONDS = 5.0
"""How often every rule is asked for its deadline, since the date may have been set meanwhile."""

ROUNDING = 1e-6
"""Seconds by which a deadline may be early, so that rounding never makes it late."""

LEAST_WAIT = 0.001
"""Seconds after which, at the soonest, a rule is asked again that had nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfReport:
    """Something about logwatch itself that a person must be told (`logwatch.<what>`)."""

    what: str
    severity: Severity
    message: str
    path: str = ""
    source: str = ""


class Pipeline:
    """All rules of one configuration and what they have brought about since the last `drain`."""

    def __init__(self, rules: Sequence[Rule], router: Router, *, host: str) -> None:
        self._rules = rules
        self._by_name = {rule.settings.name: rule for rule in rules}
        self._router = router
        self._host = host
        self._pending = Transaction()
        self._touched: dict[str, Rule] = {}
        self._deadlines = Deadlines()
        self._look_at_all = 0.0
        self._quarantined: set[str] = set()
        self._told: dict[str, tuple[str, ...]] = {}
        self._reports = 0
        self.live = False
        """Whether deadlines take effect; False while the backlog is read."""

    @property
    def quarantined(self) -> frozenset[str]:
        """Names of the rules that failed and are not asked any more; from any thread."""
        return frozenset(self._quarantined)

    def restore(self, states: Iterable[StateChange]) -> None:
        """Give each rule its state back, before the first `take`."""
        for state in states:
            rule = self._by_name.get(state.rule)
            if rule is None:
                continue
            try:
                rule.restore(state)
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
                self._told[each.alert.id] = each.told
            else:
                sinks = self._router.known(each.told) or self._router.sinks_for(each.alert)
                ended = _ended(each.alert, now)
                self._pending.alerts.append(Addressed(ended, now.wall, sinks))

    def take(self, batch: Batch, now: Moment) -> None:
        """Run one batch through the rules."""
        records, rules = batch.records, self._rules
        fed: set[int] = set()
        for match in batch.matches:
            number = match.rule
            if number not in fed:
                if rules[number].settings.name in self._quarantined:
                    continue
                fed.add(number)
            rule = rules[number]
            try:
                alerts = rule.feed(Hit(batch, records[match.record], match), now)
                if alerts:
                    self._address(rule, alerts, now)
            except Exception as problem:  # noqa: BLE001 - one rule's fault must not stop the others
                fed.discard(number)
                # What it told before it failed is committed, and so is what it remembers of that.
                self._touched[rule.settings.name] = rule
                self._quarantine(rule, problem, now)
        for number in fed:
            rule = rules[number]
            self._touched[rule.settings.name] = rule
            self._note_deadline(rule, now)
        self._pending.checkpoints[batch.checkpoint.identity] = batch.checkpoint

    def expire(self, now: Moment) -> None:
        """Let the deadlines up to `now` take effect, unless the backlog is still being read."""
        if not self.live:
            return
        if now.steady >= self._look_at_all:  # after a start, and in case the date was set
            self._look_at_all = now.steady + LOOK_AT_ALL_SECONDS
            for rule in self._rules:
                self._note_deadline(rule, now)
        while (name := self._deadlines.pop(now.steady)) is not None:
            rule = self._touched[name] = self._by_name[name]
            try:
                self._address(rule, rule.expire(now), now)
            except Exception as problem:  # noqa: BLE001 - as in `take`
                self._quarantine(rule, problem, now)
            self._note_deadline(rule, now, soonest=LEAST_WAIT)

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Seconds from `now` until `expire` has something to do, None without a deadline."""
        first = self._deadlines.first() if self.live else None
        return None if first is None else max(0.0, first - now.steady)

    def _note_deadline(self, rule: Rule, now: Moment, *, soonest: float = 0.0) -> None:
        """Remember when `rule` has something to do, on the steady clock whichever one it uses."""
        name = rule.settings.name
        wait = None if name in self._quarantined else rule.due(now)
        if wait is None:
            self._deadlines.drop(name)
        else:
            self._deadlines.put(name, now.steady + max(soonest, wait - ROUNDING))

    def report(self, what: SelfReport, now: Moment) -> None:
        """Make an alert about logwatch itself; it takes the same routes as any other."""
        self._reports += 1
        rule = f"logwatch.{what.what}"
        alert = about_logwatch(
            rule,
            what.message,
            id=episode_id(rule, what.path, f"{now.wall:.6f}", self._reports),
            severity=what.severity,
            wall=now.wall,
            host=self._host,
            source=what.source or "logwatch",
            path=what.path,
        )
        self._pending.alerts.append(Addressed(alert, now.wall, self._router.sinks_for(alert)))

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
        return transaction

    def _address(self, rule: Rule, alerts: Iterable[Alert], now: Moment) -> None:
        plain = isinstance(rule.settings.kind, PlainMatch)
        pending, sinks_for = self._pending.alerts, self._router.sinks_for
        for alert in alerts:
            if plain:
                pending.append(Addressed(alert, now.wall, sinks_for(alert)))
            else:
                pending.append(self._episodic(alert, now))

    def _episodic(self, alert: Alert, now: Moment) -> Addressed:
        """Address a message of an episode: who was told that it began is told that it is over.

        Its severity and fields may be others by then, and with them the routes.
        """
        before = self._told.pop(alert.id, ())
        if alert.status == "resolved":
            sinks = self._router.known(before) or self._router.sinks_for(alert)
            return Addressed(alert, now.wall, sinks)
        sinks = self._router.sinks_for(alert)
        told = tuple(dict.fromkeys((*before, *sinks)))
        self._told[alert.id] = told
        return Addressed(alert, now.wall, sinks, burns=True, told=told)

    def _quarantine(self, rule: Rule, problem: Exception, now: Moment) -> None:
        name = rule.settings.name
        self._quarantined.add(name)
        self._deadlines.drop(name)
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


def _ended(alert: Alert, now: Moment) -> Alert:
    return replace(
        alert,
        seq=alert.seq + 1,
        status="resolved",
        message=f"no longer watched, for its rule was changed or removed: {alert.message}",
        at=rfc3339(now.wall),
    )
