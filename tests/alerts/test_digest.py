"""Digests: when their calendars say, and what is in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from doubles.groups import START, GroupScene, group_of
from hypothesis import given
from hypothesis import strategies as st

from logwatch.alerts.digest import parse_calendar

DAY = 86_400.0
HOUR = 3600.0


def after(calendar: str, since: str) -> str:
    """The next time of `calendar` after `since`, both in UTC, to the minute."""
    time = datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp()
    due = datetime.fromtimestamp(parse_calendar(calendar).next_after(time), UTC)
    return due.isoformat(" ", "minutes")[:16]


@pytest.mark.parametrize(
    ("calendar", "since", "due"),
    [
        ("daily 08:00", "2026-01-05 07:59:59.999", "2026-01-05 08:00"),
        ("daily 08:00", "2026-01-05 08:00", "2026-01-06 08:00"),
        ("daily 8:00 Europe/Paris", "2026-01-05 00:00", "2026-01-05 07:00"),
        ("daily 8:00 Europe/Paris", "2026-07-05 00:00", "2026-07-05 06:00"),
        ("daily 00:00 America/New_York", "2026-01-05 04:59", "2026-01-05 05:00"),
        ("hourly", "2026-01-05 07:59:59", "2026-01-05 08:00"),
        ("hourly", "2026-01-05 08:00", "2026-01-05 09:00"),
        ("hourly Asia/Kolkata", "2026-01-05 08:00", "2026-01-05 08:30"),
        ("weekly Mon 08:00", "2026-01-05 08:00", "2026-01-12 08:00"),
        ("weekly Mon 08:00", "2026-01-05 07:00", "2026-01-05 08:00"),
        ("weekly Tue,Fri 08:00", "2026-01-06 09:00", "2026-01-09 08:00"),
        ("weekly Mon-Fri 18:30 Asia/Tokyo", "2026-01-09 10:00", "2026-01-12 09:30"),
        ("weekly mon 08:00 UTC", "2026-01-06 00:00", "2026-01-12 08:00"),
    ],
)
def test_the_next_time_is_after_the_given_one(calendar: str, since: str, due: str):
    """Strictly: a digest that was just sent is due at the next time."""
    assert after(calendar, since) == due


def test_a_time_that_spring_skips_comes_an_hour_later_by_the_clock():
    """Paris, 2026-03-29: 02:00 is put forward to 03:00."""
    assert after("daily 02:30 Europe/Paris", "2026-03-28 12:00") == "2026-03-29 01:30"
    assert after("daily 02:30 Europe/Paris", "2026-03-29 01:30") == "2026-03-30 00:30"


def test_a_time_that_comes_twice_in_autumn_counts_once():
    """Paris, 2026-10-25: 03:00 is put back to 02:00."""
    assert after("daily 02:30 Europe/Paris", "2026-10-24 12:00") == "2026-10-25 00:30"
    assert after("daily 02:30 Europe/Paris", "2026-10-25 00:30") == "2026-10-26 01:30"


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - hypothesis wants it
    st.integers(0, 24 * 60 - 1),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_daily_calendar_has_one_time_on_every_local_day(when: datetime, minute: int, zone: str):
    """Also on the days on which the clocks change."""
    calendar = parse_calendar(f"daily {minute // 60:02}:{minute % 60:02} {zone}")
    time = when.replace(tzinfo=UTC).timestamp()
    first = calendar.next_after(time)
    second = calendar.next_after(first)
    days = [datetime.fromtimestamp(due, ZoneInfo(zone)).date() for due in (first, second)]
    assert time < first <= time + 26 * HOUR
    assert days[1] - days[0] == timedelta(days=1)
    assert calendar.next_after(first - 0.001) == first


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "write daily 08:00"),
        ("daily", "write daily 08:00"),
        ("daily 8", "write daily 08:00"),
        ("daily 24:00", "is no time of day; write daily"),
        ("daily 08:60", "is no time of day; write daily"),
        ("monthly 08:00", "write daily 08:00"),
        ("weekly 08:00", "write daily 08:00"),
        ("weekly Moo 08:00", "'Moo' .* is no day"),
        ("daily 08:00 Europe/Nowhere", "is no time zone; write Europe/Paris"),
    ],
)
def test_what_is_no_calendar_is_refused_with_a_remedy(text: str, remedy: str):
    """At the check of the configuration."""
    with pytest.raises(ValueError, match=remedy):
        parse_calendar(text)


def test_a_digest_holds_all_of_the_route_and_comes_at_its_time():
    """Rules and keys together, where no `group` is given."""
    scene = GroupScene(digest="daily 08:00")
    scene.pass_time(HOUR)
    scene.event(key={"ip": "192.0.2.1"})
    scene.event(rule="disk-error", key={})
    scene.pass_time(3 * DAY)
    assert scene.line == [(8 * HOUR, "firing", 2, 0)]
    [message] = scene.messages
    assert group_of(message).kind == "digest"
    assert group_of(message).by == {}
    assert message.at == "2026-01-05T08:00:00.000Z"


def test_nothing_collected_means_no_message():
    """An empty mail every morning is noise."""
    scene = GroupScene(digest="daily 08:00")
    scene.pass_time(3 * DAY)
    assert scene.told == []
    assert scene.groups.deadline(scene.clock.moment()) is None


def test_a_digest_by_group_is_a_message_each():
    """For a mail per host, say."""
    scene = GroupScene(digest="hourly", group=("host",))
    for host in ("web1", "web2", "web1"):
        scene.event(host=host)
    scene.pass_time(DAY)
    assert scene.line == [(HOUR, "firing", 2, 0), (HOUR, "firing", 1, 0)]
    assert [group_of(message).by for message in scene.messages] == [
        {"host": "web1"},
        {"host": "web2"},
    ]


def test_the_end_of_an_episode_is_in_a_later_digest():
    """It is told where its beginning was; what just burns on is not told of again."""
    scene = GroupScene(digest="hourly")
    one = scene.fire(count=5)
    two = scene.fire()
    scene.pass_time(HOUR + 60)
    scene.resolve(one, count=8)
    scene.pass_time(HOUR)
    scene.event()
    scene.pass_time(HOUR)
    scene.resolve(two)
    scene.pass_time(DAY)
    assert scene.line == [
        (HOUR, "firing", 2, 2),
        (2 * HOUR, "updated", 1, 0),
        (3 * HOUR, "updated", 1, 0),
        (4 * HOUR, "resolved", 1, 0),
    ]
    assert [message.count for message in scene.messages] == [10, 3, 5, 0]
    assert scene.stored == {}


def test_a_digest_runs_by_the_date_and_not_by_the_steady_clock():
    """Where the date is set forward, its time comes sooner."""
    scene = GroupScene(digest="daily 08:00")
    scene.event()
    scene.clock.step_wall(7 * HOUR)
    assert scene.groups.deadline(scene.clock.moment()) == HOUR


def test_a_digest_that_was_due_while_nobody_ran_goes_out_at_the_start():
    """With what came before it; what comes after the start is in the next one."""
    scene = GroupScene(digest="daily 08:00")
    scene.event()
    scene.pass_time(7 * HOUR)
    scene.clock.advance(5 * HOUR)
    scene.restart()
    assert scene.groups.deadline(scene.clock.moment()) == 0
    scene.pass_time(0)
    scene.event()
    scene.pass_time(DAY)
    assert scene.times == [12 * HOUR, 32 * HOUR]
    assert scene.clock.wall() == START + 36 * HOUR
