"""What a compressed file has in common with a generation that is known, by its content alone.

A whole head, or the bytes before an offset beyond it, are proof. Less is none: what a program wrote
to while it was compressed is in the compressed file only in part, and where that part is short,
nothing tells it from a generation that nobody has read.
"""

from __future__ import annotations

import os
from typing import Literal

from logwatch.records import Checkpoint
from logwatch.tailer.fingerprint import HEAD_LENGTH, matches
from logwatch.tailer.unpacking import Unpacking

_PIECE = 1 << 18


def begins_as(unpacking: Unpacking, checkpoint: Checkpoint) -> bool:
    """Whether this has all that is known of a generation's beginning. Raises OSError."""
    return 0 < checkpoint.head.length <= unpacking.end and matches(unpacking.fd, checkpoint.head)


def goes_on_from(unpacking: Unpacking, checkpoint: Checkpoint) -> bool:
    """Whether this has the bytes before the checkpoint's offset. Raises OSError."""
    if not unpacking.fill(checkpoint.offset):
        return False
    unpacking.forget(checkpoint.offset)
    return all(matches(unpacking.fd, each) for each in checkpoint.markers[-1:])


def may_begin(unpacking: Unpacking, checkpoint: Checkpoint) -> bool:
    """Whether all of this may be the beginning of a generation, of which more is known.

    Nothing that can be compared differs. Raises OSError.
    """
    end = unpacking.end
    comparable = (each for each in checkpoint.markers if each.offset <= end)
    return checkpoint.head.length > end and all(matches(unpacking.fd, each) for each in comparable)


def begins(unpacking: Unpacking, checkpoint: Checkpoint) -> bool:
    """The same, where there is something to compare. Raises OSError."""
    is_comparable = any(each.offset <= unpacking.end for each in checkpoint.markers)
    return is_comparable and may_begin(unpacking, checkpoint)


def shared(unpacking: Unpacking, known: Checkpoint) -> Literal["known"] | int:
    """Whether all of this is in `known`, which was written on, or how much of it may be.

    Raises OSError.
    """
    end = unpacking.end
    if not unpacking.is_complete or end >= known.offset:
        return 0
    unpacking.rewind()
    for each in known.markers:
        if HEAD_LENGTH < each.offset <= end and unpacking.fill(each.offset):
            unpacking.forget(each.offset)
            if matches(unpacking.fd, each):
                return "known"
    return end


def is_that_packed(unpacking: Unpacking, fd: int) -> bool | None:
    """Whether all that can be uncompressed is at the beginning of a plain file.

    None: that one cannot be read. Raises OSError for the compressed one.
    """
    same = _is_there(fd, 0, os.pread(unpacking.fd, HEAD_LENGTH, 0))
    if not same:
        return same
    unpacking.rewind()
    passed = 0
    while same and unpacking.fill(passed + 1):
        unpacking.fill(passed + _PIECE)
        piece = os.pread(unpacking.fd, unpacking.end - passed, passed)
        same = _is_there(fd, passed, piece)
        passed += len(piece)
        unpacking.forget(passed)
    if not same:
        unpacking.rewind()
        unpacking.fill(HEAD_LENGTH)
    return same


def _is_there(fd: int, offset: int, data: bytes) -> bool | None:
    """Whether a file has this; None: it cannot be read."""
    try:
        return os.pread(fd, len(data), offset) == data
    except OSError:
        return None
