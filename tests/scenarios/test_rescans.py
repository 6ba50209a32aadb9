"""How often the daemon looks for files when nothing says that it should."""

from __future__ import annotations

import pytest

from logwatch.clock import ManualClock
from logwatch.daemon.following import Following
from logwatch.daemon.waker import ManualWaker, PollWaker
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.settings import SourceSettings


class Counted(Discovery):
    """A discovery that counts its looks."""

    looks = 0

    def scan(self):
        self.looks += 1
        return super().scan()


def following(folder, waker) -> tuple[Following, Counted]:
    discovery = Counted([SourceSettings(name="app", paths=(f"{folder}/*.log",))])
    made = Following(
        discovery=discovery,
        make_monitor=lambda *_, **__: pytest.fail("there are no files"),
        waker=waker,
        clock=ManualClock(),
        claims=Claims(),
        stored=(),
        tell=lambda _message: True,
    )
    made.prepare()
    discovery.looks = 0
    return made, discovery


def test_directories_without_events_are_looked_at_in_every_round(tmp_path):
    """Polling is the only way to find new files there."""
    made, discovery = following(tmp_path, PollWaker())
    for _ in range(12):
        made.rescan(ManualClock().moment())
    assert discovery.looks == 12


def test_directories_with_events_are_looked_at_now_and_then(tmp_path):
    """And at the next tick once an event has come."""
    waker, now = ManualWaker(), ManualClock().moment()
    made, discovery = following(tmp_path, waker)
    for _ in range(12):
        made.rescan(now)
        made.poll(now)
    assert discovery.looks == 2
    assert waker.touch(str(tmp_path)) == 1
    made.poll(now)
    made.poll(now)
    assert discovery.looks == 3
