"""One generation of a file whose lines are put together to records of several lines.

Records are handed out whole, and the offset stays at the beginning of one that is not complete; it
is read again with what has come meanwhile. So there is no buffer here either, and whoever begins
anew begins with a record.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from logwatch.records import Stretch
from logwatch.tailer.fingerprint import MARKER_LENGTH
from logwatch.tailer.generation import LARGE, Generation, Limits, Truncated

if TYPE_CHECKING:
    from logwatch.records import Block, Checkpoint
    from logwatch.tailer.fingerprint import OpenFile
    from logwatch.tailer.multiline import Framed, Framer


def generation_of(
    file: OpenFile, checkpoint: Checkpoint, path: str, limits: Limits, *, backlog: bool
) -> Generation:
    """A file that is open, from its checkpoint on, in lines or in records as `limits` has it."""
    if limits.framer is None:
        return Generation(file, checkpoint, path, limits, backlog=backlog)
    return RecordGeneration(file, checkpoint, path, limits, limits.framer, backlog=backlog)


class RecordGeneration(Generation):
    """See the module."""

    def __init__(
        self,
        file: OpenFile,
        checkpoint: Checkpoint,
        path: str,
        limits: Limits,
        framer: Framer,
        *,
        backlog: bool,
    ) -> None:
        super().__init__(file, checkpoint, path, limits, backlog=backlog)
        self._framer = framer
        self.open_since: float | None = None
        """Steady time at which the record that is not complete was first seen as it is."""
        self.waits_since: float | None = None
        """Steady time since when the generation behind it waits."""

    @property
    def left_at(self) -> float | None:
        """Steady time at which that record is taken as it is; None: there is none."""
        times = [each for each in (self.open_since, self.waits_since) if each is not None]
        return min(times) + self._framer.timeout if times else None

    @property
    def in_backlog(self) -> bool:
        """Whether what comes next was in the file before it was followed."""
        return self.offset < self._backlog_end

    @property
    def is_untouched(self) -> bool:
        """Whether nothing of it was read, and nothing ever was, as far as is known."""
        return not (self.offset or self.checkpoint.skipping or self.suspect or self.reread_end)

    def open_record(self) -> bytes | None:
        """The whole lines of a record that is not complete; None where that is not all there is.

        Raises OSError.
        """
        if not self.open_end or self.size != self.open_end:
            return None
        return self._own(self.open_end).data

    def _own(self, end: int) -> Stretch:
        """What there is up to `end`. Raises OSError."""
        start = self.offset or self._first_data(end)
        return self.stretch(self._raw(start, end), start)

    def _raw(self, start: int, end: int) -> bytes:
        return os.pread(self.file.fd, end - start, start)

    def take_back(self, checkpoint: Checkpoint) -> None:
        """See `Generation.take_back`."""
        super().take_back(checkpoint)
        self._note_open(0)

    def first_lines(self, most: int) -> bytes:
        """Whole lines at its beginning, of about `most` bytes. Raises OSError."""
        return self._first_lines(most).data

    def _first_lines(self, most: int) -> Stretch:
        text = self.text
        lines = os.pread(self.file.fd, most * text.unit, text.mark)
        if lines.startswith(b"\0" * text.unit):
            return Stretch(data=b"", start=0)
        return self.stretch(lines[: text.last_end(lines)], text.mark)

    def pass_over(self, lines: bytes) -> Checkpoint:
        """Go on behind its first lines, which somebody else has; the checkpoint there.

        Raises OSError.
        """
        # No character takes more than twice the bytes in the file.
        end = self._first_lines(2 * len(lines)).offset(len(lines))
        raw = self._raw(self.text.mark, end)
        self._grow_head(end)
        self._note_open(0)
        self._move(raw, len(raw), end)
        return self.checkpoint

    def hand_out(self, framed: Framed, own: int, also: Checkpoint) -> Block:
        """All there is, as the beginning of records that go on in the generation of `also`.

        The first `own` bytes of `framed` are of this one. Raises OSError.
        """
        start, end = self.offset or self._first_data(self.open_end), self.open_end
        raw = framed.data[:own] if self.text.is_plain else self._raw(start, end)
        lines = self.stretch(raw, start)
        self._note_open(0)
        self._move(raw, len(raw), end)
        return replace(self._whole(lines, framed), also=also)

    def _next(self, size: int, *, finish: bool, flush: bool) -> Block | Truncated | None:
        before = self.checkpoint.markers[-1].length if self.checkpoint.markers else 0
        start = self.offset or self._first_data(size)
        text, longest = self.text, self._limits.max_line
        limit, most = text.whole(self.block_size), text.unit * (2 * longest + 2)
        while True:
            raw = self._whole_lines(start, limit) if size - start >= limit >= LARGE else b""
            raw = raw or self._raw(start, start + min(size - start, limit))
            raw = raw if finish else text.whole_characters(raw)
            # The proof that it is the same file must not be older than what was read.
            proof = os.pread(self.file.fd, before, start - before)
            if not self._is_same(proof):
                return self._other(size)
            found = self.stretch(raw, start)
            data = found.data
            is_all = start + len(raw) > size - text.unit
            if finish and is_all and len(data) - data.rfind(b"\n") - 1 <= longest:
                framed = self._framer.frame(data, final=True)
            else:
                framed = self._complete(data, final=flush and is_all)
            if framed.data or is_all or limit >= most:
                break
            limit = most  # less than one record
        self._grow_head(size)
        lines = data.rfind(b"\n") + 1
        self._note_open(0 if framed.data or finish or not lines else found.offset(lines))
        if start < self._backlog_end:
            framed = framed.through(found.index(self._backlog_end))
        if framed.data:
            self._move_behind(proof, raw, start, found.offset(len(framed.data)))
            is_partial = not framed.data.endswith(b"\n")
            return self._whole(found, framed, partial=is_partial)
        if not lines:
            return self._unfinished(proof + raw, before, start, finish=finish)
        return None

    def _move_behind(self, proof: bytes, raw: bytes, start: int, offset: int) -> None:
        """Put the position to `offset`; `raw` is at `start`, `proof` before it."""
        cut = offset - start
        end = raw[max(0, cut - MARKER_LENGTH) : cut]
        if len(end) < MARKER_LENGTH:
            end = (proof + end)[-MARKER_LENGTH:]
        self._move(end, len(end), offset)

    def _complete(self, data: bytes, *, final: bool) -> Framed:
        """The records in `data` that are complete, of whole lines."""
        lines = data.rfind(b"\n") + 1
        framer, longest = self._framer, self._limits.max_line
        if len(data) - lines <= longest:
            return framer.frame(data if lines == len(data) else data[:lines], final=final)
        # Its last line belongs to no record before it: there is no room.
        head = data[: lines + longest + 1] + b"\n"
        return framer.frame(head, final=True).through(lines)

    def _note_open(self, end: int) -> None:
        if end != self.open_end:
            self.open_end, self.open_since = end, None

    def _whole(self, lines: Stretch, framed: Framed, *, partial: bool = False) -> Block:
        # Of a record that was begun before the file was followed the rest may have come since.
        return replace(
            self._block(lines, framed.data, partial=partial),
            backlog=lines.start < self._backlog_end,
            joined=framed.joined,
            cut=framed.cut,
        )
