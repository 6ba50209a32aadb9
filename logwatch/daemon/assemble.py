"""Configuration -> wired parts: the only file that knows everyone."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from pathlib import Path
from random import SystemRandom
from threading import Event
from typing import Literal
from zoneinfo import ZoneInfo

from logwatch import parsers, telemetry
from logwatch.alerts.route import Router
from logwatch.clock import Clock, Moment
from logwatch.conditions import Search, compile_where
from logwatch.config.model import Config
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.control import ControlServer
from logwatch.daemon.control_wire import server_places
from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.following import Following
from logwatch.daemon.intake import Intake
from logwatch.daemon.monitor import Monitor, Reading
from logwatch.daemon.observer import Observed, Observer
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.slots import Slots
from logwatch.daemon.supervisor import Daemon, Parts
from logwatch.daemon.systemd import Notifier
from logwatch.daemon.waker import make_waker
from logwatch.daemon.watched_sink import WatchedSink
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.searches import GuardedSearch
from logwatch.outbox.policy import LONGEST_RETRY_AFTER
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.parsers.selection import Selection
from logwatch.pipeline import Pipeline, SelfReport
from logwatch.records import Checkpoint
from logwatch.rules import fingerprint, make_rule
from logwatch.rules.base import RuleSettings
from logwatch.sinks import KINDS
from logwatch.store.database import Durability
from logwatch.store.writer import Store
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.tail import Tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a command decides, as against the configuration."""

    engine: Literal["auto", "hyperscan", "reference"] = "auto"
    waking: Literal["auto", "inotify", "poll"] = "auto"
    durability: Durability = "full"
    grace: float = 5.0
    host: str = field(default_factory=socket.gethostname)


def assemble(config: Config, clock: Clock, options: Options, notifier: Notifier) -> Daemon:
    """Open the store, compile the rules, wire everything; nothing runs yet.

    Raises StoreError where the store cannot be had, SinkError where a sink cannot be made.
    """
    today = datetime.fromtimestamp(clock.wall(), UTC).strftime("%Y%m%d")
    store = Store(config.state, durability=options.durability, today=today)
    try:
        return _assemble(config, clock, options, notifier, store)
    except BaseException:
        store.close(clean=False)
        raise


def _assemble(
    config: Config, clock: Clock, options: Options, notifier: Notifier, store: Store
) -> Daemon:
    intake = Intake()
    pipeline = _pipeline(config, options, store, clock.moment())
    sinks = {
        sink.name: WatchedSink(KINDS[sink.kind].make(sink.settings), clock) for sink in config.sinks
    }
    deliverers = {
        name: Deliverer(
            name,
            sink,
            folder=config.state,
            intake=intake,
            clock=clock,
            random=SystemRandom().random,
        )
        for name, sink in sinks.items()
    }
    fingerprints = {source.name: repr((source.paths, source.start)) for source in config.sources}
    readings = Readings(config, options)
    slots = Slots(max(2, os.cpu_count() or 1), clock)
    waker = make_waker(options.waking, clock, _canary())
    awaited: set[str] = set()
    store.cap_waits(clock.steady() + LONGEST_RETRY_AFTER)
    stored = store.checkpoints()
    claims = Claims()
    claims.learn(stored)

    def wake_sinks(names: set[str]) -> None:
        for name in names:
            deliverers[name].wake()

    consumer = Consumer(
        intake=intake,
        pipeline=pipeline,
        store=store,
        clock=clock,
        awaited=awaited,
        wake_sinks=wake_sinks,
        on_live=lambda: store.remember_sources(fingerprints),
    )
    known_sources = store.known_sources()
    seen = {name for name, text in fingerprints.items() if known_sources.get(name) == text}
    by_name = {source.name: source for source in config.sources}

    def make_monitor(
        path: str, sources: tuple[str, ...], known: list[Checkpoint], *, at_start: bool
    ) -> Monitor:
        source = by_name[sources[0]]
        # A file that came while nobody looked is read whole; one that was there before the first
        # look at its source begins where the source says.
        new_to_us = at_start and not seen.intersection(sources)
        tail = Tail(
            path,
            max_line=source.max_line,
            start=source.start if new_to_us else "beginning",
            known=known,
            claims=claims,
        )
        return Monitor(
            path,
            tail=tail,
            reading=readings.of(sources),
            intake=intake,
            slots=slots,
            clock=clock,
        )

    following = Following(
        discovery=Discovery(config.sources),
        make_monitor=make_monitor,
        waker=waker,
        clock=clock,
        claims=claims,
        stored=stored,
        tell=intake.tell,
    )
    if store.put_aside is not None:
        intake.put(_loss(store.put_aside))
    scheduler_stop = Event()
    scheduler = Scheduler(clock, scheduler_stop)
    observer = Observer(
        Observed(
            clock=clock,
            host=options.host,
            config=config,
            readings=readings,
            intake=intake,
            pipeline=pipeline,
            store=store,
            consumer=consumer,
            deliverers=deliverers,
            sinks=sinks,
            following=following,
            waker=waker,
            scheduler=scheduler,
            stopping=scheduler_stop,
            notifier=notifier,
        )
    )
    parts = Parts(
        clock=clock,
        intake=intake,
        store=store,
        consumer=consumer,
        deliverers=tuple(deliverers.values()),
        following=following,
        waker=waker,
        scheduler=scheduler,
        scheduler_stop=scheduler_stop,
        notifier=notifier,
        control=ControlServer(
            server_places(config.state),
            {"status": lambda _request: observer.status()},
            clock=clock,
        ),
        awaited=awaited,
    )
    return Daemon(parts, grace=options.grace)


