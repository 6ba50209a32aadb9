"""Looks at the running parts and writes down how they are, for `logwatch status`.

It reads attributes and takes no lock of the data path, so nothing waits for it: figures of one
document may be some milliseconds apart. A part that fails, or hangs on a dead disk, is named in
`unknown`, and the rest is told all the same.
"""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from logwatch import __version__, telemetry
from logwatch.clock import Clock, Moment
from logwatch.config.model import Config
from logwatch.daemon import health
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.diagnosis import diagnose
from logwatch.daemon.engine_status import engine_statuses
from logwatch.daemon.following import Following
from logwatch.daemon.held_status import held_status
from logwatch.daemon.intake import Intake
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.readings import Readings
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.systemd import Notifier
from logwatch.daemon.threads import Worker
from logwatch.daemon.waker import Waker, WakerStatus
from logwatch.daemon.watched_sink import WatchedSink
from logwatch.pipeline import Pipeline
from logwatch.stamps import rfc3339
from logwatch.store.reader import StoreReader, Waiting
from logwatch.store.writer import Store
from logwatch.tailer.state import TailStatus

SLOW_PART_SECONDS = 1.0
"""How long a part that may hang, on a disk that does not answer say, is waited for."""

_Part = TypeVar("_Part")


class Observed(Struct, frozen=True, kw_only=True):
    """What there is to look at."""

    clock: Clock
    host: str
    config: Config
    readings: Readings
    intake: Intake
    pipeline: Pipeline
    store: Store
    consumer: Consumer
    deliverers: Mapping[str, Deliverer]
    sinks: Mapping[str, WatchedSink]
    following: Following
    waker: Waker
    scheduler: Scheduler
    stopping: threading.Event
    notifier: Notifier
    generation: Callable[[], int] = lambda: 1


class Outbox(NamedTuple):
    """What the store says, None where it does not."""

    waiting: Mapping[str, Waiting] | None
    burning: int | None


