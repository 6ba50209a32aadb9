"""What the chain of one path, and what looks after its cut files, need to know of their tail."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from logwatch.tailer.generation import Limits


class ChainSettings(Struct, frozen=True):
    """Of one tail; they never change."""

    path: str
    start: Literal["end", "beginning"]
    limits: Limits
    archives: tuple[str, ...] = ()
    """Folders in which rotated files may lie, beside the log's own."""
    doubtful: bool = False
    """Whether what is there at the first look may have been read since what is known of it."""
