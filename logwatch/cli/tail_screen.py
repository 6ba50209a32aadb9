"""The page that is a terminal: labels, colours, folded lines; nothing of a log is obeyed there.

Every character of a log goes through `visible`; only tabs become blanks, as a terminal shows them.
Of many lines at once only the last ones get colours: those that a person will still see. So a burst
is shown as fast as the terminal takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias

from logwatch.cli.tail_colors import DIM, emphasise, paint
from logwatch.cli.tail_folding import Folded, Folding, time_of_day
from logwatch.cli.tail_labels import LONGEST, Naming, color_of, labels_of
from logwatch.cli.tail_output import Output
from logwatch.cli.tail_page import Line, as_lines
from logwatch.cli.tail_traces import Trace, begins
from logwatch.records import Alert
from logwatch.sinks.plain_text import can_encode, shorten, visible

USUAL_COLUMNS = 120
LABEL_SHARE = 5
"""A label takes at most this part of the columns."""
STYLED = 80
"""Lines of one block that are looked at one by one where there are more than `MANY`; about as many
as a tall terminal shows."""
MANY = 500
LONGEST_SHOWN = 4_000
"""Characters of one line; what is longer is cut in its middle, and the cut is shown."""
PATIENCE_SECONDS = 0.25
"""How long the last line of a trace waits for one more."""
_SEVERITY_COLORS = {"info": "32", "warning": "33", "error": "1;31", "critical": "1;31"}


_HARMLESS = bytes(range(0x20, 0x7F)) + b"\n"
"""Printable ASCII, which is the same in every encoding of a terminal."""

Emphasis: TypeAlias = Callable[[str], tuple[str, ...]]


class Signs(NamedTuple):
    """Characters that carry meaning."""

    fold: str = "┆"
    rule: str = "──"
    taken: str = "◂"
    dots: str = "…"
    firing: str = "▲"
    updated: str = "△"
    resolved: str = "✓"


ASCII_SIGNS = Signs("|", "--", "<", "...", "!", "~", "+")


class Waiting(NamedTuple):
    """A trace that may go on."""

    trace: Trace
    since: float


class Screen:
    """See the module."""

    def __init__(
        self,
        output: Output,
        *,
        color: bool,
        encoding: str = "utf-8",
        headers: bool | None = None,
        namings: Sequence[Naming] = (),
        full: bool = False,
        columns: int = USUAL_COLUMNS,
        emphasis: Emphasis | None = None,
    ) -> None:
        """`headers`: labels always or never; None: where there are several files.

        `emphasis` finds in a line what it was chosen for.
        """
        self._emphasis = emphasis
        self._redact: Callable[[str], str] | None = None
        self._output = output
        self._color = color
        self._encoding = encoding
        self._headers = headers
        self._namings = tuple(namings)
        self._full = full
        self._longest_label = min(LONGEST, columns // LABEL_SHARE)
        self._labels: dict[str, str] = {}
        self._indent = ""
        self._traces: dict[str, Waiting] = {}
        self.signs = Signs() if can_encode("".join(Signs()), encoding) else ASCII_SIGNS

    def name(self, paths: Sequence[str]) -> None:
        """Choose labels for these files; one alone needs none, unless it was given one."""
        labels = labels_of(paths, self._namings, self._longest_label)
        wanted = len(paths) > 1 or bool(self._namings)
        if not (wanted if self._headers is None else self._headers):
            self._labels = {}
            self._indent = ""
            return
        labels = {path: visible(label) for path, label in labels.items()}
        width = max(map(len, labels.values()), default=0)
        self._indent = " " * (width + 2)
        self._labels = {
            path: self._paint(color_of(label), label.ljust(width)) + "  "
            for path, label in labels.items()
        }

    def hide(self, redact: Callable[[str], str]) -> None:
        """From now on show of each line what `redact` leaves of it."""
        self._redact = redact

    # -- the page ----------------------------------------------------------------------------

    def lines(self, path: str, lines: Sequence[Line], folding: Folding, now: float) -> None:
        """See `Page.lines`."""
        if self._redact is not None:
            lines = [self._redacted(line) for line in lines]
        first = len(lines) - STYLED if len(lines) > MANY else 0
        # What a rule takes is marked however many lines there are.
        for is_taken, group in groupby(lines[:first], key=lambda line: bool(line.rules)):
            if is_taken:
                self._print_styled(path, group, folding, now)
            else:
                self._print_bulk(path, b"\n".join([line.raw for line in group]))
        self._print_styled(path, lines[first:], folding, now)

    def many(self, path: str, data: bytes, folding: Folding, now: float) -> None:
        """See `Page.many`."""
        if self._redact is not None:
            self.lines(path, as_lines(data), folding, now)
            return
        if data.count(b"\n") > MANY:
            cut = len(data) - 1
            for _ in range(STYLED):
                cut = data.rfind(b"\n", 0, cut)
            self._print_bulk(path, data[:cut])
            data = data[cut + 1 :]
        self.lines(path, as_lines(data), folding, now)

    def event(self, path: str, text: str) -> None:
        """See `Page.event`."""
        label = self._labels.get(path, "")
        told = visible(text) if label else f"{visible(path)} {visible(text)}"
        self._print([*self._ended(path), label + self._paint(DIM, f"{self.signs.rule} {told}")])

    def alert(self, alert: Alert, path: str) -> None:
        """See `Page.alert`."""
        self._print([*self._ended(path), self._labels.get(path, "") + self._told(alert)])

    def settle(self, now: float) -> float | None:
        """See `Page.settle`."""
        due = [path for path, one in self._traces.items() if now - one.since >= PATIENCE_SECONDS]
        self._print([text for path in due for text in self._ended(path)])
        waits = [one.since + PATIENCE_SECONDS - now for one in self._traces.values()]
        return max(0.0, min(waits)) if waits else None

    def close(self) -> None:
        """See `Page.close`."""
        self._print([text for path in list(self._traces) for text in self._ended(path)])

    # -- one line ----------------------------------------------------------------------------

    def _redacted(self, line: Line) -> Line:
        """The same without what nobody is to be shown."""
        assert self._redact is not None
        text = self._redact(line.text)
        if text == line.text:
            return line
        return line._replace(raw=text.encode(errors="backslashreplace"), text=text)

    def _styled(self, path: str, line: Line, folding: Folding, now: float) -> list[str]:
        text = line.text.removesuffix("\r")
        if not self._full:
            waiting = self._traces.get(path)
            if waiting is not None and waiting.trace.takes(text):
                self._traces[path] = waiting._replace(since=now)
                return self._marks_of(line.rules)
            if begins(text):
                before = self._ended(path)
                self._traces[path] = Waiting(Trace(text), now)
                return before + self._marks_of(line.rules)
        folded = folding.fold(text, now)
        shown = [*self._ended(path), self._labels.get(path, "") + self._body(folded, line)]
        if folded.trace:
            shown.append(self._trace_line(_trace_of(folded.trace)))
        return shown

    def _body(self, folded: Folded, line: Line) -> str:
        text = self._plain(folded.text)
        if self._color:
            found = self._emphasis(line.text) if self._emphasis is not None else ()
            parts = [self._plain(each) for each in (*line.captured, *found)]
            text = emphasise(text, parts, request=folded.request)
        if not line.rules:
            return text
        marks = " ".join(f"{self.signs.taken}{visible(rule)}" for rule in line.rules)
        return f"{text}  {self._paint('1;33', marks)}"

    def _plain(self, text: str) -> str:
        text = text.removesuffix("\r")
        if "\t" in text:
            text = text.expandtabs(8)
        return visible(text if self._full else shorten(text, LONGEST_SHOWN))

    def _print_styled(self, path: str, lines: Iterable[Line], folding: Folding, now: float) -> None:
        self._print([text for line in lines for text in self._styled(path, line, folding, now)])

    def _print_bulk(self, path: str, data: bytes) -> None:
        """Print lines that nobody will read one by one, harmless all the same."""
        self._print(self._ended(path))
        label = self._labels.get(path, "")
        if not data.translate(None, _HARMLESS):  # nearly always, and at hardly any cost
            prefix = label.encode(self._encoding, "backslashreplace")
            if prefix:
                data = prefix + data.replace(b"\n", b"\n" + prefix)
            self._output.write(data + b"\n")
            return
        lines = data.decode(errors="backslashreplace").split("\n")
        self._print([f"{label}{self._plain(line)}" for line in lines])

    def _marks_of(self, rules: Sequence[str]) -> list[str]:
        """What is said of a line inside a trace that a rule takes."""
        if not rules:
            return []
        marks = " ".join(f"{self.signs.taken}{visible(rule)}" for rule in rules)
        return [f"{self._indent}{self.signs.fold} {self._paint('1;33', marks)}"]

    # -- traces ------------------------------------------------------------------------------

    def _ended(self, path: str) -> list[str]:
        waiting = self._traces.pop(path, None)
        return [] if waiting is None else [self._trace_line(waiting.trace)]

    def _trace_line(self, trace: Trace) -> str:
        signs, more = self.signs, trace.lines - 1
        told = self._plain(trace.first).strip()
        if more:
            told += f" {signs.dots} {more:,} more line{'s' if more > 1 else ''}"
        shown = self._paint(DIM, f"{signs.fold} {told}")
        if trace.ending:
            shown += f"{self._paint(DIM, ',')} {self._painted_ending(trace.ending)}"
        return f"{self._indent}{shown}"

    def _painted_ending(self, ending: str) -> str:
        return self._paint("31", self._plain(ending))

    # -- alerts ------------------------------------------------------------------------------

    def _told(self, alert: Alert) -> str:
        from datetime import datetime  # noqa: PLC0415 - for alerts only

        at = datetime.fromisoformat(alert.at).timestamp()
        when = time_of_day(at, at).strip()
        sign = getattr(self.signs, alert.status)
        verb = {"firing": "fires", "updated": "goes on", "resolved": "is over"}[alert.status]
        color = "32" if alert.status == "resolved" else _SEVERITY_COLORS[alert.severity]
        head = self._paint(color, f"{sign} {when} {visible(alert.rule)} {verb}")
        message = visible(shorten(alert.message, LONGEST_SHOWN))
        held = f" ({alert.suppressed:,} more held back)" if alert.suppressed else ""
        return f"{head} ({alert.severity}): {message}{held}"

    # -- output ------------------------------------------------------------------------------

    def _paint(self, color: str, text: str) -> str:
        return paint(color, text) if self._color else text

    def _print(self, lines: Sequence[str]) -> None:
        if lines:
            text = "".join(f"{line}\n" for line in lines)
            self._output.write(text.encode(self._encoding, "backslashreplace"))


def _trace_of(lines: Sequence[str]) -> Trace:
    trace = Trace(lines[0])
    for line in lines[1:]:
        if not trace.takes(line):
            trace.lines += 1
            trace.ending = line.strip()
    return trace


def closing_line(figures: Mapping[str, int], encoding: str) -> str:
    """`3 files · 12 311 lines · 1 alert · 0 lost`."""
    dot = "·" if can_encode("·", encoding) else "|"
    return f" {dot} ".join(
        f"{number:,}".replace(",", " ") + f" {word if number != 1 else word.removesuffix('s')}"
        for word, number in figures.items()
    )
