"""Two files on two cores against one: how much sooner both are read than one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from shutil import copyfile
from statistics import median

from bench.child import Spent
from bench.corpus import write_log
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from bench.throughput import HIGH_RATE, LOW_RATE, beyond

RULES = 100


def measure(settings: Settings) -> Iterator[Result]:
    """Few hits, which is scanning, and many, which is mostly Python."""
    settings.folder.joinpath("cores").mkdir()
    for rate in (LOW_RATE, HIGH_RATE):
        yield _at(rate, settings)


def _at(rate: float, settings: Settings) -> Result:
    folder = settings.folder / "cores" / f"{rate}"
    (folder / "one").mkdir(parents=True)
    (folder / "two").mkdir()
    corpus = write_log(folder / "one" / "a.log", settings.log_bytes, hit_rate=rate)
    for name in "ab":
        copyfile(corpus.path, folder / "two" / f"{name}.log")
    line = write_log(folder / "several", 1, hit_rate=0.0).part(folder / "line.log", 1)
    starter = Subject(folder / "start", line.path, rule_set(RULES))
    starter.run_once()
    subjects = {}
    for name in ("one", "two"):
        subjects[name] = Subject(folder / f"run-{name}", folder / name / "*.log", rule_set(RULES))
        subjects[name].use_compiled(starter)
    starts: list[Spent] = []
    runs: dict[str, list[Spent]] = {"one": [], "two": []}
    for _ in range(settings.repeat):
        starts.append(starter.run_once())
        for name, subject in subjects.items():
            runs[name].append(subject.run_once())
            hits = len(corpus.hits) * (2 if name == "two" else 1)
            assert subject.alert_count() == hits, f"{subject.alert_count()} alerts, not {hits}"
    walls = [each.wall for each in starts]
    ones = beyond([each.wall for each in runs["one"]], walls)
    twos = beyond([each.wall for each in runs["two"]], walls)
    return Result(
        "two files on two cores",
        {"rules": RULES, "rate": f"{rate:.2%}"},
        {
            "times one": speedups(ones, twos),
            "one file s": ones,
            "two files s": twos,
            "log MB each": corpus.size / 1e6,
            "foreign cores": median(each.foreign_cores for each in runs["two"]),
        },
    )


def speedups(ones: list[float], twos: list[float]) -> list[float]:
    """In each round, how many times the lines in a second of one file two files reach.

    0 where a run was too short to be told from its start.
    """
    return [2 * one / two if two else 0.0 for one, two in zip(ones, twos, strict=True)]
