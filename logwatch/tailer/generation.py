"""One generation of a file: an open handle, and how far it has been handed out.

Reads by offset only, so that nothing but a block that was handed out moves the position; an error
never does. Bytes are handed out in whole lines. Each read takes the bytes before the offset along
and compares them, which is how a file that was cut and has grown again is noticed, whatever its
size. No buffer is kept from one call to the next. Of a text that ends in the middle of a character
the rest is waited for, and passed over where its file's life has ended.
"""

from __future__ import annotations

import os

from msgspec import Struct
from msgspec.structs import replace

from logwatch.records import Block, Checkpoint, Marker, Stretch
from logwatch.tailer.fingerprint import (
    HEAD_LENGTH,
    MARKER_LENGTH,
    Key,
    OpenFile,
    continues,
    digest,
    head,
    matches,
)
from logwatch.tailer.holes import behind_hole
from logwatch.tailer.multiline import Framer
from logwatch.tailer.positions import at
from logwatch.tailer.text_encoding import (
    LONGEST_MARK,
    PLAIN,
    TextEncoding,
    is_undecided,
    recognised,
)

_SKIP_CHUNK = 1 << 18
_SKIP_AT_ONCE = 1 << 23
"""Bytes of an over-long line passed over in one call, so that a call ends soon."""
_MARKER_SPACING = 1024
LARGE = 128 * 1024
"""Bytes from which a copy of them costs more than a further call of the system."""
_TAIL = 8 * 1024
"""Where the end of the last line is looked for."""
_MARKERS_KEPT = 12


class Limits(Struct, frozen=True):
    """Bytes in one line and in one block, at most."""

    max_line: int
    block_size: int
    framer: Framer | None = None
    """What puts lines together; None: each is a record."""
    encoding: str = "utf-8"
    """Of files without a byte order mark."""


class Truncated(Struct, frozen=True):
    """The bytes before the offset are no longer there."""

    size: int
    shorter: bool
    """The file ends before the offset."""


