"""The two clocks."""

from __future__ import annotations

from logwatch.clock import ManualClock, SystemClock


def test_setting_the_date_moves_only_the_wall_clock():
    """Intervals are measured on the other one."""
    clock = ManualClock()
    before = clock.moment()
    clock.step_wall(-3600)
    clock.advance(5)
    assert clock.steady() - before.steady == 5
    assert clock.wall() - before.wall == -3595


def test_the_machines_clocks_agree_at_the_start_and_never_run_back():
    """Steady seconds are anchored at the date, so that a stored deadline means something."""
    clock = SystemClock()
    first = clock.moment()
    second = clock.moment()
    assert abs(first.steady - first.wall) < 0.1
    assert second.steady >= first.steady
