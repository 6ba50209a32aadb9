"""A daemon that is killed at one of its named points, while its log is written, rotated and cut.

Afterwards one that nobody kills reads on, and what was told is held against what was written:
every line once, and a repetition under its `id:seq`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL, SIGTERM
from threading import Event
from time import perf_counter

from doubles import oracle
from doubles.process import alerts_in, write_config
from doubles.zygote import Life, Zygote

SOURCE = Path(__file__).parents[2] / "logwatch"

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""

HASTY = """
from logwatch.daemon import supervisor
from logwatch.tailer import tail
supervisor.TICK_SECONDS = supervisor.RESCAN_SECONDS = 0.05
from logwatch.daemon import backing_up
backing_up.EVERY_SECONDS = backing_up.FIRST_SECONDS = 0.1
tail._GRACE_POLL, tail.Tail.__init__.__kwdefaults__["grace"] = 0.02, 0.05
"""
"""Looks twenty times a second, lets go of an old file after a twentieth of one, copies the store
ten times a second."""

REPLACING = ("aside.", "restore.")
"""Points that are reached where the store is damaged."""
DEEDS = ("write", "rotate", "write", "cut", "write") * 3


def points() -> list[str]:
    """Every point that the source names, in order."""
    named = re.compile(r'\bcrashpoint\("([a-z.]+)"\)')
    texts = (path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    found = [name for text in texts for name in named.findall(text)]
    assert len(found) == len(set(found)), "a point has one place"
    return sorted(found)


class Story:
    """One log, one store, one file of alerts, and one daemon after another."""

    def __init__(self, zygote: Zygote, folder: Path, sabotage: str = HASTY) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.out = folder / "alerts.jsonl"
        self.config = write_config(folder, CONFIG.format(folder=folder))
        self._zygote = zygote
        self._sabotage = sabotage
        self._tries = itertools.count()
        self._stderr = folder / "stderr.txt"
        self._replaced = False

    def daemon(self, *flags: str, crash: str = "") -> Life:
        """The next one."""
        return self._zygote.fork(
            *("run", "-c", str(self.config), *flags),
            stderr=self._stderr,
            crash=crash,
            sabotage=self._sabotage,
        )

    def killed_at(self, point: str, number: int) -> int:
        """Have daemons killed there, the `number`-th time or so often in turn: how many were."""
        with oracle.Writer(self.folder / "app.log") as writer:
            writer.write(20)
            if point.startswith(REPLACING):
                kills = sum(self._replacing(writer, f"{point}:1") for _ in range(number))
            else:
                kills = self._live(writer, f"{point}:{number}")
                if not kills and number > 1:
                    kills = sum(self._live(writer, f"{point}:1") for _ in range(number))
            status = self.daemon("--once").end()
            assert status == 0, self._stderr.read_text(encoding="utf-8")[-4000:]
        self.settle(writer)
        return kills

    def _replacing(self, writer: oracle.Writer, crash: str) -> bool:
        """The store is damaged, and the next one is killed while it replaces it."""
        if not self._replaced:
            assert self.daemon("--once").end() == 0  # it leaves a copy
            (self.folder / "state" / "state.db").write_bytes(b"not a database" * 4_000)
        self._replaced = True
        writer.write(3)
        return self.daemon("--once", crash=crash).end() == -SIGKILL

    def settle(self, writer: oracle.Writer) -> oracle.Account:
        """Hold what was told against what was written."""
        alerts = alerts_in(self.out, torn=True)
        about = {each["id"] for each in alerts if each["rule"] == "logwatch.store-replaced"}
        assert len(about) == self._replaced, "it is told, under one name"
        alerts = oracle.ours(alerts)
        return oracle.settle(alerts, writer.written, repetitions=True)

    def _live(self, writer: oracle.Writer, crash: str) -> bool:
        """One life through all deeds; whether it was killed."""
        life = self.daemon(crash=crash)
        told = (self._is_told(life, writer) for _ in itertools.count())
        for deed in DEEDS:
            if not next(told):
                break
            if deed == "rotate":
                writer.shift()
                writer.begin_anew()
            elif deed == "cut":
                writer.truncate()
            writer.write(3)
        if next(told):
            self._wait(life, 0.3)  # what is done a moment after everything else
        life.signal(SIGTERM)
        status = life.end()
        assert status in (0, -SIGKILL), self._stderr.read_text(encoding="utf-8")[-4000:]
        return status == -SIGKILL

    def _is_told(self, life: Life, writer: oracle.Writer) -> bool:
        """Wait until every line was told, True, or the daemon is dead."""
        for _ in self._looks(20.0):
            if life.is_dead():
                return False
            if oracle.has_all(oracle.ours(alerts_in(self.out, torn=True)), writer.written):
                return True
        raise AssertionError(self._stderr.read_text(encoding="utf-8")[-4000:])

    def _wait(self, life: Life, seconds: float) -> None:
        for _ in self._looks(seconds):
            if life.is_dead():
                return

    @staticmethod
    def _looks(seconds: float) -> Iterator[None]:
        pause, deadline = Event(), perf_counter() + seconds
        while perf_counter() < deadline:
            yield
            pause.wait(0.004)
