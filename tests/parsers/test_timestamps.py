"""Stamps of every form, zone and season, to seconds since the epoch."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logwatch.parsers.timestamps import MAY_LEAD, StampReader, end_of_iso, epoch_number

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()
FIRST, LAST = (datetime(year, 4, 1, tzinfo=UTC) for year in (1973, 2105))
moments = st.integers(0, (LAST - FIRST) // timedelta(microseconds=1)).map(
    lambda microseconds: FIRST + timedelta(microseconds=microseconds)
)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def epoch(*parts):
    """Seconds since the epoch of a date and time in UTC."""
    return datetime(*parts, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-01-05T01:00:00Z", epoch(2026, 1, 5, 1)),
        ("2026-01-05t01:00:00z", epoch(2026, 1, 5, 1)),
        ("2026-01-05 01:00:00", epoch(2026, 1, 5, 0)),
        ("2026-07-05 01:00:00", epoch(2026, 7, 4, 23)),
        ("2026-01-05T01:00:00.250+01:00", epoch(2026, 1, 5, 0) + 0.25),
        ("2026-01-05T01:00:00,250-0330", epoch(2026, 1, 5, 4, 30) + 0.25),
        ("2026-01-05 01:00:00.5 +01", epoch(2026, 1, 5, 0) + 0.5),
        ("2026-01-05 01:00:00 UTC", epoch(2026, 1, 5, 1)),
        ("2026-01-05 01:00:00 UTCX", epoch(2026, 1, 5, 0)),
        ("2026-01-05 01:00:00.123 CET", epoch(2026, 1, 5, 0) + 0.123),
        ("2026/01/05 01:00:00 [error]", epoch(2026, 1, 5, 0)),
        ("2026-01-05  1:00:00 0 [Note]", epoch(2026, 1, 5, 0)),
        ("2026-06-30T23:59:60Z", epoch(2026, 7, 1)),
        ("2026-01-05T01:00:00.123456789Z", epoch(2026, 1, 5, 1) + 0.123456789),
        ("2026-01-05T01:00:001Z", None),
        ("2026-13-05T01:00:00Z", None),
        ("2026-01-05T25:00:00Z", None),
        ("2026-01-05T01:00:61Z", None),
        ("2026-01-05", None),
        ("٢٠٢٦-01-05T01:00:00Z", None),
    ],
)
def test_iso_stamps_are_read_in_all_their_spellings(stamp, expected):
    """RFC 3339 and its looser relatives; without a zone the source's counts."""
    assert StampReader(PARIS).iso(stamp) == expected


@given(moments, offsets, st.sampled_from("T "), st.sampled_from(".,"), st.booleans())
def test_every_moment_survives_its_iso_spelling(moment, zone, between, point, colon):
    """Written in any zone and read back, to the microsecond that a float can hold."""
    text = moment.astimezone(zone).isoformat(between, timespec="microseconds").replace(".", point)
    if not colon:
        text = text[:-3] + text[-2:]
    assert StampReader(PARIS).iso(text) == pytest.approx(moment.timestamp(), abs=2e-6, rel=0)


@given(moments, offsets)
def test_every_moment_survives_its_access_log_spelling(moment, zone):
    """The common log format has whole seconds and an offset."""
    text = moment.astimezone(zone).strftime("%d/%b/%Y:%H:%M:%S %z")
    assert StampReader(PARIS).clf(text) == int(moment.timestamp())


@given(moments, st.floats(-86_400, 200 * 86_400))
@example(datetime(2024, 2, 29, 12, tzinfo=UTC), 0.0)
def test_a_syslog_stamp_gets_back_its_year(moment, age):
    """Read at most a day before and up to 200 days after it was written."""
    now = moment.timestamp() + age
    text = moment.strftime("%b %e %H:%M:%S")
    assert StampReader(UTC).bsd(text, now) == int(moment.timestamp())


@pytest.mark.parametrize(
    ("stamp", "now", "expected"),
    [
        ("Dec 31 23:59:59", epoch(2026, 1, 1, 0, 1), epoch(2025, 12, 31, 23, 59, 59)),
        ("Jan  1 00:00:10", epoch(2025, 12, 31, 23, 59), epoch(2026, 1, 1, 0, 0, 10)),
        ("Jan  6 11:59:59", NOW, epoch(2026, 1, 6, 11, 59, 59)),
        ("Jan  6 12:01:00", NOW, epoch(2025, 1, 6, 12, 1)),
        ("Feb 29 10:00:00", NOW, epoch(2024, 2, 29, 10)),
        ("Feb 29 10:00:00", epoch(1903, 6, 1), epoch(1896, 2, 29, 10)),
        ("Jan  5 01:00:00.250", NOW, epoch(2026, 1, 5, 1) + 0.25),
        ("Jan  5 01:00:60", NOW, epoch(2026, 1, 5, 1, 1)),
        ("Jan 05 01:00:00", NOW, epoch(2026, 1, 5, 1)),
        ("Jan 5  01:00:00", NOW, None),
        ("Jan 32 01:00:00", NOW, None),
        ("Jan  5 24:00:00", NOW, None),
        ("Foo  5 01:00:00", NOW, None),
        ("Jan  5 01:00", NOW, None),
        ("Jan  5 01:00:00", float("nan"), None),
    ],
)
def test_a_syslog_stamp_is_in_the_latest_year_that_fits(stamp, now, expected):
    """December read in January is last year; up to a day ahead is a fast clock."""
    assert StampReader(UTC).bsd(stamp, now) == expected


