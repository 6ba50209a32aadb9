"""Kind 11, ratio: the share of some records among all of a rule per key within a time."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings, Selector
from logwatch.units import Duration, Share


class Ratio(KindSettings, frozen=True, kw_only=True):
    """`ratio: {of: {status: '>= 500'}, above: 5%, in: 5m, min: 200}`."""

    word: ClassVar[str] = "ratio"

    of: Selector
    """What counts as a part: the rule's own selector with the conditions of `of` added; part 0.

    All records that the rule looks at are part 1, so that of a record which is both the part comes
    first.
    """
    above: Share | None = None
    """Fires above this, exclusive."""
    below: Share | None = None
    window: Duration
    minimum: int = 1
    """Records without which nothing is said (`min`)."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: the part, and all."""
        return (self.of, own)
