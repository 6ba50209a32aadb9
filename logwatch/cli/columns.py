"""How much room a screen has: COLUMNS and LINES, else the terminal, else 80 columns and 24 lines.

The same for every command. What shutil has for this looks at no stream but standard output, and
loads three compressors.
"""

from __future__ import annotations

import os
from typing import TextIO

USUAL = (80, 24)
"""Where nobody says and there is no terminal."""


def size_of(out: TextIO | None) -> tuple[int, int]:
    """Columns and lines of the screen that `out` is shown on; None: it was closed."""
    columns, lines = _told("COLUMNS"), _told("LINES")
    if not (columns and lines):
        terminal = _of_terminal(out)
        columns, lines = columns or terminal[0], lines or terminal[1]
    return columns, lines


def is_known(out: TextIO | None) -> bool:
    """Whether somebody says how wide it is: else a program may read on, which wants all of it."""
    return bool(_told("COLUMNS")) or (out is not None and out.isatty())


def _told(name: str) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _of_terminal(out: TextIO | None) -> tuple[int, int]:
    if out is None:
        return USUAL
    try:
        size = os.get_terminal_size(out.fileno())
    except (OSError, ValueError):  # no terminal; no descriptor, or a closed one
        return USUAL
    return size.columns or USUAL[0], size.lines or USUAL[1]
