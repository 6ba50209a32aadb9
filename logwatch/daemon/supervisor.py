"""Starts everything in order, watches that it lives, and stops it in order under one deadline.

The main thread runs this. It waits for signals, never for work. A thread that dies is news: a
monitor is started again (see following.py); a dead consumer, deliverer or scheduler ends the
process with a status that makes systemd start it anew, for what is committed is safe. A thread
that misses the deadline at the end is named with its stack and does not hold up the exit.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from queue import Full
from signal import Signals
from threading import Event
from typing import Protocol

from msgspec import Struct, field

from logwatch import telemetry
from logwatch.clock import Clock
from logwatch.daemon import liveness, signals, threads
from logwatch.daemon.backing_up import BackingUp
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.control import ControlServer
from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.figures import Figures
from logwatch.daemon.following import Following
from logwatch.daemon.intake import Intake, Nudge
from logwatch.daemon.places import Places
from logwatch.daemon.reloading import NoReloads, NotStartedError, Reloads
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.single_run import SingleRun
from logwatch.daemon.status_line import StatusLine
from logwatch.daemon.store_watch import StoreWatch
from logwatch.daemon.systemd import Notifier
from logwatch.daemon.timed_work import TimedWork
from logwatch.daemon.waker import Waker
from logwatch.store.writer import Store

TICK_SECONDS = 1.0
ONCE_TICK_SECONDS = 0.01
RESCAN_SECONDS = 5.0
FIRST_LOOK_SECONDS = 5.0
"""How long a file that does not answer, on a dead network mount say, may hold up being ready."""

RELOAD_SECONDS = 30.0
"""How long a reload waits for what is being committed: until then nobody else may use the store."""
FILE_START_SECONDS, FILE_STOP_SECONDS = 0.01, 0.0005
"""For each file, so that thousands of threads have the time to begin, and to end."""
STOP_MARGIN_SECONDS = 15.0
"""What the last commit and the closing of the store may take, beyond the deadline of a stop."""
HUNG_SECONDS = 1.0
"""A sink from which nothing came back for so long is not waited for at the stop."""


class Ending(Enum):
    """Why `Daemon.run` came back."""

    STOPPED = "stopped"
    RELOAD = "reload"
    CAUGHT_UP = "caught up"
    FAILED = "failed"


class Parts(Struct, frozen=True, kw_only=True):
    """Everything that one daemon is made of."""

    clock: Clock
    intake: Intake
    store: Store
    consumer: Consumer
    deliverers: Sequence[Deliverer]
    following: Following
    waker: Waker
    scheduler: Scheduler
    scheduler_stop: Event
    places: Places
    notifier: Notifier
    control: ControlServer
    awaited: set[str]
    callers: Sequence[threads.Worker] = ()
    """They tell others how it is, and are nobody's to wait for where they hang in a call."""
    backing_up: BackingUp | None = None
    figures: Figures = field(default_factory=lambda: Figures((), (), ()))
    http: Http | None = None
    ready: Event = field(default_factory=Event)
    """Set while what is written is found."""


class Http(Protocol):
    """Shows pages; see http_server.py, which is loaded where the configuration asks for it."""

    def start(self) -> None:
        """Listen; never raises for want of the address."""
        ...

    def end(self) -> None:
        """Stop."""
        ...

    def join(self, timeout: float) -> bool:
        """Wait for the end."""
        ...


