"""Segments of alerts as the store keeps them: compressed where that pays.

Alerts that were made together resemble one another, and Zstandard (RFC 8878) makes a tenth of them.
What is not written is neither written twice, to the log of SQLite and to its file, nor copied each
hour, nor synced: that costs more than to compress. A few alerts are kept as they are, for whoever
waits for one would wait for this too. A frame has a checksum, so that damage is noticed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST_BYTES = 4096
"""Of a segment that is compressed: about five alerts."""

_LEVEL = 1
"""The next one takes a third longer and makes it no smaller."""
_PIECE_BYTES = 1 << 14
"""What is verified is looked at in pieces that stay in the caches."""


def pack(body: bytes) -> bytes:
    """A segment as it is stored."""
    return body if len(body) < LEAST_BYTES else _compressor()(body)


def is_plain(stored: bytes) -> bool:
    """Whether a segment is stored as it is: without a checksum."""
    return stored.startswith(b"{")  # which no frame does


def unpack(stored: bytes) -> bytes:
    """The segment that was stored so.

    Raises sqlite3.DatabaseError where it is damaged, as SQLite does where it finds that itself.
    """
    if is_plain(stored):
        return stored
    from logwatch.zstandard import zstd  # noqa: PLC0415 - see there

    try:
        return zstd.decompress(stored)
    except zstd.ZstdError as problem:
        raise _damaged(problem) from problem


def verify(stored: bytes) -> None:
    """Raise as `unpack` does, without keeping what is in it: a quarter of the time.

    What is stored plain has no checksum, and passes.
    """
    if is_plain(stored):
        return
    from logwatch.zstandard import zstd  # noqa: PLC0415 - see there

    frame = zstd.ZstdDecompressor()
    try:
        frame.decompress(stored, _PIECE_BYTES)
        while not (frame.eof or frame.needs_input):
            frame.decompress(b"", _PIECE_BYTES)
    except zstd.ZstdError as problem:
        raise _damaged(problem) from problem
    if not frame.eof or frame.unused_data:
        raise _damaged("it is not one whole frame")


def _damaged(problem: object) -> Exception:
    from sqlite3 import DatabaseError  # noqa: PLC0415 - who has no store loads this module too

    return DatabaseError(f"a segment of alerts is damaged: {problem}")


@cache
def _compressor() -> Callable[[bytes], bytes]:
    """One for all segments, which keeps its memory; only the one thread that writes uses it."""
    from logwatch.zstandard import zstd  # noqa: PLC0415 - see there

    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: _LEVEL,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    compressor = zstd.ZstdCompressor(options=options)

    def compress(body: bytes) -> bytes:
        compressor.set_pledged_input_size(len(body))
        return compressor.compress(body, compressor.FLUSH_FRAME)

    return compress
