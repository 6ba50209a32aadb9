"""The copy of the store, and what takes the place of one that is damaged."""

from __future__ import annotations

import errno
import os
import random
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from doubles.alerts import alert

from logwatch.errors import StoreError
from logwatch.store import backup, replacing
from logwatch.store.backup import BACKUP_NAME, back_up, backed_up_at
from logwatch.store.database import connect
from logwatch.store.files import write_whole
from logwatch.store.migrations import MIGRATIONS
from logwatch.store.packing import unpack
from logwatch.store.refusals import MOST_REFUSED
from logwatch.store.writer import Addressed, Store, Transaction


def some(*names: str) -> Transaction:
    return Transaction(alerts=[Addressed(alert(id=name), 1.0, ()) for name in names])


def told(store: Store) -> list[str]:
    """Ids of the alerts in a store."""
    rows = store._connection.execute("SELECT body FROM segments ORDER BY first")
    return [
        line.split(b'"id":"')[1].split(b'"')[0].decode()
        for (body,) in rows
        for line in unpack(body).splitlines()
    ]


def killed(store: Store) -> None:
    """As after kill -9: not marked clean."""
    store._connection.close()
    store._lock.release()


def never() -> bool:
    return False


@pytest.fixture
def folder(tmp_path):
    """A state folder whose store holds `a` and has a backup with it, and then got `b`."""
    store = Store(tmp_path, durability="off")
    store.commit(some("a"), now=1.0)
    assert back_up(tmp_path, at=1_767_571_200.0, rest=never) == "made"
    store.commit(some("b"), now=2.0)
    killed(store)
    return tmp_path


