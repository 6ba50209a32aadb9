"""Kind 11, value."""

from __future__ import annotations

from math import ceil
from typing import Any

import pytest
from doubles.restarts import histories, same_with_restarts
from doubles.rules import START, Bench, told
from doubles.threshold_story import threshold_story
from hypothesis import given
from hypothesis import strategies as st

from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Value
from logwatch.stamps import rfc3339


def settings(
    measure: str = "max",
    *,
    above: float | None = None,
    below: float | None = None,
    window: float = 60.0,
    minimum: int = 1,
    bound: str = "",
    **changes: Any,
) -> RuleSettings:
    """A rule about the field `took`."""
    kind = Value(
        measure=measure,
        field="took",
        above=above,
        below=below,
        bound=bound,
        window=window,
        minimum=minimum,
    )
    return RuleSettings(**{"name": "slow", "kind": kind, "cooldown": 0.0} | changes)


def test_it_fires_when_the_figure_is_beyond_its_bound_and_resolves_when_it_is_back():
    """One episode, told in the words of the bound."""
    bench = Bench(settings("avg", above=0.8, bound="800ms", minimum=2))
    bench.line(0, "a 500ms", took="500ms")
    bench.line(1, "a 1.5", took="1.5")
    bench.line(2, "a 2s", took="2s")
    (alert,) = bench.alerts
    assert (alert.status, alert.count) == ("firing", 2)
    assert alert.message == "avg of took is 1s in 1m (2 samples), above 800ms"
    assert [line.text for line in alert.lines] == ["a 1.5"]
    assert alert.first == rfc3339(START + 1)
    bench.line(3, took="1ms")
    assert len(bench.alerts) == 1
    for at in (4, 5):
        bench.line(at, took="1ms")
    assert told(bench.alerts) == [("firing", 1, 2), ("resolved", 2, 6)]
    assert bench.alerts[1].message == (
        "resolved after 4s: avg of took is 667.2ms in 1m (6 samples), no longer above 800ms"
    )


def test_both_bounds_are_exclusive():
    """At the bound is within it."""
    bench = Bench(settings("avg", above=10.0, below=2.0, window=5.0))
    for at, took in ((0, "10"), (10, "2"), (20, "10.001"), (30, "1.999")):
        bench.line(at, took=took)
    assert [alert.message for alert in bench.alerts if alert.status == "firing"] == [
        "avg of took is 10.001 in 5s (1 sample), above 10",
        "avg of took is 1.999 in 5s (1 sample), below 2",
    ]


def test_nothing_is_said_without_enough_samples():
    """A window that was not watched for all of its length fires once it has `min` samples."""
    bench = Bench(settings("max", above=1.0, minimum=3))
    for at in (0, 1):
        bench.line(at, took="9")
    assert bench.alerts == []
    bench.line(2, took="9")
    assert told(bench.alerts) == [("firing", 1, 3)]


def test_it_resolves_as_samples_leave_the_window_with_no_line_needed():
    """The one slow request leaves, the rest is fine."""
    bench = Bench(settings("max", above=1.0))
    bench.line(0, took="9")
    bench.line(30, took="0.5")
    assert bench.until(59.9) == []
    (end,) = bench.until(60)
    assert (
        end.message == "resolved after 1m: max of took is 0.5 in 1m (1 sample), no longer above 1"
    )


def test_it_resolves_without_data_when_too_few_samples_are_left():
    """Nobody knows whether it is well, and the message says so."""
    bench = Bench(settings("max", above=1.0, minimum=2))
    bench.line(0, took="9")
    bench.line(10, took="9")
    (end,) = bench.until(1000)
    assert end.message == "resolved after 50s: no data: fewer than 2 records are left"


@pytest.mark.parametrize(
    "text", ["-", "null", "", "abc", "12 apples", "nan", "inf", "1e999", "3MiB"]
)
def test_what_is_no_number_is_no_sample(text):
    """It is skipped and counted; a unit of another sort is none either."""
    bench = Bench(settings("min", below=5.0, bound="5s", say="{figure} {skipped}"))
    bench.line(0, took=text)
    bench.line(0)
    assert bench.alerts == []
    bench.line(1, took="4")
    assert [alert.message for alert in bench.alerts] == ["4s 2"]


