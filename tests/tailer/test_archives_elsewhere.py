"""Rotated files in a folder of their own, or with the number before the ending of the name."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
from pathlib import Path

import pytest

from logwatch.tailer import whereabouts
from logwatch.tailer.claims import Claims
from logwatch.tailer.links import LinkRule
from logwatch.tailer.whereabouts import Whereabouts

FORMS = {
    "old": "old/app.log.{}",
    "*": "old/app.log-2026010{}",
    ".": "app.{}.log",
    "./": "app-2026-01-0{}.log",
    "ol[d]": "old/app-2026-01-0{}.1.log",
}
"""What a source says, and how files are named there; the first is the oldest."""


@pytest.fixture(params=FORMS)
def rotated(request, tmp_path, follow, numbered):
    """Makes a log whose rotated files lie elsewhere, and moves it to one of them."""
    (tmp_path / "old").mkdir()
    form = FORMS[request.param]

    class Rotated:
        log = follow(numbered(0, 3), archives=(request.param,))

        @staticmethod
        def path(number: int) -> Path:
            return tmp_path / form.format(number)

        def rotate(self, number: int, new: bytes) -> Path:
            moved = self.log.path.rename(self.path(number))
            self.log.path.write_bytes(new)
            return moved

    return Rotated()


def pack(path: Path) -> None:
    packed = path.with_name(f"{path.name}.gz")
    with gzip.open(packed, "wb") as file:
        file.write(path.read_bytes())
    shutil.copystat(path, packed)
    path.unlink()


@pytest.mark.parametrize("packed", [False, True])
def test_rotated_several_times_while_stopped_it_is_read_in_order(rotated, numbered, packed):
    log = rotated.log
    log.read()
    log.tail.close()
    log.append(numbered(3, 2))
    moved = [rotated.rotate(number, numbered(10 * number, 3)) for number in (1, 2, 3)]
    for each in moved[:2] if packed else ():
        pack(each)
    log.restart()
    log.read()
    assert log.data() == numbered(0, 5) + b"".join(numbered(10 * n, 3) for n in (1, 2, 3))
    assert not log.tail.losses()
    log.restart()
    assert log.read() == []


def test_the_copy_of_a_log_that_was_cut_is_read_on(rotated, numbered):
    log = rotated.log
    log.read()
    log.tail.close()
    log.append(numbered(3, 2))
    shutil.copyfile(log.path, rotated.path(1))
    log.path.write_bytes(numbered(20, 1))
    log.restart()
    log.read()
    assert log.data() == numbered(0, 5) + numbered(20, 1)
    assert not log.tail.losses()


def test_a_handle_that_was_lent_is_found_again_there(rotated, numbered):
    log = rotated.log
    log.restart(claims=Claims())
    log.read()
    os.utime(log.path, (1e9, 1e9))
    log.options["claims"].handles.want("other", OSError(errno.EMFILE, "too few"))
    assert log.read() == []
    log.append(numbered(3, 2))
    rotated.rotate(1, numbered(20, 1))
    log.read()
    assert log.data() == numbered(0, 5) + numbered(20, 1)
    assert not log.tail.losses()


@pytest.mark.parametrize("at", [1, 2, 3])
def test_names_that_go_from_folder_to_folder_meanwhile_hide_nothing(
    rotated, numbered, monkeypatch, at
):
    """A rotation comes while the folders are looked at, one after the other."""
    log = rotated.log
    log.read()
    log.tail.close()
    log.append(numbered(3, 2))
    listed, calls = whereabouts.family, []

    def lists_before_a_move(*arguments):
        calls.append(arguments)
        found = listed(*arguments)
        if len(calls) == at:
            rotated.rotate(1, numbered(20, 1))
        return found

    monkeypatch.setattr(whereabouts, "family", lists_before_a_move)
    log.restart()
    log.read()
    monkeypatch.undo()
    if len(calls) < at:
        rotated.rotate(1, numbered(20, 1))
    log.read()
    assert log.data() == numbered(0, 5) + numbered(20, 1)
    assert not log.tail.losses()


def test_what_was_there_before_is_not_read(rotated, numbered):
    rotated.path(1).write_bytes(numbered(50, 3))
    log = rotated.log
    log.read()
    rotated.rotate(2, numbered(10, 1))
    log.read()
    assert log.data() == numbered(0, 3) + numbered(10, 1)


@pytest.mark.parametrize(
    "name",
    ["app.log", "app.log.x", "apple.1.log", "app.new.log", "app.1.txt", "b.log.1", "app1.log"],
)
def test_other_names_are_another_log(tmp_path, name):
    (tmp_path / "old").mkdir()
    for folder in (tmp_path, tmp_path / "old"):
        (folder / name).touch()
    found = Whereabouts(str(tmp_path / "app.log"), ("old", ".")).family()
    assert found == []


def test_a_number_before_the_ending_is_looked_for_only_where_that_is_said(tmp_path):
    for name in ("app.1.log", "app.log.1"):
        (tmp_path / name).touch()
    log = str(tmp_path / "app.log")
    assert [Path(each.path).name for each in Whereabouts(log).family()] == ["app.log.1"]
    assert len(Whereabouts(log, (".",)).family()) == 2


def test_a_log_without_an_ending_is_found_by_what_is_behind_its_name(tmp_path):
    (tmp_path / "old").mkdir()
    for name in ("syslog.1", "syslog-20260101.gz", "sys.1.log"):
        (tmp_path / "old" / name).touch()
    found = Whereabouts(str(tmp_path / "syslog"), ("old",)).family()
    assert {Path(each.path).name for each in found} == {"syslog.1", "syslog-20260101.gz"}


def test_folders_that_come_and_go_are_no_rest(tmp_path):
    whereabouts = Whereabouts(str(tmp_path / "app.log"), ("20*",))
    (tmp_path / "2026-01").mkdir()
    before = whereabouts.state()
    assert whereabouts.is_same(before)
    (tmp_path / "2026-02").mkdir()
    assert not whereabouts.is_same(before)


def test_a_folder_with_the_signs_of_a_glob_in_its_name_is_taken_as_it_is(tmp_path):
    folder = tmp_path / "[a]*"
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "app.log.1").touch()
    assert len(Whereabouts(str(folder / "app.log"), ("ol?",)).family()) == 1


def test_no_link_there_leads_out(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "secret").write_bytes(b"secret\n")
    (tmp_path / "old" / "app.log.1").symlink_to(tmp_path / "secret")
    whereabouts = Whereabouts(str(tmp_path / "app.log"), ("old",))
    assert whereabouts.family() == []
    with pytest.raises(OSError, match="allowed_roots"):
        whereabouts.open(str(tmp_path / "secret"), LinkRule((str(tmp_path / "old"),)))
