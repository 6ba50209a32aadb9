"""A file that is written all the time, one line a write: what following it costs.

The writer is a process of its own, which writes in bursts of one millisecond's lines. A known share
of the lines raises an alert, by which we know that every line was read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench.child import machine_busy_seconds
from bench.latency import LINE
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from doubles.process import Running, eventually

RATES = (1_000, 20_000)
HIT_EVERY = 1_000

WRITER = """
import os, sys, time
path, rate, seconds, every, line = sys.argv[1:]
rate, every, count = int(rate), int(every), int(int(rate) * float(seconds))
hit = line.encode() + b"\\n"
other = b"Jan  5 00:00:00 a app[7]: request 123456 done, 12 rows read, ratio 0.93, took 13 ms\\n"
file = os.open(path, os.O_WRONLY | os.O_APPEND)
began = time.perf_counter()
for number in range(count):
    if number % max(1, rate // 1000) == 0:
        wait = began + number / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
    os.write(file, hit if number % every == 0 else other)
print(count / (time.perf_counter() - began))
"""


def measure(settings: Settings) -> Iterator[Result]:
    """One daemon for each rate of writing."""
    for rate in RATES:
        yield _at(rate, settings)


def _at(rate: int, settings: Settings) -> Result:
    folder = settings.folder / f"hot-{rate}"
    folder.mkdir()
    log = folder / "hot.log"
    log.touch()
    subject = Subject(folder, log, rule_set(10))
    hits = int(rate * settings.hot_seconds) // HIT_EVERY
    with Running(folder, subject.text) as daemon:
        daemon.ready()
        began, cpu = perf_counter(), daemon.cpu_seconds()
        busy = machine_busy_seconds() - _own_and_writers_seconds()
        achieved = _write(log, rate, settings.hot_seconds)
        written = perf_counter()
        eventually(lambda: subject.alert_count() >= hits, "every alert", 30)
        behind = perf_counter() - written
        used, took = daemon.cpu_seconds() - cpu, perf_counter() - began
        busy = machine_busy_seconds() - _own_and_writers_seconds() - busy
        foreign = max(0.0, busy - used) / took
        daemon.stop()
    figures = {
        "writes/s": achieved,
        "% of a core": 100 * used / took,
        "CPU us/line": used * 1e6 / (rate * settings.hot_seconds),
        "behind at the end ms": behind * 1e3,
        "alerts": f"{subject.alert_count()} of {hits}",
        "foreign cores": foreign,
    }
    return Result("hot file", {"wanted writes per s": rate}, figures)


def _own_and_writers_seconds() -> float:
    """CPU seconds of this program and of the children that have ended: the writers."""
    times = os.times()
    return sum(times[:4])


def _write(log: Path, rate: int, seconds: float) -> float:
    hit = (LINE % 0).decode().rstrip()
    arguments = [str(each) for each in (log, rate, seconds, HIT_EVERY, hit)]
    done = subprocess.run(
        [sys.executable, "-c", WRITER, *arguments], capture_output=True, text=True, check=True
    )
    return float(done.stdout)
