"""How long to wait before what failed is tried again: 1 s first, twice as long each time, 60 s."""

from __future__ import annotations

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0
WELL_SECONDS = 60.0
"""What ran for so long was well: it is tried again as if it had failed for the first time."""


class BackOff:
    """The failures of one source."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._began: float | None = None
        self.again_at = 0.0
        """Steady time before which it is not tried again."""

    def began(self, now: float) -> None:
        """It works, since steady time `now`."""
        self._began = now

    def failed(self, now: float) -> float:
        """It failed at steady time `now`; seconds until it may be tried again."""
        if self._began is not None and now - self._began >= WELL_SECONDS:
            self._seconds = 0.0
        self._began = None
        self._seconds = min(LONGEST_SECONDS, max(FIRST_SECONDS, 2 * self._seconds))
        self.again_at = now + self._seconds
        return self._seconds
