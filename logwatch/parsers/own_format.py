"""A format of the configuration's own: a pattern, whose named groups are the fields.

It is searched for as that of `match` is: a line in which it is not found has no fields. The time is
what the group says that the source names. Where it names none, it is what a group of one of the
usual names says, else the stamp that the line begins with, as in plain lines: a group `date` may
have the day alone.

What a group took stands in the line as it is, between the plain text that the pattern has on both
sides of it: by that the lines are found in which a condition on the field can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from logwatch.conditions import Predicate
from logwatch.expressions import compiled, sequences
from logwatch.parsers.base import MayLead, Parsed, ParserSettings
from logwatch.parsers.logfmt import TIME_FIELDS
from logwatch.parsers.needles import Verbatim
from logwatch.parsers.timestamps import MAY_LEAD, stamp_reader


@lru_cache(maxsize=64)
def writings(pattern: str) -> dict[str, Verbatim]:
    """How a line in which `pattern` is found has each of its fields."""
    names = {number: name for name, number in compiled(pattern).groupindex.items()}
    found = dict.fromkeys(names.values(), Verbatim())
    for part in sequences(pattern):
        items = list(part)
        ignored = [argument[1] for opcode, argument in items if str(opcode) == "SUBPATTERN"]
        if any(flags & re.IGNORECASE for flags in (part.state.flags, *ignored)):
            return dict.fromkeys(names.values(), Verbatim())
        for at, (opcode, argument) in enumerate(items):
            if str(opcode) == "SUBPATTERN" and argument[0] in names:
                before, after = _plain(reversed(items[:at])), _plain(items[at + 1 :])
                found[names[argument[0]]] = Verbatim(re.escape(before[::-1]), re.escape(after))
    return found


def _plain(items: Iterable[tuple[Any, Any]]) -> str:
    """The characters that `items` begin with."""
    text = ""
    for opcode, argument in items:
        if str(opcode) != "LITERAL":
            break
        text += chr(argument)
    return text


class OwnFormatParser:
    """See the module."""

    def __init__(self, pattern: str, settings: ParserSettings) -> None:
        self._search = settings.make_search(pattern)
        self._stamps = stamp_reader(settings)
        names = compiled(pattern).groupindex
        wanted = (settings.time_field,) if settings.time_field else TIME_FIELDS
        self._time_fields = [name for name in wanted if name in names]
        self._may_lead_with_it = not settings.time_field
        leads = not self._time_fields and not settings.time_format
        self.may_lead: MayLead | None = MAY_LEAD if leads else None

    def parse(self, text: str, now: float) -> Parsed:
        """See `Parser.parse`."""
        fields = self._fields(text)
        return Parsed(self._time_of(fields, text, now), fields)

    def select(self, text: str, now: float, wanted: Predicate) -> Parsed | None:
        """See `Parser.select`."""
        fields = self._fields(text)
        return Parsed(self._time_of(fields, text, now), fields) if wanted(fields) else None

    def time(self, text: str, now: float) -> float | None:
        """See `Parser.time`."""
        return self._time_of(self._fields(text) if self._time_fields else {}, text, now)

    def _fields(self, text: str) -> dict[str, str]:
        found = self._search(text)
        if found is None:
            return {}
        return {name: value for name, value in found.groupdict().items() if value is not None}

    def _time_of(self, fields: Mapping[str, str], text: str, now: float) -> float | None:
        for name in self._time_fields:
            value = fields.get(name)
            time = None if value is None else self._stamps.value(value, now)
            if time is not None:
                return time
        return self._stamps.leading(text, now) if self._may_lead_with_it else None
