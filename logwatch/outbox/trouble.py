"""When a person must hear that a sink is in trouble: pure decisions, no I/O.

A sink that has taken nothing for a minute is told of once, and once more when it is back. What it
refuses is told of with its number, an hour apart at least. All times are steady seconds.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from logwatch.outbox.policy import SinkHealth
from logwatch.units import format_duration

DOWN_SECONDS = 60.0
"""A sink that fails for so long is down."""

REJECTS_SECONDS = 3600.0
"""Between two messages about what a sink refuses."""


class News(Struct, frozen=True, kw_only=True):
    """Something that a person must hear."""

    what: Literal["sink-down", "sink-rejects"]
    status: Literal["firing", "resolved"] = "firing"
    message: str
    episode: str = ""
    """The same when it begins and when it is over; empty where it is over at once."""


class Kept(Struct, frozen=True, array_like=True):
    """What is kept of a `Trouble` over a restart."""

    told_of: float | None = None
    rejected: int = 0
    reason: str = ""
    rejects_told_at: float | None = None


class Trouble:
    """What was told of one sink, and what has still to be."""

    def __init__(self, sink: str, *, fallback: str | None = None) -> None:
        self._sink = sink
        self._then = (
            f"they went to {fallback!r}" if fallback else "logwatch alerts --dead lists them"
        )
        self._kept = Kept()
        self._told_of: float | None = None
        """Since when the failing lasted that a person heard of, None where it is over."""
        self._rejected = 0
        """Refused, and not told of yet."""
        self._reason = ""
        self._rejects_told_at: float | None = None

    def dump(self) -> Kept:
        """What to keep of it."""
        return Kept(self._told_of, self._rejected, self._reason, self._rejects_told_at)

    def restore(self, kept: Kept, now: float) -> None:
        """Go on from there."""
        self._told_of, self._rejected, self._reason = kept.told_of, kept.rejected, kept.reason
        if kept.rejects_told_at is not None:
            self._rejects_told_at = min(kept.rejects_told_at, now)

    def rejected(self, number: int, reason: str) -> None:
        """The sink will never take so many messages."""
        self._rejected += number
        self._reason = reason

    def news(self, health: SinkHealth, now: float, reason: str, waiting: int) -> list[News]:
        """What must be told now; `reason` of the last failure, and how many messages wait."""
        found = []
        since = health.failing_since
        if self._told_of is not None and self._told_of != since:
            found.append(self._back(self._told_of, now))
            self._told_of = None
        if self._told_of is None and since is not None and now - since >= DOWN_SECONDS:
            found.append(self._down(since, now, reason, waiting))
            self._told_of = since
        if self._rejected and now >= self._next_rejects():
            found.append(self._rejects())
            self._rejected = 0
            self._rejects_told_at = now
        return found

    def deadline(self, health: SinkHealth) -> float | None:
        """When there will be news, if nothing happens until then."""
        times = [self._next_rejects()] if self._rejected else []
        if self._told_of is None and health.failing_since is not None:
            times.append(health.failing_since + DOWN_SECONDS)
        return min(times) if times else None

    def _next_rejects(self) -> float:
        return 0.0 if self._rejects_told_at is None else self._rejects_told_at + REJECTS_SECONDS

    def _down(self, since: float, now: float, reason: str, waiting: int) -> News:
        messages = "1 message waits" if waiting == 1 else f"{waiting:,} messages wait"
        return News(
            what="sink-down",
            episode=f"{since:.3f}",
            message=f"sink {self._sink!r} has been failing for {_lasting(now - since)}, {messages}:"
            f" {reason}",
        )

    def _back(self, since: float, now: float) -> News:
        return News(
            what="sink-down",
            status="resolved",
            episode=f"{since:.3f}",
            message=f"sink {self._sink!r} is back after {_lasting(now - since)}",
        )

    def _rejects(self) -> News:
        messages = "1 message" if self._rejected == 1 else f"{self._rejected:,} messages"
        return News(
            what="sink-rejects",
            message=f"sink {self._sink!r} did not take {messages}, {self._then}: {self._reason}",
        )


def _lasting(seconds: float) -> str:
    return format_duration(round(seconds))
