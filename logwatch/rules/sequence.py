"""Kind 5, sequence: steps in order, joined on a key, within a time from the first to the last.

Event times decide the order and not the order of arrival; equal times are in order.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from msgspec import Struct

from logwatch.rules.base import KindSettings, Selector
from logwatch.units import Duration


class Heard(Struct, frozen=True, kw_only=True):
    """A step that another rule takes by firing."""

    rule: str


Step: TypeAlias = Selector | Heard


class Sequence(KindSettings, frozen=True, kw_only=True):
    """`sequence: [{rule: ssh-guessing}, {in: auth, match: ...}]`, `within: 10m`."""

    word: ClassVar[str] = "sequence"

    steps: tuple[Step, ...]
    within: Duration
    references: tuple[tuple[str, ...], ...] = ()
    """For each step, the captures of it that must be equal to those of an earlier step (`{job}`)."""

    def selectors(self, own: Selector) -> tuple[Selector, ...]:
        """See `KindSettings.selectors`: the steps that are no rules, in their order."""
        return tuple(step for step in self.steps if isinstance(step, Selector))

    def hears(self) -> tuple[str, ...]:
        """See `KindSettings.hears`."""
        return tuple(step.rule for step in self.steps if isinstance(step, Heard))
