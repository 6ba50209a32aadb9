"""How often something new comes to a file: learned while it is followed, kept nowhere.

A log that says nothing for much longer than it ever did is worth a hint, though nobody wrote a rule
about it. Nothing is claimed before there was something to learn from, and what a log does once an
hour is usual for it. What was read at once until the file was caught up teaches nothing, and a
restart forgets.
"""

from __future__ import annotations

from math import exp

RATE_SECONDS = 60.0
"""The lines a second are those of about so long."""
SECONDS_TO_LEARN = 120.0
TIMES_TO_LEARN = 20
SHORTEST_QUIET_SECONDS = 60.0
_FORGETTING = 0.99
"""What one time less counts than the one after it."""
_LEAST_PAUSE = 1.0
"""What comes within a second comes at once."""


class Rhythm:
    """One file's; written by its monitor alone, and read by others, who may be a line behind."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._rated_at: float | None = None
        self._heard_at: float | None = None
        self._times = 0
        self._learned = self._weight = self._pauses = self._longest = 0.0

    def heard(self, now: float, lines: int) -> None:
        """So many lines came just now (steady time)."""
        self._rate = self.lines_per_second(now) + lines / RATE_SECONDS
        self._rated_at = now
        if self._heard_at is not None:
            pause = now - self._heard_at
            if pause < _LEAST_PAUSE:
                return
            self._times += 1
            self._learned += pause
            self._weight = self._weight * _FORGETTING + 1.0
            self._pauses = self._pauses * _FORGETTING + pause
            self._longest = max(self._longest * _FORGETTING, pause)
        self._heard_at = now

    def lines_per_second(self, now: float) -> float:
        """Over the last minute or so."""
        if self._rated_at is None:
            return 0.0
        return self._rate * exp(-max(0.0, now - self._rated_at) / RATE_SECONDS)

    @property
    def usual_pause(self) -> float | None:
        """Seconds from one time to the next, as a rule; None where too little is known."""
        if self._times < TIMES_TO_LEARN or self._learned < SECONDS_TO_LEARN:
            return None
        return self._pauses / self._weight

    def is_quiet(self, now: float) -> bool:
        """Whether nothing has come for much longer than ever before."""
        usual = self.usual_pause
        if usual is None or self._heard_at is None:
            return False
        longest = max(SHORTEST_QUIET_SECONDS, 10 * usual, 3 * self._longest)
        return now - self._heard_at > longest
