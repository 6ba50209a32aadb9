"""`logfmt`: `level=error msg="could not connect" retry` as go-logfmt reads it.

A key ends at `=`, a blank or a quote. A value is quoted with `"` (escapes as in JSON), quoted with
`'` (no escapes), or runs to the next blank; a key without `=` is `true`, one without a value is
empty. go-logfmt refuses `=` and quotes inside a bare value (`url=/a?b=c`); here they belong to it.
Reading stops at the first thing that is no pair, and after the 200th; what came before counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import msgspec

from logwatch.conditions import Predicate
from logwatch.parsers.base import MayLead, Parsed, ParserSettings
from logwatch.parsers.json_lines import NUMBERS, decoded, escapes, quoted
from logwatch.parsers.needles import Writing
from logwatch.parsers.timestamps import stamp_reader

TIME_FIELDS = ("time", "ts", "timestamp", "@timestamp", "date", "datetime", "eventTime", "t")
"""Tried in this order where the source names no field."""

_MAX_FIELDS = 200
_PAIRS = re.compile(
    r"""[\x00-\x20]*([^\x00-\x20="']+)"""
    r"""(?:(=)(?:"([^"\\]*(?:\\.[^"\\]*)*)"|'([^']*)'|([^\x00-\x20"'][^\x00-\x20]*)|(?![^\x00-\x20]))"""
    r"""|(?![^\x00-\x20]))"""
    r"""|(.)""",
    re.DOTALL,
)
"""Key, `=`, and the value in double quotes, in single ones or in none; or what is no pair."""
_USUAL_LENGTH = 4096
"""Longer lines are read pair by pair, for they may hold any number."""
_decode_text = msgspec.json.Decoder(str).decode

_END = r"(?![^\x00-\x20])"


class _Writing(NamedTuple):
    """How a value is written: in double quotes with the escapes of JSON, or as it is."""

    key: str
    """A pattern."""

    def whole(self, text: str) -> str:
        plain, inside = re.escape(text), quoted(text)
        if plain == inside:
            return rf"""{self.key}=(?:["']{plain}["']|{plain}{_END})"""
        return f"""{self.key}=(?:"{inside}"|'{plain}'|{plain}{_END})"""

    def begins(self, text: str) -> str:
        plain, inside = re.escape(text), quoted(text)
        if plain == inside:
            return rf"""{self.key}=["']?{plain}"""
        return f"""{self.key}=(?:"{inside}|'?{plain})"""

    def holds(self, text: str) -> str:
        plain, inside = re.escape(text), quoted(text)
        return plain if plain == inside else f"{plain}|{inside}"

    def number(self, bare: str, quoted: str) -> str:
        return f"""{self.key}=(?:{bare}|["']{quoted})"""

    def present(self) -> str | None:
        return self.key

    def hidden(self, texts: Iterable[str]) -> tuple[str, ...]:
        return escapes("".join((*texts, NUMBERS)))

    def implied(self) -> tuple[str, str] | None:
        return "true", f"{self.key}{_END}"


def writing(field: str) -> Writing:
    """How a line has `field`."""
    return _Writing(re.escape(field))


class LogfmtParser:
    """See the module."""

    may_lead: MayLead | None = None

    def __init__(self, settings: ParserSettings) -> None:
        self._stamps = stamp_reader(settings)
        self._time_fields = (settings.time_field,) if settings.time_field else TIME_FIELDS

    def parse(self, text: str, now: float) -> Parsed:
        """See `Parser.parse`."""
        fields = _pairs(text)
        return Parsed(self._time_of(text, fields, now), fields)

    def select(self, text: str, now: float, wanted: Predicate) -> Parsed | None:
        """See `Parser.select`."""
        fields = _pairs(text)
        return Parsed(self._time_of(text, fields, now), fields) if wanted(fields) else None

    def time(self, text: str, now: float) -> float | None:
        """See `Parser.time`."""
        return self._time_of(text, _pairs(text), now)

    def _time_of(self, text: str, fields: dict[str, str], now: float) -> float | None:
        for name in self._time_fields:
            if (value := fields.get(name)) is not None:
                time = self._stamps.value(value, now)
                if time is not None:
                    return time
        return self._stamps.leading(text, now) if self._time_fields is TIME_FIELDS else None


def _pairs(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    pairs: Iterable[tuple[str, ...]]
    if len(text) <= _USUAL_LENGTH:
        pairs = _PAIRS.findall(text)
    else:
        pairs = (found.groups("") for found in _PAIRS.finditer(text))
    for key, assigned, quoted_, literal, bare, other in islice(pairs, _MAX_FIELDS):
        if other:
            break
        if bare:  # nearly always
            fields[key] = bare
        elif "\\" in quoted_:
            value = _unescape(quoted_)
            if value is None:
                break
            fields[key] = value
        else:
            fields[key] = quoted_ or literal if assigned else "true"
    return fields


def _unescape(text: str) -> str | None:
    """The text that the inside of a quoted value means; None for a wrong escape."""
    # Control characters may stand in a quoted value as they are; JSON wants them escaped.
    try:
        escaped = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        return decoded(f'"{escaped}"', _decode_text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


_CONTROL = re.compile(r"[\x00-\x1f]")


PARSER = LogfmtParser
