"""The scheduler's thread, and the ones that take over from it where a call does not come back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import TypeVar

from logwatch.clock import Clock
from logwatch.daemon.places import GivenUp, Places
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.threads import start_deep

_Result = TypeVar("_Result")

_GLANCE_SECONDS = 0.05


class TimedWork:
    """Runs a scheduler; for one thread, which looks after it with `check` each second."""

    def __init__(self, scheduler: Scheduler, places: Places, clock: Clock) -> None:
        self._scheduler = scheduler
        self._places = places
        self._clock = clock
        self._thread = self._made()

    def start(self) -> None:
        """Begin to run jobs. Raises RuntimeError where no thread is left."""
        start_deep(self._thread)

    def is_alive(self) -> bool:
        """Whether jobs are run; one may take long all the same."""
        return self._thread.is_alive()

    def check(self) -> None:
        """Have another thread go on where a call to the file system does not come back."""
        if self._places.check(self._clock.steady()):
            self._thread.name = "stuck in a call"  # it ends when that comes back
            self._thread = self._made()
            start_deep(self._thread)

    def do(self, work: Callable[[], _Result]) -> _Result:
        """Call `work` in the scheduler's thread, and wait for it; raises what that raises.

        What it has done must be no hindrance to calling it once more: see `Scheduler.take_over`.
        """
        results: list[_Result] = []
        problems: list[Exception] = []
        done = Event()

        def job(_now: object) -> None:
            try:
                results.append(work())
            except Exception as problem:  # noqa: BLE001 - it belongs to who asked
                problems.append(problem)
            done.set()

        self._scheduler.at(self._clock.steady(), job, "begin")
        while not done.wait(_GLANCE_SECONDS):
            self.check()
        if problems:
            raise problems[0]
        return results[0]

    def end(self, timeout: float) -> bool:
        """Wait for the end, once the scheduler was told; whether it came within `timeout`."""
        self._scheduler.nudge()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _made(self) -> Thread:
        return Thread(target=self._run, name="scheduler", daemon=True)

    def _run(self) -> None:
        with suppress(GivenUp):
            self._places.enroll()
            self._places.locate()
            self._scheduler.take_over()
            self._scheduler.run()