def test_one_stamp_read_in_two_years_is_two_times():
    """What the reader remembers of the last line is no answer for a much later `now`."""
    reader = StampReader(UTC)
    for year in (2024, 2025, 2026, 2025, 2024):
        assert reader.bsd("Jan  5 01:00:00", epoch(year, 1, 5, 2)) == epoch(year, 1, 5, 1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ("Jan  5 01:00:00", "Jan  5 01:00:00 x", "Jan  5 01:00:00.5", "Jan  5 01:00:01 x")
            ),
            st.sampled_from(("", "[", "x")),
            st.sampled_from((epoch(2026, 1, 5, 2), epoch(2027, 1, 5, 2), epoch(2027, 1, 6, 2))),
        ),
        max_size=8,
    )
)
def test_a_stamp_means_the_same_whatever_was_read_before_it(lines):
    """Also where it is that of the last line, or begins as that does."""
    reader = StampReader(UTC)
    for stamp, before, now in lines:
        fresh = StampReader(UTC).bsd(before + stamp, now, len(before))
        assert reader.bsd(before + stamp, now, len(before)) == fresh


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-10-25 01:59:59", epoch(2026, 10, 24, 23, 59, 59)),
        ("2026-10-25 02:30:00", epoch(2026, 10, 25, 0, 30)),  # twice: the first is taken
        ("2026-10-25 03:00:00", epoch(2026, 10, 25, 2)),
        ("2026-03-29 01:59:59", epoch(2026, 3, 29, 0, 59, 59)),
        ("2026-03-29 02:30:00", epoch(2026, 3, 29, 1, 30)),  # skipped: read as 03:30
        ("2026-03-29 03:00:00", epoch(2026, 3, 29, 1)),
    ],
)
def test_local_times_around_the_change_of_clocks(stamp, expected):
    """Ambiguous takes the first, a gap moves forward."""
    assert StampReader(PARIS).iso(stamp) == expected
    brief = datetime.fromisoformat(stamp).strftime("%b %e %H:%M:%S")
    assert StampReader(PARIS).bsd(brief, expected + 60) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1767571200", 1767571200.0),
        ("1767571200.125", 1767571200.125),
        ("1767571200125", 1767571200.125),
        ("1767571200125000", 1767571200.125),
        ("1767571200125000000", 1767571200.125),
        ("12345", None),
        ("99999999999999999999", None),
        ("١٧٦٧٥٧١٢٠٠", None),
        ("", None),
        (" 2026-01-05T01:00:00Z ", epoch(2026, 1, 5, 1)),
        ("05/Jan/2026:01:00:00 +0100", epoch(2026, 1, 5, 0)),
        ("[05/Jan/2026:01:00:00 +0100]", epoch(2026, 1, 5, 0)),
        ("Jan  5 01:00:00", epoch(2026, 1, 5, 0)),
        ("Mon Jan 05 01:00:00.125 2026", epoch(2026, 1, 5, 0) + 0.125),
        ("Mon Jan  5 01:00:00 2026", epoch(2026, 1, 5, 0)),
        ("Mon Foo  5 01:00:00 2026", None),
        ("05/Foo/2026:01:00:00 +0100", None),
        ("yesterday", None),
    ],
)
def test_a_field_s_value_may_be_a_stamp_or_a_number(text, expected):
    """Numbers are told apart by magnitude."""
    assert StampReader(PARIS).value(text, NOW) == expected


@given(moments, st.sampled_from([1, 1e3, 1e6, 1e9]))
def test_a_number_tells_its_unit_by_its_magnitude(moment, unit):
    """From April 1973 on, in seconds, milli-, micro- and nanoseconds."""
    seconds = moment.timestamp()
    assert epoch_number(float(int(seconds * unit))) == pytest.approx(seconds, abs=1, rel=0)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 0.0])
def test_what_is_no_moment_is_none(number):
    """Not a number, endless, before 1973."""
    assert epoch_number(number) is None


# -- what is remembered is no other answer -------------------------------------------------------

WHOLE_ISO = re.compile(
    r"([0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[Tt ][ 0-9][0-9]:[0-9]{2}):([0-5][0-9]|60)(?![0-9])"
    r"([.,][0-9]+)?"
    r"( ?[Zz]| ?[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?(?![0-9:])| (?:UTC|GMT)\b)?"
)
WHOLE_CLF = re.compile(
    r"([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}):([0-5][0-9]|60)"
    r" ([+-](?:[01][0-9]|2[0-3])[0-5][0-9])(?![0-9])"
)


