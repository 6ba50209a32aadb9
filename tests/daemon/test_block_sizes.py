"""Blocks are as large as what is found in them allows."""

from __future__ import annotations

import pytest
from doubles.daemon import batch

from logwatch.daemon.block_sizes import (
    FIRST_BLOCK,
    GROWTH,
    LEAST_BLOCK,
    LEAST_HITS,
    MOST_BLOCK,
    WAITING_BYTES,
    BlockSize,
)
from logwatch.daemon.intake import sampled_weight, weight

NOTHING = batch()


@pytest.mark.parametrize(("files", "first"), [(1, MOST_BLOCK), (10_000, FIRST_BLOCK)])
def test_of_many_files_the_first_blocks_are_small(files, first):
    """Nobody knows what is in them."""
    assert BlockSize(files).bytes == first


def test_where_nothing_is_found_blocks_grow_to_the_largest():
    size = BlockSize(1_000)
    seen = []
    while not seen or seen[-1] != size.bytes:
        seen.append(size.bytes)
        size.learn(size.bytes, NOTHING, is_divisible=True)
    assert seen == [FIRST_BLOCK, GROWTH * FIRST_BLOCK, MOST_BLOCK]


def test_what_is_found_in_the_next_block_takes_half_of_the_share():
    """As long as hits are as frequent as before."""
    size = BlockSize(1_000)
    found = batch(*["boom"] * 100)
    size.learn(100_000, found, is_divisible=True)
    assert size.bytes * weight(found) / 100_000 == pytest.approx(WAITING_BYTES / 2_000, rel=0.1)
    assert size.most_hits * weight(found) / 100 == pytest.approx(WAITING_BYTES / 1_000, rel=0.1)


def test_where_each_line_is_a_hit_blocks_are_small_and_may_have_some_hits():
    size = BlockSize(100_000)
    size.learn(1_000, batch(*["x" * 4_000] * 10), is_divisible=True)
    assert (size.bytes, size.most_hits) == (LEAST_BLOCK, LEAST_HITS)


def test_what_cannot_be_divided_is_read_in_blocks_as_small_as_the_first():
    """There each line may be a hit all at once."""
    size = BlockSize(1_000)
    size.learn(FIRST_BLOCK, NOTHING, is_divisible=False)
    assert size.bytes == FIRST_BLOCK


@pytest.mark.parametrize("number", [0, 1, 31, 32, 100, 5_000])
def test_the_weight_of_some_records_tells_that_of_all(number):
    made = batch(*["boom " * 20] * number)
    assert sampled_weight(made) + 1024 == pytest.approx(weight(made), rel=0.1)
