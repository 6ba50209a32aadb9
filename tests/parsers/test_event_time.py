"""When a record happened: which stamps are believed, and which of two times one means."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import ELSEWHERE, EventClock

PARIS = ZoneInfo("Europe/Paris")


def events_of(format_: str, tz=PARIS, time_format=()) -> EventClock:
    """The clock of a source of this format."""
    return EventClock(
        make_parser(format_, ParserSettings(tz=tz, time_format=time_format)),
        source="app",
        tz=tz,
        elsewhere=make_parser(format_, ParserSettings(tz=ELSEWHERE, time_format=time_format)),
    )


def utc(hour: int, minute: int, second: int = 0) -> float:
    """A time of the night in which Paris sets its clocks from 03:00 back to 02:00."""
    return datetime(2026, 10, 25, hour, minute, second, tzinfo=UTC).timestamp()


SYSLOG = "Oct 25 02:10:00 web1 app: boom"
ISO = "2026-10-25 02:10:00 boom"


OTHER = "[25-Oct-2026 02:10:00] boom"
FORMATTED = "25/10/2026 02:10:00 boom"


@pytest.mark.parametrize(
    ("format_", "line", "time_format"),
    [
        ("syslog", SYSLOG, ()),
        ("plain", ISO, ()),
        ("plain", OTHER, ()),
        ("plain", FORMATTED, ("%d/%m/%Y %H:%M:%S",)),
    ],
)
@pytest.mark.parametrize("delay", [0, 1, 900])
def test_in_the_hour_that_comes_twice_a_line_is_of_the_time_at_which_it_was_written(
    format_, line, time_format, delay
):
    """Taken for the first of the two, each line of the second hour would be too old for windows."""
    events = events_of(format_, time_format=time_format)
    for written in (utc(0, 10), utc(1, 10)):
        arrival = written + delay
        assert events.time(line, arrival=arrival, backlog=False) == written
        assert events.parse(line, arrival=arrival, backlog=False)[0] == written
        assert events.stamp(line, arrival=arrival, backlog=False) == written
        assert events.tell(line, None, arrival=arrival, backlog=False)[0] == written


def test_a_writer_whose_clock_is_a_little_ahead_means_the_second_hour_too():
    """Its first line after the change comes before its time."""
    events = events_of("syslog")
    line = "Oct 25 02:00:10 web1 app: boom"
    assert events.time(line, arrival=utc(1, 0), backlog=False) == utc(1, 0, 10)


def test_a_stamp_that_names_its_zone_means_what_it_says():
    """It came an hour late, and that is all."""
    events = events_of("plain")
    for line in ("2026-10-25T02:10:00+02:00 boom", "2026-10-25T00:10:00Z boom"):
        assert events.time(line, arrival=utc(1, 10), backlog=False) == utc(0, 10)


def test_a_time_that_the_source_has_beside_the_text_is_beyond_doubt():
    """As the journal has one."""
    events = events_of("syslog")
    told = events.tell(SYSLOG, utc(0, 10), arrival=utc(1, 10), backlog=False)[0]
    assert told == utc(0, 10)


def test_in_a_backlog_a_time_that_comes_twice_is_the_first():
    """When it is read says nothing of when it was written."""
    assert events_of("syslog").time(SYSLOG, arrival=utc(1, 10), backlog=True) == utc(0, 10)


def test_a_line_that_is_an_hour_late_on_another_day_is_an_hour_late():
    """Local times come once then."""
    line = "Oct 24 02:10:00 web1 app: boom"
    arrival = utc(1, 10) - 86_400
    assert events_of("syslog").time(line, arrival=arrival, backlog=False) == arrival - 3600