class Generation:
    """A file that is open, from its checkpoint on."""

    def __init__(
        self, file: OpenFile, checkpoint: Checkpoint, path: str, limits: Limits, *, backlog: bool
    ) -> None:
        self.file = file
        self.checkpoint = checkpoint
        self.size = checkpoint.offset
        """Bytes at the last look at which the file was as expected."""
        self.seen: tuple[int, int] | None = None
        """Size and time of change at which nothing was left to hand out."""
        self.quiet_since: float | None = None
        """Not None: the path has moved on. Steady time of the last sign of a writer."""
        self.ended = False
        """Nobody writes it any more: a copy."""
        self.registered = False
        self.suspect = False
        """The file is not the one that the checkpoint was made of."""
        self.doubted_since: float | None = None
        """A remote file system said that the file is shorter; it may be behind."""
        self.retry_at = 0.0
        self.delay = 0.0
        self.open_end = 0
        """Where the whole lines of a record end that is not complete; 0: there is none."""
        self.holds_back = False
        """Whether the generation behind it has to wait, since that record may go on there."""
        self._path = path
        self._limits = limits
        self.block_size = limits.block_size
        """Bytes of the next block at most, where a line is no longer than that."""
        self._text: TextEncoding | None = None
        self._backlog_end = file.size if backlog else 0

    @property
    def key(self) -> Key:
        """Inode and birth of the file."""
        return self.file.key

    @property
    def offset(self) -> int:
        """Where reading goes on."""
        return self.checkpoint.offset

    @property
    def reread_end(self) -> int:
        """Up to here it may have been read before; kept with the position."""
        return self.checkpoint.reread_end

    @reread_end.setter
    def reread_end(self, end: int) -> None:
        self.checkpoint = replace(self.checkpoint, reread_end=end)

    @property
    def is_begun(self) -> bool:
        """Whether anything of it was read."""
        return bool(self.offset or self.checkpoint.skipping)

    @property
    def is_drained(self) -> bool:
        """Whether everything up to the last look's end was handed out but for an open line."""
        return self.seen is not None and self.registered and not self.open_end

    @property
    def text(self) -> TextEncoding:
        """How its bytes are text. Raises OSError."""
        if self._text is None:
            self.recognise(final=True)
        return self._text or PLAIN

    def recognise(self, *, final: bool = False) -> bool:
        """Whether it is known how its bytes are text; with `final` an unfinished mark is none.

        Raises OSError.
        """
        head = os.pread(self.file.fd, LONGEST_MARK, 0)
        if not head or (is_undecided(head) and not final):
            return False
        self._text = recognised(head, self._limits.encoding)
        if odd := self.offset % self._text.unit:
            # What was read before was read in another encoding.
            self.checkpoint = at(self.file, self.checkpoint, self.offset - odd)
        return True

    def read_back(self, start: int, end: int) -> Stretch:
        """Lines that may have been handed out before, and what comes before them.

        From the unit or mark on in which `start` is. Raises OSError.
        """
        text = self.text
        start = max(start - start % text.unit, text.mark)
        return self.stretch(os.pread(self.file.fd, max(0, end - start), start), start)

    def stretch(self, raw: bytes, start: int) -> Stretch:
        """`raw`, which is at `start` of the file, as it is matched. Raises OSError."""
        return self.text.stretch(raw, start)

    def deleted_bytes(self) -> int | None:
        """What it keeps of a disk though it has no name any more; None: it has one, or is closed.

        From any thread.
        """
        try:
            status = os.fstat(self.file.fd)
        except OSError:
            return None
        # Its number may be another file's by now.
        is_it = (status.st_ino, status.st_dev) == (self.file.inode, self.file.device)
        return status.st_blocks * 512 if is_it and not status.st_nlink else None

    def let_go(self) -> None:
        """Close what is open beside `file`: nothing."""

    def cut(self) -> Truncated | None:
        """That the file was cut, if it was. Raises OSError."""
        size = os.fstat(self.file.fd).st_size
        if size < self.offset or (not self.offset and size < self.size):
            return Truncated(size, shorter=True)
        if self.suspect or not continues(self.file.fd, self.checkpoint):
            return self._other(size)
        return None

    def note_growth(self) -> None:
        """See how much there is of a file of which nothing was read. Raises OSError."""
        if self.cut() is None:
            self.size = os.fstat(self.file.fd).st_size
            self._grow_head(self.size)

    def take_back(self, checkpoint: Checkpoint) -> None:
        """Go on from an earlier checkpoint: what was read since was not handed out."""
        self.checkpoint, self.seen = checkpoint, None

    def give_back(self, block: Block, offset: int) -> Block | None:
        """`block`, which was handed out last, without what is at `offset` and behind it.

        That comes again; a line or record must begin there. None where so little would be left that
        it does not prove that the file is the same, and where bytes of the block are not those of
        the file one by one.
        """
        size = offset - block.start
        is_odd = block.truncated or block.partial or block.places or block.also is not None
        if size < MARKER_LENGTH or is_odd or block.checkpoint is not self.checkpoint:
            return None
        kept, self.seen = block.data[:size], None
        self.checkpoint = replace(self.checkpoint, markers=self.checkpoint.markers[:-1])
        self._move(kept, size, offset)
        joined = None if block.joined is None else block.joined[:size]
        return replace(block, data=kept, joined=joined, end=offset, checkpoint=self.checkpoint)

    def moved(self, *, closed: bool = False) -> Block:
        """An empty block that commits the checkpoint as it is, or as closed."""
        checkpoint = replace(self.checkpoint, closed=closed)
        at = checkpoint.offset
        return Block(path=self._path, data=b"", start=at, end=at, checkpoint=checkpoint)

    def read(self, *, finish: bool = False, flush: bool = False) -> Block | Truncated | None:
        """The next whole lines, or None where there are none.

        With `flush` the whole lines of a record are handed out though more may come; with `finish`
        a last line without newline is handed out too. Raises OSError.
        """
        status = os.fstat(self.file.fd)
        size, stamp = status.st_size, (status.st_size, status.st_mtime_ns)
        if size < self.offset or (not self.offset and size < self.size):
            return Truncated(size, shorter=True)
        if stamp == self.seen and not (finish or flush):
            return None
        if self.suspect or (not self.offset and not matches(self.file.fd, self.checkpoint.head)):
            return self._other(size)
        found: Block | Truncated | None
        if self._text is None and not self.recognise(final=finish):
            found = None
        elif self.checkpoint.skipping:
            found = self._skip(size)
        else:
            found = self._next(size, finish=finish, flush=flush)
        if not isinstance(found, Truncated):
            self.size = size
            # What is added from now on changes the stamp, and what was left out is not at its end.
            self.seen = stamp if found is None or self.offset == size else None
        return found

    def _other(self, size: int) -> Truncated:
        """What to say of a file that had `size` bytes just before they were found to be others.

        If it was cut in between, what it had then was never read. Raises OSError.
        """
        left = os.fstat(self.file.fd).st_size
        if left < size:
            self.size = max(self.size, size)
        return Truncated(left, shorter=left < self.offset)

    def _next(self, size: int, *, finish: bool, flush: bool) -> Block | Truncated | None:
        """What `read` gives of a file of `size` bytes that is the same."""
        del flush  # lines are complete when they have their newline
        return self._lines(size, finish=finish)

    def _lines(self, size: int, *, finish: bool, limit: int = 0) -> Block | Truncated | None:
        """As `read`; of `limit` bytes at most, where it is not that of a block."""
        text = self.text
        before = self.checkpoint.markers[-1].length if self.checkpoint.markers else 0
        start = self.offset or self._first_data(size)
        limit = text.whole(limit or self.block_size)
        in_backlog = start < self._backlog_end < size
        want = min((self._backlog_end if in_backlog else size) - start, limit)
        want -= want % text.unit
        whole = self._whole_lines(start, want) if want >= LARGE else b""
        raw = whole or os.pread(self.file.fd, before + want, start - before)
        # The proof that it is the same file must not be older than what was read.
        proof = os.pread(self.file.fd, before, start - before) if whole else raw[:before]
        if not self._is_same(proof):
            return self._other(size)
        self._grow_head(size)
        if whole:
            return self._take(whole, 0, len(whole), start)
        cut = text.last_end(raw, before)
        if cut > before:
            return self._take(raw, before, cut, start)
        longest = text.unit * (self._limits.max_line + 1)
        if want == limit < longest:  # less than one line
            return self._lines(size, finish=finish, limit=longest)
        if in_backlog:
            self._backlog_end = 0  # its last line is still being written: it belongs to the new
            return self._lines(size, finish=finish)
        return self._unfinished(raw, before, start, finish=finish)

    def _whole_lines(self, start: int, want: int) -> bytes:
        """About `want` bytes that end with a newline, b"" where it takes more than a look to know.

        Looking for the end of the last line first spares a copy of all of them.
        """
        text = self.text
        tail = os.pread(self.file.fd, _TAIL, start + want - _TAIL)
        end = text.last_end(tail)
        if not end:
            return b""
        lines = os.pread(self.file.fd, want - _TAIL + end, start)
        return lines if text.last_end(lines) == len(lines) else b""

    def _unfinished(self, raw: bytes, before: int, start: int, *, finish: bool) -> Block | None:
        text, longest = self.text, self._limits.max_line
        if not finish:
            raw = text.whole_characters(raw)
        length = len(raw) - before
        if length <= 0 or not (finish or length > longest):
            return None
        found = self.stretch(raw[before:], start)
        if len(found.data) > longest:
            self._move(raw, len(raw), start + length, skipping=True)
            return self._block(found, found.data[:longest], truncated=True)
        if finish:
            self._move(raw, len(raw), start + length)
            return self._block(found, partial=True)
        return None

    def _take(self, raw: bytes, before: int, cut: int, start: int) -> Block:
        self._move(raw, cut, start + cut - before)
        return self._block(self.stretch(raw[before:cut], start))

    def _skip(self, size: int) -> Block | Truncated | None:
        """Pass over the rest of an over-long line, without keeping it."""
        text = self.text
        start = position = self.offset
        before = self.checkpoint.markers[-1].length if self.checkpoint.markers else 0
        while position < min(size, start + _SKIP_AT_ONCE):
            raw = os.pread(self.file.fd, before + _SKIP_CHUNK, position - before)
            if not self._is_same(raw[:before]):
                return self._other(size)
            if len(raw) < before + text.unit:
                break
            newline = text.first_end(raw, before)
            cut = newline or len(raw) - (len(raw) - before) % text.unit
            position += cut - before
            self._move(raw, cut, position, skipping=not newline)
            before = self.checkpoint.markers[-1].length
            if newline:
                break
        return self._block(Stretch(data=b"", start=start)) if position > start else None

    def _is_same(self, before: bytes) -> bool:
        last = self.checkpoint.markers[-1:]
        return not last or digest(before) == last[0].digest

    def _first_data(self, size: int) -> int:
        """Where the content begins: behind a mark, or behind a hole."""
        text = self.text
        begin = behind_hole(self.file.fd, size)
        return begin - begin % text.unit if begin else text.mark

    def _grow_head(self, size: int) -> None:
        known = self.checkpoint.head.length
        if known < min(size, HEAD_LENGTH):
            self.checkpoint = replace(self.checkpoint, head=head(self.file.fd))

    def _move(self, raw: bytes, cut: int, offset: int, *, skipping: bool = False) -> None:
        """Put the position to `offset`, which is just after `raw[:cut]`."""
        before = raw[max(0, cut - MARKER_LENGTH) : cut]
        last = Marker(offset, len(before), digest(before))
        kept = self.checkpoint.markers
        # The newest marker proves the offset; older ones, closest together near the end, tell how
        # much of the file is left after it was cut.
        if len(kept) > 1 and kept[-1].offset - kept[-2].offset < _MARKER_SPACING:
            kept = kept[:-1]
        if len(kept) >= _MARKERS_KEPT:
            kept = kept[1::2]
        self.checkpoint = replace(
            self.checkpoint, offset=offset, markers=(*kept, last), skipping=skipping
        )

    def _block(
        self,
        lines: Stretch,
        data: bytes | None = None,
        *,
        truncated: bool = False,
        partial: bool = False,
    ) -> Block:
        """`lines`, or only `data` at their beginning, up to the position."""
        end, start = self.offset, lines.start
        return Block(
            path=self._path,
            data=lines.data if data is None else data,
            start=start,
            places=lines.places,
            end=end,
            checkpoint=self.checkpoint,
            backlog=end <= self._backlog_end,
            truncated=truncated,
            partial=partial,
            reread=start < self.reread_end,
        )
