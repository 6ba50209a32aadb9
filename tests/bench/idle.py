"""A thousand files: how long until they are followed, what they cost in silence, and the stop.

A file counts as idle, and is looked at less often, half a minute after its last line: so long it is
left alone first. Then every file gets a line that a rule takes, and while it gets a second one the
daemon is stopped: with the next start each line must have been told, and told once.
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
from doubles.process import Running, alerts_in, eventually


def measure(settings: Settings) -> Iterator[Result]:
    """Ten rules, many files of 10 KB."""
    folder = settings.folder / "idle"
    logs = _write_logs(folder / "logs", settings.files)
    subject = Subject(folder, folder / "logs" / "*.log", rule_set(10))
    with Running(folder, subject.text) as daemon:
        daemon.ready(seconds=60)
        figures: dict[str, float | str] = {"ready s": perf_counter() - daemon.started_at}
        Event().wait(settings.settle_seconds)
        figures |= _nothing_happens(daemon, settings.idle_seconds)
        began = perf_counter()
        _append_to_all(logs)
        eventually(lambda: subject.alert_count() == len(logs), "an alert for each file", 60)
        figures["alerts from all s"] = perf_counter() - began
        _append_to_all(logs)
        eventually(lambda: subject.alert_count() > len(logs), "the next alerts", 60)
        figures["SIGTERM to exit s"] = daemon.stop(30)
        told = subject.alert_count()
    subject.run_once(forget=False)
    alerts = {(alert["id"], alert["seq"]) for alert in alerts_in(subject.alerts)}
    figures["told at the stop"] = f"{told} of {2 * len(logs)}"
    figures["told in the end"] = f"{len(alerts)}, {subject.alert_count() - len(alerts)} twice"
    yield Result("idle", {"files": len(logs)}, figures)


def _write_logs(folder: Path, count: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"app{number:04d}.log" for number in range(count)]
    for path in paths:
        name = path.stem
        path.write_text("".join(f"{name}: request {line} done in 12 ms\n" for line in range(280)))
    return paths


def _nothing_happens(daemon: Running, seconds: float) -> dict[str, float]:
    busy, began, cpu = machine_busy_seconds(), perf_counter(), daemon.cpu_seconds()
    Event().wait(seconds)
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
