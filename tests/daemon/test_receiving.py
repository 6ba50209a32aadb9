"""The thread of a source that is no file: waiting, stopping, draining, and what outlives it."""

from __future__ import annotations

import os
import select
from collections import deque
from contextlib import nullcontext

import pytest
from doubles.process import eventually
from msgspec import UNSET
from msgspec.structs import replace

from logwatch.clock import SystemClock
from logwatch.config.loader import from_text
from logwatch.daemon.intake import CaughtUp, Intake
from logwatch.daemon.readings import Readings
from logwatch.daemon.receiving import Kept, ReceivingMonitor, receiving
from logwatch.pipeline import _upto
from logwatch.receivers.base import Receiver
from logwatch.receivers.course import Course
from logwatch.records import Batch, Match, Record, no_file
from logwatch.rules.self_reports import SelfReport

CONFIG = """\
sources: {s: {stdin: true}}
rules: [{name: err, match: ERROR, cooldown: 0}]
sinks: {out: {console: {}}}
"""


class Scripted(Receiver):
    """Hands out what it was given, and tells by a pipe that there is something."""

    gathers = False

    def __init__(self) -> None:
        super().__init__("stdin:s")
        self.given: deque[bytes] = deque()
        self.late: deque[bytes] = deque()
        """What comes only when it is drained."""
        self.course = Course(self.path, [], "draw")
        self.reader, self.writer = os.pipe()
        self.closed = False
        self.fails = False
        self._say("following")

    def give(self, text: bytes) -> None:
        self.given.append(text)
        os.write(self.writer, b"!")

    def read(self, now):
        while select.select([self.reader], [], [], 0)[0]:
            os.read(self.reader, 1)
        if self.fails:
            raise RuntimeError("broken")
        return self.course.block(self.given.popleft()) if self.given else None

    def drain(self, now):
        return self.course.block(self.late.popleft()) if self.late else None

    def descriptors(self):
        return {self.reader: select.POLLIN}

    def close(self):
        if not self.closed:
            self.closed = True
            os.close(self.reader)
            os.close(self.writer)


@pytest.fixture
def parts(tmp_path):
    config = from_text(f"state: {tmp_path}\n{CONFIG}")
    reading = Readings(config, "reference", lambda *_: nullcontext()).of(("s",))
    receiver, kept, intake = Scripted(), Kept(), Intake()
    monitor = ReceivingMonitor(
        receiver,
        key="key",
        kept=kept,
        reading=reading,
        intake=intake,
        slots=nullcontext(),
        clock=SystemClock(),
    )
    yield receiver, kept, intake, monitor
    monitor.end()
    monitor.join(60)
    receiver.close()


def taken(intake):
    found = []
    while intake.qsize():
        found.append(intake.get())
    return found


def texts(messages):
    return [record.text for each in messages if isinstance(each, Batch) for record in each.records]


def test_what_comes_is_put_and_its_position_is_known(parts):
    """It waits for its descriptor, and for nothing else."""
    receiver, kept, intake, monitor = parts
    monitor.start()
    assert isinstance(intake.get(timeout=60), CaughtUp)
    receiver.give(b"ERROR 1\n")
    batch = intake.get(timeout=60)
    assert texts([batch]) == ["ERROR 1"]
    eventually(lambda: kept.position("stdin:s") == batch.checkpoint, "its position")
    eventually(lambda: not monitor.has_work(), "it has nothing to do")


def test_at_the_end_what_has_come_is_put_too(parts):
    """And then the receiver is closed, for no daemon follows."""
    receiver, _, intake, monitor = parts
    monitor.start()
    receiver.late.extend([b"ERROR 1\n", b"ERROR 2\n"])
    monitor.end()
    assert monitor.join(60)
    assert texts(taken(intake)) == ["ERROR 1", "ERROR 2"]
    assert receiver.closed


