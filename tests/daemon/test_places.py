"""A call that does not come back is given up, its place is left alone, and both come back alone."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from doubles.process import eventually

from logwatch.clock import ManualClock
from logwatch.daemon import places as module
from logwatch.daemon.places import GivenUp, NotAnsweringError, Places, is_beneath
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.timed_work import TimedWork


class Machine:
    """Places, a scheduler's thread, and calls that hang until somebody lets them go."""

    def __init__(self):
        self.mounts = "1 0 0:1 / / rw - ext4 disk rw\n"
        self.clock = ManualClock()
        self.places = Places(lambda: self.mounts)
        self.stop = threading.Event()
        self.scheduler = Scheduler(self.clock, self.stop)
        self.work = TimedWork(self.scheduler, self.places, self.clock)
        self.back = threading.Event()
        self.hung = []
        self.work.start()

    def ask(self, path):
        """A job that names `path`, and hangs there."""

        def job(_now):
            with suppress(NotAnsweringError), self.places.asking(str(path)):
                self.hung.append(str(path))
                self.back.wait(60)

        self.scheduler.at(self.clock.steady(), job, "ask")
        eventually(lambda: str(path) in self.hung, "it hangs")

    def check(self, seconds=module.PATIENCE + 2):
        for _ in range(seconds):
            self.clock.advance(1.0)
            self.work.check()

    def end(self):
        self.stop.set()
        self.back.set()
        assert self.work.end(5)


@pytest.fixture
def machine():
    made = Machine()
    yield made
    made.end()
    eventually(lambda: "stuck in a call" not in map(str, threading.enumerate()), "all have ended")


def test_the_job_that_hangs_is_done_by_another_thread_which_leaves_the_place_alone(
    machine, tmp_path
):
    path = tmp_path / "dead" / "app.log"
    path.parent.mkdir()
    path.touch()
    machine.ask(path)
    machine.check()
    eventually(lambda: machine.places.dead, "it is known")
    assert list(machine.places.dead) == [str(path)]  # the directory answers: it is this file alone
    done = []
    machine.scheduler.at(machine.clock.steady(), done.append, "another")
    eventually(lambda: done, "others are run")
    assert machine.hung == [str(path)]  # the job was run again, and refused
    assert machine.places.where(str(path)) == str(path)
    assert not machine.places.where(str(tmp_path / "app.log"))
    with pytest.raises(NotAnsweringError, match="does not answer"):
        machine.places.asking(str(path))


def test_what_answers_again_is_asked_again(machine, tmp_path):
    machine.ask(tmp_path)
    machine.check()
    eventually(lambda: machine.places.dead, "it is known")
    changes = machine.places.changes
    machine.back.set()
    eventually(lambda: not machine.places.dead, "it answers")
    assert machine.places.changes > changes
    with machine.places.asking(str(tmp_path)):
        pass


def test_what_is_mounted_anew_is_asked_again_though_the_old_call_hangs_for_ever(machine, tmp_path):
    machine.ask(tmp_path)
    machine.check()
    eventually(lambda: machine.places.dead, "it is known")
    machine.check()
    assert machine.places.dead
    machine.mounts += f"2 1 0:2 / {tmp_path} rw - nfs server rw\n"
    machine.check(1)
    assert not machine.places.dead


def test_a_link_leads_to_the_place_that_does_not_answer(machine, tmp_path):
    (tmp_path / "dead").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "dead")
    machine.ask(tmp_path / "link")
    machine.check()
    eventually(lambda: machine.places.dead, "it is known")
    assert list(machine.places.dead) == [str(tmp_path / "dead")]
    assert machine.places.where(str(tmp_path / "link" / "app.log")) == str(tmp_path / "dead")
    assert machine.places.where(str(tmp_path / "dead" / "x" / "app.log"))


def test_a_mount_is_asked_for_itself(machine, tmp_path, monkeypatch):
    """It hangs as well: then whatever is mounted there is the place, however deep the file was."""
    (tmp_path / "mount" / "a" / "b").mkdir(parents=True)
    mount = tmp_path / "mount"
    machine.mounts += f"2 1 0:2 / {mount} rw - nfs server rw\n"
    monkeypatch.setattr(module.os, "statvfs", lambda _path: machine.back.wait(60))
    machine.ask(mount / "a" / "b")
    eventually(lambda: machine.check(1) or machine.places.dead, "it is known")
    assert list(machine.places.dead) == [str(mount)]


