"""The alerts that a message about several quotes, and the words for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from logwatch.alerts.in_common import SEVERAL, InCommon
from logwatch.records import SCHEMA, Alert, Member

_RULES_NAMED = 5


def words(number: int, burning: int, rules: Mapping[str, int], newest: str) -> str:
    """`12 alerts, 3 burning: ssh-guessing 10, disk-error 2; newest: ...`."""
    by_number = sorted(rules.items(), key=lambda each: (-each[1], each[0]))
    named = [f"{rule} {count:,}" for rule, count in by_number[:_RULES_NAMED]]
    others = [count for _, count in by_number[_RULES_NAMED:]]
    if others:
        named.append(f"{len(others):,} other rule{'s' if others[1:] else ''} {sum(others):,}")
    burn = f", {burning:,} burning" if burning else ""
    noun = "alert" if number == 1 else "alerts"
    return f"{number:,} {noun}{burn}: {', '.join(named)}; newest: {newest}"


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
        schema=SCHEMA,
        id=member.id,
        seq=member.seq,
        status=member.status,
        rule=member.rule,
        severity=member.severity,
        message=member.message,
        source=member.source,
        path=common.path if common and common.path != SEVERAL else "",
        host=member.host,
        key=member.key,
        fields=common.fields if common else {},
        count=0,
        suppressed=0,
        first=member.first,
        last=member.last,
        at="",
        late=False,
        lines=[],
        labels=common.labels if common else {},
    )
