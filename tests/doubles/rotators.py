"""Programs that rotate logs as they are rotated out there: logrotate itself, Python's handlers."""

from __future__ import annotations

import gzip
import logging
import os
import shutil
import subprocess
from collections.abc import Callable
from logging.handlers import BaseRotatingHandler
from pathlib import Path
from threading import Event, Thread
from typing import Self

import pytest

from doubles import oracle
from doubles.forked import Running, run_once
from doubles.process import alerts_in, ended, eventually

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/{{glob}}, archives: [{{archives}}], start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


class Logrotate:
    """logrotate with a configuration of its own, for the logs of one folder."""

    def __init__(self, folder: Path, directives: str, *, force: bool = True) -> None:
        """`force`: rotate whenever asked; else as the directives say. Fails where it is not there.

        With `postrotate` among the directives the writer is told to reopen, and waited for.
        """
        program = shutil.which("logrotate", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program is None:
            pytest.fail("logrotate is not installed: apt-get install -y logrotate")
        self.reopen = folder / "reopen"
        script = f"touch {self.reopen}\nwhile [ -e {self.reopen} ]; do sleep 0.005; done\nendscript"
        directives = directives.replace("postrotate", f"postrotate\n{script}")
        config = folder / "logrotate.conf"
        logs = f"{folder}/*[a-z].log"  # and not `app.1.log`
        config.write_text(f"{logs} {{\nrotate 20\n{directives}\n}}\n", encoding="utf-8")
        config.chmod(0o644)
        flags = ["--force"] if force else []
        self._command = [program, *flags, "--state", str(folder / "logrotate.state"), str(config)]

    def rotate(self) -> None:
        """Run it once, to its end."""
        done = subprocess.run(
            self._command, capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr


class Author:
    """A thread that writes one or more logs all the time and reopens them when it is told to."""

    def __init__(self, writers: list[oracle.Writer], reopen: Path, *, late: int = 0) -> None:
        """`late`: how many more writes go to a renamed file until it is reopened."""
        self.writers = writers
        self._reopen = reopen
        self._late = late
        self._stop = Event()
        self._hold = Event()
        self._held = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._hold.clear()
        ended(self._thread)

    def pause(self) -> None:
        """Write nothing until `go_on`."""
        self._held.clear()
        self._hold.set()
        assert self._held.wait(60)

    def go_on(self) -> None:
        """Write again."""
        self._hold.clear()

    def written(self) -> int:
        """How many lines that are to be told there are by now."""
        return sum(len(each.written) for each in self.writers)

    def write_more(self, lines: int) -> None:
        """Wait until so many more were written."""
        wanted = self.written() + lines
        eventually(lambda: self.written() >= wanted, "more lines")

    def _run(self) -> None:
        late = 0
        while not self._stop.wait(0.004):
            if self._hold.is_set():
                self._held.set()
                continue
            if self._reopen.exists():
                for each in self.writers:
                    each.begin_anew()
                self._reopen.unlink()
            for each in self.writers:
                if self._late and _was_renamed(each):
                    late += 1
                    if late > self._late:
                        each.begin_anew()
                        late = 0
                each.write(5)


def _was_renamed(writer: oracle.Writer) -> bool:
    try:
        return writer.path.stat().st_ino != os.fstat(writer._file).st_ino
    except FileNotFoundError:
        return True


class Handler:
    """A program that logs through one of Python's rotating handlers."""

    def __init__(self, handler: BaseRotatingHandler, *, packed: bool = False) -> None:
        """`packed`: each rotated file is compressed, as the logging cookbook has it."""
        self.written: list[tuple[int, int]] = []
        self._handler = handler
        handler.setFormatter(logging.Formatter("%(message)s"))
        if packed:
            handler.namer = lambda name: f"{name}.gz"
            handler.rotator = _pack

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._handler.close()

    def write(self, count: int) -> None:
        """Log `count` lines that are to be told, each with one that is not."""
        for _ in range(count):
            number = len(self.written)
            for text in (f"INFO nothing to see, {number}", oracle.line(0, number)):
                self._handler.handle(logging.makeLogRecord({"msg": text}))
            self.written.append((0, number))


def _pack(source: str, destination: str) -> None:
    with open(source, "rb") as plain, gzip.open(destination, "wb") as packed:  # noqa: PTH123 - as the cookbook has it
        shutil.copyfileobj(plain, packed)
    Path(source).unlink()


class Watch:
    """The daemon on one folder, started and stopped, and what it has told."""

    def __init__(self, folder: Path, glob: str = "app.log", archives: str = "") -> None:
        self.folder = folder
        self.config = CONFIG.format(folder=folder, glob=glob, archives=archives)

    def running(self) -> Running:
        """The daemon, ready."""
        return Running(self.folder, self.config).ready()

    def look(self) -> None:
        """One run to the end of what there is; before and after it nobody looks."""
        done = run_once(self.folder, self.config)
        assert done.returncode == 0, done.stderr

    def alerts(self) -> list[dict]:
        """Those of the rule, in order."""
        return oracle.ours(alerts_in(self.folder / "alerts.jsonl"))

    def settle(self, *writers: oracle.Writer | Handler) -> None:
        """Wait until all is told, and hold it against what was written: once, in order, no loss."""
        by_writer = dict.fromkeys(writers, 0)
        assert len(by_writer) == 1, "one log each"
        written = writers[0].written
        eventually(
            lambda: oracle.has_all(self.alerts(), written),
            lambda: f"{len(set(written) - set(oracle.told(self.alerts())))} lines are missing",
        )
        self.check(written)

    def check(self, written: list[tuple[int, int]]) -> None:
        """What was told by now is what was written: once, in order, nothing told as lost."""
        oracle.settle(self.alerts(), written)
        everything = alerts_in(self.folder / "alerts.jsonl")
        losses = [each["message"] for each in everything if each["rule"] == "logwatch.source-lost"]
        assert not losses

    def run_until_told(self, expected: Callable[[], bool]) -> None:
        """Start the daemon, wait, and stop it."""
        with self.running() as daemon:
            eventually(expected, "what was written")
            daemon.stop()
