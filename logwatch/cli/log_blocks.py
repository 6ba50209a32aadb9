"""Whole lines of logs that nobody follows: files, compressed files, standard input.

Read in blocks as the engine likes them. Of a line that is longer than the source allows, no more is
kept than what is looked at.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import BinaryIO

from logwatch.simulation.compressed import OldLog

BLOCK_BYTES = 1024 * 1024
STANDARD_INPUT = "-"


def blocks_of_file(path: str, longest: int) -> Iterator[bytes]:
    """Blocks of the file at `path`, `-` is standard input; each ends with its last line.

    `longest` is how many bytes of one line are looked at. Raises OSError, UsageError where
    there is nothing to uncompress it with.
    """
    if path == STANDARD_INPUT:
        yield from whole_lines(_reading(sys.stdin.buffer), longest)
        return
    with closing(OldLog(path)) as file:
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
