"""Catching up: how much CPU a gigabyte of log takes, from file to stored and delivered alerts.

What a program spends to start is measured with a log of one line in the same rounds; the median of
that is subtracted. Rounds go through all cases in turn, so that a busy minute of the machine falls
on all of them. Slow programs get a part of the log that takes them about two seconds, and logwatch,
whose starts differ by some hundredths of a second, a longer log where there is an aim.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from statistics import median
from typing import Protocol

from bench.child import Spent
from bench.corpus import Corpus, write_log
from bench.daemons import installed
from bench.limits import limits
from bench.peers import Peer
from bench.report import Result
from bench.rule_sets import SIZES, rule_set
from bench.settings import Settings
from bench.subject import Subject

LOW_RATE, USUAL_RATE, HIGH_RATE = 0.0001, 0.005, 0.008
RATES = (LOW_RATE, USUAL_RATE, HIGH_RATE)
PEER_RATE = HIGH_RATE
TIMES_AS_LONG = {LOW_RATE: 4, HIGH_RATE: 4}
"""Our logs beside those of others. By what starts differ must be little beside what reading takes:
in 250 MB a hundredth of a second is 0.04 s/GB."""
ACCENTS = 0.001
ACCENTED_RULES = 100
SLOW_FROM = 100
"""With so many rules other programs get fewer rounds."""
SMALLEST_PROBE = 20_000
MOST_PROBES = 9
LONG_ENOUGH = 0.6
"""Share of the seconds wanted that a part must take."""
CHEAPER = 0.75
"""Of what a byte cost in a shorter part: below this, a longer one is tried."""
GROWTH = 8
WARM_BYTES = 2_000_000
"""Twice what the made-up log says in different words: grep and ripgrep build an automaton of what
they have met, and go on building for so long."""
SURELY_MEASURED_SECONDS = 0.05


class Runner(Protocol):
    """A program with its rules, ready to be run on its log."""

    def run(self) -> Spent:
        """Once over the log."""
        ...

    def count(self) -> int | None:
        """How many hits the last run found; None where it does not say."""
        ...


class Start:
    """What one program with one set of rules takes to read a log of one line."""

    def __init__(
        self, run: Callable[[], Spent], rounds: int, name: str, *, is_ours: bool = False
    ) -> None:
        self._run = run
        self.rounds = rounds
        self.name = f"{name}, start"
        self.is_ours = is_ours
        self.runs: list[Spent] = []

    def run(self) -> None:
        """Once more."""
        self.runs.append(self._run())


class Case:
    """One program, one set of rules, one log: what its runs took."""

    def __init__(
        self, names: dict[str, str | int], corpus: Corpus, runner: Runner, start: Start, group: str
    ) -> None:
        self._names = names
        self._corpus = corpus
        self._runner = runner
        self._start = start
        self._group = group
        self._runs: list[Spent] = []
        self._wrong = 0
        self._silent = False

    @property
    def name(self) -> str:
        """Who it is, in words."""
        return ", ".join(str(value) for value in self._names.values())

    @property
    def is_ours(self) -> bool:
        """Whether it is logwatch, whose failure is not to be passed over."""
        return self._group == "logwatch"

    @property
    def was_measured(self) -> bool:
        """Whether there is anything to report."""
        return bool(self._runs and self._start.runs)

    @property
    def rounds(self) -> int:
        """How often it is to be run."""
        return self._start.rounds

    def run(self) -> None:
        """Once more."""
        self._runs.append(self._runner.run())
        found = self._runner.count()
        self._silent = found is None
        self._wrong += found is not None and found != len(self._corpus.hits)

    def result(self) -> Result:
        """All runs, with what a start took subtracted."""
        size, runs, starts = self._corpus.size, self._runs, self._start.runs
        cpu = beyond([run.cpu for run in runs], [start.cpu for start in starts])
        wall = beyond([run.wall for run in runs], [start.wall for start in starts])
        verdict = "not counted" if self._silent else "right"
        return Result(
            "throughput",
            self._names,
            {
                "CPU s/GB": [seconds / size * 1e9 for seconds in cpu],
                "MB/s": [size / 1e6 / max(1e-3, seconds) for seconds in wall],
                "start CPU s": [start.cpu for start in starts],
                "peak RSS MB": median(run.peak_bytes for run in runs) / 1e6,
                "log MB": size / 1e6,
                "hits": f"{self._wrong} runs WRONG" if self._wrong else verdict,
                "foreign cores": median(run.foreign_cores for run in runs),
                "group": self._group,
            },
        )


def beyond(runs: Sequence[float], starts: Sequence[float]) -> list[float]:
    """What each run took beyond the median start; never less than nothing."""
    usual = median(starts)
    return [max(0.0, run - usual) for run in runs]


class SubjectRunner:
    """logwatch, from nothing each time."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def run(self) -> Spent:
        """See `Runner.run`."""
        return self._subject.run_once()

    def count(self) -> int | None:
        """See `Runner.count`."""
        return self._subject.alert_count()


