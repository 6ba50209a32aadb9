"""Which rules really take a record that the engine stopped at: those whose `where` holds.

The engine finds lines by `match`, or for a rule without one by the needle of its conditions. Here
each such line is parsed once, whatever the number of its rules, and only as far as is needed to
see that no rule takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from logwatch.conditions import Fields, Predicate
from logwatch.parsers.event_time import EventClock

Taken: TypeAlias = list[tuple[int, dict[str, str]]]
"""Rules, by their number in the matcher, each with what it captured."""


class Selection:
    """The conditions of all rules of one matcher; `predicates` has None for a rule without any."""

    def __init__(self, events: EventClock, predicates: Sequence[Predicate | None]) -> None:
        self._events = events
        self._predicates = tuple(predicates)

    def take(
        self, text: str, found: Taken, *, arrival: float, backlog: bool
    ) -> tuple[float, dict[str, str], Taken] | None:
        """Event time and fields of a record, and those of `found` that take it; None if none do."""
        predicates = self._predicates
        if len(found) == 1:
            predicate = predicates[found[0][0]]
            if predicate is None:
                return *self._events.parse(text, arrival=arrival, backlog=backlog), found
            parsed = self._events.select(text, predicate, arrival=arrival, backlog=backlog)
            return None if parsed is None else (*parsed, found)
        taken: Taken = []

        def any_takes(fields: Fields) -> bool:
            for one in found:
                predicate = predicates[one[0]]
                if predicate is None or predicate(fields):
                    taken.append(one)
            return bool(taken)

        parsed = self._events.select(text, any_takes, arrival=arrival, backlog=backlog)
        return None if parsed is None else (*parsed, taken)

    def of_fields(self, fields: Fields, found: Taken) -> Taken:
        """Those of `found` that take a record with these fields."""
        predicates = self._predicates
        return [
            one for one in found if (predicate := predicates[one[0]]) is None or predicate(fields)
        ]
