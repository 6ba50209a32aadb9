"""Times on the command line: how long ago, or a date."""

from __future__ import annotations

import re
from datetime import datetime, time

from logwatch.clock import Clock
from logwatch.errors import UsageError
from logwatch.units import parse_duration

_TIME_OF_DAY = re.compile(r"\d\d:\d\d(?::\d\d)?")


def moment(text: str, clock: Clock) -> float:
    """Seconds since the epoch of `2h` (ago), `14:00` (today) or `2026-01-05T14:00`.

    Times are local, unless they say a zone. Raises UsageError.
    """
    try:
        return clock.wall() - parse_duration(text)
    except ValueError:
        pass
    try:
        if _TIME_OF_DAY.fullmatch(text):
            today = datetime.fromtimestamp(clock.wall()).astimezone().date()
            return datetime.combine(today, time.fromisoformat(text)).astimezone().timestamp()
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{text!r} is no time; write 2h for two hours ago, 14:00, or 2026-01-05T14:00"
        ) from None