def test_a_batch_in_hand_waits_for_room_though_the_end_has_come(parts):
    """It cannot be read again."""
    receiver, _, _, monitor = parts
    full = monitor._intake = Intake(limit_bytes=1)
    full.put(CaughtUp("other"))
    receiver.give(b"ERROR 1\n")
    monitor.start()
    eventually(lambda: monitor._in_hand is not None, "it has a block")
    monitor.end()
    found = []
    eventually(lambda: found.extend(taken(full)) or not monitor.is_alive(), "it ends")
    found += taken(full)
    assert texts(found) == ["ERROR 1"]


def test_without_room_the_end_is_not_held_up(parts, capsys):
    """What was not handed on is said."""
    receiver, _, _, monitor = parts
    full = monitor._intake = Intake(limit_bytes=1)
    full.put(CaughtUp("other"))
    receiver.give(b"ERROR 1\n")
    monitor.start()
    eventually(lambda: monitor._in_hand is not None, "it has a block")
    monitor.end()
    assert monitor.join(60)
    assert "receivers.not_handed_on" in capsys.readouterr().err


def test_a_receiver_is_kept_for_the_daemon_that_follows(parts):
    """Where one does, and wants it."""
    receiver, kept, _, monitor = parts
    kept.keeps = True
    monitor.start()
    monitor.end()
    assert monitor.join(60)
    assert not receiver.closed
    assert kept.take("key") is receiver
    kept.leave("key", receiver)
    kept.begin([])
    assert receiver.closed
    assert kept.take("key") is None


def test_a_receiver_whose_thread_died_is_closed(parts):
    """Nobody knows what state it is in."""
    receiver, kept, _, monitor = parts
    kept.keeps = receiver.fails = True
    monitor.start()
    assert monitor.join(60)
    assert isinstance(monitor.failure, RuntimeError)
    assert receiver.closed
    assert monitor.positions_in_hand() == ()


def test_what_is_lost_is_an_alert(parts):
    """With the words of the receiver."""
    receiver, _, intake, monitor = parts
    receiver._lose("7 messages are lost")
    monitor.read_on(SystemClock().moment())
    (report,) = [each for each in taken(intake) if isinstance(each, SelfReport)]
    assert (report.what, report.source) == ("source-lost", "s")
    assert report.message == "stdin:s: 7 messages are lost"


def test_waking_after_the_end_touches_nothing(parts):
    """The bell is gone by then, and its number may be another's."""
    _, _, _, monitor = parts
    monitor.start()
    monitor.end()
    assert monitor.join(60)
    monitor.wake()


def test_a_dead_one_is_started_again_behind_what_it_had_handed_on(tmp_path):
    """Not from the position that the store had at the start."""
    config = from_text(f"state: {tmp_path}\n{CONFIG}")
    reading = Readings(config, "reference", lambda *_: nullcontext()).of(("s",))
    kept = Kept()
    kept.note(Course("stdin:s", [], "draw").block(b"x\n").checkpoint)
    made = receiving(
        config.sources[0], [], kept=kept, reading=reading, intake=Intake(), slots=nullcontext(),
        clock=SystemClock(), volume=None, once=False,
    )  # fmt: skip
    assert made.tail._course.offset == 2
    made.finish()


def test_where_half_of_a_block_is_committed_the_position_is_before_its_next_record():
    """In the words of the source, where offsets alone are not enough."""
    behind = replace(no_file("journald:s", "journald:s:a.0", 13), cursor="c12")
    batch = Batch(
        source="s", checkpoint=behind, start=10, end=13, arrival=0.0, last_time=0.0,
        records=[Record(offset, "x", 0.0) for offset in (10, 11, 12)],
        matches=[Match(0, number) for number in range(3)], cursors=["", "c10", "c11"],
    )  # fmt: skip
    half = _upto(batch, 2)
    assert (half.offset, half.cursor) == (12, "c11")
    assert _upto(batch, 0).cursor == ""
    assert _upto(replace(batch, cursors=UNSET), 2).cursor is UNSET
