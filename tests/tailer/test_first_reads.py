"""A file that is copied and cut before any of it was read has its copy read first."""

from __future__ import annotations

import gzip
import os
import shutil
from itertools import pairwise

import pytest

from logwatch.tailer.generation import Generation
from logwatch.tailer.multiline import Framer, MultilineSettings


def copy_away(log) -> None:
    """Shift the names of the copies and make another one."""
    for number in range(8, 0, -1):
        if log.beside(f".{number}").exists():
            log.beside(f".{number}").rename(log.beside(f".{number + 1}"))
    shutil.copyfile(log.path, log.beside(".1"))


def copy_and_cut(log, new: bytes = b"") -> None:
    copy_away(log)
    os.truncate(log.path, 0)
    log.append(new)


@pytest.fixture
def begun_anew(follow, numbered):
    """A log that was cut with something unread, of which the tail knows, and no more."""
    log = follow(numbered(0, 60), block_size=256)
    log.read()
    log.append(numbered(60, 20))
    copy_and_cut(log)
    block = log.tail.read(log.clock.moment())
    log.commit(block)
    log.blocks.append(block)
    return log


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("waits", [True, False])
def test_cut_again_before_the_first_read_since_the_cut(begun_anew, numbered, times, waits):
    log = begun_anew
    if not waits:
        log.read()
    expected = numbered(60, 20)
    for number in range(1, times + 1):
        log.append(numbered(number * 100, number))
        expected += numbered(number * 100, number)
        copy_and_cut(log)
    log.append(numbered(900, 30))
    log.read()
    assert log.data().endswith(expected + numbered(900, 30))
    assert not log.tail.losses()
    assert not any(block.reread for block in log.blocks)


def test_the_copy_of_what_was_not_read_does_not_wait_for_the_file_to_grow(begun_anew, numbered):
    log = begun_anew
    log.read()
    log.append(numbered(100, 3))
    copy_and_cut(log)
    assert log.tail.changed()
    assert b"".join(log.read()) == numbered(100, 3)


def test_a_new_file_that_is_cut_before_its_first_read(follow, numbered):
    log = follow(b"")
    log.read()
    log.append(numbered(0, 3))
    copy_and_cut(log, numbered(100, 3))
    assert b"".join(log.read()) == numbered(0, 3) + numbered(100, 3)


def test_the_copy_of_what_was_not_read_may_be_compressed(begun_anew, numbered):
    log = begun_anew
    log.append(numbered(100, 3))
    copy_and_cut(log, numbered(200, 3))
    log.beside(".1.gz").write_bytes(gzip.compress(log.beside(".1").read_bytes()))
    log.beside(".1").unlink()
    log.read()
    assert log.data().endswith(numbered(60, 20) + numbered(100, 3) + numbered(200, 3))


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("is_renamed", [True, False])
def test_each_of_several_cuts_has_a_name_of_its_own(follow, numbered, is_packed, is_renamed):
    """Or a restart would know the one for the other, and read it again."""
    log = follow(numbered(0, 3))
    log.read()
    log.append(numbered(3, 2))
    copy_and_cut(log, numbered(10, 5))
    log.restart()
    log.tail.read(log.clock.moment())  # it is known that the file was cut, and nothing more
    copy_and_cut(log, numbered(20, 2))
    if is_packed:
        log.beside(".1.gz").write_bytes(gzip.compress(log.beside(".1").read_bytes()))
        log.beside(".1").unlink()
    if is_renamed:
        log.path.rename(log.beside(".0"))
    log.blocks.clear()
    log.read()
    parts = sorted((b.checkpoint.identity, b.start, b.end) for b in log.blocks if b.data)
    for one, other in pairwise(parts):
        assert one[0] != other[0] or one[2] <= other[1]
    assert log.data().endswith(numbered(10, 5) + numbered(20, 2))


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("late", [1, 40])
def test_a_copy_that_lacks_the_last_lines_that_were_read_is_not_read(
    follow, numbered, suffix, late, is_restarted
):
    """The program writes on while its log is copied, and the tail is quicker than the cut."""
    log = follow(numbered(0, 60), block_size=256)
    log.read()
    log.append(numbered(60, 100))
    copy_away(log)
    log.append(numbered(160, late))
    log.read()
    os.truncate(log.path, 0)
    if suffix:
        log.beside(".1.gz").write_bytes(gzip.compress(log.beside(".1").read_bytes()))
        log.beside(".1").unlink()
    if is_restarted:
        log.commit(log.tail.read(log.clock.moment()))  # that the file was begun anew
        log.restart()
    log.append(numbered(900, 5))
    log.read()
    log.append(numbered(905, 5))
    copy_and_cut(log, numbered(910, 5))
    log.read()
    assert log.data() == numbered(0, 160 + late) + numbered(900, 15)
    assert not log.tail.losses()


