"""Kind 4: absence, with and without a roster."""

from __future__ import annotations

from dataclasses import dataclass

from doubles.held_back import HeldBack
from doubles.rules import START, told
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.records import Alert
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Absence
from logwatch.schedule import parse_schedule
from logwatch.stamps import rfc3339

DAY = 86400.0


def absence(limit: float = 180.0, *roster: str, **changes) -> HeldBack:
    """A bench with an absence rule by host, without cool-down."""
    kind = Absence(limit=limit, roster=tuple((host,) for host in roster))
    max_keys = changes.pop("max_keys", 100_000)
    base = {"name": "heartbeat-lost", "kind": kind, "by": ("host",), "cooldown": 0.0}
    return HeldBack(RuleSettings(**base | changes), max_keys=max_keys)


def statuses(alerts: list[Alert]) -> list[tuple[str, str]]:
    """Host and status of each alert."""
    return [(alert.key["host"], alert.status) for alert in alerts]


def test_a_key_fires_once_when_its_limit_is_over():
    """With the line that was seen last, and since when."""
    bench = absence()
    assert bench.line(0, "beat 1", host="web1") == bench.line(100, "beat 2", host="web1") == []
    assert bench.until(280) == []
    (alert,) = bench.until(281)
    assert told([alert]) == [("firing", 1, 0)]
    assert [line.text for line in alert.lines] == ["beat 2"]
    assert alert.first == alert.last == "2026-01-05T00:01:40.000Z"
    assert alert.message == (
        "web1: no record for 3m, expected every 3m; last 2026-01-05T00:01:40.000Z: beat 2"
    )
    assert bench.until(3600) == []


def test_the_next_record_resolves_it_and_says_how_long_it_was_away():
    """The episode is the same, and what came back is quoted."""
    bench = absence()
    bench.line(0, "beat 1", host="web1")
    (fired,) = bench.until(200)
    (alert,) = bench.line(600, "beat 2", host="web1")
    assert told([alert]) == [("resolved", 2, 1)]
    assert alert.id == fired.id
    assert alert.message == "resolved after 10m: web1: back after 10m: beat 2"
    assert [line.text for line in alert.lines] == ["beat 1", "beat 2"]


def test_it_is_armed_again_after_it_was_back():
    """Another silence is another episode."""
    bench = absence()
    for at in (0, 600):
        bench.line(at, host="web1")
    bench.until(1000)
    assert told(bench.alerts) == [("firing", 1, 0), ("resolved", 2, 1), ("firing", 1, 0)]
    assert bench.alerts[0].id != bench.alerts[2].id


def test_a_record_exactly_at_the_deadline_is_in_time():
    """Three minutes are not more than three minutes."""
    bench = absence()
    for at in (0, 180, 360):
        bench.line(at, host="web1")
    assert bench.alerts == []


def test_a_record_just_after_the_deadline_is_not():
    """It fires at the deadline, and resolves with the record."""
    bench = absence()
    bench.line(0, host="web1")
    bench.line(180.001, host="web1")
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved"]


def test_each_key_has_its_own_deadline():
    """One host that speaks does not hide another that does not."""
    bench = absence()
    bench.line(0, host="web1")
    for at in range(0, 400, 50):
        bench.line(at, host="web2")
    assert statuses(bench.alerts) == [("web1", "firing")]


def test_a_key_of_the_roster_that_was_never_seen_fires_and_says_so():
    """It is armed from the start."""
    bench = absence(180.0, "web1", "web2")
    bench.line(10, host="web1")
    alerts = bench.until(181)
    assert statuses(alerts) == [("web2", "firing")]
    assert alerts[0].message == (
        "web2: no record for 3m, expected every 3m; never seen since 2026-01-05T00:00:00.000Z"
    )
    assert alerts[0].lines == []
    assert told(bench.line(200, "hello", host="web2")) == [("resolved", 2, 1)]
    assert bench.alerts[-1].message == "resolved after 3m20s: web2: back after 3m20s: hello"


