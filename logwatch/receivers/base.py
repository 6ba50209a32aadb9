"""The contract of a receiver: one source that is no file, read by one thread.

It answers what a tail answers, so that one monitor serves both. A receiver never waits: its thread
waits for its descriptors, or until `next_look`, and then calls `read` until there is nothing more.
What a receiver has read and not handed out is lost when the process is killed, unless its source
can be read again (journald can). At a stop in order `drain` hands out what was received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.records import Block, Checkpoint, Stretch
from logwatch.tailer.state import Loss, TailState, TailStatus

BLOCK_BYTES = 1 << 20
"""About as much text is handed out at once, at most."""


class Receiver:
    """What all of them have in common; each kind overrides `read`, and what it knows better."""

    is_rewritten = False
    """See `Tail.is_rewritten`: nothing is rewritten here."""
    once = False
    """Whether this is a single run, for which a stream has to come to its end."""
    block_size = BLOCK_BYTES
    """See `Tail.block_size`; how much comes at once is up to each kind."""
    gathers = True
    """Whether its thread may let lines gather for some milliseconds while it is busy."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._state = TailState(status="waiting", detail="not looked at yet", generations=0)
        self._lost: list[str] = []

    def read(self, now: Moment) -> Block | None:
        """The next records; None: nothing now. Never waits and never raises OSError."""
        raise NotImplementedError

    def drain(self, now: Moment) -> Block | None:
        """As `read`, after the last one and before the end: what came, complete or not."""
        del now
        return None

    def close(self) -> None:
        """Let go of everything; may be called twice."""

    def descriptors(self) -> Mapping[int, int]:
        """What to wait for now: descriptors, each with its events for `poll`."""
        return {}

    def next_look(self, now: Moment) -> float | None:
        """Steady time at which to read again though nothing came; None: no need."""
        del now
        return None

    def past_opening(self) -> bool:
        """Whether what was there at the start has been handed out."""
        return True

    @property
    def ended(self) -> bool:
        """Whether nothing will ever come again."""
        return False

    def state(self) -> TailState:
        """How it goes; from any thread."""
        return self._state

    def lost(self) -> list[str]:
        """What was lost since the last call, as sentences for a person."""
        found, self._lost = self._lost, []
        return found

    # What a tail answers for its files.

    def losses(self) -> Sequence[Loss]:
        """None: see `lost`."""
        return ()

    def give_back(self, block: Block, offset: int) -> Block | None:
        """Nothing: what was handed out cannot be had again."""
        del block, offset
        return None

    def changed(self) -> bool:
        """Whether to wake its thread: that wakes by itself."""
        return False

    def identities(self) -> tuple[str, ...]:
        """None, for there are no files."""
        return ()

    def read_back(self, identity: str, start: int, end: int) -> Stretch:
        """What was handed out before cannot be had again."""
        del identity, start
        return Stretch(data=b"", start=end)

    # For the kinds.

    def _say(self, status: TailStatus, detail: str = "") -> None:
        """Take on a state; an event if it is another one."""
        before = self._state
        if (before.status, before.detail) == (status, detail):
            return
        self._state = replace(before, status=status, detail=detail)
        level: telemetry.Level = "warning" if status in ("denied", "error") else "info"
        telemetry.telemetry.emit(
            level, f"receivers.source_{status}", source=self.path, detail=detail
        )

    def _show(self, offset: int, connections: int = 0) -> None:
        self._state = replace(self._state, offset=offset, size=offset, generations=connections)

    def _lose(self, sentence: str) -> None:
        """Something will never be handed out, or nobody can say."""
        telemetry.warning("receivers.lost", source=self.path, what=sentence)
        self._lost.append(sentence)


def newest(known: Sequence[Checkpoint]) -> Checkpoint | None:
    """Of positions in the order in which they were committed, the last that is not closed."""
    return next((each for each in reversed(known) if not each.closed), None)
