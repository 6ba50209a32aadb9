"""Percentiles from a sketch."""

from __future__ import annotations

import random

import pytest

from logwatch.windows.ddsketch import DDSketch


def sketch_of(values):
    sketch = DDSketch()
    for value in values:
        sketch.add(value)
    return sketch


@pytest.mark.parametrize(
    "draw",
    [
        lambda chance: chance.lognormvariate(0, 2),
        lambda chance: chance.uniform(-100, 100),
        lambda chance: -chance.paretovariate(1),
        lambda chance: float(chance.randrange(-3, 4)),
        lambda chance: 10 ** chance.uniform(-11, 20),
    ],
    ids=["latencies", "both signs", "negative", "ties and zeros", "all magnitudes"],
)
def test_every_rank_is_within_one_percent(draw):
    """Of the value that has the rank, on whichever side of zero."""
    chance = random.Random(5)
    values = sorted(draw(chance) for _ in range(3_000))
    sketch = sketch_of(values)
    for rank in range(1, 3_001, 37):
        truth = values[rank - 1]
        assert abs(sketch.at_rank(rank) - truth) <= 0.01 * abs(truth) * (1 + 1e-9)
    assert sketch.sound()


def test_values_out_of_range_count_at_its_ends():
    """Tiny ones as zero, huge ones as 1e21."""
    sketch = sketch_of([-1e300, -1e-13, 5e-324, 1e22])
    answers = [sketch.at_rank(rank) for rank in (1, 2, 3, 4)]
    assert answers == pytest.approx([-1e21, 0.0, 0.0, 1e21], rel=0.01)
    assert sketch.sound()


def test_what_was_merged_can_be_taken_out_again():
    """Nothing remains, not even an empty bin."""
    one, other = sketch_of([1.0, 2.0, 2.0, -3.0]), sketch_of([2.0, 0.0, 50.0])
    both = sketch_of([1.0, 2.0, 2.0, -3.0, 2.0, 0.0, 50.0])
    before = dict(one.bins)
    one.merge(other)
    assert one.bins == both.bins
    one.subtract(other)
    assert one.bins == before


def test_a_rank_beyond_all_is_an_error():
    """There is no such value."""
    with pytest.raises(ValueError, match="fewer"):
        sketch_of([1.0]).at_rank(2)
