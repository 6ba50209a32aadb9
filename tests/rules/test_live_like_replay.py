"""Rules with a pipeline around them: live and in a replay, and with stamps that are far off."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from doubles.rules import START, checkpoint
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logwatch.alerts.route import Router
from logwatch.clock import Moment
from logwatch.dispatch import Dispatch
from logwatch.pipeline import Pipeline
from logwatch.records import Alert, Batch, Match, Record, encode_alert
from logwatch.rules import make_rule
from logwatch.rules.base import (
    KindSettings,
    PlainMatch,
    RuleSettings,
    Selector,
    Threshold,
    parts_of,
)
from logwatch.rules.kinds import (
    Absence,
    Cleared,
    Composite,
    Expect,
    Heard,
    NewTemplate,
    NewValue,
    Ratio,
    Sampling,
    Sequence,
    Spike,
    TooFew,
    TooFewValues,
    Unique,
    Value,
)

EVENTS = RuleSettings(name="events", kind=PlainMatch(), by=("k",), cooldown=0.0)
BURSTS = RuleSettings(
    name="bursts", kind=Threshold(count=2, window=5.0), by=("k",), cooldown=0.0, hold=3.0
)
"""What composites and sequences hear of."""

KINDS: list[KindSettings] = [
    Threshold(count=2, window=10.0),
    Threshold(
        count=2,
        window=10.0,
        levels=((2, "warning"), (4, "critical")),
        clear_count=1,
        clear_window=20.0,
    ),
    Absence(limit=10.0),
    TooFew(limit=10.0, below=3),
    TooFewValues(limit=10.0, below=2, of=("v",)),
    Expect(closing=Selector(), within=10.0),
    Cleared(count=2, window=10.0, closing=Selector(), clear_count=0, clear_window=20.0),
    Sequence(steps=(Selector(), Selector(), Selector()), within=10.0),
    Sequence(steps=(Heard(rule="bursts"), Selector()), within=10.0),
    NewValue(value=("v",), forget=20.0),
    NewValue(value=("v",), learn=3.0),
    NewTemplate(),
    NewTemplate(learn=3.0, at_most=(2, 10.0)),
    Composite(rules=("events", "bursts"), needed=2, within=10.0),
    Composite(rules=("events", "bursts"), needed=1, within=10.0, absorbs=True),
    Sampling(which="first", count=2, pause=10.0),
    Sampling(which="every", count=3, pause=10.0),
    Unique(of=("v",), above=2, window=10.0),
    Value(measure="avg", field="v", above=3.0, window=10.0, minimum=2),
    Value(measure="p90", field="v", below=2.0, above=4.0, window=10.0),
    Ratio(of=Selector(), above=0.5, window=10.0, minimum=2),
    Spike(up=2.0, down=2.0, over=5.0, minimum=2),
]


FOR_EVER = [
    Absence(limit=10.0, roster=(("a",), ("c",))),
    TooFew(limit=10.0, below=2, roster=(("a",), ("c",))),
    Cleared(count=1, window=0.0, closing=Selector()),
]
"""What is expected always is never given up, nor what only a line ends."""

SUBJECTS = ("mail", "disk", "net", "cpu", "swap")

LONG = 800_000.0
"""Seconds after which every kind has given up what it waits for."""


class Line(NamedTuple):
    """A line `gap` seconds after the one before, read `delay` seconds after it was written."""

    gap: float
    key: str
    value: int
    delay: float


def taken_by(rule: RuleSettings, part: int, line: Line) -> bool:
    """Whether a part of a rule takes a line."""
    match rule.kind:
        case PlainMatch():
            return line.value > 3
        case Ratio():  # some lines are the part, each is one of all
            return part == 1 or line.value > 2
        case Expect():
            return part == (0 if line.value > 2 else 1)
        case Cleared():  # some lines do both
            return line.value > 2 if part else line.value in {1, 5}
        case Sequence():  # some lines take two steps, or none
            return line.value % 3 == part or line.value == 5
        case _:
            return True


class Told:
    """A pipeline with one rule and those that it hears of, and what they are fed."""

    def __init__(self, rule: RuleSettings, *, virtual: bool, live: bool = True) -> None:
        others = [each for each in (EVENTS, BURSTS) if each.name in rule.kind.hears()]
        self.rules = [rule, *others]
        self.virtual = virtual
        self.parts = parts_of(self.rules)
        router = Router((), sinks=("out",), to_by_rule={})
        made = [make_rule(each, host="web1") for each in self.rules]
        self.pipeline = Pipeline(made, Dispatch(router, host="web1"), host="web1", virtual=virtual)
        self.wall = START
        self.steady_ahead = 0.0
        self.pipeline.begin(self.moment())
        if live and not virtual:
            self.steady_ahead = 5.0 - START
            self.pipeline.go_live(self.moment())

    def moment(self) -> Moment:
        """Both clocks; live they have nothing to do with one another."""
        return Moment(self.wall + self.steady_ahead, self.wall)

    def take(self, number: int, time: float, line: Line) -> None:
        """A batch of one line."""
        matches = [
            Match(place, 0, {"k": line.key, "v": str(line.value)})
            for place, part in enumerate(self.parts)
            if taken_by(self.rules[part.rule], part.number, line)
        ]
        batch = Batch(
            source="app",
            checkpoint=checkpoint(number + 1),
            start=number,
            end=number + 1,
            arrival=self.wall,
            last_time=time,
            records=[Record(number, f"{SUBJECTS[line.value - 1]} down", time)],
            matches=matches,
            backlog=not self.pipeline.live and not self.virtual,
        )
        self.pipeline.take(batch, self.moment())

    def pass_to(self, wall: float) -> None:
        """Let time pass, as the consumer does."""
        while (wait := self.pipeline.seconds_to_deadline(self.moment())) is not None:
            if self.wall + wait > wall:
                break
            self.wall += max(wait, 1e-6)
            self.pipeline.expire(self.moment())
        self.wall = wall
        self.pipeline.expire(self.moment())

    def alerts(self) -> list[bytes]:
        """All that was told, without the time of telling."""
        assert not self.pipeline.quarantined
        alerts = [each.alert for each in self.pipeline.drain().alerts]
        return sorted(map(encode_alert, map(timeless, alerts)))


def timeless(alert: Alert) -> Alert:
    """Live and replay differ in when they tell, and that is all."""
    return replace(alert, at="", late=False)


lines_of = st.lists(
    st.builds(
        Line,
        st.sampled_from([0, 0, 0.5, 1, 1, 2, 3, 5, 10, 11, 30]),
        st.sampled_from("ab"),
        st.integers(1, 5),
        st.sampled_from([0.0, 0.05, 0.2]),
    ),
    max_size=40,
)


@pytest.mark.parametrize("kind", KINDS + FOR_EVER, ids=lambda kind: type(kind).__name__)
@given(
    lines=lines_of,
    cooldown=st.sampled_from([0.0, 20.0]),
    hold=st.sampled_from([0.0, 7.0]),
)
def test_live_tells_what_a_replay_tells(kind, lines, cooldown, hold):
    """Deadlines before, at and after the times of records, whenever a line is read."""
    rule = RuleSettings(name="r", kind=kind, by=("k",), cooldown=cooldown, hold=hold)
    replayed, live = Told(rule, virtual=True), Told(rule, virtual=False)
    time = START
    for number, line in enumerate(lines):
        time += line.gap
        replayed.wall = time
        replayed.take(number, time, line)
        live.pass_to(max(live.wall, time + line.delay))
        live.take(number, time, line)
    replayed.pipeline.run_until(time + LONG)
    live.pass_to(time + LONG + 5)
    assert live.alerts() == replayed.alerts()


@pytest.mark.parametrize("kind", [PlainMatch(), *KINDS], ids=lambda kind: type(kind).__name__)
@given(
    lines=lines_of,
    behind=st.lists(st.sampled_from([0, 0, 0, 0.5, 3, 10, 30, 120]), min_size=40),
    cooldown=st.sampled_from([0.0, 20.0]),
)
def test_a_backlog_tells_what_a_replay_tells(kind, lines, behind, cooldown):
    """Also of lines that are out of order, as far as a source may be late."""
    rule = RuleSettings(name="r", kind=kind, by=("k",), cooldown=cooldown)
    replayed, read_up = Told(rule, virtual=True), Told(rule, virtual=False, live=False)
    time = START
    read_up.wall = START + LONG
    for number, (line, late) in enumerate(zip(lines, behind, strict=False)):
        time += line.gap
        replayed.wall = time
        replayed.take(number, time - late, line)
        read_up.take(number, time - late, line)
    replayed.pipeline.run_until(time + LONG)
    read_up.pipeline.go_live(read_up.moment())
    read_up.pass_to(time + LONG + 5)
    assert read_up.alerts() == replayed.alerts()


def test_a_line_out_of_order_does_not_cut_a_cooldown_short_in_a_backlog():
    """It is held back like any other, and the next firing is no sooner for it."""
    rule = RuleSettings(name="r", kind=PlainMatch(), by=("k",), cooldown=20.0)
    replayed, read_up = Told(rule, virtual=True), Told(rule, virtual=False, live=False)
    read_up.wall = START + LONG
    for number, at in enumerate((100, 90, 112, 119)):
        replayed.take(number, START + at, Line(0, "a", 5, 0))
        read_up.take(number, START + at, Line(0, "a", 5, 0))
    replayed.pipeline.run_until(START + LONG)
    read_up.pipeline.go_live(read_up.moment())
    read_up.pass_to(START + LONG + 5)
    told = read_up.alerts()
    assert len(told) == 2
    assert told == replayed.alerts()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@given(
    lines=lines_of,
    off=st.lists(st.sampled_from([0, 0, 0, -1, -20, -500, 0.3, 3, 40, 5000]), min_size=40),
    hold=st.sampled_from([0.0, 7.0]),
)
def test_wrong_stamps_leave_nothing_burning_or_kept_for_ever(kind, lines, off, hold):
    """An episode begins, ends once, and is forgotten, whatever times lines claim to have."""
    rule = RuleSettings(name="r", kind=kind, by=("k",), cooldown=20.0, hold=hold)
    live = Told(rule, virtual=False)
    kept: dict[str, bytes | None] = {}
    news: dict[str, list[str]] = {}

    def commit() -> None:
        drained = live.pipeline.drain()
        for (name, key), change in drained.states.items():
            if name == "r":
                kept[key] = change.body
        for each in drained.alerts:
            if each.alert.rule == "r":
                news.setdefault(each.alert.id, []).append(each.alert.status)

    for number, (line, ahead) in enumerate(zip(lines, off, strict=False)):
        live.pass_to(live.wall + line.gap)
        live.take(number, live.wall + ahead, line)
        commit()
    live.pass_to(live.wall + LONG)
    # Of a spike, a key that fell silent burns until it is heard of again.
    for number, key in enumerate("aabb" * 3):
        live.pass_to(live.wall + 1)
        live.take(1000 + number, live.wall, Line(0, key, 3, 0))
    live.pass_to(live.wall + LONG)
    commit()
    assert not live.pipeline.quarantined
    for statuses in news.values():
        updates = statuses.count("updated")
        assert statuses == ["firing", *["updated"] * updates, *["resolved"][: kind.burns]] or (
            isinstance(kind, Spike) and statuses == ["firing"]
        )
    left = [key for key, body in kept.items() if body and key in ("", "a", "b")]
    burning = [episode for episode, statuses in news.items() if statuses == ["firing"]]
    assert len(left) == (len(burning) if type(kind).burns else 0)


@pytest.mark.parametrize("delay", [0.0, 0.2])
@pytest.mark.parametrize("gap", [9.9, 10.0])
def test_what_is_over_when_another_part_fires_does_not_hold_with_it(gap, delay):
    """Live the end of an episode waits a moment for lines that find their way here."""
    kind = Composite(rules=("events", "bursts"), needed=2, within=1.0)
    rule = RuleSettings(name="r", kind=kind, by=("k",), cooldown=0.0)
    live = Told(rule, virtual=False)
    for number, (time, value) in enumerate(((0.0, 1), (0.0, 1), (gap, 4))):
        live.pass_to(START + time + delay)
        live.take(number, START + time, Line(0, "a", value, delay))
    live.pass_to(START + LONG)
    fired = [each.alert.status for each in live.pipeline.drain().alerts if each.alert.rule == "r"]
    assert fired == (["firing", "resolved"] if gap < 10 else [])
