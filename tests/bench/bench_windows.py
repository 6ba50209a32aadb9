"""What windows cost: bytes for a key with three entries, and time for an entry with its question.

Run it by hand: `python tests/bench/bench_windows.py`. CPU time, the least of three runs.
"""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from time import process_time_ns

from logwatch.windows.buckets import Buckets
from logwatch.windows.distinct_values import DistinctValues
from logwatch.windows.shares import Shares
from logwatch.windows.values import Values

KEYS = 100_000
ENTRIES = 100_000
WINDOW = 60.0
EPOCH = 1_767_571_200.0
RATES = {"2,000 live": 2_000, "10,000 live": 9_900, "50,000 live": 50_000}


def distinct() -> tuple[object, Callable[[float], None], Callable[[float], object]]:
    """A window of distinct values: every second entry is a value seen before."""
    structure, chance = DistinctValues(WINDOW), random.Random(1)
    numbers = iter(range(10**9))

    def add(time: float) -> None:
        number = next(numbers)
        structure.add(time, f"10.0.{number if number & 1 else chance.randrange(number + 1)}")

    return structure, add, structure.count


def percentile() -> tuple[object, Callable[[float], None], Callable[[float], object]]:
    """A window of numbers that is asked for its 95th percentile."""
    structure, chance = Values(WINDOW), random.Random(1)
    return (
        structure,
        lambda time: structure.add(time, chance.lognormvariate(0, 1)),
        lambda now: structure.percentile(now, 95),
    )


def average() -> tuple[object, Callable[[float], None], Callable[[float], object]]:
    """A window of numbers that is asked for its average."""
    structure, chance = Values(WINDOW), random.Random(1)
    return (
        structure,
        lambda time: structure.add(time, chance.lognormvariate(0, 1)),
        structure.average,
    )


def shares() -> tuple[object, Callable[[float], None], Callable[[float], object]]:
    """A window of which one in ten entries is of the part."""
    structure, chance = Shares(WINDOW), random.Random(1)
    return (
        structure,
        lambda time: structure.add(time, chance.random() < 0.1),
        structure.counts,
    )


SUBJECTS = {"distinct": distinct, "percentile": percentile, "average": average, "shares": shares}


def main() -> None:
    """Print both tables."""
    print(f"{'key with three entries':28}{'bytes':>8}{'dumped':>8}")
    for name, fill in {
        "distinct": lambda: _filled(DistinctValues(WINDOW), lambda n: (f"10.0.0.{n}",)),
        "values": lambda: _filled(Values(WINDOW), lambda n: (n * 0.37,)),
        "shares": lambda: _filled(Shares(WINDOW), lambda n: (n == 2,)),
        "buckets": lambda: _filled(Buckets(WINDOW, 4_000), lambda n: ()),
    }.items():
        print(f"{name:28}{_bytes_a_key(fill):8.0f}{len(fill().dump()):8}")
    print(f"\n{'entry and question':18}{'window':>14}{'us':>8}{'dump bytes':>12}{'dump us':>9}")
    for name, make in SUBJECTS.items():
        for label, live in RATES.items():
            figures = min(_cost(make, live) for _ in range(3))
            print(f"{name:18}{label:>14}{figures[0]:8.1f}{figures[2]:12,}{figures[1]:9.0f}")


def _filled(structure, items):
    for number in range(3):
        structure.add(EPOCH + 61.5 * number if not items(0) else EPOCH + number, *items(number))
    return structure


def _bytes_a_key(fill: Callable[[], object]) -> float:
    tracemalloc.start()
    kept: list[object] = [None] * KEYS
    before, _ = tracemalloc.get_traced_memory()
    for number in range(KEYS):
        kept[number] = fill()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / KEYS


def _cost(make, live: int) -> tuple[float, float, int]:
    structure, add, ask = make()
    step = WINDOW / live
    for number in range(live):
        add(EPOCH + number * step)
    began = process_time_ns()
    for number in range(live, live + ENTRIES):
        now = EPOCH + number * step
        add(now)
        ask(now)
    took = process_time_ns() - began
    began = process_time_ns()
    size = len(structure.dump())
    return took / ENTRIES / 1e3, (process_time_ns() - began) / 1e3, size


if __name__ == "__main__":
    main()