def test_restarting_often_does_not_put_the_roster_off():
    """What is armed keeps its deadline."""
    bench = absence(180.0, "web1")
    for at in range(20, 180, 20):
        bench.until(at)
        bench.restart()
    assert statuses(bench.until(181)) == [("web1", "firing")]


def test_beginning_twice_is_harmless():
    """Deadlines stay as they are."""
    bench = absence(180.0, "web1")
    bench.until(100)
    bench.rule.begin(bench.now)
    assert statuses(bench.until(181)) == [("web1", "firing")]


def test_a_key_that_was_dead_before_a_restart_is_remembered():
    """It burns on, does not fire again, and resolves when it is back."""
    bench = absence()
    bench.line(0, host="web1")
    bench.until(200)
    bench.restart()
    assert len(list(bench.rule.burning())) == 1
    assert bench.until(5000) == []
    assert told(bench.line(5000, host="web1")) == [("resolved", 2, 1)]


def test_a_line_of_the_backlog_arms_a_roster_key_by_its_own_time():
    """Seen long before the start, and not since: it has been silent since then."""
    bench = absence(180.0, "web1")
    bench.until(100)
    bench.line(-60, "old beat", host="web1", backlog=True)
    (alert,) = bench.until(121)
    assert alert.message.endswith("last 2026-01-04T23:59:00.000Z: old beat")


def test_a_key_that_is_not_on_the_roster_is_given_up_after_a_week():
    """Its episode resolves and says so; it is armed again at its next record."""
    bench = absence()
    bench.line(0, host="web1")
    (fired, ended) = bench.until(181 + 7 * DAY)
    assert (fired.status, ended.status) == ("firing", "resolved")
    assert "given up, no record for 7d3m" in ended.message
    assert list(bench.rule.burning()) == []
    bench.restart()
    assert bench.line(8 * DAY, host="web1") == []
    assert statuses(bench.until(8 * DAY + 181)) == [("web1", "firing")]


def test_a_key_of_the_roster_is_never_given_up():
    """It burns until it is back."""
    bench = absence(180.0, "web1")
    assert statuses(bench.until(60 * DAY)) == [("web1", "firing")]
    assert told(bench.line(60 * DAY, host="web1")) == [("resolved", 2, 1)]


def test_a_key_that_left_the_roster_unseen_is_no_longer_waited_for():
    """A reload that takes it from the roster ends its episode; another key is not touched."""
    bench = absence(180.0, "web1", "web2")
    bench.until(200)
    bench.settings = replace(bench.settings, kind=Absence(limit=180.0, roster=(("web2",),)))
    bench.restart()
    alerts = bench.until(201)
    assert statuses(alerts) == [("web1", "resolved")]
    assert "given up" in alerts[0].message
    assert len(list(bench.rule.burning())) == 1


def test_runs_that_are_over_at_once_do_not_put_off_the_end_of_a_key_that_left_the_roster():
    """Each `run --once` begins anew, and ends before the end of the key is due."""
    bench = absence(180.0, "web1", "web2")
    bench.until(200)
    bench.settings = replace(bench.settings, kind=Absence(limit=180.0, roster=(("web2",),)))
    for _ in range(3):
        bench.restart()
        bench.now.event += 60.0
    bench.restart()
    assert statuses(bench.until(201)) == [("web1", "resolved")]


def test_a_key_that_left_the_roster_unseen_and_silent_is_forgotten():
    """Nothing was told of it, and nothing is."""
    bench = absence(180.0, "web1")
    bench.settings = replace(bench.settings, kind=Absence(limit=180.0))
    bench.restart()
    assert bench.until(DAY) == []
    assert bench.rule.due() is None


def test_a_burning_key_that_left_the_roster_is_given_up_in_time():
    """As if it had been armed by sight."""
    bench = absence(180.0, "web1")
    bench.line(0, host="web1")
    bench.until(200)
    bench.settings = replace(bench.settings, kind=Absence(limit=180.0))
    bench.restart()
    assert statuses(bench.until(8 * DAY)) == [("web1", "resolved")]


