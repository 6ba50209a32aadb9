"""ONE thread that owns all timed work: safety polls, rescans, back-offs, restarts.

Ten thousand waits with a time-out are not affordable, ten thousand without cost nothing; so
whoever wants to be called later asks here. A job is never early, and late by as long as the jobs
before it take: a job must not block. Runs that were missed (on a suspended machine) are not made
up for. A failing job is logged when it begins to fail and when it works again, counted each time,
and tried again with back-off; it takes nothing else down.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections.abc import Callable

from logwatch import telemetry
from logwatch.clock import Clock, Moment

Task = Callable[[Moment], None]

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
_LONGEST_WAIT_SECONDS = 0.5
"""So that a stop is seen soon, and a suspended machine's deadlines right after it resumes."""


class Job:
    """One entry of the schedule."""

    def __init__(self, task: Task, name: str, seconds: float | None) -> None:
        self.task = task
        self.name = name
        self.seconds = seconds
        """Seconds between two runs, None for a single one."""
        self.failures = 0
        """Runs that failed since the last one that did not."""

    def next_due(self, due: float, now: float) -> float | None:
        """Steady time of the run after the one that was due at `due`; None: no more."""
        if self.failures:
            doublings = min(self.failures - 1, 10)
            retry = min(LONGEST_RETRY_SECONDS, math.ldexp(FIRST_RETRY_SECONDS, doublings))
            return now + max(retry, self.seconds or 0.0)
        if self.seconds is None:
            return None
        return due + self.seconds if due + self.seconds > now else now + self.seconds


class Scheduler:
    """A heap of deadlines in steady time. Every method may be called from any thread.

    `_lock` guards the heap and is never held while a task runs, so tasks may add others.
    """

    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        self._clock = clock
        self._stop = stop
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._heap: list[tuple[float, int, Job]] = []
        self._sequence = itertools.count()
        self._job_began: float | None = None
        self._running: Job | None = None

    def every(self, seconds: float, task: Task, name: str) -> None:
        """Run `task` each `seconds`, for the first time `seconds` from now."""
        if seconds <= 0:
            raise ValueError(f"{name}: a job cannot run every {seconds} s")
        self._push(self._clock.steady() + seconds, Job(task, name, seconds))

    def at(self, steady: float, task: Task, name: str) -> None:
        """Run `task` once, at the steady time `steady` or as soon after as can be."""
        self._push(steady, Job(task, name, None))

    def step(self, now: Moment) -> float | None:
        """Run what is due at `now`; the steady time of the next deadline, None without one.

        Jobs that are added meanwhile wait for the next step, or they could keep this one for ever.
        """
        newest = next(self._sequence)
        while (entry := self._pop_due(now.steady, newest)) is not None:
            due, job = entry
            self._run_job(job, now)
            following = job.next_due(due, now.steady)
            if following is not None:
                self._push(following, job)
        return self.next_deadline()

    def next_deadline(self) -> float | None:
        """Steady time at which `step` next has something to do."""
        with self._lock:
            return self._heap[0][0] if self._heap else None

    def busy_for(self, now: float) -> float:
        """Seconds for which the job that runs at steady time `now` has been running, else 0.0."""
        began = self._job_began
        return 0.0 if began is None else now - began

    def run(self) -> None:
        """Step until the stop Event is set; the body of the scheduler's thread."""
        while not self._stop.is_set():
            self._changed.clear()  # before the step: a job added during it must be seen after it
            deadline = self.step(self._clock.moment())
            self._wait_until(deadline)

    def take_over(self) -> None:
        """Before `run`, in a thread that does so instead of another, which is stuck in a job.

        The job is run again from its beginning. The other thread must not come back to it: what
        its call raises then is no Exception.
        """
        job, self._running, self._job_began = self._running, None, None
        if job is not None:
            self._push(self._clock.steady(), job)

    def nudge(self) -> None:
        """Look again now; call it after setting the stop Event to end `run` without delay."""
        self._changed.set()

    def _wait_until(self, deadline: float | None) -> None:
        seconds = _LONGEST_WAIT_SECONDS
        if deadline is not None:
            seconds = min(seconds, deadline - self._clock.steady())
        if seconds > 0 and not self._stop.is_set():
            self._changed.wait(seconds)

    def _push(self, due: float, job: Job) -> None:
        with self._lock:
            heapq.heappush(self._heap, (due, next(self._sequence), job))
            is_first = self._heap[0][2] is job
        if is_first:
            self._changed.set()

    def _pop_due(self, now: float, newest: int) -> tuple[float, Job] | None:
        with self._lock:
            if not self._heap:
                return None
            due, sequence, job = self._heap[0]
            if due > now or sequence > newest:
                return None
            heapq.heappop(self._heap)
            return due, job

    def _run_job(self, job: Job, now: Moment) -> None:
        self._job_began, self._running = now.steady, job
        try:
            job.task(now)
        except Exception as error:  # noqa: BLE001 - the loop's edge: one job must not take the rest
            job.failures += 1
            telemetry.count("scheduler.job_failures")
            if job.failures == 1:
                telemetry.error("scheduler.job_failed", job=job.name, exc_info=error)
        else:
            if job.failures:
                telemetry.info("scheduler.job_recovered", job=job.name, failures=job.failures)
                job.failures = 0
        # Not where it ended with something else: then another thread runs jobs by now.
        self._job_began = self._running = None
