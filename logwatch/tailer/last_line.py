"""The last line of a rotated file that has a tail of its own, where that has no newline.

A file that has left its path is at its end some minutes after the last write, and its last line is
handed on as it is. With a glob like `app.log*` a rotated file is under a path of its own, which it
leaves at the next rotation, a day later perhaps: so it counts as left where there is a tail of the
log that its name is made of. Should somebody write the rest of the line after all, that comes as a
line of its own.
"""

from __future__ import annotations

from logwatch.clock import Moment
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import Key
from logwatch.tailer.generation import Generation
from logwatch.tailer.siblings import stem


class LastLine:
    """That of what is under one rotated name."""

    def __init__(self, path: str, claims: Claims, grace: float) -> None:
        """`grace`: seconds without a write after which nobody will write."""
        self._log = stem(path)
        self._claims = claims
        self._grace = grace
        self._rests: tuple[Key, int] | None = None
        """Which file has how many bytes."""
        self._since = 0.0
        """Steady time since which that is so."""

    def due_at(self, current: Generation | None) -> float | None:
        """Steady time at which it is over in the file under the name; None: nothing waits."""
        waits = current is not None and self._rests == _unfinished(current)
        return self._since + self._grace if waits and self._rests is not None else None

    def is_over(self, generation: Generation, now: Moment) -> bool:
        """Whether what is left of `generation`, which has no newline, will stay as it is."""
        rests = None
        if self._claims.seen_beside(self._log) is not None:
            rests = _unfinished(generation)
        if rests != self._rests:
            self._rests, self._since = rests, now.steady
        return rests is not None and now.steady - self._since >= self._grace


def _unfinished(generation: Generation) -> tuple[Key, int] | None:
    """Which file has how many bytes, where some of them are not handed on."""
    if generation.size <= generation.offset:
        return None
    return generation.key, generation.size
