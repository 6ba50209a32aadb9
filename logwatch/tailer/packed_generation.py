"""A generation that exists only compressed: read like every other one, from its checkpoint on.

Offsets are those of the bytes before compression, so a generation that was compressed while it was
read goes on where reading was. Nobody writes it any more; one that ends in the middle is waited for
as a writer would be, and what is damaged is told as lost from there on, once.
"""

from __future__ import annotations

from collections.abc import Callable

from logwatch.records import Block, Checkpoint, Stretch
from logwatch.tailer.fingerprint import HEAD_LENGTH, OpenFile
from logwatch.tailer.generation import Generation, Limits, Truncated
from logwatch.tailer.record_generation import RecordGeneration
from logwatch.tailer.unpacking import Unpacking


class Packed(Generation):
    """What a generation does otherwise where its file is compressed."""

    _unpacking: Unpacking
    _lose: Callable[[int], None] | None
    """Told, once, from which offset on all is damaged."""
    _done: Callable[[], None]
    _window: int
    """Bytes behind the offset that are there for a read."""

    def unpack_from(
        self, unpacking: Unpacking, lose: Callable[[int], None], done: Callable[[], None]
    ) -> None:
        """See `packed_generation`."""
        self._unpacking, self._lose, self._done = unpacking, lose, done
        # One byte more than is ever asked for, so that what ends there is known to go on.
        # A character in UTF-16 is twice as long as the shortest in UTF-8.
        most = max(self._limits.block_size, 4 * self._limits.max_line + 4, HEAD_LENGTH)
        self._window = most + 1

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
        if not unpacking.is_over:
            unpacking.give_up()
            return self.read(finish=True)
        self._tell_damage()
        return None

    def read_back(self, start: int, end: int) -> Stretch:
        """See `Generation.read_back`; nothing where the bytes were given back."""
        return super().read_back(start if self._unpacking.has(start) else end, end)

    def deleted_bytes(self) -> int | None:
        """See `Generation.deleted_bytes`; it is small, and read to its end without a writer."""
        return None

    def let_go(self) -> None:
        """Close the compressed file; the window is closed as every generation's file is."""
        self._unpacking.release()
        self._done()

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
        if self._unpacking.is_damaged and self._lose is not None:
            self._lose(self.offset)
            self._lose = None


class PackedRecords(Packed, RecordGeneration):
    """The same in records of several lines."""

    def first_lines(self, most: int) -> bytes:
        """See `RecordGeneration.first_lines`."""
        self._unpacking.fill(most)
        return super().first_lines(most)


def packed_generation(
    unpacking: Unpacking,
    window: OpenFile,
    checkpoint: Checkpoint,
    path: str,
    limits: Limits,
    *,
    lose: Callable[[int], None],
    done: Callable[[], None],
) -> Packed:
    """What `unpacking`, which is there, has from the checkpoint on: in lines or in records.

    `window` is its content as a file. `lose` is told, once, from which offset on all is damaged,
    `done` is called when the compressed file was let go.
    """
    made: Packed
    if limits.framer is None:
        made = Packed(window, checkpoint, path, limits, backlog=True)
    else:
        made = PackedRecords(window, checkpoint, path, limits, limits.framer, backlog=True)
    made.unpack_from(unpacking, lose, done)
    return made
