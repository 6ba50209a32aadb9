"""Blocks of whole lines, positions, states and errors, with the file staying where it is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from doubles.examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.tailer import generation as generation_module
from logwatch.tailer import opening as opening_module
from logwatch.tailer import tail as tail_module
from logwatch.tailer.claims import Claims
from logwatch.tailer.opening import denial
from logwatch.tailer.tail import Tail


def test_making_a_tail_does_no_io(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "stat", None)
    monkeypatch.setattr(os, "open", None)
    tail = Tail(str(tmp_path / "app.log"))
    assert tail.state().status == "waiting"
    assert not tail.caught_up()


def test_a_partial_last_line_waits_for_its_newline(follow):
    log = follow(b"one\ntw")
    assert log.read() == [b"one\n"]
    log.append(b"o")
    assert log.read() == []
    log.append(b"\nthree")
    assert log.read() == [b"two\n"]


def test_a_partial_line_is_completed_once_across_a_restart(follow):
    log = follow(b"one\ntw")
    log.read()
    log.restart()
    log.append(b"o\n")
    assert log.read() == [b"two\n"]
    log.restart()
    assert log.read() == []


def test_only_a_newline_separates_lines(follow):
    log = follow(b"a\r\nb\rc\x0b\x0c\x85\n\n")
    (block,) = [each for each in log.blocks_now() if each.data]
    assert block.data == b"a\r\nb\rc\x0b\x0c\x85\n\n"


def test_the_data_are_the_bytes_of_the_file_from_start_on(follow, numbered):
    log = follow(numbered(0, 100), block_size=200, max_line=100)
    for block in log.blocks_now():
        assert log.path.read_bytes()[block.start :].startswith(block.data)
        assert block.end == block.start + len(block.data) == block.checkpoint.offset


@given(
    lines=st.lists(st.text(st.sampled_from("aé漢\r "), max_size=40), max_size=12),
    cuts=st.lists(st.integers(0, 400), max_size=8),
    block_size=st.sampled_from([1, 7, 64, 4096]),
)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
def test_any_chunking_gives_the_same_lines(follow, lines, cuts, block_size):
    data = "".join(f"{line}\n" for line in lines).encode()
    log = follow(b"", name=f"{os.urandom(8).hex()}.log", block_size=block_size, max_line=200)
    edges = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    for start, end in pairwise(edges):
        log.append(data[start:end])
        log.read()
    assert log.data() == data
    assert all(block.data.endswith(b"\n") for block in log.blocks if block.data)
    log.tail.close()


@pytest.mark.parametrize("length", range(65_530, 65_543))
def test_a_line_across_the_block_size_is_whole(follow, length):
    log = follow(b"x" * length + b"\nnext\n", block_size=65_536)
    assert log.read() == [b"x" * length + b"\n", b"next\n"]


def test_one_byte_at_a_time_with_restarts_gives_every_line(follow):
    data = b"".join(b"%d\n" % n for n in range(400))
    log = follow(b"")
    for n in range(1100):
        log.append(data[n : n + 1])
        if n % 7 == 0:
            log.read()
        if n % 13 == 0:
            log.restart()
    log.read()
    assert log.data() == data[:1100][: data[:1100].rfind(b"\n") + 1]


# Where to begin.


def test_start_at_the_end_reads_only_what_comes(follow):
    log = follow(b"old\n", start="end")
    assert log.read() == []
    log.append(b"new\n")
    assert log.read() == [b"new\n"]


def test_start_at_the_end_is_committed_at_once(follow):
    log = follow(b"old\n", start="end")
    log.read()
    log.tail.close()
    log.append(b"while down\n")
    log.restart()
    assert log.read() == [b"while down\n"]


def test_start_at_the_end_within_a_line_reads_that_line_whole(follow):
    log = follow(b"old\nhalf", start="end")
    assert log.read() == []
    log.append(b" a line\n")
    assert log.read() == [b"half a line\n"]
    assert not log.blocks[-1].backlog


def test_start_at_the_end_within_an_over_long_line_skips_its_rest(follow):
    log = follow(b"old\n" + b"x" * 500, start="end", max_line=100)
    assert log.read() == []
    log.append(b"xx\nnext\n")
    assert log.read() == [b"next\n"]


def test_start_at_the_end_does_not_count_for_files_that_come_later(follow):
    log = follow(start="end")
    assert log.read() == []
    log.path.write_bytes(b"first\n")
    assert log.read() == [b"first\n"]
    log.rotate(new=b"second\n")
    assert log.read() == [b"second\n"]


def test_start_at_the_end_does_not_count_when_the_path_was_followed_before(follow):
    log = follow(b"one\n", start="end")
    log.read()
    log.tail.close()
    log.rotate(new=b"two\n")
    log.restart()
    assert log.read() == [b"two\n"]


def test_what_was_there_at_the_first_look_is_backlog_and_nothing_else(follow, numbered):
    log = follow(numbered(0, 50), block_size=100, max_line=99)
    log.blocks_now()
    log.append(numbered(50, 10))
    log.blocks_now()
    log.rotate(new=numbered(60, 5))
    log.blocks_now()
    edge = len(numbered(0, 50))
    old = log.blocks[0].checkpoint.identity
    for block in (each for each in log.blocks if each.data):
        assert block.backlog == (block.checkpoint.identity == old and block.end <= edge)


def test_backlog_ends_at_the_line_that_was_begun_before(follow):
    log = follow(b"one\ntwo\nthr")
    log.append(b"ee\nfour\n")
    log.tail.read(log.clock.moment())
    log.append(b"five\n")
    told = [(block.data, block.backlog) for block in log.blocks_now()]
    assert told == [(b"one\ntwo\nthree\nfour\n", True), (b"five\n", False)]


# Late files and directories.


def test_a_late_file_in_a_late_directory_is_read_from_its_start(follow, tmp_path):
    log = follow(name="a/b/app.log", start="end")
    log.read()
    for directory in (tmp_path / "a", tmp_path / "a" / "b"):
        directory.mkdir()
        assert log.read() == []
        assert log.tail.state().status == "waiting"
    log.path.write_bytes(b"one\n")
    assert log.tail.changed()
    assert log.read() == [b"one\n"]
    assert log.tail.state().status == "following"


def test_a_directory_removed_and_made_again_is_followed(follow, tmp_path):
    (tmp_path / "d").mkdir()
    log = follow(b"one\n", name="d/app.log")
    log.read()
    for n in range(10):
        log.path.unlink()
        (tmp_path / "d").rmdir()
        log.read()
        (tmp_path / "d").mkdir()
        log.path.write_bytes(b"%d\n" % n)
        assert log.read() == [b"%d\n" % n]


def test_a_directory_renamed_and_made_again_keeps_the_old_file_under_its_identity(follow, tmp_path):
    (tmp_path / "d").mkdir()
    log = follow(b"one\n", name="d/app.log")
    log.read()
    (tmp_path / "d").rename(tmp_path / "e")
    log.append(b"two\n", tmp_path / "e" / "app.log")
    (tmp_path / "d").mkdir()
    log.path.write_bytes(b"three\n")
    assert log.read() == [b"two\n", b"three\n"]


def test_a_retargeted_symlink_is_a_rotation(follow, tmp_path):
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "app.log").write_bytes(version.encode() + b"\n")
    (tmp_path / "current").symlink_to("v1")
    log = follow(name="current/app.log")
    assert log.read() == [b"v1\n"]
    log.append(b"late\n", tmp_path / "v1" / "app.log")
    (tmp_path / "next").symlink_to("v2")
    (tmp_path / "next").rename(tmp_path / "current")
    assert log.tail.changed()
    assert log.read() == [b"late\n", b"v2\n"]


# What is no log file, and what may not be read.


@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "socket"])
def test_what_is_no_regular_file_is_never_opened_for_reading(tmp_path, monkeypatch, kind):
    path = tmp_path / "app.log"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        import socket  # noqa: PLC0415 - only here

        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.close()
    flags = []
    real_open = os.open

    def spy(where, how, *rest):
        flags.append(how)
        return real_open(where, how, *rest)

    monkeypatch.setattr(os, "open", spy)
    clock = ManualClock()
    tail = Tail(str(path))
    assert tail.read(clock.moment()) is None
    assert tail.state().status == "error"
    assert "not a regular file" in tail.state().detail
    assert all(how & os.O_PATH for how in flags)
    tail.close()


def test_a_denied_file_is_told_with_its_remedy_and_read_when_granted(as_nobody, events):
    path = as_nobody / "app.log"
    path.write_bytes(b"one\n")
    path.chmod(0o000)
    clock, tail = ManualClock(), Tail(str(path), start="beginning")
    for _ in range(5):
        assert tail.read(clock.moment()) is None
        clock.advance(10)
    state = tail.state()
    assert state.status == "denied"
    assert " 0; chgrp " in state.detail
    assert "&& chmod g+r " in state.detail
    assert events["tailer.file_denied"] == 1
    path.chmod(0o400)
    assert tail.changed()
    data = b""
    while (block := tail.read(clock.moment())) is not None:
        data += block.data
    assert data == b"one\n"
    assert tail.state().status == "following"
    tail.close()


def test_the_remedy_names_the_group_that_may_read(as_nobody, monkeypatch):
    path = as_nobody / "app.log"
    path.write_bytes(b"one\n")
    path.chmod(0o040)
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    tail = Tail(str(path), start="beginning")
    tail.read(ManualClock().moment())
    group = tail.state().detail
    assert " 40; usermod -aG " in group
    assert group.endswith(" daemon")
    tail.close()


@pytest.mark.parametrize("mode", [0o711, 0o741, 0o700])
def test_no_group_is_named_that_may_not_list_a_directory_either(as_nobody, monkeypatch, mode):
    directory = as_nobody / "private"
    directory.mkdir(mode=mode)
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    assert f" && chmod g+rx {directory}" in denial(str(directory))


@pytest.mark.parametrize(("gid", "remedy"), [(0, "chgrp "), (4, "usermod -aG adm ")])
def test_nobody_is_told_to_join_the_group_of_root(tmp_path, monkeypatch, gid, remedy):
    path = tmp_path / "app.log"
    path.touch()
    path.chmod(0o640)
    real = os.stat

    def stat(path, **how):
        status = list(real(path, **how))
        status[5] = gid
        return os.stat_result(status)

    monkeypatch.setattr(opening_module.os, "stat", stat)
    assert f"640; {remedy}" in denial(str(path))


def test_a_closed_directory_is_named_in_the_remedy(as_nobody):
    directory = as_nobody / "private"
    directory.mkdir()
    (directory / "app.log").write_bytes(b"one\n")
    directory.chmod(0o600)
    tail = Tail(str(directory / "app.log"))
    tail.read(ManualClock().moment())
    assert tail.state().status == "denied"
    assert tail.state().detail.startswith(f"{directory} is ")
    directory.chmod(0o700)
    tail.close()


def test_a_file_denied_at_the_first_look_is_read_from_where_it_ended_then(as_nobody):
    path = as_nobody / "app.log"
    path.write_bytes(b"old\n")
    path.chmod(0o200)
    clock, tail = ManualClock(), Tail(str(path), start="end")
    assert tail.read(clock.moment()) is None
    with path.open("ab") as file:
        file.write(b"meanwhile\n")
    path.chmod(0o600)
    data = b""
    while (block := tail.read(clock.moment())) is not None:
        data += block.data
    assert data == b"meanwhile\n"
    tail.close()


def test_an_open_file_is_read_on_though_its_rights_are_taken_away(as_nobody):
    path = as_nobody / "app.log"
    path.write_bytes(b"one\n")
    clock, tail = ManualClock(), Tail(str(path), start="beginning")
    while tail.read(clock.moment()):
        pass
    with path.open("ab", buffering=0) as file:
        path.chmod(0o000)
        file.write(b"two\n")
        block = tail.read(clock.moment())
    assert block is not None
    assert block.data == b"two\n"
    assert tail.state().status == "following"
    tail.close()


def test_retries_back_off_from_one_second_to_a_minute(as_nobody):
    path = as_nobody / "app.log"
    path.write_bytes(b"")
    path.chmod(0o000)
    clock, tail = ManualClock(), Tail(str(path))
    waits = []
    for _ in range(9):
        tail.read(clock.moment())
        waits.append(tail.next_look(clock.moment()) - clock.steady())
        clock.advance(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    tail.close()


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_an_error_never_moves_the_offset(follow, monkeypatch, events, number):
    log = follow(b"one\n")
    log.read()
    log.append(b"two\n")
    offset = log.tail.state().offset

    def fail(*_args):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(generation_module.os, "pread", fail)
        for _ in range(3):
            assert log.read() == []
    assert log.tail.state().status == "error"
    assert log.tail.state().offset == offset
    assert not log.tail.caught_up()
    assert events["tailer.file_error"] == 1
    assert log.tail.next_look(log.clock.moment()) == log.clock.steady() + 1.0
    assert log.read() == []
    log.advance(1.0)
    assert log.read() == [b"two\n"]
    assert log.tail.state().status == "following"


def test_an_error_in_an_old_generation_does_not_hold_up_the_new_one(follow, monkeypatch):
    log = follow(b"one\n")
    log.read()
    old = log.rotate(new=b"three\n")
    log.append(b"two\n", old)
    real, bad = os.fstat, old.stat().st_ino

    def fstat(fd):
        status = real(fd)
        if status.st_ino == bad:
            raise OSError(errno.EIO, "bad disk")
        return status

    with monkeypatch.context() as patch:
        patch.setattr(generation_module.os, "fstat", fstat)
        assert log.read() == [b"three\n"]
    log.advance(2.0)
    assert log.read() == [b"two\n"]


def test_a_remote_file_is_believed_to_be_cut_only_after_a_second(follow, monkeypatch):
    log = follow(b"one\ntwo\n")
    log.read()
    monkeypatch.setattr(tail_module, "is_remote", lambda _fd: True)
    real = os.fstat
    stale = True

    def fstat(fd):
        status = list(real(fd))
        status[6] = 4 if stale else status[6]
        return os.stat_result(status)

    monkeypatch.setattr(generation_module.os, "fstat", fstat)
    assert log.read() == []
    assert log.tail.next_look(log.clock.moment()) == log.clock.steady() + 1.0
    log.advance(0.5)
    assert log.read() == []
    stale = False
    log.append(b"three\n")
    assert log.read() == [b"three\n"]


def test_a_remote_file_that_was_short_twice_for_a_moment_was_not_cut(follow, monkeypatch):
    """Between the two it is looked at again, though it is as it was before the first."""
    log = follow(b"one\ntwo\n")
    log.read()
    monkeypatch.setattr(tail_module, "is_remote", lambda _fd: True)
    real = os.fstat
    stale = True

    def fstat(fd):
        status = list(real(fd))
        status[6] = 4 if stale else status[6]
        return os.stat_result(status)

    monkeypatch.setattr(generation_module.os, "fstat", fstat)
    for _ in range(2):
        stale = True
        assert log.tail.changed()
        assert log.read() == []
        stale = False
        log.advance(0.9)
        assert log.tail.changed()
        assert log.read() == []
        assert not log.tail.changed()
        log.advance(0.9)


# Over-long lines and memory.


def test_an_over_long_line_gives_its_head_and_then_the_next_line(follow):
    log = follow(b"before\n" + b"x" * 5000 + b"\nafter\n", max_line=1000, block_size=1024)
    blocks = [block for block in log.blocks_now() if block.data]
    assert [block.data for block in blocks] == [b"before\n", b"x" * 1000, b"after\n"]
    assert [block.truncated for block in blocks] == [False, True, False]
    assert blocks[1].start == 7
    assert blocks[1].checkpoint.skipping
    assert not blocks[2].checkpoint.skipping


def test_an_over_long_line_that_fits_into_a_block_is_left_as_it_is(follow):
    log = follow(b"x" * 5000 + b"\nafter\n", max_line=1000)
    assert log.read() == [b"x" * 5000 + b"\n", b"after\n"]
    assert not any(block.truncated for block in log.blocks)


def test_skipping_goes_on_after_a_restart(follow):
    log = follow(b"x" * 5000, max_line=1000, block_size=1024)
    log.read()
    log.restart()
    log.append(b"x" * 100 + b"\nafter\n")
    assert log.read() == [b"after\n"]


def test_a_line_that_grows_too_long_is_cut_once(follow):
    log = follow(b"", max_line=100)
    for _ in range(50):
        log.append(b"x" * 10)
        log.read()
    log.append(b"\nafter\n")
    log.read()
    assert [block.truncated for block in log.blocks if block.data] == [True, False]
    assert log.blocks[-1].data == b"after\n"


_HUGE = """
import resource, sys
from logwatch.clock import ManualClock
from logwatch.tailer.tail import Tail
tail, moment = Tail(sys.argv[1], start="beginning"), ManualClock().moment()
lines = []
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
while (block := tail.read(moment)) is not None:
    lines += [(len(line), block.truncated) for line in block.data.splitlines()]
