"""Times as alerts write them: RFC 3339 in UTC with milliseconds."""

from __future__ import annotations

import time
from datetime import datetime
from functools import lru_cache


@lru_cache(maxsize=256)
def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(whole))


@lru_cache(maxsize=1024)  # the records of one block often share one time
def rfc3339(seconds: float) -> str:
    """`seconds` since the epoch as RFC 3339 in UTC with milliseconds."""
    whole, milliseconds = divmod(int(seconds * 1000 + 0.5), 1000)
    return f"{_second(whole)}{milliseconds:03d}Z"


def seconds_of(stamp: str) -> float:
    """Seconds since the epoch that `stamp`, of RFC 3339, means. Raises ValueError."""
    return datetime.fromisoformat(stamp).timestamp()
