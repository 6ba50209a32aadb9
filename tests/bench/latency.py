"""From a line's write to the line that tells of it, one line at a time, on a quiet log.

logwatch commits an alert durably before the sink hears of it, so the disk's own time to sync is in
every figure; it is measured beside each sample, with a write of one page to the same disk. The
other programs sync nothing.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from time import perf_counter, process_time

from bench.child import machine_busy_seconds
from bench.followers import Follower, followers, running
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from doubles.process import Running

LINE = (
    b"Jan  5 00:00:00 a sshd[9]: Failed password for invalid user u%d from 192.0.2.7 port 9 ssh2\n"
)
GIVE_UP_SECONDS = 5.0
WAIT_FOR_FIRST_SECONDS = 15.0
LOOK_SECONDS = 0.0001
"""How often the output is looked at: what the figures are late by, at most about twice."""
RULES = 10


def measure(settings: Settings) -> Iterator[Result]:
    """Ten rules, one file; each program in turn."""
    folder = settings.folder / "latency"
    folder.mkdir()
    log = folder / "app.log"
    log.touch()
    subject = Subject(folder, log, rule_set(RULES))
    with Running(folder, subject.text) as daemon:
        daemon.ready()
        for _ in range(5):
            _one_way(log, subject.alerts, 0)
        neighbours, cpu = _Neighbours(), daemon.cpu_seconds()
        ways, syncs = _samples(settings.samples, log, subject.alerts)
        used = daemon.cpu_seconds() - cpu
        foreign = neighbours.cores(used)
        daemon.stop()
    figures = {**_percentiles("", ways), **_percentiles("fdatasync ", syncs)}
    figures |= {"CPU ms/line": used * 1e3 / len(ways), "foreign cores": foreign}
    yield Result("latency", {"program": "logwatch", "lines": len(ways)}, figures)
    for follower in followers(folder, log, rule_set(RULES)):
        try:
            yield _theirs(follower, settings.peer_samples, log)
        except RuntimeError as problem:
            print(f"left out: {follower.name}: {problem}", file=sys.stderr)


def _theirs(follower: Follower, count: int, log: Path) -> Result:
    with running(follower):
        _await_first(log, follower.out)
        neighbours = _Neighbours()
        ways, _ = _samples(count, log, follower.out)
        foreign = neighbours.cores(0.0)
    names = {"program": follower.name, "lines": len(ways)}
    return Result("latency", names, {**_percentiles("", ways), "foreign cores": foreign})


def _await_first(log: Path, out: Path) -> None:
    """Write a line now and then until one comes out, and all that were written are out."""
    pause, began = Event(), perf_counter()
    written = 0
    while _size(out) == 0:
        if perf_counter() - began > WAIT_FOR_FIRST_SECONDS:
            raise RuntimeError(f"nothing came out within {WAIT_FOR_FIRST_SECONDS:.0f} s")
        _append(log, written)
        written += 1
        pause.wait(0.5)
    before = -1
    while before != (before := _size(out)):
        pause.wait(1.5)
    for _ in range(3):
        _one_way(log, out, 0)


class _Neighbours:
    """What the rest of the machine uses from now on."""

    def __init__(self) -> None:
        self._before = machine_busy_seconds() - process_time()
        self._began = perf_counter()

    def cores(self, measured: float) -> float:
        """Cores in the mean, without `measured` CPU seconds and this program's own."""
        used = machine_busy_seconds() - process_time() - self._before - measured
        return max(0.0, used / (perf_counter() - self._began))


def _samples(count: int, log: Path, out: Path) -> tuple[list[float], list[float]]:
    chance, pause = random.Random(1), Event()
    ways, syncs = [], []
    for number in range(count):
        pause.wait(chance.uniform(0.03, 0.08))
        ways.append(_one_way(log, out, number))
        pause.wait(0.02)
        syncs.append(_one_sync(log.parent / "sync"))
    return ways, syncs


def _one_way(log: Path, out: Path, number: int) -> float:
    pause = Event()
    before = _size(out)
    began = perf_counter()
    _append(log, number)
    while _size(out) == before:
        if perf_counter() - began > GIVE_UP_SECONDS:
            raise RuntimeError(f"line {number} brought nothing in {GIVE_UP_SECONDS} s")
        pause.wait(LOOK_SECONDS)
    return perf_counter() - began


def _append(log: Path, number: int) -> None:
    with log.open("ab", buffering=0) as file:
        file.write(LINE % number)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _one_sync(path: Path) -> float:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        began = perf_counter()
        os.write(file, bytes(4096))
        os.fdatasync(file)
        return perf_counter() - began
    finally:
        os.close(file)


def _percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    ranked = sorted(seconds)
    return {
        f"{name}{label} ms": ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1e3
        for label, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
    }
