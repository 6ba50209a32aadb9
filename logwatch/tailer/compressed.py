"""Old logs as bytes: plain, or compressed by gzip, zstd, bzip2, xz or lzma, whatever their names.

How a file is compressed is told by its first bytes (RFC 1952, RFC 8878, and the file formats of
bzip2 and xz), for a name may say anything. Bytes come in pieces as small as the caller asks for,
and no file makes uncompressing it take more than 128 MiB of memory, whatever it says of itself.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from logwatch.errors import UsageError

_ZSTD = b"\x28\xb5\x2f\xfd"
_NOTHING_READS = {b"\x04\x22\x4d\x18": "lz4 -dc", b"\x1f\x9d": "uncompress -c"}
_MOST_MEMORY = 1 << 27
"""Bytes for what xz refers back to; zstd keeps to the same by itself."""
_PIECE = 1 << 16

_DAMAGED: tuple[type[Exception], ...] = (EOFError, zlib.error, lzma.LZMAError)
"""What reading raises from a file that is damaged or cut off, beside OSError without a number."""


class DamagedError(OSError):
    """What is in the file is not what was compressed."""


class CutOffError(DamagedError):
    """The file ends before what was compressed does: its rest is lost, or still to be written."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """The next bytes, `size` of them unless there are no more."""
        ...

    def read1(self, size: int, /) -> bytes:
        """The next bytes that there are, `size` of them at most; none where there are no more."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class OldLog:
    """A log that is open for reading, and how far that has come."""

    def __init__(self, path: str) -> None:
        """Raises OSError, UsageError where there is nothing to uncompress it with."""
        self._raw = Path(path).open("rb")  # noqa: SIM115 - closed by `close`
        try:
            self._damaged = _DAMAGED
            self._file = self._opened(path)
        except BaseException:
            self._raw.close()
            raise

    @property
    def is_compressed(self) -> bool:
        """Whether the bytes that are read are not those of the file."""
        return self._file is not self._raw

    @property
    def consumed(self) -> int:
        """Bytes of the file itself that were read."""
        return self._raw.tell()

    def read(self, size: int) -> bytes:
        """The next bytes, `size` of them unless the file ends.

        Raises OSError: `DamagedError` or `CutOffError` for a compressed file that is.
        """
        with self._problems():
            return self._file.read(size)

    def read_some(self, size: int) -> bytes:
        """As `read`, fewer bytes perhaps; all that come before damage are had so."""
        with self._problems():
            return self._file.read1(size)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except EOFError as problem:
            raise CutOffError(0, str(problem)) from problem
        except self._damaged as problem:
            raise DamagedError(0, str(problem)) from problem
        except OSError as problem:
            if problem.errno is not None:
                raise
            raise DamagedError(0, str(problem)) from problem

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
        self._raw.close()

    def _opened(self, path: str) -> _Readable:
        head = self._raw.peek(6)
        for magic, command in _NOTHING_READS.items():
            if head.startswith(magic):
                raise UsageError(f"{path}: nothing here reads this; {command} {path} > a file")
        for magic, opened in _OPENERS.items():
            if head.startswith(magic):
                return opened(self._raw)
        return self._zstd() if head.startswith(_ZSTD) else self._raw

    def _zstd(self) -> _Readable:
        from logwatch.zstandard import zstd  # noqa: PLC0415 - see there

        self._damaged = (*_DAMAGED, zstd.ZstdError)
        return zstd.ZstdFile(self._raw)


class _Xz:
    """As lzma.LZMAFile, which cannot be told how much memory a file may ask for."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._begin()

    def _begin(self) -> None:
        self._stream = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)

    def read(self, size: int) -> bytes:
        """Raises EOFError where the file is cut off, LZMAError where it is damaged."""
        pieces, wanted = [], size
        while wanted and (piece := self.read1(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def read1(self, most: int) -> bytes:
        """As `read`, what comes in one piece."""
        while True:
            data = b""
            if self._stream.eof:
                data = self._next_stream()
                if not data:
                    return b""
                self._begin()
            elif self._stream.needs_input:
                data = self._raw.read(_PIECE)
                if not data:
                    raise EOFError("the file ends before what was compressed does")
            piece = self._stream.decompress(data, most)
            if piece:
                return piece

    def _next_stream(self) -> bytes:
        """What begins behind the padding of the stream that has ended; empty: nothing does."""
        data = self._stream.unused_data.lstrip(b"\0")
        while not data:
            data = self._raw.read(_PIECE)
            if not data:
                return b""
            data = data.lstrip(b"\0")
        return data

    def close(self) -> None:
        """The file itself is the owner's to close."""


_OPENERS: dict[bytes, Callable[[BinaryIO], _Readable]] = {
    b"\x1f\x8b": lambda raw: cast("_Readable", gzip.GzipFile(fileobj=raw)),
    b"BZh": lambda raw: cast("_Readable", bz2.BZ2File(raw)),
    b"\xfd7zXZ\x00": _Xz,
    b"\x5d\x00\x00": _Xz,
}


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins with these bytes (6 are enough) is a compressed one."""
    return head.startswith((*_OPENERS, *_NOTHING_READS, _ZSTD))
