"""Sliding windows against a naive list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logwatch.windows.latest_times import LatestTimes

times = st.lists(st.integers(0, 300).map(float), max_size=200)


@given(times, st.integers(1, 20), st.integers(1, 100), st.integers(0, 300))
def test_the_count_is_exact_up_to_the_capacity(stamps, capacity, window, now):
    """As if every time were kept in a list and counted one by one."""
    window_times = LatestTimes(capacity)
    for stamp in stamps:
        window_times.add(stamp)
    kept = sorted(stamps)
    naive = sum(now - window < stamp <= now for stamp in kept)
    later = sum(stamp > now for stamp in kept)
    answer = window_times.count(now, window)
    if later == 0:
        assert min(answer, capacity) == min(naive, capacity)
    assert answer <= naive


@given(times, st.integers(1, 20))
def test_the_latest_times_survive_being_stored(stamps, capacity):
    """Dump and load lose nothing that a later answer needs."""
    window_times = LatestTimes(capacity)
    for stamp in stamps:
        window_times.add(stamp)
    again = LatestTimes(capacity, window_times.dump())
    for number in range(1, capacity + 1):
        expected = sorted(stamps)[-number] if number <= len(stamps) else None
        assert again.latest(number) == window_times.latest(number) == expected
    assert again.count(300, 301) == window_times.count(300, 301)


@given(times, st.integers(0, 300))
def test_what_was_before_a_time_is_forgotten(stamps, at):
    """And nothing that was at it or after."""
    window_times = LatestTimes(1000)
    for stamp in stamps:
        window_times.add(stamp)
    window_times.forget_before(at)
    assert len(window_times) == sum(stamp >= at for stamp in stamps)


@given(times, st.integers(1, 9), st.integers(1, 100), st.data())
def test_the_first_full_window_is_that_of_a_naive_search(stamps, number, window, data):
    """Of all windows that end with a time and hold the one in question."""
    window_times = LatestTimes(1000)
    for stamp in stamps:
        window_times.add(stamp)
    at = data.draw(st.sampled_from(stamps or [0.0]))
    full = (
        end
        for end in sorted(stamps)
        if end >= at > end - window and sum(end - window < t <= end for t in stamps) >= number
    )
    assert window_times.first_full(at, number, window) == next(full, None)
    if stamps:
        first, count = window_times.after(at - 1)
        assert (first, count) == (
            min(t for t in stamps if t > at - 1),
            sum(t > at - 1 for t in stamps),
        )
