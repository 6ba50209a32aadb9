"""One old generation of a log -> blocks, cut and named as the daemon's own reader does it.

A plain file is read by that reader itself, so that places and names are those that the daemon gives
while the file exists. A compressed file is another file, with another name in alerts' ids, and its
places are those of the bytes before compression.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager

from msgspec import Struct
from msgspec.structs import replace

from logwatch.clock import SystemClock
from logwatch.records import Block, Checkpoint, Stretch, no_file
from logwatch.tailer.compressed import OldLog
from logwatch.tailer.fingerprint import OpenFile, identity
from logwatch.tailer.generation import Generation, Limits
from logwatch.tailer.multiline import Framed, Framer
from logwatch.tailer.opening import open_regular
from logwatch.tailer.positions import fresh_checkpoint
from logwatch.tailer.record_generation import generation_of
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.text_encoding import (
    LONGEST_MARK,
    TextEncoding,
    behind,
    is_undecided,
    joined,
    recognised,
)

STANDARD_INPUT = "-"
BLOCK_BYTES = 1 << 21


class OldGeneration(Struct, frozen=True):
    """One file that is open for reading."""

    modified: float
    """When it was last written, seconds since the epoch."""
    consumed: Callable[[], int]
    """How many bytes of the file itself were read."""
    blocks: Iterator[Block]
    """All that is in it; a last line counts also without its newline. Raises OSError."""


@contextmanager
def opened(file: str, path: str, source: SourceSettings) -> Iterator[OldGeneration]:
    """Open `file`, whose lines are those of the log `path` of `source`, in whole records.

    Raises OSError; UsageError where it is compressed in a way that nothing here reads.
    """
    limits = Limits(source.max_line, BLOCK_BYTES, source.framer, source.encoding)
    if file == STANDARD_INPUT:
        blocks = _stream(sys.stdin.buffer.read, no_file(path, path), path, limits)
        yield OldGeneration(SystemClock().wall(), lambda: 0, blocks)
        return
    found = open_regular(file)
    try:
        with closing(OldLog(f"/proc/self/fd/{found.fd}")) as log:
            if log.is_compressed:
                yield _compressed(log, found, path, limits)
                return
        yield _as_it_is(found, path, limits)
    finally:
        os.close(found.fd)


def _compressed(log: OldLog, file: OpenFile, path: str, limits: Limits) -> OldGeneration:
    blocks = _stream(log.read, _start(file, path), path, limits)
    return OldGeneration(file.modified_ns / 1e9, lambda: log.consumed, blocks)


def _as_it_is(file: OpenFile, path: str, limits: Limits) -> OldGeneration:
    generation = generation_of(file, _start(file, path), path, limits, backlog=True)
    blocks = _plain(generation)
    return OldGeneration(file.modified_ns / 1e9, lambda: min(generation.offset, file.size), blocks)


def _start(file: OpenFile, path: str) -> Checkpoint:
    return fresh_checkpoint(file, path, identity(file.inode, file.birth, 0), 0)


def _plain(generation: Generation) -> Iterator[Block]:
    """What was in the file when it was opened, for it may grow for ever."""
    while generation.offset < generation.file.size:
        found = generation.read(finish=True)
        if not isinstance(found, Block):  # it was cut meanwhile
            return
        yield found
        del found  # or the next one would need memory of its own


def _stream(
    read: Callable[[int], bytes], checkpoint: Checkpoint, path: str, limits: Limits
) -> Iterator[Block]:
    """Blocks of what can be read but once, in whole records."""
    blocks = _lines(read, checkpoint, path, limits)
    return blocks if limits.framer is None else reframed(blocks, limits.framer)


def reframed(blocks: Iterable[Block], framer: Framer) -> Iterator[Block]:
    """Blocks of whole lines as blocks of whole records."""
    rest, last = Stretch(data=b"", start=0), None

    def block(like: Block, found: Framed, *, partial: bool = False) -> Block:
        end = rest.offset(len(found.data))
        return replace(
            like,
            data=found.data,
            start=rest.start,
            places=rest.places,
            end=end,
            checkpoint=replace(like.checkpoint, offset=end),
            truncated=False,
            partial=partial,
            joined=found.joined,
            cut=found.cut,
        )

    for each in blocks:
        is_end = each.truncated or not each.data  # no record has room for an over-long line
        if is_end:
            found = framer.frame(rest.data + each.data + b"\n", final=True).through(len(rest.data))
        else:
            rest = joined(rest, each) if rest.data else each
            found = framer.frame(rest.data, final=each.partial)
        if found.data:
            yield block(each, found, partial=each.partial)
            rest = behind(rest, len(found.data))
        if is_end:
            yield each
        last = each
    if rest.data and last is not None:
        yield block(last, framer.frame(rest.data, final=True))


def _lines(
    read: Callable[[int], bytes], checkpoint: Checkpoint, path: str, limits: Limits
) -> Iterator[Block]:
    """Blocks of what can be read but once, cut as `Generation` cuts a file."""
    read, text = _begun(read, limits.encoding)
    window = text.unit * max(limits.block_size, limits.max_line + 1)
    rest, start, skipping = b"", text.mark, False

    def block(raw: bytes, end: int, *, most: int | None = None, partial: bool = False) -> Block:
        lines = text.stretch(raw, start)
        return Block(
            path=path,
            data=lines.data[:most],
            start=start,
            places=lines.places,
            end=end,
            checkpoint=replace(checkpoint, offset=end),
            backlog=True,
            truncated=most is not None,
            partial=partial,
        )

    while piece := read(window - len(rest)):
        rest += piece
        if skipping:
            newline = text.first_end(rest)
            skipping = not newline
            passed = newline or len(rest) - len(rest) % text.unit
            yield block(b"", start + passed)
            rest, start = rest[passed:], start + passed
        cut = text.last_end(rest)
        if cut:
            yield block(rest[:cut], start + cut)
            rest, start = rest[cut:], start + cut
        elif len(rest) >= window:
            yield block(rest, start + len(rest), most=limits.max_line)
            rest, start, skipping = b"", start + len(rest), True
    rest = rest[: len(rest) - len(rest) % text.unit]
    if rest and len(text.stretch(rest, start).data) > limits.max_line:
        yield block(rest, start + len(rest), most=limits.max_line)
    elif rest:
        yield block(rest, start + len(rest), partial=True)


def _begun(read: Callable[[int], bytes], named: str) -> tuple[Callable[[int], bytes], TextEncoding]:
    """What reads what is behind a mark, and how it is text."""
    head = b""
    while is_undecided(head) and (more := read(LONGEST_MARK - len(head))):
        head += more
    text = recognised(head, named)
    begun = [head[text.mark :]] if len(head) > text.mark else []
    return lambda size: begun.pop() if begun else read(size), text
