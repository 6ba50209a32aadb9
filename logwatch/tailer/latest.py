"""Where the last lines of a file begin, as a position from which a tail can read on."""

from __future__ import annotations

import os

from logwatch.records import Checkpoint
from logwatch.tailer.fingerprint import OpenFile, identity
from logwatch.tailer.opening import open_regular
from logwatch.tailer.positions import at, fresh_checkpoint
from logwatch.tailer.text_encoding import LONGEST_MARK, TextEncoding, recognised

_STEP = 65_536


def at_last_lines(path: str, number: int) -> Checkpoint:
    """A checkpoint of the file at `path` before its last `number` lines. Raises OSError.

    A last line without its newline counts as one.
    """
    file = open_regular(path)
    try:
        name = identity(file.inode, file.birth, 0)
        text = recognised(os.pread(file.fd, LONGEST_MARK, 0), "utf-8")
        offset = _offset(file, number, text)
        return at(file, fresh_checkpoint(file, path, name, 0), offset)
    finally:
        os.close(file.fd)


def _offset(file: OpenFile, number: int, text: TextEncoding) -> int:
    size = file.size - file.size % text.unit
    is_whole = os.pread(file.fd, text.unit, max(0, size - text.unit)) in (text.newline, b"")
    if number <= 0:
        return size if is_whole else _offset(file, 1, text)
    wanted = number + is_whole  # the newline before the first of them
    end = size
    while end > 0:
        start = max(0, end - _STEP)
        piece = os.pread(file.fd, end - start, start)
        newlines = text.count(piece)
        if newlines < wanted:
            wanted -= newlines
            end = start
            continue
        cut = len(piece)
        for _ in range(wanted):
            cut = text.last_end(piece, end=cut) - text.unit
        return start + cut + text.unit
    return 0
