"""`json`: one object a line, its values as text under dotted names.

`{"http": {"status": 502}, "tags": ["a"]}` has the fields `http.status` = `502` and `tags.0` = `a`.
Numbers keep their spelling; true and false are `true` and `false`; null is no field. What lies
deeper than 8 levels, and what comes after the 200th field, is not told. A line that is no whole
object has no fields and no time. A line of Docker's json-file driver is such an object: `log` loses
its newline, and `time` is the event time.
"""

from __future__ import annotations

from typing import Any

import msgspec

from logwatch.parsers.base import Parsed, ParserSettings
from logwatch.parsers.timestamps import StampReader

TIME_FIELDS = (
    *("time", "ts", "timestamp", "@timestamp", "date", "datetime", "eventTime"),
    *("t.$date", "__REALTIME_TIMESTAMP"),  # MongoDB, journald
)
"""Tried in this order where the source names no field."""

_MAX_DEPTH = 8
_MAX_FIELDS = 200

# `float_hook` keeps 0.10 as it was written.
_decode = msgspec.json.Decoder(float_hook=str).decode


class JsonParser:
    """See the module."""

    def __init__(self, settings: ParserSettings) -> None:
        self._stamps = StampReader(settings.tz)
        names = [settings.time_field] if settings.time_field else TIME_FIELDS
        self._time_fields = [(name, name.split(".")) for name in names]

    def parse(self, text: str, now: float) -> Parsed:
        """See `Parser.parse`."""
        record = _object(text)
        if record is None:
            return Parsed(None, {})
        fields: dict[str, str] = {}
        _flatten("", record, _MAX_DEPTH, fields)
        log = fields.get("log")
        if log is not None and "stream" in fields:
            fields["log"] = log.removesuffix("\n")
        return Parsed(self._time_of(record, now), fields)

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


def _object(text: str) -> dict[str, Any] | None:
    """The object that `text` is; None for anything else, broken or nested beyond reason."""
    try:
        record = _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


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


def _flatten(prefix: str, value: Any, depth: int, fields: dict[str, str]) -> None:
    """Put the scalars under `value` into `fields`, as deep and as many as the bounds allow."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in items:
            if depth == 0 or len(fields) >= _MAX_FIELDS:
                return
            _flatten(f"{prefix}.{name}" if prefix else str(name), inner, depth - 1, fields)
    elif value is not None:
        fields[prefix] = _text(value)
