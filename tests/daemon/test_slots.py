"""Slots bound how many read at once, and a read that hangs does not use one up."""

from __future__ import annotations

from threading import Event, Thread

from logwatch.clock import ManualClock, SystemClock
from logwatch.daemon.slots import Slots


def hold(slots: Slots, release: Event) -> tuple[Thread, Event]:
    """A thread that holds a slot until it may let go, and whether it has got it."""
    got = Event()

    def work() -> None:
        with slots:
            got.set()
            release.wait(60)

    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread, got


def test_no_more_than_so_many_hold_one_at_once():
    """The third waits until the first lets go."""
    slots, first, rest = Slots(2, ManualClock()), Event(), Event()
    one, one_got = hold(slots, first)
    assert one_got.wait(60)
    two, two_got = hold(slots, rest)
    assert two_got.wait(60)
    three, three_got = hold(slots, rest)
    assert not three_got.wait(0.1)
    first.set()
    assert three_got.wait(60)
    rest.set()
    for thread in (one, two, three):
        thread.join(60)
        assert not thread.is_alive()


def test_reads_that_hang_do_not_keep_the_others_from_reading():
    """Two files on a dead mount, and a third that is well."""
    slots, never, now = Slots(2, SystemClock(), patience=0.05), Event(), Event()
    hung = [hold(slots, never) for _ in range(2)]
    for _, got in hung:
        assert got.wait(60)
    now.set()
    well, got = hold(slots, now)
    assert got.wait(60)
    well.join(60)
    never.set()
    for thread, _ in hung:
        thread.join(60)
        assert not thread.is_alive()
