"""A generation that exists only compressed: read like every other one, from its checkpoint on.

Offsets are those of the bytes before compression, so a generation that was compressed while it was
read goes on where reading was. Nobody writes it any more; one that ends in the middle is waited for
as a writer would be, and what is damaged is told as lost from there on, once.
"""

from __future__ import annotations

from collections.abc import Callable

from logwatch.records import Block, Checkpoint
from logwatch.tailer.generation import Generation, Limits, Truncated
from logwatch.tailer.unpacking import Unpacking


class PackedGeneration(Generation):
    """A compressed file that is open, from its checkpoint on."""

    def __init__(
        self,
        unpacking: Unpacking,
        checkpoint: Checkpoint,
        path: str,
        limits: Limits,
        *,
        lose: Callable[[int], None],
    ) -> None:
        """`unpacking` is at the checkpoint. `lose` is told from which offset on all is damaged."""
        super().__init__(unpacking.file, checkpoint, path, limits, backlog=True)
        self._unpacking = unpacking
        self._lose = lose
        # One byte more than is ever asked for, so that what ends there is known to go on.
        self._window = max(limits.block_size, 2 * limits.max_line + 2) + 1

    def cut(self) -> Truncated | None:
        """Nobody cuts it."""
        return None

    def read(self, *, finish: bool = False, flush: bool = False) -> Block | Truncated | None:
        """See `Generation.read`."""
        unpacking = self._unpacking
        self._fill()
        self.ended = unpacking.is_over
        found = super().read(finish=finish and unpacking.is_over, flush=flush and unpacking.is_over)
        if found is not None or not finish:
            return found
        if unpacking.is_cut_off and not unpacking.is_over:
            unpacking.give_up()
            return self.read(finish=True)
        self._tell_damage()
        return None

    def read_back(self, start: int, end: int) -> bytes:
        """See `Generation.read_back`; nothing where the bytes were given back."""
        return super().read_back(start, end) if self._unpacking.has(start) else b""

    def let_go(self) -> None:
        """Close the compressed file; the window is closed as every generation's file is."""
        self._unpacking.release()

    def _fill(self) -> None:
        unpacking = self._unpacking
        unpacking.forget(self.offset)
        unpacking.fill(self.offset + self._window)
        while not self.offset and not unpacking.is_over and not unpacking.is_cut_off:
            if self._first_data(unpacking.end) < unpacking.end:
                return
            # Nothing but zeros yet, which a writer without O_APPEND leaves when a file is cut.
            unpacking.fill(unpacking.end + self._window)

    def _tell_damage(self) -> None:
        if self._unpacking.is_damaged and self._lose is not _told:
            self._lose(self.offset)
            self._lose = _told


def _told(_offset: int) -> None:
    """It is said once."""
