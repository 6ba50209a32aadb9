"""Whole lines of logs that nobody follows: files, compressed files, standard input.

Read in blocks as the engine likes them. Of a line that is longer than the source allows, no more is
kept than what is looked at.
"""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, cast

from logwatch.errors import UsageError

BLOCK_BYTES = 1024 * 1024
STANDARD_INPUT = "-"
_ZSTD = ("compression.zstd", "backports.zstd", "zstandard")
"""Modules that read .zst, each with an `open` like that of gzip."""


def blocks_of_file(path: str, longest: int) -> Iterator[bytes]:
    """Blocks of the file at `path`, `-` is standard input; each ends with its last line.

    `longest` is how many bytes of one line are looked at. Raises OSError, EOFError for a compressed
    file that is cut off, UsageError where there is nothing to uncompress it with.
    """
    if path == STANDARD_INPUT:
        yield from whole_lines(_reading(sys.stdin.buffer), longest)
        return
    with closing(_opened(path)) as file:
        yield from whole_lines(lambda: file.read(BLOCK_BYTES), longest)


def whole_lines(read: Callable[[], bytes], longest: int) -> Iterator[bytes]:
    """What `read` gives until it gives nothing, cut at newlines."""
    kept: list[bytes] = []
    size = 0
    while piece := read():
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join([*kept, piece[:end]])
            kept, size = [], 0
        rest = piece[end : end + max(0, longest + 1 - size)]
        if rest:
            kept.append(rest)
            size += len(rest)
    if kept:
        yield b"".join(kept)


def _reading(stream: BinaryIO) -> Callable[[], bytes]:
    """What is there is read at once: whoever writes into a pipe may take his time."""
    if isinstance(stream, io.BufferedReader):
        return lambda: stream.read1(BLOCK_BYTES)
    return lambda: stream.read(BLOCK_BYTES)


def _opened(path: str) -> BinaryIO:
    with Path(path).open("rb") as file:
        head = file.read(4)
    if head.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", gzip.open(path, "rb"))
    if head == b"\x28\xb5\x2f\xfd":
        return _opened_zstd(path)
    return Path(path).open("rb")


def _opened_zstd(path: str) -> BinaryIO:
    for name in _ZSTD:
        try:
            module = import_module(name)
        except ImportError:
            continue
        return cast("BinaryIO", module.open(path, "rb"))
    raise UsageError(f"{path}: nothing here reads .zst; zstd -dc {path} | logwatch try ... -")
