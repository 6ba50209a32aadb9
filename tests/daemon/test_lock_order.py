"""Locks that are taken in two orders are found, though nothing has hung yet."""

from __future__ import annotations

import threading

import pytest

from logwatch.daemon import lock_order
from logwatch.daemon.lock_order import LockOrder


def in_a_thread(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(60)


def test_two_locks_in_two_orders_are_reported_with_both_stacks():
    order = LockOrder()
    first, second = order.lock("first"), order.lock("second")

    def one_way():
        with first, second:
            pass

    def the_other_way():
        with second, first:
            pass

    in_a_thread(one_way)
    assert not order.inversions
    in_a_thread(the_other_way)
    (found,) = order.inversions
    assert (found.first, found.second) == ("second", "first")
    assert "the_other_way" in found.stacks[0]
    assert "one_way" in found.stacks[1]
    in_a_thread(the_other_way)
    assert len(order.inversions) == 1  # said once


def test_a_circle_of_three_is_found():
    order = LockOrder()
    locks = [order.lock(name) for name in "abc"]
    for number in range(3):
        with locks[number], locks[(number + 1) % 3]:
            pass
    (found,) = order.inversions
    assert (found.first, found.second) == ("c", "a")
    assert "then:" in found.stacks[1]


def test_two_of_one_kind_at_a_time_have_no_order():
    """Of ten thousand monitors' locks, say, two at a time: any two could be the other way round."""
    order = LockOrder()
    with order.lock("monitor"), order.lock("monitor"):
        pass
    assert order.inversions


def test_the_same_order_again_and_again_is_well():
    order = LockOrder()
    first, second, third = (order.lock(name) for name in "abc")
    for _ in range(3):
        with first, second, third:
            pass
        with first, third:
            pass
    assert order.inversions == []
    assert order.pairs == 3


def test_a_wait_that_gives_up_by_itself_does_not_count():
    order = LockOrder()
    first, second = order.lock("first"), order.lock("second")
    with first, second:
        pass
    with second:
        assert first.acquire(timeout=1.0)
        first.release()
        assert first.acquire(blocking=False)
        assert first.locked()
        first.release()
    assert order.inversions == []


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(threading, "Lock", threading.Lock)  # is put back at the end
    monkeypatch.setattr(threading, "RLock", threading.RLock)
    monkeypatch.setattr(lock_order, "_PACKAGE", __name__.partition(".")[0])
    return lock_order.watch()


def test_conditions_and_queues_are_watched_and_go_on_working(watched):
    from queue import Queue  # noqa: PLC0415 - what it makes is watched

    condition, queue, heard = threading.Condition(), Queue(), threading.Event()

    def waits():
        with condition:
            heard.set()
            assert condition.wait(60)
            with condition:  # it may be taken twice
                queue.put("done")

    thread = threading.Thread(target=waits, daemon=True)
    thread.start()
    assert heard.wait(60)
    with condition:
        condition.notify()
    assert queue.get(timeout=60) == "done"
    thread.join(60)
    assert watched.pairs >= 1
    with queue.mutex, condition:
        pass
    assert watched.inversions
