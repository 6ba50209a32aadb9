"""Where to begin in a file: before its last lines or bytes, behind its first ones, at a time.

The position is a checkpoint, from which the daemon's follower reads on. Offsets in bytes; in
a file whose mark says that it is UTF-16 lines are counted there, and no unit is cut in two.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from logwatch.cli.tail_request import Request
from logwatch.records import Checkpoint
from logwatch.tailer.fingerprint import OpenFile, identity
from logwatch.tailer.latest import at_last_lines
from logwatch.tailer.opening import open_regular
from logwatch.tailer.positions import at, fresh_checkpoint
from logwatch.tailer.text_encoding import LONGEST_MARK, TextEncoding, recognised

_STEP = 1 << 16
_NEAR = 1 << 20
"""So near to the time that is asked for the lines are read one by one."""
FAR_BYTES = 4 << 20
TimeOf = Callable[[str], float | None]


def begin_at(
    path: str, request: Request, since: float | None, time_of: TimeOf, *, far: bool = False
) -> list[Checkpoint]:
    """The position from which to read on, in the form that a tail takes it.

    `since` in seconds since the epoch wins over a number of lines that nobody gave; `far`: some
    megabytes before the end. Empty where the file cannot be read now.
    """
    try:
        if far:
            return [_at(path, _far_back)]
        if since is not None and not request.amount_given:
            return [_at(path, lambda file, text: _offset_of(file, text, since, time_of))]
        if request.from_start:
            return [_at(path, lambda file, text: _behind_first(file, text, request))]
        if request.unit == "lines":
            return [at_last_lines(path, request.amount)]
        return [_at(path, lambda file, text: _whole(text, file.size - request.amount))]
    except OSError:
        return []


def _at(path: str, offset_of: Callable[[OpenFile, TextEncoding], int]) -> Checkpoint:
    file = open_regular(path)
    try:
        name = identity(file.inode, file.birth, 0)
        text = recognised(os.pread(file.fd, LONGEST_MARK, 0), "utf-8")
        return at(file, fresh_checkpoint(file, path, name, 0), offset_of(file, text))
    finally:
        os.close(file.fd)


def _whole(text: TextEncoding, offset: int) -> int:
    """`offset` or the beginning of the unit that it is in."""
    offset = max(0, offset)
    return offset - offset % text.unit


def _far_back(file: OpenFile, text: TextEncoding) -> int:
    offset = _whole(text, file.size - FAR_BYTES)
    return offset and offset + text.first_end(os.pread(file.fd, _STEP, offset))


def _behind_first(file: OpenFile, text: TextEncoding, request: Request) -> int:
    if request.unit == "bytes":
        return _whole(text, min(request.amount, file.size))
    left, offset = request.amount, 0
    while left:
        piece = os.pread(file.fd, _STEP, offset)
        if not piece:
            return offset
        if (ends := text.count(piece)) < left:
            left -= ends
            offset += len(piece)
            continue
        cut = 0
        for _ in range(left):
            cut = text.first_end(piece, cut)
        return offset + cut
    return offset


def _offset_of(file: OpenFile, text: TextEncoding, since: float, time_of: TimeOf) -> int:
    """An offset before the first line that is not older, near it, at the beginning of a line.

    The stamps of a log rise, if not always by the line: what is within a megabyte is not decided
    here.
    """
    low, high = 0, file.size
    while high - low > _NEAR:
        middle = _whole(text, (low + high) // 2)
        found = _stamp_near(file, text, middle, time_of)
        if found is not None and found < since:
            low = middle
        else:
            high = middle
    if not low:
        return 0
    return low + text.first_end(os.pread(file.fd, _STEP, low))


def _stamp_near(file: OpenFile, text: TextEncoding, offset: int, time_of: TimeOf) -> float | None:
    piece = os.pread(file.fd, _STEP, offset).decode(text.codec, "backslashreplace")
    for line in piece.split("\n")[1:-1]:
        stamp = time_of(line)
        if stamp is not None:
            return stamp
    return None
