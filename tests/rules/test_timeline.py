"""The one clock contract of all kinds, seen through the pipeline."""

from __future__ import annotations

import pytest
from doubles.daemon import batch
from doubles.rules import START
from msgspec.structs import replace

from logwatch.alerts.route import Router, RouteSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.clock import ManualClock
from logwatch.dispatch import Dispatch
from logwatch.pipeline import Pipeline
from logwatch.records import Match, Record
from logwatch.rules import make_rule
from logwatch.rules.base import PlainMatch, RuleSettings, Threshold
from logwatch.rules.kinds import Absence, Unique, Value
from logwatch.rules.timeline import SETTLE_SECONDS
from logwatch.schedule import parse_schedule

BEAT = RuleSettings(name="beat", kind=Absence(limit=10.0), cooldown=0.0, sources=("app",))
MANY = RuleSettings(name="many", kind=Threshold(count=2, window=10.0), cooldown=0.0)
CALM = RuleSettings(name="calm", kind=PlainMatch(), cooldown=30.0)
GROUPED = (RouteSettings(to=("out",), timers=RouteTimers(group=("rule",), wait=10.0)),)


class Bench:
    """A pipeline that is fed lines of one rule."""

    def __init__(
        self, *rules: RuleSettings, live: bool = True, virtual: bool = False, late=None, routes=()
    ):
        self.clock = ManualClock(START)
        self.pipeline = Pipeline(
            [make_rule(rule, host="web1") for rule in rules],
            Dispatch(Router(routes, sinks=("out",), to_by_rule={}), host="web1"),
            host="web1",
            late=late,
            virtual=virtual,
        )
        self.pipeline.begin(self.clock.moment())
        if live:
            self.pipeline.go_live(self.clock.moment())
        self.offset = 0

    def line(
        self,
        at: float,
        *,
        rule: int = 0,
        arrives: float | None = None,
        source: str = "app",
        captures: dict[str, str] | None = None,
    ):
        """A line stamped `at` seconds after the start; returns what was told."""
        if arrives is not None or self.pipeline.live:
            self.until(at if arrives is None else arrives)
        return self.read(at, rule=rule, source=source, captures=captures)

    def read(
        self,
        at: float,
        *,
        rule: int = 0,
        source: str = "app",
        captures: dict[str, str] | None = None,
    ):
        """The same, by now."""
        self.offset += 5
        self.pipeline.take(
            batch(
                "boom",
                offset=self.offset,
                time=START + at,
                source=source,
                matches=[Match(rule, 0, captures or {})],
                arrival=self.clock.wall(),
                backlog=not self.pipeline.live,
            ),
            self.clock.moment(),
        )
        return self.told()

    def until(self, at: float) -> list[tuple[str, str]]:
        """Let the clock run to `at` seconds after the start, and look."""
        self.clock.advance(max(0.0, START + at - self.clock.wall()))
        self.pipeline.expire(self.clock.moment())
        return self.told()

    def told(self) -> list[tuple[str, str]]:
        """Rule and status of each alert since the last call."""
        self.drained = self.pipeline.drain()
        return [(one.alert.rule, one.alert.status) for one in self.drained.alerts]


def test_live_a_deadline_takes_effect_by_the_date_and_a_moment_later():
    """So long a line finds its way here; a line that comes within that time is in time."""
    bench = Bench(BEAT)
    bench.line(0)
    assert bench.until(10 + SETTLE_SECONDS / 2) == []
    assert bench.pipeline.seconds_to_deadline(bench.clock.moment()) == pytest.approx(
        SETTLE_SECONDS / 2, abs=1e-3
    )
    assert bench.line(10, arrives=10 + SETTLE_SECONDS / 2) == []
    assert bench.until(20 + 2 * SETTLE_SECONDS) == [("beat", "firing")]


