"""What each kind tells of a key in the middle of its story, when it is asked why."""

from __future__ import annotations

import time
from typing import Any

import pytest
from doubles.alerts import alert
from doubles.rules import START, Bench

from logwatch.rules import RULES, maker_of
from logwatch.rules.base import PlainMatch, RuleSettings, Selector, Threshold
from logwatch.rules.explaining import Explaining, ago, on_clock
from logwatch.rules.kinds import (
    Absence,
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
from logwatch.rules.references import with_references, with_values
from logwatch.schedule import parse_schedule

HOUR = 3600.0


@pytest.fixture(autouse=True)
def in_utc(monkeypatch):
    """Local time is that of the tests."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def bench(kind: Any, **changes: Any) -> Bench:
    """A rule by ip without cool-down."""
    return Bench(
        RuleSettings(**{"name": "r", "kind": kind, "by": ("ip",), "cooldown": 0.0} | changes)
    )


def why(bench: Bench, key: str = "a", at: float | None = None) -> list[str]:
    """What a rule that was given the stored state says, `at` seconds after the start."""
    bench.restart()
    if at is not None:
        bench.until(at)
    assert isinstance(bench.rule, Explaining)
    return bench.rule.explain(key, bench.now)


def test_every_kind_can_be_asked():
    """And says nothing of a key that it does not know."""
    for make in map(maker_of, RULES):
        for word in ("key_fields", "known_keys", "standing", "explain"):
            assert callable(getattr(make, word))


def test_a_match_tells_its_cool_down():
    """Until when, and how much is held back."""
    it = bench(PlainMatch(), cooldown=60.0)
    (first,) = it.line(0, ip="a")
    it.line(10, ip="a")
    it.line(20, ip="a")
    assert why(it) == [
        "within its cool-down until 00:01:00, 2 suppressed since",
        f"fired at 00:00:00, event {first.id}",
    ]
    assert why(it, "b") == []
    it.line(30, ip="b")
    assert it.rule.known_keys() == ["b", "a"]


def test_a_threshold_tells_how_many_more_and_by_when():
    """The oldest in the window decides."""
    it = bench(Threshold(count=5, window=120.0))
    for at in (0, 100, 131):
        it.line(at, ip="a")
    assert why(it) == ["2 of 5 in 2m, the last at 00:02:11; 3 more needed before 00:03:40"]
    assert why(it, at=240) == ["1 of 5 in 2m, the last at 00:02:11; 4 more needed before 00:04:11"]
    assert why(it, at=252) == ["0 of 5 in 2m, the last at 00:02:11"]


def test_a_threshold_that_burns_tells_since_when_and_when_it_resolves():
    """And the cool-down afterwards."""
    it = bench(Threshold(count=2, window=60.0), cooldown=600.0)
    it.line(0, ip="a")
    (fired,) = it.line(1, ip="a")
    it.line(2, ip="a")
    assert why(it) == [
        f"burning since 00:00:01, warning, 3 so far, episode {fired.id}",
        "3 of 2 in 1m, the last at 00:00:02",
        "resolves at 00:02:01 if nothing more comes",
    ]
    it.until(130)
    it.line(131, ip="a")
    it.line(132, ip="a")
    assert why(it) == [
        "2 of 2 in 1m, the last at 00:02:12",
        "within its cool-down until 00:10:01, 1 suppressed since",
    ]
    it.line(133, ip="b")
    assert it.rule.known_keys() == ["b", "a"]


def test_an_absence_tells_when_it_is_due():
    """And who is on the roster and was never seen."""
    it = bench(Absence(limit=180.0, roster=(("web2",),)))
    it.line(10, ip="web1")
    it.until(100)
    assert why(it, "web1") == [
        "last seen 1m30s ago, at 00:00:10; due in 1m30s, at 00:03:10 (every 3m)"
    ]
    (text,) = why(it, "web2")
    assert text.startswith("never seen (on the roster), waited for since 00:00:00; due in 1m20s")
    it.until(181)
    since, seen = why(it, "web2")
    assert since.startswith("burning since 00:03:00, warning, 0 so far, episode ")
    assert seen == (
        "never seen (on the roster), waited for since 00:00:00; resolves when it is seen again"
    )


def test_an_absence_that_burns_tells_when_it_is_given_up():
    """A key that is on no roster is not waited for for ever."""
    it = bench(Absence(limit=60.0), hold=600.0)
    it.line(0, ip="a")
    it.until(61)
    assert why(it)[1] == (
        "last seen 1m1s ago, at 00:00:00; given up in 7d, at Jan 12 00:01:00 (every 1m)"
    )
    it.line(70, ip="a")
    assert why(it)[1] == "last seen 0s ago, at 00:01:10: back, and burns on until 00:11:00"


def test_too_few_tells_how_many_there_are():
    """Beside what an absence tells."""
    it = bench(TooFew(limit=60.0, below=2))
    it.line(0, ip="a")
    it.line(50, ip="a")
    assert why(it) == [
        "2 records in 1m, fires below 2",
        "last seen 0s ago, at 00:00:50; due in 10s, at 00:01:00 (2 in 1m)",
    ]
    it.until(61)
    assert why(it)[1:] == [
        "1 record in 1m, fires below 2",
        "last seen 11s ago, at 00:00:50; given up in 7d, at Jan 12 00:01:00 (2 in 1m)",
    ]
    it = bench(TooFewValues(limit=60.0, below=2, of=("port",), roster=(("a",),)))
    it.until(61)
    it.line(70, ip="a", port="22")
    assert why(it, "a")[1:] == [
        "1 different value of port in 1m, fires below 2",
        "last seen 0s ago, at 00:01:10 (on the roster); resolves when it is seen so often again",
    ]


def test_a_sequence_tells_the_step_that_it_waits_for():
    """With the lines of the steps that came."""
    steps = (
        Heard(rule="guessing"),
        Selector(sources=("auth",), match=("Accepted for (?P<ip>.*)",)),
    )
    it = bench(Sequence(steps=steps, within=600.0))
    it.heard(0, alert(rule="guessing", key={"ip": "a"}))
    assert why(it) == [
        "step 1 of 2 at 00:00:00; waits for 'Accepted for (?P<ip>.*)' in auth until 00:10:00",
        "step 1: Failed …",
    ]
    assert why(it, at=601) == ["waits for step 1 of 2: a firing of guessing"]
    it.heard(700, alert(rule="guessing", key={"ip": "a"}))
    it.line(760, ip="a")
    assert why(it)[1:] == [
        "resolves at 00:22:40 if nothing more comes",
        "waits for step 1 of 2: a firing of guessing",
    ]


def test_an_expect_tells_what_it_waits_for_and_until_when():
    """With the value of the key in the pattern."""
    pattern, names = with_references("finished job={job} ok", ("job",))
    kind = Expect(closing=Selector(match=(pattern,)), within=2 * HOUR, references=names)
    it = bench(kind, by=("job",))
    it.line(0, "started job=db", job="db")
    assert why(it, "db") == [
        "expects 'finished job=db ok' by 02:00:00; opened at 00:00:00: started job=db"
    ]
    it.until(2 * HOUR + 1)
    assert why(it, "db")[1] == ("still expects 'finished job=db ok'; given up at Jan 06 02:00:00")
    it.line(3 * HOUR, part=1, job="db")
    it.line(3 * HOUR + 60, part=1, job="db")
    assert why(it, "db") == ["nothing is open; last closed at 03:01:00"]
    assert it.rule.key_fields() == ("job",)


def test_values_stand_in_every_form_of_a_reference():
    """Before a literal, at the end, and again."""
    pattern, _ = with_references("job ({job}) done, {job} is {job}", ("job",))
    assert with_values(pattern, {"job": "db"}) == "job (db) done, db is db"


def test_sampling_tells_its_run():
    """The first few, and one of many."""
    first = bench(Sampling(which="first", count=2))
    first.line(0, ip="a")
    assert why(first) == [
        "1 match since 00:00:00, the last at 00:00:00, 1 told; 1 more will be told"
    ]
    first.line(60, ip="a")
    assert why(first)[0].endswith("2 told; no more is told before 01:01:00, or later")
    every = bench(Sampling(which="every", count=5))
    for at in range(7):
        every.line(at, ip="a")
    assert why(every)[0].endswith("1 told; the next of which is told is number 10")


def test_unique_tells_how_many_values_there_are():
    """And how many more are needed."""
    it = bench(Unique(of=("port",), above=3, window=60.0))
    for at, port in enumerate("abb"):
        it.line(at, ip="a", port=port)
    assert why(it) == [
        "2 different values of port in 1m, fires above 3; 2 more needed before 00:01:00"
    ]
    it.line(5, ip="a", port="c")
    it.line(6, ip="a", port="d")
    assert why(it)[1:] == [
        "4 different values of port in 1m, fires above 3",
        "resolves at 00:01:00 if nothing more comes",
    ]


def test_a_value_tells_its_figure_or_how_many_samples_are_missing():
    """And what was no number."""
    kind = Value(measure="p95", field="took", above=0.8, bound="800ms", window=300.0, minimum=3)
    it = bench(kind)
    it.line(0, ip="a", took="100ms")
    it.line(1, ip="a", took="-")
    assert why(it) == [
        "1 of the 3 records without which nothing is said, the last at 00:00:00",
        "1 record was skipped: no number in took",
    ]
    for at in (2, 3):
        it.line(at, ip="a", took="600ms")
    assert why(it)[0] == (
        "p95 of took is 600ms in 5m (3 samples), fires above 800ms, the last at 00:00:03"
    )


def test_a_ratio_tells_its_share():
    """Of how many."""
    it = bench(Ratio(of=Selector(), above=0.5, window=300.0, minimum=2))
    it.line(0, ip="a", part=0)
    it.line(0, ip="a", part=1, same_record=True)
    for at in range(1, 4):
        it.line(at, ip="a", part=1)
    assert why(it) == ["25% (1 of 4) in 5m, fires above 50%, the last at 00:00:03"]


def test_a_spike_tells_both_counts_and_from_where_it_fires():
    """And since when it is watching."""
    it = bench(Spike(up=3.0, down=4.0, over=600.0, minimum=5))
    for at in range(8):
        it.line(at, ip="a")
    (text,) = why(it)
    assert text.startswith("8 since 00:00:00, judged at 00:10:00: not at all, for nothing is known")
    for at in (601, 602):
        it.line(at, ip="a")
    assert why(it) == [
        "2 since 00:10:00, judged at 00:20:00, against 8; fires at 24 or more and at 2 or fewer"
    ]
    assert it.rule.standing(it.now) == ["watching since 00:00:00: no count before that is known"]
    it.until(1300)
    assert why(it)[1] == "0 since 00:20:00, judged at 00:30:00, against 8 in 10m before it began"


def test_a_spike_tells_of_hours_that_do_not_count_and_of_too_few():
    """Neither can fire."""
    closed = bench(Spike(up=3.0, over=600.0, minimum=5), active=parse_schedule("08:00-09:00"))
    closed.line(0, ip="a")
    assert why(closed)[0].endswith("not at all, for active hours do not cover it")
    few = bench(Spike(down=3.0, over=600.0, minimum=5))
    few.line(0, ip="a")
    few.line(601, ip="a")
    assert why(few)[0].endswith("against 1; fires at no count, for 1 is less than 5")


def test_a_composite_tells_which_parts_hold():
    """And which it has not heard of."""
    it = bench(Composite(rules=("x", "y", "z"), needed=3, within=300.0), by=())
    it.heard(0, alert(rule="x", id="x1", message="too many"))
    it.heard(10, alert(rule="y", id="y1", message="boom"), burns=False)
    assert why(it, "") == [
        "2 of 3 rules hold, all needed",
        "x: burns since 00:00:00, 1 of it: too many",
        "y: fired at 00:00:10, counts until 00:05:10: boom",
        "z: not heard of",
    ]
    assert why(it, "", at=311)[2] == "y: no longer, fired last at 00:00:10"


def test_a_new_value_tells_since_when_it_is_known():
    """Learning, known, new again, within a cool-down."""
    kind = NewValue(value=("who", "as"), learn=HOUR, forget=2 * HOUR)
    it = bench(kind, by=(), cooldown=60.0)
    assert it.rule.standing(it.now) == ["no record yet; it learns from the first on"]
    it.line(0, who="bob", **{"as": "root"})
    assert why(it, "bob\x1froot") == [
        "known, last seen 0s ago, at 00:00:00; new again from 02:00:00 on"
    ]
    assert it.rule.standing(it.now) == ["learning until 01:00:00, since 00:00:00: nothing fires"]
    it.line(HOUR, who="eve", **{"as": "root"})
    it.line(HOUR + 5, who="joe", **{"as": "root"})
    assert why(it, "joe\x1froot")[1] == "within its cool-down until 01:01:00, 1 suppressed since"
    assert it.rule.standing(it.now) == ["first record at 00:00:00; 3 values known"]
    assert it.rule.key_fields() == ("who", "as")
    assert it.rule.known_keys()[0] == "joe\x1froot"
    assert why(it, "ann\x1froot") == []


def test_a_new_value_that_is_never_forgotten_is_known_for_good():
    it = bench(NewValue(value=("who",), learn=HOUR, forget=None), by=())
    it.line(0, who="bob")
    assert why(it, "bob") == ["known, last seen 0s ago, at 00:00:00"]


def test_a_new_template_tells_how_often_it_was_seen():
    """By source and id; and what keeps the rule from speaking."""
    it = bench(NewTemplate(learn=60.0, at_most=(1, 600.0)), by=())
    it.line(0, "alpha bravo charlie 1")
    it.line(1, "alpha bravo charlie 2")
    (key,) = it.rule.known_keys()
    (known,) = why(it, key)
    assert known.startswith("known since 00:00:00, seen 2x, last 0s ago: alpha bravo charlie")
    assert it.rule.standing(it.now) == ["learning app until 00:01:00: nothing fires"]
    it.line(61, "delta echo foxtrot golf hotel")
    it.line(62, "india july kilo lima")
    assert it.rule.standing(it.now) == [
        "at_most is reached, room again at 00:11:01, 1 not told since"
    ]
    assert why(it, "app\x1fdeadbeef0000") == why(it, "other\x1fx") == []


def test_other_days_have_their_date():
    """And another year its number."""
    assert on_clock(START, START + 60) == "00:00:00"
    assert on_clock(START, START + 86_400) == "Jan 05 00:00:00"
    assert on_clock(START, START + 366 * 86_400) == "2026-01-05 00:00:00"
    assert (ago(START, START + 192), ago(START + 12, START)) == ("3m12s ago", "in 12s")


def test_times_that_no_calendar_has_do_no_harm():
    """A stamp may say anything, and hours may never come."""
    assert on_clock(1e18, START).endswith("s after 1970")
    it = bench(Absence(limit=60.0))
    it.line(0, ip="a")
    it.rule._states["a"].due = float("inf")
    assert why_now(it) == [
        "last seen 0s ago, at 00:00:00; never due, for its active hours do not come"
    ]


def why_now(bench: Bench) -> list[str]:
    """What the rule itself says, as it is."""
    return bench.rule.explain("a", bench.now)
