"""JSON, logfmt and the lines of web servers as one line that a person reads.

First the time of day here, then the level, then the message, then the rest as `key=value`. What
cannot be read as that is shown as it is. Fields are those of the daemon's parsers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from logwatch.cli.recognising import LEVEL_FIELDS, MESSAGE_FIELDS, Form, parser_of, recognise
from logwatch.cli.tail_colors import canonical, level_of
from logwatch.parsers.json_lines import TIME_FIELDS

_SAMPLE = 200
_LONGEST_SAMPLE = 1 << 16
_ENOUGH = 20
"""Lines after which it is clear what a log is."""
_NEEDS_QUOTES = re.compile(r'[\s="]|^$')
_TRACE_FIELDS = ("stack_trace", "stacktrace", "exc_info", "exception", "stack", "traceback")


class Folded(NamedTuple):
    """A line to read."""

    text: str
    level: str = ""
    """One of `tail_colors.LEVELS`, or nothing."""
    request: bool = False
    """Whether it is one of a web server."""
    trace: tuple[str, ...] = ()
    """Lines of a stack trace that it had in a field."""


class Folding:
    """How the lines of one file are read; it learns that from the first of them."""

    def __init__(self, *, full: bool) -> None:
        """`full`: every line is shown as it is."""
        self._full = full
        self._seen: list[str] = []
        self.form = Form(format="plain", share=1.0)
        self._parser = parser_of(self.form)
        self._json = parser_of(Form(format="json", share=1.0))

    def learn(self, lines: list[str], now: float) -> None:
        """See what the log is; cheap once that is clear."""
        if len(self._seen) >= _ENOUGH or not lines:
            return
        self._seen += lines[: _SAMPLE - len(self._seen)]
        self.form = recognise(self._seen, now)
        self._parser = parser_of(self.form)

    def learn_from(self, data: bytes, now: float) -> None:
        """As `learn`, from whole lines as they were read."""
        if len(self._seen) < _ENOUGH:
            lines = data[:_LONGEST_SAMPLE].split(b"\n")[:_SAMPLE]
            self.learn([each.decode(errors="backslashreplace") for each in lines if each], now)

    def time_of(self, line: str, now: float) -> float | None:
        """The line's own time, seconds since the epoch."""
        return self._parser.time(line, now)

    def fields_of(self, line: str, now: float) -> tuple[float | None, dict[str, str]]:
        """The line's own time and its fields."""
        parsed = self._parser.parse(line, now)
        return parsed.time, parsed.fields

    def fold(self, line: str, now: float) -> Folded:
        """The line to show for `line`."""
        if self._full:
            return Folded(line, level_of(line))
        if line.startswith("{") and line.rstrip().endswith("}"):
            parsed = self._json.parse(line, now)
            if parsed.fields:
                return _of_fields(parsed.time, parsed.fields, now)
        elif self.form.format in ("logfmt", "combined"):
            parsed = self._parser.parse(line, now)
            if parsed.fields and self.form.format == "combined":
                return _of_request(parsed.time, parsed.fields, now)
            if parsed.fields and "=" in line:
                return _of_fields(parsed.time, parsed.fields, now)
        return Folded(line, level_of(line))


def time_of_day(at: float | None, now: float) -> str:
    """`15:04:01` here, with the date where it is not today; two blanks behind."""
    if at is None:
        return ""
    local = time.localtime(at)
    day = "" if local[:3] == time.localtime(now)[:3] else time.strftime("%Y-%m-%d ", local)
    return f"{day}{time.strftime('%H:%M:%S', local)}  "


def zoned(at: float) -> str:
    """RFC 3339 in the zone here."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")


def _of_fields(at: float | None, fields: Mapping[str, str], now: float) -> Folded:
    left = dict(fields)
    if at is not None:
        for name in TIME_FIELDS:
            if left.pop(name, None) is not None:
                break
    level = _taken(left, LEVEL_FIELDS)
    message = _taken(left, MESSAGE_FIELDS)
    trace = _taken(left, [name for name in _TRACE_FIELDS if "\n" in left.get(name, "")])
    name = canonical(level) or ("" if level else level_of(message))
    shown = name.upper() if name and not level.isalpha() else level.upper()
    rest = [f"{key}={_quoted(value)}" for key, value in left.items()]
    message, _, more = message.rstrip("\n").partition("\n")
    text = " ".join(filter(None, (shown if level else "", message, *rest)))
    lines = (trace.rstrip() or more).split("\n")
    return Folded(f"{time_of_day(at, now)}{text}", name, trace=tuple(filter(None, lines)))


def _taken(fields: dict[str, str], names: tuple[str, ...] | list[str]) -> str:
    for name in names:
        if name in fields:
            return fields.pop(name)
    return ""


def _quoted(value: str) -> str:
    if _NEEDS_QUOTES.search(value) is None:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _of_request(at: float | None, fields: Mapping[str, str], now: float) -> Folded:
    took = fields.get("request_time", "")
    words = (
        fields.get("remote_addr", ""),
        fields.get("method", ""),
        fields.get("path", fields.get("request", "")),
        fields.get("status", ""),
        f"{took}s" if took else "",
    )
    status = fields.get("status", "")
    level = {"5": "error", "4": "warning"}.get(status[:1], "")
    text = " ".join(word for word in words if word)
    return Folded(f"{time_of_day(at, now)}{text}", level, request=True)
