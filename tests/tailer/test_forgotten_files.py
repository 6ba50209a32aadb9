"""What is forgotten of files that were let go, once there are very many of them."""

from __future__ import annotations

from logwatch.records import Checkpoint, Marker
from logwatch.tailer import claims
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import identity


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


def test_a_copy_that_is_forgotten_takes_nothing_from_the_file_that_was_cut(monkeypatch):
    """It bears the name of a generation of that file, which is read on and may be cut again."""
    monkeypatch.setattr(claims, "_CLOSED_KEPT", 0)
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
    known, key = Claims(), (1, 7)
    known._closed = Changing()
    known.claim(key, "tail")
    known.release(key, "tail")
    assert known.claim(key, "another")
