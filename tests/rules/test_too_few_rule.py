"""Kinds 4 and 7 with `below`: too few records of a key, or too few values, within a time."""

from __future__ import annotations

from itertools import accumulate

from doubles.examples import examples
from doubles.held_back import HeldBack
from doubles.rules import START, told
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.records import Alert
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Absence, TooFew, TooFewValues
from logwatch.schedule import parse_schedule
from logwatch.stamps import rfc3339

DAY = 86400.0


def bench(kind: Absence, **changes) -> HeldBack:
    """A bench with a rule by host, without cool-down."""
    base = {"name": "quiet", "kind": kind, "by": ("host",), "cooldown": 0.0}
    return HeldBack(RuleSettings(**base | changes), max_keys=changes.pop("max_keys", 100_000))


def records(below: int = 3, limit: float = 60.0, *roster: str, **changes) -> HeldBack:
    """Fewer than `below` records within `limit`."""
    kind = TooFew(limit=limit, below=below, roster=tuple((host,) for host in roster))
    return bench(kind, **changes)


def values(below: int = 3, limit: float = 60.0, **changes) -> HeldBack:
    """Fewer than `below` values of `node` within `limit`."""
    return bench(TooFewValues(limit=limit, below=below, of=("node",)), **changes)


def lines(it: HeldBack, *times: float, host: str = "a") -> list[Alert]:
    """A record at each of these times."""
    return [each for at in times for each in it.line(at, f"beat {at:g}", host=host)]


def moments(alerts: list[Alert]) -> list[tuple[str, str]]:
    """Status and time of each."""
    return [(alert.status, alert.at) for alert in alerts]


def test_it_fires_when_the_nth_latest_record_leaves_the_window():
    """At 10, 30 and 50 there are three; at 70 the first of them has left."""
    it = records()
    assert lines(it, 0, 10, 30, 50) == it.until(70) == []
    (alert,) = it.until(71)
    assert moments([alert]) == [("firing", rfc3339(START + 70))]
    assert told([alert]) == [("firing", 1, 2)]
    assert alert.message == (
        "a: 2 records in 1m, fewer than 3; last 2026-01-05T00:00:50.000Z: beat 50"
    )
    assert alert.first == alert.last == "2026-01-05T00:01:10.000Z"
    assert it.until(3600) == []


def test_it_resolves_when_there_are_enough_again():
    """With the record that makes them so many, and not with the first that comes."""
    it = records()
    lines(it, 0)
    assert lines(it, 100, 130) == []
    (alert,) = lines(it, 140)
    assert told([alert]) == [("resolved", 2, 3)]
    assert alert.message == "resolved after 1m20s: a: 3 records in 1m again: beat 140"
    assert [line.text for line in alert.lines] == ["beat 0", "beat 140"]
    assert [each.status for each in it.until(191)] == ["firing"]
    assert it.alerts[0].id != it.alerts[2].id


def test_nobody_is_judged_before_a_whole_window():
    """One record is few, and its key was not watched for longer."""
    it = records()
    assert lines(it, 0) == it.until(60) == []
    (alert,) = it.until(61)
    assert alert.message.startswith("a: no record in 1m, fewer than 3; last ")


def test_a_record_exactly_at_the_deadline_is_in_time():
    """And one just after it is not."""
    for last, fires in ((60, False), (60.001, True)):
        it = records(2)
        lines(it, 0, 30, last)
        assert [each.status for each in it.alerts] == ["firing", "resolved"][: 2 * fires]


def test_a_key_of_the_roster_is_armed_from_the_start():
    """Never seen, or seen too seldom since."""
    it = records(2, 60.0, "a", "b")
    lines(it, 50, host="b")
    alerts = it.until(61)
    assert [alert.message for alert in alerts] == [
        "a: no record in 1m, fewer than 2; never seen since 2026-01-05T00:00:00.000Z",
        "b: 1 record in 1m, fewer than 2; last 2026-01-05T00:00:50.000Z: beat 50",
    ]
    assert lines(it, 70) == []
    assert told(lines(it, 80)) == [("resolved", 2, 2)]
    assert it.alerts[-1].message == "resolved after 1m20s: a: 2 records in 1m again: beat 80"


def test_records_out_of_order_count_where_they_belong():
    """One that is read late resolves what would not have been told."""
    it = records()
    lines(it, 0, 10, 30, 50)
    it.until(75)
    (alert,) = it.line(40, "late", host="a")
    assert alert.status == "resolved"
    assert it.until(90) == []
    (again,) = it.until(91)
    assert again.status == "firing"
    assert again.id != alert.id


