"""Files that are renamed, cut, copied, deleted and made anew under the tail."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import time
from pathlib import Path

import pytest

from logwatch.clock import ManualClock
from logwatch.records import Checkpoint
from logwatch.tailer import siblings, whereabouts
from logwatch.tailer.claims import Claims
from logwatch.tailer.tail import Tail


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(follow):
    log = follow(b"one\n")
    log.read()
    log.append(b"two\n")
    log.rotate(new=b"three\n")
    assert log.read() == [b"two\n", b"three\n"]


def test_several_rotations_between_two_reads_lose_nothing(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    for generation in range(1, 6):
        for number in range(9, 0, -1):
            if log.beside(f".{number}").exists():
                log.beside(f".{number}").rename(log.beside(f".{number + 1}"))
        log.rotate(new=numbered(generation * 100, 4))
    assert b"".join(log.read()) == b"".join(numbered(g * 100, 4) for g in range(1, 6))
    assert not log.tail.losses()


def test_rotated_files_with_dates_in_their_names_are_found_too(follow):
    log = follow(b"one\n")
    log.read()
    log.rotate("-20260104", b"two\n")
    log.rotate("-20260105", b"three\n")
    log.rotate(".2026-01-06", b"four\n")
    assert log.read() == [b"two\n", b"three\n", b"four\n"]


def test_late_writes_to_a_renamed_file_are_read_until_it_was_quiet_for_the_grace(follow):
    log = follow(b"one\n", grace=10.0)
    log.read()
    old = log.rotate(new=b"")
    seen = log.read()
    for _ in range(4):
        log.advance(6.0)
        log.append(b"late\n", old)
        seen += log.read()
    assert seen == [b"late\n"] * 4
    assert log.tail.state().generations == 2
    log.advance(10.0)
    closing = log.blocks_now()
    assert [(block.data, block.checkpoint.closed) for block in closing] == [(b"", True)]
    assert log.tail.state().generations == 1


def test_late_writes_after_a_move_to_another_directory_are_read(follow, tmp_path):
    log = follow(b"one\n")
    log.read()
    (tmp_path / "olddir").mkdir()
    moved = log.path.rename(tmp_path / "olddir" / "app.log.1")
    log.append(b"late\n", moved)
    log.path.write_bytes(b"new\n")
    assert log.read() == [b"late\n", b"new\n"]


def test_during_the_grace_the_old_file_is_looked_at_every_second(follow):
    log = follow(b"one\n", grace=10.0)
    log.read()
    assert log.tail.next_look(log.clock.moment()) is None
    log.rotate()
    log.read()
    assert log.tail.next_look(log.clock.moment()) == log.clock.steady() + 1.0
    log.advance(9.5)
    assert log.tail.next_look(log.clock.moment()) == log.clock.steady() + 0.5


def test_the_end_of_a_renamed_file_without_newline_is_handed_out_after_the_grace(follow):
    log = follow(b"one\ntw", grace=10.0)
    assert log.read() == [b"one\n"]
    log.rotate(new=b"three\n")
    assert log.read() == [b"three\n"]
    log.advance(10.0)
    partial, closing = log.blocks_now()
    assert (partial.data, partial.partial, partial.start, partial.end) == (b"tw", True, 4, 6)
    assert closing.checkpoint.closed
    assert closing.start == closing.end == 6


def test_a_line_completed_in_the_renamed_file_is_whole(follow):
    log = follow(b"one\ntw", grace=10.0)
    log.read()
    old = log.rotate()
    log.read()
    log.advance(9.0)
    log.append(b"o\n", old)
    assert log.read() == [b"two\n"]


def test_a_file_renamed_back_goes_on_as_the_same_generation(follow):
    log = follow(b"one\n")
    log.read()
    aside = log.path.rename(log.beside(".aside"))
    assert log.read() == []
    assert log.tail.state().status == "waiting"
    aside.rename(log.path)
    log.append(b"two\n")
    assert log.read() == [b"two\n"]
    assert log.tail.state().generations == 1


def test_rotation_is_told_once(follow, events):
    log = follow(b"one\n")
    log.read()
    log.rotate(new=b"two\n")
    for _ in range(5):
        log.read()
        log.advance(1.0)
    assert events["tailer.file_rotated"] == 1


# copytruncate and other cuts.


def copy_and_cut(log, rest: bytes = b"") -> Path:
    copy = log.beside(".1")
    shutil.copyfile(log.path, copy)
    os.truncate(log.path, 0)
    log.append(rest)
    return copy


@pytest.mark.parametrize("size", [3, 100])
def test_what_was_unread_when_the_file_was_cut_is_read_from_its_copy(follow, numbered, size):
    log = follow(numbered(0, size))
    log.read()
    log.append(numbered(size, 5))
    copy_and_cut(log, b"after\n")
    old, new = numbered(size, 5), b"after\n"
    assert b"".join(log.read()) == old + new
    by_name = {block.checkpoint.identity: block for block in log.blocks if block.data}
    assert [name.rpartition(".")[2] for name in by_name] == ["0", "1"]
    assert not log.tail.losses()


def test_what_follows_a_cut_is_not_flagged_when_its_copy_was_found(follow, numbered):
    log = follow(numbered(0, 5))
    log.read()
    copy_and_cut(log, numbered(50, 50))
    log.read()
    assert not any(block.reread for block in log.blocks)


def test_the_copys_unfinished_line_is_handed_out_at_once(follow):
    log = follow(b"one\n")
    log.read()
    log.append(b"two\nthr")
    copy_and_cut(log, b"four\n")
    assert log.read() == [b"two\n", b"thr", b"four\n"]


def test_a_cut_and_its_reset_are_committed_before_the_first_new_byte(follow):
    log = follow(b"one\n")
    log.read()
    os.truncate(log.path, 0)
    log.append(b"2\n")
    blocks = log.blocks_now()
    told = [(b.data, b.checkpoint.epoch, b.checkpoint.closed, b.end) for b in blocks]
    assert told == [(b"", 1, False, 0), (b"", 0, True, 4), (b"2\n", 1, False, 2)]


def test_a_crash_right_after_a_reset_neither_repeats_nor_skips(follow):
    log = follow(b"one\n")
    log.read()
    os.truncate(log.path, 0)
    log.append(b"2\n")
    log.commit(log.tail.read(log.clock.moment()))
    log.restart()
    assert log.read() == [b"2\n"]
    log.restart()
    assert log.read() == []


def test_a_file_cut_and_grown_past_the_offset_is_read_from_its_start(follow, numbered):
    header = b"# the same header in every file\n"
    log = follow(header + numbered(0, 4))
    log.read()
    log.path.write_bytes(header + numbered(100, 50))
    assert b"".join(log.read()) == header + numbered(100, 50)
    assert log.blocks[-1].reread  # a file that was overwritten in place looks the same


def test_a_file_cut_and_grown_to_the_same_size_is_read_from_its_start(follow, numbered):
    log = follow(numbered(0, 10))
    log.read()
    log.path.write_bytes(numbered(10, 10))
    os.utime(log.path, ns=(1, 1))
    assert b"".join(log.read()) == numbered(10, 10)


def test_a_file_cut_to_nothing_starts_anew(follow):
    log = follow(b"one\ntwo\n")
    log.read()
    log.path.write_bytes(b"")
    assert log.read() == []
    log.append(b"three\n")
    assert log.read() == [b"three\n"]
    assert not log.blocks[-1].reread


def test_a_big_file_cut_near_its_end_is_not_read_again_as_far_as_markers_prove_it(follow, numbered):
    log = follow(b"")
    for n in range(100):
        log.append(numbered(n * 10, 10))
        log.read()
    size = log.path.stat().st_size
    os.truncate(log.path, size * 9 // 10)
    again = log.blocks_now()
    assert sum(len(block.data) for block in again) < size // 10
    assert all(block.reread for block in again if block.data)
    log.append(b"rest of a line\nnew\n")
    assert log.read()[-1] == b"new\n"


def test_a_file_cut_to_a_few_bytes_is_read_again_and_flagged(follow, numbered):
    log = follow(numbered(0, 10))
    log.read()
    line = len(numbered(0, 1))
    os.truncate(log.path, 2 * line)
    assert b"".join(log.read()) == numbered(0, 2)
    assert log.blocks[-1].reread


def test_the_same_header_rewritten_shorter_than_the_offset_is_read_from_the_start(follow, numbered):
    header = b"# header\n" * 400
    log = follow(header)
    log.read()
    log.append(numbered(0, 200))
    log.read()
    log.path.write_bytes(header + numbered(900, 20))
    assert b"".join(log.read()).endswith(numbered(900, 20))


def test_a_hole_left_by_a_writer_that_does_not_append_is_passed_over(follow):
    log = follow(b"one\n" * 4096)
    log.read()
    with log.path.open("r+b") as writer:
        writer.seek(0, os.SEEK_END)
        os.truncate(log.path, 0)
        log.read()
        writer.seek(1 << 30)
        writer.write(b"after the hole\n")
    assert log.read() == [b"after the hole\n"]
    assert log.blocks[-1].start == 1 << 30
    log.append(b"and on\n")
    assert log.read() == [b"and on\n"]


def test_unread_bytes_that_a_cut_destroyed_are_told_as_lost(follow):
    log = follow(b"one\nunfinished")
    log.read()
    log.path.write_bytes(b"")
    log.read()
    (loss,) = log.tail.losses()
    assert (loss.path, loss.start, loss.end, loss.reason) == (str(log.path), 4, 14, "truncated")
    assert loss.generation == log.blocks[0].checkpoint.identity
    assert log.tail.losses() == []


# Deletion, reuse of inodes, copies.


@pytest.mark.parametrize("same", [True, False])
def test_a_file_deleted_and_made_anew_at_once_is_a_new_generation(follow, numbered, same):
    log = follow(numbered(0, 1))
    expected = numbered(0, 1)
    log.read()
    for n in range(1, 51):
        log.path.unlink()
        content = numbered(0 if same else n, 1)
        log.path.write_bytes(content)
        expected += content
        log.read()
        log.advance(400.0)
        log.read()
    assert log.data() == expected
    assert len({block.checkpoint.identity for block in log.blocks}) == 51


@pytest.mark.parametrize("same", [True, False])
def test_an_inode_reused_while_stopped_is_a_new_generation(follow, numbered, same):
    log = follow(numbered(0, 2))
    log.read()
    log.tail.close()
    log.path.unlink()
    content = numbered(0 if same else 5, 2)
    log.path.write_bytes(content)
    log.restart()
    assert b"".join(log.read()) == content


def test_a_deleted_file_is_read_to_its_end_as_long_as_it_is_open(follow):
    log = follow(b"one\n")
    log.read()
    with log.path.open("ab", buffering=0) as writer:
        log.path.unlink()
        assert log.read() == []
        writer.write(b"still here\n")
        assert log.read() == [b"still here\n"]


def test_a_file_replaced_by_a_grown_copy_goes_on_where_it_was(follow, numbered):
    log = follow(numbered(0, 100))
    log.read()
    name = log.blocks[-1].checkpoint.identity
    fresh = log.beside(".tmp")
    fresh.write_bytes(numbered(0, 103))
    fresh.rename(log.path)
    assert b"".join(log.read()) == numbered(100, 3)
    assert log.blocks[-1].checkpoint.identity == name
    log.restart()
    assert log.read() == []


def test_a_file_replaced_by_a_changed_one_is_read_from_its_start(follow, numbered):
    log = follow(numbered(0, 100))
    log.read()
    fresh = log.beside(".tmp")
    fresh.write_bytes(b"changed\n" + numbered(0, 100))
    fresh.rename(log.path)
    assert b"".join(log.read()) == b"changed\n" + numbered(0, 100)


def test_what_the_old_file_still_held_is_read_before_the_copy_that_replaced_it(follow, numbered):
    log = follow(numbered(0, 100))
    log.read()
    log.append(numbered(100, 3))
    fresh = log.beside(".tmp")
    fresh.write_bytes(numbered(0, 106))
    fresh.rename(log.path)
    assert b"".join(log.read()) == numbered(100, 6)


def test_files_with_equal_heads_are_all_read(tmp_path, numbered):
    header = b"# a long header that every file has\n" * 120
    claims = Claims()
    moment = follow_moment()
    for n in range(20):
        path = tmp_path / f"app{n}.log"
        path.write_bytes(header + numbered(n, 1))
        tail = Tail(str(path), start="beginning", claims=claims)
        data = b""
        while (block := tail.read(moment)) is not None:
            data += block.data
        assert data == header + numbered(n, 1)
        tail.close()


def follow_moment():
    return ManualClock().moment()


# While logwatch was down.


@pytest.mark.parametrize("rotations", range(6))
def test_rotations_while_stopped_lose_and_repeat_nothing(follow, numbered, rotations):
    log = follow(numbered(0, 3))
    log.read()
    log.append(numbered(3, 2))
    log.tail.close()
    expected = numbered(3, 2)
    for n in range(1, rotations + 1):
        for number in range(9, 0, -1):
            if log.beside(f".{number}").exists():
                log.beside(f".{number}").rename(log.beside(f".{number + 1}"))
        log.rotate(new=numbered(n * 100, 2))
        expected += numbered(n * 100, 2)
    log.restart()
    assert b"".join(log.read()) == expected
    assert not log.tail.losses()
    assert all(block.backlog for block in log.blocks if block.data and block.start >= 0)
    log.restart()
    assert log.read() == []


def test_old_files_beside_a_new_log_are_not_read(follow, numbered):
    log = follow(numbered(0, 3))
    log.beside(".1").write_bytes(numbered(100, 3))
    log.beside("-20251231").write_bytes(numbered(200, 3))
    assert b"".join(log.read()) == numbered(0, 3)
    log.rotate(".2", numbered(300, 1))
    assert b"".join(log.read()) == numbered(300, 1)


def test_a_file_unpacked_beside_the_log_is_not_taken_for_a_generation(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.beside(".7").write_bytes(numbered(100, 3))
    os.utime(log.beside(".7"), ns=(10**18, 10**18))
    log.rotate(new=numbered(300, 1))
    assert b"".join(log.read()) == numbered(300, 1)


def test_a_generation_deleted_while_stopped_is_told_as_lost_and_closed(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    name = log.blocks[-1].checkpoint.identity
    log.tail.close()
    log.path.rename(log.beside(".1"))
    log.beside(".1").unlink()
    log.path.write_bytes(numbered(10, 1))
    log.restart()
    assert b"".join(log.read()) == numbered(10, 1)
    (loss,) = log.tail.losses()
    assert (loss.generation, loss.end, loss.reason) == (name, None, "gone")
    assert log.store[name].closed


def test_a_generation_packed_after_it_was_read_is_no_loss(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    old = log.rotate(new=numbered(10, 1))
    log.beside(".1.gz").write_bytes(gzip.compress(old.read_bytes()))
    old.unlink()
    log.read()
    log.advance(400)
    log.read()
    log.restart()
    log.rotate(new=numbered(20, 1))
    log.read()
    assert log.data() == numbered(0, 3) + numbered(10, 1) + numbered(20, 1)
    assert not log.tail.losses()


def test_a_checkpoint_beyond_the_end_of_the_file_does_not_wait_for_it_to_grow(follow, numbered):
    log = follow(numbered(0, 100))
    log.read()
    log.tail.close()
    log.path.write_bytes(numbered(500, 2))
    log.restart()
    assert b"".join(log.read()) == numbered(500, 2)


def test_a_file_cut_and_copied_twice_while_stopped_is_read_from_all_copies(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.append(numbered(3, 2))
    shutil.copyfile(log.path, log.beside(".2"))
    log.path.write_bytes(numbered(100, 2))
    shutil.copyfile(log.path, log.beside(".1"))
    log.path.write_bytes(numbered(200, 2))
    log.restart()
    assert b"".join(log.read()) == numbered(3, 2) + numbered(100, 2) + numbered(200, 2)


@pytest.mark.parametrize("size", [3, 100])
@pytest.mark.parametrize("stopped", [True, False])
def test_a_copy_that_is_written_over_the_one_before_is_read(follow, numbered, size, stopped):
    """As `cp app.log app.log.1; : > app.log` does it, each night anew."""
    log = follow(numbered(0, size))
    log.read()
    for night in range(1, 5):
        first = 1000 * night
        if stopped:
            log.tail.close()
        unread, after = numbered(first, 5), numbered(first + 500, size)
        log.append(unread)
        copy_and_cut(log, after)
        if stopped:
            log.restart()
        assert b"".join(log.read()) == unread + after
        log.advance(400)
        assert log.read() == []
    assert not log.tail.losses()
    assert not any(block.reread for block in log.blocks)


def test_another_device_number_alone_changes_nothing(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    for name, each in log.store.items():
        fields = {key: getattr(each, key) for key in each.__struct_fields__}
        log.store[name] = Checkpoint(**fields | {"device": 12345})
    log.append(numbered(3, 1))
    log.restart()
    assert b"".join(log.read()) == numbered(3, 1)


def test_a_moved_log_directory_goes_on_where_it_was(follow, numbered, tmp_path):
    log = follow(numbered(0, 100))
    log.read()
    log.tail.close()
    elsewhere = tmp_path / "copy"
    shutil.copyfile(log.path, elsewhere)
    log.path.unlink()
    elsewhere.rename(log.path)
    log.append(numbered(100, 1))
    log.restart()
    assert b"".join(log.read()) == numbered(100, 1)


# A glob takes the rotated names too.


def test_a_shifted_chain_under_a_glob_is_never_read_again(tmp_path, numbered):
    paths = [tmp_path / "app.log", *(tmp_path / f"app.log.{n}" for n in range(1, 10))]
    claims, moment, data = Claims(), follow_moment(), []
    for n, path in enumerate(paths):
        path.write_bytes(numbered(n * 1000, 60))
    tails = [Tail(str(path), start="beginning", claims=claims) for path in paths]

    def read_all():
        for tail in tails:
            while (block := tail.read(moment)) is not None:
                data.append(block.data)

    read_all()
    expected = sorted(b"".join(numbered(n * 1000, 60) for n in range(10)).splitlines())
    for shift in range(5):
        for source, target in zip(paths[-2::-1], paths[:0:-1], strict=True):
            source.rename(target)
        paths[0].write_bytes(numbered(50_000 + shift * 1000, 60))
        expected += numbered(50_000 + shift * 1000, 60).splitlines()
        read_all()
    assert sorted(b"".join(data).splitlines()) == sorted(expected)
    for tail in tails:
        tail.close()


def test_a_short_copy_is_marked_where_its_own_tail_begins_before_that_of_the_log(follow, numbered):
    """That one is not allowed to read, say; too little was read to prove that it is a copy."""
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    shutil.copyfile(log.path, log.beside(".1"))
    log.path.write_bytes(numbered(100, 1))
    claims = Claims()
    claims.learn(log.store.values())
    copy = follow(name="app.log.1", claims=claims)
    copy.read()
    told = [(block.data, block.reread) for block in copy.blocks if block.data]
    assert told == [(numbered(0, 3), True)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_copies_under_a_glob_are_read_once_though_they_are_seen_while_made(
    tmp_path, numbered, order
):
    paths = [tmp_path / "app.log", tmp_path / "app.log.1", tmp_path / "app.log.2"]
    claims, clock, data = Claims(), ManualClock(), []
    paths[0].write_bytes(numbered(0, 60))
    tails = [Tail(str(path), start="beginning", claims=claims) for path in paths]

    def read_all():
        for n in order:
            while (block := tails[n].read(clock.moment())) is not None:
                data.append(block.data)

    read_all()
    expected = numbered(0, 60)
    for n in range(1, 6):
        if paths[1].exists():
            paths[1].rename(paths[2])
        paths[1].touch()
        read_all()
        content = paths[0].read_bytes()
        paths[1].write_bytes(content[:700])
        clock.advance(1.0)
        read_all()
        unread = numbered(n * 1000 + 500, 2)
        paths[1].write_bytes(content + unread)
        read_all()
        paths[0].write_bytes(numbered(n * 1000, 60))
        expected += unread + numbered(n * 1000, 60)
        read_all()
        clock.advance(400.0)
        read_all()
    assert sorted(b"".join(data).splitlines()) == sorted(expected.splitlines())
    for tail in tails:
        tail.close()


def test_a_file_that_only_looks_like_a_copy_is_read_after_some_seconds(tmp_path):
    claims, clock = Claims(), ManualClock()
    (tmp_path / "app.log").write_bytes(b"one\n")
    first = Tail(str(tmp_path / "app.log"), claims=claims)
    while first.read(clock.moment()):
        pass
    (tmp_path / "app.log.7").write_bytes(b"mine\n")
    second = Tail(str(tmp_path / "app.log.7"), claims=claims)
    data = b""
    for _ in range(8):
        while (block := second.read(clock.moment())) is not None:
            data += block.data
        clock.advance(1.0)
    assert data == b"mine\n"
    first.close()
    second.close()


def test_a_copy_beside_its_living_original_is_not_read_again(tmp_path, numbered):
    claims, clock = Claims(), ManualClock()
    path, copy = tmp_path / "app.log", tmp_path / "app.log.1"
    path.write_bytes(numbered(0, 100))
    first = Tail(str(path), start="beginning", claims=claims)
    while first.read(clock.moment()):
        pass
    shutil.copyfile(path, copy)
    second = Tail(str(copy), start="beginning", claims=claims)
    blocks = []
    for _ in range(8):
        while (block := second.read(clock.moment())) is not None:
            blocks.append(block)
        clock.advance(1.0)
    assert [block.data for block in blocks] == [b""]
    first.close()
    second.close()


def test_too_few_handles_hold_up_a_rotation_and_lose_nothing(follow, monkeypatch):
    log = follow(b"one\n")
    log.read()
    log.rotate(".2", b"two\n")
    log.rotate(".1", b"three\n")

    def fail(_path, other, _rule):
        raise OSError(errno.EMFILE, "Too many open files", other)

    with monkeypatch.context() as patch:
        patch.setattr("logwatch.tailer.whereabouts.open_beside", fail)
        assert log.read() == []
    assert log.tail.state().status == "error"
    log.advance(1.0)
    assert log.read() == [b"two\n", b"three\n"]
    assert log.tail.state().status == "following"


def test_an_unseen_generation_that_may_not_be_read_is_told_as_lost(follow, monkeypatch):
    log = follow(b"one\n")
    log.read()
    log.rotate(".2", b"two\n")
    log.rotate(".1", b"three\n")

    def fail(_path, other, _rule):
        raise OSError(errno.EACCES, "Permission denied", other)

    monkeypatch.setattr("logwatch.tailer.whereabouts.open_beside", fail)
    assert log.read() == [b"three\n"]
    (loss,) = log.tail.losses()
    assert (loss.generation, loss.end, loss.reason) == (str(log.beside(".1")), 4, "unreadable")


def test_a_file_that_is_written_in_place_is_read_again_flagged_and_told_once(follow, events):
    log = follow(b"state 0000\nthe rest\n")
    log.read()
    for n in range(1, 6):
        with log.path.open("r+b") as writer:
            writer.seek(6)
            writer.write(b"%04d" % n)
        assert log.read() == [b"state %04d\n" % n, b"the rest\n"]
        assert log.blocks[-1].reread
        log.advance(1.0)
    assert events["tailer.not_append_only"] == 1


def test_doubt_about_what_was_read_before_outlives_restarts(follow, numbered):
    log = follow(numbered(0, 100), block_size=256)
    log.read()
    log.path.write_bytes(numbered(0, 50))
    for _ in range(5):
        block = log.tail.read(log.clock.moment())
        log.commit(block)
        log.restart()
    assert not block.data or block.reread
    rest = log.blocks_now()
    assert rest
    assert all(each.reread for each in rest)
    log.append(numbered(50, 1))
    assert not any(each.reread for each in log.blocks_now())


def test_a_clock_that_was_set_back_hides_no_generation(follow, numbered, monkeypatch):
    """Births are told by the clock: here they are an hour early from some moment on."""
    log = follow(numbered(0, 3))
    log.read()
    log.rotate(new=numbered(3, 3))
    log.read()
    log.tail.close()
    real, since = siblings.created_ns, time.time_ns()

    def early(where):
        born = real(where)
        return born - 3_600_000_000_000 if born >= since else born

    monkeypatch.setattr(siblings, "created_ns", early)
    log.append(numbered(6, 3))
    log.beside(".1").rename(log.beside(".3"))
    log.rotate(".2", new=numbered(9, 3))
    log.rotate(".1", new=numbered(12, 3))
    log.restart()
    assert sorted(log.read()) == sorted(numbered(6, 9).splitlines(keepends=True))
    log.beside(".1").rename(log.beside(".4"))
    log.rotate(".2", new=numbered(15, 3))
    log.rotate(".1", new=numbered(18, 3))
    assert sorted(log.read()) == sorted(numbered(15, 6).splitlines(keepends=True))


def test_copies_that_were_there_before_are_not_read_when_the_oldest_new_one_is_gone(
    follow, numbered
):
    """Cut twice while stopped, and the copy with the known rest was deleted."""
    log = follow(numbered(0, 100))
    log.beside(".8").write_bytes(b"long ago\n")
    log.read()
    log.append(numbered(100, 3))
    log.read()
    log.tail.close()
    log.append(numbered(200, 3))
    log.path.write_bytes(numbered(300, 3))
    shutil.copyfile(log.path, log.beside(".1"))
    log.path.write_bytes(numbered(400, 3))
    log.restart()
    assert b"".join(log.read()) == numbered(300, 3) + numbered(400, 3)
    (loss,) = log.tail.losses()
    assert (loss.end, loss.reason) == (None, "truncated")


@pytest.mark.parametrize("whole_seconds", [False, True])
def test_what_was_there_before_is_not_read_when_it_is_compressed_while_stopped(
    follow, numbered, whole_seconds
):
    log = follow(numbered(0, 3))
    log.beside(".1").write_bytes(numbered(700, 99))
    log.read()
    log.append(numbered(3, 3))
    log.read()
    log.tail.close()
    old = log.beside(".1").stat()
    log.beside(".2.gz").write_bytes(gzip.compress(log.beside(".1").read_bytes()))
    stamp = old.st_mtime_ns // 10**9 * 10**9 if whole_seconds else old.st_mtime_ns
    os.utime(log.beside(".2.gz"), ns=(stamp, stamp))
    log.beside(".1").unlink()
    log.append(numbered(6, 3))
    log.rotate(new=numbered(9, 3))
    log.restart()
    assert b"".join(log.read()) == numbered(6, 6)


@pytest.mark.parametrize("before", ["nothing", "the same", "another"])
def test_rotations_within_the_first_look_keep_the_order(follow, numbered, monkeypatch, before):
    log = follow(numbered(0, 60))
    if before != "nothing":
        log.read()
        log.append(numbered(60, 5))
        log.restart()
    if before == "another":
        log.path.rename(log.beside(".9"))
        log.path.write_bytes(numbered(65, 60))
    family, turns = whereabouts.family, []

    def rotate_first(path, *listings):
        while len(turns) < 2:
            turns.append(len(turns))
            log.rotate(f".{8 - len(turns)}", numbered(100 + 100 * len(turns), 60))
        return family(path, *listings)

    monkeypatch.setattr(whereabouts, "family", rotate_first)
    for _ in range(3):
        log.read()
    first = {"nothing": 60, "the same": 65, "another": 125}[before]
    assert log.data() == numbered(0, first) + numbered(200, 60) + numbered(300, 60)
    assert not any(block.reread for block in log.blocks)
    assert not log.tail.losses()


@pytest.mark.parametrize("packed", [False, True])
def test_rotations_between_the_look_at_the_path_and_that_beside_it_keep_the_order(
    follow, numbered, monkeypatch, packed
):
    log = follow(numbered(0, 60))
    log.read()
    log.path.rename(log.beside(".9"))
    log.path.write_bytes(numbered(100, 60))
    family, turns = whereabouts.family, []

    def rotate_first(path, *listings):
        if len(turns) < 2:
            turns.append(len(turns))
            if packed:
                data = gzip.compress(log.path.read_bytes())
                log.beside(f".{8 - len(turns)}.gz").write_bytes(data)
                log.path.unlink()
            else:
                log.path.rename(log.beside(f".{8 - len(turns)}"))
            log.path.write_bytes(numbered(100 + 100 * len(turns), 60))
        return family(path, *listings)

    monkeypatch.setattr(whereabouts, "family", rotate_first)
    found = b"".join([line for _ in range(3) for line in log.read()])
    assert found == numbered(100, 60) + numbered(200, 60) + numbered(300, 60)
