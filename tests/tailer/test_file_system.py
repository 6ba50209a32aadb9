"""Each call by which files are looked for is announced, and may be refused."""

from __future__ import annotations

import errno
from contextlib import contextmanager

import pytest

from logwatch.tailer.discovery import Discovery
from logwatch.tailer.file_system import FileSystem
from logwatch.tailer.settings import SourceSettings


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "good").mkdir()
    (tmp_path / "dead").mkdir()
    (tmp_path / "good" / "a.log").write_bytes(b"a")
    (tmp_path / "dead" / "b.log").write_bytes(b"b")
    (tmp_path / "good" / "remote").symlink_to("../dead")
    return tmp_path


class Refusing:
    """Refuses what is beneath one directory, and keeps what it was asked."""

    def __init__(self, dead):
        self.dead = str(dead)
        self.asked = []

    @contextmanager
    def __call__(self, path):
        self.asked.append(path)
        if path.startswith(self.dead):
            raise OSError(errno.EHOSTDOWN, "it does not answer")
        yield


def test_a_place_that_is_refused_is_a_problem_and_the_rest_is_found(tree):
    asking = Refusing(tree / "dead")
    sources = [
        SourceSettings(name="app", paths=(f"{tree}/*/*.log",)),
        SourceSettings(name="one", paths=(f"{tree}/dead/b.log",)),
    ]
    found = Discovery(sources, FileSystem(asking)).scan()
    assert found.files == {
        f"{tree}/good/a.log": ("app",),
        f"{tree}/dead/b.log": ("one",),  # written out: its own thread waits for it
    }
    assert found.problems == {f"{tree}/dead": "cannot be listed: it does not answer"}
    assert found.directories == {str(tree), f"{tree}/good"}


def test_a_link_to_another_place_is_asked_of_apart_from_its_directory(tree):
    """Or a link to a dead mount would make the directory look as if it did not answer."""
    asking = Refusing(tree / "good" / "remote")
    found = {each.name: each.is_directory for each in FileSystem(asking).entries(f"{tree}/good")}
    assert found == {"a.log": False, "remote": False}
    assert asking.asked == [f"{tree}/good", f"{tree}/good/remote"]
    assert FileSystem().entries(f"{tree}/good")[1].is_directory


def test_what_cannot_be_asked_is_not_there(tree):
    files = FileSystem(Refusing(tree / "dead"))
    path = f"{tree}/dead/b.log"
    assert not any(ask(path) for ask in (files.is_link, files.is_directory, files.exists))
    for ask in (files.stat, files.link_target, files.real, files.entries):
        with pytest.raises(OSError, match="does not answer"):
            ask(path)