@pytest.mark.parametrize(
    ("measure", "figure"),
    [("min", 1), ("max", 40), ("sum", 60), ("avg", 12), ("p50", 5), ("p80", 10), ("p81", 40)],
)
def test_each_measure(measure, figure):
    """Percentiles are of the nearest rank."""
    bench = Bench(settings(measure, above=0.0, minimum=5, say="{number:.0f}"))
    for took in ("40", "1", "10", "4", "5"):
        bench.line(0, took=took)
    assert [alert.message for alert in bench.alerts] == [str(figure)]


def test_sizes_are_told_as_sizes():
    """In the unit of the bound."""
    bench = Bench(settings("sum", above=3 * 2**20, bound="3MiB"))
    bench.line(0, took="2MiB")
    bench.line(1, took="2097152")
    assert bench.alerts[0].message == "sum of took is 4MiB in 1m (2 samples), above 3MiB"


@pytest.mark.parametrize("bound", ["1s", "1B", "1", ""])
@pytest.mark.parametrize("took", ["1e308", "-1e308", "1e-300", "1e15", "-90"])
def test_whoever_writes_the_log_cannot_make_the_rule_fail(took, bound):
    """However large a number, there are words for it."""
    for measure in ("sum", "avg", "p50"):
        bench = Bench(settings(measure, above=1e-301, below=-1.0, minimum=0, bound=bound))
        bench.line(0, took=took)
        bench.line(1, took=took)
        assert bench.alerts[0].status == "firing"
        assert [alert.status for alert in bench.until(1000)] == ["resolved"]
        bench.restart()


def test_an_alert_quotes_the_lines_that_are_beyond_the_bound():
    """The slow ones are what one wants to see, not the latest."""
    bench = Bench(settings("p50", above=1.0, minimum=5))
    for at, took in enumerate(("5", "6", "0", "0", "7", "0", "8")):
        bench.line(at, f"took {took}", took=took)
    assert [line.text for line in bench.alerts[0].lines] == ["took 5", "took 6", "took 7"]


def test_lines_that_have_left_the_window_are_not_quoted():
    """They are no reason for what is told."""
    bench = Bench(settings("avg", above=1.0, minimum=2))
    bench.line(0, "old", took="9")
    bench.line(100, "a", took="0.5")
    bench.line(101, "b", took="3")
    assert [line.text for line in bench.alerts[0].lines] == ["b"]


def test_each_key_has_its_own_figure():
    """`by` scopes the window."""
    bench = Bench(settings("sum", above=5.0, by=("host",)))
    bench.line(0, host="a", took="3")
    bench.line(0, host="b", took="3")
    bench.line(1, host="a", took="3")
    assert [alert.message for alert in bench.alerts] == [
        "a: sum of took is 6 in 1m (2 samples), above 5"
    ]


def test_it_burns_at_least_for_hold():
    """And is then looked at with no line needed."""
    bench = Bench(settings("max", above=1.0, hold=300.0))
    bench.line(0, took="9")
    bench.line(1, took="0")
    assert bench.until(299.9) == []
    assert [alert.status for alert in bench.until(300)] == ["resolved"]


def test_within_the_cooldown_nothing_fires_but_is_counted():
    """The first record after it fires where the figure is still beyond its bound."""
    bench = Bench(settings("max", above=1.0, window=5.0, cooldown=60.0))
    for at in (0, 20, 21, 59, 61):
        bench.line(at, took="9")
    assert [(alert.status, alert.suppressed) for alert in bench.alerts] == [
        ("firing", 0),
        ("resolved", 0),
        ("firing", 3),
    ]


def test_a_record_out_of_order_joins_its_window():
    """The window that ends with it, and the latest one."""
    bench = Bench(settings("sum", above=5.0, window=10.0))
    bench.line(0, took="3")
    bench.line(30, took="1")
    bench.line(5, took="3")
    assert told(bench.alerts)[0] == ("firing", 1, 2)


def test_a_record_too_late_joins_only_the_window_that_is_open():
    """Older than `late`: what its own window would have held is past."""
    bench = Bench(settings("max", above=5.0, window=10.0))
    bench.line(500, took="3")
    bench.line(5, took="9")
    assert bench.alerts == []


def test_a_stamp_from_the_future_does_not_keep_an_episode_burning():
    """The window that is looked at is that of the records that come in time."""
    bench = Bench(settings("max", above=5.0))
    bench.line(0, took="1")
    bench.rule.feed(*future(bench, 5000.0, "9"))
    assert list(bench.rule.burning())
    (end,) = bench.line(2, took="1")
    assert end.status == "resolved"


