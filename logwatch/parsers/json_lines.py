r"""`json`: one object a line, its values as text under dotted names.

`{"http": {"status": 502}, "tags": ["a"]}` has the fields `http.status` = `502` and `tags.0` = `a`.
Numbers keep their spelling; true and false are `true` and `false`; null is no field. What lies
deeper than 8 levels, and what comes after the 200th field, is not told. A backslash that begins no
escape of JSON stands for itself: neither a byte that is not in the source's encoding, which reads
`\xff`, nor half an emoji hides a line. A line that is no whole object has no fields and no time. A
line of Docker's json-file driver is such an object: `log` loses its newline, and `time` is the
event time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec

from logwatch.conditions import Predicate
from logwatch.parsers.base import MayLead, Parsed, ParserSettings
from logwatch.parsers.needles import Writing
from logwatch.parsers.timestamps import stamp_reader

TIME_FIELDS = (
    *("time", "ts", "timestamp", "@timestamp", "date", "datetime", "eventTime"),
    *("t.$date", "__REALTIME_TIMESTAMP"),  # MongoDB, journald
)
"""Tried in this order where the source names no field."""

T = TypeVar("T")

_MAX_DEPTH = 8
_MAX_FIELDS = 200

# `float_hook` keeps 0.10 as it was written.
_decode = msgspec.json.Decoder(float_hook=str).decode

_SHORT = {
    '"': r'\\"',
    "\\": r"\\{1,2}",  # one where it begins no escape
    "/": r"(?:/|\\/)",
    "\n": r"(?:\\n|\n)",
    "\t": r"(?:\\t|\t)",
} | {
    "\b": r"(?:\\b|\x08)",
    "\f": r"(?:\\f|\x0c)",
    "\r": r"(?:\\r|\r)",
}
# Between a key, its colon and its value there is nothing, or one blank after the colon, or this.
_ODD_GAP = r'"(?:[ \t\r]+:[ \t\r]*|:[ \t\r]{2,}|:[\t\r])'
_SHORT_VALUE = 4
"""A text of fewer characters is looked for together with its key."""
_SCALAR = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false").fullmatch


class _Writing(NamedTuple):
    """How a value is written; `key` is the last part of the field's name."""

    field: str
    key: str

    def whole(self, text: str) -> str:
        value = f'"{quoted(text)}' + '"' * (self.field != "log")  # of which a newline is taken off
        if not _SCALAR(text):
            return self._after_key(value) if len(text) < _SHORT_VALUE else value
        bare = f"{re.escape(text)}(?![-+.0-9A-Za-z])"
        return self._after_key(f"(?:{bare}|{value})")

    def begins(self, text: str) -> str:
        value = f'"{quoted(text)}'
        if text[:1] not in "-0123456789tf":
            return self._after_key(value)
        bare = ("-?" if text[0] == "0" else "") + re.escape(text)  # -0 is read as 0
        return self._after_key(f"(?:{bare}|{value})")

    def holds(self, text: str) -> str:
        return quoted(text)

    def number(self, bare: str, quoted: str) -> str:
        del bare  # a blank and a letter never follow a number that is not quoted
        return self._after_key(f'"?{quoted}')

    def present(self) -> str | None:
        return None if self.key.isdecimal() else rf'{quoted(self.key)}"[ \t\r]*:'

    def hidden(self, texts: Iterable[str]) -> tuple[str, ...]:
        return escapes("".join((self.key, *texts, *NUMBERS)))

    def implied(self) -> tuple[str, str] | None:
        return None

    def _after_key(self, value: str) -> str:
        if self.key.isdecimal():  # most likely in a list
            return rf"[\[,:][ \t\r]*{value}"
        key = quoted(self.key)
        return f'{key}":{value}|{key}": {value}|{key}{_ODD_GAP}{value}'


def writing(field: str) -> Writing:
    """How a line has `field`."""
    return _Writing(field, field.rpartition(".")[2])


def quoted(text: str) -> str:
    r"""A pattern for `text` as JSON has it between quotes, but for `\u` escapes."""
    return "".join(_SHORT.get(char) or re.escape(char) for char in text)


NUMBERS = "0"
"""Stands for the characters of numbers where `escapes` is asked for them."""

_NEEDLESS_ESCAPE = (
    r"\\u00(?:2[013-58-9a-fA-F]|3[0-9abdfABDF]|[46][0-9a-fA-F]|5[0-9abd-fABD-F]|7[0-9abdABD])"
)
"""Escapes of ASCII that no program writes; what HTML and JSON themselves need is not among them."""
_NEEDLESS = frozenset(map(chr, range(32, 127))) - frozenset("\"&'<>\\|~")


