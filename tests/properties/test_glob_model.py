"""The model of a path once more, where a glob takes the rotated files of the log as well.

Each plain file has a tail of its own then, and they share what they know, as those of one daemon
do. Names pass from one file to the next, so that a tail finds what another one was reading.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from doubles.lives import live
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from properties.test_tail_model import PACKERS, TailMachine, numbers

from logwatch import telemetry
from logwatch.tailer.claims import Claims
from logwatch.tailer.fingerprint import HEAD_LENGTH
from logwatch.tailer.tail import Tail


class Tails:
    """One for each file that `path*` takes, in turn; as far as it is asked it is as one tail."""

    def __init__(self, path: str, known=(), **options):
        self.path = Path(path)
        self.known, self.options = tuple(known), options
        self.claims = Claims()
        self.claims.learn(self.known)
        self.tails: dict[str, Tail] = {}
        self.left: list = []
        self.begin(self.wanted())
        self.begin({each.path for each in self.known if not each.closed})  # see Discovery.departed

    def wanted(self):
        beside = self.path.parent.glob(f"{self.path.name}*")
        return {str(each) for each in beside if each.suffix not in PACKERS} | {str(self.path)}

    def begin(self, paths):
        for path in sorted(paths - self.tails.keys()):
            known = [each for each in self.known if each.path == path]
            self.tails[path] = Tail(path, known=known, claims=self.claims, **self.options)

    def scan(self):
        wanted = self.wanted()
        self.begin(wanted)
        for path in sorted(self.tails.keys() - wanted):
            tail = self.tails[path]
            if tail.caught_up() and not tail.identities():
                self.left += tail.losses()
                self.tails.pop(path).close()

    def read(self, now):
        self.scan()
        for path, tail in list(self.tails.items()):
            if (block := tail.read(now)) is not None:
                self.tails[path] = self.tails.pop(path)  # the others come first now
                return block
        return None

    def losses(self):
        found, self.left = self.left, []
        return found + [each for tail in self.tails.values() for each in tail.losses()]

    def identities(self):
        return frozenset().union(*(each.identities() for each in self.tails.values()))

    def close(self):
        for each in self.tails.values():
            each.close()


class GlobMachine(TailMachine):
    tail_type = Tails

    @initialize(
        padding=st.sampled_from([0, 40, 400]),
        start_empty=st.booleans(),
        block=st.sampled_from([64, 1 << 20]),
    )
    def start(self, padding, start_empty, block):
        super().start(
            padding=padding, start_empty=start_empty, block=block, linked=False, archives=""
        )

    @precondition(lambda self: False)
    @rule()
    def deny(self):
        """What was copied while a log could not be read may be told twice after a kill."""

    # Short files prove little, whoever reads them first.

    def put(self, writer, number, data):
        super().put(writer, number, data)
        if len(self.padding) < 400 or writer is not self.live:
            self.doubtful.add(number)

    def cut(self, lines):
        self.doubt_short(self.path)
        super().cut(lines)

    def finish_packing(self):
        if self.packing:
            self.doubt_short(self.packing[0])
        super().finish_packing()

    def doubt_short(self, path):
        if path.stat().st_size < HEAD_LENGTH:
            lines = path.read_bytes().splitlines(keepends=True)
            self.doubtful |= set().union(*map(numbers, lines))


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(telemetry.telemetry, "_threshold", 100)


def test_each_line_is_committed_once_where_a_glob_takes_rotated_files_too():
    live(GlobMachine, examples=30, steps=30, chosen=True)


@pytest.mark.stress
def test_each_line_is_committed_once_where_a_glob_takes_rotated_files_too_in_long_lives():
    live(GlobMachine, examples=500, steps=60)
