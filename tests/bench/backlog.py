"""A thousand files with a backlog: how much memory reading them all takes.

Each file is larger than one block, so a buffer a file would show. Beside it stands the same
backlog in ten files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.corpus import Corpus, write_log
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from bench.throughput import HIGH_RATE

RULES = 100
FEW = 10


def measure(settings: Settings) -> Iterator[Result]:
    """One run each."""
    folder = settings.folder / "backlog"
    folder.mkdir()
    for files in (FEW, settings.files):
        size = settings.backlog_bytes * settings.files // files
        yield _in(folder / str(files), files, size)


def _in(folder: Path, files: int, size: int) -> Result:
    logs = folder / "logs"
    logs.mkdir(parents=True)
    corpus = write_log(folder / "model", size, hit_rate=HIGH_RATE)
    _copies(corpus, logs, files)
    subject = Subject(folder, logs / "*.log", rule_set(RULES))
    spent = subject.run_once()
    wanted = len(corpus.hits) * files
    found = subject.alert_count()
    assert found == wanted, f"{found} alerts in place of {wanted}"
    for path in logs.iterdir():
        path.unlink()  # it is a gigabyte
    return Result(
        "backlog",
        {"files": files, "rules": RULES, "rate": f"{HIGH_RATE:.2%}"},
        {
            "peak RSS MB": spent.peak_bytes / 1e6,
            "backlog MB": corpus.size * files / 1e6,
            "all read in s": spent.wall,
            "CPU s/GB, start included": spent.cpu / (corpus.size * files) * 1e9,
            "alerts": found,
            "foreign cores": spent.foreign_cores,
        },
    )


def _copies(corpus: Corpus, logs: Path, files: int) -> None:
    data = corpus.path.read_bytes()
    for number in range(files):
        # The beginnings differ, as those of real files do.
        name = f"app{number:04d}"
        first = f"{name} started\n".encode()
        (logs / f"{name}.log").write_bytes(first + data)
