"""The store: one transaction, one owner, nothing twice."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat

import pytest
from doubles.alerts import alert
from doubles.rules import checkpoint

from logwatch.errors import StoreBusyError, StoreFullError, StoreTooNewError
from logwatch.records import StateChange
from logwatch.store.database import connect
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Addressed, Postponed, Store, Transaction


@pytest.fixture
def folder(tmp_path):
    """A state folder that does not exist yet."""
    return tmp_path / "state"


@pytest.fixture
def store(folder):
    """An open store."""
    made = Store(folder)
    yield made
    made.close()


def to_sinks(*alerts, sinks=("chat",)) -> Transaction:
    """A transaction with these alerts for these sinks."""
    return Transaction(alerts=[Addressed(one, 1.0, sinks) for one in alerts])


def due(folder, sink="chat", now=100.0):
    """What is due for a sink, as (id:seq, attempts)."""
    reader = StoreReader(folder)
    rows = reader.due(sink, now=now, limit=100)
    reader.close()
    return [(row.idempotency_key, row.attempts) for row in rows]


def test_everything_of_a_transaction_is_there_after_a_restart(folder):
    """Positions, rule state, alerts and outbox."""
    store = Store(folder)
    store.adopt_rules({"err": "match"})
    transaction = to_sinks(alert(id="a"), sinks=("chat", "mail"))
    transaction.checkpoints["1.2.0"] = checkpoint(42)
    transaction.states["err", "k"] = StateChange("err", "k", b"state")
    store.commit(transaction, now=5.0)
    store.close()

    again = Store(folder)
    assert [one.offset for one in again.checkpoints()] == [42]
    assert again.adopt_rules({"err": "match"}) == [StateChange("err", "k", b"state")]
    assert due(folder, "chat") == due(folder, "mail") == [("a:1", 0)]
    again.close()


def test_a_failed_transaction_leaves_nothing(store, folder):
    """Neither the position nor the alert: both or none."""
    transaction = to_sinks(alert(id="a"))
    transaction.checkpoints["1.2.0"] = checkpoint(42)
    transaction.states["err", "k"] = StateChange("err", "k", object())  # type: ignore[arg-type]
    with pytest.raises(sqlite3.Error):
        store.commit(transaction, now=5.0)
    assert store.checkpoints() == []
    assert due(folder) == []
    transaction.states.clear()
    store.commit(transaction, now=5.0)
    assert due(folder) == [("a:1", 0)]


def test_the_same_alert_message_is_stored_once(store, folder):
    """A message that was committed before is passed over, its sinks have been told."""
    store.commit(to_sinks(alert(id="a"), alert(id="b")), now=1.0)
    store.commit(to_sinks(alert(id="b"), alert(id="c"), alert(id="b", seq=2)), now=1.0)
    assert [key for key, _ in due(folder)] == ["a:1", "b:1", "c:1", "b:2"]


def test_a_delivered_notification_leaves_the_outbox_and_stays_in_the_history(store, folder):
    """Delivered rows are gone for good."""
    store.commit(to_sinks(alert(id="a"), alert(id="b")), now=1.0)
    store.commit(Transaction(delivered=[("chat", 1)]), now=2.0)
    assert due(folder) == [("b:1", 0)]
    reader = StoreReader(folder)
    assert len(reader.alerts(limit=10)) == 2
    reader.close()


def test_a_postponed_notification_holds_back_only_its_own_episode(store, folder):
    """Nobody is told "resolved" before "firing", and nobody else waits."""
    store.commit(to_sinks(alert(id="a"), alert(id="b"), alert(id="a", seq=2)), now=1.0)
    store.commit(Transaction(postponed=[Postponed("chat", 1, 50.0, "503")]), now=2.0)
    assert due(folder, now=49.0) == [("b:1", 0)]
    assert due(folder, now=50.0) == [("a:1", 1), ("b:1", 0), ("a:2", 0)]
    reader = StoreReader(folder)
    (waiting,) = reader.waiting()
    assert (waiting.waiting, waiting.dead, waiting.reason) == (3, 0, "503")
    reader.close()


def test_a_rejected_notification_is_kept_apart_and_blocks_nothing(store, folder):
    """A dead letter is visible and is not tried again."""
    store.commit(to_sinks(alert(id="a"), alert(id="a", seq=2)), now=1.0)
    store.commit(Transaction(dead=[("chat", 1, "400: no")]), now=2.0)
    assert due(folder) == [("a:2", 0)]
    reader = StoreReader(folder)
    assert [(one.waiting, one.dead) for one in reader.waiting()] == [(1, 1)]
    reader.close()


def test_a_rule_whose_meaning_changed_starts_with_no_state(folder):
    """Same name, other window: the old state would be a lie."""
    store = Store(folder)
    store.adopt_rules({"a": "1", "b": "1", "gone": "1"})
    states = {(name, ""): StateChange(name, "", b"s") for name in ("a", "b", "gone")}
    store.commit(Transaction(states=states), now=1.0)
    assert store.adopt_rules({"a": "1", "b": "2"}) == [StateChange("a", "", b"s")]
    store.close()


def test_burning_episodes_are_known_until_they_resolve(store, folder):
    """An event burns not at all, an episode until its `resolved`."""
    firing = Addressed(alert(id="a"), 1.0, (), burns=True)
    store.commit(Transaction(alerts=[firing, Addressed(alert(id="event"), 1.0, ())]), now=1.0)
    reader = StoreReader(folder)
    assert len(reader.burning()) == 1
    store.commit(to_sinks(alert(id="a", seq=2, status="resolved")), now=2.0)
    assert reader.burning() == []
    reader.close()


def test_the_history_is_bounded_but_never_loses_what_must_still_be_told(store, folder):
    """Old alerts go, except those that wait in the outbox."""
    store.commit(to_sinks(*(alert(id=f"{n:03}") for n in range(50)), sinks=()), now=1.0)
    store.commit(to_sinks(alert(id="waits")), now=1.0)
    store.commit(to_sinks(*(alert(id=f"later{n}") for n in range(9)), sinks=()), now=1.0)
    assert store.prune(keep_rows=5, before=0.0) == 54
    reader = StoreReader(folder)
    assert len(reader.alerts(limit=100)) == 6
    reader.close()
    assert due(folder) == [("waits:1", 0)]


def test_a_second_daemon_is_refused_with_the_pid_of_the_first(store, folder):
    """Two writers would tell everything twice."""
    with pytest.raises(StoreBusyError, match=str(os.getpid())):
        Store(folder)


def test_a_store_of_a_later_version_is_left_alone(folder):
    """Downgrades are refused by name."""
    Store(folder).close()
    connection = sqlite3.connect(folder / "state.db")
    connection.execute("INSERT INTO migrations VALUES ('9999-later')")
    connection.commit()
    connection.close()
    with pytest.raises(StoreTooNewError, match="9999-later"):
        Store(folder)


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 300, None])
def test_a_damaged_store_is_put_aside_and_a_new_one_begun(folder, damage):
    """Never deleted; and the daemon can say that it happened."""
    store = Store(folder)
    store.commit(to_sinks(*(alert(id=f"{n}") for n in range(500))), now=1.0)
    store._connection.close()  # as after kill -9: not marked clean
    store._lock.release()
    path = folder / "state.db"
    if damage is None:
        body = bytearray(path.read_bytes())
        body[4096:12288] = os.urandom(8192)
        path.write_bytes(body)
        (folder / "state.db-wal").unlink(missing_ok=True)
    else:
        path.write_bytes(damage)
        (folder / "state.db-wal").unlink(missing_ok=True)
    again = Store(folder, today="20260105")
    assert again.checkpoints() == []
    assert again.put_aside == folder / "state.db.corrupt-20260105-0"
    assert again.put_aside.exists()
    again.close()


def test_only_the_owner_may_read_it(store, folder):
    """0700 and 0600: log lines hold secrets."""
    store.commit(to_sinks(alert(id="a")), now=1.0)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_full_disk_is_said_and_nothing_is_half_written(store, folder):
    """The transaction can be committed again once there is room."""
    store._connection.execute("PRAGMA max_page_count=30")
    big = to_sinks(*(alert(id=f"{n}", message="x" * 2000) for n in range(500)))
    big.checkpoints["1.2.0"] = checkpoint(42)
    with pytest.raises(StoreFullError):
        store.commit(big, now=1.0)
    assert store.checkpoints() == []
    store._connection.execute("PRAGMA max_page_count=100000")
    store.commit(big, now=1.0)
    assert len(due(folder)) == 100
    assert [one.offset for one in store.checkpoints()] == [42]


def test_closing_twice_is_harmless(folder):
    """Stop paths meet."""
    store = Store(folder)
    store.close()
    store.close()


def test_no_wait_reaches_beyond_a_cap(store, folder):
    """After the date was set back, what waits for its next try is tried soon all the same."""
    store.commit(to_sinks(alert(id="a"), alert(id="b")), now=1.0)
    reader = StoreReader(folder)
    first, second = reader.due("chat", now=0.0, limit=10)
    postponed = [
        Postponed("chat", first.row, 1e9, "down"),
        Postponed("chat", second.row, 50.0, "down"),
    ]
    store.commit(Transaction(postponed=postponed), now=1.0)
    store.cap_waits(100.0)
    assert [one.row for one in reader.due("chat", now=50.0, limit=10)] == [second.row]
    assert [one.row for one in reader.due("chat", now=100.0, limit=10)] == [first.row, second.row]
    reader.close()


def test_what_waits_for_an_earlier_message_falls_due_with_it(store, folder):
    """Or its deliverer would look every few milliseconds for what may not be sent yet."""
    store.commit(to_sinks(alert(id="a"), alert(id="a", seq=2)), now=1.0)
    store.commit(Transaction(postponed=[Postponed("chat", 1, 50.0, "503")]), now=2.0)
    reader = StoreReader(folder)
    assert reader.next_due("chat") == 50.0
    store.commit(to_sinks(alert(id="b")), now=3.0)
    assert reader.next_due("chat") == 0.0
    assert reader.next_due("mail") is None
    reader.close()


def test_what_burns_is_not_forgotten_and_what_nobody_will_take_is(store, folder):
    """An episode may burn for longer than the history reaches; a dead letter is history."""
    burns = Transaction(alerts=[Addressed(alert(id="a"), 1.0, (), burns=True)])
    store.commit(burns, now=1.0)
    store.commit(to_sinks(alert(id="b"), alert(id="c"), alert(id="d")), now=1.0)
    store.commit(Transaction(delivered=[("chat", 4)], dead=[("chat", 2, "400")]), now=2.0)
    assert store.prune(keep_rows=0, before=0.0) == 2
    reader = StoreReader(folder)
    assert len(reader.burning()) == 1
    assert [(one.waiting, one.dead) for one in reader.waiting()] == [(1, 0)]
    reader.close()


def test_a_store_that_could_not_be_begun_is_not_one_that_was_damaged(folder):
    """A full disk at the first start leaves nothing that the next one would raise alarm about."""
    folder.mkdir()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limit[1]))
    try:
        with pytest.raises(sqlite3.Error):
            connect(folder / "state.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    store = Store(folder)
    assert store.put_aside is None
    store.close()
