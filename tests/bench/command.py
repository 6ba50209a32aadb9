"""The command line of the bench: which measurements, how large, and where the figures go."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import every_line, hot_file, idle, latency, report, settings, start, throughput

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]

MEASUREMENTS: dict[str, Callable[[settings.Settings], Iterator[report.Result]]] = {
    "throughput": throughput.measure,
    "latency": latency.measure,
    "idle": idle.measure,
    "hot": hot_file.measure,
    "every": every_line.measure,
    "start": start.measure,
}


def main(words: Sequence[str] | None = None) -> int:
    """Measure what was asked for; returns the exit status."""
    options = _parser().parse_args(words)
    # Programs are to start as they do when they are installed: with their compiled modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    machine = report.machine()
    print("measured on", ", ".join(f"{name} {value}" for name, value in machine.items()), "\n")
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.only or MEASUREMENTS:
        with TemporaryDirectory(dir=options.folder, prefix=f"{name}-") as folder:
            results = list(MEASUREMENTS[name](_settings(options, Path(folder))))
        print(report.tables(results), flush=True)
        with options.out.open("a", encoding="utf-8") as out:
            out.writelines(f"{report.as_json(each, machine)}\n" for each in results)
    return 0


def _settings(options: argparse.Namespace, folder: Path) -> settings.Settings:
    if options.quick:
        return settings.quick(folder)
    return settings.full(folder, options.megabytes, options.repeat)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__)
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="a look in about a minute")
    parser.add_argument("--megabytes", type=int, default=250, help="size of a log (250)")
    parser.add_argument("--repeat", type=int, default=5, help="rounds (5)")
    parser.add_argument("--out", type=Path, default=HERE / "results.jsonl", metavar="FILE")
    parser.add_argument(
        "--folder",
        type=Path,
        default=CHECKOUT / "build" / "bench",
        help="where logs and stores are written; its disk is the one measured (build/bench)",
    )
    return parser
