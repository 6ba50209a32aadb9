"""Thresholds against a naive list, with late lines, and with restarts anywhere."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from doubles.restarts import Step, histories, same_with_restarts
from doubles.rules import Bench, told
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import SEVERITIES
from logwatch.rules.base import PlainMatch, RuleSettings, Threshold

LATE = 120.0
LEVELS = ((2, "warning"), (4, "error"), (6, "critical"))


class Model:
    """Every time in a list, every window counted one by one."""

    def __init__(self, rule: RuleSettings) -> None:
        assert isinstance(rule.kind, Threshold)
        self.rule, self.kind = rule, rule.kind
        self.times: list[float] = []
        self.fired: float | None = None
        self.over = -math.inf
        self.burns = False
        self.severity = ""
        self.told: list[tuple[str, float, str]] = []

    def until(self, event: float) -> None:
        """Let the end of the episode come."""
        if not self.burns:
            return
        if self.kind.clear_window is None:
            needed, span = self.kind.count, 2 * self.kind.window
        else:
            needed, span = (self.kind.clear_count or 0) + 1, self.kind.clear_window
        latest = sorted(self.times)[-needed:][0] if needed <= len(self.times) else max(self.times)
        assert self.fired is not None
        deadline = max(latest + span, self.fired + self.rule.hold)
        if deadline <= event:
            self.burns, self.over = False, deadline
            self.told.append(("resolved", deadline, self.severity))

    def line(self, at: float, event: float) -> None:
        """A record of `at` is read at `event`."""
        self.until(event)
        self.times.append(at)
        level = next(
            (name for count, name in reversed(self.kind.levels) if self.full(at, count, event)),
            self.rule.severity,
        )
        if self.burns:
            if SEVERITIES.index(level) > SEVERITIES.index(self.severity) and self.kind.levels:
                self.severity = level
                self.told.append(("updated", 0, level))
            return
        ends = self.full(at, self.kind.count, event)
        if ends and (self.fired is None or not 0 <= ends[0] - self.fired < self.rule.cooldown):
            self.burns, self.fired, self.severity = True, ends[0], level
            self.told.append(("firing", ends[0], level))

    def full(self, at: float, count: int, event: float) -> list[float]:
        """The ends of all windows that `at` has joined and that hold `count`."""
        if at >= max(event - LATE, self.over):
            ends = sorted(time for time in self.times if time >= at)
        else:
            ends = [event] if event >= self.over else []
        window = self.kind.window
        return [
            end
            for end in ends
            if end - window < at and sum(end - window < time <= end for time in self.times) >= count
        ]


SHAPES = [
    Threshold(count=1, window=10.0),
    Threshold(count=3, window=10.0),
    Threshold(count=3, window=10.0, clear_count=0, clear_window=5.0),
    Threshold(count=2, window=30.0, clear_count=1, clear_window=61.0, levels=LEVELS),
    Threshold(count=2, window=100.0, levels=LEVELS),
]
lines = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0.25, 1, 2, 3, 5, 10, 30, 61, 300]),
        st.sampled_from([0, 0, 0, 0, 1, 3, 8, 15, 100, 400]),
    ),
    max_size=50,
)


@pytest.mark.parametrize("kind", SHAPES, ids=repr)
@given(lines, st.sampled_from([0.0, 40.0]), st.sampled_from([0.0, 25.0]))
def test_it_tells_what_a_naive_count_says(kind, stamps, cooldown, hold):
    """In order or not: what fires depends on the times, as long as they are not too late."""
    rule = RuleSettings(name="many", kind=kind, cooldown=cooldown, hold=hold)
    bench, model = Bench(rule), Model(rule)
    clock = 0.0
    for gap, behind in stamps:
        clock += gap
        bench.until(clock)
        bench.line(clock - behind)
        model.line(clock - behind, clock)
    bench.until(clock + 5000)
    model.until(clock + 5000)
    assert [(a.status, a.severity) for a in bench.alerts] == [
        (status, severity) for status, _, severity in model.told
    ]


@pytest.mark.parametrize("kind", SHAPES, ids=repr)
@pytest.mark.parametrize("backlog", [False, True])
@given(
    histories(st.fixed_dictionaries({"k": st.sampled_from("abc")})),
    st.tuples(st.sampled_from([0.0, 40.0]), st.sampled_from([0.0, 25.0])),
    st.sampled_from([2, 100]),
)
def test_restarts_change_nothing(kind, backlog, history, holding, max_keys):
    """Late lines, cool-downs and keys that must go for others included."""
    cooldown, hold = holding
    rule = RuleSettings(name="many", kind=kind, by=("k",), cooldown=cooldown, hold=hold)
    same_with_restarts(rule, history, backlog=backlog, max_keys=max_keys)


@pytest.mark.parametrize("backlog", [False, True])
@given(
    histories(st.fixed_dictionaries({"k": st.sampled_from("abc")})),
    st.sampled_from([2, 100]),
)
def test_restarts_change_nothing_for_a_plain_match(backlog, history, max_keys):
    """Nor do they for the order in which keys that are held back must go."""
    rule = RuleSettings(name="plain", kind=PlainMatch(), by=("k",), cooldown=40.0)
    same_with_restarts(rule, history, backlog=backlog, max_keys=max_keys)


class At(NamedTuple):
    """A record of a time, read at another."""

    stamp: float
    read: float


def story(kind: Threshold, *records: At, **changes) -> Bench:
    """A bench that has read these records."""
    bench = Bench(RuleSettings(**{"name": "many", "kind": kind, "cooldown": 0.0} | changes))
    for stamp, read in records:
        bench.until(read)
        bench.line(stamp)
    return bench


def test_a_late_line_fills_a_window_between_its_own_and_the_newest():
    """Neither (-6, 4] nor (10, 20] holds three, but (2, 12] does."""
    kind = Threshold(count=3, window=10.0)
    bench = story(kind, At(5, 5), At(12, 12), At(20, 20), At(4, 21))
    assert told(bench.alerts) == [("firing", 1, 4)]
    assert bench.alerts[0].first == "2026-01-05T00:00:04.000Z"


def test_a_late_line_does_not_begin_an_episode_again_that_is_over():
    """All but that line was told; without cool-down that was told twice."""
    kind = Threshold(count=3, window=10.0)
    bench = story(kind, At(0, 0), At(1, 1), At(2, 2), At(3, 30))
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved"]


def test_a_late_line_alone_does_not_name_the_episode_of_newer_ones():
    """The name is that of the first record of the window, with the late one or without."""
    kind = Threshold(count=2, window=10.0)
    with_late = story(kind, At(50, 50), At(5, 51), At(52, 52))
    without = story(kind, At(50, 50), At(52, 52))
    assert [alert.id for alert in with_late.alerts] == [alert.id for alert in without.alerts]


def test_keys_of_equal_times_go_in_the_same_order_after_a_restart():
    """That last seen stays."""
    steps = [Step(0, 0, {"k": key}, restart=key == "c") for key in "zabc"]
    rule = RuleSettings(name="many", kind=Threshold(count=1, window=9.0), by=("k",), cooldown=0.0)
    same_with_restarts(rule, steps, max_keys=3)