def test_after_a_sleep_lines_of_one_source_do_not_call_another_silent():
    """What was written meanwhile is read file by file, and deadlines wait until it was."""
    bench = Bench(BEAT, replace(CALM, sources=("web",)))
    bench.line(0)
    bench.clock.advance(30)
    bench.pipeline.woke_up()
    assert bench.read(29, rule=1, source="web") == [("calm", "firing")]
    for at in (5, 12, 20, 29.5):
        assert bench.read(at) == []
    assert bench.until(31) == bench.until(39.5) == []
    assert bench.until(39.5 + 2 * SETTLE_SECONDS) == [("beat", "firing")]


def test_a_source_that_comes_late_is_waited_for_as_long_as_its_lines_are_late():
    """Its writer gathers lines: what is stamped in time is in time."""
    bench = Bench(BEAT)
    bench.line(0, arrives=40)
    assert bench.until(49) == []
    assert bench.line(9, arrives=49.5) == []
    assert bench.until(58) == []
    assert bench.until(60.5) == [("beat", "firing")]


def test_a_source_is_waited_for_no_longer_than_its_late():
    """A wrong clock must not put deadlines off for ever."""
    bench = Bench(BEAT, late={"app": 5.0})
    bench.line(0, arrives=9)
    assert bench.until(14) == []
    assert bench.until(15.5) == [("beat", "firing")]


def test_what_is_known_of_a_late_source_survives_a_restart():
    """Or the first deadline after it came too early."""
    first = Bench(BEAT)
    first.line(0, arrives=40)
    second = Bench(BEAT, live=False)
    second.clock.advance(41)
    second.pipeline.restore(first.drained.states.values())
    second.pipeline.begin(second.clock.moment())
    second.pipeline.go_live(second.clock.moment())
    assert second.until(49) == []
    assert second.until(51) == [("beat", "firing")]


def test_one_late_source_does_not_hold_up_the_rules_of_another():
    """Only those that look at it, too."""
    other = RuleSettings(name="other", kind=Absence(limit=10.0), sources=("db",), cooldown=0.0)
    bench = Bench(BEAT, other)
    bench.line(0, arrives=30)
    bench.line(30, rule=1, source="db")
    assert bench.until(40.5) == [("beat", "firing"), ("other", "firing")]


def test_a_stamp_ahead_of_the_date_moves_no_deadline():
    """A machine whose clock is an hour ahead says nothing about the others."""
    bench = Bench(BEAT, MANY)
    bench.line(0)
    assert bench.line(3600, rule=1, arrives=1) == []
    assert bench.until(9) == []
    assert bench.until(11) == [("beat", "firing")]


def test_in_a_backlog_a_deadline_takes_effect_before_the_record_that_has_passed_it():
    """The backlog tells the same story as the live log, in the same order."""
    bench = Bench(MANY, CALM, live=False)
    bench.clock.advance(3600)
    bench.line(0)
    assert bench.line(1) == [("many", "firing")]
    assert bench.line(15, rule=1) == [("calm", "firing")]
    assert bench.line(19.9, rule=1) == []
    assert bench.line(100, rule=1) == [
        ("many", "resolved"),
        ("calm", "updated"),
        ("calm", "firing"),
    ]


def test_in_a_backlog_the_end_of_the_log_lets_no_deadline_pass():
    """What lies unread in another file may still be what a window waits for."""
    bench = Bench(BEAT, live=False)
    bench.line(0)
    assert bench.until(1000) == []
    bench.pipeline.go_live(bench.clock.moment())
    assert bench.until(1001) == [("beat", "firing")]


def test_deadlines_of_several_rules_take_effect_in_the_order_of_event_time():
    """Not in that of the configuration, or a whole would hear of its parts in a wrong order."""
    slow = RuleSettings(name="slow", kind=Absence(limit=20.0), cooldown=0.0)
    fast = RuleSettings(name="fast", kind=Absence(limit=5.0), cooldown=0.0)
    bench = Bench(slow, fast, virtual=True, live=False)
    bench.line(0, rule=0)
    bench.line(1, rule=1)
    bench.pipeline.run_until(START + 60)
    assert bench.told() == [("fast", "firing"), ("slow", "firing")]
    assert [one.alert.at[14:19] for one in bench.drained.alerts] == ["00:06", "00:20"]


