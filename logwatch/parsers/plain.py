"""`plain`: any text, one record a line, no fields.

A line that begins with a stamp (after `[` if there is one) has that time, so that windows mean
the same in a backlog or a replay as they did live. Every other line counts when it is read.
"""

from __future__ import annotations

from logwatch.conditions import Predicate
from logwatch.parsers.base import MayLead, Parsed, ParserSettings
from logwatch.parsers.timestamps import MAY_LEAD, stamp_reader


class PlainParser:
    """See the module."""

    def __init__(self, settings: ParserSettings) -> None:
        self._stamps = stamp_reader(settings)
        self.may_lead: MayLead | None = None if settings.time_format else MAY_LEAD

    def parse(self, text: str, now: float) -> Parsed:
        """See `Parser.parse`."""
        return Parsed(self._stamps.leading(text, now), {})

    def select(self, text: str, now: float, wanted: Predicate) -> Parsed | None:
        """See `Parser.select`."""
        return self.parse(text, now) if wanted({}) else None

    def time(self, text: str, now: float) -> float | None:
        """See `Parser.time`."""
        return self._stamps.leading(text, now)


def writing(_field: str) -> None:
    """No line has a field."""


PARSER = PlainParser
