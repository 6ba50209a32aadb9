"""What a look at a path's family found: where reading of a file begins, and what is new."""

from __future__ import annotations

import os
from collections.abc import Iterable

from msgspec import Struct

from logwatch.records import Checkpoint
from logwatch.tailer.archive import Archive, Unreadable, last_written
from logwatch.tailer.fingerprint import OpenFile
from logwatch.tailer.siblings import Sibling


class MovedError(Exception):
    """Raised when a file is no longer under its path."""


class Beginning(Struct, frozen=True):
    """Where reading of a file begins; up to `reread_end` it may have been read before."""

    checkpoint: Checkpoint
    reread_end: int = 0


class Unseen(Struct, frozen=True):
    """Generations that appeared unnoticed, oldest first, and those that cannot be read."""

    files: list[OpenFile | Archive]
    unreadable: list[Unreadable]
    is_final: bool = True
    """Whether there is nothing to look at again; else a file is just being compressed."""

    def close(self) -> None:
        """Let go of all of them."""
        for each in self.files:
            if isinstance(each, Archive):
                each.unpacking.close()
            else:
                os.close(each.fd)


def in_order(siblings: Iterable[Sibling]) -> list[Sibling]:
    """Plain ones as they come, oldest first, with the compressed ones put between.

    When a file was compressed says nothing of its age, when it was last written does.
    """
    every = tuple(siblings)
    packed = sorted((each for each in every if each.compressed), key=last_written, reverse=True)
    order: list[Sibling] = []
    for plain in (each for each in every if not each.compressed):
        while packed and last_written(packed[-1]) <= last_written(plain):
            order.append(packed.pop())
        order.append(plain)
    return [*order, *reversed(packed)]
