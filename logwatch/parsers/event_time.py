"""When a record happened: its own stamp, unless that cannot be true; else its arrival.

A stamp is believed up to `max_skew` ahead of the clock. Behind, any stamp in a backlog is believed
(the file explains it), but in a line that has just been written one older than `max_skew` is not.
What is not believed is said once per source, for its clock or its `tz` needs a look.

At the end of summer time a local time occurs twice. A stamp without a zone is the first of the two,
but in a line that has just been written it is the second when that has come: else all lines of
that hour would be an hour old, and no window would take them. In a backlog nobody knows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from logwatch import telemetry
from logwatch.conditions import Predicate
from logwatch.parsers.base import Parsed, Parser

ELSEWHERE = timezone(timedelta(minutes=17))
"""A zone of nobody: a stamp that means another time in it names none itself."""
_LEAST_BEHIND_SECONDS = 1200.0
_MOST_BEHIND_SECONDS = 10_800.0
"""Clocks are set back by half an hour to two hours."""
_TOLERANCE_SECONDS = 60.0
"""By so much the clock of the writer may be ahead of ours."""


class EventClock:
    """Reads event times for one source."""

    def __init__(
        self,
        parser: Parser,
        *,
        source: str,
        max_skew: float = 86_400.0,
        tz: tzinfo = UTC,
        elsewhere: Parser | None = None,
    ) -> None:
        """`tz`: that of `parser`; `elsewhere`: the same parser in the zone `ELSEWHERE`."""
        self._parser = parser
        self._tz = tz
        self._elsewhere = elsewhere
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
        return self._believed(stamp, arrival, text, backlog=backlog), parsed.fields

    def select(
        self, text: str, wanted: Predicate, *, arrival: float, backlog: bool
    ) -> tuple[float, dict[str, str]] | None:
        """As `parse`, but None for a record whose fields are not `wanted`."""
        parsed = self._parser.select(text, arrival, wanted)
        if parsed is None:
            return None
        return self._believed(parsed.time, arrival, text, backlog=backlog), parsed.fields

    def tell(
        self, text: str, stamp: float | None, *, arrival: float, backlog: bool
    ) -> tuple[float, dict[str, str]]:
        """As `parse`, for a record whose source has a time for it: that counts, if there is one."""
        parsed = self._parser.parse(text, arrival)
        if stamp is not None:
            return self._believed(stamp, arrival, "", backlog=backlog), parsed.fields
        return self._believed(parsed.time, arrival, text, backlog=backlog), parsed.fields

    def time(self, text: str, *, arrival: float, backlog: bool) -> float:
        """Event time alone."""
        return self._believed(self._parser.time(text, arrival), arrival, text, backlog=backlog)

    def stamp(self, text: str, *, arrival: float, backlog: bool) -> float | None:
        """The record's own stamp; None where it has none that is believed."""
        stamp = self._parser.time(text, arrival)
        if stamp is None or not self._is_credible(stamp - arrival, backlog=backlog):
            return None
        return self._believed(stamp, arrival, text, backlog=backlog)

    def _is_credible(self, ahead: float, *, backlog: bool) -> bool:
        return ahead <= self._max_skew and (backlog or ahead >= -self._max_skew)

    def _believed(self, stamp: float | None, arrival: float, text: str, *, backlog: bool) -> float:
        """The time that counts. `text` is what the stamp was read in; empty: it is beyond doubt."""
        if stamp is None:
            return arrival
        ahead = stamp - arrival
        if self._is_credible(ahead, backlog=backlog):
            if backlog or not -_MOST_BEHIND_SECONDS < ahead < -_LEAST_BEHIND_SECONDS:
                return stamp
            return self._second_time(stamp, arrival, text)
        if not self._warned:
            self._warned = True
            telemetry.warning(
                "parsers.stamp_not_believed",
                source=self._source,
                seconds_off=round(ahead),
                remedy="check the clock that wrote it, and `tz` and `time_format` of the source;"
                " arrival time is used",
            )
        return arrival

    def _second_time(self, stamp: float, arrival: float, text: str) -> float:
        """The second time of a local time that occurs twice, if that has come; else `stamp`."""
        later = datetime.fromtimestamp(stamp, self._tz).replace(fold=1).timestamp()
        if later <= stamp or later > arrival + _TOLERANCE_SECONDS or not text:
            return stamp
        elsewhere = self._elsewhere.time(text, arrival) if self._elsewhere else None
        return stamp if elsewhere in (None, stamp) else later