def escapes(text: str) -> tuple[str, ...]:
    r"""Patterns for a `\u` escape of any character of `text`."""
    patterns: dict[str, None] = {}
    for char in text:
        if char in _NEEDLESS:
            patterns[_NEEDLESS_ESCAPE] = None
        else:
            digits = f"{_utf16(char):04x}"
            patterns[
                r"\\u"
                + "".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in digits)
            ] = None
    return tuple(patterns)


def _utf16(char: str) -> int:
    """The first code unit, which is enough to find the character."""
    code = ord(char)
    return code if code < 0x10000 else 0xD7C0 + (code >> 10)


class JsonParser:
    """See the module."""

    may_lead: MayLead | None = None

    def __init__(self, settings: ParserSettings) -> None:
        self._stamps = stamp_reader(settings)
        names = [settings.time_field] if settings.time_field else TIME_FIELDS
        self._time_fields = [(name, name.split(".")) for name in names]

    def parse(self, text: str, now: float) -> Parsed:
        """See `Parser.parse`."""
        record = _object(text)
        return Parsed(None, {}) if record is None else self._parsed(record, now)

    def select(self, text: str, now: float, wanted: Predicate) -> Parsed | None:
        """See `Parser.select`."""
        record = _object(text)
        if record is None:
            return Parsed(None, {}) if wanted({}) else None
        return self._parsed(record, now) if wanted(_Glimpse(text, record)) else None

    def _parsed(self, record: dict[str, Any], now: float) -> Parsed:
        return Parsed(self._time_of(record, now), _fields(record))

    def time(self, text: str, now: float) -> float | None:
        """See `Parser.time`."""
        record = _object(text)
        return None if record is None else self._time_of(record, now)

    def _time_of(self, record: dict[str, Any], now: float) -> float | None:
        for name, path in self._time_fields:
            value = record.get(name)
            if value is None and len(path) > 1:
                value = _reach(record, path)
            if value is not None:
                time = self._stamps.value(_text(value), now)
                if time is not None:
                    return time
        return None


class _Glimpse:
    """The fields of a record without making them all: mostly one is looked at."""

    __slots__ = ("_fields", "_record", "_small")

    def __init__(self, text: str, record: dict[str, Any]) -> None:
        self._record = record
        self._fields: dict[str, str] | None = None
        # More fields than are told, and nameless objects, whose names come to light one level up.
        self._small = text.count(",") < _MAX_FIELDS and "" not in record

    def get(self, name: str, /) -> str | None:
        """See `conditions.Fields`."""
        if self._fields is not None or not self._small or name == "log":
            return self._all().get(name)
        value = self._record.get(name)
        if "." in name:
            outer, _, inner = name.partition(".")
            within = self._record.get(outer)
            if type(within) is dict and value is None and "." not in inner:
                value = within.get(inner)
            elif value is not None or within is not None or "." in inner:
                return self._all().get(name)
        return None if value is None or isinstance(value, dict | list) else _text(value)

    def _all(self) -> dict[str, str]:
        if self._fields is None:
            self._fields = _fields(self._record)
        return self._fields


def _fields(record: dict[str, Any]) -> dict[str, str]:
    fields: dict[str, str] = {}
    _flatten("", record, _MAX_DEPTH, fields)
    log = fields.get("log")
    if log is not None and "stream" in fields:
        fields["log"] = log.removesuffix("\n")
    return fields


def _object(text: str) -> dict[str, Any] | None:
    """The object that `text` is; None for anything else, broken or nested beyond reason."""
    try:
        record = decoded(text, _decode)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def decoded(text: str, decode: Callable[[str], T]) -> T:
    """What `decode` reads, each backslash taken for itself that begins no escape of JSON.

    Raises what `decode` does.
    """
    try:
        return decode(text)
    except msgspec.DecodeError:
        mended = _BACKSLASH.sub(lambda found: found[1] or r"\\", text)
        if mended == text:
            raise
    return decode(mended)


_BACKSLASH = re.compile(
    r"""(\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"""
    r"""|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))|\\"""
)
"""An escape of JSON as a group, or any other backslash; half a surrogate pair is no escape."""


def _reach(record: dict[str, Any], path: list[str]) -> Any:
    value: Any = record
    for name in path:
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _text(value: Any) -> str:
    """A scalar as text; empty for null and containers."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else ""


def _flatten(
    prefix: str, value: dict[str, Any] | list[Any], depth: int, fields: dict[str, str]
) -> None:
    """Put the scalars under `value` into `fields`, as deep and as many as the bounds allow."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in items:
        if len(fields) >= _MAX_FIELDS:
            return
        whole = f"{prefix}{name}"
        kind = type(inner)
        if kind is str:  # nearly always
            fields[whole] = inner
        elif kind is dict or kind is list:
            if depth > 1:
                _flatten(f"{whole}." if whole else "", inner, depth - 1, fields)
        elif inner is not None:
            fields[whole] = _text(inner)


PARSER = JsonParser
