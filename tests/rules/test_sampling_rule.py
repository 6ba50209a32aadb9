"""Kind 2, `first N` and `every N`."""

from __future__ import annotations

from typing import Any

import pytest
from doubles.restarts import Step, alerts_of, histories, same_with_restarts
from doubles.rules import START, Bench, told
from hypothesis import given
from hypothesis import strategies as st

from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Sampling
from logwatch.stamps import rfc3339


def settings(which: str, count: int, pause: float = 3600.0, **changes: Any) -> RuleSettings:
    """A rule that tells some of its matches."""
    kind = Sampling(which=which, count=count, pause=pause)  # type: ignore[arg-type]  # a literal
    return RuleSettings(**{"name": "err", "kind": kind, "match": ("boom",)} | changes)


def test_the_first_n_of_a_run_are_told_and_the_rest_counted():
    """Each of the first is an event of its own; one note closes the run."""
    bench = Bench(settings("first", 2))
    for at in (0, 10, 20, 30, 40):
        bench.line(at, f"boom {at}")
    assert told(bench.alerts) == [("firing", 1, 1), ("firing", 1, 1)]
    assert bench.alerts[0].id != bench.alerts[1].id
    assert [alert.message for alert in bench.alerts] == ["boom 0", "boom 10"]
    assert not list(bench.rule.burning())
    assert bench.until(3639.9) == []
    (note,) = bench.until(3640)
    assert (note.status, note.seq, note.count, note.suppressed) == ("updated", 2, 5, 3)
    assert note.id == bench.alerts[1].id
    assert note.message == f"3 more were not told since {rfc3339(START + 10)}: boom 10"
    assert (note.first, note.last) == (rfc3339(START), rfc3339(START + 40))


def test_a_run_of_no_more_than_n_ends_in_silence():
    """There is no note when nothing was held back, and the key is forgotten."""
    bench = Bench(settings("first", 3))
    for at in (0, 1, 2):
        bench.line(at)
    assert bench.until(10_000) == []
    bench.restart()
    assert bench.stored == {}


def test_after_the_pause_the_first_are_told_again():
    """Another run has its own first N."""
    bench = Bench(settings("first", 1, pause=60.0))
    for at in (0, 59, 118):
        bench.line(at)
    bench.line(178)
    assert told(bench.alerts) == [("firing", 1, 1), ("updated", 2, 3), ("firing", 1, 1)]


def test_every_nth_is_told_with_its_count():
    """The 5th, 10th, ... of a run; what is left at the end is nobody's news."""
    bench = Bench(settings("every", 5, pause=60.0))
    for at in range(12):
        bench.line(at)
    assert told(bench.alerts) == [("firing", 1, 5), ("firing", 1, 10)]
    assert bench.alerts[1].message == "10x boom"
    assert len(bench.alerts[1].lines) == 3
    assert (bench.alerts[1].first, bench.alerts[1].last) == (rfc3339(START), rfc3339(START + 9))
    assert bench.until(5000) == []
    for at in range(5004, 5008):
        bench.line(at)
    assert len(bench.alerts) == 2, "a pause begins a run anew"


def test_every_one_is_a_plain_match():
    """`every: 1` tells all."""
    bench = Bench(settings("every", 1))
    bench.line(0)
    bench.line(0)
    assert told(bench.alerts) == [("firing", 1, 1), ("firing", 1, 2)]
    assert bench.alerts[0].id != bench.alerts[1].id


def test_runs_are_counted_for_each_key():
    """`by` scopes a run, and the message names the key."""
    bench = Bench(settings("first", 1, by=("dev",)))
    for dev in ("sda", "sdb", "sda"):
        bench.line(0, dev=dev)
    assert [alert.message for alert in bench.alerts] == ["sda: boom", "sdb: boom"]
    assert [alert.key for alert in bench.until(3600)] == [{"dev": "sda"}]