def test_many_files_of_one_directory_are_one_place(machine, tmp_path):
    for number in range(module.MANY_SIBLINGS):
        path = tmp_path / "dead" / f"{number}.log"
        path.parent.mkdir(exist_ok=True)
        path.touch()
        machine.ask(path)
        machine.check()
        eventually(lambda number=number: machine.places.changes > number, "it is known")
    assert list(machine.places.dead) == [str(tmp_path / "dead")]


def test_a_process_that_was_stopped_takes_no_call_for_one_that_hangs(machine, tmp_path):
    """An hour passes between two checks: a machine that slept, say."""
    machine.ask(tmp_path)
    machine.check(1)
    machine.clock.advance(3600)
    machine.work.check()
    machine.back.set()
    eventually(lambda: machine.places.under_way is None, "it is back")
    machine.check()
    assert not machine.places.dead


def test_calls_that_come_back_in_time_are_not_given_up(machine, tmp_path):
    """However many there are: only one and the same call is too long."""
    asked = []

    def job(_now):
        with machine.places.asking(str(tmp_path)):
            asked.append(1)

    for _ in range(20):
        machine.scheduler.at(machine.clock.steady(), job, "ask")
        machine.check(1)
    eventually(lambda: len(asked) == 20, "all are asked")
    assert not machine.places.dead


def test_there_is_a_limit_to_the_threads_that_are_left_behind(machine, tmp_path, monkeypatch):
    """Then the job hangs, and the watchdog goes hungry as it would have without all this."""
    monkeypatch.setattr(module, "MOST_STUCK", 1)
    machine.ask(tmp_path / "a")
    machine.check()
    eventually(lambda: machine.places.dead, "it is known")
    machine.ask(tmp_path / "b")
    machine.check()
    assert list(machine.places.dead) == [str(tmp_path / "a")]
    assert machine.scheduler.busy_for(machine.clock.steady()) >= module.PATIENCE


def test_what_a_job_brings_is_handed_on_though_another_thread_had_to_do_it(machine, tmp_path):
    """As the daemon's start does: it waits for the job, and the job was begun twice."""
    began = []

    def look():
        began.append(1)
        with suppress(NotAnsweringError), machine.places.asking(str(tmp_path / "dead")):
            machine.back.wait(60)
        return len(began)

    answers = []
    asking = threading.Thread(target=lambda: answers.append(machine.work.do(look)), daemon=True)
    asking.start()
    eventually(lambda: began, "it hangs")

    def later():
        machine.clock.advance(1.0)
        return answers

    eventually(later, "it is done")
    asking.join(60)
    assert answers == [2]


def test_what_a_job_raises_is_raised_where_it_was_asked_for(machine):
    with pytest.raises(ValueError, match="no"):
        machine.work.do(lambda: int("no"))


def test_another_thread_waits_for_its_own_calls(tmp_path):
    """Nobody gives up what is not the scheduler's."""
    places = Places(lambda: "")
    with places.asking(str(tmp_path)):
        assert places.under_way is None
        assert not any(places.check(float(second)) for second in range(20))


def test_a_thread_that_was_given_up_does_nothing_more(machine, tmp_path):
    """Its work was taken over: what it had in hand is not to be done twice."""
    went_on = []

    def job(_now):
        if not machine.hung:
            machine.hung.append("")
            try:
                with machine.places.asking(str(tmp_path)):
                    machine.back.wait(60)
                went_on.append(1)
            except GivenUp:
                went_on.append("given up")
                raise

    machine.scheduler.at(machine.clock.steady(), job, "ask")
    eventually(lambda: machine.hung, "it hangs")
    machine.check()
    eventually(lambda: machine.places.dead, "it is known")
    machine.back.set()
    eventually(lambda: went_on, "it comes back")
    assert went_on == ["given up"]


@pytest.mark.parametrize(
    ("path", "place", "is_in"),
    [("/a/b", "/a", True), ("/a", "/a", True), ("/ab", "/a", False), ("/x", "/", True)],
)
def test_what_is_beneath_a_place(path, place, is_in):
    assert is_beneath(path, place) is is_in
