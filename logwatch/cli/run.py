"""`logwatch run`: the daemon, in the foreground."""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from signal import SIGHUP
from typing import NamedTuple

from logwatch import telemetry
from logwatch.cli.loading import without_what_the_logger_never_uses
from logwatch.cli.rights import allow_many_files
from logwatch.clock import SystemClock
from logwatch.config.changes import Change, changes
from logwatch.config.loader import find_config, load
from logwatch.config.model import Config
from logwatch.daemon import signals
from logwatch.daemon.assemble import Options, Waking, assemble, readings_of
from logwatch.daemon.block_sizes import MOST_BLOCK
from logwatch.daemon.readings import Readings
from logwatch.daemon.receiving import Kept
from logwatch.daemon.reload_requests import ReloadRequests
from logwatch.daemon.reloading import NotStartedError, Reloading
from logwatch.daemon.supervisor import Daemon, Ending
from logwatch.daemon.systemd import Notifier
from logwatch.errors import Exit, LogwatchError
from logwatch.matching.known_patterns import KnownPatterns

STACK_BYTES = 1024 * 1024
"""For each thread: a thousand monitors must not reserve eight gigabytes of address space, but a
quarter of this is too little for a line of JSON that is nested as deeply as its parser allows."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""As malloc.h of glibc has them."""
_KEPT_BYTES = 2 * MOST_BLOCK
"""For each core: a block that is scanned, and the next one."""
_MOST_KEPT_BYTES = 1 << 30
"""The C library takes an int."""


def execute(options: argparse.Namespace) -> Exit:
    """See `Verb.execute`."""
    # The watchdog of systemd ends a daemon that hangs with SIGABRT: then say where it hung.
    faulthandler.enable()
    notifier = Notifier()
    try:
        return _run(options, notifier)
    except LogwatchError as problem:
        notifier.status(_in_short(problem))
        if not _under_systemd():
            raise
        _say_all(problem)
        return problem.exit
    finally:
        gc.enable()


def _run(options: argparse.Namespace, notifier: Notifier) -> Exit:
    if os.environ.get("LOGWATCH_LOCK_ORDER") == "1":
        from logwatch.daemon import lock_order  # noqa: PLC0415 - for tests and hunts only

        lock_order.watch()
    path = find_config(options.config)
    gc.disable()  # until everything is made: with thousands of rules it would look many times
    known = KnownPatterns()
    config = load(path, known=known)
    telemetry.telemetry.configure(_level(options))
    if not options.once:
        with without_what_the_logger_never_uses():
            telemetry.telemetry.load()
    os.umask(0o077)
    allow_many_files()
    threading.stack_size(STACK_BYTES)
    _keep_what_is_freed()
    signals.block()
    chosen = Options(engine=options.engine, waking=_waking(options), once=options.once)
    first = _Prepared(config, known, readings_of(config, chosen, SystemClock(), notifier))
    return _Lives(path, first, chosen, notifier).live(once=options.once)


MOST_CHANGES_SAID = 20
"""In one line of the log."""

MANY_RULES = 500
"""From here on the reading of the configuration leaves more than a look for it costs."""


def _waking(options: argparse.Namespace) -> Waking:
    """With `--once` each file is read to its end, and nobody waits for events.

    To make ready for them would take a tenth of the start.
    """
    chosen: Waking = options.waking
    return "poll" if options.once and chosen == "auto" else chosen


class _Prepared(NamedTuple):
    """A configuration with everything that takes long to make of it."""

    config: Config
    known: KnownPatterns
    readings: Readings


