"""One message to one sink that goes past the store, for the store cannot be written.

Everything else is stored before it is sent. This is sent from memory: until the sink takes it, with
the same `id:seq` each time, or until the store is back and takes over.
"""

from __future__ import annotations

from logwatch import telemetry
from logwatch.clock import Clock
from logwatch.records import Notification, Retry
from logwatch.sinks.base import Sink

AGAIN_SECONDS = 10.0


class Unstored:
    """What one sink is told from memory. `put` and `drop` are the consumer's, the rest its own."""

    def __init__(self, name: str, sink: Sink, clock: Clock) -> None:
        self._name = name
        self._sink = sink
        self._clock = clock
        self._message: Notification | None = None
        self._again_at = 0.0
        self.taken: str | None = None
        """`id:seq` of what the sink took last."""

    def put(self, message: Notification) -> None:
        """Tell this as soon as may be."""
        self._again_at = 0.0
        self._message = message

    def drop(self) -> None:
        """The store can be written again: what the sink has not taken comes from there."""
        self._message = None

    def wait(self) -> float:
        """Seconds until it is to be tried, infinite where there is nothing."""
        if self._message is None:
            return float("inf")
        return max(0.0, self._again_at - self._clock.steady())

    def deliver(self) -> None:
        """Tell the sink where it is time; called by the sink's own thread."""
        message = self._message
        if message is None or self._clock.steady() < self._again_at:
            return
        try:
            outcome = self._sink.deliver([message])
        except Exception as problem:  # noqa: BLE001 - the loop's edge, as for any other message
            telemetry.error("sink.broke_down", sink=self._name, exc_info=problem)
            self.drop()
            return
        if isinstance(outcome, Retry):
            self._again_at = self._clock.steady() + max(AGAIN_SECONDS, outcome.after or 0.0)
            return
        self.taken = message.idempotency_key
        self.drop()