def test_in_virtual_time_cooldowns_run_in_event_time_and_alerts_are_dated_by_it():
    """So that a test tells what production does."""
    bench = Bench(CALM, virtual=True, live=False)
    assert bench.line(0) == [("calm", "firing")]
    assert bench.line(29) == []
    assert bench.line(31) == [("calm", "updated"), ("calm", "firing")]
    assert [one.alert.at[14:19] for one in bench.drained.alerts] == ["00:30", "00:31"]


def test_in_virtual_time_a_group_waits_from_its_first_alert_in_event_time():
    """Also where one batch has lines of minutes: it is told in between."""
    bench = Bench(CALM, virtual=True, live=False, routes=GROUPED)
    both = (Record(0, "boom", START + 100), Record(5, "boom", START + 200))
    made = batch("boom", "boom", time=START + 200, matches=[Match(0, 0), Match(0, 1)])
    bench.pipeline.take(replace(made, records=list(both), backlog=True), bench.clock.moment())
    bench.pipeline.run_until(START + 300)
    bench.told()
    sent = [one.alert for one in bench.drained.alerts if one.sinks]
    assert [each.at[14:19] for each in sent] == ["01:50", "03:30"]


def test_live_cooldowns_run_on_the_clock_that_never_steps():
    """Setting the date neither ends a cool-down nor makes it last."""
    bench = Bench(CALM)
    bench.line(0)
    bench.clock.step_wall(-7200)
    bench.clock.advance(31)
    bench.pipeline.take(
        batch("boom", offset=900, time=bench.clock.wall(), arrival=bench.clock.wall()),
        bench.clock.moment(),
    )
    assert bench.told() == [("calm", "firing")]


def test_a_record_later_than_late_joins_only_a_window_that_is_still_open():
    """Two old lines of three minutes ago make no new alert of three minutes ago."""
    bench = Bench(MANY, live=False)
    bench.line(300)
    assert bench.line(100) == []
    assert bench.line(101) == []
    assert bench.line(301) == [("many", "firing")]


def test_a_stamp_ahead_of_the_date_ends_nothing_in_a_backlog():
    """What would be due by then is not due yet, and comes to its own time when all is read."""
    bench = Bench(BEAT, MANY, live=False)
    bench.clock.advance(5)
    assert bench.line(0) == []
    assert bench.line(7200, rule=1) == []
    bench.pipeline.go_live(bench.clock.moment())
    assert bench.line(9, arrives=9) == []
    bench.line(12, rule=1, arrives=12)
    assert bench.line(13, rule=1, arrives=13) == [("many", "firing")]
    assert bench.until(18) == []
    assert bench.until(20) == [("beat", "firing")]


def test_a_record_within_late_joins_the_window_of_its_own_time():
    """It came out of order, as lines of several writers do."""
    bench = Bench(MANY, live=False)
    bench.line(60)
    bench.line(20)
    assert bench.line(21) == [("many", "firing")]


def test_time_never_goes_back_for_rules_when_the_date_is_set_back():
    """Event time has come as far as it has."""
    bench = Bench(BEAT)
    bench.line(0)
    bench.until(8)
    bench.clock.step_wall(-5)
    bench.pipeline.expire(bench.clock.moment())
    assert bench.pipeline.seconds_to_deadline(bench.clock.moment()) == pytest.approx(7.25, abs=0.01)


def test_lines_after_the_date_was_set_back_find_their_windows():
    """They are of the date as it is now; else no window would take them until the old one came."""
    bench = Bench(MANY)
    bench.line(0)
    bench.until(30)
    bench.clock.step_wall(-3600)
    assert bench.line(-3560) == []
    assert bench.line(-3559) == [("many", "firing")]
    assert bench.until(-3530) == [("many", "resolved")]


