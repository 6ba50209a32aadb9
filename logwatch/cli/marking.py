"""Lines of a log on a terminal: what was captured marked, what stopped pointed at, nothing obeyed.

Every character of a log goes through `visible`. Marks are characters, and colour only underlines
what they say. Where the terminal has no such characters, others stand for them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO
from unicodedata import category, east_asian_width

from logwatch.cli.columns import size_of
from logwatch.cli.encoding import HANDLER
from logwatch.sinks.colors import wants_color
from logwatch.sinks.plain_text import can_encode, shorten, visible

if TYPE_CHECKING:
    from logwatch.cli.verdicts import Capture  # loads the daemon, for those who print a table

LONGEST_SHOWN = 4_000
"""Characters of one line; what is longer is cut in its middle, and the cut is shown."""
LEAST_COLUMNS = 20

GREEN, YELLOW, RED, DIM, CAPTURED = "32", "33", "31", "2", "4;36"
# ECMA-48, select graphic rendition.


class Marks(NamedTuple):
    """The characters that carry meaning."""

    taken: str = "✓"
    missed: str = "✗"
    refused: str = "\u2013"  # an en dash
    opening: str = "\u2039"
    closing: str = "\u203a"
    dot: str = "·"
    cut: str = "…"


ASCII_MARKS = Marks("+", "x", "-", "<", ">", "|", "...")


class Screen:
    """Where lines are printed: its columns, its marks, its colours."""

    def __init__(self, out: TextIO, *, color: bool, columns: int) -> None:
        self._out = out
        self._encoding = out.encoding or "utf-8"
        self.marks = Marks() if can_encode("".join(Marks()), self._encoding) else ASCII_MARKS
        self._color = color
        self.columns = max(columns, LEAST_COLUMNS)

    def write(self, *lines: str) -> None:
        """Print whole lines, which are harmless already."""
        text = "".join(f"{line.rstrip()}\n" for line in lines)
        self._out.write(text.encode(self._encoding, HANDLER).decode(self._encoding))

    def flush(self) -> None:
        """Let it be seen."""
        self._out.flush()

    def paint(self, color: str, text: str) -> str:
        """`text` in a colour, where there are colours."""
        return f"\x1b[{color}m{text}\x1b[0m" if self._color and text else text

    def fitted(self, text: str) -> str:
        """As much of one harmless line as fits beside its mark that it was cut."""
        if columns_of(text) <= self.columns:
            return text
        room, kept = self.columns - len(self.marks.cut), 0
        for character in text:
            room -= columns_of(character)
            if room < 0:
                break
            kept += 1
        return text[:kept] + self.marks.cut

    def captured(self, line: str, captures: Sequence[Capture]) -> str:
        """The line with each capture named, in brackets: `Failed password for <user root>`."""
        edges = sorted(_edges(captures, len(line)))
        shown: list[str] = []
        at = 0
        for place, _, name in edges:
            shown.append(self._part(line[at:place], inside=name is None))
            shown.append(self.marks.closing if name is None else f"{self.marks.opening}{name} ")
            at = place
        shown.append(self._part(line[at:], inside=False))
        return "".join(shown)

    def _part(self, text: str, *, inside: bool) -> str:
        text = visible(shorten(text, LONGEST_SHOWN))
        return self.paint(CAPTURED, text) if inside else text

    def pointed(
        self, indent: str, line: str, span: tuple[int, int], *, caret: bool = True
    ) -> tuple[str, str]:
        """One line that fits the screen, and what points at `line[start:stop]` beneath it.

        The caret stands under the character at `stop`; without it, only the span is underlined.
        """
        start, stop = span
        room = max(self.columns - columns_of(indent) - 1, LEAST_COLUMNS // 2)
        left, right = _window(line, stop, room - 2 * len(self.marks.cut))
        before = self.marks.cut if left else ""
        after = self.marks.cut if right < len(line) else ""
        shown = f"{indent}{before}{visible(line[left:right])}{after}"
        start = max(start, left)
        blank = " " * (columns_of(indent) + len(before) + columns_of(visible(line[left:start])))
        under = "~" * columns_of(visible(line[start:stop]))
        return shown, blank + under + ("^" if caret else "")


def screen_of(out: TextIO | None = None) -> Screen:
    """The screen that this process prints to."""
    out = out or sys.stdout
    return Screen(out, color=wants_color("auto", out, os.environ), columns=size_of(out)[0])


def _edges(captures: Iterable[Capture], end: int) -> Iterable[tuple[int, int, str | None]]:
    """Where marks open (with a name) and close (None); one that overlaps another is left out."""
    open_until: list[int] = []
    for number, one in enumerate(captures):
        while open_until and open_until[-1] <= one.start:
            open_until.pop()
        if open_until and one.end > open_until[-1]:
            continue
        open_until.append(one.end)
        depth = 2 * number + 1
        yield one.start, depth, one.name
        # Of two that end in one place the inner one closes first, and an empty one after it began.
        yield min(one.end, end), (-depth if one.end > one.start else depth + 1), None


def _window(line: str, stop: int, room: int) -> tuple[int, int]:
    """The part of a line, in characters, that is shown so that `stop` is in it."""
    if len(line) <= room and columns_of(visible(line)) <= room:
        return 0, len(line)
    left, taken = stop, 0
    while left and taken + columns_of(visible(line[left - 1])) <= room * 2 // 3:
        left -= 1
        taken += columns_of(visible(line[left]))
    right = stop
    while right < len(line) and taken + columns_of(visible(line[right])) <= room:
        taken += columns_of(visible(line[right]))
        right += 1
    while left and taken + columns_of(visible(line[left - 1])) <= room:
        left -= 1
        taken += columns_of(visible(line[left]))
    return left, right


def columns_of(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )
