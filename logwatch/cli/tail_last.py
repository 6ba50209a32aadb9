"""The last lines or bytes of what is open, or all but the first, whether it can seek or not.

What can seek is read backwards from its end and never as a whole. Of a pipe the last part is
kept in memory, and no more than that. Sizes in bytes.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable

from logwatch.cli.tail_request import Request

STEP = 1 << 18
_SMALL = 4096
"""What claims to be no larger may be larger: files of /proc and /sys do not know their size."""
Take = Callable[[bytes], None]


def show_last(fd: int, request: Request, take: Take) -> int:
    """Hand the part of `fd` that is asked for to `take`; returns the position behind it.

    Raises OSError. What cannot seek is read to its end.
    """
    status = os.fstat(fd)
    start = _position(fd)
    if request.from_start:
        _skip(fd, request, start, take)
    elif start is None or not _knows_its_size(status):
        _keep_last(fd, request, take)
    else:
        end = _end(fd, status)
        if request.unit == "bytes":
            begin = max(start, end - request.amount)
        else:
            begin = _before_last_lines(fd, start, max(start, end), request)
        os.lseek(fd, begin, os.SEEK_SET)
    return dump(fd, take, begin_at=_position(fd))


def dump(fd: int, take: Take, *, begin_at: int | None = None) -> int:
    """Hand on everything up to the end; returns the position then.

    Raises OSError; what is not there yet is no error.
    """
    at = begin_at or 0
    while True:
        try:
            data = os.read(fd, STEP)
        except BlockingIOError:
            return at
        if not data:
            return at
        take(data)
        at += len(data)


def _position(fd: int) -> int | None:
    try:
        return os.lseek(fd, 0, os.SEEK_CUR)
    except OSError:
        return None


def _knows_its_size(status: os.stat_result) -> bool:
    if stat.S_ISREG(status.st_mode):
        return status.st_size > max(_SMALL, status.st_blksize)
    return stat.S_ISBLK(status.st_mode)


def _end(fd: int, status: os.stat_result) -> int:
    if stat.S_ISREG(status.st_mode):
        return status.st_size
    here = os.lseek(fd, 0, os.SEEK_CUR)
    end = os.lseek(fd, 0, os.SEEK_END)
    os.lseek(fd, here, os.SEEK_SET)
    return end


def _before_last_lines(fd: int, start: int, end: int, request: Request) -> int:
    """Where the last `amount` lines before `end` begin; a last one without its end counts."""
    if not request.amount:
        return end
    wanted = request.amount
    if end > start and os.pread(fd, 1, end - 1) == request.end:
        wanted += 1  # the end of the last line begins none
    while end > start:
        begin = max(start, end - STEP)
        piece = os.pread(fd, end - begin, begin)
        ends = piece.count(request.end)
        if ends < wanted:
            wanted -= ends
            end = begin
            continue
        cut = len(piece)
        for _ in range(wanted):
            cut = piece.rfind(request.end, 0, cut)
        return begin + cut + 1
    return start


def _skip(fd: int, request: Request, start: int | None, take: Take) -> None:
    """Pass over the first `amount` lines or bytes."""
    left = request.amount
    if request.unit == "bytes" and start is not None and stat.S_ISREG(os.fstat(fd).st_mode):
        os.lseek(fd, start + left, os.SEEK_SET)
        return
    while left:
        data = os.read(fd, STEP)
        if not data:
            return
        ends = len(data) if request.unit == "bytes" else data.count(request.end)
        if ends < left:
            left -= ends
            continue
        take(data[left:] if request.unit == "bytes" else _after(data, request.end, left))
        return


def _after(data: bytes, end: bytes, number: int) -> bytes:
    at = 0
    for _ in range(number):
        at = data.find(end, at) + 1
    return data[at:]


def _keep_last(fd: int, request: Request, take: Take) -> None:
    """Read to the end, and keep as many pieces as hold what is asked for."""
    pieces: deque[tuple[bytes, int]] = deque()
    kept = 0
    in_bytes = request.unit == "bytes"
    while data := os.read(fd, STEP):
        units = len(data) if in_bytes else data.count(request.end)
        pieces.append((data, units))
        kept += units
        while kept - pieces[0][1] > request.amount:
            kept -= pieces.popleft()[1]
    everything = b"".join(data for data, _ in pieces)
    if in_bytes:
        last = everything[len(everything) - min(request.amount, len(everything)) :]
    else:
        last = _last_lines(everything, request)
    if last:
        take(last)


def _last_lines(data: bytes, request: Request) -> bytes:
    cut = len(data) - data.endswith(request.end)
    for _ in range(request.amount):
        cut = data.rfind(request.end, 0, cut)
        if cut < 0:
            return data
    return data[cut + 1 :] if request.amount else b""
