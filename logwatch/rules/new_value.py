"""Kind 8, new value: the first sight of a value that was not seen for a long time."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings
from logwatch.units import Duration


class NewValue(KindSettings, frozen=True, kw_only=True):
    """`new: {value: [who, as], learn: 7d, forget: 90d}`."""

    word: ClassVar[str] = "new"

    value: tuple[str, ...]
    """The field, or fields that are one value together."""
    learn: Duration = 0.0
    """For so long after its first record of all the rule only learns."""
    forget: Duration | None = None
    """A value not seen for so long is new again; None: never."""
