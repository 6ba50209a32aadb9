"""The one shared Queue: bounded by weight, so that memory is bounded and not just the count.

When it is full monitors wait, and the log files are the buffer: nothing is ever dropped.

While a backlog is read, monitors and consumer take turns. Python runs one of them at a time in any
case; handing the interpreter to and fro at each block costs both of them, a fifth of all that
catching up takes. So the consumer lets batches gather, and monitors keep theirs while it takes
them: each may scan one more block meanwhile, on a core of its own. A file that is ahead of others
in event time is held until they have come as far.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Condition, Event
from typing import TypeAlias

from msgspec import UNSET, Struct, field

from logwatch.clock import Moment
from logwatch.outbox.policy import Verdict
from logwatch.pipeline import Pipeline
from logwatch.records import Batch, Checkpoint, Notification, StateChange
from logwatch.rules.self_reports import SelfReport
from logwatch.store.forwarding import Forwarded
from logwatch.store.writer import Store

BATCH_WEIGHT = 1024
"""What a batch weighs beside its records, in bytes, so that empty ones are bounded too."""
RECORD_WEIGHT = 256
"""What a record weighs beside its text; measured, as the next two are, on CPython 3.11."""
MATCH_WEIGHT = 448
"""A match with three captures of usual length."""
FIELD_WEIGHT = 112
NEAR_WEIGHT = 200
"""A line near a record, beside its text."""
_SAMPLED = 32
"""About so many records of a batch are looked at where its weight is only estimated."""
AT_ONCE = 4
"""Batches that come in at first when they may again."""
RIPE_BYTES = 2 * 1024 * 1024
"""Weight of batches from which it is the consumer's turn."""


CarryOut: TypeAlias = Callable[[Pipeline, Store, Moment], object]
"""Called in the consumer's thread, between batches; it may raise LogwatchError and nothing else."""


class CaughtUp(Struct, frozen=True):
    """A monitor has read everything that was in its file when it began."""

    path: str


class NotWaitedFor(Struct, frozen=True):
    """The monitor of a file died: what it brings when it is back comes out of order."""

    path: str


class LetGo(Struct, frozen=True):
    """A path is not followed any more; what is kept of it may go."""

    path: str


class Departed(Struct, frozen=True):
    """Logs of which nothing is left, and the word of them, which are committed as one."""

    report: SelfReport
    closed: tuple[Checkpoint, ...]


class Report(Struct, frozen=True):
    """What became of deliveries to one sink; `committed` is set once that is in the store."""

    sink: str
    notifications: Sequence[Notification]
    """In the order of the outbox."""
    verdict: Verdict
    copies: tuple[Forwarded, ...] = ()
    """Of these, what another sink hears of as well."""
    state: StateChange | None = None
    """How the sink is doing, where that has changed."""
    committed: Event = field(default_factory=Event)


class Order(Struct, frozen=True):
    """What a command wants done; `committed` is set once it is done and that is in the store."""

    carry_out: CarryOut
    outcome: list[object] = field(default_factory=list)
    """What came of it: one thing, and a LogwatchError where it was refused."""
    committed: Event = field(default_factory=Event)


class Nudge(Struct, frozen=True):
    """Nothing: it only makes the consumer look at its clock and its stop Event."""


class LastCall(Struct, frozen=True):
    """All is read and this process ends: what only waits for more is told now."""


Message: TypeAlias = (
    Batch
    | CaughtUp
    | NotWaitedFor
    | LetGo
    | Departed
    | Report
    | SelfReport
    | Order
    | LastCall
    | Nudge
)


def weight(message: Message) -> int:
    """About how many bytes of memory `message` keeps busy."""
    if isinstance(message, Batch):
        # A list, of which there may be one for each line, is summed in half the time.
        records = sum(
            [len(record.text) + FIELD_WEIGHT * len(record.fields) for record in message.records],
            RECORD_WEIGHT * len(message.records),
        )
        near = () if message.near is UNSET else message.near
        around = sum(NEAR_WEIGHT + len(line.text) for line in near)
        return BATCH_WEIGHT + records + MATCH_WEIGHT * len(message.matches) + around
    return 1


def sampled_weight(batch: Batch) -> int:
    """`weight` of a batch, about: only some of its records are looked at."""
    records = batch.records
    each = len(records) // _SAMPLED + 1
    near = () if batch.near is UNSET else batch.near
    near_each = len(near) // _SAMPLED + 1
    return (
        (RECORD_WEIGHT * len(records) + MATCH_WEIGHT * len(batch.matches) + NEAR_WEIGHT * len(near))
        + each * sum([len(one.text) + FIELD_WEIGHT * len(one.fields) for one in records[::each]])
        + near_each * sum([len(one.text) for one in near[::near_each]])
    )


