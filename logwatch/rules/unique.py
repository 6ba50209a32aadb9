"""Kind 7, unique: too many distinct values of a field per key within a time."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings
from logwatch.units import Duration


class Unique(KindSettings, frozen=True, kw_only=True):
    """`unique: {of: port, above: 20, in: 1m}`."""

    word: ClassVar[str] = "unique"

    of: tuple[str, ...]
    """The field, or fields that are one value together."""
    above: int
    """Fires when there are more distinct values than this."""
    window: Duration
