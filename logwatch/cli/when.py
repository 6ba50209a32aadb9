"""Times on the command line: how long ago, or a date."""

from __future__ import annotations

from datetime import datetime

from logwatch.clock import Clock
from logwatch.errors import UsageError
from logwatch.units import parse_duration


def moment(text: str, clock: Clock) -> float:
    """Seconds since the epoch of `2h` (ago) or `2026-01-05T14:00` (local, unless it says a zone).

    Raises UsageError.
    """
    try:
        return clock.wall() - parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{text!r} is no time; write 2h for two hours ago, or 2026-01-05T14:00"
        ) from None