def future(bench: Bench, at: float, took: str):
    """A hit with a stamp ahead of the clock, and the time of now."""
    other = Bench(bench.settings)
    caught = []
    other.rule.feed = lambda hit, now: caught.append(hit) or ()
    other.line(at, took=took)
    return caught[0], bench.now


def test_a_key_that_must_go_while_it_burns_is_resolved():
    """Another key takes its place, and nothing is left burning for ever."""
    bench = Bench(settings("max", above=1.0, by=("host",)), max_keys=1)
    bench.line(0, host="x", took="2")
    bench.line(2, host="y", took="1")
    assert [(alert.status, alert.key["host"]) for alert in bench.alerts] == [
        ("firing", "x"),
        ("resolved", "x"),
    ]
    bench.until(10_000)
    bench.restart()
    assert bench.stored == {}


def test_another_bound_keeps_the_samples():
    """After a reload they are asked for another figure."""
    bench = Bench(settings("avg", above=10.0, minimum=2))
    bench.line(0, took="4")
    bench.settings = settings("max", above=3.0, minimum=2)
    bench.restart()
    bench.line(1, took="1")
    assert [alert.message for alert in bench.alerts] == [
        "max of took is 4 in 1m (2 samples), above 3"
    ]


def measured(measure: str, samples: list[float]) -> float:
    """What samples come to, naively."""
    match measure:
        case "min" | "max" | "sum":
            return {"min": min, "max": max, "sum": sum}[measure](samples)
        case "avg":
            return sum(samples) / len(samples)
    return sorted(samples)[ceil(int(measure[1:]) * len(samples) / 100) - 1]


def model(
    lines: list[tuple[float, float]], rule: Value, hold: float, cooldown: float
) -> list[tuple[str, float]]:
    """What a naive list of lines in order tells: status and event time."""
    seen: list[tuple[float, float]] = []

    def broken(now: float) -> bool:
        samples = [value for time, value in seen if now - rule.window < time <= now]
        if len(samples) < rule.minimum:
            return False
        figure = measured(rule.measure, samples)
        return (rule.above is not None and figure > rule.above) or (
            rule.below is not None and figure < rule.below
        )

    return threshold_story(lines, seen, broken, rule.window, hold=hold, cooldown=cooldown)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 5, 9, 10, 11, 30]), st.integers(0, 6)), max_size=40
    ),
    options=st.fixed_dictionaries(
        {
            "measure": st.sampled_from(["min", "max", "sum", "avg", "p50", "p90"]),
            "above": st.sampled_from([None, 2.0, 4.0, 9.0]),
            "below": st.sampled_from([None, 1.0, 2.0]),
            "minimum": st.integers(1, 3),
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
    for gap, value in steps:
        clock += gap
        lines.append((clock, float(value)))
        if not backlog:
            news += stepped(bench, clock)
        for alert in bench.line(clock, backlog=backlog, took=str(value)):
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


@given(
    history=histories(
        st.fixed_dictionaries(
            {
                "host": st.sampled_from("xyz"),
                "took": st.sampled_from(["-", "0.1", "200ms", "0.3", "1", "2s"]),
            }
        )
    ),
    measure=st.sampled_from(["min", "max", "sum", "avg", "p50", "p90"]),
    max_keys=st.sampled_from([2, 100]),
    hold=st.sampled_from([0.0, 30.0]),
    cooldown=st.sampled_from([0.0, 90.0]),
)
def test_restarts_change_nothing(history, measure, max_keys, hold, cooldown):
    """Not a byte, whatever comes late and whichever key must go."""
    rule = settings(
        measure, above=0.9, bound="900ms", by=("host",), minimum=2, hold=hold, cooldown=cooldown
    )
    same_with_restarts(rule, history, max_keys=max_keys)


def test_a_window_of_many_samples_is_kept_over_a_restart():
    """Beyond ten thousand samples the window is a sketch, and goes on as such."""
    rule = settings("p95", above=90.0, window=3600.0, minimum=11_000)
    benches = [Bench(rule), Bench(rule)]
    for number in range(12_000):
        for bench in benches:
            bench.line(number / 10, took=str(number % 100))
        if number == 10_500:
            benches[1].restart()
    for bench in benches:
        bench.until(10_000)
    assert [alert.message for alert in benches[0].alerts] == [
        alert.message for alert in benches[1].alerts
    ]
    assert [alert.status for alert in benches[0].alerts] == ["firing", "resolved"]