def test_a_copy_is_what_one_moment_had_committed(folder):
    """And it says how old it is."""
    with closing(sqlite3.connect(folder / BACKUP_NAME)) as copy:
        assert copy.execute("SELECT count(*) FROM segments").fetchone() == (1,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert backed_up_at(folder) == 1_767_571_200.0
    assert (folder / BACKUP_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage", [b"", b"no database " * 3_000, b"SQLite format 3\0" + bytes(4_080), None]
)
def test_a_damaged_store_is_replaced_by_its_backup(folder, damage):
    """None: it is gone as a whole, with its log."""
    if damage is None:
        for each in folder.glob("state.db*"):
            if each.name != BACKUP_NAME:
                each.unlink()
    else:
        (folder / "state.db").write_bytes(damage)
    store = Store(folder, durability="off", today="20260105")
    assert told(store) == ["a"]
    assert store.replaced is not None
    assert store.replaced.restored_from == 1_767_571_200.0
    assert (store.replaced.aside is None) == (damage is None)
    if damage is not None:
        assert (folder / "state.db.corrupt-20260105-0").read_bytes() == damage
    store.close()


def test_random_bytes_anywhere_give_a_sound_store(folder):
    """Fifty places: it is used as it is, or replaced by what the backup has."""
    with closing(sqlite3.connect(folder / "state.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    good, chance, replaced = (folder / "state.db").read_bytes(), random.Random(5), 0
    for _ in range(50):
        for each in folder.glob("state.db*"):
            if each.name != BACKUP_NAME:
                each.unlink()
        (folder / "replacing.json").unlink(missing_ok=True)
        body = bytearray(good)
        at = chance.randrange(len(good) // 16_384) * 16_384 + chance.randrange(32)
        body[at : at + 16] = chance.randbytes(16)
        (folder / "state.db").write_bytes(body)
        store = Store(folder, durability="off", today="20260105")
        answer = store._connection.execute("PRAGMA quick_check").fetchone()
        assert answer == ("ok",)
        replaced += store.replaced is not None
        killed(store)
    assert replaced


def test_a_damaged_backup_is_of_no_use_and_no_harm(folder):
    """Then a new store is begun, as where there is none."""
    (folder / "state.db").write_bytes(b"x" * 50_000)
    (folder / BACKUP_NAME).write_bytes(b"y" * 50_000)
    store = Store(folder, durability="off", today="20260105")
    assert told(store) == []
    assert store.replaced is not None
    assert store.replaced.restored_from is None
    store.close()


@pytest.mark.parametrize("has_backup", [True, False])
def test_what_the_disk_does_not_give_back_is_kept_for_the_next_start(
    folder, monkeypatch, has_backup
):
    """SQLite says of a read that fails that the file is malformed; such errors may pass."""

    def malformed(*_, **__):
        raise sqlite3.DatabaseError("database disk image is malformed")

    def fails(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    if not has_backup:
        (folder / BACKUP_NAME).unlink()
    with monkeypatch.context() as disk:
        disk.setattr(replacing, "connect", malformed)
        disk.setattr(os, "pread", fails)
        with pytest.raises(StoreError, match="Input/output error"):
            replacing.open_store(folder / "state.db", durability="off", today="20260105")
    store = Store(folder, durability="off", today="20260105")
    assert told(store) == ["a", "b"]
    assert store.replaced is None
    store.close()


@pytest.mark.parametrize("has_backup", [True, False])
def test_a_read_that_failed_once_is_no_damage(folder, monkeypatch, has_backup):
    """SQLite calls it that; the next look finds the store as it was."""
    looks = [sqlite3.DatabaseError("quick_check: Page 15: unable to get the page")]

    def once(*arguments, **keywords):
        if looks:
            raise looks.pop()
        return connect(*arguments, **keywords)

    if not has_backup:
        (folder / BACKUP_NAME).unlink()
    monkeypatch.setattr(replacing, "connect", once)
    store = Store(folder, durability="off", today="20260105")
    assert store.replaced is None
    assert told(store) == ["a", "b"]
    assert not list(folder.glob("*.corrupt-*"))
    store.close()


def test_a_copy_of_which_a_read_failed_once_is_used(folder, monkeypatch):
    """What takes the place of a damaged store is looked at again, too."""
    looks = 0

    def first_of_the_copy(path, **keywords):
        nonlocal looks
        looks += path.stat().st_size != 50_000
        if looks == 1:
            raise sqlite3.DatabaseError("database disk image is malformed")
        return connect(path, **keywords)

    (folder / "state.db").write_bytes(b"x" * 50_000)
    monkeypatch.setattr(replacing, "connect", first_of_the_copy)
    store = Store(folder, durability="off", today="20260105")
    assert store.replaced is not None
    assert told(store) == ["a"]
    store.close()


def test_the_log_of_a_store_is_part_of_what_the_disk_has_to_give_back(folder, monkeypatch):
    """What was committed last is there alone."""
    (folder / BACKUP_NAME).unlink()
    read = os.pread

    def fails(descriptor, *where):
        if Path(f"/proc/self/fd/{descriptor}").readlink().name.endswith("-wal"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(descriptor, *where)

    def malformed(*_, **__):
        raise sqlite3.DatabaseError("database disk image is malformed")

    (folder / "state.db-wal").touch()
    with monkeypatch.context() as disk:
        disk.setattr(replacing, "connect", malformed)
        disk.setattr(os, "pread", fails)
        with pytest.raises(StoreError, match="Input/output error"):
            replacing.open_store(folder / "state.db", durability="off", today="20260105")
    assert not list(folder.glob("*.corrupt-*"))


def test_a_replacement_is_told_of_until_that_is_committed(folder):
    """Though the process is killed before: the next start has the same to say."""
    (folder / "state.db").write_bytes(b"x" * 50_000)
    first = Store(folder, durability="off", today="20260105")
    killed(first)
    second = Store(folder, durability="off", today="20260106")
    assert second.replaced == first.replaced
    second.commit(some("c"), now=3.0)
    assert second.replaced is not None
    second.commit(
        Transaction(alerts=[Addressed(alert(id="d", rule="logwatch.store-replaced"), 1.0, ())]),
        now=4.0,
    )
    assert second.replaced is None
    second.close()
    third = Store(folder, durability="off")
    assert third.replaced is None
    assert told(third) == ["a", "c", "d"]
    third.close()


def test_a_store_that_somebody_put_back_is_not_moved(folder):
    """The start before was killed before it had moved the damaged one; this one is sound."""
    good = (folder / "state.db").read_bytes()
    (folder / "state.db").write_bytes(b"x" * 50_000)
    killed(Store(folder, durability="off", today="20260105"))
    for each in folder.glob("state.db*"):
        if each.name != BACKUP_NAME:
            each.rename(folder / f"away-{each.name}")  # so that its inode is in use
    (folder / "state.db").write_bytes(good)
    store = Store(folder, durability="off", today="20260105")
    assert not (folder / "state.db.corrupt-20260105-0").exists()
    store.close()


def test_a_note_that_cannot_be_read_holds_up_no_start(folder):
    """What was to be done is not known then, and the store is there."""
    for note in (b"{", b'{"aside": "\xff"}'):
        (folder / "replacing.json").write_bytes(note)
        store = Store(folder, durability="off")
        assert store.replaced is None
        store.close()


def unreadable(folder, monkeypatch, *names):
    """No sector of these files is given back, whatever else is put in their place."""
    inodes = {(folder / name).stat().st_ino for name in names}
    read = os.pread

    def fails(descriptor, *where):
        if os.fstat(descriptor).st_ino in inodes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(descriptor, *where)

    def refused(path, **keywords):
        if path.stat().st_ino in inodes:
            problem = sqlite3.OperationalError("disk I/O error")
            problem.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise problem
        return connect(path, **keywords)

    monkeypatch.setattr(os, "pread", fails)
    monkeypatch.setattr(replacing, "connect", refused)


def test_a_store_with_a_bad_sector_gives_way_to_its_copy(folder, monkeypatch):
    """In its first page, say: no start would ever get past it. The disk has some tries before."""
    unreadable(folder, monkeypatch, "state.db")
    for _ in range(MOST_REFUSED):
        with pytest.raises(StoreError, match="Input/output error"):
            Store(folder, durability="off", today="20260105")
        assert not list(folder.glob("*.corrupt-*"))
    store = Store(folder, durability="off", today="20260105")
    assert told(store) == ["a"]
    assert store.replaced is not None
    assert store.replaced.restored_from == 1_767_571_200.0
    assert "Input/output error" in store.replaced.reason
    store.close()


def test_a_store_that_the_disk_gives_back_at_another_start_is_kept(folder, monkeypatch):
    """And the next time that it does not, it has as many tries again."""
    for _ in range(3):
        with monkeypatch.context() as disk:
            unreadable(folder, disk, "state.db")
            for _ in range(MOST_REFUSED):
                with pytest.raises(StoreError, match="Input/output error"):
                    Store(folder, durability="off", today="20260105")
        store = Store(folder, durability="off", today="20260105")
        assert store.replaced is None
        assert told(store) == ["a", "b"]
        store.close()


@pytest.mark.parametrize("note", [b"", b"many", b"-"])
def test_starts_that_cannot_be_counted_are_not_refused_for_ever(folder, monkeypatch, note):
    (folder / "refused-starts").write_bytes(note)
    unreadable(folder, monkeypatch, "state.db")
    store = Store(folder, durability="off", today="20260105")
    assert store.replaced is not None
    store.close()


def test_a_store_with_a_bad_sector_is_kept_where_there_is_no_copy(folder, monkeypatch):
    (folder / BACKUP_NAME).unlink()
    unreadable(folder, monkeypatch, "state.db")
    with pytest.raises(StoreError, match="Input/output error"):
        Store(folder, durability="off", today="20260105")
    assert not list(folder.glob("*.corrupt-*"))


def test_a_disk_that_gives_it_back_at_times_is_no_proof_of_damage(folder, monkeypatch):
    """One of the reads failed between the looks, so what SQLite says may be the disk's fault."""
    (folder / BACKUP_NAME).unlink()
    read, errors = os.pread, [OSError(errno.EIO, os.strerror(errno.EIO))]

    def fails_once(*where):
        if errors:
            raise errors.pop()
        return read(*where)

    def malformed(*_, **__):
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(os, "pread", fails_once)
    monkeypatch.setattr(replacing, "connect", malformed)
    with pytest.raises(StoreError, match="Input/output error"):
        replacing.open_store(folder / "state.db", durability="off", today="20260105")
    assert not list(folder.glob("*.corrupt-*"))


def test_a_store_that_the_disk_gives_back_is_kept_whatever_else_fails(folder, monkeypatch):
    """A disk that does not take what is written, say."""

    def fails(*_, **__):
        problem = sqlite3.OperationalError("disk I/O error")
        problem.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise problem

    monkeypatch.setattr(replacing, "connect", fails)
    with pytest.raises(StoreError, match="disk I/O error"):
        Store(folder, durability="off", today="20260105")
    assert not list(folder.glob("*.corrupt-*"))


def test_a_note_is_whole_or_is_not_there(folder):
    """Of what is written where there is little room, only a part may be taken, without an error."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    write_whole(folder / "replacing.json", "before")
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(folder / "replacing.json", "x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (folder / "replacing.json").read_text(encoding="utf-8") == "before"


def test_a_store_that_is_half_migrated_goes_on_where_it_was(tmp_path):
    """Each step is one transaction with the record that it was done."""
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as old:
        old.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY)")
        old.executescript(f"BEGIN; {MIGRATIONS[0][1]}")
        old.execute("INSERT INTO migrations VALUES (?)", (MIGRATIONS[0][0],))
        old.execute("COMMIT")
        old.executescript(f"BEGIN; {MIGRATIONS[1][1]}")  # and it was killed within the next
    store = Store(tmp_path, durability="off")
    assert store.replaced is None
    store.commit(some("a"), now=1.0)
    assert told(store) == ["a"]
    store.close()


def test_a_copy_that_is_given_up_leaves_the_one_before_it(folder, monkeypatch):
    """The daemon stops, say."""
    monkeypatch.setattr(backup, "_PAGES", 1)
    before = (folder / BACKUP_NAME).read_bytes()
    assert back_up(folder, at=5.0, rest=lambda: True) == "stopped"
    assert (folder / BACKUP_NAME).read_bytes() == before
    assert [each.name for each in folder.glob("*.new*")] == []


def test_nothing_is_copied_where_little_room_is_left(folder, monkeypatch):
    """The store itself comes first."""
    full = os.statvfs(folder)
    parts = list(full)
    parts[4] = full.f_blocks // 20  # f_bavail
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(parts))
    assert back_up(folder, at=5.0, rest=never) == "no room"


def test_commits_go_on_while_it_is_copied(tmp_path, monkeypatch):
    """The copy is of the moment in which it was begun, however much is written meanwhile."""
    monkeypatch.setattr(backup, "_PAGES", 1)
    store, names = Store(tmp_path, durability="off"), iter(range(1000))
    store.commit(some(*(f"first {number}" for number in range(200))), now=1.0)

    def rest() -> bool:
        store.commit(some(f"later {next(names)}"), now=2.0)
        return False

    assert back_up(tmp_path, at=5.0, rest=rest) == "made"
    assert next(names) > 3
    store.close()
    (tmp_path / "state.db").unlink()
    restored = Store(tmp_path, durability="off")
    assert len(told(restored)) == 200
    restored.close()


def test_what_is_copied_is_not_gathered_in_memory(tmp_path, monkeypatch):
    """A process keeps for ever what it once needed: so each piece is written when it was read."""
    store, piece, most = Store(tmp_path, durability="off"), 64 * 16_384, 16 * 16_384
    monkeypatch.setattr(backup, "sync_file", lambda _path: None)
    with store._transaction() as connection:
        connection.execute("CREATE TABLE ballast (body)")
        connection.execute("INSERT INTO ballast VALUES (zeroblob(?))", (6 * piece,))
    sizes = []

    def rest() -> bool:
        sizes.append((tmp_path / f"{BACKUP_NAME}.new").stat().st_size)
        return False

    assert back_up(tmp_path, at=5.0, rest=rest) == "made"
    store.close()
    assert len(sizes) >= 6
    assert all(size >= (number + 1) * piece - most for number, size in enumerate(sizes))
