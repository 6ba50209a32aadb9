"""Kind 6, expect: A opens a deadline, B in time closes it, else it fires."""

from __future__ import annotations

from typing import ClassVar

from logwatch.rules.base import KindSettings, Selector
from logwatch.units import Duration


class Expect(KindSettings, frozen=True, kw_only=True):
    """`expect: {match: 'finished job={job} ok', within: 2h}`."""

    word: ClassVar[str] = "expect"

    closing: Selector
    """What must follow; part 1 of the rule. `{job}` in it is read as a group of that name."""
    within: Duration
    references: tuple[str, ...] = ()
    """Captures of `closing` that must be equal to those of the opening record."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: what opens, and what closes."""
        return (own, self.closing)
