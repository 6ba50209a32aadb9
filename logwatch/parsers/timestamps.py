"""Stamps as logs write them, to seconds since the epoch.

A reader never raises: text that is no stamp is None. Where a stamp names no zone, the source's
zone counts. At the end of summer time a local time occurs twice, and the first is taken
(event_time.py takes the second where that must be meant); a time that the spring gap skipped is
moved forward by the gap, as zoneinfo does with `fold=0`. Names of zones other than UTC are not
unique and are passed over: the source's zone counts. A BSD syslog stamp has no year: it is the
latest year that puts it at most a day ahead of `now`.

Lines share their minute with others, but hits that are far apart in a log share it with one some
way back: each form remembers some thousands of minutes, as they are written, and only the rest of
such a stamp is looked at. Readers may be shared between threads.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, TypeVar

from logwatch.parsers.stamp_parts import (
    DAY_SECONDS,
    MONTHS,
    SECONDS,
    epoch_of,
    latest_year,
    offset_seconds,
)

if TYPE_CHECKING:
    from logwatch.parsers.base import ParserSettings

_SAME_YEAR_SECONDS = 363 * DAY_SECONDS
"""For so long after a stamp its year stays the latest possible one, whatever the leap days."""

_ISO_MINUTE = re.compile(
    r"[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}[Tt ][ 0-9][0-9]:[0-9]{2}",
).match
_ISO_REST = re.compile(  # of the stamp, behind its minute
    r":([0-5][0-9]|60)(?![0-9])(?:[.,]([0-9]+))?"
    r"( ?(?:[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?(?![0-9:]))| (?:UTC|GMT)\b)?"
).match
_ISO_MINUTE_LENGTH = 16
_CLF = re.compile(
    r"([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}):([0-5][0-9]|60)"
    r" ([+-](?:[01][0-9]|2[0-3])[0-5][0-9])(?![0-9])"
).match
_CTIME = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ 0-9][0-9]) ([0-9]{2}:[0-9]{2}):([0-5][0-9]|60)"
    r"(\.[0-9]+)? ([0-9]{4})(?![0-9])"
).match
_FRACTION = re.compile(r"[.,][0-9]+").match
_NUMBER = re.compile(r"[0-9]{9,20}(?:\.[0-9]{0,20})?").fullmatch

_POINTS = (".", ",")
_DATE_SEPARATORS = ("-", "/", ".")
_OTHERS = (
    r"[0-9]{1,2}[-/ ][A-Z][a-z]{2}[-/ ]|[0-9]{1,7}:[A-Z] [0-9]|[A-Z][a-z]{2}, [0-9]"
    r"|[A-Z][a-z]{2}  ?[0-9]{1,2},? [0-9]|[IWEF][0-9]{4} [0-9]|20[0-9]{6}[-T_ ]"
    r"|[12][0-9]{9}[].]|@4000000|(?:type|node)=|audit\("
)
"""How the stamps in other_stamps.py begin; whatever does not is passed over at little cost."""
_MAY_BE_OTHER = re.compile(_OTHERS).match
MAY_LEAD = re.compile(
    rb"\[?(?:[A-Z][a-z]{2} |[0-9]{4}[-/.]|[0-9]{2}/|" + _OTHERS.encode() + rb")"
).match
"""Whether `StampReader.leading` may find a stamp in the text that begins at a place in some bytes;
costs a tenth of asking it."""
_Minute = TypeVar("_Minute")
_Known = TypeVar("_Known")

_MOST_MINUTES = 4096
"""Minutes that a form remembers; then it begins anew."""
_MOST_ZONES = 8
"""Zones of one minute that are remembered."""


def stamp_reader(settings: ParserSettings) -> StampReader:
    """What reads the stamps of a source."""
    if not settings.time_format:
        return StampReader(settings.tz)
    from logwatch.parsers.time_formats import FormattedStamps  # noqa: PLC0415 - of few sources

    return FormattedStamps(settings.tz, settings.time_format, settings.source)


class StampReader:
    """Reads the stamps of one source, whose zone is `tz` where a stamp names none."""

    def __init__(self, tz: tzinfo) -> None:
        self._tz = tz
        self._iso_minutes: dict[str, dict[str | None, float]] = {}
        """Minute as it is written -> zone as it is written -> its start."""
        self._clf_minutes: dict[tuple[str, str], float] = {}
        self._bsd_minutes: dict[str, float] = {}
        self._latest_bsd = "", math.nan, 0.0
        """The last stamp with the character behind it, `now`, and what it meant: where each line is
        a hit many have the same."""

    def iso(self, text: str, at: int = 0) -> float | None:
        """The RFC 3339 or ISO 8601 stamp that begins at character `at`.

        Also with a space for `T`, a comma for the dot, `/` or `.` for `-`, any offset or none.
        """
        return self.iso_with_end(text, at)[0]

    def iso_with_end(self, text: str, at: int = 0) -> tuple[float | None, int]:
        """As `iso`, and where the stamp ends: at `at` where there is none."""
        minute = text[at : at + _ISO_MINUTE_LENGTH]
        zones = self._iso_minutes.get(minute)
        if zones is None and not _ISO_MINUTE(minute):
            return None, at
        rest = _ISO_REST(text, at + _ISO_MINUTE_LENGTH)
        if rest is None:
            return None, at
        second, digits, zone = rest.groups()
        start = zones.get(zone) if zones else None
        if start is None:
            start = self._new_iso_minute(minute, zone)
            if start is None:
                return None, rest.end()
        time = start + SECONDS[second]
        return time if digits is None else time + float("0." + digits), rest.end()

    def _new_iso_minute(self, minute: str, zone: str | None) -> float | None:
        """The start of a minute that is not known in this zone."""
        start = self._iso_minute(minute, zone)
        if start is not None:
            zones = self._iso_minutes.get(minute, {})
            if len(zones) >= _MOST_ZONES:
                zones = {}
            zones[zone] = start
            _remember(self._iso_minutes, minute, zones)
        return start

    def clf(self, text: str, at: int = 0) -> float | None:
        """The stamp of the common log format, `05/Jan/2026:01:00:00 +0100`, at `at`."""
        # Each part stands at its place; of what is behind the zone the pattern says whether it may.
        known = self._clf_minutes.get((text[at : at + 18], text[at + 20 : at + 26]))
        if known is not None and not text[at + 26 : at + 27].isdigit():
            seconds = SECONDS.get(text[at + 18 : at + 20])
            if seconds is not None:
                return known + seconds
        found = _CLF(text, at)
        return None if found is None else self._new_clf(*found.groups())

    def _new_clf(self, minute: str, second: str, zone: str) -> float | None:
        """As `clf`, for a minute that is not known."""
        day, month, rest = minute.split("/")
        year, hour, minutes = rest.split(":")
        date = (int(year), MONTHS.get(month, 0), int(day))
        start = epoch_of(UTC, date, (int(hour), int(minutes)))
        if start is None:
            return None
        start -= offset_seconds(zone)
        _remember(self._clf_minutes, (f"{minute}:", f" {zone}"), start)
        return start + SECONDS[second]

    def bsd(self, text: str, now: float, at: int = 0) -> float | None:
        """The RFC 3164 stamp `Jan  5 01:00:00`, perhaps with a fraction, at `at`.

        `now` (wall seconds) tells the year.
        """
        head, asked_at, time = self._latest_bsd
        if text[at : at + 16] == head and now == asked_at:
            return time
        minute = text[at : at + 13]
        second = SECONDS.get(text[at + 13 : at + 15])
        if second is None:
            return None
        start = self._bsd_minutes.get(minute)
        if start is None or not start - DAY_SECONDS <= now < start + _SAME_YEAR_SECONDS:
            start = self._bsd_minute(minute, now)
            if start is None:
                return None
            _remember(self._bsd_minutes, minute, start)
        if text[at + 15 : at + 16] not in _POINTS:
            self._latest_bsd = text[at : at + 16], now, start + second
            return start + second
        return start + second + self._bsd_fraction(text, at + 15)

    def ctime(self, text: str, at: int = 0) -> float | None:
        """The stamp of Apache's error log, `Mon Jan 05 01:00:00.123456 2026`, at `at`."""
        found = _CTIME(text, at)
        if found is None:
            return None
        month, day, clock, second, fraction, year = found.groups()
        hour, minutes = clock.split(":")
        date = (int(year), MONTHS.get(month, 0), int(day))
        start = epoch_of(self._tz, date, (int(hour), int(minutes)))
        if start is None:
            return None
        return start + SECONDS[second] + (_fraction(fraction) if fraction else 0.0)

    def leading(self, text: str, now: float) -> float | None:
        """The stamp that `text` begins with, after `[` if there is one, in any textual form."""
        at = 1 if text[:1] == "[" else 0
        # The first character that is neither digit nor letter tells which form it can be.
        if text[at + 3 : at + 4] == " ":
            time = self.bsd(text, now, at)
            if time is None:
                time = self.ctime(text, at)
        elif text[at + 4 : at + 5] in _DATE_SEPARATORS:
            time = self.iso(text, at)
        else:
            time = self.clf(text, at) if text[at + 2 : at + 3] == "/" else None
        if time is None and _MAY_BE_OTHER(text, at):
            from logwatch.parsers.other_stamps import other_stamp  # noqa: PLC0415 - in few logs

            return other_stamp(text, at, self._tz, now)
        return time

    def value(self, text: str, now: float) -> float | None:
        """The time that a field's whole value means: any stamp, or a number since the epoch."""
        if text[4:5] == "-":  # nearly always
            time = self.iso(text)
            if time is not None:
                return time
        if _NUMBER(text):
            return epoch_number(float(text))
        return self.leading(text.strip(), now)

    def _iso_minute(self, minute: str, zone: str | None) -> float | None:
        start = epoch_of(
            self._tz if zone is None else UTC,
            (int(minute[:4]), int(minute[5:7]), int(minute[8:10])),
            (int(minute[11:13]), int(minute[14:16])),
        )
        if start is None or zone is None:
            return start
        return start - offset_seconds(zone.strip())

    def _bsd_minute(self, minute: str, now: float) -> float | None:
        if len(minute) != 13 or not (
            minute[3] == minute[6] == " " and minute[9] == minute[12] == ":"
        ):
            return None
        month, day = MONTHS.get(minute[:3]), minute[4:6].lstrip()
        numbers = day + minute[7:9] + minute[10:12]
        if month is None or not (numbers.isdecimal() and numbers.isascii()):
            return None
        clock = int(minute[7:9]), int(minute[10:12])
        return latest_year((month, int(day)), clock, now, self._tz)

    @staticmethod
    def _bsd_fraction(text: str, at: int) -> float:
        found = _FRACTION(text, at)
        return _fraction(found[0]) if found else 0.0


