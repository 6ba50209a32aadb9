"""Kind 9, new template: the first sight of a form of message, per source."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings
from logwatch.units import Duration


class NewTemplate(KindSettings, frozen=True, kw_only=True):
    """`new: {template: message, learn: 24h, at_most: 5/h}`."""

    word: ClassVar[str] = "new"

    field: str = "message"
    """Which field holds the text; where a record has it not, the whole record counts."""
    learn: Duration = 0.0
    at_most: tuple[int, Duration] | None = None
    """So many alerts within so long; the rest is counted and told in one closing note."""
