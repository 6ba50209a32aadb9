"""Kind 12, composite: episodes of other rules that burn within a time of one another."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings, Selector
from logwatch.units import Duration


class Composite(KindSettings, frozen=True, kw_only=True):
    """`all_of: [5xx-surge, slow-checkout]`, `within: 5m`, `absorbs: true`."""

    word: ClassVar[str] = "all_of"

    rules: tuple[str, ...]
    needed: int
    """How many of them must burn: all, or one for `any_of`."""
    within: Duration
    """From the first firing to the last one needed."""
    absorbs: bool = False
    """While it burns nobody is told of the parts."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: it looks at no lines."""
        return ()

    def hears(self) -> tuple[str, ...]:
        """See `KindSettings.hears`."""
        return self.rules
