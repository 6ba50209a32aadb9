"""A thousand files: how long until they are followed, what they cost in silence, and the stop.

Before the stop each file gets a line that a rule takes; afterwards the store must say that every
file was read to its end and that nothing waits to be delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import perf_counter

from bench.child import machine_busy_seconds
from bench.latency import LINE
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from doubles.process import Running, eventually

from logwatch.store.reader import StoreReader
from logwatch.store.writer import Store

SETTLE_SECONDS = 3.0


def measure(settings: Settings) -> Iterator[Result]:
    """Ten rules, many files of 10 KB."""
    folder = settings.folder / "idle"
    logs = _write_logs(folder / "logs", settings.files)
    subject = Subject(folder, folder / "logs" / "*.log", rule_set(10))
    with Running(folder, subject.text) as daemon:
        daemon.ready(seconds=60)
        figures: dict[str, float | str] = {"ready s": perf_counter() - daemon.started_at}
        figures |= _nothing_happens(daemon, settings.idle_seconds)
        began = perf_counter()
        _append_to_all(logs)
        eventually(lambda: subject.alert_count() == len(logs), "an alert for each file", 60)
        figures["alerts from all s"] = perf_counter() - began
        _append_to_all(logs)
        eventually(lambda: subject.alert_count() > len(logs), "the next alerts", 60)
        figures["SIGTERM to exit s"] = daemon.stop(30)
    figures["committed"] = _verdict(folder / "state", logs)
    yield Result("idle", {"files": len(logs)}, figures)


def _write_logs(folder: Path, count: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"app{number:04d}.log" for number in range(count)]
    for path in paths:
        name = path.stem
        path.write_text("".join(f"{name}: request {line} done in 12 ms\n" for line in range(280)))
    return paths


def _nothing_happens(daemon: Running, seconds: float) -> dict[str, float]:
    pause = Event()
    pause.wait(SETTLE_SECONDS)
    busy, began, cpu = machine_busy_seconds(), perf_counter(), daemon.cpu_seconds()
    pause.wait(seconds)
    used, took = daemon.cpu_seconds() - cpu, perf_counter() - began
    return {
        "% of a core": 100 * used / took,
        "RSS MB": daemon.resident_bytes() / 1e6,
        "threads": daemon.threads(),
        "foreign cores": (machine_busy_seconds() - busy - used) / took,
    }


def _append_to_all(logs: list[Path]) -> None:
    for number, path in enumerate(logs):
        with path.open("ab") as file:
            file.write(LINE % number)


def _verdict(state: Path, logs: list[Path]) -> str:
    """Whether the store agrees with the files: what it misses the next start must still find."""
    store = Store(state)
    offsets = {each.path: each.offset for each in store.checkpoints()}
    store.close()
    reader = StoreReader(state)
    waiting = sum(each.waiting for each in reader.waiting())
    told = len(reader.alerts(limit=10 * len(logs)))
    reader.close()
    behind = sum(offsets.get(str(path)) != path.stat().st_size for path in logs)
    return f"{behind} files behind, {told} of {2 * len(logs)} alerts, {waiting} undelivered"
