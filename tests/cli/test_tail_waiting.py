"""What `logwatch tail` waits for, and for how long where no event comes."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from logwatch.cli import tail_waiting
from logwatch.cli.tail_waiting import SAFETY_SECONDS, Waiting
from logwatch.clock import ManualClock
from logwatch.daemon import waker
from logwatch.daemon.event_reader import Reader
from logwatch.daemon.inotify import InotifyWaker

WITHIN = 10.0


class Poll:
    """Nothing ever comes; for how long it was waited is kept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def register(self, *_) -> None: ...

    def unregister(self, *_) -> None: ...

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        self.seconds.append(milliseconds / 1000)
        return []


class Dying(Reader):
    """Its thread ends at the next event, once it is told to."""

    is_told = False

    def _check_inotify_fd(self):
        is_readable = super()._check_inotify_fd()
        if is_readable and self.is_told:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return is_readable


@pytest.fixture
def readers(monkeypatch):
    """All readers of events that are made."""
    made: list[Dying] = []

    def make(*arguments) -> Dying:
        made.append(Dying(*arguments))
        return made[-1]

    live = InotifyWaker(ManualClock(), make_reader=make)
    monkeypatch.setattr(waker, "make_waker", lambda _: live)
    return made


@pytest.fixture
def waiting(monkeypatch, tmp_path, readers):
    clock = ManualClock()
    monkeypatch.setattr(tail_waiting, "select", SimpleNamespace(poll=Poll, POLLIN=1))
    monkeypatch.setattr(tail_waiting, "SystemClock", lambda: clock)
    made = Waiting(0.5, output=None)
    made.clock = clock
    log = tmp_path / "app.log"
    assert made.hear([os.fspath(log)]) == ""

    def end(reader: Dying) -> None:
        reader.is_told = True
        log.write_text("an event\n")
        reader.join(WITHIN)
        assert not reader.is_alive()

    made.end = end
    yield made
    made.close()


def test_where_events_come_it_looks_now_and_then(waiting):
    waiting.wait()
    assert waiting._poll.seconds == [SAFETY_SECONDS]


def test_a_reader_of_events_that_died_is_replaced(waiting, readers):
    """Or each line would be late, with nothing said, for as long as it runs."""
    waiting.wait()
    waiting.end(readers[0])
    waiting.clock.advance(SAFETY_SECONDS)
    waiting.wait()
    assert len(readers) == 2
    assert waiting._poll.seconds == [SAFETY_SECONDS, SAFETY_SECONDS]


def test_until_another_stands_it_looks_at_its_interval(waiting, readers):
    """They are replaced later each time."""
    waiting.wait()
    for reader in range(3):
        waiting.end(readers[reader])
        waiting.clock.advance(1)
        waiting.wait()
    assert waiting._poll.seconds == [*3 * [SAFETY_SECONDS], 0.5]
    waiting.clock.advance(1)
    waiting.wait()
    assert waiting._poll.seconds[-1] == SAFETY_SECONDS
