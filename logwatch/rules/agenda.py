"""When each rule has something to do, on the two clocks that there are, the earliest first.

A rule is noted with its next deadline. One that moves to a later time is found out when it comes
up; one that moves to an earlier time is noted anew.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from logwatch.rules.base import Basis
from logwatch.rules.deadlines import Deadlines


class Limits(NamedTuple):
    """How far time has come."""

    event: float
    pause: float


class Agenda:
    """The next deadline of each rule, which is known by its index and its name."""

    def __init__(self, rules: int) -> None:
        """`rules`: how many there are."""
        self._deadlines: dict[Basis, Deadlines] = {"event": Deadlines(), "pause": Deadlines()}
        self.noted = [math.inf] * rules
        """The deadline that is noted of each rule, on its own clock; infinity without one."""
        self.next = math.inf
        """Nothing is noted for before this, on either clock."""

    def note(self, index: int, name: str, basis: Basis, at: float, lag: float) -> None:
        """A rule is due `at`, which takes effect `lag` seconds later."""
        self.noted[index] = at
        self._deadlines[basis].put(name, at + lag)
        self.next = min(self.next, at + lag)

    def forget(self, index: int) -> float:
        """What was noted of a rule counts no more; what that was."""
        at, self.noted[index] = self.noted[index], math.inf
        return at

    def drop(self, name: str, basis: Basis) -> None:
        """The rule does not come up any more until it is noted again."""
        self._deadlines[basis].drop(name)

    def pop(self, limits: Limits) -> tuple[str, float] | None:
        """The rule that comes up first within `limits`, and the limit that it was within."""
        due = [
            (first, basis)
            for basis, deadlines in self._deadlines.items()
            if (first := deadlines.first()) is not None and first <= getattr(limits, basis)
        ]
        if not due:
            self.next = min(
                (first for each in self._deadlines.values() if (first := each.first()) is not None),
                default=math.inf,
            )
            return None
        _, basis = min(due)
        limit: float = getattr(limits, basis)
        name = self._deadlines[basis].pop(limit)
        assert name is not None
        return name, limit

    def first(self, basis: Basis) -> float | None:
        """When the first rule comes up on one clock, None where none does."""
        return self._deadlines[basis].first()
