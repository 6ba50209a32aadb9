"""The end of a block is given back: it comes again, and each line is handed out once."""

from __future__ import annotations

import gzip
import os

import pytest
from doubles.examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.tailer.multiline import Framer, MultilineSettings
from logwatch.tailer.tail import Tail


def first_block(log):
    """The first block with lines."""
    while not (block := log.tail.read(log.clock.moment())).data:
        log.commit(block)
    return block


def test_what_is_given_back_comes_again(follow, numbered):
    log = follow(numbered(0, 100))
    block = first_block(log)
    line = len(numbered(0, 1))
    shorter = log.tail.give_back(block, 40 * line)
    assert shorter.data == numbered(0, 40)
    assert shorter.end == shorter.checkpoint.offset == log.tail.state().offset == 40 * line
    log.commit(shorter)
    assert b"".join(log.read()) == numbered(40, 60)


def test_after_a_restart_reading_goes_on_where_the_block_was_cut(follow, numbered):
    log = follow(numbered(0, 100))
    log.commit(log.tail.give_back(first_block(log), 40 * len(numbered(0, 1))))
    log.restart()
    assert b"".join(log.read()) == numbered(40, 60)


def test_a_file_that_is_overwritten_after_that_is_known_to_be_another(follow, numbered):
    """The bytes before the place are the proof, as behind every block."""
    log = follow(numbered(0, 100))
    line = len(numbered(0, 1))
    log.commit(log.tail.give_back(first_block(log), 40 * line))
    content = numbered(0, 100)
    log.path.write_bytes(content[: 39 * line] + b"x" * (line - 1) + b"\n" + content[40 * line :])
    assert b"".join(log.read()).startswith(numbered(0, 39))


def test_only_the_block_that_was_handed_out_last_can_be_given_back(follow, numbered):
    log = follow(numbered(0, 100), block_size=1_000)
    block = first_block(log)
    assert log.tail.read(log.clock.moment()).start == block.end
    assert log.tail.give_back(block, 20 * len(numbered(0, 1))) is None


def test_so_little_is_not_kept_that_it_proves_nothing(follow, numbered):
    log = follow(numbered(0, 100))
    assert log.tail.give_back(first_block(log), 2 * len(numbered(0, 1))) is None
    assert log.tail.state().offset == len(numbered(0, 100))


def test_where_bytes_are_not_those_of_the_file_nothing_is_given_back(follow, numbered):
    log = follow(("\ufeff" + numbered(0, 100).decode()).encode("utf-16-le"))
    block = first_block(log)
    assert log.tail.give_back(block, block.offset(40 * len(numbered(0, 1)))) is None


def test_what_is_given_back_of_a_compressed_generation_comes_again(follow, numbered):
    log = follow(numbered(0, 10))
    log.read()
    log.append(numbered(10, 90))
    log.beside(".1.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.path.unlink()
    log.path.write_bytes(b"")
    log.restart()
    block = first_block(log)
    shorter = log.tail.give_back(block, 50 * len(numbered(0, 1)))
    assert shorter.data == numbered(10, 40)
    log.commit(shorter)
    assert b"".join(log.read()) == numbered(50, 50)


def test_the_size_of_the_next_block_can_be_set(follow, numbered):
    log = follow(numbered(0, 100))
    log.tail.block_size = 10 * len(numbered(0, 1))
    assert first_block(log).data == numbered(0, 10)
    log.tail.block_size = 20 * len(numbered(0, 1))
    assert first_block(log).data == numbered(10, 20)


@pytest.mark.parametrize("is_joined", [False, True])
@given(
    lengths=st.lists(st.integers(0, 90), min_size=1, max_size=60),
    cuts=st.lists(st.floats(0, 1), max_size=30),
)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
def test_wherever_blocks_are_cut_each_line_comes_once(tmp_path, is_joined, lengths, cuts):
    """Records of several lines, too, which stay whole."""
    framer = Framer(
        MultilineSettings(preset="indent", timeout=5.0), encoding="utf-8", max_line=4096
    )
    records = [
        b"%04d " % at + b"x" * size + b"\n  more\n" * (size % 3) for at, size in enumerate(lengths)
    ]
    records = [each if each.endswith(b"\n") else each + b"\n" for each in records]
    path = tmp_path / f"{os.urandom(8).hex()}.log"
    path.write_bytes(b"".join(records))
    tail = Tail(
        str(path), start="beginning", block_size=2_000, framer=framer if is_joined else None
    )
    clock, found = ManualClock(), []
    cuts = iter(cuts)
    while block := tail.read(clock.moment(), finish=True):
        starts = [at + 1 for at, byte in enumerate(block.records[:-1]) if byte == 10]
        share = next(cuts, None)
        if starts and share is not None:
            cut = starts[int(share * (len(starts) - 1))]
            block = tail.give_back(block, block.offset(cut)) or block
        assert block.end == block.start + len(block.data)
        found += block.records.splitlines()
    tail.close()
    path.unlink()
    wanted = b"".join(records)
    assert b"\n".join(found).replace(b"\x0b", b"\n") + b"\n" == wanted
    if is_joined:
        assert len(found) == len(records)
