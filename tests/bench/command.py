"""The command line of the bench: which measurements, how large, and where the figures go."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import (
    backlog,
    commands,
    cores,
    document,
    every_line,
    fields,
    hot_file,
    idle,
    latency,
    memory,
    report,
    settings,
    stages,
    start,
    throughput,
)

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]

FIELDS_SHARE = 5
"""Conditions are measured on many small logs, which together would take longer than all else."""


def _fields(asked: settings.Settings) -> Iterator[report.Result]:
    return fields.measure(asked._replace(log_bytes=asked.log_bytes // FIELDS_SHARE))


MEASUREMENTS: dict[str, Callable[[settings.Settings], Iterator[report.Result]]] = {
    "throughput": throughput.measure,
    "alone": throughput.measure_alone,
    "every": every_line.measure,
    "cores": cores.measure,
    "fields": _fields,
    "latency": latency.measure,
    "hot": hot_file.measure,
    "idle": idle.measure,
    "backlog": backlog.measure,
    "memory": memory.measure,
    "start": start.measure,
    "commands": commands.measure,
    "stages": stages.measure,
}


def main(words: Sequence[str] | None = None) -> int:
    """Measure what was asked for, or write what was measured; returns the exit status."""
    options = _parser().parse_args(words)
    if options.report:
        return _write_report(options)
    # Programs are to start as they do when they are installed: with their compiled modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    names = ["stages"] if options.profile else options.only or _usual()
    machine = report.machine()
    run = report.Run(
        datetime.now(UTC).isoformat(timespec="seconds"), machine, is_quick=options.quick
    )
    print(f"measured on {report.in_words(machine)}\n")
    options.folder.mkdir(parents=True, exist_ok=True)
    shown = [_measured(name, options, run) for name in names]
    if len(names) > 1:
        print("All of it:\n")
        print("\n".join(shown))
    plot = options.folder / "performance.svg"
    if document.draw(document.newest(report.read(options.out), quick=options.quick), plot):
        print(f"plot: {plot}")
    return 0


def _usual() -> list[str]:
    """Everything, but what is a part of something else."""
    return [name for name in MEASUREMENTS if name != "alone"]


def _measured(name: str, options: argparse.Namespace, run: report.Run) -> str:
    """The tables of one measurement, whose results are in the file when this returns."""
    began = perf_counter()
    with TemporaryDirectory(dir=options.folder, prefix=f"{name}-") as folder:
        results = list(MEASUREMENTS[name](_settings(options, Path(folder))))
    tables = report.tables(results)
    with options.out.open("a", encoding="utf-8") as out:
        out.writelines(f"{report.as_json(each, run)}\n" for each in results)
    print(f"{name}: {perf_counter() - began:.0f} s", file=sys.stderr)
    print(tables, flush=True)
    return tables


def _write_report(options: argparse.Namespace) -> int:
    rows = document.newest(report.read(options.out), quick=options.quick)
    if not rows:
        print(f"no results in {options.out}; run the bench first", file=sys.stderr)
        return 1
    missing = document.fill(options.report, rows)
    drawn = document.draw(rows, options.report.with_suffix(".svg"))
    for name in missing:
        print(f"nothing measured for {name}: left as it was", file=sys.stderr)
    if not drawn:
        print("nothing measured to draw", file=sys.stderr)
    return 0


def _settings(options: argparse.Namespace, folder: Path) -> settings.Settings:
    if options.quick:
        return settings.quick(folder)
    return settings.full(folder, options.megabytes, options.repeat)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=MEASUREMENTS,
        help="may be repeated; alone: throughput without other programs",
    )
    parser.add_argument("--quick", action="store_true", help="a look in a few minutes")
    parser.add_argument(
        "--profile", action="store_true", help="what each stage costs alone; as --only stages"
    )
    parser.add_argument("--megabytes", type=int, default=250, help="size of a log (250)")
    parser.add_argument("--repeat", type=int, default=3, help="rounds (3)")
    parser.add_argument("--out", type=Path, default=HERE / "results.jsonl", metavar="FILE")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="measure nothing: fill the tables of a Markdown file, and draw the plot beside it,"
        " from the newest results (with --quick: from the newest quick ones)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=CHECKOUT / "build" / "bench",
        help="where logs and stores are written; its disk is the one measured (build/bench)",
    )
    return parser
