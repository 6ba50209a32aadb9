"""Kind 7, unique."""

from __future__ import annotations

from typing import Any

from doubles.restarts import Step, alerts_of, histories, same_with_restarts
from doubles.rules import START, Bench, told
from hypothesis import given
from hypothesis import strategies as st

from logwatch.records import Alert
from logwatch.rules import fingerprint
from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Unique
from logwatch.stamps import rfc3339


def settings(
    above: int = 2, window: float = 60.0, of: tuple[str, ...] = ("port",), **changes: Any
) -> RuleSettings:
    """A rule for a scan of ports."""
    kind = Unique(of=of, above=above, window=window)
    return RuleSettings(**{"name": "scan", "kind": kind, "cooldown": 0.0} | changes)


def test_it_fires_once_when_there_are_more_distinct_values_than_allowed():
    """Further values are no further alerts."""
    bench = Bench(settings(above=2))
    for at, port in enumerate(["22", "22", "80", "443", "25", "26"]):
        bench.line(at, f"DPT={port}", port=port)
    (alert,) = bench.alerts
    assert (alert.status, alert.seq, alert.count) == ("firing", 1, 3)
    assert alert.message == "3 different values of port in 1m, more than 2: 22, 80, 443"
    assert (alert.first, alert.last) == (rfc3339(START + 3), rfc3339(START + 3))
    assert [line.text for line in alert.lines] == ["DPT=22", "DPT=80", "DPT=443"]


def test_it_resolves_when_the_values_have_left_the_window_with_no_line_needed():
    """The third latest value leaves a minute after it was last seen."""
    bench = Bench(settings(above=2))
    for at, port in enumerate("abcd"):
        bench.line(at, port=port)
    bench.line(30, port="b")
    assert bench.until(61.9) == []
    (end,) = bench.until(62)
    assert (end.status, end.seq, end.count) == ("resolved", 2, 5)
    assert end.message == (
        "resolved after 1m: up to 4 different values of port in 1m, no longer more than 2"
    )
    assert not list(bench.rule.burning())


def test_the_older_end_of_the_window_is_open():
    """(t - T, t]: a value exactly one window old is not in it."""
    bench = Bench(settings(above=1))
    bench.line(0, port="a")
    bench.line(60, port="b")
    assert bench.alerts == []
    bench.line(119.999, port="c")
    assert len(bench.alerts) == 1


def test_a_record_without_the_field_is_not_counted():
    """Neither a missing field nor an empty one is a value."""
    bench = Bench(settings(above=1))
    bench.line(0, port="a")
    bench.line(1)
    bench.line(2, port="")
    assert bench.alerts == []
    bench.line(3, fields={"port": "b"})
    assert told(bench.alerts) == [("firing", 1, 2)]


def test_several_fields_are_one_value_together():
    """(a, bc) is not (ab, c), and a separator in the log mixes up nothing."""
    bench = Bench(settings(above=2, of=("who", "host")))
    for who, host in (("a", "b"), ("a", "c"), ("a", "b"), ("a", None)):
        bench.line(0, who=who, **({"host": host} if host else {}))
    assert bench.alerts == []
    bench.line(1, who="a\x1fb", host="c")
    assert bench.alerts[0].message == (
        "3 different values of who and host in 1m, more than 2: a/b, a/c, a␟b/c"
    )


def test_each_key_has_its_own_values():
    """`by` scopes the window, and the message names the key."""
    bench = Bench(settings(above=1, by=("src",)))
    bench.line(0, src="x", port="1")
    bench.line(0, src="y", port="2")
    bench.line(0, src="x", port="3")
    assert [alert.message for alert in bench.alerts] == [
        "x: 2 different values of port in 1m, more than 1: 1, 3"
    ]


def test_it_burns_at_least_for_hold():
    """`hold` puts the end off."""
    bench = Bench(settings(above=1, hold=300.0))
    bench.line(0, port="a")
    bench.line(1, port="b")
    assert bench.until(300) == []
    assert [alert.status for alert in bench.until(301)] == ["resolved"]


