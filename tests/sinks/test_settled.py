"""Who is done with a message."""

from __future__ import annotations

from logwatch.sinks.settled import MOST_MESSAGES, Settled


def test_what_was_said_of_a_message_is_known_at_its_next_try_and_then_forgotten():
    settled = Settled()
    settled.keep("a:1", {"ops": "yes"})
    assert settled.take("a:2") == {}
    assert settled.take("a:1") == {"ops": "yes"}
    assert settled.take("a:1") == {}


def test_of_too_many_messages_the_oldest_is_forgotten():
    settled = Settled()
    for number in range(MOST_MESSAGES + 1):
        settled.keep(f"{number}:1", {"ops": number})
    assert settled.take("0:1") == {}
    assert settled.take("1:1") == {"ops": 1}
    assert settled.take(f"{MOST_MESSAGES}:1") == {"ops": MOST_MESSAGES}


def test_where_nobody_is_done_nothing_is_kept():
    settled = Settled()
    settled.keep("a:1", {})
    assert settled.take("a:1") == {}