def test_a_burning_key_that_came_onto_the_roster_is_not_given_up():
    """From then on it is watched for ever."""
    bench = absence()
    bench.line(0, host="web1")
    bench.until(200)
    bench.settings = replace(bench.settings, kind=Absence(limit=180.0, roster=(("web1",),)))
    bench.restart()
    assert bench.until(30 * DAY) == []
    assert len(list(bench.rule.burning())) == 1


def test_a_longer_roster_keeps_the_state_of_the_rule():
    """What the rule remembers means the same."""
    one, two = (absence(180.0, *hosts).settings for hosts in (("a",), ("a", "b")))
    assert fingerprint(one) == fingerprint(two) != fingerprint(absence(60.0, "a").settings)


def test_without_by_all_records_are_one_key():
    """Armed at the first one."""
    bench = absence(by=())
    assert bench.until(1000) == []
    bench.line(1000, "beat")
    (alert,) = bench.until(1181)
    assert alert.key == {}
    assert alert.message.startswith("no record for 3m")


def test_records_out_of_order_count_by_their_time():
    """An older one that comes later changes nothing."""
    bench = absence()
    bench.line(100, "newer", host="web1")
    bench.line(50, "older", host="web1", lag=60)
    bench.lag = 0.0
    assert bench.until(280) == []
    (alert,) = bench.until(281)
    assert alert.lines[0].text == "newer"


def test_a_late_record_of_long_ago_does_not_resolve_it():
    """The key has been silent since then, too."""
    bench = absence()
    bench.line(0, host="web1")
    bench.until(500)
    assert bench.line(100, host="web1", lag=400) == []
    assert bench.until(600) == []
    assert told(bench.line(600, host="web1")) == [("resolved", 2, 1)]


def test_a_late_record_from_within_the_limit_resolves_it():
    """It is not silent any more, as far as its lines say."""
    bench = absence()
    bench.line(0, host="web1")
    bench.until(200)
    assert told(bench.line(170, host="web1", lag=35)) == [("resolved", 2, 1)]
    bench.lag = 0.0
    assert statuses(bench.until(351)) == [("web1", "firing")]


def test_a_first_record_that_is_far_too_late_arms_nothing():
    """Its window is over, and was never watched."""
    bench = absence()
    bench.until(1000)
    assert bench.line(100, host="web1", lag=900) == []
    assert bench.until(DAY) == []
    assert bench.rule.due() is None


def test_a_record_after_the_deadline_that_comes_before_it_waits_for_it():
    """A source that lags holds event time back: the other's record must not hide the silence."""
    bench = absence()
    bench.line(0, "one", host="web1")
    bench.clock.advance(200)
    assert bench.early(190, 150, "two", host="web1") == []
    assert [alert.status for alert in bench.until(181)] == ["firing", "resolved"]
    assert bench.alerts[-1].message == "resolved after 3m10s: web1: back after 3m10s: two"


def test_a_record_in_time_takes_in_those_that_waited():
    """Then there was no silence at all."""
    bench = absence()
    bench.line(0, "one", host="web1")
    bench.clock.advance(400)
    bench.early(310, 150, "three", host="web1")
    bench.early(190, 150, "two", host="web1")
    bench.early(160, 150, "between", host="web1")
    assert bench.until(490) == []
    (alert,) = bench.until(491)
    assert alert.lines[0].text == "three"


def test_a_stamp_ahead_of_the_date_is_a_sign_of_life():
    """A writer whose clock is fast is not silent."""
    bench = absence()
    bench.line(0, host="web1")
    assert bench.early(3600, 100, host="web1") == []
    assert bench.until(3780) == []
    assert statuses(bench.until(3781)) == [("web1", "firing")]


