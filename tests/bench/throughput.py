"""Catching up: how much CPU a gigabyte of log takes, from file to stored and delivered alerts.

What a program spends to start, measured on a log of one line in the same round, is subtracted.
Rounds go through all cases in turn, so that a busy minute of the machine falls on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Protocol

from bench import peers
from bench.child import Spent
from bench.corpus import Corpus, write_log
from bench.report import Result
from bench.rule_sets import SIZES, rule_set
from bench.settings import Settings
from bench.subject import Subject

PEER_RULES = (10, 100, 1_000)
PEER_SECONDS = 2.0
"""About how long a peer's slice of the log should take it."""
USUAL_RATE = 0.005
RATES = (0.0001, USUAL_RATE, 0.008)
ACCENTS = 0.001


class Runner(Protocol):
    """A program with its rules, ready to be run on its log."""

    def run(self) -> Spent:
        """Once over the log."""
        ...

    def count(self) -> int:
        """How many hits the last run found."""
        ...


class Start:
    """What one program with one set of rules takes to read a log of one line."""

    def __init__(self, run: Callable[[], Spent]) -> None:
        self._run = run
        self.runs: list[Spent] = []

    def run(self) -> None:
        """Once more."""
        self.runs.append(self._run())


class Case:
    """One program, one set of rules, one log: what its runs took."""

    def __init__(
        self, names: dict[str, str | int], corpus: Corpus, runner: Runner, start: Start
    ) -> None:
        self._names = names
        self._corpus = corpus
        self._runner = runner
        self._start = start
        self._runs: list[Spent] = []
        self._wrong = 0

    def run(self) -> None:
        """Once more."""
        self._runs.append(self._runner.run())
        self._wrong += self._runner.count() != len(self._corpus.hits)

    def result(self) -> Result:
        """All runs, with what the start of the same round took subtracted."""
        size, runs = self._corpus.size, self._runs
        pairs = list(zip(runs, self._start.runs, strict=True))
        return Result(
            "throughput",
            self._names,
            {
                "CPU s/GB": [(run.cpu - start.cpu) / size * 1e9 for run, start in pairs],
                "MB/s": [size / 1e6 / max(1e-3, run.wall - start.wall) for run, start in pairs],
                "start CPU s": [start.cpu for start in self._start.runs],
                "peak RSS MB": median(run.peak_bytes for run in runs) / 1e6,
                "log MB": size / 1e6,
                "alerts": "right" if not self._wrong else f"{self._wrong} runs WRONG",
                "foreign cores": median(run.foreign_cores for run in runs),
            },
        )


class SubjectRunner:
    """logwatch, from nothing each time."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def run(self) -> Spent:
        """See `Runner.run`."""
        return self._subject.run_once()

    def count(self) -> int:
        """See `Runner.count`."""
        return self._subject.alert_count()


class PeerRunner:
    """Another program."""

    def __init__(self, peer: peers.Peer, log: Path) -> None:
        self._peer = peer
        self._log = log

    def run(self) -> Spent:
        """See `Runner.run`."""
        return self._peer.run(self._log)

    def count(self) -> int:
        """See `Runner.count`."""
        return self._peer.count()


def measure(settings: Settings) -> Iterator[Result]:
    """Every case, in rounds."""
    order = [*_ours(settings), *_theirs(settings)]
    for _ in range(settings.repeat):
        for each in order:
            each.run()
    for each in order:
        if isinstance(each, Case):
            yield each.result()


def _ours(settings: Settings) -> Iterator[Start | Case]:
    single = _single_line(settings)
    logs = {rate: _write(settings, rate, 0.0) for rate in RATES}
    accented = _write(settings, USUAL_RATE, ACCENTS)
    for size in SIZES:
        starter = Subject(settings.folder / f"start-{size}", single.path, rule_set(size))
        starter.run_once()  # it compiles the rules
        start = Start(starter.run_once)
        yield start
        cases = [("logwatch", rate, corpus) for rate, corpus in logs.items()]
        if size == SIZES[-1]:  # its start takes seconds: only a long log is large beside that
            cases = [("logwatch", USUAL_RATE, _write(settings, USUAL_RATE, 0.0, times=4))]
        if size == 100:
            cases.append(("logwatch, 0.1 % not ASCII", USUAL_RATE, accented))
        for name, rate, corpus in cases:
            folder = settings.folder / f"{corpus.path.stem}-{size}"
            subject = Subject(folder, corpus.path, rule_set(size))
            subject.use_compiled(starter)
            yield Case(_names(name, size, rate), corpus, SubjectRunner(subject), start)


def _theirs(settings: Settings) -> Iterator[Start | Case]:
    single, corpus = _single_line(settings), _write(settings, USUAL_RATE, 0.0)
    for size in PEER_RULES:
        for peer in peers.installed():
            folder = settings.folder / f"{peer.name}-{size}"
            folder.mkdir()
            peer.prepare(folder, rule_set(size))
            start = Start(partial(peer.run, single.path))
            part = _slice(peer, corpus, peer.run(single.path), size, folder)
            names = _names(peer.name, size, USUAL_RATE)
            yield start
            yield Case(names, part, PeerRunner(peer, part.path), start)


def _names(program: str, rules: int, rate: float) -> dict[str, str | int]:
    return {"program": program, "rules": rules, "hits": f"{rate:.2%}"}


def _write(settings: Settings, rate: float, accents: float, times: int = 1) -> Corpus:
    path = settings.folder / f"{rate}-{accents}-{times}.log"
    return write_log(path, times * settings.log_bytes, hit_rate=rate, accents=accents)


def _single_line(settings: Settings) -> Corpus:
    several = write_log(settings.folder / "several-lines.log", 1, hit_rate=0.0)
    return several.part(settings.folder / "one-line.log", 1)


def _slice(peer: peers.Peer, corpus: Corpus, start: Spent, size: int, folder: Path) -> Corpus:
    """As much of the log as takes this peer some seconds, found with a small part."""
    probe = corpus.part(folder / "probe.log", max(100_000, peer.first_guess * 10 // size))
    took = max(0.01, peer.run(probe.path).cpu - start.cpu)
    wanted = int(probe.size * PEER_SECONDS / took)
    return corpus.part(folder / "part.log", min(corpus.size, max(probe.size, wanted)))
