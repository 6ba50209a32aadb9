"""How many examples hypothesis tries: enough for every day, or many more for a long campaign."""

from __future__ import annotations

import os

_TIMES = int(os.environ.get("LOGWATCH_EXAMPLES", "1"))


def examples(number: int) -> int:
    """So many of a test; with LOGWATCH_EXAMPLES=20 in the environment twenty times as many."""
    return number * _TIMES
