"""What a person may have done about silences, and the doing of it: plain data, and one function.

The same with a daemon, which gets it over its control socket, and without one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from logwatch.alerts.silences import Silence, Silences
from logwatch.clock import Moment
from logwatch.conditions import Where
from logwatch.records import Alert


class NewSilence(Struct, frozen=True, kw_only=True, tag="new", tag_field="what"):
    """Make one."""

    matchers: tuple[str, ...]
    """As a person writes them: `rule=ssh-*`. All of them must hold."""
    until: float | None = None
    """Seconds since the epoch."""
    until_resolved: bool = False
    comment: str = ""
    on_behalf_of: str = ""
    """Who had it made, where root did it for somebody."""


class EndSilence(Struct, frozen=True, kw_only=True, tag="end", tag_field="what"):
    """End one now."""

    number: int
    on_behalf_of: str = ""


SilenceOrder: TypeAlias = NewSilence | EndSilence


def obey(
    silences: Silences,
    order: SilenceOrder,
    where: Where,
    *,
    author: str,
    burning: Iterable[Alert],
    now: Moment,
) -> Silence:
    """Do it; `where` is what the matchers say. Raises SilenceError.

    `burning` are the newest alerts of the episodes that are open; they are looked at only where the
    silence is to end with them.
    """
    match order:
        case NewSilence():
            return silences.add(
                where,
                now=now,
                author=author,
                comment=order.comment,
                until=order.until,
                until_resolved=order.until_resolved,
                burning=burning if order.until_resolved else (),
            )
        case EndSilence():
            return silences.end(order.number, now=now, author=author)
