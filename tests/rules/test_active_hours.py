"""`active`: which lines a rule is blind to outside of those hours, kind by kind."""

from __future__ import annotations

import pytest
from doubles.rules import START, checkpoint

from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.dispatch import Dispatch
from logwatch.pipeline import Pipeline
from logwatch.records import Batch, Match, Record
from logwatch.rules import make_rule
from logwatch.rules.base import PlainMatch, RuleSettings, Selector, Threshold, parts_of
from logwatch.rules.kinds import Composite, Expect, Heard, Ratio, Sequence
from logwatch.schedule import parse_schedule

HOUR = 3600.0
DAY = 24 * HOUR
WORKING = parse_schedule("Mon-Fri 08:00-18:00")  # the start is a Monday, at midnight


class Piped:
    """A pipeline of rules, in virtual time."""

    def __init__(self, *rules: RuleSettings) -> None:
        self.numbers = {
            (rules[part.rule].name, part.number): number
            for number, part in enumerate(parts_of(rules))
        }
        router = Router((), sinks=("out",), to_by_rule={})
        made = [make_rule(each, host="web1") for each in rules]
        self.pipeline = Pipeline(made, Dispatch(router, host="web1"), host="web1", virtual=True)
        self.pipeline.begin(Moment(START, START))
        self.offset = 0

    def line(self, at: float, *takers: tuple[str, int]) -> None:
        """A line `at` seconds after the start that these parts of rules take."""
        self.offset += 10
        batch = Batch(
            source="app",
            checkpoint=checkpoint(self.offset),
            start=self.offset - 10,
            end=self.offset,
            arrival=START + at,
            last_time=START + at,
            records=[Record(self.offset - 10, "boom", START + at)],
            matches=[Match(self.numbers[each], 0) for each in takers],
        )
        self.pipeline.take(batch, Moment(START + at, START + at))

    def told(self, until: float) -> list[tuple[str, str, float]]:
        """Rule and status of each alert, and the hour of it."""
        self.pipeline.run_until(START + until)
        assert not self.pipeline.quarantined
        return [
            (each.alert.rule, each.alert.status, (each.at - START) // HOUR)
            for each in self.pipeline.drain().alerts
        ]


def rule(name: str, kind, **changes) -> RuleSettings:
    """A rule without cool-down."""
    return RuleSettings(name=name, kind=kind, cooldown=0.0, **changes)


@pytest.mark.parametrize("cooldown", [0.0, 60.0])
def test_a_plain_match_is_blind_outside_of_its_hours(cooldown):
    """Also where no rule at all needs to know what time it is for anything else."""
    piped = Piped(RuleSettings(name="r", kind=PlainMatch(), cooldown=cooldown, active=WORKING))
    for hour in (7, 8, 17, 18):
        piped.line(hour * HOUR, ("r", 0))
    assert piped.told(DAY) == [("r", "firing", 8), ("r", "firing", 17)]


def test_what_was_opened_in_active_hours_may_be_closed_after_them():
    """A job that begins at 17:00 and takes three hours raises no false alarm."""
    kind = Expect(closing=Selector(), within=4 * HOUR)
    piped = Piped(rule("job", kind, active=WORKING))
    piped.line(17 * HOUR, ("job", 0))
    piped.line(20 * HOUR, ("job", 1))
    assert piped.told(3 * DAY) == []


def test_what_is_opened_outside_of_active_hours_is_not_watched():
    """And a deadline that lies outside of them still fires: what began counts."""
    kind = Expect(closing=Selector(), within=4 * HOUR)
    piped = Piped(rule("job", kind, active=WORKING))
    piped.line(7 * HOUR, ("job", 0))
    assert piped.told(12 * HOUR) == []
    piped.line(17 * HOUR, ("job", 0))
    piped.line(22 * HOUR, ("job", 1))
    assert piped.told(DAY) == [("job", "firing", 21), ("job", "resolved", 22)]


def test_a_share_counts_neither_a_part_nor_the_whole_outside_of_active_hours():
    """Two bad ones before the opening do not make one good one after it a bad share."""
    kind = Ratio(of=Selector(), above=0.5, window=2 * HOUR, minimum=1)
    piped = Piped(rule("share", kind, active=WORKING))
    piped.line(7.8 * HOUR, ("share", 0), ("share", 1))
    piped.line(7.9 * HOUR, ("share", 0), ("share", 1))
    piped.line(8.1 * HOUR, ("share", 1))
    assert piped.told(9 * HOUR) == []
    piped.line(9.1 * HOUR, ("share", 0), ("share", 1))
    piped.line(9.2 * HOUR, ("share", 0), ("share", 1))
    assert piped.told(9.5 * HOUR) == [("share", "firing", 9)]


def test_a_step_that_another_rule_takes_counts_in_active_hours_only():
    """As one that a line takes."""
    steps = Sequence(steps=(Heard(rule="a"), Selector()), within=2 * HOUR)
    for hour, expected in ((7.5, []), (8.5, [("steps", "firing", 9)])):
        piped = Piped(rule("a", PlainMatch()), rule("steps", steps, active=WORKING))
        piped.line(hour * HOUR, ("a", 0))
        piped.line(9 * HOUR, ("steps", 0))
        assert [each for each in piped.told(9.5 * HOUR) if each[0] == "steps"] == expected


@pytest.mark.parametrize("cooldown", [0.0, 60.0])
def test_a_composite_waits_for_its_hours_with_what_holds_then(cooldown):
    """What burns when they begin is told then; what is over by then never is."""
    clear = {"clear_count": 0, "clear_window": 3 * HOUR}
    parts = [rule(name, Threshold(count=1, window=60.0, **clear)) for name in "ab"]
    whole = Composite(rules=("a", "b"), needed=2, within=60.0)
    piped = Piped(*parts, RuleSettings(name="whole", kind=whole, cooldown=cooldown, active=WORKING))
    for hour in (1, 6):
        piped.line(hour * HOUR, ("a", 0))
        piped.line(hour * HOUR, ("b", 0))
    assert [each for each in piped.told(DAY) if each[0] == "whole"] == [
        ("whole", "firing", 8),
        ("whole", "resolved", 9),
    ]
