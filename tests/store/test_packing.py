"""Segments are compressed where that pays, and nobody notices but the disk."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import suppress

import pytest
from doubles.alerts import alert
from hypothesis import given
from hypothesis import strategies as st

from logwatch import telemetry
from logwatch.store import backup, segments
from logwatch.store.due import Lot
from logwatch.store.life import LifeReader
from logwatch.store.packing import LEAST_BYTES, pack, unpack, verify
from logwatch.store.writer import Addressed, Store, Transaction

MANY = [f"e{number:03}" for number in range(300)]


def commit(store, ids, sinks=("chat",), **fields):
    alerts = [Addressed(alert(id=one, **fields), 1.0, sinks) for one in ids]
    store.commit(Transaction(alerts=alerts), now=1.0)


def bodies(store):
    return [body for (body,) in store._connection.execute("SELECT body FROM segments")]


@given(st.binary(max_size=3 * LEAST_BYTES))
def test_what_was_packed_is_unpacked_as_it_was(rest):
    body = b"{" + rest
    assert unpack(pack(body)) == body


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_damage_of_a_byte_passes_for_alerts(at, mask):
    body = b'{"rule":"sshd","message":"failed password for root"}\n' * 100
    packed = bytearray(pack(body))
    packed[at % len(packed)] ^= mask
    with suppress(sqlite3.DatabaseError):
        assert unpack(bytes(packed)) == body  # it was in what says nothing


def test_no_flipped_bit_passes_for_alerts():
    """Also where the text that comes out of it is as long, and as much of an alert."""
    body = b"".join(b'{"rule":"sshd","message":"line %d"}\n' % (n * n) for n in range(200))
    packed = pack(body)
    for at in range(len(packed)):
        damaged = bytearray(packed)
        damaged[at] ^= 1 << at % 8
        with suppress(sqlite3.DatabaseError):
            assert unpack(bytes(damaged)) == body


def fails(read, stored):
    try:
        read(stored)
    except sqlite3.DatabaseError:
        return True
    return False


@given(
    lines=st.integers(0, 2000),
    at=st.integers(min_value=0),
    mask=st.integers(min_value=0, max_value=255),
    left=st.one_of(st.none(), st.integers(min_value=1)),
    more=st.sampled_from([b"", b"", b"\0", b"{}\n"]),
)
def test_what_is_verified_is_what_can_be_unpacked(lines, at, mask, left, more):
    """Also of frames that are cut, and of such with something behind them."""
    packed = bytearray(pack(b'{"rule":"sshd","message":"failed password for root"}\n' * lines))
    if packed:
        packed[at % len(packed)] ^= mask
    stored = bytes(packed[: left and left % (len(packed) + 1)]) + more
    assert fails(verify, stored) == fails(unpack, stored)


def test_alerts_that_were_made_together_take_a_fraction_of_their_size(store):
    commit(store, MANY)
    [stored] = bodies(store)
    assert len(stored) * 5 < len(unpack(stored))


def test_one_alert_is_stored_as_it_is(store):
    """Who waits for it need not wait for more."""
    commit(store, ["a"])
    [stored] = bodies(store)
    assert stored.startswith(b'{"')
    assert stored.endswith(b"}\n")


def test_a_sink_gets_them_in_one_piece_or_one_by_one(store, reader):
    commit(store, MANY)
    lot = reader.due("chat", now=2.0, limit=1000)
    assert isinstance(lot, Lot)
    assert [one.alert.id for one in lot] == MANY
    assert lot.json_lines().count(b"\n") == len(MANY)
    some = reader.due("chat", now=2.0, limit=50)
    assert [one.alert.id for one in some] == MANY[:50]
    store.commit(Transaction(taken={("chat", some[-1].parcel): 50}), now=2.0)
    assert [one.alert.id for one in reader.due("chat", now=2.0, limit=2)] == MANY[50:52]
    commit(store, ["last"])
    assert [one.alert.id for one in reader.oldest("chat", limit=1000)] == [*MANY[50:], "last"]


def test_a_number_that_is_given_again_stands_for_the_new_alerts(store, reader):
    """As after an error of the disk, where all of the history was forgotten before."""

    def second_of(*ids):
        commit(store, ids)
        first = reader.due("chat", now=2.0, limit=2)[0]
        store.commit(Transaction(taken={("chat", first.parcel): 1}), now=2.0)
        [second] = reader.due("chat", now=2.0, limit=2)
        store.commit(Transaction(taken={("chat", second.parcel): 2}), now=2.0)
        return second.row, second.alert.id

    assert second_of("old", "older") == (2, "older")
    assert store.prune(keep_rows=0, before=9.0) == 2
    store.reopen()
    assert second_of("new", "newer") == (2, "newer")


def test_the_history_and_the_life_of_an_episode_are_read_from_them(store, tmp_path):
    commit(store, MANY, rule="disk")
    reader = LifeReader(tmp_path)
    assert [one.id for one in reader.alerts(limit=3)] == MANY[:-4:-1]
    assert [one.id for one in reader.episode("e123")] == ["e123"]
    [message] = reader.life("e123")
    assert (message.stored.id, message.row, message.sinks) == ("e123", 124, ("chat",))
    assert len(reader.messages_of({"disk"})) == len(MANY)
    reader.close()


def test_what_is_read_again_in_doubt_is_known_in_them(store, reader):
    commit(store, MANY)
    commit(store, [MANY[7], "new"], reread=True)
    assert reader.number_waiting("chat") == len(MANY) + 1


def test_segments_of_an_earlier_version_are_read(tmp_path):
    """They are left as they are, beside new ones."""
    store = Store(tmp_path, durability="off")
    commit(store, MANY)
    [stored] = bodies(store)
    store._connection.execute("UPDATE segments SET body = ?", (unpack(stored),))
    store._connection.execute("DELETE FROM migrations WHERE name = '0004-packed-segments'")
    store.close()
    store = Store(tmp_path, durability="off")
    commit(store, ["new"])
    reader = LifeReader(tmp_path)
    assert [one.id for one in reader.history()] == ["new", *reversed(MANY)]
    reader.close()
    store.close()


def damage(store):
    """Change a byte of what is compressed, which SQLite cannot see."""
    [body] = bodies(store)
    broken = bytearray(body)
    broken[len(broken) // 2] ^= 0xFF
    store._connection.execute("UPDATE segments SET body = ?", (bytes(broken),))


def test_damage_is_an_error_of_the_store_for_who_has_to_deliver_it(store, reader):
    commit(store, MANY)
    damage(store)
    for read in (
        lambda: reader.due("chat", now=2.0, limit=1000),
        lambda: reader.due("chat", now=2.0, limit=1),
    ):
        with pytest.raises(sqlite3.DatabaseError, match="a segment of alerts is damaged"):
            read()


def test_who_looks_back_sees_what_is_around_the_damage(store, tmp_path, monkeypatch):
    monkeypatch.setattr(telemetry.telemetry, "counters", counters := Counter())
    commit(store, MANY)
    damage(store)
    commit(store, ["later"], rule="disk")
    reader = LifeReader(tmp_path)
    assert [one.id for one in reader.alerts(limit=9)] == ["later"]
    assert [one.id for one in reader.episode("later")] == ["later"]
    assert reader.episode(MANY[0]) == []
    assert [one.row for one in reader.messages_of({"disk"})] == [len(MANY) + 1]
    reader.close()
    assert counters["store.alerts_damaged"]


def test_after_an_unclean_end_damage_puts_the_store_aside(tmp_path):
    """As damage does that SQLite finds: the copy of the last hour takes its place."""
    store = Store(tmp_path, durability="off")
    commit(store, MANY)
    assert backup.back_up(tmp_path, at=1.0, rest=lambda: False) == "made"
    damage(store)
    store.close(clean=False)
    store = Store(tmp_path, durability="off", today="20260105")
    assert store.replaced is not None
    assert (tmp_path / "state.db.corrupt-20260105-0").exists()
    [stored] = bodies(store)
    assert unpack(stored).count(b"\n") == len(MANY)
    store.close()


def test_damage_to_what_is_history_alone_costs_neither_positions_nor_the_next_copy(
    tmp_path, monkeypatch
):
    """A copy of the store may have the same damage: then everything would begin anew."""
    monkeypatch.setattr(telemetry.telemetry, "counters", counters := Counter())
    store = Store(tmp_path, durability="off")
    commit(store, MANY, sinks=())
    damage(store)
    store.close(clean=False)
    assert backup.back_up(tmp_path, at=1.0, rest=lambda: False) == "made"
    store = Store(tmp_path, durability="off")
    assert store.replaced is None
    assert counters["store.alerts_damaged"]
    store.close()


@pytest.mark.parametrize("waits", ["untried", "tried", "dead"])
def test_damage_to_what_somebody_waits_for_leaves_the_copy_before_it(tmp_path, waits):
    """That one is what takes the place of the store."""
    store = Store(tmp_path, durability="off")
    commit(store, MANY)
    assert backup.back_up(tmp_path, at=1.0, rest=lambda: False) == "made"
    if waits == "tried":
        store._connection.execute("DELETE FROM parcels")
        store._connection.execute(
            "INSERT INTO retries VALUES ('chat', 300, 'e299', 1, 2.0, NULL, NULL)"
        )
    if waits == "dead":
        store._connection.execute("DELETE FROM parcels")
        store._connection.execute("INSERT INTO dead_letters VALUES ('chat', 1, 1, 'no', 2.0)")
    damage(store)
    assert backup.back_up(tmp_path, at=2.0, rest=lambda: False) == "not sound"
    assert backup.backed_up_at(tmp_path) == 1.0
    store.close(clean=False)
    store = Store(tmp_path, durability="off", today="20260105")
    assert store.replaced is not None
    assert store.replaced.restored_from == 1.0
    store.close()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'"id":"a"', b'"id";"a"'),
        (b'"seq":1', b'"seq":x'),
        (b"firing", b"fjring"),
        (b'"id":"a"', b'"id":"\xff"'),
        (b"}\n", b"}"),
        (b'"rule":', b'\n"rule":'),
    ],
)
def test_damage_to_an_alert_that_was_made_alone_is_noticed_too(
    store, tmp_path, right, wrong, monkeypatch
):
    """It has no checksum, but has to be an alert: else who delivers it would die at each start."""
    monkeypatch.setattr(telemetry.telemetry, "counters", counters := Counter())
    commit(store, ["a"])
    [body] = bodies(store)
    assert right in body
    store._connection.execute("UPDATE segments SET body = ?", (body.replace(right, wrong),))
    commit(store, ["b"])
    with pytest.raises(sqlite3.DatabaseError, match="alerts"):
        segments.check(store._connection)
    reader = LifeReader(tmp_path)
    assert [one.id for one in reader.history()] == ["b"]
    reader.close()
    commit(store, ["b", "c"], reread=True)
    store._connection.execute("DELETE FROM parcels")
    segments.check(store._connection)
    assert counters["store.alerts_damaged"]


def test_a_message_that_does_not_repeat_itself_is_kept_whole(store, reader):
    noise = random.Random(5).randbytes(20_000).hex()
    commit(store, ["a"], message=noise)
    [one] = reader.due("chat", now=2.0, limit=10)
    assert one.alert.message == noise
