"""One daemon for many stories: each plays in a folder of its own, and all at the same time.

A story needs a daemon that is followed for a second or less; starting one takes as long. So the
stories of a module share one, which also sees more at once than any single story shows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

from doubles import oracle
from doubles.forked import Running
from doubles.process import eventually

IMPATIENT = """
from logwatch.daemon import supervisor
from logwatch.tailer import tail
supervisor.TICK_SECONDS, supervisor.RESCAN_SECONDS = 0.1, 0.3
tail._GRACE_POLL, tail.Tail.__init__.__kwdefaults__["grace"] = 0.1, 2.0
"""
"""Looks ten times as often as the daemon does, and lets go of an old file after two seconds."""

_CONFIG = f"""\
sources:
  plain: {{{{path: '{{folder}}/plain/*/app.log', start: beginning}}}}
  wide: {{{{path: '{{folder}}/wide/*/app.log*', start: beginning}}}}
  twice:
    path: ['{{folder}}/twice/*/*.log', '{{folder}}/twice/*/also-*']
    start: beginning
  again: {{{{path: '{{folder}}/twice/*/app*', start: beginning}}}}
  deep: {{{{path: '{{folder}}/deep/*/current/app.log', start: beginning}}}}
  traces: {{{{path: '{{folder}}/traces/*/app.log', start: beginning, multiline: python}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: '{{folder}}/alerts.jsonl'}}}}}}}}}}}}
"""

KINDS = ("plain", "wide", "twice", "deep", "traces")


@contextmanager
def stopped(daemon: Running) -> Iterator[None]:
    """It sees nothing of what happens meanwhile: SIGSTOP, and then SIGCONT."""
    daemon.signal(SIGSTOP)
    os.waitid(os.P_PID, daemon.pid, os.WSTOPPED | os.WNOWAIT)
    try:
        yield
    finally:
        daemon.signal(SIGCONT)


class Place:
    """The folder of one story, and what the daemon told of it."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.stage = stage
        self.daemon = stage.daemon
        self.log = folder / "app.log"

    def beside(self, suffix: str) -> Path:
        """The log's path with something behind its name."""
        return self.folder / f"app.log{suffix}"

    def writer(self, name: str = "app.log", generation: int = 0, noise: int = 3) -> oracle.Writer:
        """Somebody who writes a log here from now on."""
        made = oracle.Writer(self.folder / name, noise=noise)
        made.generation = generation
        return made

    def told(self, rule: str = "") -> list[dict[str, Any]]:
        """What was told of files here; of one rule alone where it is named."""
        mark = f'"{self.folder}/'.encode()
        lines = self.stage.lines()
        alerts = [json.loads(line) for line in lines if mark in line]
        return [each for each in alerts if not rule or each["rule"] == rule]

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts about lines of the oracle."""
        return self.told("oracle")

    def has(self, line: tuple[int, int]) -> bool:
        """Whether this line of the oracle was told."""
        return line in oracle.told(self.alerts())

    def texts(self) -> list[str]:
        """The first quoted line of each."""
        return [each["lines"][0]["text"] for each in self.alerts()]

    def losses(self) -> list[dict[str, Any]]:
        """What was told to be lost."""
        return self.told("logwatch.source-lost")

    def heard(self, *writers: oracle.Writer, seconds: float = 60.0) -> None:
        """Wait until every line so far was told."""
        written = [each for writer in writers for each in writer.written]
        eventually(lambda: oracle.has_all(self.alerts(), written), "every line told", seconds)

    def settle(self, *writers: oracle.Writer, losses: int = 0) -> oracle.Account:
        """Every line was told, once, in order; and so many losses."""
        self.heard(*writers)
        written = [each for writer in writers for each in writer.written]
        account = oracle.settle(self.alerts(), written)
        assert len(self.losses()) == losses, self.losses()
        return account

    def said(self, event: str, times: int = 1) -> list[str]:
        """What the daemon said of that event here, once it has said it so often."""

        def lines() -> list[str]:
            said = self.daemon.stderr.splitlines()
            return [each for each in said if event in each and str(self.folder) in each]

        eventually(lambda: len(lines()) >= times, f"{event} for {self.folder}")
        return lines()


class Stage:
    """The daemon; `place` makes room for a story."""

    def __init__(self, folder: Path, waking: str) -> None:
        for kind in KINDS:
            (folder / kind).mkdir()
        (folder / "plain" / "0").mkdir()
        (folder / "plain" / "0" / "app.log").touch()
        self._out = folder / "alerts.jsonl"
        self._folder = folder
        self._places = 0
        self.polls = waking == "poll"
        config = _CONFIG.format(folder=folder)
        self.daemon = Running(folder, config, "--waking", waking, sabotage=IMPATIENT).ready()
        self.daemon.says("daemon.live")

    def place(self, kind: str = "plain") -> Place:
        """A folder that the daemon follows as `kind` says; see the configuration above."""
        self._places += 1
        return Place(self._folder / kind / str(self._places), self)

    def lines(self) -> list[bytes]:
        """All whole lines that were told so far."""
        try:
            data = self._out.read_bytes()
        except FileNotFoundError:
            return []
        return data[: data.rfind(b"\n") + 1].splitlines()

    def looking_away(self) -> AbstractContextManager[None]:
        """The daemon sees nothing of what happens meanwhile."""
        return stopped(self.daemon)

    def end(self) -> None:
        """SIGTERM: it ends in order, with nothing left over."""
        try:
            self.daemon.stop()
        finally:
            self.daemon.__exit__(None)


@contextmanager
def staged(folder: Path, waking: str) -> Iterator[Stage]:
    """A stage for as long as the block lasts."""
    stage = Stage(folder, waking)
    try:
        yield stage
    finally:
        stage.end()