def test_within_the_cooldown_nothing_fires_but_is_counted():
    """The first record after it fires where the values are still too many."""
    bench = Bench(settings(above=1, window=10.0, cooldown=60.0))
    for at, port in ((0, "a"), (1, "b"), (20, "a"), (21, "b"), (22, "c"), (58, "d"), (62, "e")):
        bench.line(at, port=port)
    assert [(alert.status, alert.suppressed) for alert in bench.alerts] == [
        ("firing", 0),
        ("resolved", 0),
        ("firing", 2),
    ]


def test_say_may_name_the_values():
    """`{distinct}` is a number, `{values}` the latest few."""
    bench = Bench(settings(above=7, say="{distinct:,} of {values} on {host|?} by {n}"))
    for number in range(8):
        bench.line(number, port=str(number), n=str(number))
    assert bench.alerts[0].message == "8 of …, 3, 4, 5, 6, 7 on web1 by 7"


def test_a_long_value_is_named_by_its_beginning():
    """A log line does not decide how long a message is."""
    bench = Bench(settings(above=1))
    bench.line(0, port="x" * 5000)
    bench.line(1, port="y" * 5000)
    assert len(bench.alerts[0].message) < 200


def test_a_record_out_of_order_joins_its_window():
    """The result depends on times and not on arrival."""
    bench = Bench(settings(above=2))
    bench.line(50, port="a")
    bench.line(55, port="b")
    bench.line(40, port="c")
    assert told(bench.alerts) == [("firing", 1, 3)]


def test_a_record_too_late_joins_only_the_window_that_is_open():
    """Older than `late`: what its own window would have held is past."""
    bench = Bench(settings(above=1, window=100.0))
    bench.line(0, port="a")
    bench.line(500, port="b")
    bench.line(10, port="c")
    assert bench.alerts == []
    bench = Bench(settings(above=1, window=600.0))
    bench.line(500, port="b")
    bench.line(10, port="c")
    assert told(bench.alerts) == [("firing", 1, 2)]


def test_nothing_fires_for_a_time_before_the_end_that_was_told():
    """What comes late for an episode that is over begins no other in its past."""
    bench = Bench(settings(above=1, window=60.0))
    bench.line(0, port="a")
    bench.line(1, port="b")
    bench.until(65)
    assert told(bench.alerts) == [("firing", 1, 2), ("resolved", 2, 2)]
    bench.line(2, port="c")
    bench.line(50, port="d")
    assert len(bench.alerts) == 2


def test_beyond_ten_thousand_values_the_number_is_an_estimate_and_says_so():
    """Memory stays bounded, and what is told is honest about it."""
    bench = Bench(settings(above=10_500, window=3600.0))
    for number in range(12_000):
        bench.line(number / 100, port=f"p{number}")
    (alert,) = bench.alerts
    assert alert.message.startswith("about 10,5")
    assert "(±1.6 %) different values of port in 1h, more than 10,500: …, p" in alert.message
    bench.restart()
    assert len(next(iter(bench.stored.values())).body) < 200_000
    (end,) = bench.until(8000)
    assert end.status == "resolved"


def test_a_key_that_must_go_while_it_burns_is_resolved():
    """Another key takes its place, and nothing is left burning for ever."""
    bench = Bench(settings(above=1, by=("src",)), max_keys=1)
    bench.line(0, src="x", port="1")
    bench.line(1, src="x", port="2")
    bench.line(2, src="y", port="1")
    assert [(alert.status, alert.key["src"]) for alert in bench.alerts] == [
        ("firing", "x"),
        ("resolved", "x"),
    ]
    bench.until(10_000)
    bench.restart()
    assert bench.stored == {}


def test_another_bound_keeps_what_is_known():
    """After a reload the values are still there, and the episode ends by the new bound."""
    bench = Bench(settings(above=3))
    for at, port in enumerate("abcd"):
        bench.line(at, port=port)
    other = settings(above=1)
    assert fingerprint(other) == fingerprint(bench.settings)
    assert fingerprint(settings(window=61.0)) != fingerprint(other)
    bench.settings = other
    bench.restart()
    assert bench.until(61) == []
    assert [alert.status for alert in bench.until(62)] == ["resolved"]


