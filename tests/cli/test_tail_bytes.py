"""Following byte by byte: what is shown and what is said, look by look."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from doubles.tail_request import FOLLOWING
from hypothesis import given
from hypothesis import strategies as st

from logwatch.cli.tail_bytes import ByteFollower


class Notes:
    """A sheet that remembers."""

    def __init__(self):
        self.seen = []

    def name(self, name):
        """See `Sheet.name`."""
        self.seen.append(f"==> {name}")

    def write(self, name, data):
        """See `Sheet.write`."""
        self.seen.append(data)

    def take(self):
        """What came since the last call."""
        found, self.seen = self.seen, []
        return found


class Stage:
    """A follower in a folder of its own."""

    def __init__(self, capsys):
        self._capsys = capsys
        self.notes = Notes()
        self.follower = None

    def follow(self, *files, follow="name", retry=True, **changes):
        """Begin; what is shown at once."""
        request = FOLLOWING._replace(files=files, follow=follow, retry=retry)
        self.follower = ByteFollower(request._replace(**changes), self.notes)
        self.follower.begin()
        return self.notes.take()

    def look(self):
        """What a look shows."""
        self.follower.look()
        return self.notes.take()

    def said(self):
        """What was said on stderr, without the beginning of each line."""
        lines = self._capsys.readouterr().err.splitlines()
        assert all(line.startswith("tail: ") for line in lines)
        return [line.removeprefix("tail: ") for line in lines]


@pytest.fixture
def stage(tmp_path, monkeypatch, capsys):
    """Begins in an empty folder."""
    monkeypatch.chdir(tmp_path)
    one = Stage(capsys)
    yield one
    if one.follower is not None:
        one.follower.close()


def put(name, text, mode="a"):
    """Write to a file."""
    with Path(name).open(mode) as file:
        file.write(text)


def test_bytes_come_before_their_line_has_an_end(stage):
    """A pipe behind it wants each of them at once."""
    put("a", "one\n")
    assert stage.follow("a") == ["==> a", b"one\n"]
    put("a", "tw")
    assert stage.look() == [b"tw"]
    put("a", "o\n")
    assert stage.look() == [b"o\n"]
    assert stage.look() == []
    assert stage.said() == []


def test_a_rotated_file_is_read_to_its_end_first(stage):
    """What was written before the rotation was noticed is shown."""
    put("a", "one\n")
    stage.follow("a")
    put("a", "two\n")
    Path("a").rename("a.1")
    put("a", "three\n")
    assert stage.look() == [b"two\n", b"three\n"]
    assert stage.said() == ["'a' has been replaced;  following new file"]


def test_a_file_may_go_and_come_again(stage):
    """Each is said once."""
    put("a", "one\n")
    stage.follow("a")
    Path("a").rename("b")
    for _ in range(3):
        assert stage.look() == []
    assert stage.said() == ["'a' has become inaccessible: No such file or directory"]
    put("a", "two\n")
    assert stage.look() == [b"two\n"]
    assert stage.said() == ["'a' has appeared;  following new file"]


def test_a_name_never_shows_what_comes_to_a_file_that_left_it(stage):
    """By name means by name."""
    put("a", "")
    stage.follow("a")
    Path("a").rename("b")
    stage.look()
    put("b", "no\n")
    assert stage.look() == []


def test_a_descriptor_goes_with_its_file(stage):
    """Wherever that is moved; a new one under the name is another."""
    put("a", "one\n")
    stage.follow("a", follow="descriptor", retry=False)
    Path("a").rename("b")
    put("b", "two\n")
    put("a", "other\n")
    assert stage.look() == [b"two\n"]
    assert stage.said() == []


def test_a_shorter_file_is_read_from_its_beginning(stage):
    """And that is said."""
    put("a", "1\n2\n3\n")
    stage.follow("a")
    put("a", "4\n", "w")
    assert stage.look() == [b"4\n"]
    assert stage.said() == ["a: file truncated"]


def test_what_is_missing_is_waited_for(stage):
    """Said once; without --retry it is given up."""
    assert stage.follow("a") == []
    assert stage.look() == []
    put("a", "one\n")
    assert stage.look() == [b"one\n"]
    assert stage.said() == [
        "cannot open 'a' for reading: No such file or directory",
        "'a' has appeared;  following new file",
    ]
    assert not stage.follower.all_well


def test_without_retry_nothing_may_be_left(stage):
    """Then there is nothing to wait for."""
    stage.follow("a", retry=False)
    assert not stage.follower.is_anything_left()


def test_a_directory_is_no_log_until_it_is_a_file(stage):
    """It cannot be read, and what takes its place can."""
    Path("a").mkdir()
    stage.follow("a")
    stage.look()
    Path("a").rmdir()
    put("a", "one\n")
    assert stage.look() == [b"one\n"]
    assert stage.said() == [
        "error reading 'a': Is a directory",
        "a: cannot follow end of this type of file",
        "'a' has become accessible",
    ]


def test_by_descriptor_a_directory_is_given_up(stage):
    """Nothing else will come."""
    stage.follow("a", follow="descriptor", retry=True)
    Path("a").mkdir()
    stage.look()
    assert stage.said()[1:] == [
        "'a' has been replaced with an untailable file; giving up on this name"
    ]
    assert not stage.follower.is_anything_left()


def test_a_lost_directory_is_noticed(stage):
    """With it the events from there are lost."""
    Path("d").mkdir()
    put("d/a", "one\n")
    stage.follow("d/a")
    Path("d/a").unlink()
    Path("d").rmdir()
    stage.look()
    assert stage.follower.lost_directory


@given(
    steps=st.lists(
        st.sampled_from(["append", "rotate", "cut", "remove", "look"]), min_size=1, max_size=30
    )
)
def test_whatever_is_done_to_a_log_each_byte_is_shown_once_and_in_order(steps):
    """As long as somebody looks between two steps that leave no other trace."""
    written = []
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "stderr", None)
        notes = Notes()
        log = Path("log")
        log.touch()
        follower = ByteFollower(FOLLOWING._replace(files=("log",)), notes)
        follower.begin()
        for number, step in enumerate(steps):
            if step == "append":
                text = f"{number};"
                put("log", text)
                written.append(text)
                continue
            follower.look()
            if step == "rotate" and log.exists():
                log.rename(f"log.{number}")
                log.touch()
            elif step == "cut" and log.exists():
                put("log", "", "w")
                follower.look()  # a cut that is written over before anybody looks is not seen
            elif step == "remove":
                log.unlink(missing_ok=True)
        follower.look()
        follower.close()
        shown = b"".join(each for each in notes.seen if isinstance(each, bytes))
    assert shown.decode() == "".join(written)


def test_a_name_that_could_command_a_terminal_is_shown(stage):
    """In every message."""
    stage.follow("\x1b[2J")
    assert stage.said() == ["cannot open '␛[2J' for reading: No such file or directory"]


def test_who_may_not_read_is_told_what_to_type(stage, monkeypatch):
    """The words of GNU tail, and the remedy."""
    put("a", "one\n")
    real = os.open

    def refuse(path, *words):
        if path == "a":
            raise PermissionError(13, "Permission denied")
        return real(path, *words)

    monkeypatch.setattr(os, "open", refuse)
    stage.follow("a")
    (said,) = stage.said()
    assert said.startswith("cannot open 'a' for reading: Permission denied (")
