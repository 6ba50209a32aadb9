"""Readers of events that died or went deaf: each is replaced, later each time, and it is said once.

The first is replaced at once. While those after it are lost as well, nothing more is said and all
is polled in between. One stands that has read events and was there for a minute; that is said.
"""

from __future__ import annotations

from logwatch import telemetry
from logwatch.daemon.event_reader import Reader
from logwatch.receivers.back_off import WELL_SECONDS, BackOff


class LostReaders:
    """Those of one waker; for one thread."""

    def __init__(self) -> None:
        self._back_off = BackOff()
        self._told = False
        self.awaited = False
        """Whether one was lost and another is to be made in its place."""
        self.replaced = 0
        """How often another was made, or tried."""

    def lose(self, reader: Reader, problem: str) -> str:
        """This one is of no use any more; why, in full."""
        self.awaited = True
        failure = reader.failure
        if failure is not None:
            reason = failure.strerror if isinstance(failure, OSError) else None
            problem = f"{problem}: {reason or repr(failure)}"
        if not self._told:
            self._told = True
            if reader.is_alive():
                telemetry.warning("waker.reader_deaf", reason=problem)
            elif failure is None or isinstance(failure, OSError):  # no fault of the code
                telemetry.error("waker.reader_died", reason=problem)
            else:
                telemetry.error("waker.reader_died", reason=problem, exc_info=failure)
        return problem

    def is_due(self, now: float) -> bool:
        """Whether another is to be made at steady time `now`."""
        return self.awaited and now >= self._back_off.again_at

    def replace(self, now: float) -> None:
        """Another was made, or that failed for a reason of its own."""
        self.awaited = False
        self.replaced += 1
        self._back_off.failed(now)

    def look(self, reader: Reader | None, now: float) -> None:
        """Say that the reader stands, once it does; call it each second."""
        if not self._told or reader is None or not reader.has_read:
            return
        if now - reader.made_at >= WELL_SECONDS:
            telemetry.info("waker.rebuilt", rebuilds=self.replaced)
            self._told = False
            self._back_off = BackOff()
