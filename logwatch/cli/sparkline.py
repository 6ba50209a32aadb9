"""How often over time, as a row of characters: one for each stretch, as high as it was often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

LEVELS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
ASCII_LEVELS = "_.-=+*#@"
ASCII_NOTHING = " "
MOST_COLUMNS = 31
_STEPS = (
    *(1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0),
    *(3600.0, 7200.0, 21_600.0, 43_200.0, 86_400.0, 604_800.0),
    *(14 * 86_400.0, 28 * 86_400.0, 91 * 86_400.0, 364 * 86_400.0),
)


class Scale(NamedTuple):
    """What the columns of all rows stand for."""

    start: float
    step: float
    """Seconds in one column."""
    columns: int


def scale(first: float, last: float) -> Scale:
    """Columns of a length that people count in, which hold everything from `first` to `last`."""
    for step in _STEPS:
        start = _floor(first, step)
        columns = int((last - start) // step) + 1
        if columns <= MOST_COLUMNS:
            return Scale(start, step, columns)
    step = _STEPS[-1]
    while (last - _floor(first, step)) // step + 1 > MOST_COLUMNS:
        step *= 2
    start = _floor(first, step)
    return Scale(start, step, int((last - start) // step) + 1)


def sparkline(counts: Sequence[int], *, ascii_only: bool) -> str:
    """`▁▂▁·█`: the highest is full, and what is not nothing is never drawn as nothing."""
    levels = ASCII_LEVELS if ascii_only else LEVELS
    nothing = ASCII_NOTHING if ascii_only else NOTHING
    most = max(counts, default=0)
    return "".join(
        levels[(count * len(levels) - 1) // most if most else 0] if count else nothing
        for count in counts
    )


def _floor(time: float, step: float) -> float:
    """The beginning of the stretch that `time` lies in, as local clocks count."""
    offset = datetime.fromtimestamp(time).astimezone().utcoffset()
    local = offset.total_seconds() if offset else 0.0
    return (time + local) // step * step - local
