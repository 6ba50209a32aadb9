"""A daemon on many files at once, held to account and measured."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
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


AS_THE_UNIT = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}


class Found(NamedTuple):
    """What was measured."""

    ready_seconds: float
    backlog_seconds: float
    """From the start of the process until every line of the backlog was told."""
    backlog_cpu_seconds: float
    """Of the daemon, over this time."""
    live_seconds: float
    """From the first of one write to each file until all were told."""
    live_cpu_seconds: float
    threads: int
    descriptors: int
    resident_bytes: int
    idle_share: float
    """Of one core, over the time that was waited."""
    stop_seconds: float

    def row(self, files: int, folders: int) -> str:
        """A row of the table in docs/reliability.md."""
        return (
            f"| {files:,} | {folders:,} | {self.ready_seconds:.1f} | {self.backlog_cpu_seconds:.1f}"
            f" | {self.live_seconds:.1f} | {self.live_cpu_seconds:.1f} | {self.stop_seconds:.1f}"
            f" | {self.threads:,} | {self.descriptors:,} | {self.resident_bytes / 2**20:.0f} |"
        )


def run(
    folder: Path,
    *,
    files: int,
    folders: int,
    idle_seconds: float = 0.0,
    lines: int = 10,
    rotated: int = 0,
    seconds: float = 60.0,
) -> Found:
    """Write, follow, write again, rotate some, wait, stop; then settle what was told of it all.

    Each file has so many `lines` at the start; `seconds` is how long each wait may take.
    """
    _allow_many_files()
    writers = [writer_of(folder, number, folders) for number in range(files)]
    for writer in writers:
        writer.write(lines)
    out = folder / "alerts.jsonl"
    text = CONFIG.format(folder=folder)
    with Running(folder, text, variables=AS_THE_UNIT).ready(seconds=seconds) as daemon:
        ready = perf_counter() - daemon.started_at
        backlog = until_all_told(out, writers, seconds) - daemon.started_at
        backlog_cpu = daemon.cpu_seconds()
        began = perf_counter()
        for writer in writers:
            writer.write()
        live = until_all_told(out, writers, seconds) - began
        live_cpu = daemon.cpu_seconds() - backlog_cpu
        for writer in writers[:rotated]:
            rotate(writer)
        until_all_told(out, writers, seconds)
        threads, descriptors = daemon.threads(), daemon.descriptors()
        share = _idle_share(daemon, idle_seconds)
        resident = daemon.resident_bytes()
        for writer in writers:
            writer.write()
        stop = daemon.stop(seconds)
    with Running(folder, text, variables=AS_THE_UNIT).ready(seconds=seconds) as daemon:
        until_all_told(out, writers, seconds)
        daemon.stop(seconds)
    for writer in writers:
        writer.__exit__()
    settle(out, writers)
    return Found(
        ready,
        backlog,
        backlog_cpu,
        live,
        live_cpu,
        threads,
        descriptors,
        resident,
        share,
        stop,
    )


def _allow_many_files() -> None:
    """Each writer has its file open, and outside of a service a process has but a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def writer_of(folder: Path, number: int, folders: int) -> oracle.Writer:
    """Of one of the files, whose generations have numbers of its own."""
    place = folder / "logs" / str(number % folders)
    place.mkdir(parents=True, exist_ok=True)
    writer = oracle.Writer(place / f"{number}.log")
    writer.generation = 10 * number
    return writer


def rotate(writer: oracle.Writer) -> None:
    """Rename and create, and a writer that reopens its log a line too late."""
    writer.shift()
    writer.write()
    writer.begin_anew()
    writer.write()


def until_all_told(out: Path, writers: list[oracle.Writer], seconds: float = 60.0) -> float:
    """Wait for it; what the clock shows then."""
    written = [one for each in writers for one in each.written]
    eventually(lambda: _has_all(out, written), "every line told", seconds)
    return perf_counter()


def _has_all(out: Path, written: list[tuple[int, int]]) -> bool:
    # To decode all of them takes a second and more: not before there may be enough.
    is_enough = out.exists() and out.read_bytes().count(b"\n") >= len(written)
    return is_enough and oracle.has_all(oracle.ours(alerts_in(out)), written)


def settle(out: Path, writers: list[oracle.Writer]) -> None:
    """Every line was told once, and nothing else was."""
    oracle.settle(alerts_in(out), [one for each in writers for one in each.written])


def _idle_share(daemon: Running, seconds: float) -> float:
    """Processor time that it takes while nothing happens, once the last bustle is over."""
    if not seconds:
        return 0.0
    # A file that was written half a minute ago is still looked at every second.
    Event().wait(32)
    before, began = daemon.cpu_seconds(), perf_counter()
    Event().wait(seconds)
    return (daemon.cpu_seconds() - before) / (perf_counter() - began)


def main() -> None:
    """Measure so many files in so many folders: `cd tests; python -m doubles.many 1000 20`."""
    files, folders = (int(each) for each in sys.argv[1:3])
    with TemporaryDirectory(dir="/var/tmp") as folder:  # no memory, as /tmp may be
        found = run(Path(folder), files=files, folders=folders, idle_seconds=30.0, seconds=600.0)
    sys.stdout.write(f"{found.row(files, folders)} idle {100 * found.idle_share:.2f} %\n")


if __name__ == "__main__":
    main()