def test_a_stamp_far_ahead_of_the_date_counts_until_the_next_record():
    """Its writer's clock, or ours, was set right: waiting goes on from there."""
    bench = absence()
    bench.line(0, host="web1")
    assert bench.early(3600, 100, host="web1") == []
    bench.line(160, "beat", host="web1")
    assert bench.until(340) == []
    (alert,) = bench.until(341)
    assert alert.status == "firing"
    assert alert.last == "2026-01-05T00:02:40.000Z"


def test_a_stamp_a_little_ahead_of_the_date_is_not_taken_back():
    """Clocks differ, and lines of others come late."""
    bench = absence()
    bench.line(0, host="web1")
    bench.early(190, 100, host="web1")
    bench.line(110, host="web1")
    assert bench.until(370) == []
    assert statuses(bench.until(371)) == [("web1", "firing")]


def test_hold_keeps_it_burning():
    """Back early, it resolves when `hold` is over."""
    bench = absence(hold=600.0)
    bench.line(0, host="web1")
    bench.until(200)
    assert bench.line(300, "back", host="web1") == []
    for at in range(400, 780, 100):
        assert bench.line(at, host="web1") == []
    (alert,) = bench.until(781)
    assert alert.status == "resolved"
    assert "back after 5m: back" in alert.message


def test_a_key_that_falls_silent_again_under_hold_burns_on():
    """One episode, for nobody was told that it was over."""
    bench = absence(hold=600.0)
    bench.line(0, host="web1")
    bench.until(200)
    bench.line(300, host="web1")
    assert bench.until(2000) == []
    assert told(bench.line(2000, host="web1")) == [("resolved", 2, 2)]


def test_a_silence_within_the_cooldown_fires_when_that_is_over():
    """It is held back and not lost."""
    bench = absence(60.0, cooldown=600.0)
    bench.line(0, host="web1")
    bench.line(100, "back", host="web1")
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved"]
    assert bench.until(660) == []
    (alert,) = bench.until(661)
    assert (alert.status, alert.suppressed) == ("firing", 1)
    assert "no record for 9m20s" in alert.message


def test_a_key_that_is_back_before_the_cooldown_is_over_is_only_counted():
    """The next firing says how many there were."""
    bench = absence(60.0, cooldown=600.0)
    for at in (0, 100, 200, 300):
        bench.line(at, host="web1")
    for at in range(300, 1000, 50):
        bench.line(at, host="web1")
    (alert,) = bench.until(1100)
    assert [each.status for each in bench.alerts] == ["firing", "resolved", "firing"]
    assert alert.suppressed == 2


def test_silence_counts_in_active_hours_only():
    """A deadline outside moves to the next opening plus the limit."""
    bench = absence(600.0, active=parse_schedule("Mon-Fri 08:00-18:00"))
    eight, eighteen = 8 * 3600, 18 * 3600
    bench.line(eighteen - 60, "last of the day", host="web1")
    assert bench.until(DAY + eight + 600) == []
    assert statuses(bench.until(DAY + eight + 601)) == [("web1", "firing")]


def test_a_roster_that_is_armed_at_night_counts_from_the_opening():
    """The start is no sign of life."""
    bench = absence(9 * 3600.0, "web1", active=parse_schedule("08:00-18:00"))
    assert bench.until(17 * 3600) == []
    assert len(bench.until(17 * 3600 + 1)) == 1


def test_hours_shorter_than_the_limit_end_at_the_next_opening():
    """A whole span of active hours was silent by then."""
    bench = absence(12 * 3600.0, active=parse_schedule("08:00-18:00"))
    bench.line(10 * 3600, host="web1")
    assert bench.until(2 * DAY + 8 * 3600) == []
    assert len(bench.until(2 * DAY + 8 * 3600 + 1)) == 1


def test_hours_that_never_open_never_fire():
    """The last opening of a schedule of no hours does not come."""
    never = replace(parse_schedule("Mon 08:00-09:00"), spans=())
    bench = absence(60.0, "web1", active=never)
    assert bench.until(100 * DAY) == []
    assert bench.rule.due() is None


