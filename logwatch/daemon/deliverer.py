"""One thread per sink: takes what is due from the outbox, hands it to the sink, reports.

The store is the truth: a notification leaves the outbox only when the consumer has committed that
it was delivered. So a sink may see the notifications of one unfinished round twice, with the same
`id:seq`, and never misses one. A slow or dead sink delays nobody else.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.intake import Intake, Report
from logwatch.daemon.threads import Worker
from logwatch.outbox.policy import Dead, Done, Later, SinkHealth, Verdict, decide
from logwatch.records import Notification, Retry
from logwatch.sinks.base import Sink
from logwatch.store.due import Lot
from logwatch.store.reader import StoreReader

ROUND_SECONDS = 1.0
"""A round of single deliveries is reported as committed at least this often."""

ROUND_SIZE = 50
"""Single deliveries in one round."""

LONGEST_WAIT = 60.0


class Deliverer(Worker):
    """The thread that serves one sink."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        *,
        folder: Path,
        intake: Intake,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        super().__init__(f"sink {name}", clock=clock, stop=Event())
        self.sink_name = name
        self._sink = sink
        self._folder = folder
        self._intake = intake
        self._random = random
        self._reader: StoreReader | None = None
        self._health = SinkHealth(random)
        self._news = Event()
        self._drain_by: float | None = None
        self._down = False
        self._idle = False

    def wake(self) -> None:
        """Something for this sink was committed; callable from any thread."""
        self._idle = False
        self._news.set()

    def drain(self, by: float) -> None:
        """Deliver what is due now, then end; at steady time `by` at the latest."""
        self._drain_by = by
        self._news.set()

    @property
    def health(self) -> SinkHealth:
        """How the sink has been doing; to look at, from any thread."""
        return self._health

    @property
    def idle(self) -> bool:
        """Nothing is due: all is delivered, or waits for its next try."""
        return self._idle and not self._news.is_set()

    def has_work(self) -> bool:
        """See `Worker.has_work`. A sink may take its own time-outs; that is no hang of ours."""
        return False

    def step(self, now: Moment) -> None:
        """Deliver one round, or wait for news or the next try."""
        self._idle = False  # before the news are taken away, or nobody would seem to have any
        self._news.clear()
        wait = self.deliver_due(now.steady)
        if self._drain_by is not None and (wait > 0 or self._time_is_up()):
            self.stopping.set()
        elif wait > 0:
            self._idle = True
            self._news.wait(wait)

    def finish(self) -> None:
        """Let go of the store and the sink."""
        if self._reader is not None:
            self._reader.close()
        self._sink.close()

    def deliver_due(self, now: float) -> float:
        """Deliver one round; seconds until there may be more to do, 0 for at once."""
        if now < self._health.pause_until:
            return min(self._health.pause_until - now, LONGEST_WAIT)
        if self._reader is None:
            self._reader = StoreReader(self._folder)
        size = self._sink.batch_size
        limit = 1 if self._health.probing else max(size, ROUND_SIZE)
        due = self._reader.due(self.sink_name, now=now, limit=limit)
        if not due:
            next_due = self._reader.next_due(self.sink_name)
            return (
                LONGEST_WAIT if next_due is None else max(0.01, min(next_due - now, LONGEST_WAIT))
            )
        self._idle = False
        self._deliver_round(due, size)
        return 0.0

    def _deliver_round(self, due: Sequence[Notification], size: int) -> None:
        reports: list[Report] = []
        began = self.clock.steady()
        for batch in _batches(due, size):
            if batch[0].held:
                reports.append(self._report(batch, Later(0.0, None)))
                continue
            outcome = self._sink.deliver(batch)
            self._stamp = now = self.clock.steady()
            verdict = decide(outcome, batch[0].attempts, now, self._random)
            reports.append(self._report(batch, verdict))
            if isinstance(outcome, Retry):
                self._health.failed(now, outcome.after)
                self._say_down(outcome)
                break
            self._health.succeeded()
            self._say_up()
            if self._time_is_up() or now - began > ROUND_SECONDS:
                break
        self._await(reports)

    def _report(self, batch: Sequence[Notification], verdict: Verdict) -> Report:
        report = Report(self.sink_name, batch, verdict)
        match verdict:
            case Done():
                telemetry.count("sink.delivered", len(batch))
            case Later():
                telemetry.count("sink.postponed", len(batch))
            case Dead(reason):
                telemetry.count("sink.rejected", len(batch))
                telemetry.error(
                    "sink.rejected_alert",
                    sink=self.sink_name,
                    alert=batch[0].idempotency_key,
                    reason=reason,
                )
        while not self._stopped_hard():
            try:
                self._intake.put(report, timeout=1.0)
            except queue.Full:
                continue
            break
        return report

    def _await(self, reports: Sequence[Report]) -> None:
        """Wait until the reports are committed: only then may the outbox be read again."""
        for report in reports:
            while not report.committed.wait(1.0):
                if self._stopped_hard():
                    return

    def _stopped_hard(self) -> bool:
        return self._drain_by is not None and self.clock.steady() > self._drain_by + 1.0

    def _time_is_up(self) -> bool:
        return self._drain_by is not None and self.clock.steady() >= self._drain_by

    def _say_down(self, outcome: Retry) -> None:
        # One failure among successes is ordinary; one in trouble is paused, and that is news.
        if not self._down and self._health.probing:
            self._down = True
            telemetry.warning("sink.down", sink=self.sink_name, reason=outcome.reason)

    def _say_up(self) -> None:
        if self._down:
            self._down = False
            telemetry.info("sink.up", sink=self.sink_name)


def _batches(due: Sequence[Notification], size: int) -> Iterator[Sequence[Notification]]:
    """`due` in its order, cut into what one `deliver` takes; what is held back by itself."""
    if isinstance(due, Lot) and len(due) <= size:
        yield due
        return
    start = 0
    while start < len(due):
        end = start + 1
        if not due[start].held:
            while end < len(due) and end - start < size and not due[end].held:
                end += 1
        yield due[start:end]
        start = end
