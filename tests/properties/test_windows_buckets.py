"""Counts by bucket against a naive list."""

from __future__ import annotations

from math import nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.windows.buckets import Buckets

times = st.lists(st.integers(-40, 400).map(lambda step: step / 4), max_size=80)
widths = st.sampled_from([0.25, 1.0, 3.7, 60.0])
SPAN = range(-200, 500)


def bucket(stamp, width):
    """The one whose start is the last that is not after the time."""
    return max(index for index in SPAN if index * width <= stamp)


@given(times, widths, st.integers(1, 12))
def test_in_order_the_counts_are_those_of_a_list(stamps, width, keep):
    """Known are the buckets from the first on, less those forgotten; empty ones count 0."""
    buckets = Buckets(width, keep)
    fell_into = [bucket(stamp, width) for stamp in sorted(stamps)]
    for stamp in sorted(stamps):
        buckets.add(stamp)
    with_events = sorted(set(fell_into))
    first = next(iter(with_events), None)
    if len(with_events) > keep:
        first = with_events[-keep - 1] + 1
    for index in SPAN:
        known = first is not None and index >= first
        assert buckets.count(index) == (fell_into.count(index) if known else None)
    assert buckets.ignored == 0


@given(times, widths, st.integers(1, 12))
def test_out_of_order_nothing_is_counted_wrongly(stamps, width, keep):
    """A known bucket that is kept has its whole count, or lacks only what was ignored."""
    buckets = Buckets(width, keep)
    for stamp in stamps:
        buckets.add(stamp)
    fell_into = [bucket(stamp, width) for stamp in stamps]
    kept = sorted(set(fell_into))[-keep:]
    for index in kept:
        assert buckets.count(index) == fell_into.count(index)
    total = sum(count for count in map(buckets.count, SPAN) if count)
    assert total + buckets.ignored <= len(stamps)
    if len(set(fell_into)) <= keep:
        assert total == len(stamps)


@given(times, widths, st.integers(1, 12), st.data())
def test_a_dump_goes_on_as_the_original(stamps, width, keep, data):
    """At any point, also before anything came."""
    original = Buckets(width, keep)
    restored = Buckets.load(original.dump(), width, keep)
    for stamp in stamps:
        if data.draw(st.booleans()):
            restored = Buckets.load(restored.dump(), width, keep)
        original.add(stamp)
        restored.add(stamp)
        assert original.dump() == restored.dump()
        assert original.ignored == restored.ignored
    assert list(map(original.count, SPAN)) == list(map(restored.count, SPAN))


@given(times, st.data())
def test_a_broken_dump_is_a_value_error(stamps, data):
    """Cut off, or with other bytes: refused, or something that works."""
    buckets = Buckets(1.0, 10)
    for stamp in stamps:
        buckets.add(stamp)
    dumped = bytearray(buckets.dump())
    place, byte = data.draw(st.integers(0, len(dumped) - 1)), data.draw(st.integers(0, 255))
    dumped[place] = byte
    cut = data.draw(st.integers(0, len(dumped)))
    try:
        loaded = Buckets.load(bytes(dumped[:cut]), 1.0, 10)
    except ValueError:
        return
    loaded.add(3.0)
    list(map(loaded.count, SPAN))
    Buckets.load(loaded.dump(), 1.0, 10)


@given(st.floats(-1e9, 2e9), widths)
def test_the_last_closed_bucket_ends_at_the_moment_or_before_it(now, width):
    """And the one after it is open."""
    buckets = Buckets(width, 1)
    closed = buckets.closed(now)
    assert buckets.starts(closed + 1) <= now < buckets.starts(closed + 2)
    assert buckets.index(now) == closed + 1


def test_a_time_just_before_a_bucket_is_not_in_it():
    """Where the quotient of both is rounded up to the next bucket."""
    buckets = Buckets(60.0, 1)
    for start in range(1_767_571_200, 1_767_571_200 + 6_000, 60):
        just_before = nextafter(float(start), 0)
        assert buckets.index(just_before) + 1 == buckets.index(start) == start // 60


def test_buckets_of_another_width_are_refused():
    """Their indexes mean other times."""
    buckets = Buckets(60.0, 5)
    buckets.add(1_000.0)
    with pytest.raises(ValueError, match="no stored state of buckets"):
        Buckets.load(buckets.dump(), 61.0, 5)
    with pytest.raises(ValueError, match="no stored state of buckets"):
        Buckets.load(b"", 60.0, 5)


def test_buckets_need_a_width_and_a_place():
    """Neither may be nothing."""
    for width, keep in ((0.0, 1), (-1.0, 1), (1.0, 0), (float("inf"), 1), (float("nan"), 1)):
        with pytest.raises(ValueError, match="width"):
            Buckets(width, keep)


def test_a_stray_time_in_the_future_costs_one_place():
    """All else goes on as if it had not come."""
    buckets = Buckets(60.0, 4)
    buckets.add(86_400.0)
    for minute in range(10):
        buckets.add(minute * 60.0)
        buckets.add(minute * 60.0)
    assert [buckets.count(index) for index in range(5, 10)] == [None, None, 2, 2, 2]
    assert buckets.ignored == 0


def test_a_key_of_buckets_is_empty_when_all_that_counts_is_over():
    """The newest event is older than the latest `keep` closed buckets."""
    buckets = Buckets(10.0, 3)
    assert buckets.empty(0.0)
    buckets.add(5.0)
    assert not buckets.empty(39.9)
    assert buckets.empty(40.0)
