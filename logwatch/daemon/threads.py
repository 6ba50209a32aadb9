"""What every thread of the daemon has in common: a name, a loop around `step`, a trail.

A `Worker` ends when its stop Event is set or when `step` raises: it never restarts itself and
never hides the error, that is the supervisor's business. It promises to stamp its progress after
each step, so that a thread which lives but hangs can be told from one that waits for work.
All are daemon threads: one that is stuck is named with its stack and never holds up the exit.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from types import FrameType
from typing import ClassVar, NamedTuple, Protocol

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.light_threads import LightThread

DEEP_STACK_BYTES = 16 * 1024 * 1024


class Progress(NamedTuple):
    """How far one worker has come: proof of life is a stamp that moves, not a live thread."""

    name: str
    stamp: float
    """Steady time at which its last step was completed, or at which it was made."""
    pending: bool
    """Whether there is work that it has not done yet."""

    def stalled(self, now: Moment, seconds: float) -> bool:
        """Whether it has had work for `seconds` and has not completed a step."""
        return self.pending and now.steady - self.stamp >= seconds


class Stopping(Protocol):
    """What asks a thread to end: an Event, or the like."""

    def set(self) -> None:
        """Ask."""
        ...

    def is_set(self) -> bool:
        """Whether it was asked."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is asked, for so many seconds at most; whether it is."""
        ...


class Worker:
    """One thread that calls `step` until its stop Event is set; tests call `step` themselves.

    A step may wait for work, on something that a stop also ends: a worker is never interrupted.
    """

    is_one_of_many: ClassVar[bool] = False
    """Whether there may be thousands of its kind: see light_threads.py."""

    __slots__ = ("_stamp", "_thread", "clock", "failure", "name", "stopping")

    def __init__(self, name: str, *, clock: Clock, stop: Stopping) -> None:
        self.name = name
        self.clock = clock
        self.stopping = stop
        self.failure: BaseException | None = None
        """The exception that ended the thread, None while it runs and after a stop in order."""
        self._stamp = clock.steady()
        self._thread: threading.Thread | LightThread = (
            LightThread(self._run, name)
            if self.is_one_of_many
            else threading.Thread(target=self._run, name=name, daemon=True)
        )

    def step(self, now: Moment) -> None:
        """Do one round of work. Whatever it raises ends the thread and is kept in `failure`."""
        raise NotImplementedError

    def has_work(self) -> bool:
        """Whether work is pending; read by other threads, so it must neither lock nor block."""
        return False

    def waits_for_others(self) -> bool:
        """Whether what it does now is in the hands of a disk or a server; see `has_work`.

        However long that takes, to be started anew would not help it.
        """
        return False

    def finish(self) -> None:
        """Let go of what the thread owns; called in the thread, once, however it ended."""

    def start(self) -> None:
        """Start the thread. Raises RuntimeError where it is not the first time or none is left."""
        self._thread.start()

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the end; True when the thread is gone."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive()

    def is_alive(self) -> bool:
        """Whether the thread runs. It may hang all the same: see `progress`."""
        return self._thread.is_alive()

    def progress(self) -> Progress:
        """The worker's last stamp, and whether work is pending."""
        return Progress(self.name, self._stamp, self.has_work())

    def stack(self) -> str:
        """Where the thread is now, as the text of a traceback; empty when it does not run."""
        return stack(self._thread, sys._current_frames())  # noqa: SLF001 - the documented way

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.step(self.clock.moment())
                self._stamp = self.clock.steady()
        except BaseException as error:  # noqa: BLE001 - the loop's edge: logged, kept, judged above
            self._fail(error)
        try:
            self.finish()
        except BaseException as error:  # noqa: BLE001 - as above
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        telemetry.error("daemon.thread_died", thread=self.name, exc_info=error)
        # The first error is the cause. Its frames would keep whole blocks of a log in memory.
        self.failure = self.failure or error.with_traceback(None)


def start_deep(thread: threading.Thread) -> None:
    """Start a thread that compiles: the engine's parser goes as deep as a pattern is nested."""
    # The size is set for the whole process: a thread that another one starts just now gets more.
    usual = threading.stack_size(DEEP_STACK_BYTES)
    try:
        thread.start()
    finally:
        threading.stack_size(usual)


def stack(thread: threading.Thread | LightThread, frames: dict[int, FrameType]) -> str:
    """Text of where `thread` is, given `sys._current_frames()`; empty when it does not run."""
    import traceback  # noqa: PLC0415 - for the worst case only

    frame = frames.get(thread.ident or -1)
    return "".join(traceback.format_stack(frame)) if frame is not None else ""


def dump(workers: Iterable[Worker], now: Moment) -> str:
    """Every thread of the process, the workers with their progress first; for SIGUSR1."""
    frames = sys._current_frames()  # noqa: SLF001 - the documented way
    known = {worker._thread: worker for worker in workers}  # noqa: SLF001 - its own class
    strangers = [thread for thread in threading.enumerate() if thread not in known]
    parts = [
        f"{_heading(worker, now)}\n{stack(thread, frames)}" for thread, worker in known.items()
    ]
    parts += [f"{thread.name}: not a worker\n{stack(thread, frames)}" for thread in strangers]
    return "\n".join(parts)


def _heading(worker: Worker, now: Moment) -> str:
    progress = worker.progress()
    life = "runs" if worker.is_alive() else "does not run"
    work = "has work pending" if progress.pending else "has no work"
    return f"{worker.name}: {life}, {work}, last step {now.steady - progress.stamp:.1f} s ago"
