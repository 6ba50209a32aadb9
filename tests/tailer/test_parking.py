"""A tail at rest lends its handle, and reads on as if it had never let go."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from logwatch.tailer import parking
from logwatch.tailer.claims import Claims
from logwatch.tailer.handles import Handles


@pytest.fixture
def lent(follow):
    """A log that is at rest while somebody waits for a handle, so that it lends its own."""

    def make(content=b"one\n", **options):
        log = follow(content, claims=Claims(), **options)
        log.read()
        rest(log)
        return log

    return make


def rest(log, *, wanted=True):
    """Let the file be an old one, and the tail look at it."""
    os.utime(log.path, (1e9, 1e9))
    if wanted:
        log.options["claims"].handles.want("other", OSError(errno.EMFILE, "too few"))
    assert log.read() == []
    assert is_open(log.path) is not wanted


def is_open(path):
    where = {str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}
    return str(path) in where


def few_handles(monkeypatch):
    def fail(_path, _rule=None):
        raise OSError(errno.EMFILE, "too few handles")

    monkeypatch.setattr(parking, "open_regular", fail)


def test_what_is_written_is_read_on(lent):
    log = lent()
    assert not log.tail.changed()
    assert log.tail.identities()
    assert log.tail.caught_up()
    assert log.tail.next_look(log.clock.moment()) is None
    log.append(b"two\n")
    assert log.tail.changed()
    assert log.read() == [b"two\n"]
    assert len({block.checkpoint.identity for block in log.blocks}) == 1


def test_nobody_lends_where_nobody_waits(follow):
    log = follow(b"one\n", claims=Claims())
    log.read()
    rest(log, wanted=False)


def test_a_line_without_its_newline_and_a_file_of_just_now_are_no_rest(follow):
    """The one would be lost with its file; another file could look like the other one."""
    log = follow(b"one\ntwo", claims=Claims())
    log.options["claims"].handles.want("other", OSError(errno.EMFILE, ""))
    log.read()
    os.utime(log.path, (1e9, 1e9))
    log.read()
    assert is_open(log.path)
    log.append(b"\n")
    assert log.read() == [b"two\n"]
    assert is_open(log.path)


def test_a_file_that_was_renamed_is_read_to_its_end_first(lent):
    log = lent()
    log.append(b"two\n")
    moved = log.rotate(new=b"new\n")
    log.append(b"three\n", moved)
    assert log.read() == [b"two\n", b"three\n", b"new\n"]
    log.append(b"late\n", moved)
    assert log.read() == [b"late\n"]


def test_a_file_that_was_cut_is_read_anew(lent):
    log = lent(b"one\ntwo\n")
    log.path.write_bytes(b"new\n")
    assert log.read() == [b"new\n"]
    rest(log)
    log.path.write_bytes(b"neu\nfour\n")
    assert log.read() == [b"neu\n", b"four\n"]


def test_a_file_that_took_its_place_is_read_whole(lent):
    """With as many bytes, and perhaps the same number."""
    log = lent()
    log.path.unlink()
    log.path.write_bytes(b"new\n")
    assert log.read() == [b"new\n"]
    assert log.tail.losses() == []


def test_a_file_behind_a_link_is_found_again_when_the_link_leads_elsewhere(follow, tmp_path):
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "1.log", tmp_path / "app.log"
    real.write_bytes(b"one\n")
    link.symlink_to(real)
    log = follow(claims=Claims())
    log.read()
    os.utime(real, (1e9, 1e9))
    log.options["claims"].handles.want("other", OSError(errno.EMFILE, ""))
    log.read()
    assert not is_open(real)
    log.append(b"two\n", real)
    link.unlink()
    (tmp_path / "2.log").write_bytes(b"three\n")
    link.symlink_to(tmp_path / "2.log")
    assert log.read() == [b"two\n", b"three\n"]


def test_who_gets_no_handle_again_waits_and_loses_nothing(lent, monkeypatch, events):
    log = lent()
    handles = log.options["claims"].handles
    log.append(b"two\n")
    with monkeypatch.context() as patch:
        few_handles(patch)
        assert log.read() == []
        assert log.tail.state().status == "error"
        assert log.tail.next_look(log.clock.moment()) == log.clock.steady() + 1.0
        assert handles.wanted == 1
    assert log.read() == [b"two\n"]
    assert log.tail.state().status == "following"
    assert handles.wanted == 0
    assert events["tailer.too_few_handles"] == 1


def test_what_had_grown_and_is_deleted_before_it_gets_one_is_told_as_lost(lent, monkeypatch):
    log = lent()
    log.append(b"two\n")
    with monkeypatch.context() as patch:
        few_handles(patch)
        assert log.read() == []
    log.path.unlink()
    assert log.read() == []
    (loss,) = log.tail.losses()
    assert (loss.start, loss.end, loss.reason) == (4, 8, "gone")
    assert log.blocks[-1].checkpoint.closed
    log.path.write_bytes(b"new\n")
    assert log.read() == [b"new\n"]


def test_what_was_read_and_is_deleted_is_finished(lent):
    log = lent()
    log.path.unlink()
    assert log.read() == []
    assert log.tail.losses() == []
    assert log.blocks[-1].checkpoint.closed
    assert log.tail.identities() == frozenset()


def test_rights_that_are_taken_away_meanwhile_are_told_and_nothing_is_skipped(lent, monkeypatch):
    log = lent()
    log.append(b"two\n")

    def denied(path, _rule=None):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr(parking, "open_regular", denied)
        assert log.read() == []
        assert log.tail.state().status == "denied"
    assert log.read() == [b"two\n"]


def test_whoever_waits_longest_gets_the_next_handle():
    handles, woken = Handles(), []
    handles.wake = woken.append
    for path in ("a", "b", "a", "c"):
        handles.want(path, OSError(errno.EMFILE, "too few"))
    handles.got("b")
    for _ in range(4):
        handles.freed()
    assert woken == ["a", "c"]
    assert not handles.wanted


def test_a_closed_tail_neither_waits_nor_holds(lent):
    log = lent()
    log.tail.close()
    log.restart()
    log.append(b"two\n")
    assert log.read() == [b"two\n"]
