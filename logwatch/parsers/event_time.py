"""When a record happened: its own stamp, unless that cannot be true; else its arrival.

A stamp is believed up to `max_skew` ahead of the clock. Behind, any stamp in a backlog is believed
(the file explains it), but in a line that has just been written one older than `max_skew` is not.
What is not believed is said once per source, for its clock or its `tz` needs a look.
"""

from __future__ import annotations

from logwatch import telemetry
from logwatch.conditions import Predicate
from logwatch.parsers.base import Parsed, Parser


class EventClock:
    """Reads event times for one source."""

    def __init__(self, parser: Parser, *, source: str, max_skew: float = 86_400.0) -> None:
        self._parser = parser
        self._source = source
        self._max_skew = max_skew
        self._warned = False
        self.may_lead = parser.may_lead
        """See `Parser.may_lead`."""

    def parse(self, text: str, *, arrival: float, backlog: bool) -> tuple[float, dict[str, str]]:
        """Event time (seconds since the epoch) and fields of one record."""
        parsed: Parsed = self._parser.parse(text, arrival)
        stamp = parsed.time
        if backlog and stamp is not None and stamp - arrival <= self._max_skew:
            return stamp, parsed.fields  # what there is most of, without a further call
        return self._believed(stamp, arrival, backlog=backlog), parsed.fields

    def select(
        self, text: str, wanted: Predicate, *, arrival: float, backlog: bool
    ) -> tuple[float, dict[str, str]] | None:
        """As `parse`, but None for a record whose fields are not `wanted`."""
        parsed = self._parser.select(text, arrival, wanted)
        if parsed is None:
            return None
        return self._believed(parsed.time, arrival, backlog=backlog), parsed.fields

    def tell(
        self, text: str, stamp: float | None, *, arrival: float, backlog: bool
    ) -> tuple[float, dict[str, str]]:
        """As `parse`, for a record whose source has a time for it: that counts, if there is one."""
        parsed = self._parser.parse(text, arrival)
        time = parsed.time if stamp is None else stamp
        return self._believed(time, arrival, backlog=backlog), parsed.fields

    def time(self, text: str, *, arrival: float, backlog: bool) -> float:
        """Event time alone."""
        return self._believed(self._parser.time(text, arrival), arrival, backlog=backlog)

    def stamp(self, text: str, *, arrival: float, backlog: bool) -> float | None:
        """The record's own stamp; None where it has none that is believed."""
        stamp = self._parser.time(text, arrival)
        if stamp is None or self._believed(stamp, arrival, backlog=backlog) != stamp:
            return None
        return stamp

    def _believed(self, stamp: float | None, arrival: float, *, backlog: bool) -> float:
        if stamp is None:
            return arrival
        ahead = stamp - arrival
        if ahead <= self._max_skew and (backlog or ahead >= -self._max_skew):
            return stamp
        if not self._warned:
            self._warned = True
            telemetry.warning(
                "parsers.stamp_not_believed",
                source=self._source,
                seconds_off=round(ahead),
                remedy="check the clock that wrote it and the source's `tz`; arrival time is used",
            )
        return arrival
