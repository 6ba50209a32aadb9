"""Which positions a store keeps."""

from __future__ import annotations

import pytest
from doubles.rules import checkpoint
from msgspec.structs import replace

from logwatch.store import positions
from logwatch.store.writer import Store, Transaction


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path, durability="off")
    yield store
    store.close()


def note(store: Store, at: float, *names: str, closed: bool = True) -> None:
    found = {name: replace(checkpoint(42), identity=name, closed=closed) for name in names}
    store.commit(Transaction(checkpoints=found), now=at)


def names(store: Store) -> list[str]:
    return [each.identity for each in store.checkpoints()]


def count(store: Store) -> int:
    return store._connection.execute("SELECT count(*) FROM checkpoints").fetchone()[0]


def test_closed_generations_are_bounded_in_number(store, monkeypatch):
    """A program that begins a file each second makes no start slower; what is open stays."""
    monkeypatch.setattr(positions, "KEEP_CLOSED", 3)
    note(store, 1.0, "open", closed=False)
    for number in range(6):
        note(store, 2.0 + number, f"closed {number}")
    kept = ["open", "closed 3", "closed 4", "closed 5"]
    assert names(store) == kept  # a start need not wait until the others are forgotten
    assert count(store) == 7
    store.prune(keep_rows=10, before=0.0)
    assert names(store) == kept
    assert count(store) == 4


def test_many_that_are_open_have_more_that_are_closed(store, monkeypatch):
    """All logs of a machine are rotated in one night, and compressed in the next."""
    monkeypatch.setattr(positions, "KEEP_CLOSED", 3)
    note(store, 1.0, *"abcd", closed=False)
    for number in range(9):
        note(store, 2.0 + number, f"closed {number}")
    store.prune(keep_rows=10, before=0.0)
    assert len(names(store)) == 4 + 8


def test_closed_generations_of_one_moment_stay_together(store, monkeypatch):
    """Nothing tells which of them is older."""
    monkeypatch.setattr(positions, "KEEP_CLOSED", 3)
    note(store, 1.0, "old")
    note(store, 2.0, *"abcde")
    store.prune(keep_rows=10, before=0.0)
    assert names(store) == [*"abcde"]


def test_closed_generations_are_forgotten_with_the_history(store):
    """And open ones never."""
    note(store, 1.0, "open", closed=False)
    note(store, 1.0, "old")
    note(store, 3.0, "new")
    store.prune(keep_rows=10, before=2.0)
    assert names(store) == ["open", "new"]
