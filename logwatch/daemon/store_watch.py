"""What the main thread looks after about the store: that it is there, has room, is copied."""

from __future__ import annotations

from logwatch import telemetry
from logwatch.clock import Clock
from logwatch.daemon.backing_up import BackingUp
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.intake import Intake
from logwatch.rules.self_reports import SelfReport
from logwatch.store.writer import Store


class StoreWatch:
    """Asked at each tick of the main thread, and by nobody else."""

    def __init__(
        self,
        store: Store,
        *,
        consumer: Consumer,
        intake: Intake,
        backing_up: BackingUp | None,
        clock: Clock,
    ) -> None:
        self._store = store
        self._consumer = consumer
        self._intake = intake
        self._backing_up = backing_up
        self._clock = clock
        self._gone = False
        self._full_since: float | None = None
        """Steady time since which nothing could be committed."""
        self._asked_for_copy = False

    def look(self) -> None:
        """Tell, once, when the store was removed or replaced under us: it goes on in vain."""
        path = self._store.path
        if self._gone or self._store.is_in_place():
            return
        self._gone = self._intake.tell(
            SelfReport(
                what="store-removed",
                severity="critical",
                message=f"{path} was removed or replaced while logwatch runs: what it commits"
                " now is lost at the next start; restart it soon",
                path=str(path),
            )
        )
        telemetry.error("store.removed", path=str(path), remedy="restart logwatch")

    def full_seconds(self) -> float:
        """For how long nothing could be committed."""
        if not self._consumer.degraded:
            self._full_since = None
            return 0.0
        now = self._clock.steady()
        if self._full_since is None:
            self._full_since = now
        return now - self._full_since

    def is_being_copied(self) -> bool:
        """Have it copied where it is time, once; whether that is going on.

        There is no other time for that in a single run.
        """
        if self._backing_up is None:
            return False
        if not self._asked_for_copy:
            self._asked_for_copy = True
            self._backing_up.hasten()
        return self._backing_up.busy
