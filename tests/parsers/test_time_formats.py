"""Stamps as `time_format` says that they are written."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch import telemetry
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.time_formats import (
    DIRECTIVES,
    LOOKED_AT,
    FormattedStamps,
    TimeFormatError,
    pattern_of,
)

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 1, 5, tzinfo=UTC).timestamp()  # 01:00 in Paris
NOW = AT + 3600


def read(line, *formats, tz=PARIS, now=NOW):
    """The time of `line` in a source with these formats."""
    return FormattedStamps(tz, formats).leading(line, now)


@pytest.mark.parametrize(
    ("line", "time_format", "expected"),
    [
        ("05/01/2026 01:00:00 x", "%d/%m/%Y %H:%M:%S", AT),
        ("[05/01/2026-01:00:00] x", "%d/%m/%Y-%H:%M:%S", AT),
        ("01/05/2026-01:00:00.250000  [**] x", "%m/%d/%Y-%H:%M:%S.%f", AT + 0.25),
        ("1/5/2026 1:00:00 AM x", "%m/%d/%Y %I:%M:%S %p", AT),
        ("1/5/2026 1:00:00 pm x", "%m/%d/%Y %I:%M:%S %p", AT + 12 * 3600),
        ("1/5/2026 12:30:00 AM x", "%m/%d/%Y %I:%M:%S %p", AT - 1800),
        ("1/5/2026 13:00:00 PM x", "%m/%d/%Y %I:%M:%S %p", None),
        ("260105  1:00:00 [Warning] x", "%y%m%d %H:%M:%S", AT),
        ("260105 010000 811 INFO x", "%y%m%d %H%M%S", AT),
        ("690105 01:00:00", "%y%m%d %H:%M:%S", datetime(1969, 1, 5, tzinfo=UTC).timestamp()),
        ("[1f:2a] 05.01.2026 01:00:00   http: x", "%d.%m.%Y %H:%M:%S", AT),
        ("<W>2026-01-05 01:00:00.250 x", "%Y-%m-%d %H:%M:%S.%f", AT + 0.25),
        ("[CET Jan  5 01:00:00] error : x", "%b %d %H:%M:%S", AT),
        ("01-05 01:00:00.250 811 I x", "%m-%d %H:%M:%S.%f", AT + 0.25),
        ("12-31 01:00:00.000 811 I x", "%m-%d %H:%M:%S.%f", AT - 5 * 86400),
        ("Monday, 05-January-26 00:00:00 GMT", "%A, %d-%B-%y %H:%M:%S %Z", AT),
        ("2026-01-05 02:00:00 +02 x", "%Y-%m-%d %H:%M:%S %z", AT),
        ("2026-01-05T02:00:00.123456789+02:00", "%Y-%m-%dT%H:%M:%S.%f%z", AT + 0.123456789),
        ("2026-01-05T00:00:00Z", "%Y-%m-%dT%H:%M:%S%z", AT),
        ("2026-01-05 00:00 Etc/GMT+0 x", "%Y-%m-%d %H:%M %Z", AT),
        ("2026-01-05 01:00 EST x", "%Y-%m-%d %H:%M %Z", AT),
        ("5 node 7 1767571200 x", "%s", AT),
        ("5 node 7 1767571199 x", "%s", AT - 1),
        ("05.01.2026 00:59:59", "%d.%m.%Y %H:%M:%S", AT - 1),
        ("100%, 05.01.2026 01:00:60", "%%, %d.%m.%Y %H:%M:%S", AT + 60),
        ("20260105-1:0:0:250 x", "%Y%m%d-%H:%M:%S:%f", AT + 0.25),
        ("2601 5  10000 x", "%y%m%d %H%M%S", AT),
        ("05/01/2025 01:00:00", "%y%m%d %H:%M:%S", None),
        ("31/02/2026 01:00:00", "%d/%m/%Y %H:%M:%S", None),
        ("105/01/2026 01:00:00", "%d/%m/%Y %H:%M:%S", None),
        ("05/01/2026 01:00:000", "%d/%m/%Y %H:%M:%S", None),
        ("05/01/٢٠٢٦ 01:00:00", "%d/%m/%Y %H:%M:%S", None),
        ("2026-01-05 01:00:00 x", "%d/%m/%Y %H:%M:%S", None),
        ("x" * LOOKED_AT + " 05/01/2026 01:00:00", "%d/%m/%Y %H:%M:%S", None),
        ("x" * (LOOKED_AT - 17) + " 05/01/2026 01:00:00", "%d/%m/%Y %H:%M", None),
    ],
)
def test_a_stamp_is_read_as_the_format_says(line, time_format, expected):
    """Wherever it stands in the line; None where the line has no such time."""
    assert read(line, time_format) == expected


def test_the_first_of_several_formats_that_fits_counts():
    """A log may have had two writers."""
    formats = "%d/%m/%Y %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S"
    assert read("05/01/2026 01:00:00.250 x", *formats) == AT + 0.25
    assert read("05/01/2026 01:00:00 x", *formats) == AT
    assert read("2026-01-05 01:00:00 x", *formats) is None


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("25/10/2026 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # twice: the first
        ("29/03/2026 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # skipped: 03:30
    ],
)
def test_local_times_around_the_change_of_clocks(local, expected):
    """As for the stamps that need no format."""
    assert read(local, "%d/%m/%Y %H:%M:%S") == expected.timestamp()


@pytest.mark.parametrize(
    ("format_", "line"),
    [
        ("plain", "[1f] 05/01/2026 01:00:00 x"),
        ("json", '{"when": "05/01/2026 01:00:00", "time": "2020-01-01T00:00:00Z"}'),
        ("logfmt", 'time=2020-01-01T00:00:00Z when="05/01/2026 01:00:00" level=info'),
    ],
)
def test_each_format_without_stamps_of_its_own_reads_it(format_, line):
    """In json and logfmt it is that of the field."""
    field = None if format_ == "plain" else "when"
    settings = ParserSettings(tz=PARIS, time_field=field, time_format=("%d/%m/%Y %H:%M:%S",))
    parser = make_parser(format_, settings)
    assert parser.time(line, NOW) == parser.parse(line, NOW).time == AT
    assert parser.may_lead is None


MOMENTS = st.integers(0, 100 * 365 * 86400 * 1_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
FORMATS = st.builds(
    lambda between, parts: between.join(parts),
    st.sampled_from(["/", ".", " ", "-x-", "|", "T", "[", "\\", ")"]),
    st.one_of(
        st.permutations(["%Y", "%m", "%d", "%H", "%M", "%S", "%f", "%z"]),
        st.permutations(["%Y", "%b", "%d", "%I", "%p", "%M", "%S", "%f", "%z"]),
        st.permutations(["%a", "%d", "%B", "%Y", "%H", "%M", "%S", "%f", "%z"]),
    ),
)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    MOMENTS,
    ZONES,
    FORMATS,
    st.sampled_from(["", "x ", "7 ", "[", "<W>"]),
)
def test_every_moment_survives_any_format(moment, zone, text, before):
    """Written by Python's `strftime` in any order of its parts, and read back."""
    line = before + moment.astimezone(zone).strftime(text) + " message"
    assert read(line, text) == pytest.approx(moment.timestamp(), abs=2e-6, rel=0)


