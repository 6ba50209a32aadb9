"""From the start of the process to READY=1, with compiled rules on disk and without; its memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from time import perf_counter

from bench.child import machine_busy_seconds
from bench.report import Result
from bench.rule_sets import SIZES, rule_set
from bench.settings import Settings
from bench.subject import Subject
from doubles.process import Running

FILES = 10
SLOW_FROM = 1_000
"""With so many rules a start without compiled ones takes seconds, and is done but twice."""


def measure(settings: Settings) -> Iterator[Result]:
    """Ten files, more and more rules; ready is seen within 5 ms."""
    logs = settings.folder / "start" / "logs"
    logs.mkdir(parents=True)
    for number in range(FILES):
        (logs / f"{number}.log").write_text(f"{number} request 1 done in 12 ms\n" * 1_000)
    for rules in SIZES:
        folder = settings.folder / "start" / str(rules)
        subject = Subject(folder, logs / "*.log", rule_set(rules))
        _start(folder, subject)
        for cache in ("cold", "warm"):
            yield _result(folder, subject, rules, cache, settings)


def _result(folder: Path, subject: Subject, rules: int, cache: str, settings: Settings) -> Result:
    runs = []
    is_slow = cache == "cold" and rules >= SLOW_FROM
    busy, began = machine_busy_seconds(), perf_counter()
    for _ in range(min(2, settings.starts) if is_slow else settings.starts):
        if cache == "cold":
            rmtree(subject.state)
        runs.append(_start(folder, subject))
    used, took = sum(run[4] for run in runs), perf_counter() - began
    return Result(
        "start",
        {"rules": rules, "files": FILES, "compiled rules": cache},
        {
            "ready ms": [run[0] * 1e3 for run in runs],
            "CPU ms": [run[1] * 1e3 for run in runs],
            "RSS MB": [run[2] / 1e6 for run in runs],
            "SIGTERM to exit ms": [run[3] * 1e3 for run in runs],
            "foreign cores": max(0.0, (machine_busy_seconds() - busy - used) / took),
        },
    )


def _start(folder: Path, subject: Subject) -> tuple[float, float, int, float, float]:
    """Seconds to ready, CPU seconds until then, RSS, seconds to stop, CPU seconds in all."""
    with Running(folder, subject.text) as daemon:
        daemon.ready(seconds=120)
        took = perf_counter() - daemon.started_at
        cpu, resident = daemon.cpu_seconds(), daemon.resident_bytes()
        return took, cpu, resident, daemon.stop(), cpu
