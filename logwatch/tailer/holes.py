"""Where content begins in a file that has a hole before it.

A writer without O_APPEND leaves one when its file is cut: it goes on where it was, and what is
before that reads as NULs, however many gigabytes. They are not read where the file system knows
better. Source: lseek(2), SEEK_DATA.
"""

from __future__ import annotations

import os

_CHUNK = 256 * 1024


def behind_hole(fd: int, size: int) -> int:
    """Offset of the first byte that is no NUL, at most `size`; 0 where the first one is none.

    Raises OSError.
    """
    if os.pread(fd, 1, 0) != b"\0":
        return 0
    position = 0
    while position < size:
        try:
            position = os.lseek(fd, position, os.SEEK_DATA)
        except OSError:  # nothing but a hole to the end
            return size
        chunk = os.pread(fd, _CHUNK, position)
        content = chunk.lstrip(b"\0")
        position += len(chunk) - len(content)
        if content or not chunk:
            break
    return min(position, size)  # it may have grown meanwhile
