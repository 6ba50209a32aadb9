"""What a tail tells about itself: where it stands, and what it could not read.

An event is said once per change of state, never once per look.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from logwatch import telemetry

TailStatus: TypeAlias = Literal["waiting", "following", "denied", "error"]
LossReason: TypeAlias = Literal["truncated", "gone", "compressed", "damaged", "unreadable", "held"]

_NEW = "not looked at yet"


class TailState(Struct, frozen=True, kw_only=True):
    """How it goes with one path. Bytes behind = `size - offset`."""

    status: TailStatus
    detail: str = ""
    """Why it does not follow; for `denied` also what to type."""
    offset: int = 0
    size: int = 0
    """Bytes in the file when it was last looked at."""
    generations: int = 0
    """Files held open: the one under the path and older ones that may still be written."""


class Loss(Struct, frozen=True, kw_only=True):
    """Bytes of one generation that were, or may have been, lost."""

    path: str
    generation: str
    """Its identity, or its path where it was never read."""
    start: int
    end: int | None
    """None: nobody can say how many there were."""
    reason: LossReason


NO_FILE = "there is no such file"
"""The detail of a path that waits for its file."""


class Report:
    """The state and the losses of one path, and the events about them."""

    def __init__(self, path: str) -> None:
        self.state = TailState(status="waiting", detail=_NEW)
        self._path = path
        self._losses: list[Loss] = []
        self._is_quiet = False

    def say(self, status: TailStatus, detail: str = "", *, quietly: bool = False) -> None:
        """Take on a state; an event if it is another one.

        `quietly`: none that anybody need read for this state, nor for the one after it.
        """
        before = self.state
        if (before.status, before.detail) == (status, detail):
            return
        self.state = replace(before, status=status, detail=detail)
        level: telemetry.Level = "warning" if status in ("denied", "error") else "info"
        if before.detail == _NEW and status in ("following", "waiting"):  # the daemon sums these up
            level = "debug"
        if quietly or self._is_quiet:
            level = "debug"
        self._is_quiet = quietly
        telemetry.telemetry.emit(level, f"tailer.file_{status}", path=self._path, detail=detail)

    def show(self, *, offset: int, size: int, generations: int) -> None:
        """Take on figures, without an event."""
        self.state = replace(self.state, offset=offset, size=size, generations=generations)

    def lose(self, generation: str, start: int, end: int | None, reason: LossReason) -> None:
        """Bytes from `start` to `end` will never be handed out, or nobody can say."""
        loss = Loss(path=self._path, generation=generation, start=start, end=end, reason=reason)
        self._losses.append(loss)
        telemetry.warning(
            "tailer.bytes_lost",
            path=self._path,
            generation=generation,
            start=start,
            end=end,
            reason=reason,
        )
        number = 0 if end is None else max(0, end - start)
        telemetry.count("bytes_lost", number)
        telemetry.count(f"bytes_lost.{reason}", number)
        telemetry.count(f"losses.{reason}")

    def drain_losses(self) -> list[Loss]:
        """What was lost since the last call."""
        found, self._losses = self._losses, []
        return found
