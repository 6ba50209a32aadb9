"""Deleted files that nobody has open any more: closed at once, for nothing will come."""

from __future__ import annotations

import gzip

import pytest

from logwatch.tailer import abandoned


@pytest.fixture
def writer(tmp_path):
    """Somebody who has a log open."""
    with (tmp_path / "app.log").open("ab", buffering=0) as file:
        yield file


def test_a_deleted_log_is_closed_once_its_writer_has_gone(follow, numbered, writer):
    log = follow()
    writer.write(numbered(0, 2))
    log.read()
    log.path.unlink()
    writer.write(numbered(2, 2))
    assert b"".join(log.read()) == numbered(2, 2)
    writer.write(b"the end")
    assert log.read() == []
    assert log.tail.identities()
    writer.close()
    assert log.read() == [b"the end"]
    assert not log.tail.identities()
    assert all(each.closed for each in log.store.values())
    log.restart()
    assert log.read() == []
    assert not log.tail.losses()


def test_one_that_was_read_by_then_is_no_loss_of_the_next_start(follow, numbered):
    log = follow(numbered(0, 2))
    log.read()
    log.path.unlink()
    assert log.read() == []
    log.restart()
    assert log.read() == []
    assert not log.tail.losses()


def test_one_that_a_link_led_to_is_closed_though_the_link_is_there(follow, numbered):
    """As those of containers, whose links are removed later."""
    log = follow()
    target = log.path.with_name("target")
    target.write_bytes(numbered(0, 2))
    log.path.symlink_to(target)
    log.read()
    target.unlink()
    assert log.read() == []
    assert not log.tail.identities()


def test_one_that_was_not_read_to_its_end_stays_until_it_is(follow, numbered):
    log = follow(numbered(0, 5), block_size=24, max_line=23)
    log.tail.read(log.clock.moment())
    log.path.unlink()
    assert b"".join(log.read()) == numbered(0, 5)
    assert not log.tail.identities()


def test_one_that_was_renamed_may_be_opened_by_anybody(follow, numbered):
    log = follow(numbered(0, 2))
    log.read()
    log.rotate()
    log.read()
    assert len(log.tail.identities()) == 2


@pytest.mark.parametrize("beside", ["", ".1.gz"])
@pytest.mark.parametrize("lines", [2, 100])
def test_a_short_one_is_held_where_it_may_have_been_compressed(follow, numbered, beside, lines):
    """The name is another file's, or an archive is beside it, which is compared with the file."""
    log = follow(numbered(0, lines))
    log.read()
    data = log.path.read_bytes()
    log.path.unlink()
    log.beside(beside).write_bytes(gzip.compress(data) if beside else numbered(500, 1))
    log.read()
    assert len(log.tail.identities()) == (not beside) + (lines == 2)
    assert log.data() == numbered(0, lines) + (b"" if beside else numbered(500, 1))


def test_of_what_another_machine_may_write_nothing_is_certain(follow, numbered, monkeypatch):
    monkeypatch.setattr(abandoned, "is_remote", lambda _fd: True)
    log = follow(numbered(0, 2))
    log.read()
    log.path.unlink()
    log.read()
    assert log.tail.identities()


def test_whoever_may_not_ask_waits(follow, numbered, monkeypatch):
    """Neither root nor the owner of the file."""

    def refuse(*_words):
        raise PermissionError

    monkeypatch.setattr(abandoned.fcntl, "fcntl", refuse)
    log = follow(numbered(0, 2), grace=300.0)
    log.read()
    log.path.unlink()
    log.read()
    assert log.tail.identities()
    log.advance(300)
    log.read()
    assert not log.tail.identities()