def test_records_that_come_before_a_deadline_takes_effect_wait_for_it():
    """And all of those that it takes are kept."""
    it = records(30)
    lines(it, 0)
    it.clock.advance(100)
    for number in range(40):
        assert it.early(61 + number, 50, f"beat {number}", host="a") == []
    it.until(200)
    assert [each.status for each in it.alerts] == ["firing", "resolved", "firing"]
    assert [each.first for each in it.alerts[::2]] == [
        rfc3339(START + 60),
        rfc3339(START + 61 + 10 + 60),
    ]


def test_a_firing_within_the_cool_down_is_told_when_that_ends():
    """Where there are still too few then, and once."""
    it = records(cooldown=300.0)
    lines(it, 0)
    lines(it, 70, 80, 90)
    assert it.until(140) == []
    assert lines(it, 200, 250) == []
    (alert,) = it.until(370)
    assert moments([alert]) == [("firing", rfc3339(START + 360))]
    assert alert.suppressed == 1


def test_it_burns_for_hold():
    """One that has too few again before that stays in its episode."""
    it = records(2, hold=100.0)
    lines(it, 0, 70, 80)
    assert it.until(199) == []
    lines(it, 200, 210)
    assert moments(it.until(260)) == []
    assert moments(it.alerts) == [
        ("firing", rfc3339(START + 60)),
        ("resolved", rfc3339(START + 210)),
    ]


def test_one_that_is_seen_too_seldom_is_not_given_up():
    """And one that is not seen is, a week after it was seen last."""
    it = records(3, 3600.0)
    lines(it, *(1800.0 * hour for hour in range(2 * 24 * 10)))
    assert told(it.alerts) == [("firing", 1, 2)]
    (alert,) = it.until(17 * DAY)
    assert alert.message.endswith("a: given up, no record in 1h, fewer than 3")
    assert moments([alert]) == [("resolved", rfc3339(START + 17 * DAY - 1800))]
    assert it.rule.known_keys() == []


def test_silence_counts_in_active_hours():
    """What begins at the opening has a whole window for its records."""
    active = parse_schedule("08:00-18:00 UTC")
    it = records(3, 600.0, active=active)
    evening = 18 * 3600 - 60
    lines(it, *(evening - each for each in (800, 400, 200, 0)))
    assert it.until(DAY + 8 * 3600 + 600) == []
    (alert,) = it.until(DAY + 8 * 3600 + 601)
    assert told([alert]) == [("firing", 1, 0)]


def test_a_stamp_ahead_of_the_date_does_not_keep_it_waiting():
    """The next record takes its time."""
    it = records(2)
    lines(it, 0, 10)
    for stamp in (7200, 7201):
        it.early(stamp, 20, "beat", host="a")
    lines(it, 30)
    assert it.until(90) == []
    (alert,) = it.until(91)
    assert alert.message.endswith("last 2026-01-05T00:00:30.000Z: beat 30")


def test_a_stamp_ahead_of_the_date_is_a_sign_of_life():
    """With those before it there are enough."""
    it = records(3)
    lines(it, 0, 30, 40)
    it.early(7200, 50, "beat", host="a")
    assert it.until(90) == []
    (alert,) = it.until(91)
    assert alert.status == "firing"


def test_one_that_is_armed_by_a_stamp_ahead_of_the_date_is_armed_anew():
    """By the next record, which takes the place of the first."""
    it = records(3)
    it.early(7200, 0, "beat", host="a")
    lines(it, 30)
    assert it.until(90) == []
    assert told(it.until(91)) == [("firing", 1, 0)]


def test_another_number_begins_anew():
    """What was kept for the one does not do for the other."""
    one, other = (
        fingerprint(RuleSettings(name="r", kind=TooFew(limit=60.0, below=below)))
        for below in (2, 3)
    )
    assert one != other


# -- values ------------------------------------------------------------------------------------


def test_a_value_counts_once():
    """Whatever it comes; it fires when the third latest value leaves."""
    it = values()
    for at in range(0, 100, 10):
        for node in ("n1", "n2", "n3")[: 3 if at < 30 else 2]:
            it.line(at, f"{node} up", host="a", node=node)
    (alert,) = it.alerts
    assert moments([alert]) == [("firing", rfc3339(START + 80))]
    assert alert.message == (
        "a: 2 different values of node in 1m, fewer than 3: n1, n2;"
        " last 2026-01-05T00:01:20.000Z: n2 up"
    )
    (alert,) = it.line(100, "n4 up", host="a", node="n4")
    assert alert.message == ("resolved after 20s: a: 3 different values of node in 1m again: n4 up")


