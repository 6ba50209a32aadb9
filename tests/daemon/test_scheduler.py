"""One thread, one heap of deadlines: never early, never twice, never down."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.clock import ManualClock, SystemClock
from logwatch.daemon.scheduler import LONGEST_RETRY_SECONDS, Scheduler
from logwatch.telemetry import telemetry


@pytest.fixture
def clock():
    return ManualClock(1000.0)


@pytest.fixture
def scheduler(clock):
    return Scheduler(clock, threading.Event())


def test_a_job_runs_each_time_its_seconds_are_over(scheduler, clock):
    ran = []
    scheduler.every(10, lambda now: ran.append(now.steady), "rescan")
    assert scheduler.step(clock.moment()) == 1010
    clock.advance(10)
    assert scheduler.step(clock.moment()) == 1020
    clock.advance(9.99)
    assert scheduler.step(clock.moment()) == 1020
    clock.advance(0.01)
    scheduler.step(clock.moment())
    assert ran == [1010, 1020]


def test_a_late_step_keeps_the_beat(scheduler, clock):
    scheduler.every(10, lambda now: None, "rescan")
    clock.advance(13)
    assert scheduler.step(clock.moment()) == 1020


def test_runs_missed_while_the_machine_slept_are_not_made_up_for(scheduler, clock):
    ran = []
    scheduler.every(1, lambda now: ran.append(now.steady), "check")
    clock.advance(3600)
    assert scheduler.step(clock.moment()) == 4601
    assert ran == [4600]


def test_a_single_job_runs_once_at_its_time(scheduler, clock):
    ran = []
    scheduler.at(1005, lambda now: ran.append(now.steady), "restart")
    assert scheduler.step(clock.moment()) == 1005
    clock.advance(5)
    assert scheduler.step(clock.moment()) is None
    clock.advance(5)
    scheduler.step(clock.moment())
    assert ran == [1005]


def test_setting_the_date_moves_no_deadline(scheduler, clock):
    ran = []
    scheduler.every(10, lambda now: ran.append(now.steady), "rescan")
    clock.step_wall(86_400)
    scheduler.step(clock.moment())
    clock.step_wall(-200_000)
    clock.advance(10)
    scheduler.step(clock.moment())
    assert ran == [1010]


def test_what_a_job_adds_waits_for_the_next_step(scheduler, clock):
    ran = []

    def once(now):
        scheduler.at(now.steady, lambda now: ran.append("next"), "next")
        ran.append("once")

    scheduler.at(1000, once, "once")
    scheduler.step(clock.moment())
    assert ran == ["once"]
    scheduler.step(clock.moment())
    assert ran == ["once", "next"]
    assert scheduler.next_deadline() is None


def test_a_job_that_always_adds_itself_anew_cannot_keep_a_step_for_ever(scheduler, clock):
    ran = []

    def again(now):
        ran.append(1)
        scheduler.at(now.steady, again, "again")

    scheduler.at(1000, again, "again")
    scheduler.step(clock.moment())
    assert ran == [1]


def test_a_failing_job_is_logged_once_backed_off_and_harms_no_other(
    scheduler, clock, capsys, monkeypatch
):
    monkeypatch.setattr(telemetry, "_logger", None)  # it writes to the stderr it first saw
    telemetry.counters.clear()
    ran, broken = [], [True]

    def fail(now):
        ran.append(now.steady - 1000)
        if broken[0]:
            raise OSError("disk on fire")

    others = []
    scheduler.every(1, fail, "poll")
    scheduler.every(1, lambda now: others.append(1), "check")
    for _ in range(200):
        clock.advance(1)
        scheduler.step(clock.moment())
    assert ran == [1, 2, 4, 8, 16, 32, 64, 124, 184]
    assert len(others) == 200
    assert telemetry.counters["scheduler.job_failures"] == len(ran)
    assert telemetry.counters["scheduler.job_failed"] == 1
    assert "disk on fire" in capsys.readouterr().err
    broken[0] = False
    for _ in range(int(LONGEST_RETRY_SECONDS) + 5):
        clock.advance(1)
        scheduler.step(clock.moment())
    assert telemetry.counters["scheduler.job_recovered"] == 1
    assert ran[9:] == [244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258,
                       259, 260, 261, 262, 263, 264, 265]  # fmt: skip


def test_a_failing_single_job_is_tried_again_until_it_works(scheduler, clock):
    ran = []

    def twice(now):
        ran.append(now.steady)
        if len(ran) < 3:
            raise OSError

    scheduler.at(1001, twice, "restart")
    for _ in range(20):
        clock.advance(1)
        scheduler.step(clock.moment())
    assert ran == [1001, 1002, 1004]
    assert scheduler.next_deadline() is None


def test_a_failing_slow_job_is_not_run_more_often_for_it(scheduler, clock):
    def fail(now):
        raise OSError

    scheduler.every(300, fail, "backup")
    clock.advance(300)
    assert scheduler.step(clock.moment()) == 1600


def test_a_job_cannot_run_every_zero_seconds(scheduler):
    with pytest.raises(ValueError, match="poll"):
        scheduler.every(0, lambda now: None, "poll")


def test_an_earlier_job_added_by_another_thread_wakes_the_scheduler():
    clock, stop = SystemClock(), threading.Event()
    scheduler = Scheduler(clock, stop)
    scheduler.at(clock.steady() + 3600, lambda now: None, "far")
    thread = threading.Thread(target=scheduler.run, daemon=True)
    thread.start()
    ran = threading.Event()
    began = clock.steady()
    scheduler.at(began, lambda now: ran.set(), "now")
    assert ran.wait(60)
    stop.set()
    scheduler.nudge()
    thread.join(60)
    assert not thread.is_alive()


def test_a_stop_is_seen_without_a_nudge():
    stop = threading.Event()
    scheduler = Scheduler(SystemClock(), stop)
    thread = threading.Thread(target=scheduler.run, daemon=True)
    thread.start()
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


@given(
    jobs=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 7)), max_size=8),
    strides=st.lists(st.integers(1, 9), max_size=20),
)
def test_whatever_the_strides_every_job_runs_once_a_step_in_which_it_is_due(jobs, strides):
    """Against the naive model: walk all jobs at each step."""
    clock = ManualClock(0.0)
    scheduler = Scheduler(clock, threading.Event())
    ran, expected, due = [], [], []
    for number, (delay, period) in enumerate(jobs):
        due.append([delay + period, period])
        clock._steady = float(delay)
        scheduler.every(period, lambda now, number=number: ran.append((now.steady, number)), "job")
    clock._steady = 0.0
    for stride in strides:
        clock.advance(stride)
        now = clock.steady()
        for number, job in enumerate(due):
            if job[0] <= now:
                expected.append((now, number))
                job[0] = job[0] + job[1] if job[0] + job[1] > now else now + job[1]
        assert scheduler.step(clock.moment()) == min((job[0] for job in due), default=None)
    assert sorted(ran) == expected


def test_a_job_that_hangs_can_be_seen_from_outside():
    """A look at a dead network mount: no other timed work is done, and no thread has died."""
    clock = ManualClock()
    scheduler = Scheduler(clock, threading.Event())
    seen = []

    def hangs(_now):
        clock.advance(40)
        seen.append(scheduler.busy_for(clock.steady()))
        raise OSError

    scheduler.at(clock.steady(), hangs, "look")
    assert scheduler.busy_for(clock.steady()) == 0.0
    scheduler.step(clock.moment())
    assert seen == [40.0]
    assert scheduler.busy_for(clock.steady()) == 0.0
