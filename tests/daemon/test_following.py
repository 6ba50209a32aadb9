"""Which monitors there are: made for each path, let go of when there is nothing left to do."""

from __future__ import annotations

import errno
import shutil
from threading import BoundedSemaphore, Thread
from weakref import WeakSet
from zoneinfo import ZoneInfo

import pytest
from doubles.process import ended
from doubles.rules import checkpoint
from msgspec.structs import replace

from logwatch.clock import ManualClock
from logwatch.daemon import following as module
from logwatch.daemon.departures import Departures
from logwatch.daemon.following import Following
from logwatch.daemon.intake import CaughtUp, Intake, LetGo
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.reading import Reading
from logwatch.daemon.thread_room import NO_THREAD
from logwatch.daemon.waker import ManualWaker, make_waker
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.parsers import make_parser
from logwatch.parsers.base import ParserSettings
from logwatch.parsers.event_time import EventClock
from logwatch.tailer.claims import Claims
from logwatch.tailer.discovery import Discovery
from logwatch.tailer.file_system import FileSystem
from logwatch.tailer.settings import SourceSettings
from logwatch.tailer.tail import Tail


def test_a_file_that_is_gone_before_the_first_look_is_not_awaited_for_ever(tmp_path):
    """With many files the first look comes late; deadlines wait until each has been looked at."""
    path = tmp_path / "app.log"
    path.write_text("fine\n")
    clock, intake, slots, claims = ManualClock(), Intake(), BoundedSemaphore(1), Claims()
    has_room, threads, tails = False, list[Thread](), WeakSet[Tail]()
    events = EventClock(make_parser("plain", ParserSettings(tz=ZoneInfo("UTC"))), source="app")
    matcher = Matcher([RulePatterns(match=("ERROR",))])

    def make_monitor(path, _sources, known, *, at_start, files):
        reading = Reading(source="app", matcher=matcher, rules=(0,), events=events)
        tail = Tail(path, known=known, claims=claims, start="end" if at_start else "beginning")
        monitor = Monitor(path, tail=tail, reading=reading, intake=intake, slots=slots, clock=clock)
        threads.append(monitor._thread)
        tails.add(tail)
        return monitor

    following = Following(
        discovery=Discovery([SourceSettings(name="app", paths=(str(tmp_path / "*.log"),))]),
        make_monitor=make_monitor,
        waker=make_waker("poll", clock),
        clock=clock,
        claims=claims,
        stored=(),
        tell=lambda message: has_room and intake.tell(message),
    )
    with slots:  # others are being read
        assert following.prepare() == {str(path)}
        following.start()
        path.unlink()
        following.rescan(clock.moment())
    assert intake.get(timeout=60) == CaughtUp(str(path))
    following.rescan(clock.moment())
    assert len(following.monitors) == 1  # what is kept of its path would be kept for ever
    has_room = True
    following.rescan(clock.moment())
    assert following.monitors == []
    assert intake.get(timeout=60) == LetGo(str(path))
    assert following.end(deadline=clock.steady() + 5) == []
    ended(threads[0])
    assert not tails  # what garbage is left would be looked for hours later


def test_a_folder_that_is_gone_is_not_watched_any_more(tmp_path):
    """Folders of containers come and go by the thousand."""
    listable = True

    class Folders(FileSystem):
        def entries(self, directory):
            if not listable and directory == str(tmp_path):
                raise OSError(errno.EMFILE, "too many open files")
            return super().entries(directory)

    waker, clock, claims = ManualWaker(), ManualClock(), Claims()
    paths = (str(tmp_path / "*" / "*.log"),)
    following = Following(
        discovery=Discovery([SourceSettings(name="app", paths=paths)], Folders()),
        make_monitor=None,
        waker=waker,
        clock=clock,
        claims=claims,
        stored=(),
        tell=lambda _message: True,
    )
    folders = [tmp_path / str(number) for number in range(3)]
    for each in folders:
        each.mkdir()
    following.prepare()
    every = {str(tmp_path), *map(str, folders)}
    assert set(waker.directories) == every
    listable = False
    following.prepare()
    assert set(waker.directories) == every
    listable = True
    shutil.rmtree(folders[1])
    following.prepare()
    assert set(waker.directories) == every - {str(folders[1])}
    folders[1].mkdir()
    following.prepare()
    assert set(waker.directories) == every