def test_a_cooldown_has_no_say():
    """Both are ways to tell less, and this is the one that was chosen."""
    bench = Bench(settings("first", 3, cooldown=500.0))
    for at in range(3):
        bench.line(at)
    assert len(bench.alerts) == 3


def test_own_words_are_used_for_events_and_not_for_the_note():
    """`say` is about one record, the note about all that were not told."""
    bench = Bench(settings("first", 1, say="{user} broke it"))
    bench.line(0, user="eve")
    bench.line(1, user="mallory")
    bench.until(4000)
    assert bench.alerts[0].message == "eve broke it"
    assert bench.alerts[1].message.startswith("1 more was not told since")


def test_a_late_record_joins_the_open_run():
    """It neither moves the end of the run back nor begins another."""
    bench = Bench(settings("first", 1, pause=60.0))
    bench.line(0)
    bench.line(50)
    bench.line(20)
    assert told(bench.until(110)) == [("updated", 2, 3)]


def test_a_stamp_ahead_of_the_clock_ends_no_run_early():
    """Time is what the pipeline says it is; the run ends when its last record is old."""
    bench = Bench(settings("first", 1, pause=60.0))
    bench.line(0)
    bench.line(1)
    assert told(bench.until(60.9)) == [("firing", 1, 1)][1:]
    assert told(bench.until(61)) == [("updated", 2, 2)]


def test_a_key_that_must_go_says_what_it_held_back():
    """The closing note comes early, but no count is lost."""
    bench = Bench(settings("first", 1, by=("k",)), max_keys=2)
    for key in "aaab":
        bench.line(0, k=key)
    (note, event) = bench.line(1, k="c")
    assert (note.key, note.status, note.suppressed) == ({"k": "a"}, "updated", 2)
    assert (event.key, event.status) == ({"k": "c"}, "firing")


def test_which_key_must_go_is_the_same_after_a_restart():
    """A tie of times is no matter of the order in which the store gives keys back."""
    bench = Bench(settings("first", 1, by=("k",)), max_keys=2)
    for key in "bbaa":
        bench.line(0, k=key)
    bench.restart()
    (note, _) = bench.line(0, k="c")
    assert note.key == {"k": "b"}


def model(which: str, count: int, pause: float, times: list[float]) -> list[tuple[str, int]]:
    """What is told of times in order: status and count."""
    runs: list[list[float]] = []
    for time in times:
        if runs and time - runs[-1][-1] < pause:
            runs[-1].append(time)
        else:
            runs.append([time])
    if which == "every":
        return [
            ("firing", number)
            for run in runs
            for number in range(1, len(run) + 1)
            if number % count == 0
        ]
    news = []
    for run in runs:
        news += [("firing", 1)] * min(count, len(run))
        news += [("updated", len(run))] if len(run) > count else []
    return news


@pytest.mark.parametrize("which", ["first", "every"])
@given(
    gaps=st.lists(st.sampled_from([0, 1, 9, 10, 11, 60]), max_size=40),
    count=st.integers(1, 4),
)
def test_what_is_told_is_what_a_naive_model_tells(which, gaps, count):
    """Runs cut by pauses, the first few of each, or every few."""
    times = [float(sum(gaps[: end + 1])) for end in range(len(gaps))]
    history = [Step(gap, 0, {}) for gap in gaps]
    alerts = alerts_of(settings(which, count, 10.0), history, restarts=False)
    news = [(alert.status, alert.count) for alert in alerts]
    assert news == model(which, count, 10.0, times)


@pytest.mark.parametrize("which", ["first", "every"])
@given(
    history=histories(st.fixed_dictionaries({"k": st.sampled_from("abcd")})),
    max_keys=st.sampled_from([2, 100]),
)
def test_restarts_change_nothing(which, history, max_keys):
    """Not a byte, whatever comes late and whichever key must go."""
    same_with_restarts(settings(which, 2, 60.0, by=("k",)), history, max_keys=max_keys)
