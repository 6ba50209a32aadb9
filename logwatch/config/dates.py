"""Dates and times with their zone, as `2026-01-05T01:00:00Z` or `2026-01-05 02:00 Europe/Paris`."""

from __future__ import annotations

from datetime import datetime

from logwatch.config.problems import shown
from logwatch.schedule import zone_of

EXAMPLE_TIME = "write 2026-01-05T01:00:00Z"


def date_time(text: str) -> float:
    """Seconds since the epoch of what `text` means. Raises ValueError with a remedy.

    Without a zone it could be any hour of the day. A local time that comes twice, in autumn, is the
    first of the two.
    """
    written, _, zone = text.strip().rpartition(" ")
    if zone[:1].isalpha() and len(zone) > 1:
        try:
            return _local(written, text).replace(tzinfo=zone_of(zone)).timestamp()
        except (KeyError, OSError, ValueError) as error:
            if "; write" in str(error):
                raise
            raise ValueError(
                f"{shown(zone)} is no time zone; write 2026-01-05 02:00 Europe/Paris"
            ) from None
    moment = _local(text.strip(), text)
    if moment.tzinfo is None:
        raise ValueError(f"{shown(text)} names no zone; {EXAMPLE_TIME}")
    return moment.timestamp()


def _local(written: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{shown(text)} is no time; {EXAMPLE_TIME}") from None
