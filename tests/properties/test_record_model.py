"""The model of a path once more, where records have several lines.

Some of the numbers that are written take two lines. They may be handed out apart, where the second
line came late; but never twice, and none may be missing.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from properties.test_tail_model import GRACE, TailMachine

from logwatch import telemetry
from logwatch.tailer.multiline import Framer, MultilineSettings
from logwatch.tailer.tail import Tail

TIMEOUT = 2.0


class RecordMachine(TailMachine):
    """Each third number has two lines. Nothing is compressed: that is in the model of lines."""

    pack = None

    @initialize(
        padding=st.sampled_from([0, 40, 400]),
        start_empty=st.booleans(),
        block=st.sampled_from([64, 1 << 20]),
    )
    def start(self, padding, start_empty, block):
        self.linked = False
        self.padding = b"\xe6\xbc\xa2" * (padding // 3 + 1)
        timing = MultilineSettings(preset="indent", timeout=TIMEOUT)
        self.options = {
            "start": "beginning",
            "grace": GRACE,
            "block_size": block,
            "max_line": 4096,
            "framer": Framer(timing, encoding="utf-8", max_line=4096),
        }
        self.create()
        if not start_empty:
            self.write(2)
        self.tail = Tail(str(self.path), **self.options)
        self.read_all()
        self.commit_all()

    def write(self, count, writer=None):
        writer = writer or self.live
        self.complete(writer)
        for _ in range(count):
            number = len(self.written) + 1
            middle = b"a\n " if number % 3 == 0 else b""
            line = b"%06d %s%s %06d\n" % (number, middle, self.padding, number)
            self.put(writer, number, line)

    @precondition(lambda self: self.live)
    @rule(cut=st.integers(7, 9))
    def append_part(self, cut):
        """Of which the rest does not begin with a blank: that could go on any record before it."""
        super().append_part(cut)

    @precondition(lambda self: self.live)
    @rule()
    def append_a_first_line(self):
        """The second one comes with whatever comes next, which may be much later."""
        self.complete(self.live)
        number = len(self.written) + 1
        self.put(self.live, number, b"%06d a\n" % number)
        self.live.owed = number, b"  %s %06d\n" % (self.padding, number)

    @precondition(lambda self: self.live)
    @rule(lines=st.integers(0, 12))
    def copy_and_cut(self, lines):
        self.flush_unless_known()
        super().copy_and_cut(lines, "")

    @precondition(lambda self: self.live)
    @rule(lines=st.integers(0, 12))
    def cut_to_nothing(self, lines):
        self.flush()
        super().cut_to_nothing(lines)

    def flush(self):
        self.read_all()
        self.clock.advance(TIMEOUT)
        self.read_all()
        self.commit_all()

    def flush_unless_known(self):
        """A file of which nothing was ever committed cannot be known again in its copy."""
        self.read_all()
        self.commit_all()
        current = self.tail._chain.current
        if current is None or not current.offset:
            self.flush()

    def read_one(self):
        block = self.tail.read(self.clock.moment())
        if block is not None:
            own = len(block.data) - (block.also.offset if block.also else 0)
            assert block.checkpoint.offset == block.end >= block.start + own
            self.uncommitted.append(block)
        return block

    def commit_all(self, count=None):
        for _ in range(
            len(self.uncommitted) if count is None else min(count, len(self.uncommitted))
        ):
            block = self.uncommitted.popleft()
            for checkpoint in (block.checkpoint, block.also):
                if checkpoint is not None:
                    self.store.pop(checkpoint.identity, None)
                    self.store[checkpoint.identity] = checkpoint
            at = 0
            for record in (
                block.records.splitlines(keepends=True)
                if block.joined is None
                else (block.joined.removesuffix(b"\n").split(b"\n"))
            ):
                size = len(record) + (block.joined is not None)
                self.committed.append(block.data[at : at + size])
                at += size


def run(examples, steps, *, chosen=False):
    """`chosen`: the same lives in each run; long campaigns draw new ones."""
    run_state_machine_as_test(
        RecordMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=chosen,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(telemetry.telemetry, "_threshold", 100)


def test_each_record_is_committed_once_and_in_order_whatever_happens_to_its_file():
    run(examples=100, steps=30, chosen=True)


@pytest.mark.stress
def test_each_record_is_committed_once_and_in_order_in_long_lives():
    run(examples=1200, steps=60)
