"""Screens as a terminal is sent them, and as they are kept beside the tests.

LOGWATCH_DRAW=1 draws them anew: look at the difference before it is committed.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from doubles.forked import PATIENCE_SECONDS, Forked
from doubles.process import all_of, part_of

SHOWN_AS = "/srv/weblogs09"
"""What is kept for the path of a `place`, which is as long."""
LINES = 60


@contextmanager
def place() -> Iterator[Path]:
    """A folder whose name differs from one time to the next, and its length does not."""
    with TemporaryDirectory(prefix="w", dir="/tmp") as name:
        yield Path(name)


def terminal(columns: int, lines: int = LINES) -> tuple[int, int]:
    """The person's end, and the program's, which writes newlines as they are."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    return master, slave


def environment(folder: Path, *, color: bool) -> dict[str, str]:
    """Of a person at such a terminal."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        **({} if color else {"NO_COLOR": "1"}),
    }


def drawn(
    *words: object,
    folder: Path,
    columns: int,
    color: bool,
    enough: bytes = b"",
    sabotage: str = "",
) -> tuple[str, int]:
    """All that a terminal of so many columns is sent by a command, and its exit status.

    With `enough` it is what came before those bytes, and then the key q is pressed. `folder` stands
    in it as `SHOWN_AS`.
    """
    master, slave = terminal(columns)
    how = {"cwd": folder, "env": environment(folder, color=color), "sabotage": sabotage}
    try:
        with Forked(*words, stdin=slave, stdout=slave, stderr=slave, **how) as command:
            os.close(slave)
            shown = b""
            while enough and enough not in shown:
                shown += part_of(master)
            if enough:
                os.write(master, b"q")
            rest = all_of(master)
            status = command.wait(PATIENCE_SECONDS)
    finally:
        os.close(master)
    shown = shown.partition(enough)[0] if enough else rest
    text = shown.decode().replace(str(folder), SHOWN_AS)
    return text.replace(folder.name, Path(SHOWN_AS).name), status


def wear(monkeypatch, *, color: bool) -> None:
    """Have commands that run in this process print in colours, or not."""
    for name, is_asked in (("FORCE_COLOR", color), ("NO_COLOR", not color)):
        if is_asked:
            monkeypatch.setenv(name, "1")
        else:
            monkeypatch.delenv(name, raising=False)


def same_as_kept(kept: Path, shown: str) -> None:
    """Whether a screen is, line for line, what was kept of it."""
    shown = stripped(shown)
    if is_drawing():
        kept.write_text(shown, encoding="utf-8")
    assert shown == kept.read_text(encoding="utf-8")


def stripped(shown: str) -> str:
    """Without what nobody sees at the ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in shown.splitlines())


def is_drawing() -> bool:
    """Whether what is kept is drawn anew."""
    return bool(os.environ.get("LOGWATCH_DRAW"))
