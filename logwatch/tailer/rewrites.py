"""A file that is written in place again and again, which is told once."""

from __future__ import annotations

from logwatch import telemetry

_REWRITES = 3
_HABIT = 600.0
"""Seconds within which so many rewrites make a file that is not only appended to."""


class Rewrites:
    """How often the file under one path was found rewritten and read anew."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._times: tuple[float, ...] = ()
        self.is_habit = False
        """Whether it is no log but a file that is written in place."""

    def note(self, now: float) -> None:
        """It was, at steady time `now`."""
        self._times = (*self._times, now)[-_REWRITES:]
        is_often = len(self._times) == _REWRITES and now - self._times[0] < _HABIT
        if is_often and not self.is_habit:
            self.is_habit = True
            telemetry.warning("tailer.not_append_only", path=self._path)
