"""Behind a block that is known to be the last there is nothing to look for until a change."""

from __future__ import annotations

import errno

import pytest

from logwatch.tailer.claims import Claims
from logwatch.tailer.multiline import Framer, MultilineSettings


def next_block(log):
    block = log.tail.read(log.clock.moment())
    log.commit(block)
    return block


@pytest.fixture
def read_to_its_end(follow):
    """A log of whose first lines the last block was just handed out."""

    def make(content=b"one\n", **options):
        log = follow(content, claims=Claims(), **options)
        assert not next_block(log).data  # that it begins
        assert not log.tail.has_all
        assert next_block(log).data
        return log

    return make


def test_all_is_read_with_the_last_line(read_to_its_end):
    log = read_to_its_end()
    assert log.tail.has_all
    assert log.tail.caught_up()
    assert not log.tail.changed()
    assert log.tail.read(log.clock.moment()) is None
    assert not log.tail.has_all
    log.append(b"two\n")
    assert log.tail.changed()
    assert next_block(log).data == b"two\n"
    assert log.tail.has_all


def test_more_than_a_block_is_read_on(read_to_its_end, numbered):
    log = read_to_its_end(numbered(0, 100), block_size=1_000)
    assert not log.tail.has_all
    while log.tail.state().offset < log.path.stat().st_size:
        assert not log.tail.has_all
        next_block(log)
    assert log.tail.has_all


def test_an_unfinished_line_is_looked_at_again(read_to_its_end):
    log = read_to_its_end(b"one\ntw")
    assert not log.tail.has_all
    log.append(b"o\n")
    assert next_block(log).data == b"two\n"
    assert log.tail.has_all


def test_a_record_that_may_go_on_is_looked_at_again(read_to_its_end):
    framer = Framer(MultilineSettings(start=r"\d"), max_line=1_000, encoding="utf-8")
    log = read_to_its_end(b"1\n2\n", framer=framer)
    assert not log.tail.has_all


def test_what_was_given_back_is_read_again(read_to_its_end, numbered):
    log = read_to_its_end()
    log.append(numbered(0, 100))
    block = next_block(log)
    assert log.tail.has_all
    log.commit(log.tail.give_back(block, block.start + 40 * len(numbered(0, 1))))
    assert not log.tail.has_all
    assert next_block(log).data == numbered(40, 60)
    assert log.tail.has_all


def test_an_older_file_is_looked_at_as_well(read_to_its_end):
    log = read_to_its_end()
    log.rotate(new=b"two\n")
    assert not next_block(log).data
    assert next_block(log).data == b"two\n"
    assert not log.tail.has_all


def test_a_handle_that_others_want_may_be_lent(read_to_its_end):
    log = read_to_its_end()
    log.options["claims"].handles.want("other", OSError(errno.EMFILE, "too few"))
    log.append(b"two\n")
    assert next_block(log).data == b"two\n"
    assert not log.tail.has_all
