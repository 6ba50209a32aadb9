"""Where the last lines of a file begin, as a position from which a tail can read on."""

from __future__ import annotations

import os

from logwatch.records import Checkpoint
from logwatch.tailer.fingerprint import OpenFile, identity
from logwatch.tailer.opening import open_regular
from logwatch.tailer.positions import at, fresh_checkpoint

_STEP = 65_536


def at_last_lines(path: str, number: int) -> Checkpoint:
    """A checkpoint of the file at `path` before its last `number` lines. Raises OSError.

    A last line without its newline counts as one.
    """
    file = open_regular(path)
    try:
        name = identity(file.inode, file.birth, 0)
        return at(file, fresh_checkpoint(file, path, name, 0), _offset(file, number))
    finally:
        os.close(file.fd)


def _offset(file: OpenFile, number: int) -> int:
    if number <= 0:
        last = os.pread(file.fd, 1, max(0, file.size - 1))
        return file.size if last in (b"\n", b"") else _offset(file, 1)
    wanted = number + 1  # the newline before the first of them
    end = file.size
    if end and os.pread(file.fd, 1, end - 1) != b"\n":
        wanted -= 1
    while end > 0:
        start = max(0, end - _STEP)
        piece = os.pread(file.fd, end - start, start)
        newlines = piece.count(b"\n")
        if newlines < wanted:
            wanted -= newlines
            end = start
            continue
        cut = len(piece)
        for _ in range(wanted):
            cut = piece.rfind(b"\n", 0, cut)
        return start + cut + 1
    return 0
