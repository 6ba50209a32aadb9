"""A sink with a memory of how it has been doing, for `logwatch status`.

It hands everything on as it is. What it keeps is written by the sink's own thread, as one frozen
record, so that any thread may read it without a lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from logwatch.clock import Clock
from logwatch.records import Delivered, Notification, Outcome, Rejected, Retry
from logwatch.sinks.base import Lasting, Reminding, Sink


class Standing(Struct, frozen=True, kw_only=True):
    """What a sink has answered since the start."""

    delivered: int = 0
    refused: int = 0
    """Messages that it will never take."""
    refusal: str = ""
    """Why it will not take the latest of them."""
    failed: int = 0
    """Attempts that failed and are made again."""
    failures: int = 0
    """Of these, the ones since the last attempt that did not fail."""
    failing_since: float | None = None
    """Wall time of the first of those."""
    reason: str = ""
    """Of the last failure or refusal."""


class WatchedSink:
    """`sink`, and its `standing`."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self.standing = Standing()
        self.delivering_since: float | None = None
        """Steady time at which the delivery that goes on now began."""

    @property
    def watched(self) -> Sink:
        """The sink itself."""
        return self._sink

    @property
    def batch_size(self) -> int:
        """See `Sink.batch_size`."""
        return self._sink.batch_size

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        self.delivering_since = self._clock.steady()
        try:
            outcome = self._sink.deliver(batch)
        finally:
            self.delivering_since = None
        self.standing = self._after(outcome, len(batch))
        return outcome

    def close(self) -> None:
        """See `Sink.close`."""
        self._sink.close()

    def _after(self, outcome: Outcome, number: int) -> Standing:
        before = self.standing
        match outcome:
            case Delivered():
                return replace(
                    before,
                    delivered=before.delivered + number,
                    failures=0,
                    failing_since=None,
                    reason="",
                )
            case Rejected(reason):  # the receiver was there to say it
                return replace(
                    before,
                    refused=before.refused + number,
                    refusal=reason,
                    failures=0,
                    failing_since=None,
                    reason=reason,
                )
            case Retry(reason, partly=True):
                return replace(
                    before,
                    failed=before.failed + 1,
                    failures=0,
                    failing_since=None,
                    reason=reason,
                )
            case Retry(reason):
                since = before.failing_since
                return replace(
                    before,
                    failed=before.failed + 1,
                    failures=before.failures + 1,
                    failing_since=self._clock.wall() if since is None else since,
                    reason=reason,
                )
            case _:
                assert_never(outcome)


def reminding(sink: Sink) -> Reminding | None:
    """`sink`, or the one that it watches, where it has to tell again what burns; else None."""
    inner = sink.watched if isinstance(sink, WatchedSink) else sink
    return inner if isinstance(inner, Reminding) else None


def lasting(sink: Sink) -> Lasting | None:
    """`sink`, or the one that it watches, where its deliveries would outlive us; else None."""
    inner = sink.watched if isinstance(sink, WatchedSink) else sink
    return inner if isinstance(inner, Lasting) else None
