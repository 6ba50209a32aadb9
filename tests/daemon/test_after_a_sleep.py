"""Nothing ran for half an hour: what was written meanwhile comes before any alarm."""

from __future__ import annotations

import queue

import pytest
from doubles.daemon import Bench, batch

from logwatch.daemon.after_sleep import CATCHING_BREATH_SECONDS, GLANCE_SECONDS, NAPPED_SECONDS
from logwatch.daemon.intake import CaughtUp, Nudge
from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Absence

ASLEEP_SECONDS = 1_800.0
BEAT = RuleSettings(name="beat", kind=Absence(limit=600.0), cooldown=0.0)


@pytest.fixture
def bench(tmp_path, monkeypatch, request):
    """A consumer that has heard the first beat; its next wait for a message takes half an hour."""
    rule, asleep = getattr(request, "param", (BEAT, ASLEEP_SECONDS))
    made = Bench(tmp_path, rule)
    made.take(batch("beat", time=made.clock.wall()), Nudge())
    assert made.lived
    get = made.intake.get

    def sleeps(timeout):
        monkeypatch.setattr(made.intake, "get", get)
        made.clock.advance(asleep)
        raise queue.Empty

    monkeypatch.setattr(made.intake, "get", sleeps)
    yield made
    made.store.close()


def test_what_was_written_meanwhile_comes_first(bench):
    """Only logwatch was stopped, and not the program: its beats are in the file."""
    began = bench.clock.wall()
    bench.consumer.step(bench.clock.moment())
    assert bench.due() == []
    for number in range(1, 7):
        bench.take(batch("beat", offset=100 * number, time=began + 300.0 * number))
    bench.clock.advance(CATCHING_BREATH_SECONDS)
    bench.take()
    assert bench.due() == []


def test_it_may_sleep_while_it_is_busy(tmp_path):
    """As a machine does that is sent to sleep in a commit, or a full disk that held all up."""
    bench = Bench(tmp_path, BEAT)
    began = bench.clock.wall()
    for number in range(2):
        bench.intake.tell(batch("beat", offset=100 * number, time=began + 300.0 * number))
        bench.consumer.step(bench.clock.moment())
        assert bench.due() == []
        bench.clock.advance(ASLEEP_SECONDS)
    bench.take()
    assert len(bench.due()) == 1
    bench.store.close()


def test_a_true_silence_is_told_a_breath_later(bench):
    bench.consumer.step(bench.clock.moment())
    bench.clock.advance(CATCHING_BREATH_SECONDS)
    bench.take()
    assert len(bench.due()) == 1


def test_without_a_sleep_the_alarm_is_not_late(bench, monkeypatch):
    """The same half an hour, waited through in short steps."""
    monkeypatch.undo()
    while bench.clock.wall() < 1.0 or not bench.due():
        bench.clock.advance(60.0)
        bench.take()
    assert len(bench.due()) == 1


QUICK = RuleSettings(name="beat", kind=Absence(limit=2.0), cooldown=0.0)


@pytest.mark.parametrize("bench", [(QUICK, 2.5), (QUICK, 9.0)], indirect=True)
def test_a_process_that_was_stopped_for_a_moment_reads_first_as_well(bench):
    """Lines of before the deadline lie in the file, and their reader has just woken up, too."""
    began = bench.clock.wall()
    bench.consumer.step(bench.clock.moment())
    assert bench.due() == []
    ended = bench.clock.wall()
    beats = [began + 1.5 * number for number in range(1, 7) if began + 1.5 * number <= ended]
    bench.take(*(batch("beat", offset=100 * n, time=time) for n, time in enumerate(beats, 1)))
    bench.clock.advance(GLANCE_SECONDS)
    bench.take()
    assert bench.due() == []
    bench.clock.advance(2.5)
    bench.take()
    assert len(bench.due()) == 1


def test_one_that_never_has_its_turn_in_time_tells_of_silences_all_the_same(tmp_path, monkeypatch):
    """A busy machine, on which each wait takes longer than was asked for."""
    bench = Bench(tmp_path, QUICK)
    bench.take(batch("beat", time=bench.clock.wall()), Nudge())
    began = bench.clock.steady()

    def oversleeps(timeout):
        bench.clock.advance(timeout + 2 * NAPPED_SECONDS)
        raise queue.Empty

    monkeypatch.setattr(bench.intake, "get", oversleeps)
    while not bench.due():
        bench.consumer.step(bench.clock.moment())
    assert bench.clock.steady() - began < QUICK.kind.limit + 4 * GLANCE_SECONDS
    bench.store.close()


@pytest.mark.parametrize("takes", [0.7, 1.2, 9.0, 12.0, 60.0])
def test_steps_that_each_take_long_hold_no_deadline_for_ever(tmp_path, takes):
    """As on a disk that writes slowly, while there is always something to read."""
    bench = Bench(tmp_path, QUICK)
    bench.take(batch("beat", time=bench.clock.wall()), Nudge())
    began = bench.clock.steady()
    while not bench.due() and bench.clock.steady() - began < 1_000.0:
        bench.intake.tell(Nudge())
        bench.consumer.step(bench.clock.moment())
        bench.clock.advance(takes)
    assert len(bench.due()) == 1
    assert bench.clock.steady() - began <= QUICK.kind.limit + 5 * takes
    bench.store.close()


def test_at_the_end_of_a_backlog_nothing_is_held(tmp_path):
    """Reading it takes long, and a single run ends right after it."""
    bench = Bench(tmp_path, QUICK, awaited=("/var/log/app.log",))
    began = bench.clock.wall()
    for message in (batch("beat", time=began - 60.0, backlog=True), CaughtUp("/var/log/app.log")):
        assert bench.due() == []
        bench.clock.advance(3 * NAPPED_SECONDS)
        bench.intake.tell(message)
        bench.consumer.step(bench.clock.moment())
    assert len(bench.due()) == 1
    bench.store.close()
