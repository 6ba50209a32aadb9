"""A tail on real files in virtual time, and what it handed out."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from logwatch import telemetry
from logwatch.clock import ManualClock
from logwatch.records import Block, Checkpoint
from logwatch.tailer.tail import Tail


class Harness:
    """One path; `read` reads all there is, `restart` begins anew with what was committed."""

    def __init__(self, path: Path, known: tuple[Checkpoint, ...] = (), **options):
        self.path = path
        self.clock = ManualClock()
        self.options = {"start": "beginning", **options}
        self.blocks: list[Block] = []
        self.store: dict[str, Checkpoint] = {each.identity: each for each in known}
        self.tail = Tail(str(path), known=known, **self.options)

    def read(self, *, finish=False) -> list[bytes]:
        """Read and commit all blocks there are; returns their lines."""
        lines: list[bytes] = []
        for block in self.blocks_now(finish=finish):
            lines += block.data.splitlines(keepends=True)
        return lines

    def blocks_now(self, *, finish=False) -> list[Block]:
        found: list[Block] = []
        while (block := self.tail.read(self.clock.moment(), finish=finish)) is not None:
            found.append(block)
            self.commit(block)
            assert len(found) < 10_000
        self.blocks += found
        return found

    def commit(self, block: Block) -> None:
        self.store.pop(block.checkpoint.identity, None)
        self.store[block.checkpoint.identity] = block.checkpoint

    def restart(self, **options) -> None:
        self.tail.close()
        self.options |= options
        self.tail = Tail(str(self.path), known=tuple(self.store.values()), **self.options)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def append(self, data: bytes, path: Path | None = None) -> None:
        with (path or self.path).open("ab") as file:
            file.write(data)

    def beside(self, suffix: str) -> Path:
        """The path with something behind its name."""
        return self.path.with_name(self.path.name + suffix)

    def rotate(self, suffix: str = ".1", new: bytes = b"") -> Path:
        """Rename and create, as logrotate does by default."""
        moved = self.path.rename(self.beside(suffix))
        self.path.write_bytes(new)
        return moved

    def data(self) -> bytes:
        """All bytes handed out so far."""
        return b"".join(block.data for block in self.blocks)


def numbered(first: int, count: int) -> bytes:
    """Lines that differ from one another."""
    return b"".join(b"line %06d of this log\n" % n for n in range(first, first + count))


@pytest.fixture(name="numbered")
def numbered_lines():
    return numbered


@pytest.fixture
def follow(tmp_path):
    """Makes a harness for a file in tmp_path, with what it holds."""
    made: list[Harness] = []

    def make(content: bytes | None = None, name: str = "app.log", **options) -> Harness:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        made.append(Harness(path, **options))
        return made[-1]

    yield make
    for harness in made:
        harness.tail.close()


@pytest.fixture
def events(monkeypatch):
    """How often each event was said in this test."""
    monkeypatch.setattr(telemetry.telemetry, "counters", Counter())
    return telemetry.telemetry.counters


@pytest.fixture
def as_nobody():
    """A directory that everybody may enter, and no rights beyond those of nobody."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        if os.geteuid() == 0:
            os.setegid(65534)
            os.seteuid(65534)
            try:
                yield Path(name)
            finally:
                os.seteuid(0)
                os.setegid(0)
        else:
            yield Path(name)
