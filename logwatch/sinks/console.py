"""Alerts for a person at a terminal, or for whatever reads this program's output.

Log text is printed through `visible`: nothing that a log holds can steer the terminal. Colour is a
help and never the only carrier of meaning. A reader that stops reading a pipe holds this sink up,
and no other; there is no time-out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TextIO

from msgspec import UNSET

from logwatch.errors import SinkError
from logwatch.records import (
    NO_CONTEXT,
    Alert,
    AlertLine,
    Delivered,
    Member,
    Notification,
    Outcome,
    Retry,
    Status,
)
from logwatch.sinks.base import SinkKind, SinkSettings
from logwatch.sinks.colors import wants_color
from logwatch.sinks.plain_text import can_encode, shorten, visible

LONGEST_MESSAGE = 2000
LONGEST_LINE = 500
"""Characters; what is longer is cut in its middle, and the cut is shown."""

MOST_MEMBERS = 10
"""Of the alerts that one message stands for."""

_MARKS: dict[Status, tuple[str, str]] = {
    "firing": ("▲", "!"),
    "updated": ("△", "~"),
    "resolved": ("✓", "+"),
}
"""For each status, the mark and what stands for it where the encoding has no such character."""

_MARGIN = ("│", "|")
"""Before the text of a line that is around the one that an alert is about, and its stand-in."""

# ECMA-48, select graphic rendition.
_COLORS = {"info": "34", "warning": "33", "error": "31", "critical": "1;31", "resolved": "32"}
_DIM = "2"


class ConsoleSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `console` sink."""

    stream: Literal["stdout", "stderr"] = "stdout"
    """Where to print."""
    color: Literal["auto", "always", "never"] = "auto"
    """Colour always, never, or on a terminal unless NO_COLOR or TERM=dumb says no."""
    lines: int = 3
    """Most log lines quoted under each alert."""

    def __post_init__(self) -> None:
        """Refuse a negative number of lines. Raises ValueError."""
        if self.lines < 0:
            raise ValueError("lines must be 0 or more")


class ConsoleSink:
    """Prints one entry an alert; see the module's docstring."""

    batch_size = 100

    def __init__(self, settings: ConsoleSettings, stream: TextIO, *, color: bool) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._column = 0 if can_encode("▲△✓␛│", self._encoding) else 1
        self._lines = settings.lines
        self._color = color

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        text = "".join([self._entry(notification.alert) for notification in batch])
        try:
            self._stream.write(
                text.encode(self._encoding, "backslashreplace").decode(self._encoding)
            )
            self._stream.flush()
        except OSError as error:
            return Retry(f"cannot print: {error.strerror or error}")
        except ValueError:  # what a closed stream raises
            return Retry("cannot print: the stream is closed")
        return Delivered()

    def close(self) -> None:
        """See `Sink.close`: the stream is not ours to close."""

    def _entry(self, alert: Alert) -> str:
        tone = "resolved" if alert.status == "resolved" else alert.severity
        mark = _MARKS[alert.status][self._column]
        head = [
            self._paint(_COLORS[tone], mark),
            self._paint(_DIM, local_time(alert.at)),
            visible(alert.rule),
            self._paint(_COLORS[tone], f"{_state(alert)}:"),
            visible(shorten(alert.message, LONGEST_MESSAGE)),
        ]
        if alert.suppressed:
            head.append(self._paint(_DIM, f"({alert.suppressed:,} more held back)"))
        if alert.group is not UNSET and alert.group.alerts > 1:
            head.append(self._paint(_DIM, f"({alert.group.burning:,} of them burning)"))
        quoted = [*self._members(alert), *self._quoted(alert)]
        rest = len(alert.lines) - self._lines
        if rest > 0 and self._lines:
            quoted.append(self._paint(_DIM, f"    and {rest:,} more"))
        return "\n".join([" ".join(head), *quoted]) + "\n"

    def _members(self, alert: Alert) -> list[str]:
        """Some of the alerts that a message stands for, a line each."""
        if alert.group is UNSET or alert.group.alerts == 1:
            return []
        shown = alert.group.members[:MOST_MEMBERS]
        lines = [self._member(member) for member in shown]
        rest = alert.group.alerts - len(shown)
        if rest > 0:
            lines.append(self._paint(_DIM, f"    and {rest:,} more"))
        return lines

    def _member(self, member: Member) -> str:
        mark = _MARKS[member.status][self._column]
        often = f" ({member.count:,} times)" if member.count > 1 else ""
        where = visible(f"{member.host}/{member.source}")
        text = visible(shorten(member.message, LONGEST_LINE))
        return f"    {mark} {visible(member.rule)} {_state(member)} on {where}: {text}{often}"

    def _quoted(self, alert: Alert) -> list[str]:
        """The first lines of the alert, and what is around the very first of them."""
        lines = alert.lines[: self._lines]
        if not lines or alert.context == NO_CONTEXT:
            return [self._quote(line) for line in lines]
        known = {(line.path, line.offset) for line in lines}
        before, after = (
            [self._near(line) for line in part if (line.path, line.offset) not in known]
            for part in (alert.context.before, alert.context.after)
        )
        first, *others = (self._quote(line) for line in lines)
        return [*before, first, *after, *others]

    def _quote(self, line: AlertLine) -> str:
        """A quoted record; if it had several lines, the others are set in below its first."""
        place = self._paint(_DIM, f"    {visible(line.path)}:{line.offset}")
        text = line.text.rstrip("\n")
        longest = LONGEST_MESSAGE if "\n" in text else LONGEST_LINE
        first, *others = shorten(text, longest).split("\n")
        return "\n".join([f"{place} {visible(first)}", *(f"        {visible(o)}" for o in others)])

    def _near(self, line: AlertLine) -> str:
        """A line around the first one that is quoted."""
        place, text = f"{visible(line.path)}:{line.offset}", shorten(line.text, LONGEST_LINE)
        return self._paint(_DIM, f"    {place} {_MARGIN[self._column]} {visible(text)}")

    def _paint(self, color: str, text: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._color else text


def _state(alert: Alert | Member) -> str:
    return alert.severity if alert.status == "firing" else f"{alert.severity} {alert.status}"


def local_time(stamp: str) -> str:
    """An RFC 3339 time as the machine's zone writes it, to the second."""
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return visible(stamp)


def _make(settings: ConsoleSettings) -> ConsoleSink:
    stream: TextIO | None = getattr(sys, settings.stream)
    if stream is None:
        raise SinkError(f"console: this process has no {settings.stream}")
    color = wants_color(settings.color, stream, os.environ)
    return ConsoleSink(settings, stream, color=color)


def _from_url(url: str) -> ConsoleSettings:
    match url.removeprefix("console:"):
        case "" | "stdout":
            return ConsoleSettings()
        case "stderr":
            return ConsoleSettings(stream="stderr")
        case other:
            raise ValueError(f"console: has no {other!r}; write console: or console:stderr")


KIND = SinkKind(
    name="console",
    settings=ConsoleSettings,
    make=_make,
    short="stream",
    schemes=("console",),
    from_url=_from_url,
)
