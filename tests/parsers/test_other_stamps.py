"""Stamps of single families of programs, which lines begin with."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.parsers.timestamps import MAY_LEAD, StampReader

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 1, 5, tzinfo=UTC).timestamp()  # 01:00 in Paris
NOW = AT + 3600
FIRST, LAST = (datetime(year, 1, 2, tzinfo=UTC) for year in (2002, 2099))
moments = st.integers(0, (LAST - FIRST) // timedelta(microseconds=1)).map(
    lambda microseconds: FIRST + timedelta(microseconds=microseconds)
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("05-Jan-2026 01:00:00.250 client @0x7f00: query denied", AT + 0.25),
        ("05-Jan-2026 01:00:00 INFO [main] shop.Cart", AT),
        ("[05-Jan-2026 01:00:00 UTC] PHP Warning:  x", AT + 3600),
        ("[05-Jan-2026 01:00:00 America/New_York] PHP Warning:  x", AT + 6 * 3600),
        ("[05-Jan-2026 01:00:00 Mars/Olympus] PHP Warning:  x", AT),
        ("[05-Jan-2026 01:00:00 CEST] x", AT),
        ("[05-Jan-2026 01:00:00 +0200]: x", AT - 3600),
        ("[05/Jan/2026 01:00:00] x", AT),
        ("05 Jan 2026 01:00:00,250 ERROR x", AT + 0.25),
        (" 5 Jan 2026 01:00:00 x", None),
        ("5 Jan 2026 01:00:00 x", AT),
        ("811:M 05 Jan 2026 01:00:00.250 * Ready", AT + 0.25),
        ("7:M 05 Jan 2026 01:00:00.250 * Ready", AT + 0.25),
        ("811:S 05 Jan 01:00:00.250 # Ready", AT + 0.25),
        ("Mon, 05 Jan 2026 01:00:00 +0100 x", AT),
        ("Mon, 5 Jan 2026 01:00:00 GMT", AT + 3600),
        ("Jan 05, 2026 1:00:00 AM shop.Cart add", AT),
        ("Jan 5, 2026 1:00:00 PM shop.Cart add", AT + 12 * 3600),
        ("Jan 5, 2026 12:00:00 AM shop.Cart add", AT - 3600),
        ("Jan 05 2026 01:00:00: %ASA-6-302013: x", AT),
        ("Jan  5 2026 01:00:00.250: %LINK-3-UPDOWN: x", AT + 0.25),
        ("I0105 01:00:00.250000     811 pod.go:42] x", AT + 0.25),
        ("E1231 23:00:00.000000     811 pod.go:42] x", AT - 4 * 86400 - 2 * 3600),
        ("I0905 02:00:00.000000 x", AT - 122 * 86400),
        ("I0105 01:00:00 x", None),
        ("I0105 01:00:00.2500009 x", None),
        ("20260105T000000Z x", AT),
        ("[20260105-01:00:00] [INFO ] x", AT),
        ("20260105 01:00:00.5 x", AT + 0.5),
        ("20260105 0100:00 x", None),
        ("20260105 01:0:00 x", None),
        ("2026.01.05 01:00:00.5 x", AT + 0.5),
        ("1767571200.250     52 203.0.113.9 TCP_MISS/200", AT + 0.25),
        ("[1767571200] SERVICE ALERT: x", AT),
        ("[1767571200]x", None),
        ("1767571200 x", None),
        ("17675712001.250 x", None),
        ("0123456789.5 is its account", None),
        ("type=USER_LOGIN msg=audit(1767571200.250:42): pid=811", AT + 0.25),
        ("node=web1 type=USER_LOGIN msg=audit(1767571200.250:42): x", AT + 0.25),
        ("audit(1767571200.250:42):", AT + 0.25),
        ("audit(1767571199.990:42):", AT - 1 + 0.99),
        ("@40000000695aff0a0ee6b280 x", AT + 0.25),
        ("@40000000695aff0a0ee6b2800 x", None),
        ("@40000000695aff0affffffff x", None),
        ("@4fffffff695aff0a0ee6b280 x", None),
        ("05/01/2026 01:00:00 x", None),
        ("1/5/2026 1:00:00 AM x", None),
        ("31-Feb-2026 01:00:00 x", None),
        ("05-Foo-2026 01:00:00 x", None),
        ("05-Jan 2026 01:00:00 x", None),
        ("05-Jan-2026 25:00:00 x", None),
        ("05-Jan-2026 01:00:61 x", None),
        ("05-Jan-2026 01:00:001 x", None),
        ("Foo, 05 Bar 2026 01:00:00", None),
        ("May 5, so it was", None),
    ],
)
def test_a_line_of_one_family_of_programs_has_its_time(line, expected):
    """None where the line could mean another, or no time at all."""
    assert StampReader(PARIS).leading(line, NOW) == expected
    assert expected is None or MAY_LEAD(b"\n" + line.encode(), 1)


def tai64n(moment):
    """As multilog has it."""
    whole = int(moment.replace(microsecond=0).timestamp())
    return f"@{2**62 + 10 + whole:016x}{moment.microsecond * 1000:08x}"


WRITERS = [
    lambda moment: moment.strftime("%d-%b-%Y %H:%M:%S.%f %z"),
    lambda moment: moment.strftime("811:M %d %b %Y %H:%M:%S.%f %z"),
    lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S.%f %z"),
    lambda moment: moment.strftime("%Y%m%dT%H%M%S.%f%z"),
    lambda moment: moment.astimezone(PARIS).strftime("%Y.%m.%d %H:%M:%S.%f"),
    lambda moment: f"{int(moment.timestamp())}.{moment.microsecond:06} 7",
    tai64n,
]


@given(
    moments,
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.sampled_from(WRITERS),
    st.sampled_from(["", "["]),
)
def test_every_moment_survives_its_spelling(moment, zone, write, before):
    """To the microsecond; local times that occur twice are left out."""
    local = moment.astimezone(PARIS)
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        return
    read = StampReader(PARIS).leading(before + write(moment.astimezone(zone)) + " x", NOW)
    assert read == pytest.approx(moment.timestamp(), abs=2e-6, rel=0)


@given(moments, st.floats(-86_400, 200 * 86_400))
def test_a_klog_stamp_gets_back_its_year(moment, age):
    """As one of syslog does."""
    text = moment.strftime("W%m%d %H:%M:%S.000000     811 x.go:7] x")
    read = StampReader(UTC).leading(text, moment.timestamp() + age)
    assert read == int(moment.timestamp())