@pytest.mark.parametrize("count", [2, 3, 100])
def test_a_key_with_a_full_window_fires_again_after_the_date_was_set_back(count):
    """Though what it saw before is ahead of the date now, and so is the end of its episode."""
    many = RuleSettings(name="many", kind=Threshold(count=count, window=10.0), cooldown=60.0)
    bench = Bench(many)
    for number in range(count):
        told = bench.line(number / count)
    assert told == [("many", "firing")]
    assert bench.until(40) == [("many", "resolved")]
    for number in range(count - 1):
        assert bench.line(41 + number / count) == []
    bench.clock.step_wall(-3600)
    for number in range(count - 1):
        assert bench.line(-3555 + number / count) == []
    assert bench.line(-3554) == [("many", "firing")]
    assert bench.until(-3500) == [("many", "resolved")]


def test_what_came_before_the_new_date_is_still_in_its_window():
    bench = Bench(RuleSettings(name="many", kind=Threshold(count=3, window=3600.0), cooldown=0.0))
    bench.line(-600)
    bench.line(-1)
    bench.clock.step_wall(-300)
    assert bench.line(-299) == []
    assert bench.line(-298) == [("many", "firing")]


def test_what_burns_while_the_date_is_set_back_goes_on_until_its_time():
    bench = Bench(MANY)
    bench.line(0)
    assert bench.line(1) == [("many", "firing")]
    bench.clock.step_wall(-3600)
    assert bench.line(-3598) == []
    assert bench.line(-3597) == []
    assert bench.until(20) == []
    assert bench.until(22) == [("many", "resolved")]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Unique(of=("user",), above=2, window=10.0), "abc"),
        (Value(measure="sum", field="user", above=2.0, window=10.0), "111"),
    ],
)
def test_a_window_of_values_begins_anew_where_the_date_was_set_back(kind, values):
    """A value that was seen on the old date counts again on the new one, and counts once."""
    bench = Bench(RuleSettings(name="many", kind=kind, cooldown=0.0))
    for number, value in enumerate(values[:2]):
        bench.line(number, captures={"user": value})
    bench.clock.step_wall(-3600)
    for number, value in enumerate(values[:2]):
        assert bench.line(number - 3595, captures={"user": value}) == []
    assert bench.line(-3592, captures={"user": values[2]}) == [("many", "firing")]
    assert bench.until(-3500) == [("many", "resolved")]


def test_a_date_that_is_set_back_a_little_moves_nothing():
    """Lines may be so late anyway, and find the window of their own time."""
    bench = Bench(MANY)
    bench.line(0)
    bench.until(30)
    bench.clock.step_wall(-60)
    assert bench.line(-25) == []
    assert bench.line(-24) == [("many", "firing")]


def test_hours_outside_of_active_are_not_looked_at():
    """A line at night is no line for a rule that works by day."""
    day = RuleSettings(
        name="day", kind=PlainMatch(), cooldown=0.0, active=parse_schedule("08:00-18:00 UTC")
    )
    bench = Bench(day)
    assert bench.line(0) == []
    assert bench.line(8 * 3600) == [("day", "firing")]
    assert bench.line(18 * 3600) == []


def test_a_rule_in_the_shadow_is_stored_and_not_sent():
    """With nobody to be told, of its end neither."""
    bench = Bench(RuleSettings(name="many", kind=MANY.kind, cooldown=0.0, shadow=True), live=False)
    bench.line(0)
    assert bench.line(1) == [("many", "firing")]
    assert [one.sinks for one in bench.drained.alerts] == [()]
    bench.clock.advance(3600)
    bench.pipeline.go_live(bench.clock.moment())
    assert bench.until(3700) == [("many", "resolved")]
    assert [one.sinks for one in bench.drained.alerts] == [()]
