"""Kind 10, spike: many more, or fewer, than before; closed buckets only."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings
from logwatch.units import Duration


class Spike(KindSettings, frozen=True, kw_only=True):
    """`spike: {up: 3, over: 10m, vs: previous, min: 30}`."""

    word: ClassVar[str] = "spike"

    up: float | None = None
    """Fires at so many times the count before, or more."""
    down: float | None = None
    """Fires at that count divided by so many, or less."""
    over: Duration
    """Width of a bucket."""
    weeks: int = 0
    """0: against the previous bucket; else against the median of the same time of so many weeks."""
    minimum: int
    """Records that the greater of the two must have (`min`)."""
