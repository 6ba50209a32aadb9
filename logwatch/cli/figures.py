"""Figures as a person reads them: rounded, with a unit, never more exact than they are worth."""

from __future__ import annotations

from datetime import datetime

_STEPS = ((86_400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, ""), (1, "s", 1, ""))
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def rough(seconds: float) -> str:
    """`seconds` in its two largest units: `8s`, `14m`, `3h 5m`, `12d 4h`."""
    whole = max(0, int(seconds))
    for large, unit, small, smaller in _STEPS:
        if whole >= large:
            rest = whole % large // small if smaller else 0
            return f"{whole // large}{unit}" + (f" {rest}{smaller}" if rest else "")
    return "0s"


def size(amount: float | None) -> str:
    """Bytes: `0 B`, `12.3 KiB`, `4 GiB`; `?` where nobody knows."""
    if amount is None:
        return "?"
    power = 0
    while amount >= 1024 and power < len(_UNITS) - 1:
        amount /= 1024
        power += 1
    text = f"{amount:.0f}" if not power or amount >= 100 else f"{amount:.1f}".removesuffix(".0")
    return f"{text} {_UNITS[power]}"


def pace(per_second: float) -> str:
    """`41 lines/s`, `0.4 lines/s`, `12 lines/h`: in whichever unit it is a figure."""
    if per_second >= 0.1:
        return f"{per_second:,.0f} lines/s" if per_second >= 10 else f"{per_second:.1f} lines/s"
    for seconds, unit in ((3600, "h"), (86_400, "day")):
        if per_second * seconds >= 1:
            return f"{per_second * seconds:,.0f} lines/{unit}"
    return "less than a line/day"


def number(count: int, noun: str, plural: str = "") -> str:
    """`1 file`, `1,200 files`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def epoch(rfc3339: str) -> float:
    """Seconds since the epoch of an RFC 3339 time."""
    return datetime.fromisoformat(rfc3339).timestamp()


def ago(rfc3339: str | None, now: float) -> str:
    """How long ago that was; `-` where it never was."""
    return "-" if rfc3339 is None else f"{rough(now - epoch(rfc3339))} ago"
