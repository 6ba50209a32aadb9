"""A tail that hands out records of several lines: across reads, restarts and rotations."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from doubles.examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logwatch.clock import ManualClock
from logwatch.tailer.multiline import Framer, MultilineSettings
from logwatch.tailer.tail import Tail

TIMEOUT = 2.0


def framer(preset="python", max_line=262_144, **others):
    return Framer(
        MultilineSettings(preset=preset, timeout=TIMEOUT, **others),
        encoding="utf-8",
        max_line=max_line,
    )


def records_of(blocks):
    found = []
    for block in blocks:
        at = 0
        for record in block.records.removesuffix(b"\n").split(b"\n") if block.data else ():
            found.append(block.data[at : at + len(record) + 1])
            at += len(record) + 1
    return found


@pytest.fixture
def records(follow):
    """Makes a harness whose `now` reads, and gives records."""

    def make(content=b"", **options):
        log = follow(content, framer=options.pop("framer", framer()), **options)
        log.now = lambda **how: records_of(log.blocks_now(**how))
        return log

    return make


TRACE = b"ERROR a\nTraceback (most recent call last):\n  File 'x'\nKeyError: 1\n"


def test_a_trace_that_is_dribbled_is_one_record(records):
    """Two seconds after its last line, as nothing follows it."""
    log = records()
    for line in TRACE.splitlines(keepends=True):
        log.append(line)
        assert log.now() == []
        log.advance(0.5)
    log.advance(1.4)
    assert log.now() == []
    log.advance(0.2)
    assert log.now() == [TRACE]
    assert log.now() == []


def test_the_line_behind_a_record_completes_it_at_once(records):
    log = records()
    log.append(TRACE)
    assert log.now() == []
    log.append(b"INFO b\n")
    assert log.now() == [TRACE]
    log.append(b"INFO c\n")
    assert log.now() == [b"INFO b\n"]


def test_a_line_byte_by_byte_and_a_line_that_is_open_wait(records):
    log = records()
    for byte in TRACE + b"IN":
        log.append(bytes([byte]))
        assert log.now() == []
    log.advance(TIMEOUT)
    assert log.now() == [TRACE]  # the open line may yet be any
    log.append(b"FO\n")
    log.advance(TIMEOUT)
    assert log.now() == []
    log.advance(TIMEOUT)
    assert log.now() == [b"INFO\n"]


def test_the_offset_stays_at_the_record_until_it_is_complete(records):
    log = records(b"INFO 0\nINFO 1\n" + TRACE)
    os.utime(log.path, (log.clock.wall(), log.clock.wall()))
    assert log.now() == [b"INFO 0\n", b"INFO 1\n"]
    (checkpoint,) = log.store.values()
    assert checkpoint.offset == 14
    log.advance(TIMEOUT)
    assert log.now() == [TRACE]
    (checkpoint,) = log.store.values()
    assert checkpoint.offset == 14 + len(TRACE)


def test_the_tail_says_when_to_look_again(records):
    log = records()
    log.append(b"INFO\n")
    log.now()
    assert log.tail.next_look(log.clock.moment()) == log.clock.steady() + TIMEOUT
    assert not log.tail.changed()
    log.advance(1.0)
    log.append(b"  more\n")
    log.now()
    assert log.tail.next_look(log.clock.moment()) == log.clock.steady() + TIMEOUT
    log.advance(TIMEOUT)
    assert log.now() == [b"INFO\n  more\n"]
    assert log.tail.next_look(log.clock.moment()) is None


def test_a_tail_has_not_caught_up_while_a_record_waits(records):
    log = records(TRACE)
    os.utime(log.path, (log.clock.wall(), log.clock.wall()))
    assert log.now() == []
    assert not log.tail.past_opening()
    assert not log.tail.caught_up()
    log.advance(TIMEOUT)
    assert log.now() == [TRACE]
    assert log.tail.past_opening()
    assert log.tail.caught_up()


def test_the_last_record_of_an_old_file_waits_for_nothing(records):
    """Nobody has written it for long; and it is of the backlog."""
    log = records(b"INFO\n" + TRACE)
    os.utime(log.path, (log.clock.wall() - 60, log.clock.wall() - 60))
    blocks = [block for block in log.blocks_now() if block.data]
    assert records_of(blocks) == [b"INFO\n", TRACE]
    assert all(block.backlog for block in blocks)


def test_a_record_that_began_in_the_backlog_is_of_the_backlog(records):
    """Its first line is what its time is read from."""
    log = records(b"INFO\nERROR a\n")
    os.utime(log.path, (log.clock.wall(), log.clock.wall()))
    log.now()
    log.append(b"  more\nINFO b\nINFO c\n")
    blocks = [block for block in log.blocks_now() if block.data]
    assert [(records_of([block]), block.backlog) for block in blocks] == [
        ([b"ERROR a\n  more\n"], True),
        ([b"INFO b\n"], False),
    ]


def test_finishing_hands_out_what_there_is(records):
    """An open line with the record that it belongs to."""
    log = records(TRACE + b"INFO\n  par")
    blocks = [block for block in log.blocks_now(finish=True) if block.data]
    assert records_of(blocks) == [TRACE, b"INFO\n  par"]
    assert [block.partial for block in blocks][-1]


LOG = b"".join(
    [b"INFO 0\n", TRACE, b"INFO 1\n", b"\n", b"INFO 2\n  x\n\n  y\n", TRACE, TRACE[8:], b"end\n"]
)
WANTED = [b"INFO 0\n", TRACE, b"INFO 1\n", b"\n", b"INFO 2\n  x\n\n  y\n", TRACE, TRACE[8:]]


@pytest.mark.parametrize("step", [1, 7, 20, 33])
def test_a_restart_at_any_point_reads_the_whole_record_again(records, step):
    log = records()
    found = []
    for start in range(0, len(LOG), step):
        log.append(LOG[start : start + step])
        os.utime(log.path, (log.clock.wall(), log.clock.wall()))
        found += log.now()
        log.restart()
        found += log.now()
    assert found == WANTED
    assert all(one.end <= other.start for one, other in pairwise(log.blocks))


@given(
    cuts=st.lists(st.integers(0, len(LOG)), max_size=12),
    block_size=st.sampled_from([60, 100, 1 << 20]),
)
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_records_are_the_same_however_they_were_written(tmp_path, cuts, block_size):
    path = tmp_path / "app.log"
    path.write_bytes(b"")
    clock = ManualClock()
    tail = Tail(
        str(path),
        start="beginning",
        framer=framer(max_line=200),
        max_line=200,
        block_size=block_size,
    )
    found = []
    ends = sorted({*cuts, len(LOG)})
    for start, end in pairwise([0, *ends]):
        with path.open("ab") as file:
            file.write(LOG[start:end])
        while block := tail.read(clock.moment()):
            found.append(block)
    tail.close()
    path.unlink()
    assert records_of(found) == WANTED


def test_lines_behind_a_record_that_was_given_up_are_a_record_of_their_own(records):
    log = records()
    log.append(b"ERROR a\n")
    log.now()
    log.advance(TIMEOUT)
    assert log.now() == [b"ERROR a\n"]
    log.append(TRACE[8:])
    log.now()
    log.advance(TIMEOUT)
    assert log.now() == [TRACE[8:]]


# Bounds.


def test_a_record_that_never_ends_is_handed_out_in_parts(records, events):
    log = records(framer=framer("indent", max_lines=100))
    log.append(b"begin\n" + b" more\n" * 1_000)
    found = log.now()
    assert [record.count(b"\n") for record in found] == [100] * 10
    cut = [offset for block in log.blocks for offset in block.cut]
    assert len(cut) == 10
    assert events["records_cut"] == 10


@pytest.mark.parametrize("block_size", [100, 1 << 20])
def test_a_line_without_end_within_a_record_is_cut_and_passed_over(records, block_size):
    """The record before it is complete, for there is no room."""
    log = records(framer=framer("indent", max_line=100), max_line=100, block_size=block_size)
    log.append(b"a\n b\n " + b"x" * 5_000)
    assert log.now() == [b"a\n b\n", b" " + b"x" * 99]
    log.append(b"x" * 5_000)
    log.append(b"x\n y\nz\nend\n")
    assert log.now() == [b" y\n", b"z\n"]
    assert [block.truncated for block in log.blocks if block.data] == [False, True, False]


def test_a_record_longer_than_a_block_is_read_whole(records):
    record = b"a\n" + b" b\n" * 60
    log = records(framer=framer("indent", max_line=400), max_line=400, block_size=64)
    log.append(b"x\n" * 100 + record + b"end\n")
    assert log.now() == [b"x\n"] * 100 + [record]


# Rotations.


def test_the_rest_of_a_record_is_written_to_the_renamed_file(records):
    log = records(b"INFO\n" + TRACE[:20])
    log.now()
    log.rotate()
    assert log.now() == []
    log.append(TRACE[20:], log.beside(".1"))
    assert log.now() == []
    log.append(b"INFO 2\n")
    assert log.now() == [TRACE]


def test_the_last_record_of_a_renamed_file_is_complete_when_the_new_one_has_a_line(records):
    """In the order in which they were written."""
    log = records(b"INFO\n" + TRACE)
    log.now()
    log.rotate(new=b"")
    assert log.now() == []
    log.append(b"INFO 2\nINFO 3\n")
    assert log.now() == [TRACE, b"INFO 2\n"]


def test_the_last_record_of_a_renamed_file_is_complete_after_the_timeout(records):
    log = records(b"INFO\n" + TRACE)
    log.now()
    log.rotate()
    log.now()
    log.advance(TIMEOUT)
    assert log.now() == [TRACE]


def test_a_record_that_was_copied_and_cut_is_read_on_in_the_copy(records):
    """Nothing of it is lost, or told twice."""
    log = records(b"INFO\n" * 300 + TRACE[:30])
    os.utime(log.path, (log.clock.wall(), log.clock.wall()))
    assert log.now() == [b"INFO\n"] * 300
    log.append(TRACE[30:])
    log.beside(".1").write_bytes(log.path.read_bytes())
    log.path.write_bytes(b"")
    found = log.now()
    log.append(b"INFO new\nINFO newer\n")
    found += log.now()
    log.advance(TIMEOUT)
    found += log.now()
    assert found == [TRACE, b"INFO new\n", b"INFO newer\n"]


def test_what_was_rotated_while_nobody_looked_is_read_to_its_last_record(records):
    log = records(b"INFO\n" * 300 + TRACE[:30])
    log.now()
    log.tail.close()
    log.append(TRACE[30:])
    log.rotate(new=TRACE + b"INFO\n")
    log.restart()
    found = log.now()
    log.advance(TIMEOUT)
    found += log.now()
    assert found == [TRACE, TRACE, b"INFO\n"]


def test_blocks_of_a_tail_without_a_framer_say_nothing_of_records(follow):
    log = follow(TRACE)
    (block,) = [each for each in log.blocks_now() if each.data]
    assert block.joined is None
    assert block.records is block.data


def test_the_traces_read_through_a_file_are_those_of_the_corpus(records):
    """All presets, in small blocks."""
    for preset in ("java", "python", "go", "indent"):
        text = (Path(__file__).parent / "traces" / f"{preset}.txt").read_text(encoding="utf-8")
        wanted = [record.encode() for record in text.split("§\n")[1:]]
        log = records(
            b"".join(wanted), name=f"{preset}.log", framer=framer(preset), block_size=1_000
        )
        assert log.now(finish=True) == wanted


# A record in two files.


def also_of(log):
    return [block.also for block in log.blocks if block.also is not None]


def commit_also(log):
    """The harness commits one checkpoint of a block."""
    commit = log.commit

    def both(block):
        commit(block)
        if block.also is not None:
            log.store[block.also.identity] = block.also

    log.commit = both


def test_a_record_that_goes_on_in_the_next_file_is_one_record(records):
    """At the offset of its first line, in the file that this is in."""
    log = records(b"INFO\n" + TRACE[:8])
    commit_also(log)
    log.now()
    log.rotate(new=b"")
    assert log.now() == []
    log.append(TRACE[8:40])
    assert log.now() == []
    log.append(TRACE[40:])
    assert log.now() == []
    log.append(b"INFO 2\nINFO 3\n")
    assert log.now() == [TRACE, b"INFO 2\n"]
    joined = next(block for block in log.blocks if block.also is not None)
    assert (joined.start, joined.end) == (5, 13)
    assert joined.also.offset == len(TRACE) - 8
    log.advance(TIMEOUT)
    assert log.now() == [b"INFO 3\n"]
    log.restart()
    assert log.now() == []


def test_a_record_in_two_files_is_taken_as_it_is_after_the_timeout(records):
    log = records(b"INFO\n" + TRACE[:8])
    commit_also(log)
    log.now()
    log.rotate(new=TRACE[8:])
    assert log.now() == []
    log.advance(TIMEOUT)
    assert log.now() == [TRACE]
    log.append(b"INFO 2\nend\n")
    assert log.now() == [b"INFO 2\n"]


def test_the_next_file_waits_while_a_record_may_go_on_in_it(records):
    """And no longer than the timeout."""
    log = records()
    commit_also(log)
    log.append(b"INFO\n" + TRACE[:43])
    assert log.now() == [b"INFO\n"]
    log.rotate(new=TRACE[43:])
    assert log.now() == []
    for _ in range(2):
        log.advance(TIMEOUT * 0.6)
        log.append(b" more\n")
        found = log.now()
    assert found == [TRACE + b" more\n" * 2]


def test_a_record_in_a_copy_and_in_the_file_that_was_cut_is_one(records):
    log = records(b"INFO\n" * 300 + TRACE[:8])
    commit_also(log)
    os.utime(log.path, (log.clock.wall(), log.clock.wall()))
    assert log.now() == [b"INFO\n"] * 300
    log.beside(".1").write_bytes(log.path.read_bytes())
    log.path.write_bytes(b"")
    assert log.now() == []
    log.append(TRACE[8:] + b"INFO new\n")
    assert log.now() == [TRACE]
    log.advance(TIMEOUT)
    assert log.now() == [b"INFO new\n"]


def test_a_restart_before_the_two_parts_were_committed_reads_both_again(records):
    """And one after that reads none of them."""
    log = records(b"INFO\n" + TRACE[:8])
    commit_also(log)
    log.now()
    log.tail.close()
    log.rotate(new=TRACE[8:] + b"INFO 2\n")
    before = dict(log.store)
    for _ in range(2):
        log.store.clear()
        log.store.update(before)
        log.restart()
        assert log.now() == [TRACE]
    log.restart()
    log.append(b"INFO 3\n")
    assert log.now() == [b"INFO 2\n"]


def test_a_next_file_that_begins_a_record_has_nothing_of_the_last_one(records):
    log = records(b"INFO\n" + TRACE)
    commit_also(log)
    log.now()
    log.rotate(new=b"INFO 2\n  x\nINFO 3\n")
    assert log.now() == [TRACE, b"INFO 2\n  x\n"]
    assert also_of(log) == []


def test_an_open_line_at_the_end_of_a_file_goes_on_in_no_other(records):
    """Its rest may yet come, and is a record then."""
    log = records(b"INFO\nERROR a\n  ope")
    commit_also(log)
    log.now()
    log.rotate(new=b"  x\nINFO 2\n")
    assert log.now() == [b"ERROR a\n", b"  x\n"]
    log.append(b"n\n", log.beside(".1"))
    log.advance(TIMEOUT)
    assert log.now() == [b"  open\n", b"INFO 2\n"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-8"])
def test_a_record_in_two_files_is_one_in_any_encoding(records, mark, codec):
    """Its parts are where they are in their files, and reading goes on behind the second one."""
    first, second, rest = "INFO é\n" + TRACE[:43].decode(), TRACE[43:].decode(), "INFO \u0a0a\n"
    log = records(f"{mark}{first}".encode(codec), encoding=codec)
    assert log.now() == ["INFO é\n".encode()]
    log.rotate(new=f"{mark}{second}{rest}".encode(codec))
    assert log.now() == [TRACE]
    (block,) = [each for each in log.blocks if each.also]
    assert block.start == len(f"{mark}INFO é\n".encode(codec))
    assert block.end == block.checkpoint.offset == len(f"{mark}{first}".encode(codec))
    assert block.also.offset == len(f"{mark}{second}".encode(codec))
    log.restart()
    assert log.now() == []
    log.advance(TIMEOUT)
    assert log.now() == [rest.encode()]
    assert log.blocks[-1].start == len(f"{mark}{second}".encode(codec))
