"""Kind 10, spike."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Any

import pytest
from doubles.restarts import Step, alerts_of, histories, same_with_restarts
from doubles.rules import START, Bench, told
from hypothesis import given
from hypothesis import strategies as st

from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Spike
from logwatch.schedule import parse_schedule
from logwatch.stamps import rfc3339

WEEK = 604_800.0


def settings(
    *,
    up: float | None = 3.0,
    down: float | None = None,
    over: float = 600.0,
    weeks: int = 0,
    minimum: int = 10,
    **changes: Any,
) -> RuleSettings:
    """A rule with buckets of ten minutes."""
    kind = Spike(up=up, down=down, over=over, weeks=weeks, minimum=minimum)
    return RuleSettings(**{"name": "surge", "kind": kind, "cooldown": 0.0} | changes)


def burst(bench: Bench, at: float, number: int, **words: Any) -> None:
    """So many lines within a few seconds."""
    for each in range(number):
        bench.line(at + each / 100, f"line {each}", **words)


def buckets(bench: Bench, *counts: int, first: int = 0, over: float = 600.0) -> None:
    """So many lines in each of the buckets, and then the end of the last one."""
    for index, count in enumerate(counts, first):
        burst(bench, index * over + 10, count)
        bench.until((index + 1) * over)


def test_a_bucket_with_many_times_more_than_the_one_before_fires_when_it_ends():
    """Closed buckets only: not at the line that makes it so."""
    bench = Bench(settings())
    buckets(bench, 10)
    burst(bench, 700, 30)
    assert bench.until(1199.9) == []
    (alert,) = bench.until(1200)
    assert (alert.status, alert.count) == ("firing", 30)
    assert alert.message == "30 in 10m, 3 times the 10 in the 10m before"
    assert (alert.first, alert.last) == (rfc3339(START + 600), rfc3339(START + 1200))
    assert [line.text for line in alert.lines] == ["line 27", "line 28", "line 29"]


def test_a_sustained_rise_is_one_episode():
    """It goes on until a bucket is back under the factor of what was before the rise."""
    bench = Bench(settings())
    buckets(bench, 10, 40, 45, 40, 30)
    assert told(bench.alerts) == [("firing", 1, 40)]
    buckets(bench, 29, first=5)
    assert told(bench.alerts) == [("firing", 1, 40), ("resolved", 2, 155)]
    assert bench.alerts[1].message == ("resolved after 50m: back to 29 in 10m; 10 before the rise")


def test_it_is_not_blind_after_an_alert():
    """Another rise fires again, against what was before it."""
    bench = Bench(settings())
    buckets(bench, 10, 40, 10, 40)
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved", "firing"]


def test_the_end_of_a_rise_is_no_fall():
    """Back to what is usual is no news of its own."""
    bench = Bench(settings(down=3.0))
    buckets(bench, 10, 40, 10, 10)
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved"]


def test_a_key_that_falls_silent_fires_with_no_line():
    """`down` to nothing; it burns until lines come again."""
    bench = Bench(settings(up=None, down=2.0, by=("host",)))
    burst(bench, 0, 20, host="a")
    assert bench.until(1199) == []
    (alert,) = bench.until(1200)
    assert alert.message == "a: none in 10m, 20 in the 10m before"
    assert alert.lines[-1].text == "line 19"
    assert bench.until(86_400) == []
    burst(bench, 86_400, 20, host="a")
    (end,) = bench.until(87_000)
    assert end.message == "resolved after 1d: a: back to 20 in 10m; 20 before the fall"


def test_a_fall_is_told_with_its_factor():
    """Exactly at the factor is enough."""
    bench = Bench(settings(up=None, down=2.0))
    buckets(bench, 40, 20)
    assert [alert.message for alert in bench.alerts] == [
        "20 in 10m, 2 times fewer than the 40 in the 10m before"
    ]


def test_nothing_against_nothing_is_no_spike():
    """And a key of which nothing is left is forgotten."""
    bench = Bench(settings(down=2.0, minimum=1))
    buckets(bench, 2, 2, 0, 0, 0)
    bench.until(86_400)
    bench.restart()
    assert [alert.status for alert in bench.alerts] == ["firing", "firing"][: len(bench.alerts)]
    assert bench.alerts[-1].message.startswith("none in 10m")


@pytest.mark.parametrize("minimum", [0, 1, 2])
def test_one_hit_on_a_new_key_never_fires(minimum):
    """However small `min` is."""
    bench = Bench(settings(minimum=minimum, by=("ip",)))
    burst(bench, 0, 5, ip="old")
    bench.line(700, ip="new")
    bench.until(5000)
    assert not [alert for alert in bench.alerts if alert.key["ip"] == "new"]


def test_a_key_that_is_new_while_the_rule_watches_has_had_nothing_before():
    """There `min` decides."""
    bench = Bench(settings(by=("ip",)))
    burst(bench, 0, 1, ip="old")
    burst(bench, 700, 9, ip="few")
    burst(bench, 700, 10, ip="many")
    bench.until(1200)
    assert [alert.message for alert in bench.alerts] == ["many: 10 in 10m, none in the 10m before"]


def test_what_was_watched_in_part_is_no_baseline():
    """A rule that begins just before the end of a bucket knows nothing of it."""
    bench = Bench(settings())
    bench.now.event = START + 590
    bench.clock.advance(590)
    bench.rule = type(bench.rule)(bench.settings, host="web1")
    bench.rule.begin(bench.now)
    burst(bench, 595, 1)
    burst(bench, 600, 100)
    burst(bench, 1200, 100)
    burst(bench, 1800, 300)
    bench.until(2400)
    assert [alert.first for alert in bench.alerts] == [rfc3339(START + 1800)]


def test_a_file_from_before_the_rule_is_watched_from_its_first_line():
    """Yesterday's lines tell what they would have told yesterday."""
    rule = settings()
    bench = Bench(rule)
    bench.now.event = START + 1e6
    bench.rule = type(bench.rule)(bench.settings, host="web1")
    bench.rule.begin(bench.now)
    bench.now.event = START
    for at in [0, *[700] * 5, *[1300] * 15, 1900]:
        bench.line(at, backlog=True)
    assert [alert.first for alert in bench.alerts] == [rfc3339(START + 1200)]


