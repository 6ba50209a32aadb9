"""Whoever reads sees one moment of the store, whatever is forgotten meanwhile."""

from __future__ import annotations

import pytest
from doubles.alerts import alert

from logwatch.store.outgoing import DeadLetter
from logwatch.store.writer import Addressed, Transaction

GONE = 9.0


def commit(store, *ids, sinks=("chat",)):
    alerts = [Addressed(alert(id=one), 1.0, sinks) for one in ids]
    store.commit(Transaction(alerts=alerts), now=1.0)


def give_up(store, reader):
    """What waits becomes dead letters."""
    due = list(reader.due("chat", now=2.0, limit=500))
    dead = [DeadLetter("chat", one.row, 1, "404") for one in due]
    taken = {("chat", one.parcel): one.position for one in due}
    store.commit(Transaction(taken=taken, dead=dead), now=2.0)


def forget_before(store, reader, table):
    """Let all be forgotten when `reader` is about to read `table`, for the first time."""
    done = []

    def look(statement):
        if f"FROM {table}" in statement and not done:
            done.append(store.prune(keep_rows=0, before=GONE))

    reader._connection.set_trace_callback(look)
    return done


def test_dead_letters_that_are_forgotten_meanwhile_are_still_listed(store, reader):
    commit(store, "a", "b")
    give_up(store, reader)
    forgotten = forget_before(store, reader, "segments")
    assert [one.alert.id for one in reader.dead_letters(limit=9)] == ["b", "a"]
    assert forgotten == [2]
    reader._connection.set_trace_callback(None)
    assert reader.dead_letters(limit=9) == []


@pytest.mark.parametrize("earlier", [0, 1, 3])
def test_none_is_taken_for_another_one(store, reader, earlier):
    """Where a segment before it stays."""
    if earlier:
        commit(store, *[f"before{number}" for number in range(earlier)], sinks=("mail",))
    commit(store, "a")
    give_up(store, reader)
    forgotten = forget_before(store, reader, "segments")
    assert [one.alert.id for one in reader.dead_letters(limit=9)] == ["a"]
    assert forgotten == [1]
