"""The last line without newline of a rotated file that a glob takes as well."""

from __future__ import annotations

import pytest

from logwatch.clock import ManualClock
from logwatch.tailer.claims import Claims
from logwatch.tailer.tail import Tail

GRACE = 300.0


class Glob:
    """Logs that share what they know, as those of one daemon do."""

    def __init__(self, folder, *names: str) -> None:
        self.folder, self.clock, claims = folder, ManualClock(), Claims()
        for name in names:
            (folder / name).write_bytes(b"")
        self.tails = {name: Tail(str(folder / name), claims=claims, grace=GRACE) for name in names}
        for name in names:
            assert self.read(name) == []

    def write(self, name: str, data: bytes) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(data)

    def read(self, name: str, seconds: float = 0.0) -> list[bytes]:
        """What comes of one of them after so many seconds."""
        self.clock.advance(seconds)
        found = []
        while (block := self.tails[name].read(self.clock.moment())) is not None:
            found += [block.data] if block.data else []
        return found

    def next_look(self, name: str) -> float | None:
        """In how many seconds it looks again though nothing changes."""
        now = self.clock.moment()
        at = self.tails[name].next_look(now)
        return None if at is None else at - now.steady


@pytest.fixture
def glob(tmp_path):
    made = []

    def make(*names: str) -> Glob:
        made.append(Glob(tmp_path, *names))
        return made[-1]

    yield make
    for each in made:
        for tail in each.tails.values():
            tail.close()


def test_the_last_line_of_a_rotated_file_that_a_glob_takes_is_handed_on_in_the_end(glob):
    logs = glob("app.log", "app.log.1")
    logs.write("app.log.1", b"whole\nhal")
    assert logs.read("app.log.1") == [b"whole\n"]
    assert logs.next_look("app.log.1") == GRACE
    assert logs.read("app.log.1", GRACE - 1) == []
    assert logs.read("app.log.1", 1) == [b"hal"]
    assert logs.next_look("app.log.1") is None
    assert logs.read("app.log.1", GRACE) == []


def test_each_write_begins_the_quiet_anew(glob):
    logs = glob("app.log", "app.log.1")
    logs.write("app.log.1", b"h")
    assert logs.read("app.log.1", GRACE) == []
    logs.write("app.log.1", b"al")
    assert logs.read("app.log.1", GRACE - 1) == []
    assert logs.read("app.log.1", GRACE - 1) == []
    assert logs.read("app.log.1", 1) == [b"hal"]


def test_what_is_written_after_that_is_a_line_of_its_own(glob):
    logs = glob("app.log", "app.log.1")
    logs.write("app.log.1", b"hal")
    logs.read("app.log.1")
    assert logs.read("app.log.1", GRACE) == [b"hal"]
    logs.write("app.log.1", b"f\nwhole\n")
    assert logs.read("app.log.1") == [b"f\nwhole\n"]


@pytest.mark.parametrize("name", ["app.log", "worker-2"])
def test_that_of_a_log_waits_for_its_newline(glob, name):
    """Also where its name ends as a rotated one does, if there is no log that it was rotated of."""
    logs = glob("app.log", "worker-2")
    logs.write(name, b"hal")
    assert logs.read(name) == logs.read(name, 10 * GRACE) == []
    assert logs.next_look(name) is None
    logs.write(name, b"f\n")
    assert logs.read(name) == [b"half\n"]


def test_of_a_file_that_has_left_the_name_nothing_is_due(glob):
    logs = glob("app.log", "app.log.1")
    logs.write("app.log.1", b"hal")
    logs.read("app.log.1")
    (logs.folder / "app.log.1").rename(logs.folder / "app.log.2")
    assert logs.read("app.log.1") == []
    assert logs.next_look("app.log.1") == 1.0  # as every file that has left its path
    assert logs.read("app.log.1", GRACE) == [b"hal"]
    assert logs.next_look("app.log.1") is None