def test_a_line_at_the_end_of_a_bucket_is_of_the_next():
    """Buckets hold their beginning and not their end."""
    bench = Bench(settings())
    buckets(bench, 10)
    for _ in range(30):
        bench.line(1200)
    assert bench.until(1799) == []
    assert told(bench.until(1800)) == [("firing", 1, 30)]


def test_the_factor_is_compared_without_errors_of_rounding():
    """11 is 1.1 times 10, although 1.1 * 10 is more than 11 for a computer."""
    bench = Bench(settings(up=1.1))
    buckets(bench, 10, 11)
    assert told(bench.alerts) == [("firing", 1, 11)]
    bench = Bench(settings(up=None, down=1.1))
    buckets(bench, 11, 10)
    assert told(bench.alerts) == [("firing", 1, 10)]


def test_a_rise_that_the_cooldown_held_back_is_told_after_it():
    """The cool-down never makes a sustained rise go untold."""
    bench = Bench(settings(cooldown=3000.0))
    buckets(bench, 10, 40, 10, 40, 40, 40, 40, 40)
    assert [(alert.status, alert.suppressed, alert.last) for alert in bench.alerts] == [
        ("firing", 0, rfc3339(START + 1200)),
        ("resolved", 0, rfc3339(START + 1200)),
        ("firing", 3, rfc3339(START + 4200)),
    ]


def test_it_burns_at_least_for_hold():
    """And resolves with the first bucket that ends after it."""
    bench = Bench(settings(hold=1500.0))
    buckets(bench, 10, 40, 10, 10)
    assert told(bench.alerts) == [("firing", 1, 40)]
    buckets(bench, 10, first=4)
    assert [alert.status for alert in bench.alerts] == ["firing", "resolved"]


def test_seasons_are_the_median_of_the_same_time_of_former_weeks():
    """Each Monday at midnight there are many."""
    bench = Bench(settings(weeks=4, over=3600.0))
    for week, count in enumerate((100, 1, 120, 110)):
        burst(bench, week * WEEK + 5, count)
    burst(bench, 4 * WEEK + 5, 314)
    bench.until(4 * WEEK + 4000)
    assert bench.alerts == []
    burst(bench, 5 * WEEK + 5, 345)
    bench.until(5 * WEEK + 4000)
    assert bench.alerts[-1].message == (
        "345 in 1h, 3 times the usual 115 (median of this time in the 4 weeks before)"
    )