class PeerRunner:
    """Another program."""

    def __init__(self, peer: Peer, corpus: Corpus) -> None:
        self._peer = peer
        self._corpus = corpus

    def run(self) -> Spent:
        """See `Runner.run`."""
        return self._peer.run(self._corpus)

    def count(self) -> int | None:
        """See `Runner.count`."""
        return self._peer.count()


def measure(settings: Settings) -> Iterator[Result]:
    """Every case, in rounds."""
    logs = Logs(settings)
    order = [*chain.from_iterable(_ours(logs, size) for size in SIZES), *_theirs(logs)]
    for each in run_rounds(order):
        yield each.result()


def measure_alone(settings: Settings) -> Iterator[Result]:
    """The same without other programs, under another name: no report is made from it."""
    for each in measure(settings._replace(peer_rules=0)):
        yield each._replace(measurement="throughput alone")


def run_rounds(order: Sequence[Start | Case]) -> list[Case]:
    """Everything once, then again, until each had its rounds; returns the cases that went well."""
    left: dict[int, Start | Case] = dict(enumerate(order))
    for number in range(max(each.rounds for each in order)):
        for place, each in list(left.items()):
            if number >= each.rounds:
                continue
            try:
                each.run()
            except RuntimeError as problem:
                if each.is_ours:
                    raise
                print(f"left out: {each.name}: {problem}", file=sys.stderr)
                del left[place]
    return [each for each in left.values() if isinstance(each, Case) and each.was_measured]


