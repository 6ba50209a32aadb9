"""What the full-screen status shows, asked of the daemon, the store and the logs themselves.

A client like any other: what is slow here slows no daemon. Lines are read from the ends of the
files that are followed; where more came than anybody can read, the rest is passed over and counted.
A file that this user may not read, or that is none, shows no lines.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from logwatch.cli.looker import Absence, Looker
from logwatch.clock import Clock
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.daemon.health import FileStatus, Status
from logwatch.errors import LogwatchError
from logwatch.records import Alert, decode_alert
from logwatch.sinks.plain_text import shorten, visible
from logwatch.store.reader import StoreReader

MOST_BYTES = 32 * 1024
"""Of one file at one look."""
LONGEST_LINE = 1000
COMMAND_SECONDS = 30.0


class LiveLine(NamedTuple):
    """One line of a log, harmless."""

    source: str
    text: str


class Seen(NamedTuple):
    """One look at everything."""

    known: Status | Absence | None
    """None where it could not be asked; `problem` says why."""
    burning: Sequence[Alert] = ()
    lines: Sequence[LiveLine] = ()
    passed_over: int = 0
    """Bytes of the logs that came faster than they are shown."""
    problem: str = ""


class Feed:
    """Looks again and again; for one thread at a time."""

    def __init__(self, config: str | None, clock: Clock) -> None:
        """Raises ConfigError where there is no configuration."""
        self._config = find_config(config)
        self._looker = Looker(str(self._config), clock)
        self._offsets: dict[str, int] = {}

    def look(self) -> Seen:
        """What there is now. Never raises for what a part does."""
        try:
            known, _ = self._looker.look()
        except LogwatchError as problem:
            return Seen(None, problem=str(problem))
        try:
            burning = self._burning()
        except LogwatchError as problem:  # none has run yet, or the store is not for this user
            return Seen(known, problem=str(problem))
        if isinstance(known, Absence):
            return Seen(known, burning)
        lines: list[LiveLine] = []
        passed_over = 0
        for file in known.files:
            passed_over += self._read(file, lines)
        return Seen(known, burning, lines, passed_over)

    def run(self, words: Sequence[str]) -> str:
        """The output of a command of logwatch with the same configuration."""
        command = [sys.executable, "-m", "logwatch", *words, "-c", str(self._config)]
        try:
            done = subprocess.run(  # noqa: S603 - our own program, and no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it has not ended after {COMMAND_SECONDS:.0f} s"
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    def _burning(self) -> list[Alert]:
        reader = StoreReader(state_folder(self._config))
        try:
            return [decode_alert(each.body) for each in reader.burning()]
        finally:
            reader.close()

    def _read(self, file: FileStatus, lines: list[LiveLine]) -> int:
        """Add what is new in a file; how many bytes were passed over."""
        passed_over = 0
        with suppress(OSError), open(file.path, "rb", opener=_without_waiting) as log:
            status = os.fstat(log.fileno())
            size = status.st_size if stat.S_ISREG(status.st_mode) else 0
            begin = self._offsets.get(file.path, size)
            if size < begin:  # it was rotated or cut
                begin = 0
            if size - begin > MOST_BYTES:
                passed_over = size - begin - MOST_BYTES
                begin = size - MOST_BYTES
            data = os.pread(log.fileno(), MOST_BYTES, begin)
            whole = data.rfind(b"\n") + 1
            self._offsets[file.path] = begin + whole
            lines += [
                LiveLine(file.sources[0], harmless(each)) for each in data[:whole].splitlines()
            ]
        return passed_over


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def harmless(line: bytes) -> str:
    """A line that can be shown."""
    return visible(shorten(line.decode("utf-8", "replace"), LONGEST_LINE))


def silence_words(alert: Alert) -> list[str]:
    """What picks this alert and its like: the rule and its key."""
    return [f"rule={alert.rule}", *(f"{name}={value}" for name, value in alert.key.items())]
