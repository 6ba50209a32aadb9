"""Checkpoints of a generation that moves to another file, or ends."""

from __future__ import annotations

from msgspec.structs import replace

from logwatch.records import Block, Checkpoint
from logwatch.tailer.fingerprint import OpenFile


def in_file(checkpoint: Checkpoint, file: OpenFile) -> Checkpoint:
    """The same generation at the same offset, in another file with the same content."""
    return replace(checkpoint, device=file.device, inode=file.inode, birth=file.birth)


def closing(checkpoint: Checkpoint) -> Block:
    """The empty block that commits a generation as finished, where it is."""
    at_end = checkpoint.offset
    closed = replace(checkpoint, closed=True)
    return Block(path=checkpoint.path, data=b"", start=at_end, end=at_end, checkpoint=closed)
