"""Old logs as bytes: plain, or compressed by gzip, zstd, bzip2 or xz, whatever their names are.

How a file is compressed is told by its first bytes (RFC 1952, RFC 8878, and the file formats of
bzip2 and xz), for a name may say anything.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, cast

from logwatch.errors import UsageError

_ZSTD_MODULES = ("compression.zstd", "backports.zstd")
"""Python has it from 3.14 on; the other one is the same for earlier versions (PEP 784)."""
_NOTHING_READS = {b"\x04\x22\x4d\x18": "lz4 -dc", b"\x1f\x9d": "uncompress -c"}

_DAMAGED: tuple[type[Exception], ...] = (EOFError, zlib.error, lzma.LZMAError)
"""What reading raises from a file that is damaged or cut off, beside OSError."""


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

        Raises OSError, also for a compressed file that is damaged or cut off.
        """
        try:
            return self._file.read(size)
        except self._damaged as problem:
            raise OSError(0, str(problem)) from problem

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
        self._raw.close()

    def _opened(self, path: str) -> BinaryIO:
        head = self._raw.peek(6)
        for magic, command in _NOTHING_READS.items():
            if head.startswith(magic):
                raise UsageError(f"{path}: nothing here reads this; {command} {path} > a file")
        for magic, opened in _OPENERS.items():
            if head.startswith(magic):
                return opened(self._raw)
        return self._zstd(path) if head.startswith(b"\x28\xb5\x2f\xfd") else self._raw

    def _zstd(self, path: str) -> BinaryIO:
        for name in _ZSTD_MODULES:
            try:
                module = import_module(name)
            except ImportError:
                continue
            self._damaged = (*_DAMAGED, module.ZstdError)
            return cast("BinaryIO", module.ZstdFile(self._raw))
        raise UsageError(
            f"{path}: nothing here reads .zst; pip install 'logwatchd[zstd]', or unpack it before:"
            f" zstd -d {path}"
        )


_OPENERS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda raw: cast("BinaryIO", gzip.GzipFile(fileobj=raw)),
    b"BZh": lambda raw: cast("BinaryIO", bz2.BZ2File(raw)),
    b"\xfd7zXZ\x00": lambda raw: cast("BinaryIO", lzma.LZMAFile(raw)),  # noqa: SIM115 - closed by `close`
}
