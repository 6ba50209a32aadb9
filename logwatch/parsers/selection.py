"""Which rules really take a record that the engine stopped at: those whose conditions hold.

The engine finds lines by `match`, or for a rule without one by the needle of its conditions. Here
each such line is parsed once, whatever the number of its rules, and only as far as is needed to
see that no rule takes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from logwatch.conditions import Fields, Predicate
from logwatch.parsers.event_time import EventClock

Taken: TypeAlias = list[tuple[int, dict[str, str]]]
"""Rules, by their number in the matcher, each with what it captured."""


class Known(NamedTuple):
    """What a rule knows of a record: what it captured there, else the record's fields."""

    captures: Fields
    fields: Fields

    def get(self, name: str, /) -> str | None:
        """See `Fields.get`."""
        captured = self.captures.get(name)
        return self.fields.get(name) if captured is None else captured


class Selection:
    """The conditions of all rules of one matcher; `predicates` has None for a rule without any.

    `exclusions` has those of `unless`, any of which takes a record out, for the rules that have
    some; they are asked of captures, too.
    """

    def __init__(
        self,
        events: EventClock,
        predicates: Sequence[Predicate | None],
        exclusions: Mapping[int, Sequence[Predicate]],
    ) -> None:
        self._events = events
        self._predicates = tuple(predicates)
        self._exclusions = exclusions

    def take(
        self, text: str, found: Taken, *, arrival: float, backlog: bool
    ) -> tuple[float, dict[str, str], Taken] | None:
        """Event time and fields of a record, and those of `found` that take it; None if none do."""
        if len(found) == 1:
            predicate = self._predicate(found[0])
            if predicate is None:
                return *self._events.parse(text, arrival=arrival, backlog=backlog), found
            parsed = self._events.select(text, predicate, arrival=arrival, backlog=backlog)
            return None if parsed is None else (*parsed, found)
        taken: Taken = []

        def any_takes(fields: Fields) -> bool:
            taken.extend(self.of_fields(fields, found))
            return bool(taken)

        parsed = self._events.select(text, any_takes, arrival=arrival, backlog=backlog)
        return None if parsed is None else (*parsed, taken)

    def of_fields(self, fields: Fields, found: Taken) -> Taken:
        """Those of `found` that take a record with these fields."""
        return [
            one for one in found if (predicate := self._predicate(one)) is None or predicate(fields)
        ]

    def _predicate(self, one: tuple[int, dict[str, str]]) -> Predicate | None:
        """What a rule that captured so much asks of the fields of a record; None for nothing."""
        rule, captures = one
        where, exclusions = self._predicates[rule], self._exclusions.get(rule)
        if exclusions is None:
            return where

        def takes(fields: Fields) -> bool:
            known = Known(captures, fields)
            return (where is None or where(fields)) and not any(out(known) for out in exclusions)

        return takes
