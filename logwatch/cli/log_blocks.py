"""Whole lines of logs that nobody follows: files, compressed files, standard input.

Read in blocks as the engine likes them. Of a line that is longer than the source allows, no more is
kept than what is looked at. Lines that a source puts together are never in two blocks.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from logwatch.tailer.compressed import OldLog
from logwatch.tailer.multiline import JOINT, Framer
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.text_encoding import read_as_matched

if TYPE_CHECKING:
    from logwatch.tailer.container_lines import ContainerFramer

BLOCK_BYTES = 1024 * 1024
STANDARD_INPUT = "-"
_COMPRESSED = (".gz", ".bz2", ".xz", ".lzma", ".zst")


class RecordBlock(NamedTuple):
    """Whole records."""

    data: bytes
    joined: bytes | None = None
    """`data` with each record as one line, where the source puts lines together."""

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.data.count(b"\n") + (not self.data.endswith(b"\n"))


def size_of(path: str) -> int:
    """Bytes of the file; 0 where they say nothing of what is in it, or there is none."""
    if path == STANDARD_INPUT or path.endswith(_COMPRESSED):
        return 0
    try:
        return os.stat(path).st_size  # noqa: PTH116 - as it is written
    except OSError:
        return 0


def records_of_file(path: str, source: SourceSettings) -> Iterator[RecordBlock]:
    """The file at `path`, `-` is standard input, as a file of `source`.

    Raises OSError, UsageError where there is nothing to uncompress it with.
    """
    blocks = blocks_of_file(path, source.max_line, source.encoding)
    unwrapping = source.unwrapping
    found = record_blocks(blocks, unwrapping or source.text_framer)
    return found if unwrapping is None else _unwrapped(found, unwrapping)


def _unwrapped(blocks: Iterable[RecordBlock], framer: ContainerFramer) -> Iterator[RecordBlock]:
    """As the program wrote them, whose container's log they are in."""
    for block in blocks:
        data = framer.unwrap(block.data).data
        yield RecordBlock(data, framer.joined(data))


def record_blocks(blocks: Iterable[bytes], framer: Framer | None) -> Iterator[RecordBlock]:
    """Blocks of whole lines as blocks of whole records."""
    if framer is None:
        yield from map(RecordBlock, blocks)
        return
    rest = b""
    for block in blocks:
        data = rest + block
        # A last line without its newline is the end of all.
        found = framer.frame(data, final=not block.endswith(b"\n"))
        rest = data[len(found.data) :]
        if found.data:
            yield RecordBlock(found.data, found.joined)
    if rest:
        yield RecordBlock(*framer.frame(rest, final=True)[:2])


def records_of_text(data: bytes, framer: Framer | None) -> list[bytes]:
    """The records of a text, each without the newline at its end."""
    lines = data if framer is None else framer.frame(data, final=True).joined
    ends = accumulate(len(line) + 1 for line in lines.split(b"\n"))
    return [data[start : end - 1] for start, end in pairwise([0, *ends])]


def one_record(data: bytes, framer: Framer | None) -> RecordBlock:
    """What was found as a record, without its newline, to be looked at again."""
    joined = None if framer is None else data.replace(b"\n", JOINT) + b"\n"
    return RecordBlock(data + b"\n", joined)


def blocks_of_file(path: str, longest: int, encoding: str = "utf-8") -> Iterator[bytes]:
    """Blocks of the file at `path`, `-` is standard input; each ends with its last line.

    `longest` is how many bytes of one line are looked at, `encoding` that of files without a byte
    order mark. Blocks are as they are matched. Raises OSError, UsageError where there is nothing to
    uncompress it with.
    """
    if path == STANDARD_INPUT:
        yield from whole_lines(read_as_matched(_reading(sys.stdin.buffer), encoding), longest)
        return
    with closing(OldLog(path)) as file:
        read = read_as_matched(lambda: file.read(BLOCK_BYTES), encoding)
        yield from whole_lines(read, longest)


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
