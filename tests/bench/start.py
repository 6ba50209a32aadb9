"""From the start of the process to READY=1, with compiled rules on disk and without; its memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from time import perf_counter

from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from doubles.process import Running

FILES = 10
RULES = 100


def measure(settings: Settings) -> Iterator[Result]:
    """A hundred rules, ten files; ready is seen within 5 ms."""
    folder = settings.folder / "start"
    logs = folder / "logs"
    logs.mkdir(parents=True)
    for number in range(FILES):
        (logs / f"{number}.log").write_text("request 1 done in 12 ms\n" * 1_000)
    subject = Subject(folder, logs / "*.log", rule_set(RULES))
    _start(folder, subject)
    for cache in ("cold", "warm"):
        runs = []
        for _ in range(settings.starts):
            if cache == "cold":
                rmtree(folder / "state" / "patterns")
            runs.append(_start(folder, subject))
        yield Result(
            "start",
            {"rules": RULES, "files": FILES, "compiled rules": cache},
            {
                "ready ms": [run[0] * 1e3 for run in runs],
                "CPU ms": [run[1] * 1e3 for run in runs],
                "RSS MB": [run[2] / 1e6 for run in runs],
                "SIGTERM to exit ms": [run[3] * 1e3 for run in runs],
            },
        )


def _start(folder: Path, subject: Subject) -> tuple[float, float, int, float]:
    with Running(folder, subject.text) as daemon:
        daemon.ready()
        took = perf_counter() - daemon.started_at
        cpu, resident = daemon.cpu_seconds(), daemon.resident_bytes()
        return took, cpu, resident, daemon.stop()