def _pipeline(config: Config, options: Options, store: Store, now: Moment) -> Pipeline:
    router = Router(
        config.routes,
        sinks=[sink.name for sink in config.sinks],
        to_by_rule={rule.name: rule.to for rule in config.rules if rule.to},
    )
    rules = [make_rule(settings, host=options.host) for settings in config.rules]
    pipeline = Pipeline(rules, router, host=options.host)
    pipeline.restore(
        store.adopt_rules({settings.name: fingerprint(settings) for settings in config.rules})
    )
    pipeline.resume(store.burning(), now)
    return pipeline


def _loss(aside: Path) -> SelfReport:
    return SelfReport(
        what="store-replaced",
        severity="critical",
        message=f"the store was damaged and is now at {aside}; positions, open alerts and"
        " undelivered messages in it are not known to this run",
        path=str(aside),
    )


class Readings:
    """One compiled matcher for each set of rules that looks at the same files."""

    def __init__(self, config: Config, options: Options) -> None:
        self._config = config
        self._options = options
        self._by_sources: dict[tuple[str, ...], Reading] = {}
        self._matchers: dict[tuple[tuple[int, ...], str, int, str], Matcher] = {}
        self._ruleset = _ruleset_name(config.rules)
        self._said: set[str] = set()

    def all(self) -> list[Reading]:
        """One for each set of sources that takes a file; callable from any thread."""
        return list(self._by_sources.values())

    def of(self, names: tuple[str, ...]) -> Reading:
        """How to read a file that the sources `names` take; the first one's format counts."""
        if names not in self._by_sources:
            self._by_sources[names] = self._make(names)
        return self._by_sources[names]

    def _make(self, names: tuple[str, ...]) -> Reading:
        source = next(each for each in self._config.sources if each.name == names[0])
        numbers = tuple(
            number
            for number, rule in enumerate(self._config.rules)
            if rule.sources is None or set(names).intersection(rule.sources)
        )
        settings = ParserSettings(tz=_zone(source), time_field=source.time)
        events = EventClock(make_parser(source.format, settings), source=source.name)
        rules = [self._config.rules[number] for number in numbers]
        return Reading(
            source=source.name,
            ruleset=self._ruleset,
            matcher=self._matcher(numbers, source),
            rules=numbers,
            events=events,
            selection=_selection(events, rules),
        )

    def _matcher(self, numbers: tuple[int, ...], source: SourceSettings) -> Matcher:
        rules = [self._config.rules[number] for number in numbers]
        needled = source.format if any(rule.where for rule in rules) else ""
        key = (numbers, source.encoding, source.max_line, needled)
        if key not in self._matchers:
            matcher = Matcher(
                [
                    RulePatterns(match=_scanned(rule, source.format), unless=rule.unless)
                    for rule in rules
                ],
                encoding=source.encoding,
                max_line=source.max_line,
                engine=self._options.engine,
                cache=self._config.state / "patterns",
            )
            self._matchers[key] = matcher
            if matcher.engine_reason not in self._said:
                self._said.add(matcher.engine_reason)
                telemetry.info("matching.engine", name=matcher.engine, reason=matcher.engine_reason)
        return self._matchers[key]


def _scanned(rule: RuleSettings, format_: str) -> tuple[str, ...]:
    """The patterns by which the lines of a rule are found, () for all lines of the source."""
    found = parsers.needle(format_, rule.where) if rule.where else None
    if found is not None and (not rule.match or found.pattern == parsers.NEVER):
        return (found.pattern,)
    return rule.match


def _selection(events: EventClock, rules: Sequence[RuleSettings]) -> Selection | None:
    """The conditions of `rules`; None where there are none."""
    if not any(rule.where for rule in rules):
        return None
    return Selection(
        events, [compile_where(rule.where, _guarded) if rule.where else None for rule in rules]
    )


def _guarded(pattern: str) -> Search:
    """A search in one field that gives up where it would take for ever."""
    guarded = GuardedSearch(pattern)

    def search(value: str) -> object:
        guarded.prepare(value)
        return guarded.search(value)

    return search


def _canary() -> Path | None:
    """A file whose writes must come back as events, where the service manager gave us a folder."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return Path(folder) / "canary" if folder else None


def _zone(source: SourceSettings) -> tzinfo:
    if source.tz is not None:
        return ZoneInfo(source.tz)
    local = Path("/etc/localtime")
    try:
        with local.open("rb") as file:
            return ZoneInfo.from_file(file, key=time.tzname[0])
    except (OSError, ValueError):
        return UTC


def _ruleset_name(rules: Sequence[RuleSettings]) -> str:
    return blake2b(repr(rules).encode(errors="backslashreplace"), digest_size=8).hexdigest()
