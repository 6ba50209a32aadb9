"""Keeps what it is given, and answers as a test has scripted: the double of every other sink.

It is not in the registry, for it delivers to nobody. It is held to the same contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from logwatch.records import Alert, Delivered, Notification, Outcome
from logwatch.sinks.base import SinkKind, SinkSettings


class MemorySettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of the `memory` sink."""

    batch_size: int = 1
    """Most notifications taken at once."""


class MemorySink:
    """A sink that remembers.

    `outcomes` are answered one a call, then `Delivered` for ever.
    """

    def __init__(
        self, settings: MemorySettings | None = None, outcomes: Iterable[Outcome] = ()
    ) -> None:
        self._settings = settings or MemorySettings()
        self._outcomes = iter(tuple(outcomes))
        self.attempts: list[tuple[Notification, ...]] = []
        """Every batch that was tried, whatever became of it."""
        self.delivered: list[Notification] = []
        """What was answered with `Delivered`, in order."""
        self.closed = False

    @property
    def batch_size(self) -> int:
        """See `Sink.batch_size`."""
        return self._settings.batch_size

    @property
    def alerts(self) -> list[Alert]:
        """What was delivered, decoded."""
        return [notification.alert for notification in self.delivered]

    def deliver(self, batch: Sequence[Notification]) -> Outcome:
        """See `Sink.deliver`."""
        self.attempts.append(tuple(batch))
        outcome = next(self._outcomes, Delivered())
        if isinstance(outcome, Delivered):
            self.delivered.extend(batch)
        return outcome

    def close(self) -> None:
        """See `Sink.close`."""
        self.closed = True


KIND = SinkKind(name="memory", settings=MemorySettings, make=MemorySink)
