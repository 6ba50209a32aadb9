"""Figures as JSON lines for programs and as Markdown tables for people.

A figure that was measured several times is written as its median, with the least and the most.
"""

from __future__ import annotations

import json
import mmap
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeAlias

from bench import daemons

Figure: TypeAlias = float | int | str | Sequence[float]
"""One value, or those of several runs."""

HIDDEN = frozenset({"group"})
"""Figures that are for programs only."""


class Result(NamedTuple):
    """What one measurement found in one case."""

    measurement: str
    case: Mapping[str, Figure]
    figures: Mapping[str, Figure]


class Run(NamedTuple):
    """One call of the bench."""

    at: str
    """When it began, in UTC."""
    machine: Mapping[str, Any]
    is_quick: bool


def as_json(result: Result, run: Run) -> str:
    """One line for the file of results."""
    figures = {
        name: value if isinstance(value, int | float | str) else _summary(value)
        for name, value in result.figures.items()
    }
    return json.dumps(
        {
            "run": run.at,
            "quick": run.is_quick,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "measurement": result.measurement,
            "case": dict(result.case),
            "figures": figures,
            "machine": dict(run.machine),
        }
    )


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of results, oldest first; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _summary(values: Sequence[float]) -> dict[str, Any]:
    return {
        "median": round(median(values), 4),
        "least": round(min(values), 4),
        "most": round(max(values), 4),
        "runs": [round(value, 4) for value in values],
    }


def tables(results: Sequence[Result]) -> str:
    """A Markdown table for each measurement, a row for each case."""
    parts = []
    for name, group in groupby(results, key=lambda result: result.measurement):
        rows = list(group)
        heads = [*rows[0].case, *_figure_names(rows)]
        lines = [f"### {name}", "", row(heads), row(["---"] * len(heads))]
        for result in rows:
            cells = {**result.case, **result.figures}
            lines.append(row([shown(cells.get(head, "")) for head in heads]))
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _figure_names(rows: Sequence[Result]) -> list[str]:
    names = dict.fromkeys(name for one in rows for name in one.figures)
    return [name for name in names if name not in HIDDEN]


def row(cells: Sequence[str]) -> str:
    """One line of a Markdown table."""
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def shown(value: Figure) -> str:
    """A figure as a table shows it: three digits, and the range of several runs."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return _digits(value)
    if len(value) == 1:
        return _digits(value[0])
    return f"{_digits(median(value))} ({_digits(min(value))}-{_digits(max(value))})"


def _digits(value: float) -> str:
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def machine() -> dict[str, Any]:
    """Where the figures come from."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": f"{platform.python_version()} ({Path(sys.executable).resolve()})",
        "logwatch": version("logwatchd"),
        "hyperscan": _version_of("hyperscan"),
        "commit": _commit(),
        "page us": _first_touch(),
        "load ns": _far_load(),
        "times least": _disturbance(),
        "others": {peer.name: peer.version() for peer in daemons.installed()},
    }


def _first_touch() -> float:
    """CPU microseconds for a page of memory that nobody has touched, the middle one of five.

    A host may give its guests memory page by page: then this is twenty times as dear as elsewhere,
    and whatever writes much shows it.
    """
    pages, took = 16_384, []
    for _ in range(5):
        with mmap.mmap(-1, pages * mmap.PAGESIZE) as region:
            began = time.process_time()
            region[:: mmap.PAGESIZE] = bytes(pages)
            took.append((time.process_time() - began) / pages * 1e6)
    return round(median(took), 2)


def _far_load() -> float:
    """Nanoseconds for a load that the caches do not hold, about, the middle one of five.

    A guest shares caches and memory with its neighbours, who may make this twice as long: then all
    that touches memory costs more CPU seconds, though nobody else is seen to use the processors.
    """
    near, far = _ring(1_000), _ring(1_000_000)
    took = [(_steps_ns(far) - _steps_ns(near)) / 2 for _ in range(5)]
    return round(median(took), 1)


def _ring(length: int) -> list[int]:
    """At each place the next one, all in one round in an order that nothing can foresee.

    A step loads two lines of the cache: the place, and the number that it refers to.
    """
    order = list(range(length))
    random.Random(1).shuffle(order)
    ring = [0] * length
    for here, there in zip(order, [*order[1:], order[0]], strict=True):
        ring[here] = there
    return ring


def _steps_ns(ring: Sequence[int], steps: int = 300_000) -> float:
    at, began = 0, time.process_time_ns()
    for _ in range(steps):
        at = ring[at]
    return (time.process_time_ns() - began) / steps


def _disturbance() -> float:
    """How many times its least the CPU time of the same small work is in the middle of 2,000.

    1.1 where a core is one's own. Where a neighbour runs on the other hardware thread of the core,
    which no counter of a guest shows, it is up to 2.
    """
    took = []
    for _ in range(2_000):
        began = time.thread_time_ns()
        for _ in range(5_000):
            pass
        took.append(time.thread_time_ns() - began)
    took.sort()
    return round(took[1_000] / took[20], 2)  # the very least is a slip of the clock


def _processor() -> str:
    """Its name, and what tells generations with one name apart, as virtual machines have them."""
    said: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        said.setdefault(name.strip(), value.strip())
    if "model name" not in said:
        return platform.machine()
    vectors = [one for one in ("avx512f", "avx2") if one in said.get("flags", "").split()]
    about = [f"family {said.get('cpu family')} model {said.get('model')}", *vectors[:1]]
    return f"{said['model name']} ({', '.join([*about, *_caches()])})"


def _caches() -> list[str]:
    """The levels behind the first, as the kernel names their sizes."""
    folder = Path("/sys/devices/system/cpu/cpu0/cache")
    found = []
    for level in (2, 3):
        try:
            size = (folder / f"index{level}" / "size").read_text(encoding="utf-8").strip()
        except OSError:
            continue
        found.append(f"L{level} {size}")
    return found


def in_words(machine: Mapping[str, Any]) -> str:
    """What `machine` found, for people."""
    others = ", ".join(f"{name} {version}" for name, version in machine["others"].items())
    page = machine.get("page us")  # earlier results do not say
    memory = f"\nA page of memory touched for the first time takes {page} us" if page else ""
    if load := machine.get("load ns"):
        memory += f", a load that the caches do not hold about {load} ns"
    memory += "." if memory else ""
    if times := machine.get("times least"):
        memory += f" The same small work takes {times} times its least in the middle."
    return (
        f"{machine['cores']} cores of {machine['cpu']}, Linux {machine['kernel']},"
        f" CPython {machine['python']}, Hyperscan binding {machine['hyperscan']},"
        f" logwatch {machine['logwatch']} (commit {machine['commit']})."
        f"{memory}\nOther programs: {others or 'none'}."
    )


def _commit() -> str:
    """Which code was measured; "+" where it was changed since."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except ImportError:  # PackageNotFoundError is one
        return None
