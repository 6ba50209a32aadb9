"""What wakes a monitor: an Event that its wait clears, made of one lock."""

from __future__ import annotations

import sys
from threading import Thread

import pytest
from doubles.process import ended, eventually

from logwatch.daemon.latch import Latch, Stop


def test_a_wait_ends_at_once_where_it_was_set_and_clears_it():
    """Set once or many times."""
    latch = Latch(is_set=True)
    latch.set()
    assert latch.is_set()
    assert latch.wait()
    assert not latch.is_set()
    assert not latch.wait(0.0)


def test_what_is_cleared_is_forgotten():
    """And to clear it twice does no harm."""
    latch = Latch(is_set=True)
    latch.clear()
    latch.clear()
    assert not latch.wait(0.001)
    latch.set()
    assert latch.wait(-1.0)


def test_a_wait_under_way_ends_when_it_is_set():
    """By another thread, as ever."""
    latch, seen = Latch(), []
    waits = Thread(target=lambda: seen.append(latch.wait()), daemon=True)
    waits.start()
    latch.set()
    ended(waits)
    assert seen == [True]


@pytest.fixture
def hasty():
    """Threads take turns after every few steps."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_what_was_done_before_it_was_set_is_seen_after_the_wait():
    """However many set it at the same time."""
    latch, asked, seen, over = Latch(), [0] * 4, [0] * 4, []

    def wait() -> None:
        while not over:
            latch.wait(60)
            seen[:] = asked

    def ask(number: int) -> None:
        for _ in range(2_000):
            asked[number] += 1
            latch.set()

    waits = Thread(target=wait, daemon=True)
    askers = [Thread(target=ask, args=(number,), daemon=True) for number in range(4)]
    for each in (waits, *askers):
        each.start()
    for each in askers:
        ended(each)
    eventually(lambda: seen == [2_000] * 4, "it has seen all")
    over.append(True)
    latch.set()
    ended(waits)


def test_a_stop_that_was_asked_for_stays():
    """Every wait ends with it, the one under way as well."""
    stop, seen = Stop(), []
    assert not stop.wait(0.001)
    waits = Thread(target=lambda: seen.append(stop.wait()), daemon=True)
    waits.start()
    stop.set()
    ended(waits)
    stop.set()
    assert seen == [True]
    assert stop.is_set()
    assert stop.wait()
    assert stop.wait(60.0)
