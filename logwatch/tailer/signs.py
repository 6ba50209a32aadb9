"""What is under a path, or in an open file, as a sign that changes when another file or more is."""

from __future__ import annotations

import errno
import os
from typing import TypeAlias

from logwatch.tailer.fingerprint import OpenFile

Sign: TypeAlias = tuple[int, ...] | int
"""What is under a path: device, inode, mode, owner, group, or the errno of looking."""


def sign_of(path: str) -> Sign:
    """The sign of what is under `path` now."""
    try:
        status = os.stat(path)  # noqa: PTH116 - paths here are plain strings
    except OSError as error:
        return error.errno or errno.EIO
    return status.st_dev, status.st_ino, status.st_mode, status.st_uid, status.st_gid


def is_under(path: str, file: OpenFile) -> bool:
    """Whether `path` leads to this open file now."""
    there = inode_and_size(path)
    return there is not None and there[0] == file.inode


def inode_and_size(path: str) -> tuple[int, int] | None:
    """Of the file at `path`; None where nobody can say."""
    try:
        status = os.stat(path)  # noqa: PTH116 - paths here are plain strings
    except OSError:
        return None
    return status.st_ino, status.st_size


def stamp_of(fd: int) -> tuple[int, int] | None:
    """Size and time of change of an open file; None where it was closed meanwhile."""
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
