"""`logfmt`: `level=error msg="could not connect" retry` as go-logfmt reads it.

A key ends at `=`, a blank or a quote. A value is quoted with `"` (escapes as in JSON), quoted with
`'` (no escapes), or runs to the next blank; a key without `=` is `true`, one without a value is
empty. go-logfmt refuses `=` and quotes inside a bare value (`url=/a?b=c`); here they belong to it.
Reading stops at the first thing that is no pair, and after the 200th; what came before counts.
"""

from __future__ import annotations

import re

import msgspec

from logwatch.parsers.base import Parsed, ParserSettings
from logwatch.parsers.timestamps import StampReader

TIME_FIELDS = ("time", "ts", "timestamp", "@timestamp", "date", "datetime", "eventTime", "t")
"""Tried in this order where the source names no field."""

_MAX_FIELDS = 200
_PAIR = re.compile(
    r"""[\x00-\x20]*([^\x00-\x20="']+)"""
    r"""(=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|'([^']*)'|([^\x00-\x20"'][^\x00-\x20]*)|(?=[\x00-\x20]|\Z)))?""",
    re.DOTALL,
).match
_decode_text = msgspec.json.Decoder(str).decode


class LogfmtParser:
    """See the module."""

    def __init__(self, settings: ParserSettings) -> None:
        self._stamps = StampReader(settings.tz)
        self._time_fields = (settings.time_field,) if settings.time_field else TIME_FIELDS

    def parse(self, text: str, now: float) -> Parsed:
        """See `Parser.parse`."""
        fields = _pairs(text)
        for name in self._time_fields:
            if (value := fields.get(name)) is not None:
                time = self._stamps.value(value, now)
                if time is not None:
                    return Parsed(time, fields)
        return Parsed(None, fields)

    def time(self, text: str, now: float) -> float | None:
        """See `Parser.time`."""
        return self.parse(text, now).time


def _pairs(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    at, end = 0, len(text)
    for _ in range(_MAX_FIELDS):
        pair = _PAIR(text, at)
        if pair is None:
            break
        key, assigned, quoted, literal, bare = pair.groups()
        at = pair.end()
        if assigned is None:
            if at < end and text[at] > " ":
                break
            fields[key] = "true"
        elif quoted is None:
            fields[key] = literal or bare or ""
        elif (value := _unescape(quoted)) is not None:
            fields[key] = value
        else:
            break
    return fields


def _unescape(text: str) -> str | None:
    """The text that the inside of a quoted value means; None for a wrong escape."""
    if "\\" not in text:
        return text
    # Control characters may stand in a quoted value as they are; JSON wants them escaped.
    try:
        return _decode_text('"' + _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"')
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


_CONTROL = re.compile(r"[\x00-\x1f]")
