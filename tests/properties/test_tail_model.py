"""One path, everything that can happen to it, against a model of the lines that were written.

The machine writes, rotates, compresses, cuts, deletes and recreates real files, denies and grants
access to them, switches a symbolic link; reads; commits some of what was handed out; and stops, is
killed and restarts from what was committed. At the end each line must have been committed exactly
once, and in order within its generation. Lines of files that were deleted before they were
committed, and of files that came and went unseen, may be missing, but never come twice.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from backports import zstd
from doubles.lives import live
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from logwatch import telemetry
from logwatch.clock import ManualClock
from logwatch.tailer import generation
from logwatch.tailer.fingerprint import HEAD_LENGTH, describe
from logwatch.tailer.tail import Tail

FIRST = re.compile(rb"(\d{6}) ")
LAST = re.compile(rb" (\d{6})\n")
GRACE = 30.0
NOBODY = 65534
PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": partial(lzma.compress, preset=0),
    ".zst": zstd.compress,
}
STEPS: Counter[str] = Counter()
"""How often each thing was done in this process."""


@contextmanager
def unprivileged() -> Iterator[None]:
    """With no right to read what nobody may read."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


class Writer:
    """An open handle of a program that appends; `owed` is the rest of a line begun."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("ab", buffering=0)
        self.key = describe(self.file.fileno()).key
        """Its inode may be given to another file once this one is gone."""
        self.inode = self.key[0]
        self.owed: tuple[int, bytes] | None = None
        self.generation = 0


class TailMachine(RuleBasedStateMachine):
    tail_type = Tail
    """What follows the path."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.directory.chmod(0o755)
        self.path = self.directory / "app.log"
        self.target = self.path
        self.targets = 0
        self.packing: tuple[Path, Path, bytes, int] | None = None
        self.keeps_time = True
        """Whether what is being compressed will have the time of what it is made of."""
        self.is_denied = False
        self.looked: set[int] = set()
        self.losses: list = []
        self.doubtful: set[int] = set()
        """Lines of files that were written on while, or after, they were compressed."""
        self.packed_of: dict[int, set[int]] = {}
        self.clock = ManualClock()
        self.store: dict[str, object] = {}
        self.uncommitted: deque = deque()
        self.committed: list[bytes] = []
        self.written: dict[int, bytes] = {}
        self.place: dict[int, int] = {}
        self.optional: set[int] = set()
        self.fragile: set[int] = set()
        self.lines_of: dict[int, set[int]] = {}
        self.generations = 0
        self.old: list[Writer] = []
        self.live: Writer | None = None

    @initialize(
        padding=st.sampled_from([0, 40, 400]),
        start_empty=st.booleans(),
        block=st.sampled_from([64, 1 << 20]),
        linked=st.booleans(),
        archives=st.sampled_from(["", "old", "."]),
    )
    def start(self, padding, start_empty, block, linked, archives=""):
        self.linked = linked
        self.padding = b"\xe6\xbc\xa2" * (padding // 3 + 1)
        self.options = {"start": "beginning", "grace": GRACE, "block_size": block, "max_line": 4096}
        self.lay_away(archives)
        if linked:
            self.target = self.next_target()
            self.path.symlink_to(self.target.name)
        self.create()
        if not start_empty:
            self.write(2)
        self.tail = self.tail_type(str(self.path), **self.options)
        self.read_all()
        self.commit_all()

    def lay_away(self, archives):
        """Where rotated files go, and how they are named there: beside the log, but for its number.

        In a folder of their own, or with the number before the ending.
        """
        self.archives = archives
        self.away = self.directory / archives
        self.away.mkdir(exist_ok=True)
        self.away.chmod(0o755)
        if archives:
            self.options["archives"] = (archives,)

    def teardown(self):
        if not hasattr(self, "tail"):
            return
        STEPS["life"] += 1
        try:
            self.settle()
            self.check()
        finally:
            self.tail.close()
            for writer in [*self.old, self.live]:
                if writer is not None:
                    writer.file.close()
            shutil.rmtree(self.directory)

    # What programs and rotation do.

    def create(self):
        self.live = Writer(self.target)
        self.begin_generation(self.live)

    def begin_generation(self, writer):
        self.packed_of.pop(writer.inode, None)
        self.generations += 1
        writer.generation = self.generations
        self.lines_of[self.generations] = set()

    def put(self, writer, number, data):
        writer.file.write(data)
        self.written[number] = self.written.get(number, b"") + data
        self.place.setdefault(number, writer.generation)
        self.lines_of[writer.generation].add(number)
        if not self.is_linked(writer):
            self.doubtful |= self.packed_of.get(writer.inode, set())
            (self.fragile if self.is_held(writer) else self.optional).add(number)

    def is_linked(self, writer):
        return os.fstat(writer.file.fileno()).st_nlink > 0

    def is_held(self, writer):
        return writer.key in self.tail.identities()

    def complete(self, writer):
        if writer.owed:
            number, rest = writer.owed
            writer.owed = None
            self.put(writer, number, rest)

    def write(self, count, writer=None):
        writer = writer or self.live
        self.complete(writer)
        for _ in range(count):
            number = len(self.written) + 1
            self.put(writer, number, b"%06d %s %06d\n" % (number, self.padding, number))

    @precondition(lambda self: self.live)
    @rule(count=st.integers(1, 12))
    def append(self, count):
        self.write(count)

    @precondition(lambda self: self.live)
    @rule(cut=st.integers(7, 10))
    def append_part(self, cut):
        self.complete(self.live)
        number = len(self.written) + 1
        line = b"%06d %s %06d\n" % (number, self.padding, number)
        self.put(self.live, number, line[:cut])
        self.live.owed = number, line[cut:]

    @precondition(lambda self: self.old)
    @rule(which=st.integers(0, 9), count=st.integers(1, 3))
    def write_late(self, which, count):
        writer = self.old[which % len(self.old)]
        if self.is_held(writer):
            self.write(count, writer)

    @precondition(lambda self: self.old)
    @rule(which=st.integers(0, 9))
    def end_program(self, which):
        """Nobody will write to a file that it had open and that has no name."""
        writer = self.old[which % len(self.old)]
        if not self.is_linked(writer):
            self.old.remove(writer)
            writer.file.close()

    def shift(self):
        """As logrotate does it, compressed or not; it does one thing after the other."""
        self.finish_packing()
        self.grant()
        for source in sorted(self.rotated(), key=rank, reverse=True):
            suffix = source.suffix if source.suffix in PACKERS else ""
            source.rename(self.rotated_name(rank(source) + 1, suffix))

    def rotated(self):
        return list(self.away.glob("app.[0-9]*.log*" if self.archives == "." else "app.log.*"))

    def rotated_name(self, number, suffix=""):
        name = f"app.{number}.log" if self.archives == "." else f"app.log.{number}"
        return self.away / f"{name}{suffix}"

    def next_target(self):
        self.targets += 1
        return self.directory / f"target-{self.targets}"

    @precondition(lambda self: self.live and not self.linked)
    @rule(create=st.booleans(), lines=st.integers(0, 3))
    def rotate(self, create, lines):
        self.shift()
        self.path.rename(self.rotated_name(1))
        self.old.append(self.live)
        self.live = None
        if create:
            self.create()
            self.write(lines) if lines else None

    @precondition(lambda self: not self.live)
    @rule(lines=st.integers(0, 3))
    def recreate(self, lines):
        self.finish_packing()
        self.create()
        self.write(lines) if lines else None

    @precondition(lambda self: self.live)
    @rule(again=st.booleans())
    def delete(self, again):
        self.grant()
        lines = self.lines_of[self.live.generation]
        (self.fragile if self.is_held(self.live) else self.optional).update(lines)
        self.target.unlink()
        self.old.append(self.live)
        self.live = None
        if again:
            self.create()

    @precondition(lambda self: self.live and not self.linked)
    @rule(lines=st.integers(0, 12), packed=st.sampled_from(["", *PACKERS]), unread=st.booleans())
    def copy_and_cut(self, lines, packed, unread):
        """With `unread` nobody has looked since whatever happened before."""
        self.grant()
        if not unread:
            self.read_all()
            self.commit_all()
        if self.live.owed and self.lines_of[self.live.generation] == {self.live.owed[0]}:
            self.optional.add(self.live.owed[0])  # nothing of the file was ever committed
        self.shift()
        shutil.copyfile(self.path, self.rotated_name(1))
        self.cut(lines)
        if packed:
            self.begin_packing(self.rotated_name(1), packed, whole=False)
            self.finish_packing()

    @precondition(lambda self: self.live)
    @rule(lines=st.integers(0, 12))
    def cut_to_nothing(self, lines):
        self.grant()
        self.read_all()
        self.commit_all()
        if self.live.owed:
            self.optional.add(self.live.owed[0])
        self.cut(lines)

    def cut(self, lines):
        os.truncate(self.path, 0)
        self.begin_generation(self.live)
        if lines:
            self.write(lines)

    @precondition(lambda self: self.linked)
    @rule(lines=st.integers(0, 3), at_once=st.booleans())
    def retarget(self, lines, at_once):
        """Another file under the path; the old one may still be written."""
        self.grant()
        if self.live:
            if not self.is_held(self.live):
                self.optional.update(self.lines_of[self.live.generation])  # perhaps never seen
            self.old.append(self.live)
        self.live = None
        self.target = self.next_target()
        if at_once:
            self.create()
        link = self.directory / "link"
        link.symlink_to(self.target.name)
        link.rename(self.path)
        if not at_once:
            self.create()
        self.write(lines) if lines else None

    # What compresses.

    @precondition(lambda self: not self.packing and any(not is_packed(p) for p in self.rotated()))
    @rule(which=st.integers(0, 9), suffix=st.sampled_from([*PACKERS]), whole=st.booleans())
    def pack(self, which, suffix, whole):
        plain = sorted(each for each in self.rotated() if not is_packed(each))
        self.begin_packing(plain[which % len(plain)], suffix, whole=whole)
        if whole:
            self.finish_packing()

    @precondition(lambda self: self.live and not self.linked)
    @rule(suffix=st.sampled_from([*PACKERS]), whole=st.booleans())
    def rotate_by_packing(self, suffix, whole):
        """As handlers of programs do it: there never is a plain file with a rotated name."""
        self.complete(self.live)
        self.shift()
        self.old.append(self.live)
        self.live = None
        if self.path.stat().st_size < HEAD_LENGTH:  # which proves nothing
            self.doubtful |= self.lines_of[self.old[-1].generation]
        self.begin_packing(self.path, suffix, whole=whole, into=self.rotated_name(1, suffix))
        self.keeps_time = False

    def begin_packing(self, plain, suffix, *, whole, into=None):
        """Half of the compressed file is there, or all of it, and the plain one still is."""
        self.keeps_time = True
        data = PACKERS[suffix](plain.read_bytes())
        packed = into or plain.with_name(plain.name + suffix)
        written = len(data) if whole else len(data) // 2
        packed.write_bytes(data[:written])
        self.packing = plain, packed, data, written

    @precondition(lambda self: self.packing)
    @rule()
    def end_of_packing(self):
        self.finish_packing()

    def finish_packing(self):
        """What was written into the plain file meanwhile is in no file any more."""
        if self.packing is None:
            return
        plain, packed, data, written = self.packing
        self.packing = None
        with packed.open("ab") as file:
            file.write(data[written:])
        status = plain.stat()
        if self.keeps_time:
            os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
        unpacked = decompress(packed)
        inside = set().union(*map(numbers, unpacked.splitlines(keepends=True)))
        self.packed_of[status.st_ino] = inside
        if unpacked != plain.read_bytes():
            self.doubtful |= inside
        for writer in self.old:
            if writer.inode == status.st_ino:
                lost = {
                    n for n in self.lines_of[writer.generation] if self.written[n] not in unpacked
                }
                (self.fragile if self.is_held(writer) else self.optional).update(lost)
        plain.unlink()

    # What the administrator does.

    @precondition(lambda self: self.live and not self.is_denied)
    @rule()
    def deny(self):
        self.target.chmod(0)
        self.is_denied = True

    @precondition(lambda self: self.is_denied)
    @rule()
    def grant_again(self):
        self.grant()

    def grant(self):
        if self.is_denied:
            self.target.chmod(0o644)
            self.is_denied = False

    @rule(seconds=st.sampled_from([-3600.0, 3600.0]))
    def step_clock(self, seconds):
        self.clock.step_wall(seconds)

    # What logwatch does.

    def read_one(self):
        STEPS["read"] += 1
        with unprivileged():
            block = self.tail.read(self.clock.moment())
        self.losses += self.tail.losses()
        self.looked |= {
            each.generation for each in [*self.old, self.live] if each and self.is_held(each)
        }
        if block is not None:
            self.check_block(block)
            self.uncommitted.append(block)
        return block

    def check_block(self, block):
        assert block.checkpoint.offset == block.end >= block.start + len(block.data)
        assert block.partial or block.data == b"" or block.data.endswith(b"\n")

    def read_all(self):
        for _ in range(10_000):
            if self.read_one() is None:
                return
        raise AssertionError("reading does not come to an end")

    def commit_all(self, count=None):
        for _ in range(
            len(self.uncommitted) if count is None else min(count, len(self.uncommitted))
        ):
            block = self.uncommitted.popleft()
            for checkpoint in (block.checkpoint, block.also):
                if checkpoint is not None:
                    self.store.pop(checkpoint.identity, None)
                    self.store[checkpoint.identity] = checkpoint
            for line in self.pieces_of(block):
                # In doubt a line may be read again, and says so.
                doubted = block.reread and numbers(line) <= self.doubtful
                if not (doubted and self.is_known(line)):
                    self.committed.append(line)

    def pieces_of(self, block):
        return block.data.splitlines(keepends=True)

    def is_known(self, line):
        return any(each.startswith(line) for each in self.committed)

    @rule(count=st.integers(1, 30))
    def read(self, count):
        for _ in range(count):
            if self.read_one() is None:
                return

    @rule()
    def read_everything(self):
        self.read_all()

    @rule(count=st.integers(1, 30))
    def commit(self, count):
        self.commit_all(count)

    @rule(seconds=st.sampled_from([0.5, 5.0, GRACE + 1]))
    def pass_time(self, seconds):
        self.clock.advance(seconds)

    @rule(look=st.booleans())
    def stop_and_start(self, look):
        """In order: all that was handed out is committed."""
        self.commit_all()
        self.restart(look)

    @rule(look=st.booleans())
    def kill_and_start(self, look):
        self.restart(look)

    def restart(self, look):
        self.optional |= self.fragile
        self.fragile.clear()
        self.uncommitted.clear()
        if self.linked:  # nothing tells of a target that no committed position names
            known = {(each.inode, each.birth) for each in self.store.values()}
            for writer in self.old:
                if writer.key not in known:
                    self.optional |= self.lines_of[writer.generation]
        self.tail.close()
        self.tail = self.tail_type(str(self.path), known=tuple(self.store.values()), **self.options)
        if look:
            self.read_one()

    # What must be true.

    @invariant()
    def count_step(self):
        STEPS["step"] += 1

    def settle(self):
        self.finish_packing()
        self.grant()
        if self.live:
            self.complete(self.live)
        else:
            self.create()  # what came and went between two looks is found at the next change
        for _ in range(3):
            self.read_all()
            self.clock.advance(GRACE + 1)
        self.commit_all()

    def check(self):
        pieces: dict[int, list[bytes]] = {}
        last: dict[int, int] = {}
        for line in self.committed:
            for number in numbers(line):
                pieces.setdefault(number, []).append(line)
            begun = FIRST.match(line)
            if begun:
                place = self.place[int(begun[1])]
                assert last.get(place, 0) < int(begun[1]), "out of order or twice"
                last[place] = int(begun[1])
        for number, data in self.written.items():
            # A line that was cut apart is in two generations, which have no order between them.
            found = b"".join(sorted(pieces.get(number, []), key=lambda each: not FIRST.match(each)))
            if number in self.optional:
                assert len(found) <= len(data), f"{number} twice: {pieces[number]}"
            else:
                assert found == data, f"{number}: {found!r} is not {data!r}"


def rank(path):
    """The number that rotation gave."""
    return int(re.search(r"\.(\d+)", path.name)[1])


def is_packed(path):
    """By its name."""
    return path.suffix in PACKERS


def decompress(path):
    """All of it."""
    unpack = {".gz": gzip, ".bz2": bz2, ".xz": lzma, ".zst": zstd}[path.suffix].decompress
    return unpack(path.read_bytes())


def numbers(line):
    """The numbers of the lines that this is a piece of: one."""
    found = FIRST.match(line) or LAST.search(line)
    return {int(found[1])} if found else set()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(telemetry.telemetry, "_threshold", 100)


def test_each_line_is_committed_once_and_in_order_whatever_happens_to_its_file():
    live(TailMachine, examples=80, steps=30, chosen=True)


def test_the_same_where_every_read_looks_for_the_end_of_the_last_line_first(monkeypatch):
    """As reads of many lines do."""
    monkeypatch.setattr(generation, "LARGE", 64)
    monkeypatch.setattr(generation, "_TAIL", 48)
    live(TailMachine, examples=80, steps=30, chosen=True)


@pytest.mark.stress
def test_each_line_is_committed_once_and_in_order_in_long_lives():
    live(TailMachine, examples=3000, steps=80)
