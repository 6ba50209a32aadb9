"""What is forgotten of files that were let go, once there are very many of them."""

from __future__ import annotations

import gzip
import shutil
import weakref

from msgspec.structs import replace

from logwatch.records import Checkpoint, Marker
from logwatch.tailer import claims
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import HEAD_LENGTH, identity
from logwatch.tailer.key_index import KeyIndex


def position(name: str, inode: int) -> Checkpoint:
    """Of the generation `name`, which is now in the file `inode`."""
    return Checkpoint(
        identity=name,
        path="/var/log/app.log",
        device=1,
        inode=inode,
        birth=7,
        epoch=int(name.rpartition(".")[2]),
        offset=10,
        head=Marker(0, 0, ""),
    )


def test_a_tail_that_is_closed_is_gone_at_once(follow):
    """No garbage is left of it: a process that has begun to work looks for that very rarely."""
    log = follow(b"one\n", claims=Claims(), grace=1.0)
    log.read()
    log.append(b"two\n", log.rotate(new=b"three\n"))
    log.read()
    shutil.copyfile(log.path, log.beside("-20260105"))
    log.path.write_bytes(b"four\n")
    log.read()
    log.path.write_bytes(b"")
    log.read()
    log.beside(".1.gz").write_bytes(gzip.compress(log.path.read_bytes() + b"five\n" * 9))
    log.rotate(".2", new=b"six\n")
    log.read()
    ended = weakref.ref(log.tail)
    log.restart()
    assert ended() is None


def test_a_copy_that_is_forgotten_takes_nothing_from_the_file_that_was_cut(monkeypatch):
    """It bears the name of a generation of that file, which is read on and may be cut again."""
    monkeypatch.setattr(claims, "_CLOSED_KEPT", 0)
    monkeypatch.setattr(claims, "_KEPT_PER_OWNED", 0)
    known, live, copy = Claims(), (1, 7), (2, 7)
    prefix = identity(*live, 0).rpartition(".")[0]
    known.claim(live, "tail")
    known.note(position(f"{prefix}.0", 1))
    known.claim(copy, "tail")
    known.note(position(f"{prefix}.0", 2))  # the rest of it is read in the copy
    known.note(position(f"{prefix}.1", 1))  # and the file was begun anew
    known.release(copy, "tail")
    assert known.latest(copy) is None
    latest = known.latest(live)
    assert latest is not None
    assert latest.identity == f"{prefix}.1"
    assert known.next_epoch(prefix) == 2


def test_another_thread_may_let_go_of_a_file_at_the_same_moment(monkeypatch):
    """Ten thousand do at the end: one of them died of it once."""

    class Changing(dict):
        def __iter__(self):
            raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(claims, "_CLOSED_KEPT", 0)
    monkeypatch.setattr(claims, "_KEPT_PER_OWNED", 0)
    known, key = Claims(), (1, 7)
    known._closed = Changing()
    known.claim(key, "tail")
    known.release(key, "tail")
    assert known.claim(key, "another")


def test_nothing_is_left_of_thousands_of_files_that_came_and_went(monkeypatch):
    """Each with a name, a beginning and a number of its own, cut once and moved once."""
    monkeypatch.setattr(claims, "_CLOSED_KEPT", 10)
    known = Claims()
    sizes = set()
    for inode in range(1, 3_000):
        key = inode, 7
        prefix = identity(*key, 0).rpartition(".")[0]
        known.claim(key, "tail")
        for epoch, path in enumerate(["job", "job", "done"]):
            head = Marker(HEAD_LENGTH, HEAD_LENGTH, f"{inode} {epoch}")
            found = position(f"{prefix}.{epoch}", inode)
            known.note(replace(found, path=f"/var/log/{path}{inode}x.log", head=head))
        known.release(key, "tail")
        kept = (known._latest, known._epochs, known._same_head, known._families, known._closed)
        sizes.add(tuple(map(len, kept)))
    assert max(map(max, sizes)) == 10


def test_a_file_that_comes_while_the_last_one_of_its_name_goes_is_found():
    """Two threads: one has just looked, and takes the name for empty."""
    index = KeyIndex()

    class Interrupted(dict):
        def pop(self, name, default):
            super().__getitem__(name)[2, 7] = None
            return super().pop(name, default)

    index._files = Interrupted(index._files)
    index.add("head", (1, 7))
    index.discard("head", (1, 7))
    assert index.of("head") == [(2, 7)]


def test_what_the_store_knew_is_forgotten_before_what_came_since(monkeypatch):
    """Else a start would add to what is remembered, and the next start again."""
    monkeypatch.setattr(claims, "_CLOSED_KEPT", 2)
    known = Claims()
    known.learn(replace(position(f"{inode:x}.7.0", inode), closed=True) for inode in (1, 2))
    known.claim((3, 7), "tail")
    known.note(position("3.7.0", 3))
    known.release((3, 7), "tail")
    assert known.latest((1, 7)) is None
    assert known.latest((2, 7)) is not None
    assert known.latest((3, 7)) is not None
