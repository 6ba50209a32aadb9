"""What rules tell of what they remember, in words, for a person who asks why (`logwatch why`).

A rule is asked that was given its stored state back and is fed nothing: that changes nothing that
matters. Texts of logs stand in the words as they came; who prints them makes them harmless. Times
are local, to the second, and with the date where that is not today.
"""

from __future__ import annotations

import time
from typing import Protocol, runtime_checkable

from logwatch.rules.base import Now
from logwatch.rules.message import lasting


@runtime_checkable
class Explaining(Protocol):
    """A rule that can be asked; every kind can."""

    def key_fields(self) -> tuple[str, ...]:
        """Names of the fields whose values make up a key that can be asked about."""
        ...

    def known_keys(self) -> list[str]:
        """Every key of which something is remembered: those that burn first, then the latest."""
        ...

    def standing(self, now: Now) -> list[str]:
        """What is remembered and belongs to no key."""
        ...

    def explain(self, key: str, now: Now) -> list[str]:
        """What is remembered of `key`, the most telling first; nothing for one that is not known.

        `now` is the time as of which it is told: what `now.event` has passed is over.
        """
        ...


def on_clock(at: float, now: float) -> str:
    """`at` as a local time: `14:03:11`, on another day `Nov 21 14:03:11`, with another year's."""
    try:
        there, here = time.localtime(at), time.localtime(now)
    except (OverflowError, ValueError, OSError):  # a stamp of a year that no calendar has
        return f"{at:.0f} s after 1970"
    if there[:3] == here[:3]:
        return time.strftime("%H:%M:%S", there)
    return time.strftime("%b %d %H:%M:%S" if there[0] == here[0] else "%Y-%m-%d %H:%M:%S", there)


def ago(at: float, now: float) -> str:
    """`3m12s ago`; of what is to come, `in 12s`. Hours to the minute, days to the hour."""
    seconds = abs(now - at)
    grain = 3600 if seconds > 2 * 86_400 else 60 if seconds > 3600 else 1
    about = lasting(round(seconds / grain) * grain)
    return f"{about} ago" if now >= at else f"in {about}"


def burning_since(fired_at: float | None, severity: str, count: int, episode: str, now: Now) -> str:
    """The first thing to say of an episode that burns."""
    since = "" if fired_at is None else f" since {on_clock(fired_at, now.wall)}"
    return f"burning{since}, {severity}, {count:,} so far, episode {episode}"


def cooling_down(until: float | None, suppressed: int, at: float, now: Now) -> list[str]:
    """That no firing is told before `until`; nothing where that is over `at`, on the same clock."""
    if until is None or until <= at:
        return []
    held = f", {suppressed:,} suppressed since" if suppressed else ""
    return [f"within its cool-down until {on_clock(until, now.wall)}{held}"]


def ends_unless_more(at: float | None, now: Now) -> list[str]:
    """When a burning episode resolves."""
    return [] if at is None else [f"resolves at {on_clock(at, now.wall)} if nothing more comes"]
