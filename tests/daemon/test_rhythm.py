"""How often something new comes to a file, learned, and when its silence is unusual."""

from __future__ import annotations

import pytest

from logwatch.daemon.rhythm import Rhythm


def every(seconds: float, times: int, *, lines: int = 1) -> tuple[Rhythm, float]:
    """A rhythm that heard so often, and when that was the last time."""
    rhythm, now = Rhythm(), 1000.0
    for _ in range(times):
        now += seconds
        rhythm.heard(now, lines)
    return rhythm, now


def test_a_log_that_stops_is_quiet_after_ten_times_its_pause():
    """And not before."""
    rhythm, last = every(20.0, 60)
    assert rhythm.usual_pause == pytest.approx(20.0)
    assert not rhythm.is_quiet(last + 190)
    assert rhythm.is_quiet(last + 210)


def test_a_busy_log_is_quiet_after_a_minute():
    """No sooner: a pause to breathe is nothing."""
    rhythm, last = every(0.05, 6000)
    assert not rhythm.is_quiet(last + 55)
    assert rhythm.is_quiet(last + 65)


def test_nothing_is_claimed_before_there_was_something_to_learn():
    """Neither of a few lines nor of one burst."""
    for rhythm, last in (every(20.0, 10), every(0.001, 5000), (Rhythm(), 0.0)):
        assert rhythm.usual_pause is None
        assert not rhythm.is_quiet(last + 1e6)


def test_what_a_log_does_each_hour_is_usual_for_it():
    """A burst of lines, then an hour of nothing."""
    rhythm, now = Rhythm(), 0.0
    for _ in range(5):
        for _ in range(30):
            now += 2.0
            rhythm.heard(now, 1)
        now += 3600.0
    assert not rhythm.is_quiet(now)
    assert rhythm.is_quiet(now + 3 * 3600)


def test_the_lines_a_second_are_those_of_the_last_minute():
    """They fade when nothing comes."""
    rhythm, last = every(0.5, 1200, lines=20)
    assert rhythm.lines_per_second(last) == pytest.approx(40.0, rel=0.02)
    assert rhythm.lines_per_second(last + 60) == pytest.approx(40.0 / 2.718, rel=0.02)
    assert Rhythm().lines_per_second(5.0) == 0.0
