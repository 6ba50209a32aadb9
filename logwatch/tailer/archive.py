"""One compressed file as a generation that is read, or why it cannot be."""

from __future__ import annotations

import errno
import os
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from logwatch.errors import UsageError
from logwatch.records import Checkpoint
from logwatch.tailer.compressed import is_compressed
from logwatch.tailer.fingerprint import HEAD_LENGTH, OpenFile, matches
from logwatch.tailer.siblings import Sibling
from logwatch.tailer.state import LossReason
from logwatch.tailer.unpacking import Unpacking

EVERYTHING: Final = 1 << 62
"""Bytes: more than any file has."""


class Archive(Struct, frozen=True):
    """A compressed file that is open, with what is left to read of it."""

    unpacking: Unpacking
    modified_ns: int
    known: Checkpoint | None = None
    """The generation that it is; None: one that nobody has seen."""
    reread_end: int = 0
    """Up to here it may have been read before."""
    is_shortened: bool = False
    """Whether more was seen of the generation than there is."""


class Unreadable(Struct, frozen=True):
    """A compressed file that cannot be read, and why."""

    path: str
    size: int | None
    """Bytes that it would have had; None: nobody can say."""
    reason: LossReason


Verdict: TypeAlias = Archive | Unreadable | Literal["known", "undecided"]
"""What is to be done with a compressed file; "undecided": it is just being written."""


def resumed(file: OpenFile, checkpoint: Checkpoint) -> Archive | None:
    """The archive that `file` is, at the checkpoint's offset; None where it is a plain file.

    Takes the file over if it is one. One of which not even the beginning can be read counts as
    plain: its own next read will say so. Raises OSError; then it is closed.
    """
    try:
        if matches(file.fd, checkpoint.head) or not is_compressed(os.pread(file.fd, 6, 0)):
            return None
    except OSError:
        return None
    unpacking = Unpacking(file)
    try:
        unpacking.fill(max(checkpoint.offset + 1, HEAD_LENGTH))
    except UsageError as error:
        unpacking.close()
        raise OSError(errno.EINVAL, str(error)) from error
    except OSError:
        unpacking.close()
        raise
    return Archive(unpacking, file.modified_ns, checkpoint)


def last_written(sibling: Sibling) -> tuple[int, tuple[int, str]]:
    """Sorts compressed files from older to younger."""
    return sibling.modified_ns, sibling.rank
