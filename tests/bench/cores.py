"""Two files on two cores against one: how much sooner both are read than one after the other.

And what two processes reach that do nothing but read and scan, each for itself: more is not to be
had of this machine, whose cores may be two halves of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile
from statistics import median
from time import perf_counter

from bench.child import Spent
from bench.corpus import Corpus, write_log
from bench.limits import OUR_SCAN, Limit
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from bench.throughput import HIGH_RATE, LOW_RATE, beyond

RULES = 100
TIMES_AS_LONG = {LOW_RATE: 4, HIGH_RATE: 2}
"""Of a log as long as others the reading of two takes a fifth of a second: starts differ by as much
as is to be seen."""


def measure(settings: Settings) -> Iterator[Result]:
    """Few hits, which is scanning, and many, which is mostly Python."""
    settings.folder.joinpath("cores").mkdir()
    for rate in (LOW_RATE, HIGH_RATE):
        yield _at(rate, settings)


def _at(rate: float, settings: Settings) -> Result:
    folder = settings.folder / "cores" / f"{rate}"
    (folder / "one").mkdir(parents=True)
    (folder / "two").mkdir()
    corpus = write_log(
        folder / "one" / "a.log", TIMES_AS_LONG[rate] * settings.log_bytes, hit_rate=rate
    )
    for name in "ab":
        copyfile(corpus.path, folder / "two" / f"{name}.log")
    line = write_log(folder / "several", 1, hit_rate=0.0).part(folder / "line.log", 1)
    starter = Subject(folder / "start", line.path, rule_set(RULES))
    starter.run_once()
    subjects = {}
    for name in ("one", "two"):
        subjects[name] = Subject(folder / f"run-{name}", folder / name / "*.log", rule_set(RULES))
        subjects[name].use_compiled(starter)
    scans = _Scans(folder, corpus, line)
    starts: list[Spent] = []
    runs: dict[str, list[Spent]] = {"one": [], "two": []}
    for _ in range(settings.repeat):
        starts.append(starter.run_once())
        for name, subject in subjects.items():
            runs[name].append(subject.run_once())
            hits = len(corpus.hits) * (2 if name == "two" else 1)
            assert subject.alert_count() == hits, f"{subject.alert_count()} alerts, not {hits}"
        scans.run()
    walls = [each.wall for each in starts]
    ones = beyond([each.wall for each in runs["one"]], walls)
    twos = beyond([each.wall for each in runs["two"]], walls)
    return Result(
        "two files on two cores",
        {"rules": RULES, "rate": f"{rate:.2%}"},
        {
            "times one": speedups(ones, twos),
            "times one, two scans alone": scans.speedups(),
            "one file s": ones,
            "two files s": twos,
            "log MB each": corpus.size / 1e6,
            "foreign cores": median(each.foreign_cores for each in runs["two"]),
        },
    )


class _Scans:
    """One process, and two at once, that read a log and scan it, and do nothing else."""

    def __init__(self, folder: Path, corpus: Corpus, line: Corpus) -> None:
        self._corpus = corpus
        self._line = line
        self._both = [Limit(OUR_SCAN, "scan", "compile-ours") for _ in range(2)]
        self._starts: list[float] = []
        self._ones: list[float] = []
        self._twos: list[float] = []
        for number, each in enumerate(self._both):
            (folder / f"scan-{number}").mkdir()
            each.prepare(folder / f"scan-{number}", rule_set(RULES))

    def run(self) -> None:
        """Once more: the start of it, one, two."""
        self._starts.append(self._seconds(1, self._line))
        self._ones.append(self._seconds(1, self._corpus))
        self._twos.append(self._seconds(2, self._corpus))

    def _seconds(self, number: int, corpus: Corpus) -> float:
        began = perf_counter()
        with ThreadPoolExecutor(number) as pool:
            list(pool.map(lambda each: each.run(corpus), self._both[:number]))
        return perf_counter() - began

    def speedups(self) -> list[float]:
        """See below."""
        return speedups(beyond(self._ones, self._starts), beyond(self._twos, self._starts))


def speedups(ones: list[float], twos: list[float]) -> list[float]:
    """In each round, how many times the lines in a second of one file two files reach.

    0 where a run was too short to be told from its start.
    """
    return [2 * one / two if two else 0.0 for one, two in zip(ones, twos, strict=True)]
