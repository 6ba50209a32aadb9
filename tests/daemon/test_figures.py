"""What is counted on the way."""

from __future__ import annotations

import random

import pytest

from logwatch.daemon.figures import EXACT_BYTES, Figures, Histogram, Volume, lines_in


@pytest.mark.parametrize("data", [b"", b"one", b"one\n", b"a\n" * (EXACT_BYTES // 2)])
def test_lines_of_small_blocks_are_counted_exactly(data):
    assert lines_in(data) == data.count(b"\n")


def test_lines_of_large_blocks_are_reckoned_closely():
    """A block of lines of mixed lengths: within five in a hundred."""
    chance = random.Random(7)
    data = b"".join(b"x" * chance.randrange(40, 160) + b"\n" for _ in range(8_000))
    assert abs(lines_in(data) - 8_000) < 400


@pytest.mark.parametrize("length", [10_000, 16_384, 20_000, 100_000])
def test_long_lines_are_reckoned_closely_as_well(length):
    """None of them may end in what is looked at."""
    data = (b"x" * (length - 1) + b"\n") * 10
    assert lines_in(data) == 10


def test_where_no_line_ends_there_is_none():
    assert lines_in(b"x" * 2 * EXACT_BYTES) == 0


def test_a_volume_adds_up():
    volume = Volume()
    for each in (b"a\nb\n", b"c\n"):
        volume.add(each, 1)
    assert (volume.lines, volume.bytes, volume.lines_cut) == (3, 6, 2)


def test_a_histogram_counts_by_upper_bounds():
    """A value at a bound is below it, as Prometheus has it."""
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 1.0, 7.0):
        histogram.add(seconds)
    assert histogram.cumulative() == [("0.1", 2), ("1.0", 4), ("+Inf", 5)]
    assert histogram.sum == pytest.approx(8.65)


def test_where_nothing_is_known_of_rules_nothing_is_counted_of_them():
    figures = Figures((), (), ())
    figures.resume(["a", "b"])
    assert (figures.burning, figures.lines) == (2, 0)
