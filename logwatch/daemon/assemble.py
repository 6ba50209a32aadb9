"""Configuration -> wired parts: the only file that knows everyone."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Literal, TypeAlias

from msgspec import Struct, field

from logwatch.clock import Clock, Moment
from logwatch.config.feedback import written_files
from logwatch.config.model import Config
from logwatch.daemon import order_verbs
from logwatch.daemon.backing_up import BackingUp
from logwatch.daemon.block_sizes import MOST_BLOCK
from logwatch.daemon.compiling import CompileWatch
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.control import ControlServer
from logwatch.daemon.control_wire import server_places
from logwatch.daemon.delivering import adopt_sinks, deliverers_of
from logwatch.daemon.dispatching import dispatch_of
from logwatch.daemon.figures import Figures
from logwatch.daemon.following import Following
from logwatch.daemon.heartbeat import Heartbeat
from logwatch.daemon.intake import Intake
from logwatch.daemon.liveness import stalled
from logwatch.daemon.memory import GIVE_BACK_SECONDS, giving_back
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.observer import Observed, Observer
from logwatch.daemon.orders import Orders
from logwatch.daemon.own_files import OwnFiles
from logwatch.daemon.pacing import Pacing
from logwatch.daemon.places import Places
from logwatch.daemon.readings import Readings
from logwatch.daemon.receiving import Kept, receiving
from logwatch.daemon.reload_requests import ReloadRequests
from logwatch.daemon.replacement import replacement_report
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.slots import Slots
from logwatch.daemon.store_trouble import StoreTrouble
from logwatch.daemon.supervisor import Daemon, Parts
from logwatch.daemon.systemd import Notifier
from logwatch.daemon.threads import Worker
from logwatch.daemon.unread import waited_for
from logwatch.daemon.waker import make_waker
from logwatch.daemon.watched_sink import WatchedSink
from logwatch.matching.engine_names import Engine
from logwatch.matching.matcher import chance
from logwatch.outbox.policy import LONGEST_RETRY_AFTER
from logwatch.pipeline import Pipeline
from logwatch.receivers.course import is_file
from logwatch.records import Checkpoint
from logwatch.rules import fingerprints, make_rule
from logwatch.rules.base import parts_of
from logwatch.sinks import KINDS
from logwatch.store.database import Durability
from logwatch.store.writer import Store
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.file_system import FileSystem
from logwatch.tailer.links import LinkRule
from logwatch.tailer.tail import Tail

Waking: TypeAlias = Literal["auto", "inotify", "poll"]


class Options(Struct, frozen=True, kw_only=True):
    """What a command decides, as against the configuration."""

    engine: Engine | None = None
    """None: as the configuration says."""
    waking: Waking = "auto"
    durability: Durability = "full"
    grace: float = 5.0
    once: bool = False
    """It ends when everything was read to its end."""
    host: str = field(default_factory=socket.gethostname)


def assemble(
    config: Config,
    clock: Clock,
    options: Options,
    notifier: Notifier,
    readings: Readings | None = None,
    *,
    reload_requests: ReloadRequests | None = None,
    kept: Kept | None = None,
) -> Daemon:
    """Open the store, compile the rules, wire everything; nothing runs yet.

    `readings` are those of `config` where they were made before, `kept` is what the daemon before
    left of sources that are no files; without `reload_requests` nobody
    can ask for another configuration. Raises EngineError where the engine cannot be had, StoreError
    where the store cannot, SinkError where a sink cannot be made.
    """
    readings = readings or readings_of(config, options, clock, notifier)
    today = datetime.fromtimestamp(clock.wall(), UTC).strftime("%Y%m%d")
    store = Store(config.state, durability=options.durability, today=today)
    try:
        readings.prepare_sources()
        return _assemble(
            config,
            clock,
            options,
            notifier,
            store=store,
            readings=readings,
            reload_requests=reload_requests,
            kept=kept or Kept(),
        )
    except BaseException:
        store.close(clean=False)
        raise


def readings_of(config: Config, options: Options, clock: Clock, notifier: Notifier) -> Readings:
    """How to read the files of `config`; compiling asks for more time. Raises EngineError."""
    watch = CompileWatch(clock, notifier.extend_timeout if notifier.connected else None)
    return Readings(config, options.engine or config.engine, watch)


def _assemble(
    config: Config,
    clock: Clock,
    options: Options,
    notifier: Notifier,
    *,
    store: Store,
    readings: Readings,
    reload_requests: ReloadRequests | None,
    kept: Kept,
) -> Daemon:
    intake = Intake()
    pipeline = _pipeline(config, options, store, clock.moment())
    sinks = {
        sink.name: WatchedSink(KINDS[sink.kind].make(sink.settings), clock) for sink in config.sinks
    }
    adopt_sinks(config, store, clock.wall())
    deliverers = deliverers_of(config, sinks, intake=intake, clock=clock, random=chance)
    fingerprints = {
        source.name: repr((source.paths or source.origin, source.start))
        for source in config.sources
    }
    at_once = max(2, os.cpu_count() or 1)
    slots = Slots(at_once, clock)
    places, scheduler_stop = Places(), Event()
    scheduler = Scheduler(clock, scheduler_stop)
    scheduler.every(GIVE_BACK_SECONDS, giving_back(), "give memory back")
    waker = make_waker(
        options.waking,
        clock,
        _canary(),
        places=places,
        soon=lambda task: scheduler.at(clock.steady(), task, "walk the ways again"),
    )
    awaited: set[str] = set()
    store.cap_waits(clock.steady() + LONGEST_RETRY_AFTER)
    stored = store.checkpoints()
    links = LinkRule(config.allowed_roots)
    claims = Claims(links)
    claims.learn(filter(is_file, stored))
    figures = Figures(
        (source.name for source in config.sources),
        parts_of(config.rules),
        [rule.name for rule in config.rules],
    )
    figures.resume(each.alert.id for each in store.burning())

    def wake_sinks(names: set[str]) -> None:
        for name in names & deliverers.keys():  # a removed sink may have something, too
            deliverers[name].wake()

    doubtful = store.replaced is not None
    own_files = OwnFiles(written_files(config.sinks))
    consumer = Consumer(
        intake=intake,
        pipeline=pipeline,
        store=store,
        clock=clock,
        awaited=awaited,
        wake_sinks=wake_sinks,
        on_live=lambda: store.remember_sources(fingerprints),
        trouble=StoreTrouble(
            store.path, pipeline, {name: each.unstored for name, each in deliverers.items()}
        ),
        figures=figures,
    )
    known_sources = store.known_sources()
    seen = {name for name, text in fingerprints.items() if known_sources.get(name) == text}
    by_name = {source.name: source for source in config.sources}

    def make_monitor(
        path: str,
        sources: tuple[str, ...],
        known: list[Checkpoint],
        *,
        at_start: bool,
        files: int,
    ) -> Monitor:
        source = by_name[sources[0]]
        if source.origin is not None:
            return receiving(
                source,
                known,
                kept=kept,
                reading=readings.of(sources),
                intake=intake,
                slots=slots,
                clock=clock,
                volume=figures.volumes[source.name],
                once=options.once,
            )
        own_files.warn_of(path)
        # A file that came while nobody looked is read whole; one that was there before the first
        # look at its source begins where the source says.
        new_to_us = at_start and not seen.intersection(sources)
        tail = Tail(
            path,
            max_line=source.max_line,
            encoding=source.encoding,
            archives=source.archives,
            start=source.start if new_to_us else "beginning",
            known=known,
            claims=claims,
            doubtful=doubtful and at_start,
            block_size=MOST_BLOCK,
            framer=source.framer,
        )
        return Monitor(
            path,
            tail=tail,
            reading=readings.of(sources),
            intake=intake,
            slots=slots,
            clock=clock,
            volume=figures.volumes[source.name],
            files=files,
        )

    kept.begin(source for source in config.sources if source.origin is not None)
    following = Following(
        discovery=Discovery(config.sources, FileSystem(places.asking), links),
        make_monitor=make_monitor,
        waker=waker,
        clock=clock,
        claims=claims,
        stored=stored,
        tell=intake.tell,
        waited_for=waited_for(config),
        places=places,
        pacing=Pacing(at_once, clock),  # or those that are awake would wait for a slot
        held=config.held_files,
        receivers={each.address: (each.name,) for each in config.sources if each.origin},
    )
    if store.replaced is not None:
        intake.put(replacement_report(store.path, store.replaced))
    observed = Observed(
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
        generation=lambda: 1 if reload_requests is None else reload_requests.generation,
    )
    observer = Observer(observed)
    ready = Event()

    def stalling(now: Moment) -> list[str]:
        return stalled((consumer, *deliverers.values(), *following.monitors), scheduler, now)

    http = None
    if config.http is not None:
        from logwatch.daemon.pages import serve  # noqa: PLC0415 - many have no `http`

        http = serve(
            config.http,
            observed,
            figures,
            ready=ready,
            stalling=stalling,
            compiled=lambda: readings.compiling.seconds,
        )
    orders = Orders(intake)
    reloading = {} if reload_requests is None else {"reload": reload_requests.verb}
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
        places=places,
        notifier=notifier,
        control=ControlServer(
            server_places(config.state),
            {
                "status": lambda _request: observer.status(),
                "learn": orders.verb(order_verbs.learn),
                "silence": orders.verb(order_verbs.silence),
                "send-again": orders.verb(order_verbs.send_again),
                **reloading,
            },
            clock=clock,
            orders=("reload", "learn", "silence", "send-again"),
        ),
        awaited=awaited,
        backing_up=BackingUp(config.state, clock),
        callers=_callers(config, observed, figures, readings, stalling),
        figures=figures,
        http=http,
        ready=ready,
    )
    return Daemon(parts, grace=options.grace)


def _pipeline(config: Config, options: Options, store: Store, now: Moment) -> Pipeline:
    rules = [make_rule(settings, host=options.host) for settings in config.rules]
    limits = {each.name: each.quiet_after for each in config.sources if each.quiet_after}
    if limits:
        from logwatch.rules.quiet_sources import (  # noqa: PLC0415 - as any kind of rule
            QuietSources,
        )

        rules.append(QuietSources(limits, host=options.host))
    pipeline = Pipeline(
        rules,
        dispatch_of(config, host=options.host),
        host=options.host,
        late={source.name: source.late for source in config.sources},
    )
    pipeline.restore(store.adopt_rules(fingerprints(rule.settings for rule in rules)))
    pipeline.resume(store.burning(), now)
    pipeline.begin(now)
    return pipeline


def _callers(
    config: Config,
    observed: Observed,
    figures: Figures,
    readings: Readings,
    stalling: Callable[[Moment], list[str]],
) -> tuple[Worker, ...]:
    """The threads that tell others how the daemon is. Raises SinkError."""
    found: list[Worker] = []
    if config.heartbeat is not None:
        found.append(Heartbeat(config.heartbeat, troubles=stalling, clock=observed.clock))
    if config.otel is not None:
        from logwatch.daemon.figure_sender import (  # noqa: PLC0415 - many have no `otel`
            figure_sender,
        )

        compiling = readings.compiling
        found.append(
            figure_sender(config.otel, observed, figures, compiled=lambda: compiling.seconds)
        )
    return tuple(found)


def _canary() -> Path | None:
    """A file whose writes must come back as events, where the service manager gave us a folder."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return Path(folder) / "canary" if folder else None
