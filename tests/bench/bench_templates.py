"""Grouping accuracy and cost of template mining on the samples of LogHub, beside published figures.

    python tests/bench/bench_templates.py FOLDER          (or LOGHUB=FOLDER)

FOLDER holds `<Log>/<Log>_2k.log_structured.csv` as the repository logpai/loghub has them. Its
licence is for research, so the data is no part of this project. The figures of the paper are those
that Zhu et al. give for Drain in "Tools and Benchmarks for Automated Log Parsing" (ICSE-SEIP 2019),
where every log had masks, depth and similarity of its own; here one setting serves all.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from logwatch.templates import TemplateMiner

PUBLISHED = {
    "HDFS": 0.998,
    "Hadoop": 0.948,
    "Spark": 0.920,
    "Zookeeper": 0.967,
    "OpenStack": 0.733,
    "BGL": 0.963,
    "HPC": 0.887,
    "Thunderbird": 0.955,
    "Windows": 0.997,
    "Linux": 0.690,
    "Mac": 0.787,
    "Android": 0.911,
    "HealthApp": 0.780,
    "Apache": 1.000,
    "OpenSSH": 0.788,
    "Proxifier": 0.527,
}
"""Grouping accuracy of Drain, by log."""


def grouping_accuracy(truth: list[str], found: list[str]) -> float:
    """The share of messages whose group is, message for message, a group of the truth."""
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for true, template in zip(truth, found, strict=True):
        groups[template][true] += 1
    sizes = Counter(truth)
    right = (g.total() for g in groups.values() if len(g) == 1 and g.items() <= sizes.items())
    return sum(right) / len(truth)


def sample(folder: Path, log: str) -> tuple[list[str], list[str]]:
    """The messages of one log and the labels of its structured truth."""
    path = folder / log / f"{log}_2k.log_structured.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["Content"] for row in rows], [row["EventId"] for row in rows]


def microseconds_each(messages: list[str]) -> tuple[float, float]:
    """CPU time of a message that is learned, in a new miner and in one that knows its template."""
    first, again = [], []
    for _ in range(3):
        miner = TemplateMiner()
        for times in (first, again):
            start = time.process_time()
            for message in messages:
                miner.learn(message, 0.0)
            times.append(time.process_time() - start)
    return min(first) * 1e6 / len(messages), min(again) * 1e6 / len(messages)


def main() -> None:
    """Print one row of the table for each log, and the mean."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["LOGHUB"])
    print("| log | ours | paper | kinds | templates | first, µs | known, µs |")
    print("|---|---|---|---|---|---|---|")
    ours = []
    for log, published in PUBLISHED.items():
        messages, truth = sample(folder, log)
        miner = TemplateMiner()
        found = [miner.learn(message, 0.0).template_id for message in messages]
        accuracy = grouping_accuracy(truth, found)
        ours.append(accuracy)
        first, known = microseconds_each(messages)
        print(
            f"| {log} | {accuracy:.3f} | {published:.3f} | {len(set(truth))} | {len(miner)} "
            f"| {first:.1f} | {known:.1f} |"
        )
    mean = sum(PUBLISHED.values()) / len(PUBLISHED)
    print(f"| mean | {sum(ours) / len(ours):.3f} | {mean:.3f} | | | | |")


if __name__ == "__main__":
    main()
