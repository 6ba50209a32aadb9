"""A hundred logs under everything that happens to logs, for as long as one likes.

Beside them folders with a log come and go, one in a second or two, as those of containers do.

What the daemon tells is read as it comes, held against what was written, and thrown away, so that
an hour costs no more memory or disk than a minute. Every line must come once, whole, in the order
of its generation; memory, threads, file descriptors and the time from a write to its alert are
noted all the while.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import linear_regression, median, quantiles
from threading import Event
from time import perf_counter
from typing import Any, NamedTuple

from doubles import oracle, unit
from doubles.process import Running
from doubles.stage import IMPATIENT

LOGS = 100
FOLDERS = 20
"""Those that come and go, and are there at a time."""
FOLDER_ROUNDS = 50
KEPT = 5
"""Rotated files of one log that are kept."""
ROUND_SECONDS = 0.02
LONGEST_LAG = 20.0
OUT_BYTES = 32 << 20
SAID = 30
"""Lines of what the daemon said of a log that are shown with an alert about it."""

CONFIG = f"""\
sources: {{{{app: {{{{path: '{{folder}}/*/app.log', start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""

LEAK_BYTES = 2 << 20
"""More growth than this in the last half of a run is a leak. In half an hour some 16,500 files are
rotated: 127 bytes that are kept of each would be as much."""
LEAK_DESCRIPTORS = 10
"""Files that were renamed stay open for two seconds, so that their number is never at rest."""
LEAK_THREADS = 3

COPYING = """
from logwatch.daemon import backing_up
backing_up.FIRST_SECONDS, backing_up.EVERY_SECONDS = 5.0, 15.0
from logwatch.tailer import claims
claims._CLOSED_KEPT = 256
"""
"""Copies the store four times a minute, and remembers as many closed files as a minute closes: of
8,192 the first twenty minutes would be a growth that is meant."""


class Sample(NamedTuple):
    """The daemon at one moment."""

    seconds: float
    memory_bytes: int
    threads: int
    descriptors: int
    lag_seconds: float
    """Of the hundredth that waited longest for its alert since the sample before."""


class Account(NamedTuple):
    """What came of it."""

    samples: list[Sample]
    deeds: int
    lines: int
    rotations: int
    lags: tuple[float, float, float]
    """Median, ninety-ninth hundredth and longest time from a write to its alert, in seconds."""
    cpu_seconds: float
    """What the daemon took of the processors."""
    unexpected: list[str]
    """Alerts that were about something else than a line: nothing that is done here is worth one."""


def growth(samples: list[Sample], of: Callable[[Sample], float]) -> float:
    """How far the straight line through this figure of the last half of the samples rises."""
    late = samples[len(samples) // 2 :]
    seconds = [each.seconds for each in late]
    rise = linear_regression(seconds, [of(each) for each in late]).slope
    return rise * (seconds[-1] - seconds[0])


class _Log:
    """One log, who writes it, and what was not told yet."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = folder / "app.log"
        self.writer = oracle.Writer(self.path, noise=1)
        self.waiting: dict[tuple[int, int], float] = {}
        self.newest: dict[int, int] = {}

    def write(self, count: int) -> None:
        """Lines that are to be told."""
        self.writer.write(count)
        now = perf_counter()
        self.waiting.update(dict.fromkeys(self.writer.written, now))
        self.writer.written.clear()

    def told(self, alert: dict[str, object], text: str) -> float:
        """How long this line had to wait."""
        [which] = oracle.told([alert])
        generation, number = which
        assert oracle.is_whole(text), f"a damaged line: {text!r}"
        since = self.waiting.pop(which, None)
        assert since is not None, f"{self.path}: {which} came twice, or was never written"
        assert number > self.newest.get(generation, -1), f"{self.path}: {which} is out of order"
        self.newest[generation] = number
        return perf_counter() - since

    def forget_the_oldest(self) -> None:
        """As logrotate does with what is older than it should keep."""
        for old in self.path.parent.glob("app.log[.-]*"):
            mark = int(old.name.rpartition("-" if "-" in old.name else ".")[2])
            if mark > KEPT if "-" not in old.name else mark < self.writer.generation - KEPT:
                old.unlink()


class Soak:
    """The logs and the daemon."""

    def __init__(self, folder: Path, seed: int = 7) -> None:
        self._folder = folder
        self._random = Random(seed)
        self._logs = [_Log(folder / f"{number:03}") for number in range(LOGS)]
        self._by_path = {str(each.path): each for each in self._logs}
        self._passing: deque[_Log] = deque()
        self._numbers = itertools.count()
        self._out = folder / "alerts.jsonl"
        self._file: int | None = None
        self._rest = b""
        self._lags: list[float] = []
        self._all_lags: list[float] = []
        self._unexpected: list[str] = []
        self._said: Callable[[], str] = str
        self._samples: list[Sample] = []
        self._rounds = self._deeds = self._lines = self._rotations = 0

    def run(self, seconds: float) -> Account:
        """For so long; raises AssertionError where a line is lost, torn or told twice."""
        config, pause = CONFIG.format(folder=self._folder), Event()
        every = max(1.0, seconds / 240)
        running = Running(
            self._folder, config, sabotage=IMPATIENT + COPYING, variables=unit.environment()
        )
        self._said = lambda: running.stderr
        with running.ready() as daemon:
            daemon.says("daemon.live")
            for _ in range(FOLDERS):
                self._come_and_go()
            began, sampled = perf_counter(), perf_counter()
            while (now := perf_counter()) - began < seconds:
                self._do(self._random.choice(self._logs))
                self._rounds += 1
                if self._rounds % FOLDER_ROUNDS == 0:
                    self._come_and_go()
                self._listen()
                if now - sampled >= every:
                    sampled = now
                    self._sample(daemon, now - began)
                pause.wait(ROUND_SECONDS)
            deadline = perf_counter() + LONGEST_LAG
            logs = self._by_path.values()
            while any(each.waiting for each in logs) and perf_counter() < deadline:
                self._listen()
                pause.wait(ROUND_SECONDS)
            left = [(str(each.path), list(each.waiting)[:3]) for each in logs if each.waiting]
            assert not left, "\n".join([f"never told: {left[:5]}", *self._unexpected])
            cpu_seconds = daemon.cpu_seconds()
            daemon.stop()
        parts = quantiles(self._all_lags, n=100)
        lags = median(self._all_lags), parts[98], max(self._all_lags)
        return Account(
            self._samples,
            self._deeds,
            self._lines,
            self._rotations,
            lags,
            cpu_seconds,
            self._unexpected,
        )

    def _do(self, log: _Log) -> None:
        count = self._random.randint(1, 8)
        log.write(count)
        self._lines += count
        self._deeds += 1
        deed = self._random.randrange(16)
        if deed > 3:
            return
        if deed == 0:
            log.writer.shift()
            if self._random.random() < 0.5:
                log.write(1)  # into the renamed file
                self._lines += 1
            log.writer.begin_anew()
        else:
            if not self._all_told(log):
                return
            if deed == 2:
                shutil.copyfile(log.path, f"{log.path}-{log.writer.generation}")
            if deed == 3:
                log.path.unlink()
                log.writer.begin_anew()
            else:
                log.writer.truncate()
        self._rotations += 1
        log.forget_the_oldest()

    def _come_and_go(self) -> None:
        """A folder more, and the oldest less once its log was told whole."""
        log = _Log(self._folder / f"container-{next(self._numbers)}")
        self._by_path[str(log.path)] = log
        self._passing.append(log)
        log.write(3)
        self._lines += 3
        if len(self._passing) > FOLDERS and not self._passing[0].waiting:
            gone = self._passing.popleft()
            gone.writer.close()
            shutil.rmtree(gone.path.parent)
            del self._by_path[str(gone.path)]

    def _all_told(self, log: _Log) -> bool:
        """Wait until nothing would be lost if the log were cut."""
        pause, deadline = Event(), perf_counter() + LONGEST_LAG
        while log.waiting:
            assert perf_counter() < deadline, f"{log.path}: not told in {LONGEST_LAG} s"
            pause.wait(0.005)
            self._listen()
        return True

    def _listen(self) -> None:
        """Take what was told since the last time."""
        for line in self._new_lines():
            alert = json.loads(line)
            if alert["rule"] != "oracle":
                self._unexpected.append(self._in_words(alert))
                continue
            log = self._by_path[alert["path"]]
            self._lags.append(log.told(alert, alert["lines"][0]["text"]))

    def _in_words(self, alert: dict[str, Any]) -> str:
        """An alert, and what the daemon has said of its log until now."""
        path = alert["path"]
        said = [line for line in self._said().splitlines() if path and path in line]
        return "\n".join([f"{alert['at']} {alert['rule']}: {alert['message']}", *said[-SAID:]])

    def _new_lines(self) -> Iterator[bytes]:
        if self._file is None:
            try:
                self._file = os.open(self._out, os.O_RDONLY)
            except FileNotFoundError:
                return
        # Before the last look into the old one: once there is a new one nobody writes the old.
        is_removed = not os.fstat(self._file).st_nlink
        is_left = is_removed and self._out.exists()
        while data := os.read(self._file, 1 << 20):
            *whole, self._rest = (self._rest + data).split(b"\n")
            yield from whole
        if is_left:
            assert not self._rest, "the sink left a torn line"
            os.close(self._file)
            self._file = None
        elif not is_removed and os.fstat(self._file).st_size > OUT_BYTES:
            self._out.unlink()  # the sink makes a new one, which may be there at any moment

    def _sample(self, daemon: Running, seconds: float) -> None:
        lags, self._lags = sorted(self._lags) or [0.0], []
        self._all_lags += lags
        self._samples.append(
            Sample(
                seconds,
                daemon.resident_bytes(),
                daemon.threads(),
                daemon.descriptors(),
                lags[len(lags) * 99 // 100],
            )
        )
