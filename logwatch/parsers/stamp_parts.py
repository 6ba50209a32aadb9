"""From the parts of a stamp to seconds since the epoch, by the clock contract (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

DAY_SECONDS = 86400.0
MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
SECONDS = {f"{second:02}": float(second) for second in range(61)}  # 60: a leap second
_FIRST_OF_LAST_CENTURY = 69
"""A year of two digits from this one on is of the last century, as POSIX has it."""


def seconds_of(parts: Mapping[str, str | None], tz: tzinfo, now: float) -> float | None:
    """What the parts of a stamp mean, each under the letter of its directive in `strptime`.

    A stamp needs a date and a time of day, or `s`, seconds since the epoch. Without a year it is
    of the latest possible one; without a zone (`z`, or its name, `Z`) it is in `tz`.
    """
    digits = parts.get("f")
    fraction = float(f"0.{digits}") if digits else 0.0
    if (epoch := parts.get("s")) is not None:
        return int(epoch) + fraction
    zone = parts.get("z") or parts.get("Z")
    zoned = None if zone is None else zone_named(zone.strip())
    if zoned is not None:
        tz = zoned
    clock = _hour(parts), int(parts["M"] or 0)
    date, year = _date(parts), _year(parts)
    if year is None:
        start = latest_year(date, clock, now, tz)
    else:
        start = epoch_of(tz, (year, *date), clock)
    return None if start is None else start + int(parts.get("S") or 0) + fraction


def _date(parts: Mapping[str, str | None]) -> tuple[int, int]:
    name = parts.get("b")
    month = MONTHS.get(name[:3].title(), 0) if name else int(parts["m"] or 0)
    return month, int(parts["d"] or 0)


def _year(parts: Mapping[str, str | None]) -> int | None:
    if (year := parts.get("Y")) is not None:
        return int(year)
    if (short := parts.get("y")) is None:
        return None
    return int(short) + (1900 if int(short) >= _FIRST_OF_LAST_CENTURY else 2000)


def _hour(parts: Mapping[str, str | None]) -> int:
    half = parts.get("p")
    if half is None:
        return int(parts["H"] or 0)
    return int(parts.get("I") or parts.get("H") or 0) % 12 + (12 if half.upper() == "PM" else 0)


def epoch_of(tz: tzinfo, date: tuple[int, int, int], clock: tuple[int, int]) -> float | None:
    """The start of a minute given as (year, month, day), (hour, minute); None if there is none."""
    try:
        return datetime(*date, *clock, tzinfo=tz).timestamp()
    except (ValueError, OverflowError):
        return None


def latest_year(
    date: tuple[int, int], clock: tuple[int, int], now: float, tz: tzinfo
) -> float | None:
    """The latest such minute at most a day ahead of `now`; Feb 29 may be 8 years ago."""
    ahead = _epoch_to_year(now + 2 * DAY_SECONDS)
    for year in range(ahead, ahead - 9, -1):
        start = epoch_of(tz, (year, *date), clock)
        if start is not None and start <= now + DAY_SECONDS:
            return start
    return None


def _epoch_to_year(seconds: float) -> int:
    try:
        return datetime.fromtimestamp(seconds, UTC).year
    except (ValueError, OverflowError, OSError):
        return 1970


def offset_seconds(zone: str) -> float:
    """`+01:00`, `-0100`, `+01`, or a name of UTC."""
    if zone[0] not in "+-":
        return 0.0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600.0 + int(digits[2:] or 0) * 60.0
    return -seconds if zone[0] == "-" else seconds


@lru_cache(maxsize=64)
def zone_named(zone: str) -> tzinfo | None:
    """The zone of an offset, of a name of UTC, or of IANA's name with a slash in it.

    None for another name, which is not unique.
    """
    if zone[:1] in ("+", "-"):
        return timezone(timedelta(seconds=offset_seconds(zone)))
    if zone.upper() in ("Z", "UTC", "GMT"):
        return UTC
    if "/" not in zone:
        return None
    from logwatch.schedule import zone_of  # noqa: PLC0415 - it looks for its data on the disk

    try:
        return zone_of(zone)
    except (KeyError, OSError, ValueError):
        return None
