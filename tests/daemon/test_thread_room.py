"""Where no thread is left for all monitors, the others are followed and a person is told."""

from __future__ import annotations

import threading

import pytest

from logwatch.daemon import thread_room
from logwatch.daemon.intake import CaughtUp
from logwatch.daemon.thread_room import FEW_MONITORS, NO_THREAD, SPARE_THREADS, ThreadRoom
from logwatch.telemetry import telemetry


class Monitor:
    """What begins, or cannot."""

    def __init__(self, number):
        self.path = f"/var/log/{number}.log"
        self.not_answering = ""
        self.stood_down = 0

    def stand_down(self):
        self.stood_down += 1


class Machine:
    """Has so many threads."""

    def __init__(self, monkeypatch, most):
        self.most = most
        self.told, self.unwatched = [], []
        self.room = ThreadRoom(lambda each: self.told.append(each) or True, self.unwatched.append)
        machine, self.running = self, 0

        class Thread(threading.Thread):
            def start(self):
                machine.take()
                super().start()

            def join(self, timeout=None):
                super().join(timeout)
                machine.running -= 1

        monkeypatch.setattr(thread_room, "Thread", Thread)

    def take(self):
        if self.running >= self.most:
            raise RuntimeError("can't start new thread")
        self.running += 1

    def begin(self, monitors):
        """Those that began."""
        return list(self.room.begin_all(monitors, lambda _monitor: self.take()))


def said():
    return telemetry.counters["daemon.too_few_threads"]


def test_the_last_threads_are_left_to_others(monkeypatch):
    """It is said once; nobody waits for those that have none, nor are they woken."""
    machine, monitors, before = Machine(monkeypatch, 100), list(map(Monitor, range(200))), said()
    begun = machine.begin(monitors)
    assert begun == monitors[: 100 - SPARE_THREADS]
    assert machine.running == len(begun), "there is room now"
    waiting = monitors[len(begun) :]
    assert {each.not_answering for each in waiting} == {NO_THREAD}
    assert all(each.stood_down for each in waiting)
    assert machine.told == [CaughtUp(each.path) for each in waiting]
    assert machine.unwatched == [each.path for each in waiting]
    assert machine.begin(waiting) == []
    assert len(machine.told) == len(waiting)
    assert said() == before + 1


def test_one_that_has_to_wait_is_given_no_turn_after_it_gave_up_its_own():
    order, monitor = [], Monitor(1)
    monitor.stand_down = lambda: order.append("gave up its turn")
    room = ThreadRoom(lambda _: True, lambda _path: order.append("is woken no more"))

    def none_left(_monitor):
        raise RuntimeError("can't start new thread")

    assert list(room.begin_all([monitor], none_left)) == []
    assert order == ["is woken no more", "gave up its turn"]


def test_where_there_are_hardly_any_the_half_is_left_to_others(monkeypatch):
    """Or a narrow limit would have nothing read at all. They are not asked for theirs later."""
    machine, monitors = Machine(monkeypatch, 10), list(map(Monitor, range(FEW_MONITORS + 1)))
    begun = machine.begin(monitors)
    assert begun == monitors[:5]
    assert machine.running == len(begun)
    assert machine.begin(monitors[5:]) == []
    assert machine.running == len(begun)


def test_they_begin_when_there_is_room(monkeypatch):
    """Some, then all; what comes to be too much after that is said again."""
    machine, monitors, before = Machine(monkeypatch, 100), list(map(Monitor, range(200))), said()
    waiting = monitors[len(machine.begin(monitors)) :]
    machine.most = 150
    waiting = waiting[len(machine.begin(waiting)) :]
    assert len(waiting) == 200 - (150 - SPARE_THREADS)
    machine.most = 300
    assert machine.begin(waiting) == waiting
    assert {each.not_answering for each in monitors} == {""}
    assert said() == before + 1
    machine.most = 200
    assert machine.begin(list(map(Monitor, range(300, 350)))) == []
    assert said() == before + 2


@pytest.mark.parametrize("number", [1, FEW_MONITORS])
def test_few_monitors_are_started_as_they_are(monkeypatch, number):
    """Most daemons have few, and start in no time."""
    machine = Machine(monkeypatch, number)
    assert len(machine.begin(list(map(Monitor, range(number))))) == number