def model(
    lines: list[tuple[float, str]], above: int, window: float, hold: float, cooldown: float
) -> list[tuple[str, float]]:
    """What a naive list of lines in order tells: status and event time."""
    news: list[tuple[str, float]] = []
    seen: list[tuple[float, str]] = []
    fired: float | None = None
    burns = False

    def count(now: float) -> int:
        return len({value for time, value in seen if now - window < time <= now})

    def resolve(upto: float) -> None:
        nonlocal burns
        assert fired is not None
        moments = {fired + hold} | {time + window for time, _ in seen}
        for at in sorted(moments):
            if fired + hold <= at <= upto and at > fired and burns and count(at) <= above:
                news.append(("resolved", at))
                burns = False

    for time, value in lines:
        if burns:
            resolve(time)
        seen.append((time, value))
        if burns or count(time) <= above:
            continue
        if fired is None or time - fired >= cooldown:
            fired, burns = time, True
            news.append(("firing", time))
    if burns:
        resolve(1e9)
    return news


def told_at(alerts: list[Alert]) -> list[tuple[str, str]]:
    """Status and last time of each firing."""
    return [(alert.status, alert.first) for alert in alerts if alert.status == "firing"]


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 5, 9, 10, 11, 30]), st.sampled_from("abcdef")),
        max_size=40,
    ),
    above=st.integers(1, 3),
    hold=st.sampled_from([0.0, 7.0, 25.0]),
    cooldown=st.sampled_from([0.0, 15.0]),
    backlog=st.booleans(),
)
def test_what_is_told_is_what_a_naive_model_tells(steps, above, hold, cooldown, backlog):
    """Windows counted anew at each record, ends looked for among all moments."""
    history = [Step(gap, 0, {"port": value}) for gap, value in steps]
    rule = settings(above=above, window=10.0, hold=hold, cooldown=cooldown)
    bench = Bench(rule)
    clock, lines, news = 0.0, [], []
    for step in history:
        clock += step.gap
        lines.append((clock, step.words["port"]))
        if not backlog:
            news += [(each.status, bench.now.event - START) for each in stepped(bench, clock)]
        for alert in bench.line(clock, backlog=backlog, **step.words):
            at = bench.rule._states[""].over - START if alert.status == "resolved" else clock
            news.append((alert.status, at))
    news += [(each.status, bench.now.event - START) for each in stepped(bench, clock + 1000)]
    assert news == model(lines, above, 10.0, hold, cooldown)


def stepped(bench: Bench, until: float) -> list[Alert]:
    """The alerts up to `until`, stopping at the first so that its time can be asked."""
    due = bench.rule.due()
    new: list[Alert] = []
    while due is not None and due <= START + until and not new:
        new = bench.until(due - START)
        due = bench.rule.due()
    return new


@given(
    history=histories(
        st.fixed_dictionaries(
            {"src": st.sampled_from("xyz"), "port": st.sampled_from(["", *"abcdef"])}
        )
    ),
    max_keys=st.sampled_from([2, 100]),
    hold=st.sampled_from([0.0, 30.0]),
    cooldown=st.sampled_from([0.0, 90.0]),
)
def test_restarts_change_nothing(history, max_keys, hold, cooldown):
    """Not a byte, whatever comes late and whichever key must go."""
    rule = settings(above=2, by=("src",), hold=hold, cooldown=cooldown)
    same_with_restarts(rule, history, max_keys=max_keys)


@given(
    times=st.lists(st.integers(0, 50), min_size=1, max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_whether_it_fires_does_not_depend_on_the_order_of_arrival(times, order):
    """All within one window and within `late`: any order fires, or none."""
    lines = [(float(time), {"port": str(number % 4)}) for number, time in enumerate(times)]
    outcomes = []
    for shuffled in (sorted(lines, key=lambda line: line[0]), order.sample(lines, len(lines))):
        bench = Bench(settings(above=2))
        bench.until(50)
        for time, words in shuffled:
            bench.line(time, **words)
        outcomes.append([alert.status for alert in bench.alerts])
    assert outcomes[0] == outcomes[1]


def test_a_history_is_told_alike_live_and_from_a_backlog():
    """Reading a file later tells what was told live; only `at` and `late` differ."""
    history = [
        Step(gap, 0, {"port": port}) for gap, port in ((0, "a"), (1, "b"), (59, "c"), (1, "d"))
    ]
    live = alerts_of(settings(above=1), history, restarts=False)
    later = alerts_of(settings(above=1), history, restarts=False, backlog=True)
    assert [(each.status, each.id, each.first) for each in live] == [
        (each.status, each.id, each.first) for each in later
    ]