def following_all(folder, clock, waker, stored=()):
    """Every log of a folder."""
    claims = Claims()
    events = EventClock(make_parser("plain", ParserSettings(tz=ZoneInfo("UTC"))), source="app")
    matcher = Matcher([RulePatterns(match=("ERROR",))])
    reading = Reading(source="app", matcher=matcher, rules=(0,), events=events)

    def make_monitor(path, _sources, known, *, at_start, files):
        tail = Tail(path, known=known, claims=claims)
        slots = BoundedSemaphore(1)
        return Monitor(path, tail=tail, reading=reading, intake=Intake(), slots=slots, clock=clock)

    return Following(
        discovery=Discovery([SourceSettings(name="app", paths=(str(folder / "*.log"),))]),
        make_monitor=make_monitor,
        waker=waker,
        clock=clock,
        claims=claims,
        stored=stored,
        tell=lambda _message: True,
    )


def test_where_threads_are_few_files_of_which_something_was_read_come_first(tmp_path, monkeypatch):
    """A reload that brings more files than there may be threads for takes none from another."""
    for name in "abc":
        (tmp_path / f"{name}.log").touch()
    known = replace(checkpoint(), path=str(tmp_path / "c.log"))
    following = following_all(tmp_path, ManualClock(), ManualWaker(), stored=[known])
    begun = []
    monkeypatch.setattr(following, "_begin", lambda monitor: begun.append(monitor.path[-5:]))
    following.prepare()
    following.start()
    assert begun == ["c.log", "a.log", "b.log"]


@pytest.fixture
def after_a_death(tmp_path, monkeypatch):
    """One log whose monitor died, at the second in which it is started again."""
    (tmp_path / "app.log").touch()
    clock = ManualClock()
    following = following_all(tmp_path, clock, ManualWaker())
    monkeypatch.setattr(Monitor, "start", lambda _: None)
    following.prepare()
    following.start()
    (dead,) = following.monitors
    dead.failure = ValueError("a bug in the matcher")
    following.poll(clock.moment())
    clock.advance(1)
    return following, clock, dead


def test_one_that_died_and_for_which_no_thread_is_left_waits_for_room(after_a_death, monkeypatch):
    """As every other one does; what else is polled goes on."""
    following, clock, dead = after_a_death
    begun = []

    def begin(monitor):
        begun.append(monitor)

    def none_left(_monitor):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as machine:
        machine.setattr(Monitor, "start", none_left)
        following.poll(clock.moment())
    (fresh,) = following.monitors
    assert fresh is not dead
    assert fresh.not_answering == NO_THREAD
    monkeypatch.setattr(Monitor, "start", begin)
    for _ in range(module.LEISURE_TICKS):
        clock.advance(1)
        following.poll(clock.moment())
    assert begun == [fresh]
    assert not fresh.not_answering


def test_what_one_that_died_knew_of_a_log_that_is_gone_is_told_by_the_next(after_a_death):
    following, clock, dead = after_a_death
    dead.departure = Departures(lambda _: True).expect("app")
    following.poll(clock.moment())
    (fresh,) = following.monitors
    assert fresh.departure is dead.departure


@pytest.mark.parametrize(("covered", "least", "most"), [(True, 40, 56), (False, 160, 160)])
def test_of_very_many_busy_files_a_part_is_polled_at_each_tick(
    tmp_path, monkeypatch, covered, least, most
):
    """Where events reach them; all have their turn."""
    monkeypatch.setattr(module, "BUSY_POLLS", 10)
    for number in range(40):
        (tmp_path / f"{number}.log").touch()
    clock, waker = ManualClock(), ManualWaker()
    following = following_all(tmp_path, clock, waker if covered else make_waker("poll", clock))
    asked = []
    monkeypatch.setattr(following, "_has_changed", lambda monitor: asked.append(monitor.path))
    monkeypatch.setattr(following, "start", lambda: None)
    following.prepare()
    for monitor in following.monitors:
        monitor.active_at = clock.steady()
    following.poll(clock.moment())
    assert len(asked) == 40  # nobody knows yet how many are busy
    asked.clear()
    for _ in range(4):
        following.poll(clock.moment())
    assert set(asked) == {monitor.path for monitor in following.monitors}
    assert least <= len(asked) <= most  # and each tenth, as if they were idle
