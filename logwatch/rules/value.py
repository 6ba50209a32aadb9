"""Kind 11, value: a figure of a numeric field per key within a time is out of bounds."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings
from logwatch.units import Duration


class Value(KindSettings, frozen=True, kw_only=True):
    """`value: {p95: request_time, above: 800ms, in: 5m, min: 50}`."""

    word: ClassVar[str] = "value"

    measure: str
    """`min`, `max`, `avg`, `sum`, or `p50` to `p99`."""
    field: str
    above: float | None = None
    """Fires above this, exclusive; in seconds or bytes where it was written with a unit."""
    below: float | None = None
    """Fires below this, exclusive."""
    bound: str = ""
    """The bound as it was written, for people: `800ms`."""
    window: Duration
    minimum: int = 1
    """Samples without which nothing is said (`min`)."""