print(lines, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_line_of_a_hundred_megabytes_takes_less_than_eight_of_memory(tmp_path):
    path = tmp_path / "app.log"
    with path.open("wb") as file:
        file.write(b"before\n")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\nafter\n")
    answer = subprocess.run(
        [sys.executable, "-c", _HUGE, str(path)], capture_output=True, text=True, check=True
    ).stdout
    lines, _, kilobytes = answer.rpartition(" ")
    assert lines == str([(6, False), (262_144, True), (5, False)])
    assert int(kilobytes) < 8 * 1024


# Waking.


def test_changed_tells_whether_there_is_something_to_read(follow):
    log = follow(b"one\n")
    assert log.tail.changed()
    log.read()
    assert not log.tail.changed()
    log.append(b"tw")
    assert log.tail.changed()
    log.read()
    assert not log.tail.changed()
    log.rotate()
    assert log.tail.changed()


def test_changed_sees_late_writes_to_an_old_generation(follow):
    log = follow(b"one\n")
    log.read()
    old = log.rotate()
    log.read()
    assert not log.tail.changed()
    log.append(b"late\n", old)
    assert log.tail.changed()


def test_changed_and_identities_bear_that_everything_is_closed_meanwhile(follow):
    log = follow(b"one\n")
    log.read()
    (key,) = log.tail.identities()
    assert key[0] == log.path.stat().st_ino
    sighting = log.tail._sighting
    log.tail.close()
    log.tail._sighting = sighting
    assert log.tail.changed() in (True, False)
    assert log.tail.identities() == frozenset()


def test_caught_up_means_that_nothing_is_left_in_any_generation(follow):
    log = follow(b"one\n")
    assert not log.tail.caught_up()
    log.tail.read(log.clock.moment())
    assert not log.tail.caught_up()
    log.read()
    assert log.tail.caught_up()
    assert (log.tail.state().offset, log.tail.state().size) == (4, 4)


def test_finish_hands_out_unfinished_lines_and_closes_old_generations(follow):
    log = follow(b"one\ntwo")
    log.read()
    log.rotate(new=b"three")
    assert log.read(finish=True) == [b"two", b"three"]
    assert log.tail.state().generations == 1


def test_no_file_stays_open_after_close(follow):
    def handles():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = handles()
    log = follow(b"one\n")
    log.read()
    for n in range(5):
        log.rotate(f".{n}", b"%d\n" % n)
        log.read()
    assert handles() == before + 6
    log.advance(400)
    log.read()
    assert handles() == before + 1
    log.tail.close()
    assert handles() == before


def test_two_paths_of_one_file_are_read_once(tmp_path):
    first, second = tmp_path / "a.log", tmp_path / "b.log"
    first.write_bytes(b"one\n")
    os.link(first, second)
    claims, clock = Claims(), ManualClock()
    tails = [Tail(str(path), start="beginning", claims=claims) for path in (first, second)]
    data = []
    for tail in tails:
        while (block := tail.read(clock.moment())) is not None:
            data.append(block.data)
    assert data == [b"", b"one\n"]
    assert tails[1].state().detail == f"followed as {first}"
    tails[0].close()
    with second.open("ab") as file:
        file.write(b"two\n")
    clock.advance(1.0)
    data = []
    while (block := tails[1].read(clock.moment())) is not None:
        data.append(block.data)
    assert b"".join(data) == b"two\n"
    tails[1].close()


def test_a_block_is_no_longer_than_asked_for_where_lines_are_short(follow, numbered):
    """What was found in a block waits in memory for other files: a long `max_line` is no reason."""
    log = follow(numbered(0, 500), block_size=200, max_line=4000)
    assert 0 < max(len(block.data) for block in log.blocks_now()) <= 200


def test_after_doubt_about_all_only_what_was_there_is_marked_as_read_again(follow):
    """As where the store was replaced: what comes from then on was told by nobody."""
    log = follow(b"one\ntwo\n", doubtful=True)
    log.read()
    log.append(b"three\n")
    log.read()
    told = [(block.data, block.reread) for block in log.blocks if block.data]
    assert told == [(b"one\ntwo\n", True), (b"three\n", False)]
