"""How long a retry waits."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from logwatch.outbox.policy import LONGEST_DELAY, delay

almost_one = 1 - 2**-53


def test_the_ceiling_doubles_up_to_the_cap():
    ceilings = [round(delay(n, lambda: almost_one), 6) for n in range(1, 10)]
    assert ceilings == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_the_delay_is_spread_evenly_from_nothing_to_the_ceiling():
    source = random.Random(1)
    delays = [delay(3, source.random) for _ in range(10_000)]
    assert 0 <= min(delays) < 0.01
    assert 1.99 < max(delays) < 2
    assert 0.98 < sum(delays) / len(delays) < 1.02


@given(st.integers(0, 10**9), st.floats(0, almost_one))
def test_no_delay_is_beyond_the_cap(attempts, chance):
    assert 0 <= delay(attempts, lambda: chance) <= LONGEST_DELAY
