"""Lines in, alerts out, on virtual time: what the daemon would have told, and whom.

The rules begin with no memory. Time is event time: it stands where the latest line put it and goes
on by `run_until`. A deadline takes effect before a line at its time or after, as in a backlog that
the daemon reads, so that what is told does not depend on how fast anything runs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from msgspec import UNSET, Struct
from msgspec.structs import replace

from logwatch.clock import Moment
from logwatch.config.model import Config
from logwatch.daemon.dispatching import dispatch_of
from logwatch.daemon.reading import Reading
from logwatch.daemon.readings import Readings, engines_beside
from logwatch.daemon.surroundings import Surroundings
from logwatch.matching.engines import Engines
from logwatch.matching.prefilter import Unwatched
from logwatch.pipeline import Pipeline
from logwatch.records import Alert, Batch, Block, no_file
from logwatch.rules import make_rule
from logwatch.rules.base import RuleSettings, parts_of
from logwatch.simulation.replaying import (
    ALL_OF_IT,
    ReplayFile,
    TimeRange,
    Totals,
    nothing_before,
    replay,
)
from logwatch.store.transaction import Addressed
from logwatch.tailer.globs import is_glob
from logwatch.tailer.multiline import JOINT
from logwatch.tailer.settings import SourceSettings

DRAIN_EVERY = 64
"""Batches after which rules are asked for what they changed, so that they need not remember it."""
_NOBODY = "\0nobody"
"""The sink of a configuration that has none: whoever tries rules out wants to know all the same."""


class SimulatedAlert(Struct, frozen=True, kw_only=True, gc=False):
    """One alert, and what would have become of it."""

    alert: Alert
    at: float
    """Event time at which it came about, seconds since the epoch."""
    sinks: tuple[str, ...]
    """Whom it would have been sent to, at once or in a message with others."""
    collected: tuple[str, ...] = ()
    """Those of `sinks` that would have been told in a message with others."""
    muted_by: str | None = None
    """What would have kept it from being sent: `shadow`, the rule that absorbs it, `mute NAME` or
    `inhibit by RULE`."""
    is_told: bool
    """Whether anybody would have been told; with no sinks configured, whether nothing kept it."""


class Simulation:
    """One configuration, or some of its rules, with no state and no clock but that of the lines."""

    def __init__(
        self,
        config: Config,
        *,
        host: str,
        rules: Collection[str] | None = None,
        start: float | None = None,
        engines: Engines | None = None,
        tell: Callable[[SimulatedAlert], object] | None = None,
        tell_message: Callable[[SimulatedAlert], object] | None = None,
    ) -> None:
        """`rules`: only these and those they hear of. `start`: None is the first line's time.

        `engines` keep what is compiled, for many simulations of the same rules. With `tell` alerts
        are handed to it and not kept in `events`, which would hold all of a long past; with
        `tell_message` so are messages about several alerts, of which nothing is kept else.
        Raises EngineError where the engine cannot be had.
        """
        chosen = _with_those_heard(config.rules, rules)
        self.config = replace(config, rules=chosen, audit=0.0)
        engines = engines or engines_beside(config)
        self.readings = Readings(self.config, config.engine, Unwatched(), engines)
        self.events: list[SimulatedAlert] = []
        """What was told so far, in order; empty where somebody else is told."""
        self._tell = tell or self.events.append
        self._tell_message = tell_message or _nothing_of_it
        self._parts = [(chosen[part.rule], part.number) for part in parts_of(chosen)]
        self._taken: Counter[int] = Counter()
        """How many lines each of them took."""
        self._rules = {each.name: make_rule(each, host=host) for each in chosen}
        self._pipeline = Pipeline(
            list(self._rules.values()),
            dispatch_of(
                replace(config, rules=chosen),
                host=host,
                sinks=[sink.name for sink in config.sinks] or [_NOBODY],
            ),
            host=host,
            late={source.name: source.late for source in config.sources},
            virtual=True,
        )
        self._offsets: Counter[str] = Counter()
        self._surroundings: dict[str, Surroundings | None] = {}
        """Of the sources whose lines were fed one by one."""
        self._begun = False
        self._time = -math.inf
        """How far time has come."""
        self._undrained = 0
        if start is not None:
            self.begin(start)

    @property
    def matched(self) -> Counter[str]:
        """How many lines each rule took, those outside its `active` hours among them."""
        matched: Counter[str] = Counter()
        for part, count in self._taken.items():
            matched[self._parts[part][0].name] += count
        return matched

    def opening(self, name: str) -> int:
        """How many of those that this rule took do not merely close."""
        return sum(
            count
            for part, count in self._taken.items()
            for rule, number in [self._parts[part]]
            if rule.name == name and rule.kind.gated(number)
        )

    @property
    def quarantined(self) -> frozenset[str]:
        """Names of the rules that failed and are not asked any more."""
        return self._pipeline.quarantined

    def begin(self, time: float) -> None:
        """Say that it is `time` now, unless it has begun already."""
        if not self._begun:
            self._begun, self._time = True, time
            self._pipeline.begin(Moment(time, time))
            self._pipeline.run_until(time)
            self._collect()

    def feed_lines(
        self,
        source: str,
        lines: Iterable[tuple[float, str]],
        fields: Mapping[str, str] | None = None,
    ) -> None:
        """Take lines of `source`, each with its virtual arrival, in the order given.

        Where lines are put together to records, each is a whole record. `fields` are what the
        source has beside the text of each, as the journal does.

        The stamp of a line is its time where the format reads one and it can be true; else, and
        for an entry of the journal with `fields`, it is the arrival. Raises KeyError where there is
        no such source.
        """
        reading = self.reading((source,))
        if source not in self._surroundings:
            self._surroundings[source] = reading.surroundings(nothing_before)
        surroundings = self._surroundings[source]
        settings = next(each for each in self.config.sources if each.name == source)
        path = settings.paths[0] if settings.paths and not is_glob(settings.paths[0]) else source
        for arrival, together in groupby(lines, key=lambda each: each[0]):
            texts = [_encoded(text, settings.matched_as) for _, text in together]
            data = b"".join(text + b"\n" for text in texts)
            start = self._offsets[source]
            self._offsets[source] += len(data)
            self.begin(arrival)
            self._time = max(self._time, arrival)
            block = _block(source, path, data, start)
            if reading.framer is not None or data.count(b"\n") > len(texts):
                whole = (text.replace(b"\n", JOINT) + b"\n" for text in texts)
                block = replace(block, joined=b"".join(whole))
            block = replace(block, envelopes=_envelopes(texts, settings, fields, arrival))
            batch = reading.batch(block, arrival)
            if surroundings is not None:
                batch = _timed(surroundings.add(block, batch), arrival)
            self.take(replace(batch, backlog=False))

    def feed_files(
        self,
        files: Sequence[ReplayFile],
        *,
        range_: TimeRange = ALL_OF_IT,
        watch: Callable[[Totals], object] = lambda _: None,
    ) -> Totals:
        """Take all lines of `files` in the order of event time, and let time pass to the end.

        The end is that of `range_`, else the latest event time. `watch` is called after each block.
        Raises KeyError for an unknown source, UsageError for a file that nothing here reads.
        """
        return replay(self, files, range_=range_, watch=watch)

    def run_until(self, time: float) -> None:
        """Let time pass up to `time`, so that what is due by then takes effect."""
        self.begin(time)
        self._time = max(self._time, time)
        self._pipeline.run_until(time)
        self._collect()

    def reading(self, sources: tuple[str, ...]) -> Reading:
        """How lines of a file that `sources` take are read. Raises KeyError."""
        known = {source.name for source in self.config.sources}
        for name in sources:
            if name not in known:
                raise KeyError(name)
        return self.readings.of(sources)

    def take(self, batch: Batch, first: int = 0, end: int | None = None) -> None:
        """Take what was found in a block, or its matches from `first` up to `end`."""
        matches = batch.matches if end is None and not first else batch.matches[first:end]
        if matches:
            self._taken.update([match.rule for match in matches])
        self._pipeline.take(batch, Moment(self._time, self._time), first, end)
        if matches:
            self._time = max(self._time, batch.records[matches[-1].record].time)
        self._collect()

    def _collect(self) -> None:
        """Hand on what came about since the last call."""
        pending = self._pipeline.pending.alerts
        if pending:
            for one in pending:
                tell = self._tell if one.alert.group is UNSET else self._tell_message
                tell(_simulated(one))
            pending.clear()
        self._undrained += 1
        if self._undrained >= DRAIN_EVERY:
            self._undrained = 0
            self._pipeline.drain()


def _simulated(one: Addressed) -> SimulatedAlert:
    told, collected = (
        tuple(name for name in names if name != _NOBODY) for names in (one.sinks, one.collected)
    )
    muted_by = one.alert.muted_by
    return SimulatedAlert(
        alert=one.alert,
        at=round(one.at, 6),  # what a record *at* a deadline is in time for is due just after it
        sinks=(*told, *collected),
        collected=collected,
        muted_by=None if muted_by is UNSET else muted_by,
        is_told=bool(one.sinks or one.collected),
    )


def _nothing_of_it(_message: SimulatedAlert) -> None:
    """Messages that nobody asked for."""


def _with_those_heard(
    rules: tuple[RuleSettings, ...], names: Collection[str] | None
) -> tuple[RuleSettings, ...]:
    """Those of `names`, and those whose news they take, in the order of the configuration."""
    if names is None:
        return rules
    by_name = {rule.name: rule for rule in rules}
    wanted: set[str] = set()
    waiting = [name for name in names if name in by_name]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [heard for heard in by_name[name].kind.hears() if heard in by_name]
    return tuple(rule for rule in rules if rule.name in wanted)


def _timed(batch: Batch, arrival: float) -> Batch:
    """`batch`, with the arrival as the time of lines near its records that have no stamp."""
    if batch.near is UNSET:
        return batch
    near = [each if each.time is not None else replace(each, time=arrival) for each in batch.near]
    return replace(batch, near=near)


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:  # a character that the source cannot have
        return text.encode(encoding, "replace")


class _Written(NamedTuple):
    """What is beside records that somebody wrote by hand; see `Envelopes`."""

    entries: Mapping[int, tuple[float | None, Mapping[str, str]]]
    """By where in the block each begins."""

    def told(self, index: int) -> tuple[float | None, dict[str, str]]:
        """See `Envelopes.told`."""
        time, fields = self.entries[index]
        return time, dict(fields)

    def cursor(self, index: int) -> str:
        """See `Envelopes.cursor`: there is none."""
        del index
        return ""


def _envelopes(
    texts: Sequence[bytes],
    settings: SourceSettings,
    fields: Mapping[str, str] | None,
    arrival: float,
) -> _Written | None:
    """What a source of entries has beside these texts; without `fields` their own stamps count."""
    if settings.origin is None or not settings.origin.joins:
        return None
    entries: dict[int, tuple[float | None, Mapping[str, str]]] = {}
    start = 0
    for text in texts:
        decoded = text.decode(settings.matched_as, "replace")
        time, told = settings.origin.entry(decoded, fields or {}, arrival, settings.format)
        entries[start] = None if fields is None else time, told
        start += len(text) + 1
    return _Written(entries)


def _block(source: str, path: str, data: bytes, start: int) -> Block:
    end = start + len(data)
    checkpoint = no_file(path, f"simulated.{source}", end)
    # As in a backlog, for what a test says of the past is to be believed.
    return Block(path=path, data=data, start=start, end=end, checkpoint=checkpoint, backlog=True)