class _Lives:
    """One daemon after another, each with the newest configuration that can be used."""

    def __init__(self, path: Path, first: _Prepared, options: Options, notifier: Notifier) -> None:
        self._path = path
        self._options = options
        self._notifier = notifier
        self._clock = SystemClock()
        self._present = first
        self._before: _Prepared | None = None
        """What ran before the present one, until that one is ready."""
        self._kept = Kept()
        self._outcome: tuple[Change, ...] | LogwatchError | None = None
        """What becomes of a reload, to be told once a daemon is ready."""
        self._requests = ReloadRequests(
            # The one way in: what asks over the socket is for the main thread as SIGHUP is.
            wake=lambda: os.kill(os.getpid(), SIGHUP),
            preview=lambda: changes(self._present.config, load(self._path)),
            clock=self._clock,
        )
        self._reloading = Reloading(self._prepare, self._refuse_at_once, self._in_force)

    def live(self, *, once: bool) -> Exit:
        """Until one ends for good; returns the exit status."""
        leavings = not once and len(self._present.config.rules) >= MANY_RULES
        while True:
            daemon = self._assemble()
            _spare_the_garbage_collector()
            try:
                with _looking_later() if leavings else nullcontext():
                    ending = daemon.run(once=once, reloads=self._reloading)
            except NotStartedError as failed:
                self._go_back(failed)
                ending = Ending.RELOAD
            leavings = True  # of the daemon before
            if ending is not Ending.RELOAD:
                self._kept.close()
            match ending:
                case Ending.STOPPED | Ending.CAUGHT_UP:
                    return Exit.DONE
                case Ending.FAILED:
                    return Exit.SOFTWARE
                case Ending.RELOAD:
                    pass

    def _prepare(self) -> _Prepared:
        """Called in a thread, while the present one runs on."""
        self._requests.begin()
        known = KnownPatterns()
        config = load(self._path, known=known)
        readings = readings_of(config, self._options, self._clock, self._notifier)
        readings.prepare()
        self._kept.keeps = True  # the present daemon ends for this one
        return _Prepared(config, known, readings)

    def _assemble(self) -> Daemon:
        """With the next configuration; where that cannot run, with the one before."""
        following = self._reloading.take()
        if following is None:
            return self._assembled(self._present)
        try:
            daemon = self._assembled(following)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end what worked before
            self._roll_back(error)
            return self._assembled(self._present)
        self._outcome = changes(self._present.config, following.config)
        self._before, self._present = self._present, following
        self._reloading.can_go_back = self._kept.keeps = True
        self._notifier.remark = ""
        return daemon

    def _go_back(self, failed: NotStartedError) -> None:
        """To what ran before; raises the cause where nothing did."""
        cause = failed.__cause__
        before, self._before = self._before, None
        self._reloading.can_go_back = False
        if before is None or not isinstance(cause, Exception):
            raise cause or failed
        self._present = before
        self._roll_back(cause)

    def _roll_back(self, error: Exception) -> None:
        """The next configuration cannot run, and the one before is to."""
        problem = error
        if not isinstance(problem, LogwatchError):
            telemetry.error("config.reload_failed", exc_info=error)
            problem = LogwatchError(f"{type(error).__name__}: {error}")
        self._refuse(problem)
        self._outcome = problem

    def _in_force(self) -> None:
        """A daemon is ready: tell those who have asked."""
        if self._before is not None:
            self._before, self._reloading.can_go_back, self._kept.keeps = None, False, False
        outcome, self._outcome = self._outcome, None
        if isinstance(outcome, LogwatchError):
            self._requests.refuse(outcome)
        elif outcome is not None:
            config, verdict = self._present.config, self._requests.accept(outcome)
            telemetry.info(
                "config.reloaded",
                rules=len(config.rules),
                sources=len(config.sources),
                generation=verdict.generation,
                seconds=round(verdict.seconds, 3),
                changes=[str(each) for each in outcome[:MOST_CHANGES_SAID]],
            )

    def _assembled(self, prepared: _Prepared) -> Daemon:
        config, known, readings = prepared
        daemon = assemble(
            config,
            self._clock,
            self._options,
            self._notifier,
            readings,
            reload_requests=self._requests,
            kept=self._kept,
        )
        known.save()  # not before there is a state folder that is ours
        return daemon

    def _refuse_at_once(self, problem: LogwatchError) -> None:
        """What is on disk cannot be used, and the present one was never stopped."""
        self._refuse(problem)
        self._requests.refuse(problem)

    def _refuse(self, problem: LogwatchError) -> None:
        short = _in_short(problem)
        telemetry.error("config.reload_refused", note="the one before stays", reason=short)
        self._notifier.remark = f"reload refused: {short}"
        _say_all(problem)


def _spare_the_garbage_collector() -> None:
    """What was made so far stays; neither records nor tails hold cycles: looking may be rare.

    Without it every alert pays a tenth of its CPU for nothing found.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


LOOK_AFTER_SECONDS = 2.0


@contextmanager
def _looking_later() -> Iterator[None]:
    """Let go of what was left over once the daemon is at work: that takes a tenth of the start."""
    timer = threading.Timer(LOOK_AFTER_SECONDS, _let_leavings_go)
    timer.name = "leavings"
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _let_leavings_go() -> None:
    gc.unfreeze()  # what the daemon before was made of was put out of reach, and is dead now
    gc.collect()
    gc.freeze()


def _keep_what_is_freed() -> None:
    """Let the C library keep what threads free in one place, for the next that ask.

    With a place for each thread all would keep some megabytes of the blocks that they have read:
    with ten files a third of the whole memory. But it must keep some: it would give the memory of a
    block back to the machine, which clears it anew for the next, while all other threads wait. Two
    files took half as much CPU again. Source: mallopt(3), where the C library has it; the GIL
    leaves nobody to contend for the one arena.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none, and needs none
    if change is not None:
        change(_M_ARENA_MAX, 1)
        kept = max(2, os.cpu_count() or 1) * _KEPT_BYTES
        change(_M_TRIM_THRESHOLD, min(kept, _MOST_KEPT_BYTES))
        change(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def _in_short(problem: LogwatchError) -> str:
    """The first line of what may be a page."""
    return " ".join(str(problem).partition("\n")[0].split())


def _say_all(problem: LogwatchError) -> None:
    """Every line of a problem as it is: carets belong under their line, not into one field."""
    level = "<3>" if _under_systemd() else ""  # sd-daemon(3), as in telemetry
    telemetry.say("".join(f"{level}{line}\n" for line in str(problem).splitlines()))


def _under_systemd() -> bool:
    return "JOURNAL_STREAM" in os.environ


def _level(options: argparse.Namespace) -> telemetry.Level:
    if options.verbose:
        return "debug"
    return "warning" if options.quiet or options.once else "info"
