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
from logwatch.rules.message import about_logwatch, episode_id, rfc3339
from logwatch.store.writer import Addressed, Burning, Transaction


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
        self._timed: dict[str, Rule] = {}
        self._quarantined: set[str] = set()
        self._told: dict[str, tuple[str, ...]] = {}
        self._reports = 0
        self.live = False
        """Whether deadlines take effect; False while the backlog is read."""

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
            self._timed[state.rule] = rule

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
        for match in batch.matches:
            rule = rules[match.rule]
            name = rule.settings.name
            if name in self._quarantined:
                continue
            self._touched[name] = rule
            hit = Hit(batch, records[match.record], match)
            try:
                self._address(rule, rule.feed(hit, now), now)
            except Exception as problem:  # noqa: BLE001 - one rule's fault must not stop the others
                self._quarantine(rule, problem, now)
        self._pending.checkpoints[batch.checkpoint.identity] = batch.checkpoint

    def expire(self, now: Moment) -> None:
        """Let the deadlines up to `now` take effect, unless the backlog is still being read."""
        if not self.live:
            return
        for name, rule in list(self._timed.items()):
            remaining = rule.due(now)
            if remaining is None:
                del self._timed[name]
            elif remaining <= 0:
                self._touched[name] = rule
                try:
                    self._address(rule, rule.expire(now), now)
                except Exception as problem:  # noqa: BLE001 - as in `take`
                    self._quarantine(rule, problem, now)

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Seconds from `now` until `expire` has something to do, None without a deadline."""
        if not self.live:
            return None
        waits = [wait for rule in self._timed.values() if (wait := rule.due(now)) is not None]
        return min(waits, default=None)

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
        settings = rule.settings
        plain = isinstance(settings.kind, PlainMatch)
        if not plain or settings.cooldown > 0:
            self._timed[settings.name] = rule
        pending, sinks_for = self._pending.alerts, self._router.sinks_for
        if plain:
            pending.extend(Addressed(alert, now.wall, sinks_for(alert)) for alert in alerts)
        else:
            pending.extend(self._episodic(alert, now) for alert in alerts)

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
        self._timed.pop(name, None)
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
