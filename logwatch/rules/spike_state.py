"""What a spike rule remembers of a key: its buckets, the spike that goes on, and lines to quote."""

from __future__ import annotations

from logwatch.rules.keyed import KeyState
from logwatch.rules.kinds import Direction
from logwatch.rules.samples import QUOTED_LINES, Sample
from logwatch.windows.buckets import Buckets

_OPEN = 4
"""Open buckets of which lines are kept, to be quoted."""


class SpikeState(KeyState, kw_only=True):
    """The buckets of one key."""

    buckets: Buckets
    judged: int
    """The last bucket that was judged."""
    whole: int
    """The first bucket that was watched from its beginning."""
    lines: dict[int, list[Sample]]
    """The latest lines of buckets that are still open."""
    raised: Direction = ""
    """Which way the spike goes that is told, or is to be told after the cool-down."""
    baseline: float = 0.0
    """That of the beginning of the spike."""
    known: int = 0
    """Weeks that the baseline is made of."""
    newest: int = 0
    """Count of the bucket that was judged last."""


def keep_line(lines: dict[int, list[Sample]], bucket: int, line: Sample) -> None:
    """Keep a line of an open bucket; those of stray stamps ahead go first."""
    kept = lines.get(bucket)
    if kept is None:
        if len(lines) >= _OPEN:
            farthest = max(lines)
            if bucket > farthest:
                return
            del lines[farthest]
        kept = lines[bucket] = []
    kept.append(line)
    kept.sort(key=_place)
    del kept[:-QUOTED_LINES]


def _place(line: Sample) -> tuple[str, str, int]:
    return line.line.time, line.line.path, line.line.offset
