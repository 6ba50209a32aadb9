"""Under a glob that takes rotated files: what was compressed before its own tail looked again."""

from __future__ import annotations

import gzip

import pytest

from logwatch.clock import ManualClock
from logwatch.tailer.claims import Claims
from logwatch.tailer.tail import Tail


class Glob:
    """A log and its rotated file, each with a tail that was read to its end."""

    def __init__(self, folder, written: bytes) -> None:
        self.clock, self.claims = ManualClock(), Claims()
        self.log, self.old = folder / "app.log", folder / "app.log.1"
        self.old.write_bytes(written)
        self.log.write_bytes(b"")
        self.tails = {each: self.follow(each) for each in (self.old, self.log)}
        for each in self.tails:
            self.read(each)

    def follow(self, path) -> Tail:
        return Tail(str(path), claims=self.claims, start="beginning")

    def read(self, path) -> list[tuple[bytes, bool]]:
        """What the tail of this has now, and whether it is marked as read again."""
        found = []
        while (block := self.tails[path].read(self.clock.moment())) is not None:
            found += [(block.data, block.reread)] if block.data else []
        return found

    def write_late(self, lines: bytes) -> None:
        """Into the rotated file."""
        with self.old.open("ab") as file:
            file.write(lines)

    def pack(self) -> None:
        """Compress the rotated file, and make the log anew."""
        self.old.with_name("app.log.2.gz").write_bytes(gzip.compress(self.old.read_bytes()))
        self.old.unlink()
        self.begin_anew()

    def begin_anew(self) -> None:
        self.log.unlink()
        self.log.write_bytes(b"")

    def close(self) -> None:
        for each in self.tails.values():
            each.close()


@pytest.fixture
def glob(tmp_path):
    made = []

    def make(written: bytes = b"") -> Glob:
        made.append(Glob(tmp_path, written))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("number", [1, 100])
def test_what_is_read_by_two_tails_is_marked(glob, numbered, number):
    """However much was written late, for nothing was known of the file before."""
    both = glob()
    both.write_late(numbered(0, number))
    both.pack()
    assert both.read(both.log) == [(numbered(0, number), True)]
    assert both.read(both.old) == [(numbered(0, number), True)]


def test_what_its_own_tail_has_read_by_then_is_not_read_again(glob, numbered):
    both = glob()
    both.write_late(numbered(0, 2))
    both.pack()
    assert both.read(both.old) == [(numbered(0, 2), False)]
    assert both.read(both.log) == []


def test_what_was_written_to_a_short_file_that_was_read_is_marked_as_well(glob, numbered):
    both = glob(numbered(0, 2))
    both.write_late(numbered(2, 3))
    both.pack()
    assert both.read(both.log) == [(numbered(0, 5), True)]
    assert both.read(both.old) == [(numbered(2, 3), True)]


def test_a_file_that_has_its_name_is_not_taken_for_what_is_compressed(glob, numbered):
    """Nothing is in it: any compressed file may begin so."""
    both = glob()
    both.old.with_name("app.log.2.gz").write_bytes(gzip.compress(numbered(0, 5)))
    both.begin_anew()
    assert both.read(both.log) == [(numbered(0, 5), False)]
    both.write_late(numbered(5, 1))
    assert both.read(both.old) == [(numbered(5, 1), False)]


def test_one_that_was_compressed_and_is_about_to_be_removed_is_marked(glob, numbered):
    """Its compressor did so a moment ago."""
    both = glob()
    both.write_late(numbered(0, 2))
    packed = both.old.with_name("app.log.1.gz")
    packed.write_bytes(gzip.compress(both.old.read_bytes()))
    both.begin_anew()
    assert both.read(both.log) == [(numbered(0, 2), True)]
    both.old.unlink()
    assert both.read(both.old) == [(numbered(0, 2), True)]


def test_a_file_that_is_let_go_of_leaves_no_doubt(glob, numbered):
    both = glob()
    both.write_late(numbered(0, 2))
    both.pack()
    both.read(both.log)
    assert both.claims.has_doubts
    both.tails[both.old].close()
    assert not both.claims.has_doubts
