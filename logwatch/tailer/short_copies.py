"""Copies that were made before the last lines of a file were read: what they have was told.

A file that is copied while it is written has lines that its copy has not, and these are read where
they come; then it is cut. Nothing of the copy is left to read, nor does it go on where reading was,
so it looks like a generation that nobody has seen.

Proof that it is none is its head and the bytes before an offset beyond it. Where there is too
little for that it is read, and flagged as read again. What may be lost: a generation of its own
that began with more than a kilobyte of the same bytes, and was shorter.
"""

from __future__ import annotations

from collections.abc import Iterable

from logwatch.records import Checkpoint
from logwatch.tailer.fingerprint import OpenFile, matches
from logwatch.tailer.positions import intact_end


def is_short_copy(file: OpenFile, finished: Iterable[Checkpoint]) -> bool:
    """Whether all of this file was read as one of these, which were cut. Raises OSError."""
    return any(
        file.size <= each.offset
        and matches(file.fd, each.head)
        and intact_end(file.fd, each, file.size) > 0
        for each in finished
    )


def perhaps_read(file: OpenFile, finished: Iterable[Checkpoint]) -> int:
    """Up to where this file, which is no proven copy, may be one of these. Raises OSError."""
    ends = (min(file.size, each.offset) for each in finished if _may_be(file, each))
    return max(ends, default=0)


def _may_be(file: OpenFile, checkpoint: Checkpoint) -> bool:
    """Whether all that can be compared is the same."""
    known = (checkpoint.head, *checkpoint.markers)
    return all(matches(file.fd, each) for each in known if each.offset <= file.size)
