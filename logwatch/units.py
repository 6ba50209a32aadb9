"""Durations, sizes and shares as people write them: `90s`, `1h30m`, `256KiB`, `1%`.

`Duration` and `Share` mark a settings field so that the configuration loader knows to read `2m` as
120.0 seconds and `1%` as 0.01.
"""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

import msgspec

Duration = Annotated[float, msgspec.Meta(extra={"unit": "duration"})]
"""Seconds; written `30s`, `5m`, `1h30m`, `7d`, `250ms` in a configuration."""

Share = Annotated[float, msgspec.Meta(extra={"unit": "share"})]
"""Part of a whole, 0.0 to 1.0; written `1%`, `0.5%` in a configuration."""


class Rate(NamedTuple):
    """So many in any stretch of time of this length; written `10/min` in a configuration."""

    messages: int
    span_seconds: float

    def __str__(self) -> str:
        """As `parse_rate` reads it."""
        unit = _UNIT_OF_SPAN.get(self.span_seconds) or format_duration(self.span_seconds)
        return f"{self.messages}/{unit}"


_DURATION_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", re.ASCII)
_RATE = re.compile(r"(\d{1,6}) ?/ ?(?:(\d[\w.]*)|(sec|min|hour|day|[a-z]))", re.ASCII)
_UNIT_OF_SPAN = {1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "d"}
_RATE_UNITS = {"sec": "s", "min": "m", "hour": "h", "day": "d"}
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%|0", re.ASCII)
_SIZE = re.compile(r"(\d+)\s*([KMGT]i?)?B?", re.ASCII)
_SIZE_BYTES: dict[str, int] = {"": 1} | {
    f"{prefix}{i}": base**power
    for power, prefix in enumerate("KMGT", start=1)
    for i, base in (("", 1000), ("i", 1024))
}


def parse_duration(text: str) -> float:
    """Seconds meant by `text` (`90s`, `1h30m`, `0`). Raises ValueError with a remedy."""
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write 30s, 5m, 1h30m or 7d")
    return sum(
        float(number) * _DURATION_SECONDS[unit] for number, unit in _DURATION_PART.findall(text)
    )


def format_duration(seconds: float) -> str:
    """The shortest spelling of `seconds` that `parse_duration` reads back (to the millisecond)."""
    milliseconds = round(seconds * 1000)
    if milliseconds == 0:
        return "0s"
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        number, milliseconds = divmod(milliseconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)


def parse_rate(text: str) -> Rate:
    """The rate meant by `text` (`10/min`, `1/s`, `3/30m`). Raises ValueError with a remedy."""
    found = _RATE.fullmatch(text.strip())
    remedy = f"{text!r} is no rate; write 10/min, 1/s, 100/h or 500/d"
    if not found or not int(found[1]):
        raise ValueError(remedy)
    try:
        span = parse_duration(found[2] or f"1{_RATE_UNITS.get(found[3], found[3])}")
    except ValueError:
        raise ValueError(remedy) from None
    if span <= 0:
        raise ValueError(remedy)
    return Rate(int(found[1]), span)


def parse_size(text: str) -> int:
    """Bytes meant by `text` (`4096`, `256KiB`, `10MB`). Raises ValueError with a remedy."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a size; write 4096, 256KiB or 10MB")
    return int(found[1]) * _SIZE_BYTES[found[2] or ""]


def parse_share(text: str) -> float:
    """The part of a whole meant by `text` (`1%`, `0`). Raises ValueError with a remedy."""
    found = _SHARE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a share; write 1% or 0.5%")
    return float(found[1] or 0) / 100
