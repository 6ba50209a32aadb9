"""The store: one transaction, one owner, nothing twice."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import stat
from contextlib import closing

import pytest
from doubles.alerts import alert
from doubles.rules import checkpoint

from logwatch.errors import (
    Exit,
    StoreBusyError,
    StoreDeniedError,
    StoreError,
    StoreFullError,
    StoreTooNewError,
)
from logwatch.records import StateChange
from logwatch.store import outbox_reader
from logwatch.store.database import connect, connect_read_only
from logwatch.store.outgoing import DeadLetter, Postponed
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Addressed, Store, Transaction


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


def notifications(folder, sink="chat", now=100.0):
    """What is due for a sink."""
    reader = StoreReader(folder)
    rows = reader.due(sink, now=now, limit=100)
    reader.close()
    return rows


def due(folder, sink="chat", now=100.0):
    """What is due for a sink and may be sent, as (id:seq, attempts)."""
    rows = notifications(folder, sink, now)
    return [(row.idempotency_key, row.attempts) for row in rows if not row.held]


def handled(*rows, until=None, reason="503", dead=None, sink="chat") -> Transaction:
    """That these were delivered, or are to be tried `until` then, or are `dead`."""
    transaction = Transaction(
        taken={(sink, one.parcel): one.position for one in rows if one.parcel}
    )
    for one in rows:
        if until is not None:
            episode = one.name.id
            transaction.postponed.append(
                Postponed(sink, one.row, episode, until, reason, tried=not one.held)
            )
        elif dead:
            transaction.dead.append(DeadLetter(sink, one.row, one.attempts + 1, dead))
        elif not one.parcel:
            transaction.delivered.append((sink, one.row))
    return transaction


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


def test_a_message_of_bytes_that_were_read_again_is_stored_once(store, folder):
    """What was committed before is passed over, its sinks have been told."""
    store.commit(to_sinks(alert(id="a"), alert(id="b")), now=1.0)
    again = [alert(id=id_, reread=True) for id_ in ("b", "c")]
    store.commit(to_sinks(*again, alert(id="b", seq=2)), now=1.0)
    assert [key for key, _ in due(folder)] == ["a:1", "b:1", "c:1", "b:2"]


def test_a_message_that_comes_twice_in_one_transaction_is_stored_once(store, folder):
    """Where its bytes were read again before anything was committed."""
    store.commit(to_sinks(alert(id="a"), alert(id="a", reread=True), alert(id="b")), now=1.0)
    assert [key for key, _ in due(folder)] == ["a:1", "b:1"]


@pytest.mark.parametrize("wait_on_their_own", [False, True])
def test_large_messages_are_read_in_several_goes(store, folder, wait_on_their_own):
    """Five thousand of a hundred kilobytes would not fit into memory; none is left out."""
    ids = [f"{number:03}" for number in range(200)]
    store.commit(to_sinks(*(alert(id=one, message="x" * 100_000) for one in ids)), now=1.0)
    reader, told = StoreReader(folder), []
    if wait_on_their_own:
        while rows := reader.due("chat", now=1.0, limit=5000):
            store.commit(handled(*rows, until=2.0), now=1.0)
    while rows := reader.due("chat", now=9.0, limit=5000):
        assert sum(len(one.body) for one in rows) < 10_000_000
        told += [one.name.id for one in rows]
        store.commit(handled(*rows), now=1.0)
    reader.close()
    assert told == ids


def test_a_commit_that_failed_and_was_carried_out_all_the_same_tells_nothing_twice(
    store, folder, monkeypatch
):
    """An I/O error at COMMIT leaves it open whether the transaction is in the file."""
    transaction = to_sinks(alert(id="a"), alert(id="b"))
    with monkeypatch.context() as patch:
        patch.setattr("logwatch.store.outgoing.bury", lambda *_: store._connection.commit())
        with pytest.raises(StoreFullError):  # there is nothing left to commit
            store.commit(transaction, now=1.0)
    store.commit(transaction, now=2.0)
    store.commit(to_sinks(alert(id="c")), now=3.0)
    assert [key for key, _ in due(folder)] == ["a:1", "b:1", "c:1"]


def test_a_delivered_notification_leaves_the_outbox_and_stays_in_the_history(store, folder):
    """Delivered is for good."""
    store.commit(to_sinks(alert(id="a"), alert(id="b")), now=1.0)
    first, second = notifications(folder)
    store.commit(handled(first), now=2.0)
    assert due(folder) == [("b:1", 0)]
    store.commit(handled(second), now=2.0)
    assert due(folder) == []
    reader = StoreReader(folder)
    assert len(reader.alerts(limit=10)) == 2
    assert reader.waiting() == []
    assert reader.next_due("chat") is None
    reader.close()


def test_each_sink_gets_its_own_of_a_segment_in_order(store, folder):
    """Routes that differ from alert to alert."""
    sinks = [("chat",), ("chat", "mail"), (), ("mail",), ("chat",)]
    alerts = [Addressed(alert(id=f"{n}"), 1.0, names) for n, names in enumerate(sinks)]
    store.commit(Transaction(alerts=alerts), now=1.0)
    assert [key for key, _ in due(folder, "chat")] == ["0:1", "1:1", "4:1"]
    assert [key for key, _ in due(folder, "mail")] == ["1:1", "3:1"]
    store.commit(handled(*notifications(folder, "chat")[:2]), now=2.0)
    assert [key for key, _ in due(folder, "chat")] == ["4:1"]
    assert [key for key, _ in due(folder, "mail")] == ["1:1", "3:1"]


def test_many_and_large_alerts_fill_several_segments(store, folder):
    """No segment is so large that one message of it is costly to read."""
    large = [alert(id=f"large{n}", message="x" * 400_000) for n in range(5)]
    small = [alert(id=f"{n}") for n in range(1200)]
    store.commit(to_sinks(*large, *small), now=1.0)
    rows = store._connection.execute("SELECT first, size, length(body) FROM segments").fetchall()
    assert sum(size for _, size, _ in rows) == 1205
    assert [first for first, _, _ in rows] == [
        1 + sum(r[1] for r in rows[:n]) for n in range(len(rows))
    ]
    assert all(size <= 500 and length < 1_100_000 for _, size, length in rows)
    reader = StoreReader(folder)
    keys = [one.idempotency_key for one in reader.due("chat", now=1.0, limit=5000)]
    reader.close()
    assert keys == [f"{one.id}:1" for one in (*large, *small)]


def test_a_postponed_notification_holds_back_only_its_own_episode(store, folder):
    """Nobody is told "resolved" before "firing", and nobody else waits."""
    store.commit(to_sinks(alert(id="a"), alert(id="b"), alert(id="a", seq=2)), now=1.0)
    store.commit(handled(notifications(folder)[0], until=50.0), now=2.0)
    assert due(folder, now=49.0) == [("b:1", 0)]
    assert due(folder, now=50.0) == [("a:1", 1), ("b:1", 0), ("a:2", 0)]
    reader = StoreReader(folder)
    (waiting,) = reader.waiting()
    assert (waiting.waiting, waiting.dead, waiting.reason) == (3, 0, "503")
    reader.close()


def test_what_is_held_back_waits_beside_what_it_may_not_overtake(store, folder):
    """It leaves its parcel too, so that the rest of the parcel goes on."""
    store.commit(to_sinks(alert(id="a"), alert(id="a", seq=2), alert(id="b")), now=1.0)
    store.commit(handled(notifications(folder)[0], until=50.0), now=2.0)
    held, free = notifications(folder, now=49.0)
    assert (held.held, held.idempotency_key, free.idempotency_key) == (True, "a:2", "b:1")
    store.commit(handled(held, until=0.0, reason=None), now=3.0)
    store.commit(handled(free), now=3.0)
    assert notifications(folder, now=49.0) == []
    assert due(folder, now=50.0) == [("a:1", 1), ("a:2", 0)]
    store.commit(handled(notifications(folder, now=50.0)[0], until=90.0), now=4.0)
    assert notifications(folder, now=89.0) == []
    store.commit(handled(*notifications(folder, now=90.0)), now=5.0)
    assert notifications(folder, now=1e9) == []


def test_a_rejected_notification_is_kept_apart_and_blocks_nothing(store, folder):
    """A dead letter is visible and is not tried again."""
    store.commit(to_sinks(alert(id="a"), alert(id="a", seq=2)), now=1.0)
    store.commit(handled(notifications(folder)[0], dead="400: no"), now=2.0)
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
    for n in range(9):
        store.commit(to_sinks(alert(id=f"later{n}"), sinks=()), now=1.0)
    assert store.prune(keep_rows=5, before=0.0) == 54
    reader = StoreReader(folder)
    assert len(reader.alerts(limit=100)) == 6
    reader.close()
    assert due(folder) == [("waits:1", 0)]
    store.commit(handled(*notifications(folder), until=500.0), now=2.0)
    assert store.prune(keep_rows=5, before=0.0) == 0
    assert due(folder, now=500.0) == [("waits:1", 1)]


def test_the_history_is_bounded_by_age(store, folder):
    """Rows are in the order of time."""
    for at in (1.0, 2.0, 3.0):
        store.commit(Transaction(alerts=[Addressed(alert(id=f"{at}"), at, ())]), now=at)
    assert store.prune(keep_rows=100, before=2.5) == 2
    reader = StoreReader(folder)
    assert [one.id for one in reader.alerts(limit=100)] == ["3.0"]
    reader.close()


def test_the_history_is_searched_by_rule_time_and_id(store, folder):
    """Newest first, across segments."""
    stamps = {f"2026-01-05T01:00:0{n}.000Z": rule for n, rule in enumerate("aabba")}
    for number, (at, rule) in enumerate(stamps.items()):
        store.commit(to_sinks(alert(id=f"{number}f", rule=rule, at=at)), now=1.0)
    reader = StoreReader(folder)
    assert [one.id for one in reader.alerts(limit=2, rule="a")] == ["4f", "1f"]
    third = reader.alerts(limit=9)[2].at
    assert [one.id for one in reader.alerts(limit=9, until=third)] == ["1f", "0f"]
    assert [one.id for one in reader.episode("3")] == ["3f"]
    assert reader.episode('"') == reader.episode("5") == []
    reader.close()


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
        StoreReader(folder)
    with pytest.raises(StoreTooNewError, match="9999-later"):
        Store(folder)


def _of_a_later_version(folder):
    Store(folder).close()
    with closing(sqlite3.connect(folder / "state.db")) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES ('9999-later')")


def _of_nothing(folder):
    folder.mkdir()
    (folder / "state.db").touch()


def _damaged(folder):
    folder.mkdir()
    (folder / "state.db").write_bytes(b"no database at all" * 300)


@pytest.mark.parametrize("spoil", [_of_a_later_version, _of_nothing, _damaged])
def test_a_store_that_is_refused_is_not_kept_open(folder, monkeypatch, spoil):
    """A daemon that asks again and again would run out of descriptors."""
    spoil(folder)
    made = []

    def connect_and_note(path):
        made.append(connect_read_only(path))
        return made[-1]

    monkeypatch.setattr(outbox_reader, "connect_read_only", connect_and_note)
    with pytest.raises(StoreError):
        StoreReader(folder)
    [connection] = made
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


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
        body[16384:81920] = os.urandom(65536)
        path.write_bytes(body)
        (folder / "state.db-wal").unlink(missing_ok=True)
    else:
        path.write_bytes(damage)
        (folder / "state.db-wal").unlink(missing_ok=True)
    again = Store(folder, today="20260105")
    assert again.checkpoints() == []
    assert again.replaced is not None
    assert again.replaced.aside == "state.db.corrupt-20260105-0"
    assert (folder / again.replaced.aside).exists()
    assert again.replaced.restored_from is None
    again.close()


def test_only_the_owner_may_read_it(store, folder):
    """0700 and 0600: log lines hold secrets."""
    store.commit(to_sinks(alert(id="a")), now=1.0)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_folder_that_this_user_may_not_write_is_said_to_be_closed(tmp_path, monkeypatch):
    """Exit 77, as for all that is not permitted."""
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StoreDeniedError, match="not writable by uid") as caught:
        Store(tmp_path)
    assert caught.value.exit is Exit.NOT_PERMITTED

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(StoreDeniedError, match="cannot make the state folder"):
        Store(tmp_path / "state")


def test_a_full_disk_is_said_and_nothing_is_half_written(store, folder):
    """The transaction can be committed again once there is room."""
    store._connection.execute("PRAGMA max_page_count=30")
    big = to_sinks(
        *(alert(id=f"{n}", message=random.Random(n).randbytes(1000).hex()) for n in range(500))
    )
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
    store.commit(handled(first, until=1e9), now=1.0)
    store.commit(handled(second, until=50.0), now=1.0)
    store.cap_waits(100.0)
    assert [one.row for one in reader.due("chat", now=50.0, limit=10)] == [second.row]
    assert [one.row for one in reader.due("chat", now=100.0, limit=10)] == [first.row, second.row]
    reader.close()


def test_what_waits_for_an_earlier_message_falls_due_with_it(store, folder):
    """Or its deliverer would look every few milliseconds for what may not be sent yet."""
    store.commit(to_sinks(alert(id="a"), alert(id="a", seq=2)), now=1.0)
    store.commit(handled(notifications(folder)[0], until=50.0), now=2.0)
    store.commit(handled(*notifications(folder, now=49.0), until=0.0, reason=None), now=2.0)
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
    for name in "bcd":
        store.commit(to_sinks(alert(id=name)), now=1.0)
    first, _, third = notifications(folder)
    store.commit(handled(third), now=2.0)
    store.commit(handled(first, dead="400"), now=2.0)
    assert store.prune(keep_rows=0, before=0.0) == 3
    reader = StoreReader(folder)
    assert len(reader.burning()) == 1
    assert [one.alert.id for one in store.burning()] == ["a"]
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
    assert store.replaced is None
    store.close()
