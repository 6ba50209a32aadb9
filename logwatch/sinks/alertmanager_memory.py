"""What an Alertmanager has been told, so that it can be told again, and told of the end.

Pure: alerts and wall times in, what to post out. A posted alert ends by itself `event_lasts` after
it was posted; each one that burns is posted anew at every `remind`. Ends are posted again as well,
for a quarter of an hour, as Prometheus does: a peer that was away, or whose clock is behind ours,
would not take the first for an end. What is remembered is bounded; beyond it the oldest is no more
posted again, and ends by itself.

Source: prometheus/alertmanager types/types.go (`Alert.Merge`: a later end that was stated outlives
an earlier one, but for an end that has passed); prometheus/prometheus rules/alerting.go
(`resolvedRetention`, 15 minutes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from msgspec import UNSET
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.records import Alert
from logwatch.sinks.alertmanager_alert import PostableAlert, postable, seconds
from logwatch.stamps import rfc3339

ENDS_KEPT = 900.0
"""Seconds for which an end is posted again."""

MOST_KEPT = 10_000
"""Alerts that are posted again, beside those that burn."""

Identity: TypeAlias = frozenset[tuple[str, str]]


class _Told(NamedTuple):
    """What was last posted of an episode."""

    seq: int
    """Of the message."""
    since: float
    """Wall time at which it was first told."""
    posted: PostableAlert
    identity: Identity
    at: float
    """Wall time at which it was last told."""


class _End(NamedTuple):
    """An end that is not posted yet."""

    due: float
    alert: PostableAlert


class Plan(NamedTuple):
    """What to post, and what is to be remembered once that was taken."""

    post: list[PostableAlert]
    again: list[PostableAlert]
    """To be posted before, as it was the last time."""
    told: dict[str, _Told | None]
    ends: dict[Identity, _End]
    groups: dict[str, Alert | None]


class Memory:
    """What was told of each episode."""

    def __init__(self, labels: Mapping[str, str], *, event_lasts: float, shortest: float) -> None:
        """`labels` are put to each alert's own; the others are seconds."""
        self._labels = labels
        self._event_lasts = event_lasts
        self._shortest = shortest
        self._told: dict[str, _Told] = {}
        self._holders: Counter[Identity] = Counter()
        self._recent: dict[Identity, PostableAlert] = {}
        self._ends: dict[Identity, _End] = {}
        self._groups: dict[str, Alert] = {}
        self._burning = 0

    def plan(self, alerts: Iterable[Alert], now: float) -> Plan:
        """What to post for `alerts`, in their order; nothing is remembered yet."""
        plan = Plan([], [], {}, {}, {})
        for alert in alerts:
            if alert.status == "resolved":
                self._end(alert, now, plan)
            else:
                self._burn(alert, now, plan)
        return plan

    def reminder(self, burning: Sequence[Alert], now: float) -> Plan:
        """All that is to be posted again, given the newest message of each episode that burns."""
        self._tidy(now)
        open_ones = {alert.id: alert for alert in (*self._groups.values(), *burning)}
        self._burning = len(open_ones)
        plan = self.plan(open_ones.values(), now)
        plan.post.extend(ended(end.alert, now) for end in self._ends.values() if end.due <= now)
        fresh = {alert.identity for alert in plan.post}
        plan.again.extend(one for identity, one in self._recent.items() if identity not in fresh)
        return plan

    def commit(self, plan: Plan) -> None:
        """What was planned has been taken."""
        for episode, told in plan.told.items():
            self._remember(episode, told)
        for alert in plan.post:  # the newest last; what burns anew has no end that waits
            identity = alert.identity
            self._ends.pop(identity, None)
            self._recent.pop(identity, None)
            self._recent[identity] = alert
        self._ends.update(plan.ends)
        for group, message in plan.groups.items():
            if message is None:
                self._groups.pop(group, None)
            else:
                self._groups[group] = message
        self._bound()

    def next_due(self, now: float) -> float | None:
        """Seconds until an end that waits is to be posted; None where none does."""
        if not self._ends:
            return None
        return max(0.0, min(end.due for end in self._ends.values()) - now)

    def _burn(self, alert: Alert, now: float, plan: Plan) -> None:
        told, until = self._of(alert.id, plan), now + self._event_lasts
        if told is not None and told.seq == alert.seq:  # nothing new, which costs little to say
            new = replace(told.posted, endsAt=rfc3339(until))
        else:
            new = postable(alert, self._labels, now=now, until=until)
        since = now if told is None else told.since
        if told is None and alert.seq > 1:  # told before this start
            since = min(now, seconds(alert.first, now))
        identity = told.identity if told is not None and told.seq == alert.seq else new.identity
        if told is not None and told.identity != identity and self._alone(told):
            plan.post.append(ended(told.posted, now))
        plan.post.append(new)
        plan.ends.pop(identity, None)
        plan.told[alert.id] = _Told(alert.seq, since, new, identity, now)
        if alert.group is not UNSET and alert.group.burning:
            plan.groups[alert.id] = alert

    def _end(self, alert: Alert, now: float, plan: Plan) -> None:
        told = self._of(alert.id, plan)
        plan.told[alert.id] = None
        plan.groups[alert.id] = None
        if told is None:  # never told, or in an earlier life
            until = now + self._shortest if alert.seq == 1 else now
            plan.post.append(postable(alert, self._labels, now=now, until=until))
            return
        if not self._alone(told):
            return
        new = postable(alert, self._labels, now=now, until=now)
        last = replace(told.posted, annotations=new.annotations, endsAt=new.endsAt)
        due = told.since + self._shortest
        if due <= now:
            plan.post.append(last)
        else:
            plan.ends[told.identity] = _End(due, last)

    def _of(self, episode: str, plan: Plan) -> _Told | None:
        return plan.told[episode] if episode in plan.told else self._told.get(episode)

    def _alone(self, told: _Told) -> bool:
        """Whether no other episode burns under the same labels."""
        return self._holders[told.identity] <= 1

    def _remember(self, episode: str, told: _Told | None) -> None:
        before = self._told.pop(episode, None)
        if before is not None:
            self._holders[before.identity] -= 1
            if not self._holders[before.identity]:
                del self._holders[before.identity]
        if told is not None:
            self._told[episode] = told
            self._holders[told.identity] += 1

    def _tidy(self, now: float) -> None:
        """Forget what has been over, or of which nothing was heard, for long enough."""
        for identity, alert in list(self._recent.items()):
            if seconds(alert.endsAt, now) + ENDS_KEPT < now:
                del self._recent[identity]
        for episode, told in list(self._told.items()):
            if told.at + ENDS_KEPT < now:
                self._remember(episode, None)

    def _bound(self) -> None:
        """Forget the oldest beyond what is kept."""
        most = MOST_KEPT + self._burning
        dropped = list(self._recent)[: max(0, len(self._recent) - most)]
        for identity in dropped:
            del self._recent[identity]
        for episode in list(self._told)[: max(0, len(self._told) - most)]:
            self._remember(episode, None)
        if dropped:
            telemetry.count("alertmanager.forgotten", len(dropped))


def ended(alert: PostableAlert, now: float) -> PostableAlert:
    """`alert`, which is over at wall time `now`."""
    return replace(alert, endsAt=rfc3339(max(now, seconds(alert.startsAt, now))))
