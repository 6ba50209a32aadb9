"""When a notification, and a whole sink, is tried again: all in virtual time."""

from __future__ import annotations

import heapq
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.outbox.policy import (
    LONGEST_RETRY_AFTER,
    PATIENCE,
    Dead,
    Done,
    Later,
    Moved,
    SinkHealth,
    Terms,
    decide,
)
from logwatch.records import Delivered, Rejected, Retry

chances = st.floats(0, 1, exclude_max=True)
waits = st.none() | st.floats()


def test_a_delivered_one_is_done():
    assert decide(Delivered("200"), 3, 100.0, random.random) == Done()


def test_a_rejected_one_is_dead_and_says_why():
    assert decide(Rejected("413"), 0, 100.0, random.random) == Dead("413")


def test_a_first_failure_waits_up_to_half_a_second():
    assert decide(Retry("busy"), 0, 100.0, lambda: 0.5) == Later(100.25, "busy")


def test_each_further_failure_doubles_the_wait():
    assert decide(Retry("busy"), 3, 100.0, lambda: 0.5) == Later(102.0, "busy")


def test_the_receivers_own_wish_wins():
    assert decide(Retry("429", after=41.0), 9, 100.0, lambda: 0.9) == Later(141.0, "429")


@pytest.mark.parametrize("after", [0.0, -5.0, math.nan])
def test_a_wish_for_no_wait_at_all_makes_no_busy_loop(after):
    assert decide(Retry("429", after=after), 0, 100.0, lambda: 0.5) == Later(100.25, "429")


@given(waits, st.integers(0, 10**6), chances)
def test_no_wait_is_beyond_its_cap(after, attempts, chance):
    verdict = decide(Retry("x", after=after), attempts, 1000.0, lambda: chance)
    assert isinstance(verdict, Later)
    asked = after is not None and after > 0
    assert 1000.0 <= verdict.next_try_at <= 1000.0 + (3600 if asked else 60)


def test_a_few_failures_do_not_pause_the_sink():
    health = SinkHealth(lambda: 0.5)
    for _ in range(PATIENCE - 1):
        health.failed(100.0, None)
    assert (health.pause_until, health.probing) == (0.0, False)
    health.failed(100.0, None)
    assert (health.pause_until, health.probing) == (100.25, True)