class Daemon:
    """One life of the daemon, from start to stop."""

    def __init__(self, parts: Parts, *, grace: float = 5.0) -> None:
        self._parts = parts
        self._grace = grace
        self._timed = TimedWork(parts.scheduler, parts.places, parts.clock)
        self._next_watchdog = 0.0
        self._stalled: list[str] = []
        """The threads that did not get on at the last look."""
        self._store = StoreWatch(
            parts.store,
            consumer=parts.consumer,
            intake=parts.intake,
            backing_up=parts.backing_up,
            clock=parts.clock,
        )
        self._single_run = SingleRun(
            intake=parts.intake,
            consumer=parts.consumer,
            deliverers=parts.deliverers,
            following=parts.following,
            awaited=parts.awaited,
            store=self._store,
        )
        self._line = StatusLine(parts.figures, parts.clock)

    def run(self, *, once: bool = False, reloads: Reloads | None = None) -> Ending:
        """Start, wait until there is a reason to stop, stop. Signals must be blocked already.

        `once`: stop when every file was read to its end and every sink was tried. `reloads` is
        asked at SIGHUP, while everything runs on: only where it has something to go on with this
        one stops for the next. Raises NotStartedError, when as much as was started has stopped.
        """
        reloads = reloads or NoReloads()
        self._start(reloads)
        reloads.in_force()
        ending: Ending | None = None
        while ending is None:
            received = signals.wait(
                ONCE_TICK_SECONDS if once or reloads.under_way else TICK_SECONDS
            )
            ending = (
                self._on_signal(received, reloads)
                or self._on_answer(reloads.answer())
                or self._tick(once=once)
            )
        self.stop(ending)
        return ending

    def _start(self, reloads: Reloads) -> None:
        try:
            self.start()
        except Exception as error:
            # What was taken until now is committed and closed, or the next could not go on with it.
            self.stop(Ending.RELOAD if reloads.can_go_back else Ending.FAILED)
            raise NotStartedError from error

    def start(self) -> None:
        """Start every thread; back when the watches are armed and every file was looked at.

        Ready means that what is written from now on is found, whatever becomes of the files. What
        is on a disk or server that does not answer is left for later.
        """
        parts = self._parts
        parts.control.start()
        if parts.http is not None:
            parts.http.start()
        self._timed.start()
        parts.awaited.update(self._timed.do(parts.following.prepare))
        parts.notifier.extend_timeout(round(FILE_START_SECONDS * len(parts.awaited) * 1e6))
        parts.consumer.start()
        for deliverer in parts.deliverers:
            deliverer.start()
        self._timed.do(parts.waker.start)
        self._timed.do(parts.following.start)
        parts.scheduler.every(TICK_SECONDS, parts.waker.check, "check the waker")
        parts.scheduler.every(TICK_SECONDS, parts.following.poll, "poll files")
        parts.scheduler.every(RESCAN_SECONDS, parts.following.rescan, "find files")
        self._await_first_looks()
        parts.ready.set()
        parts.notifier.ready(self._status())
        for caller in parts.callers:
            caller.start()
        if parts.backing_up is not None:
            parts.backing_up.start()
        self._say_ready()

    def _say_ready(self) -> None:
        states = {each.path: each.tail.state().status for each in self._parts.following.monitors}
        missing = sorted(path for path, status in states.items() if status == "waiting")
        more = {"missing": len(missing), "first_missing": missing[:5]} if missing else {}
        telemetry.info("daemon.ready", files=len(states) - len(missing), **more)

    def _await_first_looks(self) -> None:
        parts, pause = self._parts, Event()
        deadline = parts.clock.steady() + FIRST_LOOK_SECONDS
        while any(not each.looked and each.is_alive() for each in parts.following.monitors):
            if parts.clock.steady() >= deadline:
                telemetry.warning("daemon.first_look_late", seconds=FIRST_LOOK_SECONDS)
                return
            self._timed.check()
            pause.wait(0.002)

    def dead_threads(self) -> list[str]:
        """Names of the threads without which nothing works and which are no more."""
        workers = (self._parts.consumer, *self._parts.deliverers)
        dead = [worker.name for worker in workers if not worker.is_alive()]
        return dead if self._timed.is_alive() else [*dead, "scheduler"]

    def _on_signal(self, received: Signals | None, reloads: Reloads) -> Ending | None:
        match received:
            case Signals.SIGTERM | Signals.SIGINT:
                telemetry.info("daemon.stopping", signal=received.name)
                return Ending.STOPPED
            case Signals.SIGHUP:
                self._parts.notifier.reloading(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
                reloads.ask()
            case Signals.SIGUSR1:
                now = self._parts.clock.moment()
                telemetry.say(threads.dump(self._workers(), now))
                telemetry.info("daemon.figures", **dict(telemetry.telemetry.counters))
            case _:
                pass
        return None

    def _on_answer(self, is_good: bool | None) -> Ending | None:  # noqa: FBT001 - an answer
        """To a request to reload."""
        if is_good:
            return Ending.RELOAD  # the next one says that it is ready
        if is_good is not None:
            self._parts.notifier.ready(self._status())
        return None

    def _tick(self, *, once: bool) -> Ending | None:
        self._timed.check()
        dead = self.dead_threads()
        if dead:
            telemetry.error("daemon.failed", dead_threads=dead)
            return Ending.FAILED
        self._store.look()
        self._feed_watchdog()
        if not once and not self._single_run.nothing_can_come():
            return None
        has_done_all = self._single_run.outcome()
        if has_done_all is None:
            return None
        return Ending.CAUGHT_UP if has_done_all else Ending.FAILED

    def _feed_watchdog(self) -> None:
        notifier, now = self._parts.notifier, self._parts.clock.moment()
        interval = notifier.watchdog_interval
        if interval is None or now.steady < self._next_watchdog:
            return
        self._next_watchdog = now.steady + interval
        stalled = liveness.stalled(self._workers(), self._parts.scheduler, now)
        before, self._stalled = self._stalled, stalled
        if stalled and not before:  # it may just have been given work, after a long idle time
            self._next_watchdog = now.steady
            return
        if stalled:
            telemetry.error("daemon.stalled", threads=stalled)
            telemetry.say(threads.dump(self._workers(), now))
            return  # systemd will restart us, and what is committed is safe
        notifier.watchdog()
        notifier.status(self._status())

    def _status(self) -> str:
        return self._line.text(self._parts.following.monitors)

    def stop(self, ending: Ending) -> None:
        """Monitors, Queue, deliverers, consumer, store: in this order, all under one deadline."""
        parts, clock = self._parts, self._parts.clock
        for_files = 1.0 + FILE_STOP_SECONDS * len(parts.following.monitors)
        parts.notifier.extend_timeout(round((self._grace + for_files + STOP_MARGIN_SECONDS) * 1e6))
        if ending is not Ending.RELOAD:
            parts.notifier.stopping()
        parts.ready.clear()
        deadline = clock.steady() + self._grace + for_files
        for caller in parts.callers:
            caller.stopping.set()
        if parts.backing_up is not None:
            parts.backing_up.end()
        parts.scheduler_stop.set()
        self._timed.end(0.5)  # or it could still start a monitor that nobody ends
        late: list[threads.Worker] = [
            *parts.following.end(deadline=clock.steady() + for_files, hurry=parts.intake.hurry)
        ]
        parts.waker.stop(max(0.0, deadline - clock.steady()))
        self._await_consumer(deadline)
        grace = self._grace if ending in (Ending.STOPPED, Ending.CAUGHT_UP) else 0.0
        for deliverer in parts.deliverers:
            deliverer.drain(clock.steady() + grace)
        late += self._await_deliverers(deadline, ending)
        clean = ending is not Ending.FAILED
        least = RELOAD_SECONDS if ending is Ending.RELOAD else 1.0
        self._stop_consumer(max(least, deadline - clock.steady()), late, clean=clean)
        if parts.backing_up is not None and not parts.backing_up.join(1.0):
            late.append(parts.backing_up)
        parts.control.end()  # the last to go: whoever waits for a slow stop may ask why
        if parts.http is not None:
            parts.http.end()
            parts.http.join(1.0)  # or the next one could not have its address
        if not parts.control.join(1.0):
            late.append(parts.control)
        for worker in late:
            telemetry.error("daemon.thread_late", thread=worker.name, stack=worker.stack())
        telemetry.info("daemon.stopped", ending=ending.value)

    def _stop_consumer(self, seconds: float, late: list[threads.Worker], *, clean: bool) -> None:
        parts = self._parts
        parts.consumer.stopping.set()
        with suppress(Full):
            parts.intake.put_nowait(Nudge())
        if parts.consumer.join(seconds):
            parts.store.close(clean=clean)
        else:
            late.append(parts.consumer)

    def _await_consumer(self, deadline: float) -> None:
        """Let the consumer empty the Queue, so that deliverers still see what was found.

        One that cannot commit gets as long as a sink that hangs: the next start reads it all again.
        """
        consumer, clock, pause = self._parts.consumer, self._parts.clock, Event()
        began = clock.steady()
        while consumer.is_alive() and not consumer.idle and clock.steady() < deadline:
            if consumer.degraded and clock.steady() - began >= HUNG_SECONDS:
                return
            pause.wait(0.005)

    def _await_deliverers(self, deadline: float, ending: Ending) -> list[Deliverer]:
        """Wait while sinks take what they are given; returns those that have not ended."""
        parts, pause = self._parts, Event()
        began = now = parts.clock.steady()
        waiting = [each for each in parts.deliverers if each.is_alive()]
        while now < deadline and any(
            now - max(began, each.progress().stamp) < HUNG_SECONDS for each in waiting
        ):
            pause.wait(0.005)
            now = parts.clock.steady()
            waiting = [each for each in waiting if each.is_alive()]
        return [each for each in waiting if ending is Ending.RELOAD or not each.cut_short()]

    def _workers(self) -> list[threads.Worker]:
        parts = self._parts
        copying = () if parts.backing_up is None else (parts.backing_up,)
        return [
            *(parts.consumer, *parts.deliverers, *parts.following.monitors, parts.control),
            *parts.callers,
            *copying,
        ]
