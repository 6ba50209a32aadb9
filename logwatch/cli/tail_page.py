"""What becomes of the lines that are shown: the contract, and the pages that are no screen.

A page is written by one thread. What it is given has left the process when a call comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from logwatch.cli.json_lines import harmless
from logwatch.cli.tail_colors import level_of
from logwatch.cli.tail_folding import Folding, zoned
from logwatch.cli.tail_output import Output, PlainSheet
from logwatch.cli.tail_request import note, shown
from logwatch.records import Alert


class Line(NamedTuple):
    """One line, or what a rule takes for one."""

    raw: bytes
    """Without what ends it."""
    text: str
    rules: tuple[str, ...] = ()
    """Rules of a configuration that take it."""
    captured: tuple[str, ...] = ()
    """What they captured."""


class Taken(NamedTuple):
    """What the rules of a configuration make of a line."""

    rules: tuple[str, ...]
    captured: tuple[str, ...]


class Page(Protocol):
    """Where lines go."""

    def lines(self, path: str, lines: Sequence[Line], folding: Folding, now: float) -> None:
        """Show lines of one file; `now` in seconds since the epoch."""
        ...

    def many(self, path: str, data: bytes, folding: Folding, now: float) -> None:
        """Show whole lines of one file, all of them."""
        ...

    def event(self, path: str, text: str) -> None:
        """Say what has happened to a file."""
        ...

    def alert(self, alert: Alert, path: str) -> None:
        """Show an alert of a rule."""
        ...

    def settle(self, now: float) -> float | None:
        """Show what has waited for more long enough; seconds until there is anything again."""
        ...

    def close(self) -> None:
        """Show what still waits."""
        ...


def as_lines(data: bytes) -> list[Line]:
    """Whole lines, the last one perhaps without its newline."""
    pieces = data.removesuffix(b"\n").split(b"\n")
    return [Line(each, each.decode(errors="backslashreplace")) for each in pieces]


class PipePage:
    """The lines byte for byte, with the banners of GNU tail."""

    def __init__(self, output: Output, *, headers: bool) -> None:
        self._sheet = PlainSheet(output, headers=headers)

    def lines(self, path: str, lines: Sequence[Line], folding: Folding, now: float) -> None:
        """See `Page.lines`."""
        del folding, now
        self._sheet.write(path, b"".join(line.raw + b"\n" for line in lines))

    def many(self, path: str, data: bytes, folding: Folding, now: float) -> None:
        """See `Page.many`."""
        del folding, now
        self._sheet.write(path, data)

    def event(self, path: str, text: str) -> None:
        """See `Page.event`."""
        note(f"{shown(path)}: {text}")

    def alert(self, alert: Alert, path: str) -> None:
        """See `Page.alert`."""
        note(f"{shown(path)}: {alert.rule} ({alert.severity}) {alert.status}: {alert.message}")

    def name(self, paths: Sequence[str]) -> None:
        """See `NamedPage.name`: the names are those of the command line."""

    def settle(self, now: float) -> float | None:
        """See `Page.settle`: nothing waits."""
        del now
        return None

    def close(self) -> None:
        """See `Page.close`."""


class JsonPage:
    """One JSON object for each line: `logwatch tail -o ndjson`, version 1 of its form."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def lines(self, path: str, lines: Sequence[Line], folding: Folding, now: float) -> None:
        """See `Page.lines`."""
        whole = b"".join(self._object(path, line, folding, now) + b"\n" for line in lines)
        self._output.write(whole)

    def many(self, path: str, data: bytes, folding: Folding, now: float) -> None:
        """See `Page.many`."""
        self.lines(path, as_lines(data), folding, now)

    def event(self, path: str, text: str) -> None:
        """See `Page.event`."""
        self._output.write(_encode({"schema": 1, "kind": "event", "path": path, "text": text}))

    def alert(self, alert: Alert, path: str) -> None:
        """See `Page.alert`."""
        self._output.write(_encode({"schema": 1, "kind": "alert", "path": path, "alert": alert}))

    def name(self, paths: Sequence[str]) -> None:
        """See `NamedPage.name`: the names are those of the command line."""

    def settle(self, now: float) -> float | None:
        """See `Page.settle`: nothing waits."""
        del now
        return None

    def close(self) -> None:
        """See `Page.close`."""

    def _object(self, path: str, line: Line, folding: Folding, now: float) -> bytes:
        text = line.text.removesuffix("\r")
        at, fields = folding.fields_of(text, now)
        level = folding.fold(text, now).level
        shown_line = {
            "schema": 1,
            "kind": "line",
            "path": path,
            "time": None if at is None else zoned(at),
            "level": level or level_of(text) or None,
            "text": text,
            "fields": fields,
            "rules": line.rules,
        }
        return harmless(msgspec.json.encode(shown_line))


def _encode(value: object) -> bytes:
    return harmless(msgspec.json.encode(value)) + b"\n"
