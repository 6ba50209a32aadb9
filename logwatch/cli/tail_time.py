"""`--since --until`: the part of the past that is shown."""

from __future__ import annotations

from typing import NamedTuple

from logwatch.clock import Clock


class TimeSpan(NamedTuple):
    """Both ends are in it; seconds since the epoch."""

    since: float | None = None
    until: float | None = None

    def holds(self, time: float) -> bool:
        """Whether something at `time` is in it."""
        if self.since is not None and time < self.since:
            return False
        return self.until is None or time <= self.until

    @property
    def is_all(self) -> bool:
        """Whether everything is in it."""
        return self == (None, None)


def span_of(since: str | None, until: str | None, clock: Clock) -> TimeSpan:
    """What the flags mean. Raises UsageError."""
    if since is None and until is None:
        return TimeSpan()
    from logwatch.cli.when import moment  # noqa: PLC0415 - only where it is asked for

    return TimeSpan(
        None if since is None else moment(since, clock),
        None if until is None else moment(until, clock),
    )
