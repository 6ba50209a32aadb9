"""Deleted files that are held open: let go of beyond the limits, told of before."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from logwatch.clock import ManualClock
from logwatch.daemon.held_files import HeldFiles
from logwatch.tailer.settings import HeldLimits
from logwatch.tailer.tail import Tail

LINES = b"a line\n" * 10_000


class Held:
    """Files that are held, in virtual time."""

    def __init__(self, folder, **limits):
        self.folder = folder
        self.clock = ManualClock()
        self.told = []
        self.may_tell = True
        self.held = HeldFiles(HeldLimits(**limits), self.tell)
        self.monitors = []
        self.woken = []

    def tell(self, report):
        if self.may_tell:
            self.told.append((report.what, report.status))
        return self.may_tell

    def delete(self, name):
        """A file that is read to its end, deleted, and written on by whoever has it open."""
        path = self.folder / name
        path.write_bytes(LINES)
        tail = Tail(str(path), start="beginning")
        self.read(tail)
        with path.open("ab") as file:
            path.unlink()
            self.read(tail)
            file.write(LINES)
        monitor = SimpleNamespace(
            path=str(path),
            tail=tail,
            sources=("app",),
            not_answering="",
            wake=lambda: self.woken.append(name),
        )
        self.monitors.append(monitor)
        return tail

    def read(self, tail):
        found = []
        while (block := tail.read(self.clock.moment())) is not None:
            found.append(block)
        return found

    def look(self, seconds=0.0):
        self.clock.advance(seconds)
        self.held.look(self.monitors, self.clock.moment())


@pytest.fixture
def held(tmp_path):
    made = []

    def make(**limits):
        made.append(Held(tmp_path, **limits))
        return made[-1]

    yield make
    for each in made:
        for monitor in each.monitors:
            monitor.tail.close()


def test_beyond_their_bytes_the_oldest_are_let_go_of_and_told_as_lost(held):
    """And the disk gets its bytes back."""
    files = held(most=300_000)
    first = files.delete("first.log")
    files.look()
    assert (files.told, files.woken) == ([], [])
    second = files.delete("second.log")
    files.look(1)
    assert files.told == [("files-held", "firing")]
    third = files.delete("third.log")
    files.look(1)
    assert files.woken == ["first.log"]
    assert [block.checkpoint.closed for block in files.read(first)] == [True]
    (loss,) = first.losses()
    assert (loss.start, loss.end, loss.reason) == (len(LINES), None, "held")
    assert (first.deleted(), first.state().generations) == ([], 0)
    files.look(1)
    assert len(second.deleted()) == len(third.deleted()) == 1
    assert files.told == [("files-held", "firing")]


def test_beyond_their_time_they_are_let_go_of(held):
    files = held(longest=100.0)
    tail = files.delete("app.log")
    files.look()
    files.look(79)
    assert not files.told
    files.look(1)
    assert files.told == [("files-held", "firing")]
    files.look(20)
    assert files.woken == ["app.log"]
    tail.let_go_of_given_up()  # as a thread does that waits for room in the Queue
    assert tail.deleted() == []
    files.look(1)
    assert files.told == [("files-held", "firing"), ("files-held", "resolved")]


def test_what_cannot_be_told_now_is_told_later(held):
    files = held(most=1_000_000, longest=10.0)
    files.may_tell = False
    files.delete("app.log")
    files.look()
    files.look(9)
    files.may_tell = True
    files.look(0.5)
    assert files.told == [("files-held", "firing")]


def test_a_renamed_file_and_one_that_is_read_and_quiet_are_nobodys_trouble(held):
    files = held(most=1, longest=1.0)
    tail = files.delete("app.log")
    path = files.folder / "other.log"
    path.write_bytes(LINES)
    other = Tail(str(path), start="beginning", grace=5.0)
    files.read(other)
    path.rename(files.folder / "other.log.1")
    files.read(other)
    assert other.state().generations == 1
    assert other.deleted() == []
    other.close()
    files.read(tail)
    files.clock.advance(301)
    files.read(tail)
    assert tail.state().generations == 0
    files.look()
    assert files.told == []


def test_a_file_that_was_given_up_and_is_back_under_its_path_stays(held):
    """Nobody gives up what a path names."""
    files = held()
    path = files.folder / "app.log"
    path.write_bytes(LINES)
    tail = Tail(str(path), start="beginning")
    (name, *_) = [block.checkpoint.identity for block in files.read(tail)]
    tail.give_up(name)
    assert files.read(tail) == []
    assert tail.state().generations == 1
    tail.close()