class Observer:
    """Writes the status of one daemon; for one thread."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._since = observed.clock.moment()
        self._unknown: dict[str, str] = {}
        self._hanging: dict[str, threading.Thread] = {}

    def status(self) -> health.Status:
        """How everything is now. Never raises for what a part does."""
        it, now = self._observed, self._observed.clock.moment()
        self._unknown = {}
        part, slow_part = self._part, self._slow_part
        outbox = slow_part("outbox", self._outbox, Outbox(None, None))
        status = health.Status(
            version=__version__,
            pid=os.getpid(),
            host=it.host,
            phase=part("phase", self._phase, "starting"),
            at=rfc3339(now.wall),
            since=rfc3339(self._since.wall),
            up_seconds=now.steady - self._since.steady,
            config=slow_part("config", self._config, health.ConfigStatus()),
            files=part("files", lambda: self._files(now), ()),
            unseen=part("unseen", lambda: dict(it.following.problems), {}),
            sinks=part("sinks", lambda: self._sinks(outbox.waiting, now), ()),
            engines=part("engines", self._engines, ()),
            quarantined=part("rules", lambda: tuple(sorted(it.pipeline.quarantined)), ()),
            queue=part("queue", self._queue, health.QueueStatus()),
            burning=outbox.burning,
            held=part(
                "held", lambda: held_status(it.pipeline.untold(now.wall)), health.HeldStatus()
            ),
            store=slow_part("store", self._store, health.StoreStatus()),
            waking=slow_part("waking", lambda: _waking(it.waker.status()), health.WakingStatus()),
            threads=part("threads", lambda: self._threads(now), ()),
            process=part("process", _process, health.ProcessStatus()),
            counters=dict(telemetry.telemetry.counters),
            remark=it.notifier.remark,
        )
        status = replace(status, unknown=self._unknown)
        troubles, notes = diagnose(status)
        return replace(status, well=not troubles, troubles=tuple(troubles), notes=tuple(notes))

    # -- parts that fail or hang -------------------------------------------------------------

    def _part(self, name: str, look: Callable[[], _Part], otherwise: _Part) -> _Part:
        try:
            return look()
        except Exception as problem:  # noqa: BLE001 - at 3 a.m. the rest must be seen all the same
            telemetry.count("status.part_failed")
            self._unknown[name] = repr(problem)
            return otherwise

    def _slow_part(self, name: str, look: Callable[[], _Part], otherwise: _Part) -> _Part:
        """Like `_part`, for what may wait for a disk or a lock: no longer than a second."""
        before = self._hanging.get(name)
        if before is not None and before.is_alive():
            self._unknown[name] = "it has not answered since an earlier question"
            return otherwise
        found: list[_Part] = []
        asking = threading.Thread(
            target=lambda: found.append(self._part(name, look, otherwise)),
            name=f"status of {name}",
            daemon=True,
        )
        asking.start()
        asking.join(SLOW_PART_SECONDS)
        if found:
            return found[0]
        self._hanging[name] = asking
        self._unknown[name] = f"it does not answer within {SLOW_PART_SECONDS:g} s"
        return otherwise

    # -- parts -------------------------------------------------------------------------------

    def _phase(self) -> health.Phase:
        it = self._observed
        if it.stopping.is_set():
            return "stopping"
        if it.pipeline.live:
            return "live"
        looked = all(monitor.looked for monitor in it.following.monitors)
        return "backlog" if looked and it.consumer.is_alive() else "starting"

    def _config(self) -> health.ConfigStatus:
        config = self._observed.config
        return health.ConfigStatus(
            files=tuple(str(path.absolute()) for path in config.files),
            state=str(config.state.absolute()),
            rules=len(config.rules),
            sources=len(config.sources),
            sinks=len(config.sinks),
            routes=len(config.routes),
            changed=tuple(
                str(path) for path in config.files if _changed_at(path) > self._since.wall
            ),
            generation=self._observed.generation(),
        )

    def _files(self, now: Moment) -> tuple[health.FileStatus, ...]:
        return tuple(
            _file(monitor, now)
            for monitor in sorted(self._observed.following.monitors, key=lambda each: each.path)
        )

    def _sinks(
        self, waiting: Mapping[str, Waiting] | None, now: Moment
    ) -> tuple[health.SinkStatus, ...]:
        it = self._observed
        kinds = {sink.name: sink.kind for sink in it.config.sinks}
        return tuple(
            _sink(it.sinks[name], deliverer, kinds.get(name, ""), waiting, now)
            for name, deliverer in it.deliverers.items()
        ) + tuple(
            health.SinkStatus(name=name, waiting=each.waiting, given_up=each.dead, absent=True)
            for name, each in (waiting or {}).items()
            if name not in it.deliverers and each.waiting
        )

    def _outbox(self) -> Outbox:
        # Opened anew each time: a reader that is open when the writer ends keeps its log alive.
        reader = StoreReader(self._observed.config.state)
        try:
            return Outbox({each.sink: each for each in reader.waiting()}, len(reader.burning()))
        finally:
            reader.close()

    def _engines(self) -> tuple[health.EngineStatus, ...]:
        it = self._observed
        return tuple(engine_statuses(it.readings.all()))

    def _queue(self) -> health.QueueStatus:
        intake = self._observed.intake
        return health.QueueStatus(
            bytes=intake.qsize(), limit=intake.maxsize, messages=intake.unfinished_tasks
        )

    def _store(self) -> health.StoreStatus:
        it = self._observed
        with os.scandir(it.config.state) as entries:
            size = sum(entry.stat().st_size for entry in entries if entry.is_file())
        return health.StoreStatus(
            path=str(it.store.path),
            bytes=size,
            degraded=it.consumer.degraded,
            in_place=it.store.is_in_place(),
        )

    def _threads(self, now: Moment) -> tuple[health.ThreadStatus, ...]:
        it = self._observed
        known: list[Worker] = [it.consumer, *it.deliverers.values()]
        monitors = it.following.monitors
        known += [each for each in monitors if each.failure is not None or each.has_work()]
        scheduler = health.ThreadStatus(
            name="scheduler",
            alive=any(thread.name == "scheduler" for thread in threading.enumerate()),
            busy=it.scheduler.busy_for(now.steady) > 0,
            idle_seconds=it.scheduler.busy_for(now.steady),
        )
        return (*(_thread(worker, now) for worker in known), scheduler)


def _file(monitor: Monitor, now: Moment) -> health.FileStatus:
    state = monitor.tail.state()
    dead = monitor.failure is not None
    status: Literal["dead", "not answering"] | TailStatus = state.status
    detail = state.detail
    if dead:
        status, detail = "dead", f"its thread died: {monitor.failure!r}"
    elif monitor.not_answering:
        status, detail = "not answering", monitor.not_answering
    read_at = monitor.active_at
    return health.FileStatus(
        path=monitor.path,
        sources=monitor.sources,
        status=status,
        detail=detail,
        offset=state.offset,
        size=state.size,
        behind=max(0, state.size - state.offset),
        generations=state.generations,
        last_read=rfc3339(now.wall - (now.steady - read_at)) if read_at else None,
        lines_per_second=round(monitor.rhythm.lines_per_second(now.steady), 3),
        usual_pause_seconds=monitor.rhythm.usual_pause,
        quiet=monitor.rhythm.is_quiet(now.steady),
        lines_cut=monitor.lines_cut,
    )


def _sink(
    sink: WatchedSink,
    deliverer: Deliverer,
    kind: str,
    waiting: Mapping[str, Waiting] | None,
    now: Moment,
) -> health.SinkStatus:
    name, pace, standing = deliverer.sink_name, deliverer.health, sink.standing
    outbox = Waiting(name, 0, 0, None, None) if waiting is None else waiting.get(name)
    next_try = max(pace.pause_until, (outbox.next_try_at if outbox else None) or 0.0)
    since, began = standing.failing_since, sink.delivering_since
    if since is None and pace.failing_since is not None:  # since before this start
        since = now.wall + pace.failing_since - now.steady
    return health.SinkStatus(
        name=name,
        kind=kind,
        down=pace.probing,
        failing_since=None if since is None else rfc3339(since),
        reason=standing.reason or deliverer.reason,
        next_try=rfc3339(now.wall + next_try - now.steady) if next_try > now.steady else None,
        waiting=None if waiting is None else outbox.waiting if outbox else 0,
        given_up=None if waiting is None else outbox.dead if outbox else 0,
        delivered=standing.delivered,
        refused=standing.refused,
        refusal=standing.refusal,
        failed=standing.failed,
        delivering_seconds=0.0 if began is None else max(0.0, now.steady - began),
    )


def _waking(waker: WakerStatus) -> health.WakingStatus:
    return health.WakingStatus(
        mode=waker.mode,
        reason=waker.reason,
        watched=waker.watched,
        polled=tuple(
            health.PolledStatus(directory=each.directory, reason=each.reason, remedy=each.remedy)
            for each in waker.polled
        ),
        rebuilds=waker.rebuilds,
        overflows=waker.overflows,
    )


def _thread(worker: Worker, now: Moment) -> health.ThreadStatus:
    progress = worker.progress()
    return health.ThreadStatus(
        name=worker.name,
        alive=worker.is_alive(),
        busy=progress.pending,
        idle_seconds=max(0.0, now.steady - progress.stamp),
    )


def _process() -> health.ProcessStatus:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return health.ProcessStatus(
        threads=_number_of(Path("/proc/self/task")) or threading.active_count(),
        descriptors=_number_of(Path("/proc/self/fd")),
        resident_bytes=_resident_bytes(),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
    )


def _resident_bytes() -> int | None:
    """Memory in RAM, shared pages included; source: proc_pid_statm(5)."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _number_of(folder: Path) -> int | None:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return None


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
