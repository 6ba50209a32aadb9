"""Notes of many things, of which the newest are kept."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from logwatch.records import Checkpoint
from logwatch.tailer import claims
from logwatch.tailer.archive import Archive
from logwatch.tailer.archives import Archives
from logwatch.tailer.claims import Claims
from logwatch.tailer.last_noted import LastNoted
from logwatch.tailer.opening import open_regular
from logwatch.tailer.positions import fresh_checkpoint
from logwatch.tailer.whereabouts import Whereabouts


def test_of_more_than_it_keeps_the_first_is_forgotten():
    notes = LastNoted[str, int](2)
    for number, name in enumerate(("a", "b", "a", "c")):
        notes.note(name, number)
    assert "b" not in notes
    assert (notes.get("a", 9), notes.get("c", 9), notes.get("b", 9)) == (2, 3, 9)
    assert len(notes) == 2


def test_the_first_note_of_a_thing_stays():
    notes = LastNoted[str, int](2)
    assert notes.first("a", 1) == 1
    assert notes.first("a", 2) == 1


def test_what_is_not_to_be_kept_is_forgotten():
    notes = LastNoted[str, int](3)
    for number, name in enumerate(("a", "b", "c")):
        notes.note(name, number)
    notes.keep({"a", "c", "d"})
    assert [name in notes for name in "abcd"] == [True, False, True, False]


def test_no_note_is_kept_of_an_archive_whose_generation_is_forgotten(follow, monkeypatch):
    """A log that is rotated and compressed each hour had a thousand after six weeks."""
    monkeypatch.setattr(claims, "_CLOSED_KEPT", 8)
    log = follow(b"0\n", grace=1.0)
    log.read()
    for number in range(1, 60):
        old = log.rotate(new=b"%d\n" % number)
        log.read()
        log.advance(2.0)
        log.read()
        log.beside(f".{number}.gz").write_bytes(gzip.compress(old.read_bytes()))
        old.unlink()
        log.read()
        log.append(b"more\n")
        log.advance(2.0)
        log.read()
    notes = log.tail._chain._lineage.archives._absorbed
    assert 0 < len(notes) <= 2 * 16
    assert not log.tail.losses()


def test_an_archive_that_has_the_inode_of_a_damaged_one_that_is_gone_is_read(tmp_path):
    """A loss was told for that one, and it was removed."""
    path = tmp_path / "app.log"
    path.write_bytes(b"started\nworked\n")
    gone = checkpoint_of(path)
    damaged, sound = tmp_path / "app.log.2.gz", tmp_path / "app.log.1.gz"
    damaged.write_bytes(b"\x1f\x8b" + b"\xff" * 40)
    archives = Archives(whereabouts := Whereabouts(str(path)), Claims())
    assert archives.holding(gone) == "damaged"
    (before,) = whereabouts.family()
    assert archives.unseen(before, (), None) == "known"
    damaged.unlink()
    sound.write_bytes(gzip.compress(b"other lines\n"))
    (after,) = whereabouts.family()
    found = archives.unseen(after._replace(inode=before.inode), (), None)
    assert isinstance(found, Archive)
    found.unpacking.close()


def checkpoint_of(path: Path) -> Checkpoint:
    file = open_regular(str(path))
    try:
        return fresh_checkpoint(file, str(path), "1.1.0", 0)
    finally:
        os.close(file.fd)
