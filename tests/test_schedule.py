"""Hours of the week: how they are written, when they hold, and days on which the clock is put."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.schedule import DAYS, parse_schedule

PARIS = ZoneInfo("Europe/Paris")


def _at(text: str, zone: str = "UTC", fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("Mon-Fri 08:00-18:00", ["2026-01-05T08:00", "2026-01-09T17:59:59.9"],
         ["2026-01-05T07:59:59", "2026-01-05T18:00", "2026-01-10T12:00"]),
        ("Tue 02:00-04:00", ["2026-01-06T02:00"], ["2026-01-05T02:00", "2026-01-06T04:00"]),
        ("Sat,Sun", ["2026-01-10T00:00", "2026-01-11T23:59"], ["2026-01-12T00:00"]),
        ("fri-MON", ["2026-01-09T00:00", "2026-01-12T12:00"], ["2026-01-13T00:00"]),
        ("Sun,Mon-Tue,Thu", ["2026-01-11T00:00", "2026-01-06T12:00"], ["2026-01-07T00:00"]),
        ("08:00-18:00", ["2026-01-11T08:00"], ["2026-01-11T18:00"]),
        ("8:30-9:00", ["2026-01-11T08:30"], ["2026-01-11T08:29"]),
        ("18:00-24:00", ["2026-01-11T23:59:59"], ["2026-01-12T00:00", "2026-01-11T17:59"]),
        ("22:00-06:00", ["2026-01-05T22:00", "2026-01-06T05:59"], ["2026-01-06T06:00"]),
        ("Fri 22:00-06:00", ["2026-01-09T22:00", "2026-01-10T05:59"],
         ["2026-01-09T05:00", "2026-01-10T22:00"]),
        ("Sun 22:00-06:00", ["2026-01-05T01:00"], ["2026-01-04T01:00"]),
        ("Mon; Wed 10:00-11:00", ["2026-01-05T05:00", "2026-01-07T10:30"], ["2026-01-07T11:00"]),
    ],
)  # fmt: skip
def test_when_a_span_holds(text, inside, outside):
    """From its first minute to before its last."""
    schedule = parse_schedule(text)
    assert schedule.text == text
    assert [each for each in inside if not schedule.covers(_at(each))] == []
    assert [each for each in outside if schedule.covers(_at(each))] == []


def test_each_span_is_in_its_own_zone():
    """UTC where none is named."""
    schedule = parse_schedule("Mon 08:00-09:00 Europe/Paris; Mon 08:00-09:00 America/New_York")
    assert schedule.covers(_at("2026-01-05T07:30"))
    assert schedule.covers(_at("2026-01-05T13:30"))
    assert not schedule.covers(_at("2026-01-05T08:30"))


def test_a_day_on_which_the_clock_is_put_forward_has_what_the_wall_clock_shows():
    """In Paris, 02:00 to 03:00 is not there on 29 March 2026."""
    skipped = parse_schedule("Sun 02:00-03:00 Europe/Paris")
    night = parse_schedule("Sun 01:00-04:00 Europe/Paris")
    start = _at("2026-03-29T00:00")  # 01:00 in Paris
    minutes = [start + 60 * minute for minute in range(-60, 240)]
    assert not any(skipped.covers(minute) for minute in minutes)
    assert sum(night.covers(minute) for minute in minutes) == 120
    assert night.next_change(start) == start + 7200


def test_a_day_on_which_the_clock_is_put_back_has_an_hour_twice():
    """In Paris, 02:00 to 03:00 is there twice on 25 October 2026, an hour apart or not."""
    schedule = parse_schedule("Sun 02:30-03:00 Europe/Paris")
    first = _at("2026-10-25T02:30", "Europe/Paris", fold=0)
    again = _at("2026-10-25T02:30", "Europe/Paris", fold=1)
    assert again - first == 3600
    covered = [m for m in range(0, 7200, 60) if schedule.covers(first + m)]
    assert covered == [*range(0, 1800, 60), *range(3600, 5400, 60)]
    assert schedule.next_change(first) == first + 1800
    assert schedule.next_change(first + 1800) == again


def test_a_span_past_midnight_belongs_to_the_day_on_which_it_begins():
    """Also in the night in which the clock is put back."""
    schedule = parse_schedule("Sat 22:00-06:00 Europe/Paris")
    begin = _at("2026-10-24T22:00", "Europe/Paris")
    assert schedule.next_change(begin) == _at("2026-10-25T06:00", "Europe/Paris")
    assert schedule.next_change(begin) - begin == 9 * 3600


@pytest.mark.parametrize("text", ["Mon-Sun", "Mon-Sun Europe/Paris", "00:00-24:00"])
def test_what_always_holds_never_changes(text):
    """There is nothing to wait for."""
    schedule = parse_schedule(text)
    assert schedule.covers(0.0)
    assert schedule.next_change(1_767_571_200.0) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no span of the week"),
        ("Europe/Paris", "no span of the week"),
        ("Mon;", "no span of the week"),
        ("Mon 8-18", "no span of the week"),
        ("Mon 08:00", "no span of the week"),
        ("Monday 08:00-09:00", "no span of the week"),
        ("Mon-Fry", "'Fry' in 'Mon-Fry' is no day; write Mon"),
        ("Mon 08:00-25:00", "'25:00' in 'Mon 08:00-25:00' is no time of day; write 08:00"),
        ("Mon 08:61-09:00", "is no time of day"),
        ("Mon 24:00-06:00", "begins at the end of the day"),
        ("Mon 08:00-08:00", "begins when it ends"),
        ("Mon 08:00-09:00 Europe/Pariss", "'Europe/Pariss' is no time zone; write Europe/Paris"),
        ("Mon 08:00-09:00 Europe", "is no time zone"),
        ("Mon 08:00-09:00 a/../../etc/passwd", "no span of the week"),
    ],
)
def test_what_is_none_says_what_to_write(text, message):
    """With a remedy."""
    with pytest.raises(ValueError, match="; ") as caught:
        parse_schedule(text)
    assert message in str(caught.value)


_TIMES = st.integers(0, 24 * 60 - 1)


@given(
    st.sets(st.sampled_from(range(7)), min_size=1),
    _TIMES,
    _TIMES,
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  # the zone is added
)
def test_what_it_says_is_what_the_wall_clock_shows(days, begin, end, moment):
    """A naive reading of local time agrees."""
    if begin == end:
        end = (end + 1) % (24 * 60)
    names = ",".join(DAYS[day] for day in sorted(days))
    hours = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    schedule = parse_schedule(f"{names} {hours} Europe/Paris")
    local = moment.replace(tzinfo=UTC).astimezone(PARIS)
    minute, day = local.hour * 60 + local.minute, local.weekday()
    length = (end - begin) % (24 * 60)
    since_today = minute - begin
    since_yesterday = since_today + 24 * 60
    expected = (day in days and 0 <= since_today < length) or (
        (day - 1) % 7 in days and 0 <= since_yesterday < length
    )
    assert schedule.covers(local.timestamp()) == expected


@given(
    st.sampled_from(["Mon-Fri 08:00-18:00", "22:00-06:00", "Sun 02:30-03:00", "Sat,Sun", "Wed"]),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  # the zone is added
)
def test_the_next_change_is_the_first_one(spans, zone, moment):
    """Nothing changes before it, and there it does."""
    schedule = parse_schedule(f"{spans} {zone}")
    time = moment.replace(tzinfo=UTC, microsecond=0).timestamp()
    change = schedule.next_change(time)
    assert change is not None
    # Sunday 02:30 in Paris is left out where the clock is put forward: then a week later.
    assert time < change <= time + timedelta(days=15).total_seconds()
    assert schedule.covers(change) != schedule.covers(time)
    assert schedule.covers(change - 1) == schedule.covers(time)


@given(st.text(max_size=30) | st.from_regex(r"[MTWFSa-z,;0-9:\- /]{0,20}", fullmatch=True))
def test_any_text_is_read_or_refused(text):
    """With a ValueError, and nothing else."""
    try:
        schedule = parse_schedule(text)
    except ValueError:
        return
    assert schedule.spans


@pytest.mark.parametrize(
    "text",
    [
        "Mon-Fri 08:00-18:00 Europe/Paris",
        "Sun 02:15-02:45 America/New_York; Sat",
        "22:00-06:00 Australia/Lord_Howe",
        "Tue 23:30-00:30 Asia/Kolkata; Wed 00:30-01:00 Asia/Kolkata",
        "Sun 01:30-02:30 Europe/London",
        "Mon-Sun",
    ],
)
@pytest.mark.parametrize("near", ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-25"])
def test_the_next_change_is_that_of_a_walk_over_every_minute(text, near):
    """Around the days on which clocks are put forward and back."""
    schedule = parse_schedule(text)
    noon = datetime.fromisoformat(f"{near}T12:00:00+00:00").timestamp()
    for hours in (-71, -36.5, -14, -11.99, -10.2, -1, 30):
        time = noon + hours * 3600
        minutes = (time - time % 60 + 60 * ahead for ahead in range(1, 8 * 1440))
        first = next((at for at in minutes if schedule.covers(at) != schedule.covers(time)), None)
        if first is not None or text == "Mon-Sun":
            assert schedule.next_change(time) == first


def test_hours_that_a_day_leaves_out_come_a_week_later():
    """On 29 March 2026 there is no 02:15 in Paris."""
    schedule = parse_schedule("Sun 02:15-02:45 Europe/Paris")
    time = datetime.fromisoformat("2026-03-28T00:00:00+00:00").timestamp()
    due = datetime.fromisoformat("2026-04-05T00:15:00+00:00").timestamp()
    assert schedule.next_change(time) == due