def test_each_failed_probe_doubles_the_pause_up_to_the_cap():
    health = SinkHealth(lambda: 1 - 2**-53)
    pauses = []
    now = 1000.0
    for _ in range(PATIENCE + 9):
        health.failed(now, None)
        pauses.append(round(max(0.0, health.pause_until - now), 3))
        now = max(now, health.pause_until)
    assert pauses == [0] * (PATIENCE - 1) + [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_one_success_ends_the_trouble():
    health = SinkHealth(random.random)
    for _ in range(50):
        health.failed(100.0, None)
    health.succeeded()
    assert (health.failures, health.pause_until, health.probing) == (0, 0.0, False)
    health.failed(100.0, None)
    assert not health.probing


def test_the_receivers_own_wish_pauses_the_whole_sink_at_once():
    health = SinkHealth(lambda: 0.5)
    health.failed(100.0, 41.0)
    assert (health.pause_until, health.probing) == (141.0, True)


def test_a_shorter_pause_never_cuts_a_longer_one():
    health = SinkHealth(lambda: 0.0)
    health.failed(100.0, 300.0)
    health.failed(101.0, None)
    assert health.pause_until == 400.0


@given(st.lists(st.tuples(waits, chances), max_size=60))
def test_no_pause_is_beyond_its_cap(failures):
    chance = [0.0]
    health = SinkHealth(lambda: chance[0])
    now, longest = 1000.0, 0.0
    for after, chance[0] in failures:
        health.failed(now, after)
        asked = after is not None and after > 0
        longest = max(longest, now + (3600 if asked else 60))
        assert health.pause_until <= longest
        assert health.probing or health.pause_until == 0.0


class Receiver:
    """Answers as `script(now)` says, and takes `seconds` for it."""

    def __init__(self, script, seconds=0.01):
        self.script = script
        self.seconds = seconds
        self.tries = []
        self.got = {}
        """Row -> when it was taken."""


def drain(receiver, waiting, source, *, until=math.inf):
    """The deliverer's loop in virtual time; returns when all is delivered, or at `until`."""
    health = SinkHealth(source)
    due = [(0.0, row, 0) for row in range(waiting)]
    now = 0.0
    while due and now < until:
        now = max(now, health.pause_until, due[0][0])
        _, row, attempts = heapq.heappop(due)
        receiver.tries.append(now)
        outcome = receiver.script(now)
        now += receiver.seconds
        match decide(outcome, attempts, now, source):
            case Done():
                health.succeeded()
                receiver.got[row] = now
            case Dead():
                health.succeeded()
            case Later(next_try_at):
                assert isinstance(outcome, Retry)
                health.failed(now, outcome.after)
                heapq.heappush(due, (next_try_at, row, attempts + 1))
    return now


def test_a_dead_sink_with_50_000_waiting_is_probed_with_one_at_a_time():
    receiver = Receiver(lambda _now: Retry("down"))
    drain(receiver, 50_000, random.Random(1).random, until=3600.0)
    assert PATIENCE < len(receiver.tries) < 3600 / 30 * 2


def test_50_000_alerts_outlive_a_sink_that_is_down_for_an_hour():
    receiver = Receiver(lambda now: Retry("down") if now < 3600 else Delivered(), seconds=0.001)
    end = drain(receiver, 50_000, random.Random(2).random)
    assert len(receiver.got) == 50_000
    assert end < 3600 + 60 + 50_000 * 0.001 + 60
    assert len(receiver.tries) < 50_000 + 300


@pytest.mark.parametrize("seed", range(5))
def test_a_receiver_that_fails_a_third_of_the_time_still_drains_fast(seed):
    source = random.Random(seed)
    flaky = Receiver(lambda _now: Retry("?") if source.random() < 1 / 3 else Delivered())
    drain(flaky, 10_000, source.random)
    assert len(flaky.got) == 10_000
    work = 10_000 * 1.5 * flaky.seconds  # with nothing but attempts, one after another
    nearly_all = sorted(flaky.got.values())[9_900]  # a few rows fail ten times in a row
    assert nearly_all < 1.5 * work


@given(st.integers(1, 3600), st.integers(0, 2**32))
def test_retry_after_is_obeyed_to_the_second(after, seed):
    source = random.Random(seed)
    answers = iter([Retry("429", after=float(after))])
    receiver = Receiver(lambda _now: next(answers, Delivered()))
    drain(receiver, 20, source.random)
    first, second = receiver.tries[:2]
    assert second >= first + after
    assert len(receiver.tries) == 21


def test_what_a_sink_will_not_get_is_dead_or_moved():
    assert Terms().given_up("no") == Dead("no")
    assert Terms(fallback="mail").given_up("no") == Moved("mail", "no")


def test_a_message_is_too_old_once_it_has_waited_for_so_long():
    terms = Terms(max_age=60.0)
    assert terms.too_old(1000.0, 1059.9) is None
    assert terms.too_old(1000.0, 1060.0) == Dead("it has waited for 1m")
    assert Terms().too_old(0.0, 1e9) is None


def test_how_a_sink_was_doing_is_known_after_a_restart():
    """A pause of years, where the date was set back, is one of an hour."""
    before, after = SinkHealth(lambda: 0.5), SinkHealth(lambda: 0.5)
    for _ in range(PATIENCE):
        before.failed(100.0, None)
    after.restore(before.dump(), 100.1)
    assert after.dump() == before.dump()
    assert after.has_failed_for(0.1, 100.2)
    assert not after.has_failed_for(1.0, 100.2)
    after.restore(before.dump(), -1e9)
    assert after.pause_until == -1e9 + LONGEST_RETRY_AFTER
    assert after.failing_since == -1e9
    after.succeeded()
    assert after.dump() == SinkHealth(lambda: 0.5).dump()
