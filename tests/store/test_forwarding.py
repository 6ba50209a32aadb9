"""Messages that come to a sink otherwise than with their commit: moved, or sent again."""

from __future__ import annotations

import pytest
from doubles.alerts import alert

from logwatch.store.due import taken
from logwatch.store.forwarding import ABSENT_SECONDS, Forwarded
from logwatch.store.outgoing import DeadLetter, Postponed
from logwatch.store.writer import Addressed, Transaction


def commit(store, *alerts, sinks=("pager",), **what) -> None:
    """One transaction with these alerts for these sinks."""
    told = [Addressed(one, 1.0, sinks) for one in alerts]
    store.commit(Transaction(alerts=told, **what), now=5.0)


def due(reader, sink, now=1.0):
    return reader.due(sink, now=now, limit=100)


def keys(reader, sink, now=1.0):
    return [one.idempotency_key for one in due(reader, sink, now)]


def take(store, reader, sink, **what) -> None:
    """The sink took all that is due."""
    rows = due(reader, sink)
    done = {(sink, parcel): count for parcel, count in taken(rows).items()}
    store.commit(Transaction(taken=done, **what), now=5.0)


def move(store, reader, origin="pager", receiver="mail", number=100) -> None:
    """What is due for the one goes to the other."""
    rows = reader.oldest(origin, limit=number)
    store.commit(
        Transaction(
            taken={(origin, parcel): count for parcel, count in taken(rows).items()},
            forwarded=[Forwarded(origin, receiver, one.row, one.name.id) for one in rows],
        ),
        now=7.0,
    )


def test_a_message_leaves_one_sink_and_comes_to_another_in_one_transaction(store, reader):
    """In its place among the others of that sink."""
    commit(store, alert(id="a"))
    commit(store, alert(id="b"), sinks=("mail",))
    commit(store, alert(id="c"), sinks=("pager",))
    commit(store, alert(id="d"), sinks=("mail",))
    move(store, reader)
    assert keys(reader, "pager") == []
    assert keys(reader, "mail") == ["a:1", "b:1", "c:1", "d:1"]
    assert {one.since for one in due(reader, "mail")} == {None, 7.0}
    assert reader.number_waiting("mail") == 4


def test_what_waited_for_its_next_try_is_moved_as_well(store, reader):
    commit(store, alert(id="a"), alert(id="b"), alert(id="a", seq=2))
    waits = Postponed("pager", 1, "a", 50.0, "503")
    commit(store, taken={("pager", 1): 1}, postponed=[waits])
    move(store, reader)
    assert reader.next_due("pager") is None
    assert keys(reader, "mail") == ["a:1", "b:1", "a:2"]


def test_nobody_is_told_twice_that_is_told_anyway(store, reader):
    """Neither the sink of a route, nor that of two sinks at once."""
    commit(store, alert(id="a"), sinks=("pager", "mail"))
    take(store, reader, "mail")
    commit(store, alert(id="b"), sinks=("pager", "chat"))
    move(store, reader)
    move(store, reader, origin="chat")
    assert keys(reader, "mail") == ["b:1"]


def test_of_a_segment_that_goes_to_several_those_are_moved_that_did_not_come(store, reader):
    told = [("pager",), ("pager", "mail"), ("mail",), ("pager",)]
    alerts = [Addressed(alert(id=f"{n}"), 1.0, sinks) for n, sinks in enumerate(told)]
    store.commit(Transaction(alerts=alerts), now=1.0)
    move(store, reader)
    assert keys(reader, "mail") == ["1:1", "2:1", "0:1", "3:1"]
    take(store, reader, "mail")
    assert keys(reader, "mail") == []


def test_what_comes_while_a_parcel_is_being_delivered_is_not_lost(store, reader):
    """A report says how many of its own part are done with."""
    commit(store, alert(id="a"), alert(id="b"), alert(id="c"))
    move(store, reader, number=1)
    in_hand = due(reader, "mail")
    move(store, reader, number=1)
    done = {("mail", parcel): count for parcel, count in taken(in_hand).items()}
    store.commit(Transaction(taken=done), now=8.0)
    assert keys(reader, "mail") == ["b:1"]


def test_who_was_told_instead_is_known_and_is_told_of_the_end(store, reader):
    """Also after a restart, for it is stored with what burns."""
    told = Addressed(alert(id="a"), 1.0, ("pager",), burns=True, told=("pager",))
    store.commit(Transaction(alerts=[told]), now=1.0)
    assert not reader.has_moved("pager")
    move(store, reader)
    assert reader.has_moved("pager")
    assert reader.told_instead("pager", "a") == ["mail"]
    assert reader.told_instead("pager", "b") == []
    assert [one.told for one in store.burning()] == [("pager", "mail")]


def test_a_copy_leaves_the_first_sink_its_own(store, reader):
    commit(store, alert(id="a", seq=2))
    copy = Forwarded("pager", "mail", 1, "a", leaves=False)
    store.commit(Transaction(forwarded=[copy]), now=7.0)
    assert keys(reader, "pager") == keys(reader, "mail") == ["a:2"]


