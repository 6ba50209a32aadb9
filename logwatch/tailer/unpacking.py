"""A compressed file as if it were uncompressed, at the price of a few megabytes of memory.

The uncompressed bytes stand in a file in memory, each at its own offset, so that whatever reads
logs by offset reads them there. Only a window of it exists: what is behind it was given back
and is a hole, but for the first page, and what is before it is not uncompressed yet. How much a
compressed file says that it holds costs time, never memory.

A file that ends in the middle may still be written: it is begun anew when it has changed, and
passed over up to where reading was. A damaged one is at its end where the damage was met.
"""

from __future__ import annotations

import ctypes
import os
import sys

from logwatch.tailer.compressed import CutOffError, DamagedError, OldLog
from logwatch.tailer.fingerprint import OpenFile

_PIECE = 1 << 18
_PAGE = 4096
_KEPT_BEHIND = 1 << 16
"""Bytes before the position that stay: proof that it is the same file, and lines to quote."""
# linux/falloc.h: FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE.
_PUNCH_HOLE = 3
_libc = ctypes.CDLL(None, use_errno=True)


class Unpacking:
    """One compressed file and the window of its content. One thread calls it."""

    def __init__(self, packed: OpenFile) -> None:
        """Takes over the handle of the compressed file. Raises OSError; then it is closed."""
        self.packed = packed
        self.end = 0
        """Bytes that were uncompressed so far."""
        self.is_complete = False
        """Nothing comes behind them."""
        self.is_damaged = False
        """What comes behind them cannot be uncompressed."""
        self._log: OldLog | None = None
        self._cut_off_at: tuple[int, int] | None = None
        self._hole = _PAGE
        try:
            self.fd = os.memfd_create("unpacked", os.MFD_CLOEXEC)
        except OSError:
            os.close(packed.fd)
            raise

    @property
    def file(self) -> OpenFile:
        """The window as a file with the identity of the compressed one, and more than it has."""
        return self.packed._replace(fd=self.fd, size=sys.maxsize)

    @property
    def is_cut_off(self) -> bool:
        """Whether the compressed file ends in the middle, as it is now."""
        return self._cut_off_at is not None

    @property
    def is_over(self) -> bool:
        """Whether no more bytes will come, however long one waits."""
        return self.is_complete or self.is_damaged

    def fill(self, end: int) -> bool:
        """Uncompress up to offset `end`, or as far as it goes. True: so much is there.

        Raises OSError for trouble with the disk, UsageError where nothing here reads this.
        """
        while self.end < end and not self.is_over:
            log = self._open()
            if log is None:
                break
            self._take(log, min(_PIECE, end - self.end))
        return self.end >= end

    def forget(self, offset: int) -> None:
        """Give back what is far behind `offset`."""
        before = (offset - _KEPT_BEHIND) // _PAGE * _PAGE
        if before > self._hole:
            _punch(self.fd, self._hole, before - self._hole)
            self._hole = before

    def has(self, start: int) -> bool:
        """Whether the bytes from `start` on were not given back."""
        return start >= self._hole or self._hole == _PAGE

    def pause(self) -> None:
        """Let go of what uncompresses; it begins at the beginning when it is needed again."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def rewind(self) -> None:
        """Begin at the beginning, with nothing uncompressed."""
        self.pause()
        os.ftruncate(self.fd, 0)
        self.end, self._hole, self._cut_off_at = 0, _PAGE, None
        self.is_complete = self.is_damaged = False

    def give_up(self) -> None:
        """Take a file that is cut off for one that will not go on."""
        self.pause()
        self.is_damaged = True

    def close(self) -> None:
        """Let go of both files."""
        self.release()
        os.close(self.fd)

    def release(self) -> None:
        """Let go of the compressed file only."""
        self.pause()
        os.close(self.packed.fd)

    def _open(self) -> OldLog | None:
        """What uncompresses, at `end`; None while a file that is cut off has not changed."""
        if self._log is not None:
            return self._log
        stamp = self._stamp()
        if stamp == self._cut_off_at:
            return None
        self._cut_off_at = None
        log = OldLog(f"/proc/self/fd/{self.packed.fd}")
        self._log = log
        passed = 0
        while passed < self.end and (piece := self._read(log, min(_PIECE, self.end - passed))):
            passed += len(piece)
        return self._log

    def _stamp(self) -> tuple[int, int]:
        status = os.fstat(self.packed.fd)
        return status.st_size, status.st_mtime_ns

    def _take(self, log: OldLog, size: int) -> None:
        piece = self._read(log, size)
        if not piece:
            return
        self.end += len(piece)
        if piece.count(0) == len(piece):
            os.ftruncate(self.fd, self.end)  # a hole here, too
        else:
            os.pwrite(self.fd, piece, self.end - len(piece))

    def _read(self, log: OldLog, size: int) -> bytes:
        """The next bytes; none at the end, whichever it is."""
        stamp = self._stamp()
        try:
            piece = log.read_some(size)
        except CutOffError:
            self._cut_off_at = stamp
            self.pause()
            return b""
        except DamagedError:
            self.give_up()
            return b""
        if not piece:
            self.is_complete = True
            self.pause()
        return piece


def _punch(fd: int, start: int, length: int) -> None:
    """Give pages back; where that fails they stay, which costs memory and nothing else."""
    _libc.fallocate(fd, _PUNCH_HOLE, ctypes.c_int64(start), ctypes.c_int64(length))
