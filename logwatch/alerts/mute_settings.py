"""What `mutes:` and `inhibit:` say, and when a mute is in force.

A mute may hold in hours of the week (`every`), from a time on, until a time, or all of that at
once: it is in force where all that it names holds. These are dates: wall time decides.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from logwatch.conditions import Where
from logwatch.schedule import Schedule

Then: TypeAlias = Literal["drop", "hold", "summarise"]
"""What becomes of muted alerts once the mute is over."""


class MuteSettings(Struct, frozen=True, kw_only=True):
    """One entry of `mutes:`."""

    name: str
    condition: Where = ()
    """All of these must hold; none: every alert."""
    every: Schedule | None = None
    begin: float | None = None
    """Seconds since the epoch."""
    end: float | None = None
    """Seconds since the epoch."""
    then: Then = "hold"
    defined_at: str = ""

    def covers(self, time: float) -> bool:
        """Whether it is in force at `time`, in seconds since the epoch."""
        if self.begin is not None and time < self.begin:
            return False
        if self.end is not None and time >= self.end:
            return False
        return self.every is None or self.every.covers(time)

    def next_change(self, time: float) -> float | None:
        """When `covers` is next another than at `time`; None if it is not within a week or so."""
        if self.end is not None and time >= self.end:
            return None
        if self.begin is not None and time < self.begin:
            return self.begin if self.covers(self.begin) else self.next_change(self.begin)
        change = None if self.every is None else self.every.next_change(time)
        if self.end is None or (change is not None and change < self.end):
            return change
        return self.end if self.covers(time) else None


class InhibitSettings(Struct, frozen=True, kw_only=True):
    """One entry of `inhibit:`."""

    source: Where
    """What must burn: `while`."""
    target: Where
    """What is not told meanwhile: `mute`."""
    same: tuple[str, ...] = ()
    """Fields that both must have, with equal values."""
    defined_at: str = ""