def iso_by_the_book(text, at):
    """Time and end of a stamp, by one pattern for all of it and the library's own arithmetic."""
    found = WHOLE_ISO.match(text, at)
    if found is None:
        return None, at
    minute, second, fraction, zone = found.groups()
    zone = zone.strip().upper() if zone else None
    digits = zone[1:].replace(":", "") + "00" if zone and zone[0] in "+-" else "0000"
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    tz = PARIS if zone is None else timezone(-ahead if zone[0] == "-" else ahead)
    numbers = [int(minute[at:to]) for at, to in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16))]
    try:
        start = datetime(*numbers, tzinfo=tz).timestamp()
    except (ValueError, OverflowError):
        return None, found.end()
    return start + int(second) + (float("0." + fraction[1:]) if fraction else 0.0), found.end()


def clf_by_the_book(text, at):
    """As `iso_by_the_book`."""
    found = WHOLE_CLF.match(text, at)
    try:
        return found and datetime.strptime(found[0].replace(":60 ", ":59 "), "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        return None


@st.composite
def near_stamps(draw, whole):
    """A stamp whose minute comes often, whole or with a character changed, lost or doubled."""
    text = draw(whole)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(text)))
        text = (
            text[:place]
            + draw(st.sampled_from(["", "0", " ", ":", "Z", "²", "٣", "9"]))
            + (text[place + draw(st.integers(0, 1)) :])
        )
    return text


iso_stamps = st.builds(
    "{}:{}{}{}{}".format,
    st.sampled_from(
        ["2026-01-05T01:00", "2026-01-05 01:00", "2026/01/05  1:00", "2026-13-05T01:00"]
    ),
    st.sampled_from(["00", "07", "59", "60", "61", "000"]),
    st.sampled_from(["", ".5", ",250", ".123456789", "."]),
    st.sampled_from(
        ["", "Z", " z", "+01:00", " +0100", "-03", "+01:", "-0360", " UTC", " GMTX", "+24:00", " 7"]
    ),
    st.sampled_from(["", " host", "9", ":", "x"]),
)
clf_stamps = st.builds(
    "{}:{} {}{}".format,
    st.sampled_from(["05/Jan/2026:01:00", "05/Jan/2026:01:01", "31/Feb/2026:01:00"]),
    st.sampled_from(["00", "07", "59", "60", "61"]),
    st.sampled_from(["+0100", "-0330", "+2400", "+0000"]),
    st.sampled_from(["", "]", "9", " "]),
)


@given(st.lists(near_stamps(iso_stamps), min_size=1, max_size=30), st.integers(0, 2))
def test_a_minute_that_was_read_before_changes_no_iso_stamp(stamps, at):
    """What one reader makes of many is what the pattern for the whole makes of each."""
    reader = StampReader(PARIS)
    for stamp in stamps * 2:
        text = "x" * at + stamp
        expected = iso_by_the_book(text, at)
        assert reader.iso_with_end(text, at) == expected
        assert reader.iso(text, at) == expected[0]
        assert end_of_iso(text, at) == expected[1]


@given(st.lists(near_stamps(clf_stamps), min_size=1, max_size=30), st.integers(0, 2))
def test_a_minute_that_was_read_before_changes_no_access_log_stamp(stamps, at):
    """The same for the common log format."""
    reader = StampReader(PARIS)
    for stamp in stamps * 2:
        text = "x" * at + stamp
        expected = clf_by_the_book(text, at)
        leap = 1 if expected and WHOLE_CLF.match(text, at)[2] == "60" else 0
        assert reader.clf(text, at) == (expected.timestamp() + leap if expected else None)


bsd_stamps = st.sampled_from(
    ["Jan  5 01:00:00", "Feb 30 01:00:00", "Jan 5 01:00:00.5", "Mon Jan 05 01:00:00.123456 2026"]
)
other_stamps = st.sampled_from(
    [
        *("05-Jan-2026 01:00:00", "7:M 05 Jan 2026 01:00:00.5", "Mon, 5 Jan 2026 01:00:00 GMT"),
        *("Jan 5, 2026 1:00:00 AM", "I0105 01:00:00.000000", "20260105T010000Z", "[1767571200] "),
        *("1767571200.5 7", "type=A msg=audit(1767571200.000:7)", "@40000000695aff0a0ee6b280"),
    ]
)


@given(
    st.sampled_from(["", "[", "[[", "x", " ", "é"]),
    near_stamps(st.one_of(iso_stamps, clf_stamps, bsd_stamps, other_stamps)) | st.text(max_size=8),
)
def test_a_stamp_that_leads_is_never_passed_over_unread(before, text):
    """What is looked at first, and for less, says no only where there is none."""
    line = before + text
    found = StampReader(PARIS).leading(line, 1_767_571_200.0)
    assert found is None or MAY_LEAD(b"a line\n" + line.encode(), len(b"a line\n"))


def test_zones_without_end_are_not_all_remembered():
    """A stamp may name a thousand offsets, and memory is bounded all the same."""
    reader = StampReader(PARIS)
    for zone in (
        f"{sign}{hour:02}{minute:02}" for sign in "+-" for hour in range(24) for minute in range(60)
    ):
        assert reader.iso(f"2026-01-05T01:00:00{zone}") is not None
    assert sum(map(len, reader._iso_minutes.values())) <= 8
