"""From a line's write to its alert's line in a file, one line at a time, on a quiet log.

The alert is committed durably before the sink hears of it, so the disk's own time to sync is in
every figure; it is measured beside each sample, with a write of one page to the same disk.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from time import perf_counter

from bench.child import machine_busy_seconds
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from doubles.process import Running

LINE = (
    b"Jan  5 00:00:00 a sshd[9]: Failed password for invalid user u%d from 192.0.2.7 port 9 ssh2\n"
)
GIVE_UP_SECONDS = 5.0
LOOK_SECONDS = 0.0001
"""How often the alerts are looked at: what the figures are late by, at most about twice."""


def measure(settings: Settings) -> Iterator[Result]:
    """One daemon, ten rules, one file."""
    folder = settings.folder / "latency"
    folder.mkdir()
    log = folder / "app.log"
    log.touch()
    subject = Subject(folder, log, rule_set(10))
    with Running(folder, subject.text) as daemon:
        daemon.ready()
        for _ in range(5):
            _one_way(log, subject.alerts, 0)
        busy, began, cpu = machine_busy_seconds(), perf_counter(), daemon.cpu_seconds()
        ways, syncs = _samples(settings.samples, log, subject.alerts)
        used = daemon.cpu_seconds() - cpu
        foreign = (machine_busy_seconds() - busy - used) / (perf_counter() - began)
        daemon.stop()
    figures = {**_percentiles("", ways), **_percentiles("fdatasync ", syncs)}
    figures |= {"CPU ms/line": used * 1e3 / len(ways), "foreign cores": foreign}
    yield Result("latency", {"program": "logwatch", "lines": len(ways)}, figures)


def _samples(count: int, log: Path, alerts: Path) -> tuple[list[float], list[float]]:
    chance, pause = random.Random(1), Event()
    ways, syncs = [], []
    for number in range(count):
        pause.wait(chance.uniform(0.03, 0.08))
        ways.append(_one_way(log, alerts, number))
        pause.wait(0.02)
        syncs.append(_one_sync(log.parent / "sync"))
    return ways, syncs


def _one_way(log: Path, alerts: Path, number: int) -> float:
    pause = Event()
    before = alerts.stat().st_size if alerts.exists() else 0
    began = perf_counter()
    with log.open("ab", buffering=0) as file:
        file.write(LINE % number)
    while not alerts.exists() or alerts.stat().st_size == before:
        if perf_counter() - began > GIVE_UP_SECONDS:
            raise RuntimeError(f"line {number} brought no alert in {GIVE_UP_SECONDS} s")
        pause.wait(LOOK_SECONDS)
    return perf_counter() - began


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
