"""Whether the daemon gets on: the verdict that feeds systemd's watchdog, and the heartbeat out.

A thread that waits for work is well, however long it waits; one that has had work for half a minute
and has not completed a step is not. Neither is the daemon to blame for one file on a disk or server
that does not answer: `logwatch status` says so, and a new start would wait for it again.
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
        worker.name
        for worker in workers
        if worker.progress().stalled(now, STALL_SECONDS) and not worker.waits_for_others()
    ]
    if scheduler.busy_for(now.steady) >= STALL_SECONDS:
        names.append("scheduler")
    return names
