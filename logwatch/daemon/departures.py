"""Logs that a glob gives no more at a start: told of once for each source, not once for each log.

They were deleted while logwatch was down. With containers there may be hundreds of them, and nobody
can say whether any was read to its end: a file that is gone shows neither its size nor who wrote to
it last, and whoever had it open may have written to it after logwatch had stopped. So what their
monitors find is gathered until all of one source have looked, and goes to the consumer as one.

That one has the alert and the positions that close these logs, and is committed in one transaction:
killed before that, the next start finds all of it; killed after it, none. A log whose monitor has
no news, since its disk hangs say, is not waited for longer than `PATIENCE_SECONDS`; what it finds
later is told then. What was found and not handed on when all stops is left to the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from logwatch.clock import Moment
from logwatch.daemon.intake import Departed, Message
from logwatch.daemon.losses import departed_in_words, told
from logwatch.records import Block, Checkpoint
from logwatch.tailer.state import Loss

PATIENCE_SECONDS = 5.0
"""How long those that have looked wait for the next one that does."""


class Departures:
    """All that one start looks for."""

    def __init__(self, tell: Callable[[Message], bool]) -> None:
        """`tell` hands a message to the consumer without waiting; False: not now."""
        self._tell = tell
        self._sources: dict[str, _Source] = {}

    def expect(self, source: str) -> Departure:
        """One log more, before any monitor is started; for its monitor."""
        return Departure(self._sources.setdefault(source, _Source(source)))

    def look(self, now: Moment) -> None:
        """Wait no longer for those that had no news for long; call it each second."""
        for source in self._sources.values():
            gone = source.overdue(now.steady)
            if gone and not self._tell(source.departed(gone)):
                source.put_back(gone)


class Departure:
    """What is left of one log: nothing, or what its monitor reads as it reads any other."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._losses: list[Loss] = []
        self._closed: list[Checkpoint] = []
        source.awaited += 1

    def takes(self, block: Block | None, losses: Sequence[Loss], *, is_left: bool) -> bool:
        """Whether this only says that nothing is left; it is kept then, and more may come.

        `is_left`: whether the monitor has a file to read on in.
        """
        if block is None or is_left or block.data or not block.checkpoint.closed:
            return False
        if not (self._losses or losses) or any(not _is_deletion(each) for each in losses):
            return False
        self._losses += losses
        self._closed.append(block.checkpoint)
        return True

    def end(self) -> Departed | None:
        """What all found, to be handed on, if this was the last one; what came was not taken."""
        gone = self._source.take(self._losses, self._closed)
        return self._source.departed(gone) if gone else None


class _Source:
    """The logs of one source."""

    def __init__(self, name: str) -> None:
        self.awaited = 0
        """How many have not looked."""
        self._name = name
        self._lock = Lock()  # held for a few operations; takes no other
        self._gone: list[_Gone] = []
        self._seen: tuple[int, float] | None = None
        """How many were awaited when somebody looked, and since when: in steady seconds."""

    def take(self, losses: list[Loss], closed: list[Checkpoint]) -> list[_Gone]:
        """What one of them found; all that was found, if that was the last one."""
        with self._lock:
            self.awaited -= 1
            if losses:
                self._gone.append((losses, closed))
            return [] if self.awaited else self._take_all()

    def overdue(self, now: float) -> list[_Gone]:
        """What was found, if the others have been silent for long."""
        with self._lock:
            if self._seen is None or self._seen[0] != self.awaited:
                self._seen = self.awaited, now
            return self._take_all() if now - self._seen[1] >= PATIENCE_SECONDS else []

    def put_back(self, gone: list[_Gone]) -> None:
        """There was no room for it."""
        with self._lock:
            self._gone += gone

    def departed(self, gone: list[_Gone]) -> Departed:
        """This, for the consumer."""
        losses = [each for found, _ in gone for each in found]
        losses.sort(key=lambda each: (each.path, each.start))
        report = told(losses[0].path, self._name, departed_in_words(losses, self._name))
        return Departed(report, tuple(each for _, closed in gone for each in closed))

    def _take_all(self) -> list[_Gone]:
        gone, self._gone = self._gone, []
        return gone


_Gone = tuple[list[Loss], list[Checkpoint]]
"""What was lost of one log, and the positions that close it."""


def _is_deletion(loss: Loss) -> bool:
    """Whether nothing was found of it, so that nobody knows how much it was."""
    return loss.reason == "gone" and loss.end is None
