"""Two clocks, never confused: one for intervals that never steps, one for the date.

`steady()` counts seconds through suspend (CLOCK_BOOTTIME), anchored at the wall time of the
process start, so that a stored deadline still means something after a restart. Cool-downs,
back-offs and reminders use it. `wall()` is the machine's idea of the date: it is shown to people
and compared with the timestamps of log lines, which come from the same clock.
"""

from __future__ import annotations

import time
from typing import NamedTuple, Protocol


class Moment(NamedTuple):
    """One reading of both clocks, in seconds since the epoch."""

    steady: float
    wall: float


class Clock(Protocol):
    """Where time comes from; an argument, never a global."""

    def steady(self) -> float:
        """Seconds since the epoch that never jump; for intervals."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch as the machine believes now; for dates and log timestamps."""
        ...

    def moment(self) -> Moment:
        """Both at once."""
        ...


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        self._anchor = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    def steady(self) -> float:
        """See `Clock.steady`."""
        return self._anchor + time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall(self) -> float:
        """See `Clock.wall`."""
        return time.time()

    def moment(self) -> Moment:
        """See `Clock.moment`."""
        return Moment(self.steady(), self.wall())


def thread_seconds() -> float:
    """CPU seconds that the calling thread has used, however busy the machine is with others."""
    return time.thread_time()


class ManualClock:
    """Time that stands still until a test, or a replay, moves it."""

    def __init__(self, start: float = 1_767_571_200.0) -> None:  # 2026-01-05T00:00:00Z
        self._steady = start
        self._wall = start

    def steady(self) -> float:
        """See `Clock.steady`."""
        return self._steady

    def wall(self) -> float:
        """See `Clock.wall`."""
        return self._wall

    def moment(self) -> Moment:
        """See `Clock.moment`."""
        return Moment(self._steady, self._wall)

    def advance(self, seconds: float) -> None:
        """Let both clocks run on by `seconds`."""
        self._steady += seconds
        self._wall += seconds

    def step_wall(self, seconds: float) -> None:
        """Set the date forwards or back, as NTP or an administrator would."""
        self._wall += seconds
