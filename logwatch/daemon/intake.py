"""The one shared Queue: bounded by weight, so that memory is bounded and not just the count.

When it is full monitors wait, and the log files are the buffer: nothing is ever dropped.
"""

from __future__ import annotations

import queue
from collections import deque
from dataclasses import dataclass, field
from threading import Event
from typing import TypeAlias

from logwatch.outbox.policy import Verdict
from logwatch.pipeline import SelfReport
from logwatch.records import Batch, Notification

BATCH_WEIGHT = 1024
"""What a batch weighs beside its records, in bytes, so that empty ones are bounded too."""
RECORD_WEIGHT = 256
"""What a record weighs beside its text; measured, as the next two are, on CPython 3.11."""
MATCH_WEIGHT = 448
"""A match with three captures of usual length."""
FIELD_WEIGHT = 112


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A monitor has read everything that was in its file when it began."""

    path: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of deliveries to one sink; `committed` is set once that is in the store."""

    sink: str
    notifications: tuple[Notification, ...]
    """In the order of the outbox."""
    verdict: Verdict
    committed: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True)
class Nudge:
    """Nothing: it only makes the consumer look at its clock and its stop Event."""


Message: TypeAlias = Batch | CaughtUp | Report | SelfReport | Nudge


def weight(message: Message) -> int:
    """About how many bytes of memory `message` keeps busy."""
    if isinstance(message, Batch):
        records = sum(
            RECORD_WEIGHT + len(record.text) + FIELD_WEIGHT * len(record.fields)
            for record in message.records
        )
        return BATCH_WEIGHT + records + MATCH_WEIGHT * len(message.matches)
    return 1


class Intake(queue.Queue[Message]):
    """A FIFO of messages; `put` waits while it holds more than `limit_bytes`."""

    def __init__(self, limit_bytes: int = 64 * 1024 * 1024) -> None:
        self._weight = 0
        self._weights: deque[int] = deque()  # of the messages, in their order
        super().__init__(limit_bytes)

    def tell(self, message: Message) -> bool:
        """Put `message` without waiting; False where there is no room."""
        try:
            self.put_nowait(message)
        except queue.Full:
            return False
        return True

    def _qsize(self) -> int:
        # Queue itself compares this with maxsize before a put and with 0 before a get.
        return self._weight

    def _put(self, item: Message) -> None:
        heavy = weight(item)
        self._weight += heavy
        self._weights.append(heavy)
        super()._put(item)

    def _get(self) -> Message:
        self._weight -= self._weights.popleft()
        return super()._get()
