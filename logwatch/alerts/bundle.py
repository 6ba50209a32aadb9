"""Several alerts on their way to be told as one: exact totals in little memory.

- `add` takes an alert, `message` makes the one that stands for all that came, and `told` begins
  the next. What burns stays until its end comes, over any number of messages.
- `count` and `suppressed` of a message hold only what is new in it: however alerts are parted into
  messages, the sums are those of the alerts. An episode's own count goes up with each of its
  messages, so it is remembered while it burns; the closing note of an event says in `suppressed`
  what it adds.
- An alert counts once in a message, however often updated. The closing note of an event that was
  told of before is no alert more, unless nothing else is told of its rule.
- Quoted are 20 alerts at most (`MOST_MEMBERS`) and the lines of the newest three. Details are kept
  of the first 200 that burn, the ids and counts of 100,000: an episode beyond that is counted as if
  it were over at once, and its end as another alert.
- A message that itself stands for several alerts may be added: it counts as all of these. How many
  of its alerts were counted before is known in sum and not by rule, where the same bundle holds
  an earlier message of the same group.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView

from msgspec import UNSET
from msgspec.structs import replace

from logwatch.alerts.bundle_state import Episode, Head, decode_episode, decode_head, encode
from logwatch.alerts.in_common import SEVERAL, in_common
from logwatch.alerts.members import member_of, most_first, whole, words
from logwatch.records import (
    SCHEMA,
    SEVERITIES,
    Alert,
    Gathering,
    Group,
    Member,
    Severity,
    Status,
)
from logwatch.stamps import rfc3339

MOST_MEMBERS = 20
MOST_LINES = 3
MOST_DETAILS = 200
MOST_BURNING = 100_000

RANK: dict[Severity, int] = {name: rank for rank, name in enumerate(SEVERITIES)}
"""Severity -> how grave, from 0."""

_SEVERAL = "*"


class Bundle:
    """Alerts that will be told as one.

    With `standing`, a message tells also of what burns on from earlier messages, else only of what
    came since the last one.
    """

    def __init__(self, *, standing: bool = False, most_members: int = MOST_MEMBERS) -> None:
        self._head = Head(standing)
        self._most_members = most_members
        self._episodes: dict[str, Episode] = {}
        self._burning = 0
        self._burning_rules: dict[str, int] = {}
        self._burning_severities: dict[Severity, int] = {}
        self._stale = 0
        self._stale_rules: dict[str, int] = {}
        self._changed: set[str] = set()
        self._has_changed = False

    def __bool__(self) -> bool:
        """Whether anything came since the last message."""
        return self._head.sole != ""

    @property
    def alerts(self) -> int:
        """How many alerts the next message stands for."""
        return sum(self.rules.values())

    @property
    def rules(self) -> dict[str, int]:
        """Of these, how many of each rule."""
        head = self._head
        rules = {rule: n for rule, n in head.notes_by_rule.items() if rule not in head.rules}
        rules.update(head.rules)
        if head.standing:
            for rule, count in self._stale_rules.items():
                if count:
                    rules[rule] = rules.get(rule, 0) + count
        return rules

    @property
    def burning(self) -> KeysView[str]:
        """Ids of the episodes that go on, whenever they came; the one heard of last is last."""
        return self._episodes.keys()

    @property
    def burning_alerts(self) -> int:
        """How many alerts go on, of those that the next message stands for."""
        return self._burning if self._head.standing else self._burning - self._stale

    @property
    def severity(self) -> Severity:
        """The worst of the alerts that the next message stands for."""
        worst = self._head.severity
        if self._head.standing:
            burn = (name for name, number in self._burning_severities.items() if number)
            worst = max((worst, *burn), key=RANK.__getitem__)
        return worst

    def severity_of(self, episode: str) -> Severity | None:
        """How grave a burning episode is; None where it does not burn here."""
        found = self._episodes.get(episode)
        return found.severity if found else None

    def is_told(self, episode: str) -> bool:
        """Whether a burning episode came before the last message, which told of it."""
        found = self._episodes.get(episode)
        return found is not None and found.since < self._head.period

    def add(self, alert: Alert, burns: bool, known: int = 0) -> None:  # noqa: FBT001 - its one question
        """Take an alert; `burns`: its episode goes on, to be ended by a later message.

        `known` is how many records of it were told of elsewhere, which are not counted again.
        """
        head, name = self._head, alert.id
        episode = self._episodes.pop(name, None)
        is_event = not burns and episode is None and alert.group is UNSET
        is_note = is_event and alert.status == "updated"
        if episode is not None:
            known = max(known, episode.records)
        self._count_alerts(alert, episode, is_note=is_note)
        if alert.group is not UNSET:
            head.records += alert.count
        elif is_note:
            head.records += alert.suppressed
        else:
            head.records += max(0, alert.count - known)
        head.suppressed += alert.suppressed
        head.sole = name if head.sole in ("", name) else _SEVERAL
        if episode is not None:
            self._weigh(episode, -1)
            self._changed.add(name)
        if burns and len(self._episodes) < MOST_BURNING:
            self._keep(alert, max(known, alert.count), episode)
        else:
            head.over.append(member_of(alert))
            if len(head.over) > self._most_members:
                del head.over[0]
        self._note(alert)

    def message(
        self,
        *,
        kind: Gathering,
        id: str,  # noqa: A002 - the field's name
        seq: int,
        status: Status,
        by: dict[str, str],
        at: float,
        host: str,
        prefix: str = "",
    ) -> Alert:
        """The message that stands for all, `prefix` put before its words.

        `at` is wall time, `host` where the daemon runs; an alert has its own where all have one.

        Its `count` and `suppressed` are what came since the last `told`; without anything that
        came it reminds of what burns. Raises ValueError where there is nothing to tell.
        """
        head, number = self._head, self.alerts
        if head.newest is None or not number:
            raise ValueError("a bundle without alerts has no message; add one first")
        members = self._members()
        alert = self._only(number, members)
        if alert is None:
            alert = self._several(head.newest, members, host, status)
        alert = replace(
            alert,
            id=id,
            seq=seq,
            status=status,
            message=prefix + alert.message,
            count=head.records,
            suppressed=head.suppressed,
            at=rfc3339(at),
        )
        if alert.group is not UNSET:  # one that was added alone
            return alert
        rules = most_first(self.rules)
        group = Group(kind, by, number, self.burning_alerts, rules, members)
        return replace(alert, group=group)

    def told(self) -> None:
        """The message was sent: begin the next one."""
        head = self._head
        keeps = head.standing and bool(self._episodes)
        self._head = Head(
            head.standing,
            head.period + 1,
            head.turn,
            common=head.common if keeps else None,
            first=head.first if keeps else "",
            last=head.last if keeps else "",
            newest=head.newest if self._episodes else None,
        )
        self._stale = self._burning
        self._stale_rules = dict(self._burning_rules)
        self._has_changed = True

    def adopt(self, other: Bundle) -> None:
        """What burns in `other` was told of: what comes of it is told here from now on."""
        head = self._head
        for name, episode in other._episodes.items():
            head.turn += 1
            before = head.period - 1
            told = replace(episode, period=before, since=before, turn=head.turn)
            self._episodes[name] = told
            self._changed.add(name)
            self._weigh(told, 1)
        self._has_changed = True

    def changes(self) -> Iterator[tuple[str, bytes | None]]:
        """What changed since the last call, in parts: a name (`""` or an episode) and its body.

        None: the part is no more.
        """
        if self._has_changed:
            self._has_changed = False
            yield "", encode(self._head)
        changed, self._changed = self._changed, set()
        for name in changed:
            episode = self._episodes.get(name)
            yield name, None if episode is None else encode(episode)

    def restore(self, part: str, body: bytes) -> None:
        """Take back one part that `changes` gave. Raises msgspec.DecodeError where it is none."""
        if part:
            self._episodes[part] = decode_episode(body)
        else:
            self._head = decode_head(body)

    def begin(self) -> None:
        """All parts were restored."""
        in_order = sorted(self._episodes.items(), key=lambda each: each[1].turn)
        self._episodes = dict(in_order)
        for episode in self._episodes.values():
            self._weigh(episode, 1)

    def _count_alerts(self, alert: Alert, episode: Episode | None, *, is_note: bool) -> None:
        """Count those of `alert` that were not counted for the next message yet."""
        head = self._head
        if is_note:
            notes = head.notes_by_rule
            notes[alert.rule] = notes.get(alert.rule, 0) + 1
            return
        counted = episode.alerts if episode and episode.period == head.period else 0
        rules = {alert.rule: 1} if alert.group is UNSET else alert.group.rules
        for rule, number in rules.items():
            less = min(number, counted)
            counted -= less
            if number > less:
                head.rules[rule] = head.rules.get(rule, 0) + number - less

    def _keep(self, alert: Alert, records: int, before: Episode | None) -> None:
        head = self._head
        head.turn += 1
        has_details = len(self._episodes) < MOST_DETAILS or (before and before.member)
        episode = Episode(
            alert.rule,
            alert.severity,
            records,
            1 if alert.group is UNSET else alert.group.burning,
            head.period,
            head.period if before is None else before.since,
            head.turn,
            member_of(alert) if has_details else None,
        )
        self._episodes[alert.id] = episode
        self._changed.add(alert.id)
        self._weigh(episode, 1)

    def _weigh(self, episode: Episode, sign: int) -> None:
        """Count a burning episode in (1), or out (-1)."""
        rule, severity, weight = episode.rule, episode.severity, sign * episode.alerts
        self._burning += weight
        self._burning_rules[rule] = self._burning_rules.get(rule, 0) + weight
        self._burning_severities[severity] = self._burning_severities.get(severity, 0) + sign
        if episode.period < self._head.period:
            self._stale += weight
            self._stale_rules[rule] = self._stale_rules.get(rule, 0) + weight

    def _note(self, alert: Alert) -> None:
        """Take what a message about several tells of the newest, and of all."""
        head = self._head
        self._has_changed = True
        head.newest = alert
        if RANK[alert.severity] > RANK[head.severity]:
            head.severity = alert.severity
        if not head.first or alert.first < head.first:
            head.first = alert.first
        head.last = max(head.last, alert.last)
        head.late = head.late and alert.late
        head.reread = head.reread or alert.reread is True
        if alert.lines:
            head.lines.extend(alert.lines[-1:] if alert.group is UNSET else alert.lines)
            del head.lines[:-MOST_LINES]
        if head.common is None:
            head.common = in_common(alert)
        else:
            head.common.narrow(alert)

    def _members(self) -> tuple[Member, ...]:
        """Some of those that the next message stands for: first what burns, then the newest."""
        head = self._head
        members: list[Member] = []
        for episode in reversed(self._episodes.values()):
            if len(members) == self._most_members:
                return tuple(members)
            if episode.period < head.period and not head.standing:
                break
            if episode.member:
                members.append(episode.member)
        room = self._most_members - len(members)
        return (*members, *head.over[::-1][:room])

    def _only(self, number: int, members: tuple[Member, ...]) -> Alert | None:
        """The only one that there is, as it was made; None of several, or if it is not known."""
        head, newest = self._head, self._head.newest
        if newest is None or head.sole == _SEVERAL:
            return None
        if number > 1:
            is_only = newest.group is not UNSET and number == newest.group.alerts
            return newest if head.sole and is_only else None
        if head.sole or newest.id in self._episodes:
            return newest
        return whole(members[0], head.common) if members else None

    def _several(
        self, newest: Alert, members: tuple[Member, ...], host: str, status: Status
    ) -> Alert:
        head = self._head
        common = head.common or in_common(newest)
        quoted = newest.message if self or not members else members[0].message
        return Alert(
            schema=SCHEMA,
            id="",
            seq=0,
            status=status,
            rule=common.rule,
            severity=self.severity,
            message=words(self.alerts, self.burning_alerts, self.rules, quoted),
            source=common.source,
            path=common.path,
            host=host if common.host == SEVERAL else common.host,
            key=common.key,
            fields=common.fields,
            count=0,
            suppressed=0,
            first=head.first,
            last=head.last,
            at="",
            late=head.late and bool(self),
            lines=list(head.lines),
            labels=common.labels,
            reread=head.reread or UNSET,
        )
