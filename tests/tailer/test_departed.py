"""Which logs are looked after at a start though no glob gives them any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from logwatch.records import Checkpoint, Marker
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.file_system import FileSystem
from logwatch.tailer.settings import SourceSettings


@pytest.fixture
def stored(tmp_path):
    """Positions of one log in tmp_path, that is not there."""

    def make(name: str = "app-1.log", **changes) -> dict[str, list[Checkpoint]]:
        path = str(tmp_path / name)
        known = {"closed": False, "device": tmp_path.stat().st_dev, **changes}
        head = Marker(0, 0, "")
        known = {"inode": 1, "birth": 1, "epoch": 0, "offset": 8, "head": head, **known}
        return {path: [Checkpoint(identity="1.1.0", path=path, **known)]}

    return make


def gone(tmp_path: Path, stored, found=()) -> dict[str, tuple[str, ...]]:
    source = SourceSettings(name="app", paths=(str(tmp_path / "**/app-*.log"),))
    return Discovery([source]).departed(stored, found)


def test_one_that_was_read_and_is_gone_is_looked_after_for_its_source(tmp_path, stored):
    assert gone(tmp_path, stored()) == {str(tmp_path / "app-1.log"): ("app",)}


def test_one_that_a_glob_gives_has_its_monitor(tmp_path, stored):
    assert gone(tmp_path, stored(), {str(tmp_path / "app-1.log"): ("app",)}) == {}


def test_one_that_was_finished_is_not_missed(tmp_path, stored):
    assert gone(tmp_path, stored(closed=True)) == {}


def test_one_that_no_source_means_any_more_is_left_alone(tmp_path, stored):
    assert gone(tmp_path, stored("other.log")) == {}


def test_one_that_is_there_and_that_the_glob_passes_over_is_left_alone(tmp_path, stored):
    (tmp_path / "app-1.log").mkdir()
    assert gone(tmp_path, stored()) == {}


def test_one_is_looked_after_though_its_folders_are_gone_with_it(tmp_path, stored):
    """As those of a container are."""
    name = "pods/web/app-1.log"
    assert gone(tmp_path, stored(name)) == {str(tmp_path / name): ("app",)}


@pytest.mark.parametrize("name", ["app-1.log", "pods/web/app-1.log"])
def test_where_its_disk_is_not_mounted_nothing_is_said_of_it(tmp_path, stored, name):
    assert gone(tmp_path, stored(name, device=-1)) == {}


def test_where_its_folder_cannot_be_looked_at_nothing_is_said_of_it(tmp_path, stored, monkeypatch):
    def refuses(*_):
        raise PermissionError

    monkeypatch.setattr(FileSystem, "stat", refuses)
    assert gone(tmp_path, stored("pods/web/app-1.log")) == {}
