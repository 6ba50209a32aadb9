"""Where each microsecond goes: every stage of the data path timed alone, over the same log.

One thread, CPU time, the least of several runs, the garbage collector off. What is left between
the sum and a whole run is what threads that share an interpreter lock cost one another, and what
the daemon does beside the data path.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bench.child import machine_busy_seconds
from bench.corpus import Corpus, write_log
from bench.report import Result
from bench.rule_sets import rule_set
from bench.settings import Settings
from bench.subject import Subject
from bench.throughput import HIGH_RATE

from logwatch.alerts.route import Router
from logwatch.clock import Moment, SystemClock
from logwatch.config.loader import load
from logwatch.config.model import Config
from logwatch.daemon.intake import Intake
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.reading import Reading
from logwatch.dispatch import Dispatch
from logwatch.matching.matcher import LineHit, Matcher, RulePatterns
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.pipeline import Pipeline
from logwatch.records import Batch, Block
from logwatch.rules import make_rule
from logwatch.sinks import KINDS
from logwatch.store.due import taken as handed_out
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Store, Transaction
from logwatch.tailer.tail import Tail

RULES = 100
ALERTS_A_COMMIT = 5_000
TIMES = 3

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""As malloc.h of glibc has them."""
_KEPT_BYTES = 1 << 24


def measure(settings: Settings) -> Iterator[Result]:
    """A row for each stage, their sum, and a whole run of the daemon."""
    folder = settings.folder / "stages"
    folder.mkdir()
    corpus = write_log(folder / "log", settings.log_bytes, hit_rate=HIGH_RATE)
    subject = Subject(folder, corpus.path, rule_set(RULES))
    whole = _whole(subject, folder, settings.repeat)
    _keep_what_is_freed()
    busy, began, used = machine_busy_seconds(), perf_counter(), process_time()
    with _no_garbage_collector():
        stages = list(_Path(corpus, load(folder / "logwatch.yaml"), folder).stages())
    took = perf_counter() - began
    foreign = max(0.0, machine_busy_seconds() - busy - (process_time() - used)) / took
    hits = len(corpus.hits)
    for name, seconds, each_hit in stages:
        yield _row(name, seconds, corpus, hits if each_hit else 0, foreign)
    total = sum(seconds for _, seconds, _ in stages)
    yield _row("all stages", total, corpus, 0, foreign)
    yield _row("the whole daemon, start subtracted", whole, corpus, 0, foreign)


def _row(name: str, seconds: float, corpus: Corpus, hits: int, foreign: float) -> Result:
    figures: dict[str, float | str] = {"CPU s/GB": seconds / corpus.size * 1e9}
    figures["us a hit"] = seconds / hits * 1e6 if hits else ""
    case = {"stage": name, "rules": RULES, "rate": f"{HIGH_RATE:.2%}"}
    return Result("stages", case, {**figures, "foreign cores": foreign})


def _whole(subject: Subject, folder: Path, repeat: int) -> float:
    line = write_log(folder / "several", 1, hit_rate=0.0).part(folder / "line", 1)
    starter = Subject(folder / "start", line.path, rule_set(RULES))
    starter.run_once()
    subject.use_compiled(starter)
    starts = [starter.run_once().cpu for _ in range(repeat)]
    runs = [subject.run_once().cpu for _ in range(repeat)]
    subject.forget()
    return max(0.0, min(runs) - min(starts))  # the stages are each the cheapest of several, too


