"""Whole segments for a sink: the same messages, in the same order, with less work."""

from __future__ import annotations

import pytest
from doubles.alerts import alert

from logwatch.records import decode_alert
from logwatch.store.due import Lot, alone, taken
from logwatch.store.outgoing import Postponed
from logwatch.store.segments import MOST_ALERTS
from logwatch.store.writer import Addressed, Transaction


def commit(store, numbers, sinks=("file",)) -> None:
    """One transaction with an alert for each number."""
    told = [
        Addressed(alert(id=f"{number:x}", message=f"a\nb {number}"), 1.0, sinks)
        for number in numbers
    ]
    store.commit(Transaction(alerts=told), now=1.0)


def due(reader, limit=5000):
    return reader.due("file", now=1.0, limit=limit)


def test_segments_of_which_nothing_was_taken_come_whole(store, reader):
    commit(store, range(MOST_ALERTS + 3))
    commit(store, range(5))
    lot = due(reader)
    assert isinstance(lot, Lot)
    assert len(lot) == len(list(lot)) == MOST_ALERTS + 8
    assert lot.json_lines() == b"".join(one.body + b"\n" for one in lot)
    assert [decode_alert(one.body).id for one in lot[-5:]] == ["0", "1", "2", "3", "4"]
    assert [one.row for one in lot] == list(range(1, MOST_ALERTS + 9))


def test_its_first_message_is_that_of_all(store, reader):
    commit(store, range(3))
    first = due(reader)[0]
    assert first == due(reader)[:1][0] == next(iter(due(reader)))


def test_what_it_says_of_its_parcels_is_what_its_messages_say(store, reader):
    commit(store, range(MOST_ALERTS + 3))
    lot = due(reader)
    assert taken(lot) == taken(list(lot)) == {1: MOST_ALERTS, MOST_ALERTS + 1: 3}
    assert alone(lot) == alone(list(lot)) == []


def test_a_lot_that_is_done_with_is_not_due_again(store, reader):
    commit(store, range(4))
    done = {("file", segment): count for segment, count in taken(due(reader)).items()}
    store.commit(Transaction(taken=done), now=2.0)
    assert list(due(reader)) == []


def test_no_more_come_than_were_asked_for(store, reader):
    commit(store, range(4))
    commit(store, range(4))
    assert [len(due(reader, limit)) for limit in (3, 4, 7, 8)] == [3, 4, 4, 8]


def test_a_parcel_that_was_begun_comes_message_by_message_from_there(store, reader):
    commit(store, range(4))
    store.commit(Transaction(taken={("file", 1): 3}), now=2.0)
    commit(store, range(2))
    assert [decode_alert(one.body).id for one in due(reader)] == ["3", "0", "1"]


def test_alerts_that_go_to_several_sinks_by_choice_are_picked_out(store, reader):
    commit(store, range(3))
    told = [
        Addressed(alert(id=str(number)), 1.0, sinks)
        for number, sinks in enumerate((("file",), ("chat",), ("file", "chat")))
    ]
    store.commit(Transaction(alerts=told), now=1.0)
    assert [decode_alert(one.body).id for one in due(reader)] == ["0", "1", "2"]
    store.commit(Transaction(taken={("file", 1): 3}), now=2.0)
    assert [decode_alert(one.body).id for one in due(reader)] == ["0", "2"]


def test_while_something_waits_on_its_own_its_episode_is_held_back(store, reader):
    commit(store, [7, 8])
    failed = Postponed("file", 1, "7", 50.0, "no space")
    store.commit(Transaction(taken={("file", 1): 2}, postponed=[failed]), now=1.0)
    commit(store, [7, 9])
    assert [(decode_alert(one.body).id, one.held) for one in due(reader)] == [
        ("7", True),
        ("9", False),
    ]


@pytest.mark.parametrize(("most", "is_more"), [(0, True), (6, True), (7, False), (100, False)])
def test_whether_more_wait_than_some_is_known_without_counting_them(store, reader, most, is_more):
    """Three in a parcel, one in another, and three that were put off."""
    commit(store, [1, 2, 3, 4, 5, 6])
    put_off = [Postponed("file", row, str(row), 60.0, "down") for row in (1, 2, 3)]
    store.commit(Transaction(taken={("file", 1): 3}, postponed=put_off), now=2.0)
    commit(store, [7])
    assert reader.number_waiting("file") == 7
    assert reader.waits_more_than("file", most) is is_more
    assert not reader.waits_more_than("chat", most)
