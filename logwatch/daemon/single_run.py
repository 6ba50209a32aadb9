"""When a run is over that goes to the end of every file: `--once`, or where all sources have ended.

That is when every file is at its end, no alert is held back, all is committed, every sink was
tried, and the store was copied where it was time. What hangs or cannot be committed is left to the
next run.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from logwatch import telemetry
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.following import Following
from logwatch.daemon.intake import Intake, LastCall
from logwatch.daemon.store_watch import StoreWatch

LONGEST_SLOT_SECONDS = 60.0
"""How long it waits for the rate of a sink; what takes longer is left to the next."""
LONGEST_FULL_SECONDS = 30.0
"""How long it waits for room where the store is; the next one reads it all again."""


class SingleRun:
    """Asked at each tick of the main thread, and by nobody else."""

    def __init__(
        self,
        *,
        intake: Intake,
        consumer: Consumer,
        deliverers: Sequence[Deliverer],
        following: Following,
        awaited: Collection[str],
        store: StoreWatch,
    ) -> None:
        self._intake = intake
        self._consumer = consumer
        self._deliverers = deliverers
        self._following = following
        self._awaited = awaited
        self._store = store
        self._called_last = False
        """Whether it was said that what waits for more to be told with it need not wait."""

    def nothing_can_come(self) -> bool:
        """Whether every source has ended for good, as stdin does, and there is one at all."""
        monitors = self._following.monitors
        return bool(monitors) and all(each.has_ended for each in monitors)

    def outcome(self) -> bool | None:
        """Whether it did all that it was to do; None while it goes on."""
        if self._store.full_seconds() >= LONGEST_FULL_SECONDS:
            telemetry.error("daemon.failed", reason="nothing could be committed")
            return False
        if not self._all_done():
            return None
        if not self._called_last:
            self._called_last = self._intake.tell(LastCall())
            return None
        if self._waits_for_slot() or self._store.is_being_copied():
            return None
        return self._has_read_all()

    def _all_done(self) -> bool:
        """Every file read to its end, no alert held back, all committed, every sink tried."""
        return (
            not self._awaited
            and all(
                each.caught_up or each.failure or each.not_answering
                for each in self._following.monitors
            )
            and self._consumer.settled
            and all(deliverer.idle for deliverer in self._deliverers)
            and self._consumer.settled
        )

    def _waits_for_slot(self) -> bool:
        """Whether a message will soon be sent that only waits for the rate of its sink."""
        seconds = self._consumer.seconds_to_slot()
        if seconds is None:
            return False
        if seconds > LONGEST_SLOT_SECONDS:
            telemetry.warning("daemon.left_for_next_run", seconds=round(seconds), why="a rate")
            return False
        return True

    def _has_read_all(self) -> bool:
        monitors = self._following.monitors
        died = [each.name for each in monitors if each.failure is not None]
        hang = [each.path for each in monitors if each.not_answering]
        if died:
            telemetry.error("daemon.failed", dead_threads=died)
        if hang:
            telemetry.error("daemon.failed", not_answering=hang)
        return not (died or hang)