def test_a_copy_leaves_the_first_sink_its_wait_for_the_next_try(store, reader):
    """It is not asked before its time because another sink was told, too."""
    commit(store, alert(id="a", seq=2))
    commit(store, taken={("pager", 1): 1}, postponed=[Postponed("pager", 1, "a", 50.0, "503")])
    copy = Forwarded("pager", "mail", 1, "a", leaves=False)
    store.commit(Transaction(forwarded=[copy]), now=7.0)
    assert reader.next_due("pager") == 50.0
    assert keys(reader, "pager") == []
    assert keys(reader, "pager", now=50.0) == ["a:2"]
    assert keys(reader, "mail") == ["a:2"]


def test_dead_letters_are_listed_and_sent_again(store, reader):
    """All of a sink, or some."""
    commit(store, alert(id="a"), alert(id="b"), alert(id="c"))
    dead = [DeadLetter("pager", row, 2, "HTTP 404") for row in (1, 2, 3)]
    store.commit(Transaction(taken={("pager", 1): 3}, dead=dead), now=9.0)
    listed = reader.dead_letters(limit=2)
    assert [(one.alert.id, one.attempts, one.reason, one.at) for one in listed] == [
        ("c", 2, "HTTP 404", 9.0),
        ("b", 2, "HTTP 404", 9.0),
    ]
    assert reader.dead_letters("mail", limit=9) == []
    assert store.send_again("pager", (2, 77), now=10.0) == 1
    assert [(one.name.id, one.attempts, one.since) for one in due(reader, "pager")] == [
        ("b", 0, 10.0)
    ]
    assert store.send_again("pager", None, now=11.0) == 2
    assert sorted(keys(reader, "pager")) == ["a:1", "b:1", "c:1"]
    assert reader.dead_letters(limit=9) == []


def test_what_is_moved_and_not_delivered_keeps_its_history(store, reader):
    """And what nobody waits for any more takes the memory of it along."""
    commit(store, alert(id="a"))
    move(store, reader)
    assert store.prune(keep_rows=0, before=100.0) == 0
    take(store, reader, "mail")
    assert store.prune(keep_rows=0, before=100.0) == 1
    assert not reader.has_moved("pager")


def test_a_message_that_was_held_back_is_told_though_it_is_known(store, reader):
    """It was stored when it was made, for nobody, and its bytes are read again."""
    commit(store, alert(id="a", reread=True), sinks=())
    commit(store, alert(id="a", reread=True), sinks=("pager",))
    commit(store, alert(id="a", reread=True), sinks=("pager", "mail"))
    assert keys(reader, "pager") == keys(reader, "mail") == ["a:1"]


def test_what_waits_for_a_sink_that_is_no_more_is_given_up_after_a_week(store, reader):
    """Not before, and not where the sink comes back."""
    commit(store, alert(id="a"), alert(id="b"), sinks=("old", "chat"))
    waits = Postponed("old", 1, "a", 50.0, "503")
    commit(store, taken={("old", 1): 1}, postponed=[waits])
    assert store.adopt_sinks(["chat"], now=100.0) == {"old": 2}
    assert store.bury_absent(now=100.0 + ABSENT_SECONDS - 1) == {}
    assert store.adopt_sinks(["chat", "old"], now=200.0) == {}
    assert store.adopt_sinks(["chat"], now=300.0) == {"old": 2}
    assert store.bury_absent(now=100.0 + ABSENT_SECONDS) == {}
    assert store.bury_absent(now=300.0 + ABSENT_SECONDS) == {"old": 2}
    assert [(one.alert.id, one.attempts) for one in reader.dead_letters("old", limit=9)] == [
        ("b", 0),
        ("a", 1),
    ]
    assert reader.number_waiting("old") == 0
    assert reader.number_waiting("chat") == 2
    assert store.adopt_sinks(["chat"], now=400.0) == {}


def test_of_an_episode_only_the_first_has_a_time(store, reader):
    """Whatever comes before it, or is taken away."""
    commit(store, *(alert(id="a", seq=seq) for seq in (1, 2, 3)))
    done = {("pager", 1): 3}
    later = [Postponed("pager", row, "a", 10.0 * row, "503") for row in (2, 3)]
    store.commit(Transaction(taken=done, postponed=later), now=1.0)
    assert reader.next_due("pager") == 20.0
    store.commit(Transaction(postponed=[Postponed("pager", 1, "a", 90.0, "503")]), now=1.0)
    assert reader.next_due("pager") == 90.0
    assert keys(reader, "pager", now=89.0) == []
    assert keys(reader, "pager", now=90.0) == ["a:1", "a:2", "a:3"]
    store.commit(Transaction(delivered=[("pager", 1)]), now=1.0)
    assert [(one.name.seq, one.attempts) for one in due(reader, "pager")] == [(2, 1), (3, 1)]
    store.commit(Transaction(dead=[DeadLetter("pager", 2, 2, "no")]), now=1.0)
    assert keys(reader, "pager") == ["a:3"]


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("receiver", ["pager", "mail"])
def test_what_is_committed_once_more_in_doubt_moves_once(store, reader, receiver, number):
    """A COMMIT may fail and be carried out all the same."""
    commit(store, alert(id="a"), alert(id="b"), alert(id="c"))
    rows = reader.oldest("pager", limit=number)
    again = Transaction(
        taken={("pager", parcel): count for parcel, count in taken(rows).items()},
        forwarded=[Forwarded("pager", receiver, one.row, one.name.id) for one in rows],
    )
    store.commit(again, now=7.0)
    waits = keys(reader, "pager"), keys(reader, "mail")
    store._in_doubt = True
    store.commit(again, now=7.0)
    assert (keys(reader, "pager"), keys(reader, "mail")) == waits
