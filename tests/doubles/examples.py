"""How many examples hypothesis tries: enough for every day, or many more for a long campaign."""

from __future__ import annotations

import os

_TIMES = float(os.environ.get("LOGWATCH_EXAMPLES", "0.5"))


def examples(number: int) -> int:
    """So many of a test, and half as many every day, which draws others each time.

    With LOGWATCH_EXAMPLES=20 in the environment twenty times as many.
    """
    return max(1, round(number * _TIMES))