def test_a_season_that_keeps_away_fires_with_no_line():
    """As many as usual are awaited, and none came."""
    bench = Bench(settings(up=None, down=5.0, weeks=2, over=3600.0))
    burst(bench, 5, 50)
    burst(bench, WEEK + 5, 60)
    bench.until(2 * WEEK)
    assert bench.alerts == []
    (alert,) = bench.until(2 * WEEK + 3600)
    assert alert.message == ("none in 1h, usual 55 (median of this time in the 2 weeks before)")


def test_only_weeks_that_were_watched_count():
    """One known week is better than three that would be made up."""
    bench = Bench(settings(weeks=4, over=3600.0))
    burst(bench, 5, 10)
    burst(bench, WEEK + 5, 20)
    burst(bench, 2 * WEEK + 5, 45)
    bench.until(3 * WEEK)
    assert [alert.message for alert in bench.alerts] == [
        "45 in 1h, 3 times the usual 15 (median of this time in the 2 weeks before)",
        "resolved after 2h: back to none in 1h; 15 usual",
    ]


@pytest.mark.parametrize(("count", "fires"), [(44, False), (45, True)])
def test_a_line_that_comes_too_late_for_its_bucket_counts_for_the_baseline(count, fires):
    """What was told stays told; one later than `late` counts for nothing."""
    bench = Bench(settings())
    buckets(bench, 10)
    for _ in range(5):
        bench.line(590)
    bench.until(800)
    for _ in range(50):
        bench.line(600 - 1)
    burst(bench, 900, count)
    bench.until(1200)
    assert told(bench.alerts) == ([("firing", 1, 45)] if fires else [])


def test_a_line_that_comes_too_late_for_its_bucket_is_not_kept():
    """No alert will be about that bucket, and nothing would let go of it."""
    bench = Bench(settings())
    buckets(bench, 10)
    for _ in range(5):
        bench.line(590)
    assert bench.rule._states[""].lines == {}


def test_lines_of_a_bucket_that_is_still_open_are_not_quoted():
    """An alert is about a bucket, whatever came before its deadline was seen to."""
    bench = Bench(settings())
    buckets(bench, 10)
    burst(bench, 700, 30)
    bench.clock.advance(501.0)
    stray = Bench(bench.settings)
    caught = []
    stray.rule.feed = lambda hit, now: caught.append(hit) or ()
    stray.line(1201, "next")
    bench.rule.feed(caught[0], bench.now)
    bench.now.event = START + 1200
    (alert,) = bench.rule.expire(bench.now)
    assert [line.text for line in alert.lines] == ["line 27", "line 28", "line 29"]
    assert alert.count == 30


def test_stamps_from_the_future_do_not_use_up_memory():
    """Nor do they take the lines of the buckets that are open."""
    bench = Bench(settings())
    buckets(bench, 10)
    burst(bench, 700, 30)
    stray = Bench(bench.settings)
    caught = []
    stray.rule.feed = lambda hit, now: caught.append(hit) or ()
    for number in range(100):
        stray.line(1e6 + 1000 * number)
    for hit in caught[:20]:
        bench.rule.feed(hit, bench.now)
    assert len(bench.rule._states[""].lines) <= 4
    assert told(bench.until(1200)) == [("firing", 1, 30)]


def test_a_key_that_must_go_while_it_burns_is_resolved():
    """Another key takes its place, and what comes back is not taken for new."""
    bench = Bench(settings(by=("host",)), max_keys=1)
    burst(bench, 0, 10, host="x")
    burst(bench, 700, 30, host="x")
    bench.until(1200)
    burst(bench, 1250, 30, host="y")
    assert [(alert.status, alert.key["host"]) for alert in bench.alerts] == [
        ("firing", "x"),
        ("resolved", "x"),
    ]
    bench.until(1800)
    assert len(bench.alerts) == 2, "of y nothing is known"
    bench.restart()
    burst(bench, 1850, 30, host="x")
    bench.until(2400)
    assert len(bench.alerts) == 2, "nor is of x any more"


def test_the_end_of_the_active_time_is_no_fall():
    """What the rule did not look at is neither judged nor a baseline."""
    bench = Bench(settings(down=2.0, active=parse_schedule("00:00-00:25 UTC")))
    buckets(bench, 20, 20, 9)  # the rest of the third is not fed to the rule
    bench.until(86_400)
    buckets(bench, 70, 69, first=144)
    assert bench.alerts == []
    buckets(bench, 70, 8, 8, first=288)
    assert [(alert.status, alert.count) for alert in bench.alerts] == [("firing", 8)]


