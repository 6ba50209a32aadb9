"""A store of an earlier version is brought along with everything in it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from signal import SIGKILL

import pytest
from doubles.alerts import alert
from doubles.process import environment

from logwatch.crashpoints import VARIABLE
from logwatch.records import encode_alert
from logwatch.store.migrations import MIGRATIONS, migrate
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Store


def _old_store(folder) -> None:
    """As the first version wrote it: three alerts, one burning, one failed once, one dead."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "state.db", isolation_level=None)
    connection.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY)")
    connection.executescript(MIGRATIONS[0][1])
    connection.execute("INSERT INTO migrations VALUES (?)", (MIGRATIONS[0][0],))
    for row, name in enumerate("abc", start=1):
        body = encode_alert(alert(id=name, message="Grüße"))
        connection.execute(
            "INSERT INTO alerts VALUES (?, ?, 1, 'r', 'error', 'firing', 5.0, ?)", (row, name, body)
        )
    connection.execute("INSERT INTO burning VALUES ('b', 2, '[\"chat\"]')")
    connection.execute("INSERT INTO outbox (sink, alert, episode) VALUES ('chat', 1, 'a')")
    connection.execute("INSERT INTO outbox VALUES ('chat', 2, 'b', 1, 50.0, '503')")
    connection.execute("INSERT INTO dead_letters VALUES ('chat', 3, 2, '400')")
    connection.close()


def test_what_an_older_store_still_had_to_tell_is_told(tmp_path):
    """Outbox, episodes that burn, history and dead letters come along."""
    folder = tmp_path / "state"
    _old_store(folder)
    store = Store(folder)
    assert store.replaced is None
    assert [(one.alert.id, one.told) for one in store.burning()] == [("b", ("chat",))]
    reader = StoreReader(folder)
    due = reader.due("chat", now=50.0, limit=10)
    assert [(one.idempotency_key, one.attempts) for one in due] == [("a:1", 0), ("b:1", 1)]
    assert [one.alert.message for one in due] == ["Grüße", "Grüße"]
    assert [one.id for one in reader.alerts(limit=10)] == ["c", "b", "a"]
    assert [(one.waiting, one.dead) for one in reader.waiting()] == [(2, 1)]
    reader.close()
    store.close()


def test_migrating_twice_changes_nothing(tmp_path):
    """Each step runs once, and says that it ran."""
    connection = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    migrate(connection)
    before = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    migrate(connection)
    assert connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == before
    names = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    assert names == {name for name, _ in MIGRATIONS}
    connection.close()


STARTS = (
    "import sys, pathlib; from logwatch.store.writer import Store; Store(pathlib.Path(sys.argv[1]))"
)


@pytest.mark.parametrize("point", ["migration.written", "migration.done"])
@pytest.mark.parametrize("step", range(1, len(MIGRATIONS)))
def test_what_is_killed_while_it_brings_an_older_store_along_is_gone_on_with(tmp_path, point, step):
    """Nothing is brought along twice, and nothing is left behind."""
    folder, straight = tmp_path / "state", tmp_path / "straight"
    _old_store(folder)
    _old_store(straight)
    killed = subprocess.run(
        [sys.executable, "-c", STARTS, str(folder)],
        env=environment() | {VARIABLE: f"{point}:{step}"},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -SIGKILL
    store = Store(folder, durability="off")
    assert store.replaced is None
    store.close()
    Store(straight, durability="off").close()
    assert dump(folder) == dump(straight)


def dump(folder):
    """All that is in a store."""
    with closing(sqlite3.connect(folder / "state.db")) as connection:
        return list(connection.iterdump())
