"""One thread per source that is no file: wait for its descriptors -> read -> match -> put.

It is a monitor in all but what it waits for. What a receiver has handed out cannot always be had
again: so at a stop its batch is put all the same, and what has come until then is read, matched and
put, for `DRAIN_SECONDS` at most. Where there is no room in that time it is lost, and that is said.

A receiver may outlive its monitor: at a reload the open sockets, pipes and programs of a source
that is still the same go to the next daemon (`Kept`), so that nobody who sends is turned away.
"""

from __future__ import annotations

import os
import queue
import select
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from threading import Lock

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.figures import Volume
from logwatch.daemon.intake import Intake, Message
from logwatch.daemon.losses import told
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.reading import Reading
from logwatch.receivers import make_receiver
from logwatch.receivers.base import Receiver
from logwatch.records import Batch, Checkpoint
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.state import Loss

DRAIN_SECONDS = 0.8
"""For how long what came is handed on at a stop."""
_PUT_SECONDS = 0.1


class Kept:
    """Receivers and positions that outlive a monitor; for one process, from any thread.

    Each method is one operation on a dict, which the interpreter does not interrupt.
    """

    def __init__(self) -> None:
        self.keeps = False
        """Whether another daemon follows in this process."""
        self._receivers: dict[object, Receiver] = {}
        self._positions: dict[str, Checkpoint] = {}

    def leave(self, key: object, receiver: Receiver) -> None:
        """Whoever comes next for the same settings may have it; closed if nobody will come."""
        if self.keeps:
            self._receivers[key] = receiver
        else:
            receiver.close()

    def begin(self, sources: Iterable[SourceSettings]) -> None:
        """A daemon with these sources begins: close what is for none of them."""
        self.keeps = False
        wanted = {_key(source) for source in sources}
        for key in self._receivers.keys() - wanted:
            self._receivers.pop(key).close()

    def take(self, key: object) -> Receiver | None:
        """One that was left for the same settings, if there is one."""
        return self._receivers.pop(key, None)

    def note(self, position: Checkpoint) -> None:
        """This was handed on to the consumer."""
        self._positions[position.path] = position

    def position(self, path: str) -> Checkpoint | None:
        """How far a source was handed on in this process."""
        return self._positions.get(path)

    def close(self) -> None:
        """Close what nobody came for."""
        while self._receivers:
            _, receiver = self._receivers.popitem()
            receiver.close()


class ReceivingMonitor(Monitor):
    """The thread of one source that is no file."""

    is_file = False

    def __init__(
        self,
        receiver: Receiver,
        *,
        key: object,
        kept: Kept,
        reading: Reading,
        intake: Intake,
        slots: AbstractContextManager[object],
        clock: Clock,
        volume: Volume | None = None,
    ) -> None:
        """`key`: what the receiver is left under; see `Kept`."""
        super().__init__(
            receiver.path,
            tail=receiver,
            reading=reading,
            intake=intake,
            slots=slots,
            clock=clock,
            volume=volume,
        )
        self.name = f"source {receiver.path}"
        self._thread.name = self.name
        self._receiver = receiver
        self._key = key
        self._kept = kept
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._bell_lock = Lock()
        """Held while the bell is rung or taken away; never together with another lock."""
        self._put_until: float | None = None

    @property
    def has_ended(self) -> bool:
        """See `Monitor.has_ended`."""
        return self.caught_up and self._receiver.ended

    def wake(self) -> None:
        """See `Monitor.wake`."""
        super().wake()
        self._ring()

    def end(self) -> None:
        """See `Monitor.end`."""
        super().end()
        self._ring()

    def positions_in_hand(self) -> tuple[Checkpoint, ...]:
        """None of a file; see `Kept.position`."""
        return ()

    def finish(self) -> None:
        """Hand on what has come, and leave or close the receiver."""
        if self.failure is not None:
            self._receiver.close()
        else:
            self._drain()
            self._kept.leave(self._key, self._receiver)
        with self._bell_lock:
            bell, self._bell = self._bell, -1
        os.close(bell)

    def _ring(self) -> None:
        with self._bell_lock:
            if self._bell >= 0:
                os.eventfd_write(self._bell, 1)

    def _wait(self) -> None:
        """Until something comes, a time that the receiver named, or somebody rings."""
        waiting = select.poll()
        waiting.register(self._bell, select.POLLIN)
        for descriptor, events in self._receiver.descriptors().items():
            waiting.register(descriptor, events)
        now = self.clock.moment()
        look_at = self._receiver.next_look(now)
        timeout = None if look_at is None else max(0.0, look_at - now.steady) * 1000
        if not self._dirty.is_set():
            waiting.poll(timeout)
        self._dirty.clear()
        with suppress(BlockingIOError):  # nobody rang
            os.eventfd_read(self._bell)

    def _put(self, message: Message) -> bool:
        while True:
            try:
                self._intake.put(message, timeout=_PUT_SECONDS)
            except queue.Full:
                if self.stopping.is_set() and self._time_is_up():
                    telemetry.error("receivers.not_handed_on", source=self.path)
                    return False
                continue
            if isinstance(message, Batch):
                self._kept.note(message.checkpoint)
            return True

    def _time_is_up(self) -> bool:
        now = self.clock.steady()
        if self._put_until is None:
            self._put_until = now + DRAIN_SECONDS
        return now >= self._put_until

    def _drain(self) -> None:
        while not self._time_is_up():
            now = self.clock.moment()
            block = self._receiver.drain(now)
            if block is None:
                return
            if not self._put(self._found(block, now)[1]):
                return

    def _tell_losses(self, losses: Sequence[Loss]) -> None:
        super()._tell_losses(losses)
        for sentence in self._receiver.lost():
            self._put(told(self.path, self._reading.source, f"{self.path}: {sentence}"))

    def _pause_while_hot(self, size: int, now: Moment, *, is_behind: bool) -> bool:
        return self._receiver.gathers and super()._pause_while_hot(size, now, is_behind=is_behind)


def receiving(
    source: SourceSettings,
    known: Sequence[Checkpoint],
    *,
    kept: Kept,
    reading: Reading,
    intake: Intake,
    slots: AbstractContextManager[object],
    clock: Clock,
    volume: Volume,
    once: bool,
) -> ReceivingMonitor:
    """The monitor of a source that is no file; `known` are its positions in the store."""
    key = _key(source)
    receiver = kept.take(key)
    if receiver is None:
        newer = kept.position(source.address)
        receiver = make_receiver(source, [*known, newer] if newer else known)
    receiver.once = once
    return ReceivingMonitor(
        receiver,
        key=key,
        kept=kept,
        reading=reading,
        intake=intake,
        slots=slots,
        clock=clock,
        volume=volume,
    )


def _key(source: SourceSettings) -> tuple[str, str]:
    """The same as long as it is read in the same way."""
    return source.address, repr((source.origin, source.max_line, source.multiline))