def test_a_full_rule_forgets_keys_that_are_not_on_the_roster():
    """A flood of new names does not take the roster's place."""
    bench = absence(180.0, "web1", "web2", max_keys=2)
    for number in range(20):
        bench.line(number, host=f"other{number}")
    assert statuses(bench.until(DAY)) == [
        ("web1", "firing"),
        ("web2", "firing"),
        ("other18", "firing"),
        ("other19", "firing"),
    ]


def test_a_burning_key_that_must_go_is_resolved():
    """Where nothing else can."""
    bench = absence(60.0, max_keys=2)
    bench.line(0, host="a")
    bench.line(1, host="b")
    bench.until(100)
    alerts = bench.line(101, host="c")
    assert statuses(alerts) == [("a", "resolved")]
    assert "a: given up, no record for 1m, expected every 1m" in alerts[0].message


def test_a_key_that_must_go_while_it_burns_under_hold_was_seen_last_when_it_was_back():
    """Where nothing else can."""
    bench = absence(60.0, hold=600.0, max_keys=1)
    bench.line(0, host="a")
    bench.line(90, host="a")
    alerts = bench.line(91, host="b")
    assert statuses(bench.alerts) == [("a", "firing"), ("a", "resolved")]
    assert "back after 1m30s" in alerts[0].message


def test_its_words():
    """`say` knows how long, since when, and what the limit is."""
    say = "{host} away {away} of {limit}, seen {seen}, {status|-}"
    bench = absence(180.0, "web1", say=say)
    bench.line(0, host="web2")
    seen, never = sorted(bench.until(200), key=lambda alert: bool(not alert.lines))
    assert seen.message == "web2 away 3m of 3m, seen 2026-01-05T00:00:00.000Z, -"
    assert never.message == "web1 away 3m of 3m, seen never, -"


@dataclass
class Line:
    """A line of one key."""

    at: int
    host: str
    lag: int


LINES = st.lists(
    st.builds(
        Line,
        st.integers(0, 120),
        st.sampled_from("abcd"),
        st.sampled_from([0, 0, 0, 1, 5, 30]),
    ),
    max_size=40,
).map(lambda lines: sorted(lines, key=lambda line: line.at + line.lag))


@given(LINES)
def test_it_tells_what_a_naive_reading_of_the_times_tells(lines):
    """Lines in the order of their times: every gap over the limit is an episode."""
    bench = absence(10.0)
    ordered = sorted(lines, key=lambda line: line.at)
    for line in ordered:
        bench.line(line.at, host=line.host)
    bench.until(200)
    expected = []
    for host in {line.host for line in lines}:
        times = [line.at for line in ordered if line.host == host]
        for before, after in zip(times, [*times[1:], 10**9], strict=True):
            if after > before + 10:
                expected.append((before + 10, host, "firing", rfc3339(START + before)))
                if after < 10**9:
                    expected.append((after, host, "resolved", rfc3339(START + before)))
    got = [(alert.key["host"], alert.status, alert.first) for alert in bench.alerts]
    assert sorted(got) == sorted(each[1:] for each in expected)


@given(
    LINES,
    st.sets(st.integers(0, 40)),
    st.sampled_from([0.0, 15.0]),
    st.sampled_from([0.0, 25.0]),
    st.tuples(st.integers(2, 5), st.sampled_from([(), ("a",), ("a", "e")])),
)
def test_restarts_change_nothing(lines, restarts, cooldown, hold, keys):
    """Deadlines, evictions, cool-down, hold, lines out of order: the same bytes."""
    told_by = []
    max_keys, roster = keys
    for stops in (set(), restarts):
        bench = absence(10.0, *roster, cooldown=cooldown, hold=hold, max_keys=max_keys)
        for number, line in enumerate(lines):
            if number in stops:
                bench.restart()
            bench.line(line.at, f"{number}", lag=line.lag, host=line.host)
        if stops:
            bench.restart()
        bench.until(8 * DAY)
        told_by.append(bench.alerts)
    assert told_by[0] == told_by[1]
