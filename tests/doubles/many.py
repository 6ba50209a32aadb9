"""A daemon on many files at once, held to account and measured."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from time import perf_counter
from typing import NamedTuple

from doubles import oracle
from doubles.process import Running, alerts_in, eventually

CONFIG = f"""\
sources: {{{{app: {{{{path: '{{folder}}/logs/*/*.log', start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


class Found(NamedTuple):
    """What was measured."""

    ready_seconds: float
    backlog_seconds: float
    """From the start of the process until every line of the backlog was told."""
    live_seconds: float
    """From the first of one write to each file until all were told."""
    threads: int
    descriptors: int
    resident_bytes: int
    idle_share: float
    """Of one core, over the time that was waited."""
    stop_seconds: float


def run(folder: Path, *, files: int, folders: int, idle_seconds: float = 0.0) -> Found:
    """Write, follow, write again, wait, stop; then hold all alerts against what was written."""
    writers = [_writer(folder, number, folders) for number in range(files)]
    for writer in writers:
        writer.write(10)
    out = folder / "alerts.jsonl"
    with Running(folder, CONFIG.format(folder=folder)).ready(seconds=60) as daemon:
        ready = perf_counter() - daemon.started_at
        backlog = _until_all_told(out, writers) - daemon.started_at
        began = perf_counter()
        for writer in writers:
            writer.write()
        live = _until_all_told(out, writers) - began
        threads, descriptors = daemon.threads(), daemon.descriptors()
        share = _idle_share(daemon, idle_seconds)
        resident = daemon.resident_bytes()
        for writer in writers:
            writer.write()
        stop = daemon.stop()
    with Running(folder, CONFIG.format(folder=folder)).ready(seconds=60) as daemon:
        _until_all_told(out, writers)
        daemon.stop()
    for writer in writers:
        writer.__exit__()
    oracle.settle(alerts_in(out), [one for each in writers for one in each.written])
    return Found(ready, backlog, live, threads, descriptors, resident, share, stop)


def _writer(folder: Path, number: int, folders: int) -> oracle.Writer:
    place = folder / "logs" / str(number % folders)
    place.mkdir(parents=True, exist_ok=True)
    writer = oracle.Writer(place / f"{number}.log")
    writer.generation = number
    return writer


def _until_all_told(out: Path, writers: list[oracle.Writer]) -> float:
    written = [one for each in writers for one in each.written]
    eventually(lambda: oracle.has_all(alerts_in(out), written), "every line told", 60)
    return perf_counter()


def _idle_share(daemon: Running, seconds: float) -> float:
    """Processor time that it takes while nothing happens, once the last bustle is over."""
    if not seconds:
        return 0.0
    # A file that was written half a minute ago is still looked at every second.
    Event().wait(32)
    before, began = daemon.cpu_seconds(), perf_counter()
    Event().wait(seconds)
    return (daemon.cpu_seconds() - before) / (perf_counter() - began)