def test_more_values_than_there_must_be_are_told_apart():
    """Each by its latest time."""
    it = values(2)
    for at, node in enumerate(("n1", "n2", "n3", "n2")):
        it.line(10 * at, host="a", node=node)
    assert it.until(80) == []
    assert moments(it.until(81)) == [("firing", rfc3339(START + 80))]


def test_a_record_without_the_field_is_none():
    """It arms nothing, and is forgotten."""
    it = values()
    assert it.line(0, host="a") == it.until(1000) == []
    assert it.rule.known_keys() == []
    it.line(1000, host="a", node="n1")
    it.line(1001, host="a")
    assert it.until(1060) == []
    assert moments(it.until(1061)) == [("firing", rfc3339(START + 1060))]


def test_long_values_are_told_apart():
    """By what is beyond their beginning, in bounded memory."""
    it = values(2)
    for at in (0, 10, 20, 50):
        for end in "xy":
            it.line(at, "n" * 10_000 + end, host="a", node="n" * 10_000 + end)
    assert it.alerts == []
    it.until(200)
    assert [each.status for each in it.alerts] == ["firing"]
    assert sum(len(each.body or b"") for each in it.rule.changes()) < 12_000


def test_a_value_whose_stamp_was_ahead_of_the_date_is_counted_from_its_next_record():
    """Of the same time as what is pulled back to it."""
    it = values(1)
    it.line(0, host="a", node="n1")
    it.early(7200, 10, host="a", node="n1")
    it.line(20, host="a", node="n1")
    assert it.until(80) == []
    assert moments(it.until(81)) == [("firing", rfc3339(START + 80))]


def test_say_may_use_its_words():
    """Those that the page names."""
    it = values(say="{key}: {distinct} of {below}: {values}")
    it.line(0, host="a", node="n1")
    it.line(10, host="a", node="n2")
    assert [each.message for each in it.until(100)] == ["a: 1 of 3: n2"]
    it = records(say="{key}: {count} of {below} in {limit}, {away} {seen}")
    lines(it, 0, 30)
    assert [each.message for each in it.until(100)] == [
        "a: 1 of 3 in 1m, 0s 2026-01-05T00:00:30.000Z"
    ]


# -- models ------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0.25, 1, 3, 5, 9.75, 10, 10.25, 20, 60]),
        st.sampled_from("xyz"),
        st.booleans(),
    ),
    max_size=40,
)


def expected(
    seen: list[tuple[float, str]], below: int, armed: float, limit: float, end: float
) -> list[tuple[str, str]]:
    """By brute force: at each quarter of a second, how many there are up to it."""
    burns, found = False, []
    for quarter in range(int(end * 4)):
        at = quarter / 4
        here = len({value for time, value in seen if at - limit < time <= at})
        if not burns and here < below and at >= armed + limit:
            burns = True
            found.append(("firing", rfc3339(START + at)))
        elif burns and here >= below:
            burns = False
            found.append(("resolved", rfc3339(START + at)))
    return found


@given(STEPS, st.integers(1, 5), st.booleans(), st.booleans())
@settings(max_examples=examples(150))
def test_it_tells_what_counting_at_each_moment_tells(steps, below, by_value, restarts):
    """Of records and of values, with restarts and without."""
    it = values(below, 10.0) if by_value else records(below, 10.0)
    times = [*accumulate(gap for gap, _, _ in steps)]
    for at, (_, node, ends) in zip(times, steps, strict=True):
        it.line(at, host="a", node=node)
        if restarts and ends:
            it.restart()
    end = (times[-1] if times else 0) + 30
    it.until(end)
    seen = [
        (at, node if by_value else str(number))
        for number, (at, (_, node, _)) in enumerate(zip(times, steps, strict=True))
    ]
    assert moments(it.alerts) == expected(seen, below, times[0] if times else end, 10.0, end)
    ids = [each.id for each in it.alerts if each.status == "firing"]
    assert len(set(ids)) == len(ids)


@given(STEPS, st.booleans())
@settings(max_examples=examples(100))
def test_below_one_is_absence(steps, watched):
    """At the same times, of the same episodes."""
    roster = (("x",), ("w",)) if watched else ()
    both = [
        bench(kind, cooldown=15.0, hold=5.0)
        for kind in (Absence(limit=10.0, roster=roster), TooFew(limit=10.0, below=1, roster=roster))
    ]
    for it in both:
        at = 0.0
        for gap, host, ends in steps:
            at += gap
            it.line(at, host=host)
            if ends:
                it.restart()
        it.until(at + 800_000)
    one, other = (
        [(each.status, each.id, each.seq, each.at, each.key, each.suppressed) for each in it.alerts]
        for it in both
    )
    assert one == other
