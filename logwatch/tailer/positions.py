"""Checkpoints of a generation that begins, stands elsewhere, moves to another file, or ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from logwatch.records import Block, Checkpoint
from logwatch.tailer.fingerprint import HEAD_LENGTH, OpenFile, head, marker, matches
from logwatch.tailer.text_encoding import LONGEST_MARK, recognised

if TYPE_CHECKING:
    from logwatch.tailer.generation import Limits


def in_file(checkpoint: Checkpoint, file: OpenFile) -> Checkpoint:
    """The same generation at the same offset, in another file with the same content."""
    return replace(checkpoint, device=file.device, inode=file.inode, birth=file.birth)


def closing(checkpoint: Checkpoint) -> Block:
    """The empty block that commits a generation as finished, where it is."""
    at_end = checkpoint.offset
    closed = replace(checkpoint, closed=True)
    return Block(path=checkpoint.path, data=b"", start=at_end, end=at_end, checkpoint=closed)


def fresh_checkpoint(file: OpenFile, path: str, identity: str, epoch: int) -> Checkpoint:
    """The checkpoint of a file of which nothing was read. Raises OSError."""
    return Checkpoint(
        identity=identity,
        path=path,
        device=file.device,
        inode=file.inode,
        birth=file.birth,
        epoch=epoch,
        offset=0,
        head=head(file.fd),
    )


def at_end(
    file: OpenFile, checkpoint: Checkpoint, refused: tuple[int, int] | None, limits: Limits
) -> Checkpoint:
    """The same, behind the last line that was there when the file was first seen.

    `refused`: inode and size then, where it could not be opened at once. Where another file was
    there, or this one goes on with an older one, it stays as it is. Raises OSError.
    """
    inode, size = refused or (file.inode, file.size)
    if checkpoint.offset or inode != file.inode:
        return checkpoint
    return at_last_line(file._replace(size=min(size, file.size)), checkpoint, limits)


def at_last_line(file: OpenFile, checkpoint: Checkpoint, limits: Limits) -> Checkpoint:
    """The same, behind the file's last newline: a line that is being written is read whole.

    Within a line of more than `max_line` bytes it is at the end and skips. Raises OSError.
    """
    first = os.pread(file.fd, LONGEST_MARK, 0)
    text = recognised(first, limits.encoding)
    size, longest = file.size - file.size % text.unit, limits.max_line * text.unit
    tail = os.pread(file.fd, min(size, longest), max(0, size - longest))
    newline = text.last_end(tail)
    skipping = not newline and size > longest
    offset = size if skipping else max(0, size - longest) + newline
    return at(file, checkpoint, offset, skipping=skipping)


def at(
    file: OpenFile, checkpoint: Checkpoint, offset: int, *, skipping: bool = False
) -> Checkpoint:
    """The same checkpoint at another offset of `file`. Raises OSError."""
    markers = (marker(file.fd, offset),) if offset else ()
    return replace(checkpoint, offset=offset, markers=markers, skipping=skipping)


def intact_end(fd: int, checkpoint: Checkpoint, size: int) -> int:
    """Up to where a shorter file surely has the bytes that were read already, else 0.

    Proof is the last marker within `size` if it is beyond the head, for a program may begin every
    file with the same lines. What follows it may be new. Raises OSError.
    """
    usable = [each for each in checkpoint.markers if each.offset <= size][-1:]
    proven = usable and usable[0].offset > HEAD_LENGTH and matches(fd, usable[0])
    return usable[0].offset if proven else 0
