"""Generations that exist only compressed: read on where reading was, in order, once."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import resource
import shutil
import subprocess
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
from backports import zstd
from msgspec.structs import replace

from logwatch.tailer.opening import open_regular
from logwatch.tailer.unpacking import Unpacking

PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": partial(lzma.compress, preset=1),
    ".zst": zstd.compress,
}


def pack(path: Path, suffix: str = ".gz") -> Path:
    """Compress a file as the tools do: another file with the time of the last change."""
    packed = path.with_name(path.name + suffix)
    packed.write_bytes(PACKERS[suffix](path.read_bytes()))
    status = path.stat()
    os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
    path.unlink()
    return packed


def check_read_once(log, rest: bytes) -> None:
    """`rest` is read and nothing of it lost, and a restart reads nothing again."""
    assert b"".join(log.read()) == rest
    assert not log.tail.losses()
    log.restart()
    assert log.read() == []


def noise(lines: int, seed: int = 1) -> bytes:
    """Lines that no compressor makes much smaller."""
    rng = random.Random(seed)
    return b"".join(b"%x\n" % rng.getrandbits(400) for _ in range(lines))


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("lines", [3, 300])
def test_a_generation_packed_while_stopped_is_read_on(follow, numbered, suffix, lines):
    log = follow(numbered(0, lines))
    log.read()
    name = log.blocks[-1].checkpoint.identity
    log.tail.close()
    log.append(numbered(lines, 2))
    pack(log.rotate(new=numbered(1000, 1)), suffix)
    log.restart()
    assert b"".join(log.read()) == numbered(lines, 2) + numbered(1000, 1)
    assert log.store[name].closed
    assert not log.tail.losses()
    log.restart()
    assert log.read() == []


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("live", [False, True])
def test_a_log_packed_under_its_own_name_while_stopped_is_read_on(follow, numbered, suffix, live):
    """As is done to logs that have their date in their name."""
    log = follow(numbered(0, 3), name="app-2026-01-05.log")
    log.read()
    log.tail.close()
    log.append(numbered(3, 2))
    pack(log.path, suffix)
    if live:
        log.path.write_bytes(numbered(100, 1))
    log.restart()
    check_read_once(log, numbered(3, 2) + (numbered(100, 1) if live else b""))


def test_a_copy_that_somebody_packs_under_the_name_of_the_log_is_no_generation(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.beside(".gz").write_bytes(gzip.compress(numbered(50, 3)))
    log.rotate(new=numbered(100, 1))
    assert b"".join(log.read()) == numbered(100, 1)
    log.restart()
    assert log.read() == []


@pytest.mark.parametrize("suffix", PACKERS)
def test_unseen_generations_that_are_packed_are_read_in_order(follow, numbered, suffix):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    pack(log.rotate(".3", numbered(10, 3)), suffix)
    pack(log.rotate(".2", numbered(20, 3)), suffix)
    log.rotate(".1", numbered(30, 1))
    log.restart()
    expected = [numbered(first, 3) for first in (10, 20)]
    check_read_once(log, b"".join([*expected, numbered(30, 1)]))


def test_dated_generations_are_read_in_order_though_packed_in_another(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    names = ["-20260101", "-20260102", "-20260103"]
    moved = [log.rotate(name, numbered(10 + 10 * n, 3)) for n, name in enumerate(names)]
    for path in reversed(moved):
        pack(path)
    log.restart()
    assert b"".join(log.read()) == b"".join(numbered(first, 3) for first in (10, 20, 30))


@pytest.mark.parametrize("stop_after", range(1, 12))
def test_a_restart_in_the_middle_of_packed_generations_goes_on_there(follow, numbered, stop_after):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.append(numbered(3, 60))
    pack(log.rotate(".2", numbered(100, 60)))
    pack(log.rotate(".1", numbered(200, 1)))
    log.restart(block_size=600, max_line=100)
    for _ in range(stop_after):
        block = log.tail.read(log.clock.moment())
        assert block is not None
        log.blocks.append(block)
        log.commit(block)
    log.beside(".1.gz").rename(log.beside(".2b.gz"))
    log.beside(".2.gz").rename(log.beside(".3.gz"))
    log.beside(".2b.gz").rename(log.beside(".2.gz"))
    log.restart()
    log.read()
    assert log.data() == numbered(0, 63) + numbered(100, 60) + numbered(200, 1)
    assert not log.tail.losses()


def test_a_generation_packed_while_it_is_read_loses_nothing(follow, numbered):
    log = follow(numbered(0, 3), block_size=200, max_line=100)
    log.read()
    log.append(numbered(3, 200))
    old = log.rotate(new=numbered(300, 1))
    log.commit(log.tail.read(log.clock.moment()))
    old.rename(log.beside(".2"))
    pack(log.beside(".2"))
    log.read()
    log.rotate(new=numbered(400, 1))
    log.read()
    assert sorted(set(log.data().splitlines())) == sorted(log.data().splitlines())
    log.restart()
    log.read()
    assert not log.tail.losses()


def test_a_file_that_is_just_being_packed_is_read_as_it_is(follow, numbered):
    """Both are there: the compressed one has its beginning only."""
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    old = log.rotate(new=numbered(500, 1))
    old.write_bytes(old.read_bytes() + noise(2000))
    younger = log.rotate(".1b", numbered(600, 1))
    old.rename(log.beside(".2"))
    younger.rename(log.beside(".1"))
    whole = gzip.compress(log.beside(".2").read_bytes())
    log.beside(".2.gz").write_bytes(whole[: len(whole) // 2])
    log.restart()
    assert b"".join(log.read()) == noise(2000) + numbered(500, 1) + numbered(600, 1)
    log.beside(".2.gz").write_bytes(whole)
    log.beside(".2").unlink()
    log.rotate(".0", numbered(700, 1))
    assert b"".join(log.read()) == numbered(700, 1)
    assert not log.tail.losses()


def test_several_members_in_one_file_are_one_generation(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.rotate(".1", numbered(20, 1)).unlink()
    members = gzip.compress(numbered(0, 5)) + gzip.compress(numbered(5, 5))
    log.beside(".1.gz").write_bytes(members)
    log.restart()
    assert b"".join(log.read()) == numbered(3, 7) + numbered(20, 1)


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("how", ["cut", "spoilt"])
def test_a_damaged_generation_is_read_as_far_as_it_goes_and_told_once(
    follow, numbered, suffix, how
):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    pack(log.rotate(".2", noise(6_000)))
    packed = pack(log.rotate(".1", numbered(20, 1)), suffix)
    data, stamp = packed.read_bytes(), packed.stat().st_mtime_ns
    middle = len(data) * 9 // 10
    packed.write_bytes(data[:middle] if how == "cut" else data[:middle] + bytes(500))
    os.utime(packed, ns=(stamp, stamp))
    log.restart(grace=10.0)
    found = b"".join(log.read())
    log.advance(61)
    assert len(log.read()) <= 1  # the line that it ends in
    (loss,) = log.tail.losses()
    assert loss.reason == "damaged"
    assert loss.end is None
    assert 0 <= loss.start <= len(noise(6_000))
    assert found.endswith(numbered(20, 1))
    assert len(found) > 400_000 or suffix == ".bz2"  # it compresses 900 kB at once
    log.restart()
    assert log.read() == []
    assert not log.tail.losses()


def test_one_that_nothing_can_be_read_of_is_told_and_the_rest_goes_on(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.beside(".1.gz").write_bytes(b"\x1f\x8b this is no gzip file at all, whatever it says")
    log.beside(".2.xz").write_bytes(b"\xfd7zXZ\x00nor is this an xz file")
    log.beside(".3.lz4").write_bytes(b"\x04\x22\x4d\x18 nothing reads this")
    log.rotate(".4", new=numbered(10, 1))
    assert b"".join(log.read()) == numbered(10, 1)
    losses = {loss.generation[-3:]: loss.reason for loss in log.tail.losses()}
    assert losses == {".gz": "damaged", ".xz": "damaged", "lz4": "compressed"}
    log.rotate(".5", new=numbered(11, 1))
    log.read()
    assert not log.tail.losses()


def test_one_that_is_still_being_written_is_waited_for(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.rotate(".2", numbered(20, 1))
    data = noise(5000)
    whole = gzip.compress(data)
    part = log.beside(".1.gz")
    part.write_bytes(whole[: len(whole) // 2])
    log.restart()
    found = b"".join(log.read())
    log.advance(100)
    with part.open("ab") as file:
        file.write(whole[len(whole) // 2 :])
    found += b"".join(log.read())
    assert found.replace(numbered(20, 1), b"", 1) == data
    assert not log.tail.losses()


def test_small_generations_that_are_alike_are_not_taken_for_one_another(follow):
    """A program that says the same at every start, and little more."""
    log = follow(b"started\n")
    log.read()
    for number in range(4):
        log.append(b"worked %d\n" % number)
        log.read()
        log.tail.close()
        for each in (3, 2, 1):
            if log.beside(f".{each}.gz").exists():
                log.beside(f".{each}.gz").rename(log.beside(f".{each + 1}.gz"))
        log.append(b"stopped %d\n" % number)
        pack(log.rotate(new=b"started\n"))
        log.restart()
        log.read()
    expected = b"".join(b"started\nworked %d\nstopped %d\n" % (n, n) for n in range(4))
    assert log.data() == expected + b"started\n"
    assert not log.tail.losses()


def write_while_packing(path: Path, late: bytes) -> Path:
    """Compress a file; what comes late is in no file in the end."""
    plain = path.read_bytes()
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(plain))
    with path.open("ab") as file:
        file.write(late)
    return packed


def test_one_that_was_written_to_while_it_was_packed_may_be_another_and_is_marked(follow, numbered):
    """Nothing was read of the log that took its place, and that is gone; so are the late lines."""
    log = follow(numbered(0, 5))
    log.read()
    old = log.rotate()
    log.read()
    write_while_packing(old, numbered(5, 3))
    log.read()
    old.unlink()
    log.path.unlink()
    log.blocks.clear()
    log.restart()
    log.path.write_bytes(numbered(100, 1))
    log.read()
    again = [block for block in log.blocks if block.data and block.data != numbered(100, 1)]
    assert log.data() == numbered(0, 5) + numbered(100, 1)
    assert all(block.reread for block in again)
    assert not log.blocks[-1].reread


@pytest.mark.parametrize("lines", [30, 70])
def test_a_short_one_is_not_doubted_where_the_longer_one_before_it_is_there(
    follow, numbered, lines
):
    """Each night one is packed, and the log that nothing was read of is shorter than the last."""
    log = follow(numbered(0, lines))
    log.read()
    pack(log.rotate(".2"))
    log.read()
    log.tail.close()
    log.append(numbered(100, 3))
    pack(log.rotate(".1", numbered(200, 1)))
    log.blocks.clear()
    log.restart()
    log.read()
    assert log.data() == numbered(100, 3) + numbered(200, 1)
    assert not any(block.reread for block in log.blocks)
    assert not log.tail.losses()


def test_what_is_taken_for_one_of_which_little_was_read_may_be_one_that_begins_alike(follow):
    """A program says the same at every start; the first log was written to while it was packed."""
    log = follow(b"started\nworked\n")
    log.read()
    old = log.rotate(new=b"started\n")
    log.read()
    write_while_packing(old, b"worked late\n")
    log.read()
    old.unlink()
    log.path.unlink()
    log.blocks.clear()
    log.restart()
    log.path.write_bytes(b"stopped\n")
    log.read()
    assert [(block.data, block.reread) for block in log.blocks if block.data] == [
        (b"worked\n", True),
        (b"stopped\n", False),
    ]


def test_an_archive_that_was_read_may_be_one_of_which_less_was_read_and_is_marked(follow):
    """A program says the same at every start; all that is compressed is of the log before."""
    log = follow(b"started\n")
    log.read()
    old = log.rotate(new=b"started\n")
    log.append(b"worked\n", old)
    log.read()
    pack(old)
    log.read()
    log.advance(400)
    log.read()
    log.path.unlink()
    log.blocks.clear()
    log.restart()
    log.path.write_bytes(b"stopped\n")
    log.read()
    assert [(block.data, block.reread) for block in log.blocks if block.data] == [
        (b"worked\n", True),
        (b"stopped\n", False),
    ]


def test_the_archive_of_one_that_nothing_is_known_of_is_not_the_beginning_of_another(follow):
    """That other one was written to after it was packed; this one has a line without end."""
    log = follow(b"")
    log.read()
    old = log.rotate(new=b"")
    log.append(b"worked\n", old)
    log.read()
    write_while_packing(old, b"worked late\n").rename(log.beside(".2.gz"))
    log.read()
    old.unlink()
    log.append(b"unfinished")
    pack(log.rotate(new=b""))
    log.read()
    log.tail.close()
    log.restart()
    log.read()
    log.advance(400)
    log.read()
    assert log.data().endswith(b"unfinished")


def cut_and_copied(log, then: bytes) -> None:
    """What was in the log is compressed beside it, and the log goes on with other lines."""
    shutil.copyfile(log.path, log.beside(".2"))
    os.truncate(log.path, 0)
    log.append(then)
    pack(log.beside(".2"))


def read_some(log, blocks: int) -> None:
    for _ in range(blocks):
        block = log.tail.read(log.clock.moment())
        log.blocks.append(block)
        log.commit(block)


@pytest.mark.parametrize("blocks", range(3, 7))
def test_a_cut_log_that_was_written_to_while_it_was_packed_is_read_on(follow, numbered, blocks):
    """Only what is behind the end of the archive is lost, wherever reading was."""
    log = follow(numbered(0, 2), block_size=24, max_line=23)
    log.read()
    cut_and_copied(log, numbered(100, 3))
    log.beside(".1.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.append(numbered(103, 3))
    read_some(log, blocks)
    log.path.unlink()
    told = len(log.blocks)
    log.restart()
    log.read()
    assert log.data() == numbered(0, 2) + numbered(100, 3)
    assert all(block.reread for block in log.blocks[told:] if block.data)
    assert [(loss.start, loss.end, loss.reason) for loss in log.tail.losses()] == [
        (len(numbered(100, 3)), None, "gone")
    ]
    log.restart()
    assert log.read() == []
    assert not log.tail.losses()


def test_a_cut_log_is_read_on_in_an_archive_that_was_in_the_making_at_the_last_look(
    follow, numbered
):
    """Whatever is known of the file that had the inode of the archive before."""
    log = follow(numbered(0, 2), block_size=24, max_line=23)
    log.read()
    (finished,) = log.store.values()
    cut_and_copied(log, numbered(100, 4))
    whole = gzip.compress(log.path.read_bytes())
    log.beside(".1.gz").write_bytes(whole[: len(whole) // 2])
    log.append(numbered(104, 2))
    read_some(log, 4)
    log.restart()
    read_some(log, 1)
    log.tail.close()
    with log.beside(".1.gz").open("ab") as file:
        file.write(whole[len(whole) // 2 :])
    log.path.unlink()
    inode = log.beside(".1.gz").stat().st_ino
    log.store[finished.identity] = replace(finished, inode=inode, closed=True)
    told = len(log.blocks)
    log.restart()
    log.read()
    assert log.data() == numbered(0, 2) + numbered(100, 4)
    assert all(block.reread for block in log.blocks[told:] if block.data)
    assert [(loss.start, loss.reason) for loss in log.tail.losses()] == [
        (len(numbered(100, 4)), "gone")
    ]


def test_a_restart_in_the_middle_of_such_an_archive_tells_the_loss_once(follow, numbered):
    log = follow(numbered(0, 2), block_size=24, max_line=23)
    log.read()
    cut_and_copied(log, numbered(100, 5))
    log.beside(".1.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.append(numbered(105, 3))
    read_some(log, 4)
    log.path.unlink()
    log.restart()
    read_some(log, 3)
    assert len(log.tail.losses()) == 1
    log.restart()
    log.read()
    assert log.data() == numbered(0, 2) + numbered(100, 5)
    assert not log.tail.losses()


def test_a_cut_log_is_not_taken_for_one_that_was_read_and_begins_alike(follow):
    log = follow(b"started\nworked 1\n", block_size=8, max_line=9)
    log.read()
    cut_and_copied(log, b"started\nstopped as it was told to\n")
    read_some(log, 4)
    assert log.blocks[-1].data == b"started\n"
    log.path.unlink()
    log.restart()
    assert log.read() == []
    assert [(loss.start, loss.end) for loss in log.tail.losses()] == [(8, None)]


def test_what_was_packed_while_stopped_is_read_whole_though_it_begins_as_one_that_is_gone(follow):
    log = follow(b"started\nworked 1\n", block_size=8, max_line=9)
    log.read()
    cut_and_copied(log, b"started\nstopped as it was told to\n")
    read_some(log, 4)
    log.path.unlink()
    log.tail.close()
    log.beside(".1.gz").write_bytes(gzip.compress(b"started\nworked 2\n"))
    log.restart()
    assert log.read() == [b"started\n", b"worked 2\n"]
    assert [(loss.start, loss.end) for loss in log.tail.losses()] == [(8, None)]


@pytest.mark.parametrize("count", [1, 3])
def test_an_empty_log_that_was_packed_while_stopped_is_no_loss(follow, numbered, count):
    log = follow(b"")
    log.read()
    log.tail.close()
    for number in range(count, 0, -1):
        pack(log.rotate(f".{number}"))
    log.append(numbered(0, 1))
    log.restart()
    assert log.read() == [numbered(0, 1)]
    assert not log.tail.losses()


@pytest.mark.parametrize("lines", [3, 300])
def test_a_log_that_is_packed_in_its_place_is_not_taken_for_the_empty_one_before(
    follow, numbered, lines
):
    """Nothing was read of the one before, and it is gone; the new one is still there."""
    log = follow(b"")
    log.read()
    log.tail.close()
    log.path.unlink()
    log.path.write_bytes(numbered(0, lines))
    log.beside(".1.gz").write_bytes(gzip.compress(numbered(0, lines)))
    log.restart()
    log.read()
    told = [(block.data, block.reread) for block in log.blocks if block.data]
    once, marked = (numbered(0, lines), False), (numbered(0, lines), True)
    assert told == ([once, marked] if lines == 3 else [once])


def test_a_cut_log_that_is_taken_for_an_empty_one_that_is_gone_is_marked(follow, numbered):
    """It is being packed in its place, and was cut since a copy of it was packed."""
    log = follow(b"")
    log.read()
    empty = log.store.copy()
    log.path.unlink()
    log.path.write_bytes(numbered(0, 60))
    log.read()
    log.store = empty | log.store | empty  # a kill before the end of the empty one was committed
    log.tail.close()
    cut_and_copied(log, numbered(100, 3))
    log.beside(".1.gz").write_bytes(gzip.compress(numbered(100, 3)))
    log.blocks.clear()
    log.restart()
    log.read()
    told = [(block.data, block.reread) for block in log.blocks if block.data]
    assert told == [(numbered(100, 3), False), (numbered(100, 3), True)]


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_log_that_is_packed_in_its_place_while_it_is_read_is_marked_where_it_comes_again(
    follow, numbered, is_killed
):
    """What makes logwatch look around is that an empty archive there may still be written."""
    log = follow(b"", block_size=24, max_line=23)
    log.read()
    log.beside(".2.gz").write_bytes(gzip.compress(b""))
    log.path.unlink()
    log.path.write_bytes(numbered(0, 3))
    read_some(log, 2)
    assert log.data() == numbered(0, 1)
    log.beside(".1.gz").write_bytes(gzip.compress(numbered(0, 3)))
    log.advance(61)
    if is_killed:
        while log.blocks[-1].data != numbered(2, 1):
            read_some(log, 1)
        log.restart()
    log.read()
    once = b"".join(block.data for block in log.blocks if not block.reread)
    again = b"".join(block.data for block in log.blocks if block.reread)
    assert (once, again) == (numbered(0, 3), numbered(0, 3))


def test_an_empty_archive_is_looked_at_again_for_a_minute_only(follow, numbered):
    """Its compressor may have made it just now."""
    log = follow(numbered(0, 1))
    log.read()
    log.beside(".1.gz").write_bytes(gzip.compress(b""))
    log.rotate(".2", b"")
    log.read()
    assert log.tail.next_look(log.clock.moment()) is not None
    log.advance(400)
    log.read()
    assert log.tail.next_look(log.clock.moment()) is None
    log.restart()
    assert log.read() == []


def test_what_is_being_packed_is_not_taken_for_an_empty_one_that_is_gone(follow, numbered):
    log = follow(b"")
    log.read()
    log.tail.close()
    log.path.unlink()
    log.beside(".1").write_bytes(numbered(0, 3))
    log.beside(".1.gz").write_bytes(gzip.compress(numbered(0, 3)))
    log.path.write_bytes(numbered(10, 1))
    log.restart()
    log.read()
    assert log.data() == numbered(0, 3) + numbered(10, 1)
    assert not any(block.reread for block in log.blocks)


def test_short_logs_of_the_same_lines_are_all_read(follow):
    """A program without a clock says the same each time; one log is packed, the next is not yet."""
    log = follow(b"first\n")
    log.read()
    log.tail.close()
    pack(log.rotate(".2", b"started\nstopped\n"))
    log.beside(".2.gz").rename(log.beside(".3.gz"))
    pack(log.rotate(".2", b"started\nstopped\n"))
    log.rotate(".1", b"last\n")
    log.blocks.clear()
    log.restart()
    log.read()
    assert log.data() == b"started\nstopped\n" * 2 + b"last\n"
    assert not log.tail.losses()


def test_a_log_that_is_packed_in_its_place_comes_once_though_the_one_before_was_cut(
    follow, numbered
):
    """The log before was copied, cut, written on and renamed, all while nobody looked."""
    log = follow(numbered(0, 60))
    log.read()
    log.tail.close()
    log.beside(".3.gz").write_bytes(gzip.compress(numbered(0, 60)))
    log.path.write_bytes(numbered(100, 90))
    log.rotate(".2", numbered(200, 60))
    log.beside(".1.gz").write_bytes(gzip.compress(numbered(200, 60)))
    log.blocks.clear()
    log.restart()
    log.read()
    assert log.data() == numbered(100, 90) + numbered(200, 60)


def test_a_header_of_more_than_a_kilobyte_does_not_make_generations_one(follow, numbered):
    header = b"# " + b"-" * 4000 + b"\n"
    log = follow(header + numbered(0, 3))
    log.read()
    log.tail.close()
    pack(log.rotate(".2", header + numbered(10, 9)))
    pack(log.rotate(".1", header + numbered(20, 1)))
    log.restart()
    rest = header + numbered(10, 9) + header + numbered(20, 1)
    assert b"".join(log.read()) == rest


@pytest.mark.parametrize("live", [False, True])
def test_a_copy_that_was_packed_is_read_on_after_the_file_was_cut(follow, numbered, live):
    log = follow(numbered(0, 100))
    log.read()
    if not live:
        log.tail.close()
    log.append(numbered(100, 5))
    for number in (2, 1):
        shutil.copyfile(log.path, log.beside(f".{number}"))
        os.truncate(log.path, 0)
        log.append(numbered(1000 * (3 - number), 50))
        pack(log.beside(f".{number}"))
    if not live:
        log.restart()
    rest = numbered(100, 5) + numbered(1000, 50) + numbered(2000, 50)
    check_read_once(log, rest)


def test_a_partial_last_line_is_handed_out_at_the_end_of_its_generation(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.append(b"cut of")
    pack(log.rotate(new=numbered(20, 1)))
    log.restart()
    assert log.read() == [b"cut of", *numbered(20, 1).splitlines(keepends=True)]


def test_zeros_at_the_beginning_are_passed_over(follow, numbered):
    """A writer without O_APPEND leaves a hole when its file is cut, and gzip keeps it."""
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.rotate(".2", b"")
    with log.path.open("r+b") as file:
        file.truncate(50_000_000)
        file.seek(50_000_000)
        file.write(numbered(10, 3))
    pack(log.rotate(".1", numbered(20, 1)))
    log.restart()
    assert b"".join(log.read()) == numbered(10, 3) + numbered(20, 1)


def test_old_archives_are_never_read_again(follow, numbered):
    log = follow(numbered(0, 3))
    for number in range(2, 6):
        log.beside(f".{number}").write_bytes(numbered(100 * number, 3))
        pack(log.beside(f".{number}"))
        os.utime(log.beside(f".{number}.gz"), ns=(10**18, 10**18))
    log.read()
    log.restart()
    log.read()
    log.tail.close()
    pack(log.rotate(".1", numbered(10, 1)))
    log.restart()
    log.read()
    assert log.data() == numbered(0, 3) + numbered(10, 1)


def test_an_over_long_line_is_cut_and_its_rest_passed_over(follow, numbered):
    log = follow(numbered(0, 3), max_line=100)
    log.read()
    log.tail.close()
    log.append(b"x" * 1_000_000 + b"\n" + numbered(3, 1))
    pack(log.rotate(new=numbered(20, 1)))
    log.restart(block_size=1000)
    assert b"".join(log.read()) == b"x" * 100 + numbered(3, 1) + numbered(20, 1)


def test_a_decompression_bomb_costs_time_and_no_memory(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.rotate(".2", numbered(20, 1))
    with gzip.open(log.beside(".1.gz"), "wb", 1) as file:
        line = b"y" * 99 + b"\n"
        for _ in range(40):
            file.write(line * 10_000)  # 40 MB
    log.restart()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    total = 0
    while (block := log.tail.read(log.clock.moment())) is not None:
        total += len(block.data)
        shared = Path("/proc/self/status").read_text().partition("RssShmem:")[2].split()[0]
        assert int(shared) < 20_000, "kB of the window"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 40_000_000 + len(numbered(20, 1))
    assert peak < 20_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_a_dictionary_of_a_gigabyte_is_refused(tmp_path):
    packed = tmp_path / "app.log.1.xz"
    subprocess.run(
        f"printf 'a line\\n' | xz -c --lzma2=preset=0,dict=1GiB > {packed}", shell=True, check=True
    )
    unpacking = Unpacking(open_regular(str(packed)))
    assert not unpacking.fill(1)
    assert unpacking.is_damaged
    unpacking.close()


def test_all_files_are_let_go(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    log.append(numbered(3, 100))
    for number in (3, 2, 1):
        pack(log.rotate(f".{number}", numbered(100 * number, 100)))
    log.restart()
    log.tail.read(log.clock.moment())
    log.restart()
    log.read()
    log.tail.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_lines_read_a_moment_ago_can_be_quoted(follow, numbered):
    log = follow(numbered(0, 3))
    log.read()
    log.tail.close()
    log.append(numbered(3, 100_000))
    pack(log.rotate(new=numbered(20, 1)))
    log.restart(block_size=500_000)
    content = numbered(0, 100_003)
    for _ in range(5):
        block = log.tail.read(log.clock.moment())
        if block.data:
            start = block.start
            back = log.tail.read_back(block.checkpoint.identity, max(0, start - 1000), start)
            assert back.data in (content[max(0, start - 1000) : start], b"")
    assert back.data
    assert log.tail.read_back(block.checkpoint.identity, 5000, 6000).data == b""