def test_say_may_use_baseline_factor_and_direction():
    """Beside what every rule has."""
    bench = Bench(settings(down=4.0, say="{direction} {count} from {baseline}: {factor}"))
    buckets(bench, 10, 35)
    buckets(bench, 10, 0, first=2)
    assert [alert.message for alert in bench.alerts] == [
        "up 35 from 10: 3.5",
        "resolved after 20m: up 35 from 10: 1",
        "down 0 from 10: <none>",
    ]


def model(times: list[float], kind: Spike, hold: float, cooldown: float) -> list[tuple[str, float]]:
    """What is told of all lines, bucket by bucket: status and event time."""
    counts = Counter(int(time // kind.over) for time in times)
    news: list[tuple[str, float]] = []
    fired, burns, raised, frozen = None, False, "", 0.0
    season = round(WEEK / kind.over)
    for bucket in range(max(counts, default=0) + kind.weeks * season + 5):
        count, at = counts[bucket], (bucket + 1) * kind.over
        if kind.weeks:
            former = [bucket - week * season for week in range(1, kind.weeks + 1)]
            known = [counts[each] for each in former if each >= 0]
            baseline = median(known) if known else None
        else:
            baseline = counts[bucket - 1] if bucket else None
        if raised:
            if kind.direction(count, frozen) != raised:
                if not burns or at >= fired + hold:
                    raised = ""
                    if burns:
                        news.append(("resolved", at))
                        burns = False
                continue
        elif baseline is not None:
            raised, frozen = kind.direction(count, baseline), baseline
        if raised and not burns and (fired is None or at - fired >= cooldown):
            fired, burns = at, True
            news.append(("firing", at))
    return news


@given(
    gaps=st.lists(st.sampled_from([0, 0, 0, 1, 2, 4, 10, 11, 25]), max_size=60),
    up=st.sampled_from([None, 1.5, 2.0, 3.0]),
    down=st.sampled_from([None, 1.5, 3.0]),
    minimum=st.integers(1, 4),
    hold_and_cooldown=st.tuples(st.sampled_from([0.0, 15.0]), st.sampled_from([0.0, 35.0])),
)
def test_what_is_told_is_what_a_naive_model_tells(gaps, up, down, minimum, hold_and_cooldown):
    """All buckets counted at the end, and judged one after the other."""
    hold, cooldown = hold_and_cooldown
    rule = settings(up=up, down=down, over=10.0, minimum=minimum, hold=hold, cooldown=cooldown)
    times = [float(sum(gaps[: end + 1])) for end in range(len(gaps))]
    alerts = alerts_of(rule, [Step(gap, 0, {}) for gap in gaps], restarts=False)
    assert [(each.status, each.at) for each in alerts] == [
        (status, rfc3339(START + at)) for status, at in model(times, rule.kind, hold, cooldown)
    ]


@given(
    bursts=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([0.0, 90_000.0]), st.integers(1, 9)),
        max_size=8,
    ),
    down=st.sampled_from([None, 2.0]),
    weeks=st.integers(1, 3),
)
def test_seasons_are_what_a_naive_model_tells(bursts, down, weeks):
    """The same, with weeks of hours of which most are empty."""
    rule = settings(down=down, over=3600.0 * 24, weeks=weeks, minimum=2)
    times = sorted(week * WEEK + at for week, at, number in bursts for _ in range(number))
    gaps = [time - before for before, time in zip([0.0, *times], times, strict=False)]
    history = [Step(gap, 0, {}) for gap in gaps]
    alerts = alerts_of(rule, history, restarts=False, rest=20 * WEEK)
    assert [(each.status, each.at) for each in alerts] == [
        (status, rfc3339(START + at)) for status, at in model(times, rule.kind, 0.0, 0.0)
    ]


@given(
    history=histories(st.fixed_dictionaries({"host": st.sampled_from("xyz")})),
    max_keys=st.sampled_from([2, 100]),
    down=st.sampled_from([None, 2.0]),
    weeks=st.sampled_from([0, 0, 1]),
    cooldown=st.sampled_from([0.0, 90.0]),
)
def test_restarts_change_nothing(history, max_keys, down, weeks, cooldown):
    """Not a byte, whatever comes late and whichever key must go."""
    rule = settings(
        up=2.0,
        down=down,
        over=21_600.0 if weeks else 30.0,
        weeks=weeks,
        minimum=2,
        by=("host",),
        cooldown=cooldown,
    )
    same_with_restarts(rule, history, max_keys=max_keys, rest=2 * WEEK)