PIECES = [*DIRECTIVES, " ", "/", ":", "x", "%", "[", "0"]


@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=12),
    st.lists(st.text(max_size=60) | st.from_regex(r"[0-9/: ]{0,40}"), max_size=4),
    st.floats(),
)
def test_any_format_is_refused_or_reads_any_text(text, lines, now):
    """Nothing raises but for the one error, and what is read is a time."""
    try:
        re.compile(pattern_of(text))
    except TimeFormatError:
        return
    for line in lines:
        time = read(line, text, now=now)
        assert time is None or isinstance(time, float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dd/MM/yyyy HH:mm:ss", "it has no directives; write '%d/%m/%Y %H:%M:%S'"),
        ("%H:%M:%S", "it names no month; write %m or %b"),
        ("%d/%m/%Y", "it names no hour; write %H or %I"),
        ("%m/%Y %H:%M", "it names no day; write %d"),
        ("%d/%m/%Y %H", "it names no minute; write %M"),
        ("%d/%m/%Y %I:%M", "%I is of a 12-hour clock; write %p"),
        ("%d/%m/%Y %H:%M %p", "%p is of a 12-hour clock; write %I"),
        ("%d/%m/%Y %d %H:%M", "it has %d twice"),
        ("%b %B %d %H:%M", "it has %B twice"),
        ("%F %T", "there is no directive '%F'; write %Y-%m-%d"),
        ("%Y-%m-%d %H:%M:%S.%L", "there is no directive '%L'; write %f"),
        ("%Y-%m-%d %H:%M:%S.%3N", "there is no directive '%3'; write %f"),
        ("%Y-%j %H:%M", "there is no directive '%j'; write one of %a"),
        ("%d/%m/%Y %H:%M%", "there is no directive '%'; write %% for"),
    ],
)
def test_what_is_wrong_with_a_format_is_said_with_what_to_write(text, message):
    """Also where it is in the language of another program."""
    with pytest.raises(TimeFormatError) as raised:
        pattern_of(text)
    assert str(raised.value).startswith(message)


@pytest.fixture
def told(monkeypatch):
    """What is told."""
    events = []
    monkeypatch.setattr(telemetry, "warning", lambda event, **said: events.append((event, said)))
    return events


def test_a_format_that_never_fits_is_told_of_once(told):
    """After a hundred lines, with the name of the source; not where nobody is to be named."""
    stamps = FormattedStamps(UTC, ["%d/%m/%Y %H:%M"], "app")
    nameless = FormattedStamps(UTC, ["%d/%m/%Y %H:%M"])
    for _ in range(99):
        stamps.leading("2026-01-05 01:00", NOW)
    assert told == []
    for _ in range(200):
        stamps.leading("2026-01-05 01:00", NOW)
        nameless.leading("2026-01-05 01:00", NOW)
    ((event, said),) = told
    assert (event, said["source"]) == ("parsers.time_format_never_fits", "app")


def test_lines_without_a_stamp_are_ordinary_where_others_have_one(told):
    """A stack trace, say."""
    stamps = FormattedStamps(UTC, ["%d/%m/%Y %H:%M"], "app")
    stamps.leading("05/01/2026 01:00", NOW)
    for _ in range(300):
        stamps.leading("  at shop.Cart", NOW)
    assert told == []