def _keep_what_is_freed() -> None:
    """Let each block have the memory of the one before it, as a daemon does (cli/run.py).

    The C library would give the end of the heap back and ask for it again with each of them, at
    three times what reading costs.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        change(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        change(_M_MMAP_THRESHOLD, _KEPT_BYTES)


@contextmanager
def _no_garbage_collector() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def least(work: Callable[[], object]) -> float:
    """CPU seconds of the cheapest of several times."""
    found = []
    for _ in range(TIMES):
        began = process_time()
        work()
        found.append(process_time() - began)
    return min(found)


class _Known:
    """A matcher that has matched before and says again what it found; else it is the real one."""

    def __init__(self, matcher: Matcher, found: Sequence[list[LineHit]]) -> None:
        self._matcher = matcher
        self._found = iter(found)

    def match(self, _data: bytes, _joined: bytes | None = None) -> list[LineHit]:
        """See `Matcher.match`. Blocks without data are not asked for."""
        return next(self._found)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._matcher, name)


class _Replay:
    """A tail that hands out blocks that were read before; else it is the real one."""

    def __init__(self, path: Path, blocks: Sequence[Block]) -> None:
        self._tail = Tail(str(path), start="beginning")
        self._blocks = iter(blocks)

    def read(self, _now: Moment) -> Block | None:
        """See `Tail.read`."""
        return next(self._blocks, None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tail, name)


class _Path:
    """The data path of one file, stage by stage."""

    def __init__(self, corpus: Corpus, config: Config, folder: Path) -> None:
        self._corpus = corpus
        self._config = config
        self._folder = folder
        self._clock = SystemClock()
        self._events = EventClock(make_parser("plain", ParserSettings(tz=UTC)), source="log")
        self._matcher = Matcher(
            [RulePatterns(match=rule.match) for rule in config.rules],
            cache=folder / "state" / "patterns",
            audit=config.audit,
        )

    def stages(self) -> Iterator[tuple[str, float, bool]]:
        """Name, CPU seconds, and whether its work is for hits."""
        reading = least(self._pread)
        tail = least(lambda: sum(len(block.data) for block in self._blocks()))
        yield "read from the page cache (pread, 1 MiB)", reading, False
        yield "cut at a line, know the file again", max(0.0, tail - reading), False
        blocks = [block for block in self._blocks() if block.data]  # one only moves the position
        ascii_only = least(lambda: [block.data.isascii() for block in blocks])
        yield "look for what is not ASCII", ascii_only, False
        scan = self._scan_alone(blocks)
        yield "scan for all rules at once", scan, False
        found = [self._matcher.match(block.data) for block in blocks]
        match = least(lambda: [self._matcher.match(block.data) for block in blocks])
        yield "find the line, confirm, captures", max(0.0, match - scan - ascii_only), True
        stamp = self._stamp(blocks, found)
        yield "its time", stamp, True
        monitor = least(lambda: self._monitor(blocks, found))
        yield "record, batch, queue", max(0.0, monitor - stamp), True
        yield from self._from_batches(self._monitor(blocks, found))

    def _pread(self) -> None:
        file, offset = os.open(self._corpus.path, os.O_RDONLY), 0
        while count := len(os.pread(file, 1 << 20, offset)):
            offset += count
        os.close(file)

    def _blocks(self) -> Iterator[Block]:
        tail = Tail(str(self._corpus.path), start="beginning")
        while block := tail.read(self._clock.moment()):
            yield block
        tail.close()

    def _scan_alone(self, blocks: Sequence[Block]) -> float:
        scanner = self._matcher._prefilter.scanner
        if scanner is None:
            return 0.0
        return least(lambda: [len(scanner.scan(block.data)) for block in blocks])

    def _stamp(self, blocks: Sequence[Block], found: Sequence[list[LineHit]]) -> float:
        pairs = list(zip(blocks, found, strict=True))
        arrival, parse = self._clock.wall(), self._events.parse

        def work() -> None:
            for block, hits in pairs:
                for hit in hits:
                    parse(hit.text, arrival=arrival, backlog=block.backlog)

        return least(work)

    def _monitor(self, blocks: Sequence[Block], found: Sequence[list[LineHit]]) -> list[Batch]:
        """The real monitor, but for reading and matching: what it puts on the queue."""
        intake = Intake(1 << 40)
        reading = Reading(
            source="log",
            matcher=_Known(self._matcher, found),  # type: ignore[arg-type]  # a stand-in
            rules=range(RULES),
            events=self._events,
        )
        monitor = Monitor(
            str(self._corpus.path),
            tail=_Replay(self._corpus.path, blocks),  # type: ignore[arg-type]  # as above
            reading=reading,
            intake=intake,
            slots=nullcontext(),
            clock=self._clock,
        )
        while monitor.read_on(self._clock.moment()):
            pass
        messages = [intake.get() for _ in range(intake.unfinished_tasks)]
        return [each for each in messages if isinstance(each, Batch)]

    def _from_batches(self, batches: Sequence[Batch]) -> Iterator[tuple[str, float, bool]]:
        rules = least(lambda: self._alerts(batches))
        yield "rule, alert, route", rules, True
        committed, delivered = [], []
        for number in range(TIMES):
            folder = self._folder / f"store-{number}"
            transactions = self._alerts(batches)
            store = Store(folder)
            began = process_time()
            for each in transactions:
                store.commit(each, now=self._clock.wall())
            committed.append(process_time() - began)
            delivered.append(self._deliver(store, folder))
            store.close()
        yield "alert as JSON, commit", min(committed), True
        yield "out of the outbox, into the file", min(delivered), True

    def _alerts(self, batches: Sequence[Batch]) -> list[Transaction]:
        config = self._config
        rules = [make_rule(settings, host="bench") for settings in config.rules]
        sinks = [sink.name for sink in config.sinks]
        router = Router(config.routes, sinks=sinks, to_by_rule={})
        pipeline = Pipeline(rules, Dispatch(router, host="bench"), host="bench")
        transactions = []
        for batch in batches:
            pipeline.take(batch, self._clock.moment())
            if len(pipeline.pending.alerts) >= ALERTS_A_COMMIT:
                transactions.append(pipeline.drain())
        return [*transactions, pipeline.drain()]

    def _deliver(self, store: Store, folder: Path) -> float:
        (settings,) = self._config.sinks
        sink = KINDS[settings.kind].make(settings.settings)
        reader = StoreReader(folder)
        began, told = process_time(), 0
        while due := reader.due(settings.name, now=self._clock.steady(), limit=sink.batch_size):
            sink.deliver(due)
            taken = {(settings.name, name): upto for name, upto in handed_out(due).items()}
            store.commit(Transaction(taken=taken), now=self._clock.wall())
            told += len(due)
        used = process_time() - began
        reader.close()
        sink.close()
        assert told == len(self._corpus.hits), f"{told} alerts of {len(self._corpus.hits)}"
        return used
