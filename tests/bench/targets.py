"""What was aimed at, and whether the figures reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple, TypeAlias

from bench.limits import OUR_SCAN
from bench.rule_sets import SIZES

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Mapping[str, Sequence[Row]]
"""The newest results by measurement, as they are in the file."""


class Target(NamedTuple):
    """One aim."""

    what: str
    bound: float
    unit: str
    value: Callable[[Rows], float | None]
    """None where it was not measured."""
    at_least: bool = False

    def is_reached(self, value: float) -> bool:
        """Whether `value` is on the right side."""
        return value >= self.bound if self.at_least else value <= self.bound


def value_of(figure: Any) -> float | None:
    """One number for a figure of the file: that of several runs is their median."""
    if isinstance(figure, dict):
        return float(median(figure["runs"]))
    return float(figure) if isinstance(figure, int | float) else None


def found(rows: Rows, measurement: str, figure: str, **case: object) -> float | None:
    """A figure of the first row whose case has all of `case`; "_" in a name stands for a space."""
    wanted = {name.replace("_", " "): value for name, value in case.items()}
    for row in rows.get(measurement, ()):
        if all(row["case"].get(name) == value for name, value in wanted.items()):
            return value_of(row["figures"].get(figure))
    return None


def cost(rows: Rows, rules: int, rate: str = "0.80%", program: str = "logwatch") -> float | None:
    """CPU seconds a GB."""
    return found(rows, "throughput", "CPU s/GB", program=program, rules=rules, rate=rate)


def over(one: float | None, other: float | None) -> float | None:
    """A quotient, None where a part of it is not known."""
    return one / other if one is not None and other else None


def fastest(rows: Rows, rules: int, group: str) -> float | None:
    """What the cheapest program of a group costs."""
    costs = [
        each
        for row in rows.get("throughput", ())
        if row["figures"].get("group") == group and row["case"]["rules"] == rules
        if (each := value_of(row["figures"]["CPU s/GB"]))  # nothing: too short to be measured
    ]
    return min(costs, default=None)


def _costs(most: float, rate: str, sizes: Sequence[int]) -> Iterator[Target]:
    for size in sizes:
        yield Target(
            f"catching up, {size:,} rules, {rate.replace('0%', '%')} hits",
            most,
            "CPU s/GB",
            lambda rows, size=size, rate=rate: cost(rows, size, rate),  # type: ignore[misc]
        )


def _daemons(factors: Mapping[int, float]) -> Iterator[Target]:
    for size, factor in factors.items():
        yield Target(
            f"cheaper than the cheapest other daemon, {size:,} rules",
            factor,
            "x",
            lambda rows, size=size: over(fastest(rows, size, "daemon"), cost(rows, size)),  # type: ignore[misc]
            at_least=True,
        )


def _of(measurement: str, figure: str, **case: object) -> Callable[[Rows], float | None]:
    return lambda rows: found(rows, measurement, figure, **case)


def _beside_ripgrep(rows: Rows) -> float | None:
    quotients = [over(cost(rows, size), cost(rows, size, program="rg")) for size in SIZES]
    return max((each for each in quotients if each is not None), default=None)


def _scan_growth(rows: Rows) -> float | None:
    name = OUR_SCAN
    return over(cost(rows, 5_000, program=name), cost(rows, 10, program=name))


_WARM = {"compiled_rules": "warm"}

TARGETS: tuple[Target, ...] = (
    *_costs(1.5, "0.80%", (10, 100, 1_000)),
    *_costs(1.0, "0.01%", (10, 100, 1_000, 5_000)),
    Target(
        "5,000 rules against 10, 0.8% hits",
        1.3,
        "x",
        lambda rows: over(cost(rows, 5_000), cost(rows, 10)),
    ),
    Target("the scan alone, 5,000 rules against 10", 1.3, "x", _scan_growth),
    Target("against ripgrep, the worst number of rules", 1.0, "x", _beside_ripgrep),
    *_daemons({10: 8, 100: 45, 1_000: 380}),
    Target(
        "every line a hit of a threshold with `by`",
        100_000,
        "lines/s",
        _of("every line a hit", "lines/s", rule="by, 5 in 2m, plain"),
        at_least=True,
    ),
    Target(
        "every line an alert of its own",
        30_000,
        "alerts/s",
        _of("every line a hit", "lines/s", rule="an alert a line, plain"),
        at_least=True,
    ),
    Target(
        "two files on two cores, 0.01% hits",
        1.7,
        "x",
        _of("two files on two cores", "times one", rate="0.01%"),
        at_least=True,
    ),
    Target(
        "two files on two cores, 0.8% hits",
        1.7,
        "x",
        _of("two files on two cores", "times one", rate="0.80%"),
        at_least=True,
    ),
    Target(
        "a condition on JSON, against plain text",
        2.0,
        "x",
        _of("fields", "times plain text", format="json", rule="where"),
    ),
    Target("a line's way, p50", 3.0, "ms", _of("latency", "p50 ms", program="logwatch")),
    Target("a line's way, p99", 15.0, "ms", _of("latency", "p99 ms", program="logwatch")),
    Target(
        "20,000 writes a second to one file",
        25.0,
        "% of a core",
        _of("hot file", "% of a core", wanted_writes_per_s=20_000),
    ),
    Target(
        "1,000 writes a second to one file",
        4.0,
        "% of a core",
        _of("hot file", "% of a core", wanted_writes_per_s=1_000),
    ),
    Target("idle, 1,000 files", 0.5, "% of a core", _of("idle", "% of a core", files=1_000)),
    Target("idle, 1,000 files, memory", 100.0, "MB", _of("idle", "RSS MB", files=1_000)),
    Target("start to ready, 100 rules", 400.0, "ms", _of("start", "ready ms", rules=100, **_WARM)),
    Target(
        "start to ready, 5,000 rules", 500.0, "ms", _of("start", "ready ms", rules=5_000, **_WARM)
    ),
    Target("memory, 10 files", 60.0, "MB", _of("memory", "RSS MB", state="small files")),
)
