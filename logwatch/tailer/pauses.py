"""How long to wait between two tries of what fails: longer each time, a minute at most."""

from __future__ import annotations

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0


def longer(seconds: float) -> float:
    """The pause after one of so many seconds; the first one after 0."""
    return min(seconds * 2 or FIRST_SECONDS, LONGEST_SECONDS)
