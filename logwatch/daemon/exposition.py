"""The daemon's figures as Prometheus has them: one look at the daemon for each scrape.

Everything is read from the status document (observer.py) and from what is counted on the way
(figures.py): no lock of the data path is taken, and a scrape that hangs on a dead disk is one with
fewer figures. How many series there are is bounded: by the configuration, by a fixed list of event
names, and for files by `MOST_FILES`, those first that are furthest behind.

Names follow prometheus.io/docs/practices/naming: base units, `_total` for what only grows. Counters
begin anew when the process starts and, but for events, when its configuration is reloaded.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from logwatch.clock import Clock
from logwatch.daemon.exposition_names import HELP
from logwatch.daemon.figures import Figures
from logwatch.daemon.health import FileStatus, Status

MOST_FILES = 1_000
FRESH_SECONDS = 1.0
"""Who asks again so soon is told the same: a look at ten thousand files takes its time."""

Sample = tuple[tuple[str, ...], float]
"""Values of the labels, and the figure."""


class Exposition(Collector):
    """What `/metrics` shows; for one thread at a time."""

    def __init__(
        self,
        status: Callable[[], Status],
        figures: Figures,
        compiled: Callable[[], float],
        clock: Clock,
    ) -> None:
        """`status`: looks at the daemon. `compiled`: seconds that compiling patterns took."""
        self._status = status
        self._figures = figures
        self._compiled = compiled
        self._clock = clock
        self._made: dict[str, tuple[float, bytes]] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def page(self, accept: str) -> tuple[str, bytes]:
        """Content type and text, in the form that the client accepts."""
        encode, content_type = choose_encoder(accept)
        now = self._clock.steady()
        made = self._made.get(content_type)
        if made is None or now - made[0] >= FRESH_SECONDS:
            made = self._made[content_type] = now, encode(self._registry)
        return content_type, made[1]

    def families(self) -> Iterable[Metric]:
        """Every figure, those of the process too, as it is now."""
        return self._registry.collect()

    def describe(self) -> Iterable[Metric]:
        """Nothing before the first scrape; see `Collector`."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every figure; see `Collector`."""
        status = self._status()
        yield from self._daemon(status)
        yield from self._files(status)
        yield from self._matching(status)
        yield from self._telling(status)
        yield from self._machine(status)

    def _daemon(self, it: Status) -> Iterator[Metric]:
        config = it.config
        yield _gauge("build_info", [((it.version, platform.python_version()), 1)])
        yield _gauge("start_time_seconds", [((), datetime.fromisoformat(it.since).timestamp())])
        yield _gauge("well", [((), it.well)])
        yield _gauge("troubles", [((), len(it.troubles))])
        yield _gauge("live", [((), it.phase == "live")])
        yield _gauge("config_generation", [((), config.generation)])
        yield _gauge("config_last_reload_successful", [((), not it.remark)])
        yield _gauge("config_changed_on_disk", [((), bool(config.changed))])
        yield _gauge("rules", [((), config.rules)])
        yield _gauge("compile_seconds", [((), self._compiled())])
        yield _counter(
            "events_total", [((name,), count) for name, count in sorted(it.counters.items())]
        )

    def _files(self, it: Status) -> Iterator[Metric]:
        states = Counter(str(each.status) for each in it.files)
        yield _gauge("files", [((name,), number) for name, number in sorted(states.items())])
        yield _gauge("behind_bytes", [((), sum(each.behind for each in it.files))])
        shown = sorted(it.files, key=lambda each: (-each.behind, each.path))[:MOST_FILES]
        yield _gauge("file_behind_bytes", [(_labels(each), each.behind) for each in shown])
        yield _gauge("file_behind_seconds", [(_labels(each), self._age(each)) for each in shown])
        yield _gauge("held_generations", [((), sum(each.generations for each in it.files))])
        volumes = sorted(self._figures.volumes.items())
        yield _counter("read_lines_total", [((name,), each.lines) for name, each in volumes])
        yield _counter("read_bytes_total", [((name,), each.bytes) for name, each in volumes])
        yield _counter("cut_lines_total", [((name,), each.lines_cut) for name, each in volumes])
        yield _counter("lost_bytes_total", _by_reason(it.counters, "bytes_lost."))
        yield _counter("losses_total", _by_reason(it.counters, "losses."))

    def _age(self, file: FileStatus) -> float:
        """Seconds by which what is taken from it is behind the clock; 0 at its end."""
        newest = self._figures.newest.get(file.path)
        if not file.behind or newest is None:
            return 0.0
        return max(0.0, self._clock.wall() - newest)

    def _matching(self, it: Status) -> Iterator[Metric]:
        engines = sorted({(each.name, each.reason) for each in it.engines})
        yield _gauge("engine_info", [(each, 1) for each in engines])
        scanned, seconds, pairs, differences = Counter[str](), Counter[str](), 0, 0
        given_up, quarantined, everywhere = Counter[str](), dict[str, int](), Counter[str]()
        searching = dict[str, float]()
        for each in it.engines:
            scanned[each.name] += each.bytes
            seconds.update({each.name: each.cpu_seconds})
            pairs, differences = pairs + each.audit.pairs, differences + each.audit.differences
            for rule, spent in each.rule_seconds.items():
                searching[rule] = searching.get(rule, 0.0) + spent
            given_up.update(each.timeouts)
            quarantined.update(each.quarantined)
            everywhere.update(pattern.rule for pattern in each.unfiltered)
        quarantined.update(dict.fromkeys(it.quarantined, 1))
        yield _counter("matched_bytes_total", _one(scanned.items()))
        yield _counter("matching_cpu_seconds_total", _one(seconds.items()))
        yield _counter("audit_pairs_total", [((), pairs)])
        yield _counter("audit_differences_total", [((), differences)])
        yield _counter("rule_matches_total", _one(list(self._figures.matches.items())))
        yield _counter("rule_search_cpu_seconds_total", _one(searching.items()))
        yield _counter("rule_searches_given_up_total", _one(given_up.items()))
        yield _gauge("rule_quarantined", _one((name, 1) for name in quarantined))
        yield _gauge("rule_patterns_on_every_line", _one(everywhere.items()))

    def _telling(self, it: Status) -> Iterator[Metric]:
        yield _counter("alerts_total", sorted(self._figures.alerts.copy().items()))
        yield _gauge("alerts_burning", [((), self._figures.burning)])
        yield _gauge("alerts_withheld", [((), it.held.withheld)])
        sinks = [each for each in it.sinks if not each.absent]
        yield _counter(
            "sink_messages_total",
            [
                ((each.name, outcome), count)
                for each in sinks
                for outcome, count in (("delivered", each.delivered), ("refused", each.refused))
            ],
        )
        yield _counter("sink_failed_attempts_total", [((e.name,), e.failed) for e in sinks])
        yield _gauge("sink_up", [((each.name,), not each.down) for each in sinks])
        yield _gauge("sink_waiting", [((e.name,), e.waiting or 0) for e in it.sinks])
        yield _gauge("sink_dead_letters", [((e.name,), e.given_up or 0) for e in it.sinks])
        yield _gauge("sink_delivering_seconds", [((e.name,), e.delivering_seconds) for e in sinks])

    def _machine(self, it: Status) -> Iterator[Metric]:
        yield _gauge("queue_bytes", [((), it.queue.bytes)])
        yield _gauge("queue_limit_bytes", [((), it.queue.limit)])
        if it.store.bytes is not None:
            yield _gauge("store_bytes", [((), it.store.bytes)])
        yield _gauge("store_degraded", [((), it.store.degraded)])
        commits = HistogramMetricFamily("logwatch_commit_seconds", HELP["commit_seconds"].text)
        commits.add_metric([], self._figures.commits.cumulative(), self._figures.commits.sum)
        yield commits
        yield _gauge(
            "directories", [(("watched",), it.waking.watched), (("polled",), len(it.waking.polled))]
        )
        yield _counter("inotify_rebuilds_total", [((), it.waking.rebuilds)])
        yield _counter("inotify_overflows_total", [((), it.waking.overflows)])
        yield _gauge("threads", [((), it.process.threads)])
        yield _gauge("status_unknown_parts", [((), len(it.unknown))])


def _gauge(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    known = HELP[name]
    family = GaugeMetricFamily(f"logwatch_{name}", known.text, labels=known.labels)
    for labels, value in samples:
        family.add_metric(labels, float(value))
    return family


def _counter(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    known = HELP[name]
    family = CounterMetricFamily(f"logwatch_{name}", known.text, labels=known.labels)
    for labels, value in samples:
        family.add_metric(labels, float(value))
    return family


def _one(items: Iterable[tuple[str, float]]) -> list[Sample]:
    """Samples with one label, in its order."""
    return [((name,), value) for name, value in sorted(items)]


def _labels(file: FileStatus) -> tuple[str, str]:
    return file.path, file.sources[0] if file.sources else ""


def _by_reason(counters: dict[str, int], prefix: str) -> list[Sample]:
    found = {
        name.removeprefix(prefix): count
        for name, count in counters.items()
        if name.startswith(prefix)
    }
    return _one(found.items())
