"""A wrong byte in a text leaves the database sound; who reads that must not fail at each start."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import msgspec
import pytest
from doubles.alerts import alert

from logwatch.errors import StoreError
from logwatch.records import Checkpoint, Marker, StateChange
from logwatch.store import backup
from logwatch.store.checking import check
from logwatch.store.writer import Addressed, Store, Transaction

CELLS = [
    ("migrations", "name"),
    ("checkpoints", "body"),
    ("rules", "name"),
    ("rules", "fingerprint"),
    ("sources", "name"),
    ("rule_state", "key"),
    ("burning", "body"),
    ("burning", "told"),
    ("parcels", "sink"),
    ("parcels", "picked"),
    ("segments", "addressed"),
]


def never() -> bool:
    return False


@pytest.fixture
def folder(tmp_path):
    """A state folder with something in each table, and a backup of it."""
    store = Store(tmp_path, durability="off")
    here = Checkpoint(
        identity="1.2.0",
        path="/var/log/app.log",
        device=1,
        inode=1,
        birth=2,
        epoch=0,
        offset=9,
        head=Marker(0, 0, b""),
    )
    store.adopt_rules({"disk": "a rule"})
    store.remember_sources({"app": "a source"})
    some = [
        Addressed(alert(id="a"), 1.0, ("chat", "pager"), burns=True, told=("chat", "pager")),
        Addressed(alert(id="b"), 1.0, ("chat",)),
    ]
    store.commit(
        Transaction(
            checkpoints={here.identity: here},
            states={("disk", "k"): StateChange("disk", "k", b"x")},
            alerts=some,
        ),
        now=1.0,
    )
    assert backup.back_up(tmp_path, at=1.0, rest=never) == "made"
    store.close()
    return tmp_path


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE parcels SET segment = 77",
        "INSERT INTO retries VALUES ('chat', 3, 'e', 1, 1.0, NULL, NULL)",
        "INSERT INTO dead_letters VALUES ('chat', 0, 1, 'no', 1.0)",
    ],
)
def test_what_waits_without_its_alert_is_damage(folder, change):
    with sqlite3.connect(folder / "state.db") as connection:
        check(connection)
        connection.execute(change)
        with pytest.raises(sqlite3.DatabaseError, match="'chat' is not there"):
            check(connection)
    connection.close()


def damage(folder, table: str, column: str) -> None:
    with sqlite3.connect(folder / "state.db") as connection:
        rowids = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"
        body = connection.execute(rowids).fetchone()[0]
        kind = "TEXT" if isinstance(body, str) else "BLOB"
        raw = body.encode() if isinstance(body, str) else body
        changed = connection.execute(
            f"UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE {column} = ?",
            (raw[:1] + b"\xb1" + raw[2:], body),
        )
        assert changed.rowcount
    connection.close()


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_the_second_start_at_the_latest_has_the_copy(folder, table, column):
    damage(folder, table, column)
    with suppress(StoreError, sqlite3.DatabaseError, msgspec.DecodeError):
        first = Store(folder, durability="off", today="20260105")
        try:
            first.checkpoints()
            first.burning()
            first.known_sources()
            first.adopt_rules({"disk": "a rule"})
        finally:
            first.close(clean=False)
    store = Store(folder, durability="off", today="20260105")
    assert store.replaced is not None
    assert store.replaced.restored_from == 1.0
    assert [one.alert.id for one in store.burning()] == ["a"]
    assert len(store.checkpoints()) == 1
    assert store.known_sources() == {"app": "a source"}
    assert len(store.adopt_rules({"disk": "a rule"})) == 1
    store.close()


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_a_copy_of_such_damage_does_not_replace_the_one_before(folder, table, column):
    damage(folder, table, column)
    with suppress(StoreError):
        assert backup.back_up(folder, at=2.0, rest=never) == "not sound"
    assert backup.backed_up_at(folder) == 1.0
