"""Monitors that died are started again, later each time, and a person is told."""

from __future__ import annotations

from itertools import pairwise

import pytest

from logwatch.clock import ManualClock
from logwatch.daemon.intake import CaughtUp, NotWaitedFor
from logwatch.daemon.revivals import HEALTHY_SECONDS, LONGEST_BACK_OFF, MANY_CRASHES, Revivals
from logwatch.rules.self_reports import SelfReport


class Mortal:
    """A monitor that died, or that lives."""

    path = "/var/log/app.log"
    sources = ("app",)

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    def is_alive(self) -> bool:
        return self.failure is None


class Ward:
    """One monitor that dies at once whenever it is started."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.monitor = Mortal(ValueError("a bug in the matcher"))
        self.told: list[object] = []
        self.has_room = True
        self.started_at: list[float] = []
        self.revivals = Revivals(self.tell, lambda _: self.started_at.append(self.clock.steady()))

    def tell(self, message: object) -> bool:
        if self.has_room:
            self.told.append(message)
        return self.has_room

    def look(self, seconds: int) -> None:
        """Once each second."""
        for _ in range(seconds):
            self.revivals.look([self.monitor], self.clock.moment())
            self.clock.advance(1)

    def live(self, seconds: int) -> None:
        """It lives for so long from its next start on, and dies then."""
        starts = len(self.started_at)
        while len(self.started_at) == starts:
            self.look(1)
        failure, self.monitor.failure = self.monitor.failure, None
        self.look(seconds)
        self.monitor.failure = failure

    def reports(self) -> list[SelfReport]:
        return [each for each in self.told if isinstance(each, SelfReport)]


@pytest.fixture
def ward() -> Ward:
    return Ward()


def test_each_start_is_later_up_to_a_minute(ward):
    ward.look(600)
    waits = [round(later - at) for at, later in pairwise(ward.started_at)]
    assert waits[:5] == [3, 5, 9, 17, 33]  # it is noticed a second after it died
    assert set(waits[5:]) == {LONGEST_BACK_OFF + 1}


def test_one_that_dies_for_days_is_tried_as_long(ward):
    """Once a number of seconds grew too large, and nothing was polled any more."""
    ward.look(2 * 86_400)
    assert len(ward.started_at) > 2_000


def test_one_that_lived_for_long_begins_from_the_beginning(ward):
    """Three deaths in a year are no reason to wake somebody, nor to wait for a minute."""
    for _ in range(3 * MANY_CRASHES):
        ward.live(HEALTHY_SECONDS)
    assert len(ward.started_at) == 3 * MANY_CRASHES
    assert not ward.reports()


def test_of_one_that_dies_again_and_again_after_a_long_life_a_person_is_told_anew(ward):
    ward.look(600)
    ward.live(HEALTHY_SECONDS)
    ward.started_at.clear()
    ward.look(600)
    waits = [round(later - at) for at, later in pairwise(ward.started_at)]
    assert waits[:2] == [3, 5]
    assert len(ward.reports()) == 2


def test_one_that_lives_for_less_than_that_is_tried_later_each_time(ward):
    for _ in range(MANY_CRASHES):
        ward.live(HEALTHY_SECONDS - 2)
    assert len(ward.reports()) == 1


def test_one_that_lives_is_left_alone(ward):
    ward.monitor.failure = None
    ward.look(60)
    assert not ward.started_at
    assert not ward.told


def test_nobody_waits_for_it_and_a_person_is_told_once(ward):
    ward.look(600)
    assert ward.told[: MANY_CRASHES - 1] == [NotWaitedFor(Mortal.path)] * (MANY_CRASHES - 1)
    assert ward.told.count(CaughtUp(Mortal.path)) == 1
    (report,) = ward.reports()
    assert report.what == "file-not-read"
    assert "a bug in the matcher" in report.message


def test_where_there_is_no_room_the_person_is_told_later(ward):
    ward.has_room = False
    ward.look(600)
    ward.has_room = True
    while not ward.reports():
        ward.look(1)
    (report,) = ward.reports()
    assert f"died {len(ward.started_at) + 1} times" in report.message


def test_of_a_path_that_is_let_go_of_nothing_is_kept(ward):
    ward.look(600)
    ward.revivals.forget(Mortal.path)
    ward.started_at.clear()
    ward.look(3)
    assert len(ward.started_at) == 1