def test_the_copies_of_two_cuts_keep_their_order_where_the_one_before_was_short(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    copy_away(log)
    log.append(numbered(3, 2))
    log.read()
    os.truncate(log.path, 0)
    log.append(numbered(100, 4))
    copy_and_cut(log, numbered(200, 4))
    log.tail.read(log.clock.moment())  # the first cut is seen, and none of its copies is one
    copy_and_cut(log, numbered(300, 1))
    log.blocks.clear()
    log.read()
    told = b"".join(block.data for block in log.blocks)
    assert told == numbered(0, 3) + numbered(100, 4) + numbered(200, 4) + numbered(300, 1)


def test_a_short_copy_that_proves_too_little_is_flagged_as_read_again(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    copy_away(log)
    log.append(numbered(3, 2))
    log.read()
    log.blocks.clear()
    os.truncate(log.path, 0)
    log.read()
    log.append(numbered(900, 3))
    log.read()
    told = [(block.data, block.reread) for block in log.blocks if block.data]
    assert told == [(numbered(0, 3), True), (numbered(900, 3), False)]


def test_a_short_copy_of_what_was_not_read_to_its_end_is_flagged_up_to_there(follow, numbered):
    log = follow(numbered(0, 20), block_size=240)
    log.commit(log.tail.read(log.clock.moment()))
    copy_away(log)
    log.append(numbered(20, 10))
    block = log.tail.read(log.clock.moment())
    assert block.end == 240
    log.commit(block)
    os.truncate(log.path, 0)
    told = [(block.data, block.reread) for block in log.blocks_now() if block.data]
    assert told == [(numbered(0, 10), True), (numbered(10, 10), False)]
    assert [each.reason for each in log.tail.losses()] == ["truncated"]


def test_a_copy_in_the_making_is_left_alone_by_who_starts_then(begun_anew, numbered):
    """The generation before is still read in its own copy: nothing is known of the file itself."""
    log = begun_anew
    log.append(numbered(100, 20))
    copy_away(log)
    log.append(numbered(120, 5))
    log.restart()
    log.read()
    shutil.copyfile(log.path, log.beside(".1"))
    os.truncate(log.path, 0)
    log.append(numbered(900, 3))
    log.read()
    assert log.data() == numbered(0, 80) + numbered(100, 25) + numbered(900, 3)
    assert not log.tail.losses()


@pytest.mark.parametrize("size", [20, 90])
def test_what_differs_from_a_file_that_was_cut_is_no_copy_of_it(follow, numbered, size):
    log = follow(numbered(0, 60), block_size=256)
    log.read()
    os.truncate(log.path, 0)
    log.read()
    log.append(numbered(100, size))
    copy_and_cut(log, numbered(900, 3))
    log.read()
    assert log.data() == numbered(0, 60) + numbered(100, size) + numbered(900, 3)
    assert not any(block.reread for block in log.blocks)


@pytest.mark.parametrize("size", [0, 40, 2000])
def test_a_copy_in_the_making_of_what_was_not_read_is_left_alone(begun_anew, numbered, size):
    log = begun_anew
    log.append(numbered(100, 90))
    log.beside(".1").rename(log.beside(".2"))
    log.beside(".1").write_bytes(log.path.read_bytes()[:size])
    log.read()
    log.append(numbered(190, 5))
    shutil.copyfile(log.path, log.beside(".1"))
    os.truncate(log.path, 0)
    log.append(numbered(300, 3))
    log.read()
    expected = numbered(60, 20) + numbered(100, 90) + numbered(190, 5) + numbered(300, 3)
    assert log.data().endswith(expected)
    assert log.data().count(b"line 000100") == 1
    assert not log.tail.losses()


def test_a_copy_that_is_kept_beside_the_file_is_not_read(follow, numbered):
    """`cp app.log app.log.1` by hand, and a rotation much later."""
    log = follow(b"")
    log.read()
    log.append(numbered(0, 3))
    shutil.copyfile(log.path, log.beside(".1"))
    assert b"".join(log.read()) == numbered(0, 3)
    log.append(numbered(3, 3))
    log.path.rename(log.beside(".2"))
    log.path.write_bytes(numbered(6, 3))
    assert b"".join(log.read()) == numbered(3, 3) + numbered(6, 3)


@pytest.mark.parametrize("grown", [1, 200])
def test_a_cut_between_the_look_around_and_the_first_read(begun_anew, numbered, monkeypatch, grown):
    log = begun_anew
    while log.tail.state().generations > 1:
        log.blocks_now()
        log.advance(1.0)
    log.append(numbered(100, 3))
    read, cuts = Generation.read, []

    def cut_first(generation, **options):
        if not generation.offset and len(cuts) < 2:
            cuts.append(numbered(500 * len(cuts) + 1000, grown))
            copy_and_cut(log, cuts[-1])
        return read(generation, **options)

    monkeypatch.setattr(Generation, "read", cut_first)
    log.read()
    assert len(cuts) == 2
    assert log.data().endswith(numbered(100, 3) + cuts[0] + cuts[1])
    assert not any(block.reread for block in log.blocks)


@pytest.mark.parametrize("grown", [1, 200])
def test_lines_that_come_and_go_between_the_look_around_and_the_first_read(
    begun_anew, numbered, monkeypatch, grown
):
    """At the look there were none: only what lies beside the file then tells of them."""
    log = begun_anew
    while log.tail.state().generations > 1:
        log.blocks_now()
        log.advance(1.0)
    os.utime(log.path, ns=(1, 1))  # it is looked at
    read, todo = Generation.read, [numbered(200, grown)]

    def cut_first(generation, **options):
        if todo and not generation.offset:
            log.append(numbered(100, 3))
            copy_and_cut(log, todo.pop())
        return read(generation, **options)

    monkeypatch.setattr(Generation, "read", cut_first)
    log.read()
    log.read()
    assert not todo
    assert log.data().endswith(numbered(100, 3) + numbered(200, grown))
    assert not any(block.reread for block in log.blocks)


def test_what_was_seen_in_a_file_that_waits_is_told_as_lost_when_it_is_gone(begun_anew, numbered):
    log = begun_anew
    log.append(numbered(100, 3))
    log.tail.read(log.clock.moment())
    os.truncate(log.path, 0)
    log.read()
    (loss,) = log.tail.losses()
    assert (loss.start, loss.end, loss.reason) == (0, len(numbered(100, 3)), "truncated")


def test_too_few_handles_for_a_look_hold_up_the_first_read(begun_anew, numbered, monkeypatch):
    log = begun_anew
    log.read()
    log.append(numbered(100, 3))
    copy_and_cut(log, numbered(200, 3))

    def fails(path, *_):
        raise OSError(24, "Too many open files", path)

    with monkeypatch.context() as patch:
        patch.setattr("logwatch.tailer.whereabouts.open_beside", fails)
        assert log.read() == []
        assert log.tail.state().status == "error"
        assert log.tail.next_look(log.clock.moment()) is not None
    log.advance(1.0)
    assert b"".join(log.read()) == numbered(100, 3) + numbered(200, 3)
    assert log.tail.state().status == "following"


def test_a_record_does_not_go_on_in_a_file_that_was_cut_meanwhile(follow):
    settings = MultilineSettings(preset="indent", timeout=2.0)
    log = follow(b"one\n", framer=Framer(settings, encoding="utf-8", max_line=4096))
    log.read()
    log.append(b"two\n  of two\n")
    copy_and_cut(log)
    log.tail.read(log.clock.moment())
    log.append(b"  also of two\nthree\n")
    copy_and_cut(log, b"  of three\nfour\n")
    log.read()
    log.advance(3.0)
    log.read()
    assert log.data().replace(b"one\n", b"") == (
        b"two\n  of two\n  also of two\nthree\n  of three\nfour\n"
    )


def taken_on(follow, numbered):
    """A log of which three lines were read, and that was rotated for one that nobody looked at."""
    log = follow(numbered(0, 3))
    log.read()
    log.path.rename(log.beside(".2"))
    log.path.write_bytes(numbered(10, 3))
    log.blocks.clear()
    return log


@pytest.mark.parametrize("is_begun", [True, False])
def test_what_is_packed_in_its_place_and_proves_too_little_is_flagged_once(
    follow, numbered, is_begun
):
    """A program packs each log where it is: here the new one, while it is taken on."""
    log = taken_on(follow, numbered)
    packed = gzip.compress(log.path.read_bytes())
    if is_begun:
        log.read()
    log.beside(".1.gz").write_bytes(packed)
    if is_begun:
        log.append(numbered(13, 1))
        log.path.rename(log.beside(".0"))
        log.path.write_bytes(numbered(20, 3))
    log.read()
    told: set[bytes] = set()
    for block in log.blocks:
        lines = set(block.data.splitlines())
        assert block.reread or not lines & told
        told |= lines
    new = numbered(10, 4) + numbered(20, 3) if is_begun else numbered(10, 3)
    assert told == set(new.splitlines())


def test_what_is_packed_in_its_place_is_flagged_though_another_has_the_path_by_then(
    follow, numbered
):
    """The first read after a start only tells that the log of before is gone."""
    log = follow(numbered(0, 3))
    log.read()
    log.path.unlink()
    log.path.write_bytes(numbered(10, 3))
    log.beside(".1.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.blocks.clear()
    log.restart()
    log.commit(log.tail.read(log.clock.moment()))
    log.path.unlink()
    log.path.write_bytes(numbered(20, 1))
    log.read()
    told = [(block.data, block.reread) for block in log.blocks if block.data]
    assert told == [(numbered(10, 3), False), (numbered(10, 3), True), (numbered(20, 1), False)]


@pytest.mark.parametrize("committed", range(1, 6))
def test_what_is_packed_in_its_place_is_flagged_after_a_kill_in_the_midst(
    follow, numbered, committed
):
    """At first all that was committed is that the compressed one begins."""
    log = taken_on(follow, numbered)
    log.beside(".1.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.restart()
    for _ in range(committed):
        if (block := log.tail.read(log.clock.moment())) is not None:
            log.blocks.append(block)
            log.commit(block)
    log.restart()
    log.read()
    told = [(block.data, block.reread) for block in log.blocks if block.data]
    assert told == [(numbered(10, 3), False), (numbered(10, 3), True)]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("count", [1, 300])
def test_what_was_not_read_and_is_just_being_compressed_comes_once(follow, numbered, whole, count):
    """As handlers of programs do it: the file under the path is packed, and then deleted."""
    log = follow(b"")
    log.read()
    log.append(numbered(0, count))
    data = gzip.compress(log.path.read_bytes())
    log.beside(".1.gz").write_bytes(data if whole else data[: len(data) // 2])
    assert b"".join(log.read()) == numbered(0, count)
    log.beside(".1.gz").write_bytes(data)
    log.path.unlink()
    log.path.write_bytes(numbered(900, 1))
    log.read()
    log.advance(61.0)
    log.read()
    assert log.data() == numbered(0, count) + numbered(900, 1)