def _remember(minutes: dict[_Minute, _Known], minute: _Minute, known: _Known) -> None:
    if len(minutes) >= _MOST_MINUTES:
        minutes.clear()
    minutes[minute] = known


def end_of_iso(text: str, at: int = 0) -> int:
    """Where the stamp that `StampReader.iso` reads at `at` ends; `at` if there is none."""
    found = _ISO_REST(text, at + _ISO_MINUTE_LENGTH) if _ISO_MINUTE(text, at) else None
    return found.end() if found else at


def end_of_bsd(text: str, at: int = 0) -> int:
    """Where the stamp that `StampReader.bsd` reads at `at` ends, its fraction included."""
    found = _FRACTION(text, at + 15)
    return found.end() if found else at + 15


def epoch_number(number: float) -> float | None:
    """Seconds since the epoch, from a number of seconds, milli-, micro- or nanoseconds.

    The unit is told by the magnitude: seconds up to the year 5138, and so on by factors of 1000.
    A number below 100,000,000 (March 1973) is no time.
    """
    if not 1e8 <= number < 1e20:
        return None
    for unit in (1.0, 1e3, 1e6):
        if number < 1e11 * unit:
            return number / unit
    return number / 1e9


def _fraction(text: str) -> float:
    return float("0." + text[1:])
