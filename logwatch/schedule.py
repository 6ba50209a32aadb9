"""Hours of the week: `Mon-Fri 08:00-18:00 Europe/Paris`, `Tue 02:00-04:00`, `Sat,Sun`.

A schedule is a list of such spans, separated by `;`, in one time zone each (UTC where none is
named). A span without days holds on every day; one without hours holds all day. It begins with its
first minute and ends before its last one; hours that end before they begin run past midnight, and
belong to the day on which they begin. Local time decides: a day on which the clock is put forward
or back has the hours that the wall clock shows.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_SPAN = (
    r"(?:(?P<days>[A-Za-z]{3}(?:-[A-Za-z]{3})?(?:,[A-Za-z]{3}(?:-[A-Za-z]{3})?)*)(?:\s+|$))?"
    r"(?:(?P<begin>\d{1,2}:\d{2})-(?P<end>\d{1,2}:\d{2})(?:\s+|$))?"
    r"(?P<zone>[A-Za-z][\w+\-/]*)?"
)
_EXAMPLE = "write Mon-Fri 08:00-18:00 Europe/Paris"
_DAY_MINUTES = 24 * 60
_LOOK_AHEAD_SECONDS = 15 * 86_400
"""A week, and another for hours that a change of the clock leaves out."""


class Span(Struct, frozen=True):
    """Some days, some hours of them, in one zone."""

    days: tuple[int, ...]
    """0 is Monday."""
    begin: int
    """Minutes after midnight."""
    end: int
    """Minutes after midnight; not after `begin`: on the next day."""
    zone: str

    def certain_seconds(self, time: float) -> float:
        """For how long from the full minute `time` on nothing can begin or end: a minute at least.

        Days and hours begin and end at their own times of day; where the clock is put forward or
        back within that, each minute must be looked at.
        """
        zone = zone_of(self.zone)
        local = datetime.fromtimestamp(time, zone)
        minute = local.hour * 60 + local.minute
        ahead = min((edge - minute - 1) % _DAY_MINUTES + 1 for edge in (self.begin, self.end, 0))
        later = datetime.fromtimestamp(time + ahead * 60, zone)
        return 60.0 * (ahead if local.utcoffset() == later.utcoffset() else 1)

    def covers(self, time: float) -> bool:
        """Whether `time`, in seconds since the epoch, lies in it."""
        local = datetime.fromtimestamp(time, zone_of(self.zone))
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        if day in self.days and minute >= self.begin:
            return True
        return (day - 1) % 7 in self.days and minute < self.end


class Schedule(Struct, frozen=True):
    """Spans of the week; `text` is how they were written."""

    text: str
    spans: tuple[Span, ...]

    def covers(self, time: float) -> bool:
        """Whether `time`, in seconds since the epoch, lies in any of its spans."""
        return any(span.covers(time) for span in self.spans)

    def next_change(self, time: float) -> float | None:
        """When `covers` is next another than at `time`, to the minute; None if it never is."""
        now = self.covers(time)
        at = time - time % 60
        while at < time + _LOOK_AHEAD_SECONDS:
            certain = (span.certain_seconds(at) for span in self.spans)
            at += min(certain, default=_LOOK_AHEAD_SECONDS)
            if self.covers(at) != now:
                return at
        return None


def parse_schedule(text: str) -> Schedule:
    """The schedule that `text` means. Raises ValueError with a remedy."""
    return Schedule(text, tuple(_span(part.strip()) for part in text.split(";")))


def _span(text: str) -> Span:
    found = re.fullmatch(_SPAN, text)
    if not text or not found or not (found["days"] or found["begin"]):
        raise ValueError(f"{text!r} is no span of the week; {_EXAMPLE}")
    zone = found["zone"] or "UTC"
    try:
        zone_of(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{zone!r} is no time zone; write Europe/Paris or UTC") from None
    begin, end = (_minutes(found[name], text) for name in ("begin", "end"))
    if found["begin"] == "24:00":
        raise ValueError(f"{text!r} begins at the end of the day; write 00:00 and the day after")
    if found["begin"] and begin == end and found["end"] != "24:00":
        raise ValueError(f"{text!r} begins when it ends; leave the hours out for all day")
    return Span(_days(found["days"], text), begin, end, zone)


def _minutes(text: str | None, whole: str) -> int:
    if text is None:
        return 0
    hours, minutes = map(int, text.split(":"))
    if minutes >= 60 or hours * 60 + minutes > _DAY_MINUTES:
        raise ValueError(f"{text!r} in {whole!r} is no time of day; write 08:00")
    return (hours * 60 + minutes) % _DAY_MINUTES


def _days(text: str | None, whole: str) -> tuple[int, ...]:
    if text is None:
        return tuple(range(7))
    days: set[int] = set()
    for part in text.split(","):
        names = [name.capitalize() for name in part.split("-")]
        for name in names:
            if name not in DAYS:
                raise ValueError(f"{name!r} in {whole!r} is no day; write Mon, Tue, Wed ...")
        first, last = DAYS.index(names[0]), DAYS.index(names[-1])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return tuple(sorted(days))


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises KeyError, OSError or ValueError where there is none."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - it looks for its data on the disk

    return ZoneInfo(name)
