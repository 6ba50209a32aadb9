"""When a digest goes out: `daily 08:00 Europe/Paris`, `weekly Mon 08:00`, `hourly`.

`weekly` takes days as schedules do (`Mon-Fri`, `Tue,Fri`). Without a zone it is UTC; `hourly` is at
the full hour of its zone. Local time decides: a time that the clocks skip in spring comes as much
later as they were put forward, and one that comes twice in autumn is the first of the two.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from logwatch.schedule import parse_schedule, zone_of

_REMEDY = "write daily 08:00 Europe/Paris, weekly Mon 08:00 or hourly"
_CALENDAR = re.compile(
    r"(?:(?P<hourly>hourly)|(?:daily|weekly\s+(?P<days>[A-Za-z,-]+))\s+(?P<time>\d{1,2}:\d{2}))"
    r"(?:\s+(?P<zone>[A-Za-z][\w+\-/]*))?",
    re.ASCII,
)
_HOUR = 3600


class Calendar(Struct, frozen=True):
    """Certain times of the week."""

    text: str
    days: tuple[int, ...]
    """0 is Monday."""
    minute: int | None
    """Minutes after midnight; None: every full hour."""
    zone: str

    def next_after(self, time: float) -> float:
        """The first of its times after `time`; both in seconds since the epoch."""
        local = datetime.fromtimestamp(time, zone_of(self.zone))
        if self.minute is None:
            since_hour = local.minute * 60 + local.second + local.microsecond / 1e6
            return round(time - since_hour + _HOUR)
        morning = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        hour, minute = divmod(self.minute, 60)
        for ahead in range(9):
            day = morning + timedelta(days=ahead)  # of the calendar: local time, whatever its hours
            due = day.replace(hour=hour, minute=minute).timestamp()
            if day.weekday() in self.days and due > time:
                return due
        raise AssertionError("a calendar has a time in every week")


@lru_cache(maxsize=64)
def parse_calendar(text: str) -> Calendar:
    """The calendar that `text` means. Raises ValueError with a remedy."""
    found = _CALENDAR.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not when a digest goes out; {_REMEDY}")
    days = parse_schedule(f"{found['days'] or 'Mon-Sun'} {found['zone'] or 'UTC'}").spans[0]
    if found["hourly"]:
        return Calendar(text, days.days, None, days.zone)
    hours, minutes = map(int, found["time"].split(":"))
    if hours >= 24 or minutes >= 60:
        raise ValueError(f"{found['time']!r} in {text!r} is no time of day; {_REMEDY}")
    return Calendar(text, days.days, hours * 60 + minutes, days.zone)
