"""Ten files: memory when all is ready, and after a backlog of all of them was read and told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench.child import machine_busy_seconds
from bench.corpus import write_log
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from bench.throughput import USUAL_RATE
from doubles.process import Running, eventually

FILES = 10
RULES = 100


def measure(settings: Settings) -> Iterator[Result]:
    """Two starts of one daemon: of nothing but small files, and with a backlog."""
    folder = settings.folder / "memory"
    logs = folder / "logs"
    logs.mkdir(parents=True)
    for number in range(FILES):
        (logs / f"{number}.log").write_text(f"{number} request 1 done in 12 ms\n" * 1_000)
    subject = Subject(folder, logs / "*.log", rule_set(RULES))
    subject.run_once()
    yield _resident(folder, subject, "small files", 0)
    corpus = write_log(folder / "model", settings.log_bytes // FILES, hit_rate=USUAL_RATE)
    data = corpus.path.read_bytes()
    for number in range(FILES):
        (logs / f"{number}.log").write_bytes(f"{number}\n".encode() + data)
    yield _resident(folder, subject, "after a backlog", FILES * len(corpus.hits))


def _resident(folder: Path, subject: Subject, name: str, alerts: int) -> Result:
    subject.forget()
    busy, began = machine_busy_seconds(), perf_counter()
    with Running(folder, subject.text) as daemon:
        daemon.ready(seconds=60)
        eventually(lambda: subject.alert_count() >= alerts, "every alert", 120)
        resident, peak = daemon.resident_bytes(), _high_water_bytes(daemon.pid)
        used, took = daemon.cpu_seconds(), perf_counter() - began
        foreign = (machine_busy_seconds() - busy - used) / took
        daemon.stop()
    return Result(
        "memory",
        {"files": FILES, "rules": RULES, "state": name},
        {
            "RSS MB": resident / 1e6,
            "peak RSS MB": peak / 1e6,
            "alerts": alerts,
            "foreign cores": max(0.0, foreign),
        },
    )


def _high_water_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
