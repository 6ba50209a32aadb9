"""The Queue's turns: batches gather, and wait while the consumer takes them."""

from __future__ import annotations

import queue
from threading import Event, Thread

import pytest
from doubles.daemon import batch

from logwatch.daemon.intake import RIPE_BYTES, CaughtUp, Intake, Nudge

LONG = "x" * (RIPE_BYTES // 2)


def test_a_batch_waits_while_it_is_the_consumers_turn_and_other_news_do_not():
    """A delivery's report must not wait for a backlog."""
    intake = Intake()
    intake.begin_turn()
    with pytest.raises(queue.Full):
        intake.put(batch("boom"), timeout=0.001)
    intake.put(Nudge(), timeout=0.001)
    intake.end_turn()
    intake.put(batch("boom"), timeout=0.001)
    assert [type(intake.get_nowait()).__name__ for _ in range(2)] == ["Nudge", "Batch"]


def test_what_may_not_wait_passes_by_a_turn():
    """`tell` never waits, whatever it tells."""
    intake = Intake()
    intake.begin_turn()
    assert intake.tell(batch("boom"))


@pytest.mark.parametrize("messages", [[batch(LONG), batch(LONG)], [batch("a"), CaughtUp("/x")]])
def test_gathering_ends_when_there_is_enough_or_something_that_is_no_batch(messages):
    """With time to spare: it is the messages that end it."""
    intake = Intake()
    gathered = Event()

    def gather():
        intake.gather(60.0)
        gathered.set()

    consumer = Thread(target=gather, daemon=True)
    consumer.start()
    intake.put(messages[0])
    assert not gathered.is_set()
    intake.put(messages[1])
    assert gathered.wait(60)
    consumer.join(60)


@pytest.mark.parametrize(
    ("messages", "matches", "expected"), [(9, 9, 4), (3, 9, 3), (9, 2, 2), (9, 1, 1)]
)
def test_what_is_there_is_taken_up_to_what_is_enough(messages, matches, expected):
    """The batch that has the last match is taken whole."""
    intake = Intake()
    for text in ("one", "two", "three"):
        intake.put(batch(text))
    intake.put(Nudge())
    assert len(intake.take(messages, matches)) == expected
    assert intake.unfinished_tasks == 4
    assert len(intake.take(9, 9)) == 4 - expected
    assert intake.take(9, 9) == []
    assert intake.empty()


def test_gathering_ends_after_a_while():
    """Few lines are told soon, too."""
    intake = Intake()
    intake.put(batch("boom"))
    intake.gather(0.001)
    assert intake.get_nowait().records


def test_taking_what_pressed_lets_the_next_batches_gather_again():
    """The count of what presses follows what is there."""
    intake = Intake()
    intake.put(Nudge())
    intake.put(batch("boom"))
    intake.get_nowait()
    assert not intake._is_ripe()


def put_in_threads(intake, batches):
    threads = [Thread(target=intake.put, args=(each,), daemon=True) for each in batches]
    for each in threads:
        each.start()
    return threads


def test_after_a_turn_those_that_wait_come_in_one_after_the_other():
    """Each admits the next, until it is the consumer's turn again; all come in in the end."""
    intake = Intake()
    intake.begin_turn()
    threads = put_in_threads(intake, [batch("boom") for _ in range(50)])
    intake.end_turn()
    for each in threads:
        each.join(60)
    assert intake.unfinished_tasks == 50


def test_those_that_wait_for_room_come_in_as_others_are_taken():
    intake = Intake(limit_bytes=1)
    threads = put_in_threads(intake, [batch("boom") for _ in range(20)])
    for _ in threads:
        assert intake.get(timeout=60).records
    for each in threads:
        each.join(60)


def test_a_file_that_is_held_waits_and_others_pass_it():
    intake = Intake()
    held = batch("boom")
    intake.hold(frozenset({held.checkpoint.path}))
    (thread,) = put_in_threads(intake, [held])
    with pytest.raises(queue.Full):
        intake.put(held, timeout=0.001)
    assert not intake.qsize()
    intake.hold(frozenset({"/another.log"}))
    thread.join(60)
    assert intake.get_nowait() is held


def test_in_a_hurry_nobody_waits():
    """At the stop: what is in hand is read again by the next start."""
    intake = Intake()
    intake.begin_turn()
    refused = []

    def put():
        with pytest.raises(queue.Full):
            intake.put(batch("boom"))
        refused.append(1)

    threads = [Thread(target=put, daemon=True) for _ in range(3)]
    for each in threads:
        each.start()
    intake.hurry()
    for each in threads:
        each.join(60)
    assert len(refused) == 3


def test_where_each_file_may_bring_one_batch_it_waits_with_the_next_until_it_is_let_go():
    intake = Intake()
    one = batch("boom")
    intake.hold(frozenset({"/another.log"}), one_each=True)
    intake.put(one)
    with pytest.raises(queue.Full):
        intake.put(one, timeout=0.001)
    (thread,) = put_in_threads(intake, [one])
    intake.let_go([one.checkpoint.path])
    thread.join(60)
    assert intake.unfinished_tasks == 2
    intake.hold(frozenset())
    intake.put(one, timeout=0.001)
