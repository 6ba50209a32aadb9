"""The alerts that a message about several quotes, and the words for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec.structs import asdict, replace

from logwatch.alerts.in_common import SEVERAL, InCommon
from logwatch.records import SCHEMA, SEVERITIES, Alert, Group, Member

_RULES_NAMED = 5
_MOST_NAMED = 20
_NEWEST = "; newest: "


def words(number: int, burning: int, rules: Mapping[str, int], newest: str) -> str:
    """`12 alerts, 3 burning: ssh-guessing 10, disk-error 2; newest: ...`."""
    by_number = most_first(rules)
    named = [f"{rule} {count:,}" for rule, count in list(by_number.items())[:_RULES_NAMED]]
    others = list(by_number.values())[_RULES_NAMED:]
    if others:
        named.append(f"{len(others):,} other rule{'s' if others[1:] else ''} {sum(others):,}")
    burn = f", {burning:,} burning" if burning else ""
    noun = "alert" if number == 1 else "alerts"
    return f"{number:,} {noun}{burn}: {', '.join(named)}{_NEWEST}{newest}"


def most_first(rules: Mapping[str, int]) -> dict[str, int]:
    """The same numbers of alerts by rule, in an order that no restart changes."""
    return dict(sorted(rules.items(), key=lambda each: (-each[1], each[0])))


def member_of(alert: Alert) -> Member:
    """The newest state of an alert, without lines."""
    return Member(
        alert.id,
        alert.seq,
        alert.status,
        alert.rule,
        alert.severity,
        alert.message,
        alert.source,
        alert.host,
        alert.key,
        alert.count,
        alert.first,
        alert.last,
    )


def whole(member: Member, common: InCommon | None) -> Alert:
    """An alert of which only the member was kept."""
    return Alert(
        **(asdict(member) | {"count": 0}),  # what is new in it is not known
        schema=SCHEMA,
        path=common.path if common and common.path != SEVERAL else "",
        fields=common.fields if common else {},
        suppressed=0,
        at="",
        late=False,
        lines=[],
        labels=common.labels if common else {},
    )


def with_earlier(message: Alert, group: Group, earlier: Alert, told: Group) -> Alert:
    """`message` of a group, which tells also what only an `earlier` one of it would have told.

    That is what was over by then: all that still burned then is in `message` anyway. Where more
    burned than the earlier one names, which rules are over is guessed from the numbers.
    """
    over = told.alerts - told.burning
    if over <= 0:
        return message
    known = {each.id for each in group.members}
    burned = told.members[: told.burning]  # what burns comes first
    ended = [each for each in told.members[told.burning :] if each.id not in known]
    rules, left = Counter(group.rules), over
    for rule, number in (Counter(told.rules) - Counter(each.rule for each in burned)).items():
        rules[rule] += min(number, left)
        left -= min(number, left)
    alerts = group.alerts + over
    newest = message.message.rpartition(_NEWEST)[2]
    return replace(
        message,
        rule=_if_same(message.rule, earlier.rule),
        source=_if_same(message.source, earlier.source),
        path=_if_same(message.path, earlier.path),
        severity=max(message.severity, earlier.severity, key=SEVERITIES.index),
        message=words(alerts, group.burning, rules, newest),
        key=dict(message.key.items() & earlier.key.items()),
        fields=dict(message.fields.items() & earlier.fields.items()),
        first=min(message.first, earlier.first),
        group=replace(
            group,
            alerts=alerts,
            rules=most_first(rules),
            members=(*group.members, *ended)[:_MOST_NAMED],
        ),
    )


def _if_same(one: str, other: str) -> str:
    return one if one == other else SEVERAL