class Logs:
    """The made-up logs of one run, each written when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._written: dict[tuple[float, float, int], Corpus] = {}

    def mixed(self, rate: float, accents: float = 0.0, times: int = 1) -> Corpus:
        """The large one with this share of hits, so many times as long as was asked for."""
        key = (rate, accents, times)
        if key not in self._written:
            path = self.settings.folder / f"{rate}-{accents}-{times}.log"
            self._written[key] = write_log(
                path, times * self.settings.log_bytes, hit_rate=rate, accents=accents
            )
        return self._written[key]

    def one_line(self) -> Corpus:
        """A line that no rule takes."""
        several = write_log(self.settings.folder / "several-lines.log", 1, hit_rate=0.0)
        return several.part(self.settings.folder / "one-line.log", 1)

    def one_hit(self) -> Corpus:
        """A line that is a hit."""
        several = write_log(self.settings.folder / "several-hits.log", 1, hit_rate=1.0)
        return several.part_to_hit(self.settings.folder / "one-hit.log", 1)


def _ours(logs: Logs, size: int) -> Iterator[Start | Case]:
    settings, rules = logs.settings, rule_set(size)
    starter = Subject(settings.folder / f"start-{size}", logs.one_line().path, rules)
    starter.run_once()  # it compiles the rules
    start = Start(starter.run_once, settings.repeat, "logwatch", is_ours=True)
    yield start
    lengths = {rate: TIMES_AS_LONG.get(rate, 1) for rate in RATES}
    cases = [("logwatch", rate, logs.mixed(rate, times=lengths[rate])) for rate in RATES]
    if size == ACCENTED_RULES:
        cases.append(("logwatch, 0.1 % not ASCII", USUAL_RATE, logs.mixed(USUAL_RATE, ACCENTS)))
    for name, rate, corpus in cases:
        subject = Subject(settings.folder / f"{corpus.path.stem}-{size}", corpus.path, rules)
        subject.use_compiled(starter)
        yield Case(_names(name, size, rate), corpus, SubjectRunner(subject), start, "logwatch")


def _theirs(logs: Logs) -> Iterable[Start | Case]:
    for size in SIZES:
        others = [peer for peer in installed() if size <= most_rules(peer, logs.settings)]
        for peer in [*limits(), *others]:
            try:
                yield from _their_case(peer, size, logs)
            except RuntimeError as problem:
                print(f"left out: {peer.name} with {size:,} rules: {problem}", file=sys.stderr)


def most_rules(peer: Peer, settings: Settings) -> int:
    """With how many rules at most a program is measured."""
    if peer.group == "daemon":
        return min(settings.daemon_rules, settings.peer_rules)
    return settings.peer_rules


def _their_case(peer: Peer, size: int, logs: Logs) -> tuple[Start, Case]:
    settings, one = logs.settings, logs.one_hit()
    folder = settings.folder / f"{peer.name}-{size}"
    folder.mkdir()
    peer.prepare(folder, rule_set(size))
    first = peer.run(one)
    if first.wall > settings.peer_patience_seconds:
        raise RuntimeError(f"it took {first.wall:.1f} s to start")
    corpus = _slice(peer, first, size, logs)
    rounds = settings.slow_repeat if size >= SLOW_FROM else settings.repeat
    start = Start(partial(peer.run, one), rounds, peer.name)
    print(
        f"{peer.name}, {size:,} rules: {first.wall:.2f} s to start, {corpus.size / 1e6:,.2f} MB",
        file=sys.stderr,
    )
    names = _names(peer.name, size, PEER_RATE)
    return start, Case(names, corpus, PeerRunner(peer, corpus), start, peer.group)


def _slice(peer: Peer, start: Spent, size: int, logs: Logs) -> Corpus:
    """As much of the log as takes this peer some seconds, found with longer and longer parts.

    What a program builds while it reads is dear at first, and a short part would make it look bad:
    as long as a longer part is much cheaper by the byte, it gets a longer one.
    """
    whole, settings = logs.mixed(PEER_RATE), logs.settings
    folder = settings.folder / f"{peer.name}-{size}"
    wanted, before = max(SMALLEST_PROBE, peer.first_guess * 10 // size), None
    for _ in range(MOST_PROBES):
        if peer.whole_log and wanted >= whole.size:
            return whole
        part = whole.part_to_hit(folder / "part.log", min(wanted, whole.size))
        took = _took(peer, part, start)
        if wanted >= whole.size:
            return part
        if took < LONG_ENOUGH * settings.peer_seconds:
            wanted = max(part.size + 1, int(part.size * settings.peer_seconds / took))
        else:
            warms_up = peer.group == "scanner" and part.size < WARM_BYTES
            if before is None and not warms_up:
                quarter = whole.part_to_hit(folder / "quarter.log", part.size // 4)
                before = _took(peer, quarter, start) / quarter.size
            is_cheaper = before is None or took / part.size < CHEAPER * before
            if took > settings.peer_longest_seconds or not (warms_up or is_cheaper):
                return part
            wanted = GROWTH * part.size
        before = took / part.size if took > SURELY_MEASURED_SECONDS else None
    return part


def _took(peer: Peer, part: Corpus, start: Spent) -> float:
    return max(0.01, peer.run(part).cpu - start.cpu)


def _names(program: str, rules: int, rate: float) -> dict[str, str | int]:
    return {"program": program, "rules": rules, "rate": f"{rate:.2%}"}
