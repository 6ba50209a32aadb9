"""Whether the daemon gets on: the verdict that feeds systemd's watchdog, and the heartbeat out.

A thread that waits for work is well, however long it waits; one that has had work for half a minute
and has not completed a step is not.
"""

from __future__ import annotations

from collections.abc import Iterable

from logwatch.clock import Moment
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.threads import Worker

STALL_SECONDS = 30.0


def stalled(workers: Iterable[Worker], scheduler: Scheduler, now: Moment) -> list[str]:
    """Names of the threads that have work and do not get on with it."""
    names = [
        progress.name
        for progress in (worker.progress() for worker in workers)
        if progress.stalled(now, STALL_SECONDS)
    ]
    if scheduler.busy_for(now.steady) >= STALL_SECONDS:
        names.append("scheduler")
    return names
