"""A whole terminal for one command: drawn anew again and again, and given back as it was.

The sequences are those of ECMA-48 and xterm: alternate screen, hidden cursor, erasing.
"""

from __future__ import annotations

import select
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from logwatch.cli.columns import size_of
from logwatch.errors import UsageError

_ENTER = "\x1b[?1049h\x1b[?25l"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_ENDING_KEYS = "qQ\x04"
"""And control-D; control-C is the terminal's own."""


class Terminal:
    """The screen, and the keyboard where there is one."""

    def __init__(self, keyboard: TextIO | None, screen: TextIO) -> None:
        self._keyboard = keyboard
        self._screen = screen

    def size(self) -> tuple[int, int]:
        """Columns and lines now."""
        return size_of(self._screen)

    def draw(self, lines: Sequence[str]) -> None:
        """Show `lines`, each no wider than the screen; what does not fit below is left out."""
        shown = f"{_REST_OF_LINE}\n".join(lines[: self.size()[1]])
        self._screen.write(f"{_HOME}{shown}{_REST_OF_LINE}{_REST_OF_SCREEN}")
        self._screen.flush()

    def wait(self, seconds: float) -> bool:
        """Wait for a key or `seconds`; True when the person has had enough."""
        keyboards = [] if self._keyboard is None else [self._keyboard]
        ready, _, _ = select.select(keyboards, [], [], seconds)
        # An empty read: whoever was at the keyboard has gone.
        return any((key := each.read(1)) in _ENDING_KEYS or not key for each in ready)


@contextmanager
def full_screen(keyboard: TextIO, screen: TextIO) -> Iterator[Terminal]:
    """Take the terminal for as long as the block lasts.

    Raises UsageError where `screen` is none.
    """
    if not screen.isatty():
        raise UsageError("--watch needs a terminal to draw on; for a program: -w -o json")
    screen.write(_ENTER)
    try:
        with _keys_at_once(keyboard) if keyboard.isatty() else _no_keys():
            yield Terminal(keyboard if keyboard.isatty() else None, screen)
    finally:
        screen.write(_LEAVE)
        screen.flush()


@contextmanager
def _keys_at_once(keyboard: TextIO) -> Iterator[None]:
    """Each key counts when it is pressed, and is not shown."""
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


@contextmanager
def _no_keys() -> Iterator[None]:
    yield
