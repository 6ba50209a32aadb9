"""Kind 11, ratio."""

from __future__ import annotations

from typing import Any

from doubles.restarts import alerts_of, histories, same_with_restarts
from doubles.rules import START, Bench, told
from doubles.threshold_story import threshold_story
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import encode_alert
from logwatch.rules.base import RuleSettings, Selector
from logwatch.rules.kinds import Ratio
from logwatch.stamps import rfc3339


def settings(
    *,
    above: float | None = None,
    below: float | None = None,
    window: float = 60.0,
    minimum: int = 1,
    **changes: Any,
) -> RuleSettings:
    """A rule about the share of errors."""
    kind = Ratio(of=Selector(), above=above, below=below, window=window, minimum=minimum)
    return RuleSettings(**{"name": "errors", "kind": kind, "cooldown": 0.0} | changes)


def feed(bench: Bench, at: float, words: dict[str, Any], *, backlog: bool = False) -> None:
    """A record as the pipeline feeds it: first as one of the part, where it is, then as one."""
    words = dict(words)
    if words.pop("part"):
        bench.line(at, part=0, backlog=backlog, **words)
        bench.line(at, part=1, same_record=True, backlog=backlog, **words)
    else:
        bench.line(at, part=1, backlog=backlog, **words)


def fed(bench: Bench, marks: str, *, start: float = 0, **words: Any) -> None:
    """A record a second: `x` is one of the part, `.` is none."""
    for number, mark in enumerate(marks):
        feed(bench, start + number, {"part": mark == "x", "text": f"{mark}{number}", **words})


def test_a_record_that_is_both_is_counted_once():
    """Half of four, not two of six."""
    bench = Bench(settings(above=0.4, minimum=4))
    fed(bench, ".x.x")
    (alert,) = bench.alerts
    assert (alert.status, alert.count) == ("firing", 4)
    assert alert.message == "50% (2 of 4) in 1m, above 40%"
    assert [line.text for line in alert.lines] == ["x1", "x3"]
    assert alert.first == rfc3339(START + 3)


def test_two_equal_records_at_different_places_are_two():
    """What tells that a record comes again is its file and its place in it."""
    bench = Bench(settings(above=0.6, minimum=2))
    bench.line(0, part=0)
    bench.line(0, part=1, same_record=True)
    bench.line(0, part=1)
    assert bench.alerts == []


def test_both_bounds_are_exclusive():
    """At the bound is within it."""
    bench = Bench(settings(above=0.5, below=0.25, minimum=2))
    fed(bench, "x.")
    assert bench.alerts == []
    fed(bench, "..", start=100)
    assert [alert.message for alert in bench.alerts] == ["0% (0 of 2) in 1m, below 25%"]
    bench.until(300)
    fed(bench, "x...", start=300)
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved"]


def test_below_quotes_the_records_that_are_not_of_the_part():
    """They are what is wrong."""
    bench = Bench(settings(below=0.5, minimum=3))
    fed(bench, ".x.")
    assert [line.text for line in bench.alerts[0].lines] == [".0", ".2"]


def test_it_resolves_when_the_share_is_back():
    """At a record."""
    bench = Bench(settings(above=0.5, minimum=1))
    fed(bench, "x..")
    assert [alert.message for alert in bench.alerts] == [
        "100% (1 of 1) in 1m, above 50%",
        "resolved after 1s: 50% (1 of 2) in 1m, no longer above 50%",
    ]


def test_it_resolves_as_records_leave_the_window_with_no_line_needed():
    """Or without data, when too few are left."""
    bench = Bench(settings(above=0.5, minimum=2))
    fed(bench, "xx.")
    assert [alert.message for alert in bench.until(100)] == [
        "resolved after 59s: 50% (1 of 2) in 1m, no longer above 50%",
    ]
    fed(bench, "xx", start=200)
    assert [alert.message for alert in bench.until(500)] == [
        "resolved after 59s: no data: fewer than 2 records are left",
    ]


def test_nothing_is_said_without_enough_records():
    """One error of one request is no surge."""
    bench = Bench(settings(above=0.05, minimum=200))
    fed(bench, "x" * 50)
    assert bench.alerts == []


def test_say_may_use_share_part_total_and_bound():
    """All that the stock message knows."""
    bench = Bench(settings(above=0.05, minimum=3, say="{part}/{total} = {share} is {bound}"))
    fed(bench, "x..")
    assert bench.alerts[0].message == "1/3 = 33.33% is above 5%"


def test_each_key_has_its_own_share():
    """`by` scopes the window."""
    bench = Bench(settings(above=0.5, minimum=2, by=("host",)))
    fed(bench, "x.", host="a")
    fed(bench, "xx", host="b", start=10)
    assert [alert.message for alert in bench.alerts] == ["b: 100% (2 of 2) in 1m, above 50%"]


