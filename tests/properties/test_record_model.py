"""The model of a path once more, where records have several lines.

Some of the numbers that are written take two lines. They may be handed out apart, where the second
line came late; but never twice, and none may be missing.
"""

from __future__ import annotations

from itertools import accumulate

import pytest
from doubles.lives import live
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from properties.test_tail_model import GRACE, LAST, TailMachine, numbers

from logwatch import telemetry
from logwatch.tailer.multiline import Framer, MultilineSettings

TIMEOUT = 2.0


class RecordMachine(TailMachine):
    """Each third number has two lines."""

    @initialize(
        padding=st.sampled_from([0, 40, 400]),
        start_empty=st.booleans(),
        block=st.sampled_from([64, 1 << 20]),
        archives=st.sampled_from(["", "old", "."]),
    )
    def start(self, padding, start_empty, block, archives=""):
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
        self.lay_away(archives)
        self.create()
        if not start_empty:
            self.write(2)
        self.tail = self.tail_type(str(self.path), **self.options)
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
    def cut_to_nothing(self, lines):
        """What was unfinished, and is in no other file, has been taken as it was."""
        self.grant()
        self.read_all()
        self.clock.advance(TIMEOUT)
        super().cut_to_nothing(lines)

    def check_block(self, block):
        own = len(block.data) - (block.also.offset if block.also else 0)
        assert block.checkpoint.offset == block.end >= block.start + own

    def pieces_of(self, block):
        """Records; a last line that belongs to another one may well be behind any."""
        if block.joined is None:
            return super().pieces_of(block)
        sizes = [len(each) + 1 for each in block.joined.removesuffix(b"\n").split(b"\n")]
        ends = list(accumulate(sizes))
        records = [block.data[end - size : end] for size, end in zip(sizes, ends, strict=True)]
        return [each for record in records for each in self.by_number(record)]

    def by_number(self, record):
        first, *others = record.splitlines(keepends=True)
        strays = [each for each in others if LAST.search(each) and not same(first, each)]
        return [b"".join(each for each in (first, *others) if each not in strays), *strays]

    def is_known(self, line):
        """Whether this is in what was committed, in one piece or in two."""
        return line in b"".join(each for each in self.committed if numbers(each) & numbers(line))


def same(first, other):
    return numbers(first) == numbers(other)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(telemetry.telemetry, "_threshold", 100)


def test_each_record_is_committed_once_and_in_order_whatever_happens_to_its_file():
    live(RecordMachine, examples=60, steps=30, chosen=True)


@pytest.mark.stress
def test_each_record_is_committed_once_and_in_order_in_long_lives():
    live(RecordMachine, examples=1200, steps=60)