class Intake(queue.Queue[Message]):
    """A FIFO of messages; `put` waits while it holds more than `limit_bytes`."""

    def __init__(self, limit_bytes: int = 64 * 1024 * 1024) -> None:
        self._weight = 0
        self._weights: deque[int] = deque()  # of the messages, in their order
        self._pressing = 0
        """Messages in it that are no batches."""
        self._is_open = True
        """Whether batches may come."""
        self._is_hurried = False
        super().__init__(limit_bytes)
        self._ripe = Condition(self.mutex)
        self._admitted = Condition(self.mutex)
        self._held: set[str] = set()
        self._one_each = False
        self._released: dict[str, Condition] = {}
        """For each file whose batch waits for it."""

    def put(self, item: Message, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002 - as Queue has it
        """See `queue.Queue.put`.

        A batch waits also while it is the consumer's turn, and while its file is held. `timeout` is
        for each of these.
        """
        if not block or not isinstance(item, Batch):
            super().put(item, block, timeout)
            return
        with self.mutex:
            self._wait(item.checkpoint.path, timeout)
            self._put(item)
            if self._one_each:
                self._held.add(item.checkpoint.path)
            self.unfinished_tasks += 1
            self.not_empty.notify()
            self._admit(1)

    def _wait(self, path: str, timeout: float | None) -> None:
        """Until a batch of `path` may come. Raises queue.Full."""
        while True:
            if path in self._held:
                self._admit(1)  # instead of this one
                waits_for = self._released.setdefault(path, Condition(self.mutex))
            elif not self._has_room():
                waits_for = self._admitted
            else:
                return
            if self._is_hurried or not waits_for.wait(timeout):
                self._admit(1)  # this one may have been it, just now
                raise queue.Full

    def _has_room(self) -> bool:
        return self._is_open and self._weight < self.maxsize

    def _admit(self, number: int) -> None:
        """Have some of those look up that wait for room; each that comes in admits the next.

        All at once would get in one another's way: thousands of threads for a room of a few.
        """
        if self._has_room():
            self._admitted.notify(number)

    def hold(self, paths: frozenset[str], *, one_each: bool = False) -> None:
        """From now on the batches of these files wait, and those of no others.

        With `one_each` every other file waits, too, once a batch of it has come.
        """
        with self.mutex:
            self._held, self._one_each = set(paths), one_each
            for path in self._released.keys() - paths:
                self._released.pop(path).notify_all()

    def let_go(self, paths: Iterable[str]) -> None:
        """These files need wait no more."""
        with self.mutex:
            for path in paths:
                self._held.discard(path)
                if path in self._released:
                    self._released.pop(path).notify_all()

    def hurry(self) -> None:
        """From now on no batch waits: one for which there is no room is refused."""
        with self.mutex:
            self._is_hurried = True
            self._admitted.notify_all()
            for each in self._released.values():
                each.notify_all()

    def gather(self, seconds: float) -> None:
        """Wait until it is worth taking what is there, or something must not wait."""
        with self._ripe:
            self._ripe.wait_for(self._is_ripe, seconds)

    def take(self, messages: int, matches: int) -> list[Message]:
        """What is there, up to so many messages with about so many matches; waits for nothing."""
        taken: list[Message] = []
        with self.mutex:
            while self._weights and len(taken) < messages and matches > 0:
                message = self._get()
                taken.append(message)
                matches -= len(message.matches) if isinstance(message, Batch) else 0
            self.not_full.notify(len(taken))
        return taken

    def begin_turn(self) -> None:
        """From now on batches wait."""
        with self.mutex:
            self._is_open = False

    def end_turn(self) -> None:
        """Batches may come again."""
        with self.mutex:
            self._is_open = True
            self._admit(AT_ONCE)

    def _is_ripe(self) -> bool:
        return self._weight >= RIPE_BYTES or self._pressing > 0

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
        self._pressing += not isinstance(item, Batch)
        super()._put(item)
        if self._is_ripe():
            self._ripe.notify()

    def _get(self) -> Message:
        self._weight -= self._weights.popleft()
        message = super()._get()
        self._pressing -= not isinstance(message, Batch)
        self._admit(1)
        return message