def test_a_restart_between_the_two_sights_of_a_record_changes_nothing():
    """Which record is awaited again is stored."""
    bench = Bench(settings(above=0.5))
    bench.line(0, part=0)
    bench.restart()
    bench.line(0, part=1, same_record=True)
    assert told(bench.alerts) == [("firing", 1, 1)]


def test_a_record_out_of_order_joins_its_window():
    """The window that ends with it, and the latest one; one too late joins nothing that is over."""
    bench = Bench(settings(above=0.5, minimum=2, window=10.0))
    feed(bench, 0, {"part": True})
    feed(bench, 30, {"part": False})
    feed(bench, 5, {"part": True})
    assert told(bench.alerts)[0] == ("firing", 1, 2)
    bench = Bench(settings(above=0.5, minimum=2, window=10.0))
    feed(bench, 0, {"part": True})
    feed(bench, 500, {"part": False})
    feed(bench, 5, {"part": True})
    assert bench.alerts == []


def test_a_key_that_must_go_while_it_burns_is_resolved():
    """Another key takes its place, and nothing is left burning for ever."""
    bench = Bench(settings(above=0.5, by=("host",)), max_keys=1)
    fed(bench, "x", host="x")
    fed(bench, ".", host="y", start=2)
    assert [(alert.status, alert.key["host"]) for alert in bench.alerts] == [
        ("firing", "x"),
        ("resolved", "x"),
    ]
    bench.until(10_000)
    bench.restart()
    assert bench.stored == {}


def model(
    lines: list[tuple[float, bool]], rule: Ratio, hold: float, cooldown: float
) -> list[tuple[str, float]]:
    """What a naive list of lines in order tells: status and event time."""
    seen: list[tuple[float, bool]] = []

    def broken(now: float) -> bool:
        marks = [mark for time, mark in seen if now - rule.window < time <= now]
        if len(marks) < rule.minimum:
            return False
        share = sum(marks) / len(marks)
        return (rule.above is not None and share > rule.above) or (
            rule.below is not None and share < rule.below
        )

    return threshold_story(lines, seen, broken, rule.window, hold=hold, cooldown=cooldown)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 5, 9, 10, 11, 30]), st.booleans()), max_size=40
    ),
    options=st.fixed_dictionaries(
        {
            "above": st.sampled_from([None, 0.25, 0.5, 0.75]),
            "below": st.sampled_from([None, 0.1, 0.25]),
            "minimum": st.integers(1, 4),
            "hold": st.sampled_from([0.0, 7.0, 25.0]),
            "cooldown": st.sampled_from([0.0, 15.0]),
        }
    ),
    backlog=st.booleans(),
)
def test_what_is_told_is_what_a_naive_model_tells(steps, options, backlog):
    """Windows counted anew at each record, ends looked for among all moments."""
    rule = settings(window=10.0, **options)
    bench = Bench(rule)
    clock, lines, news = 0.0, [], []
    for gap, mark in steps:
        clock += gap
        lines.append((clock, mark))
        if not backlog:
            news += stepped(bench, clock)
        before = len(bench.alerts)
        feed(bench, clock, {"part": mark}, backlog=backlog)
        for alert in bench.alerts[before:]:
            at = bench.rule._states[""].over - START if alert.status == "resolved" else clock
            news.append((alert.status, at))
    news += stepped(bench, clock + 1000)
    assert news == model(lines, rule.kind, rule.hold, rule.cooldown)


def stepped(bench: Bench, until: float) -> list[tuple[str, float]]:
    """The alerts up to `until` with their times, stopping at each deadline."""
    new: list[tuple[str, float]] = []
    while (due := bench.rule.due()) is not None and due <= START + until:
        new += [(alert.status, due - START) for alert in bench.until(due - START)]
    return new


marked = st.fixed_dictionaries({"host": st.sampled_from("xyz"), "part": st.booleans()})


@given(
    history=histories(marked),
    max_keys=st.sampled_from([2, 100]),
    hold=st.sampled_from([0.0, 30.0]),
    cooldown=st.sampled_from([0.0, 90.0]),
)
def test_restarts_change_nothing(history, max_keys, hold, cooldown):
    """Not a byte, whatever comes late and whichever key must go."""
    rule = settings(above=0.4, by=("host",), minimum=2, hold=hold, cooldown=cooldown)
    same_with_restarts(rule, history, max_keys=max_keys, feed=feed)


@given(history=histories(marked, behind=(0,)))
def test_the_same_lines_are_told_the_same_way_twice(history):
    """Nothing but the lines decides what is told."""
    rule = settings(above=0.4, by=("host",), minimum=2)
    first, second = (alerts_of(rule, history, restarts=False, feed=feed) for _ in range(2))
    assert list(map(encode_alert, first)) == list(map(encode_alert, second))
