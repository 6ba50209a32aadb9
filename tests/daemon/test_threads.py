"""What a worker promises: a loop around `step`, a stamp that moves, an error that is kept."""

import gc
import threading
import weakref

import pytest

from logwatch.clock import ManualClock, Moment
from logwatch.daemon.threads import Progress, Worker, dump
from logwatch.telemetry import telemetry


class Scripted(Worker):
    """Does what the test says, once, then waits for the stop."""

    def __init__(self, action=lambda: None, *, pending=False):
        super().__init__("scripted", clock=ManualClock(), stop=threading.Event())
        self.action = action
        self.pending = pending
        self.steps = 0
        self.stepped = threading.Event()
        self.finished = threading.Event()

    def step(self, now):
        self.action()
        self.steps += 1
        if self.steps > 1:
            self.stepped.set()
            self.stopping.wait()

    def has_work(self):
        return self.pending

    def finish(self):
        self.finished.set()


@pytest.fixture
def scripted(request):
    workers = []

    def make(*args, **kwargs):
        workers.append(Scripted(*args, **kwargs))
        return workers[-1]

    yield make
    for worker in workers:
        worker.stopping.set()
        assert worker.join(60)


def test_a_worker_steps_until_it_is_told_to_stop_and_lets_go_of_what_it_owns(scripted):
    worker = scripted()
    worker.start()
    assert worker.stepped.wait(60)
    assert worker.is_alive()
    assert not worker.finished.is_set()
    worker.stopping.set()
    assert worker.join(60)
    assert worker.finished.is_set()
    assert worker.failure is None


def test_the_stamp_moves_with_each_completed_step(scripted):
    worker = scripted()
    begun = worker.progress().stamp
    worker.action = lambda: worker.clock.advance(3)
    worker.start()
    assert worker.stepped.wait(60)
    # The first step was completed after 3 s, the second (6 s) still waits.
    assert worker.progress() == Progress("scripted", begun + 3, pending=False)


@pytest.mark.parametrize(
    ("pending", "seconds", "stalled"), [(True, 30, True), (True, 29.9, False), (False, 300, False)]
)
def test_only_pending_work_without_a_step_is_a_stall(pending, seconds, stalled):
    progress = Progress("m", 100.0, pending)
    assert progress.stalled(Moment(100.0 + seconds, 0), 30) is stalled


@pytest.mark.parametrize("error", [ValueError("bad line"), SystemExit(3), MemoryError()])
def test_the_exception_that_ends_a_worker_is_kept_logged_and_counted(
    scripted, error, capsys, monkeypatch
):
    monkeypatch.setattr(telemetry, "_logger", None)  # it writes to the stderr it first saw

    def fail():
        raise error

    before = telemetry.counters["daemon.thread_died"]
    worker = scripted(fail)
    worker.start()
    assert worker.join(60)
    assert worker.failure is error
    assert worker.finished.is_set()
    assert telemetry.counters["daemon.thread_died"] == before + 1
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert "scripted" in printed


def test_a_kept_exception_holds_no_frame_and_with_it_no_block_of_a_log(scripted):
    class Block(bytearray):
        pass

    seen = []

    def fail():
        block = Block(1 << 20)
        seen.append(weakref.ref(block))
        raise ValueError("bad line")

    worker = scripted(fail)
    worker.start()
    assert worker.join(60)
    gc.collect()
    assert worker.failure is not None
    assert seen[0]() is None


def test_an_error_while_finishing_does_not_hide_the_first(scripted):
    first = ValueError("first")

    def fail():
        raise first

    worker = scripted(fail)
    worker.finish = lambda: 1 / 0
    worker.start()
    assert worker.join(60)
    assert worker.failure is first


def test_a_worker_that_was_never_started_joins_at_once(scripted):
    assert scripted().join(0)


def test_a_stuck_worker_misses_the_deadline_and_shows_where_it_is(scripted):
    gate = threading.Event()

    def stuck_in_a_lock():
        gate.wait(60)

    worker = scripted(stuck_in_a_lock, pending=True)
    worker.start()
    worker.stopping.set()
    assert not worker.join(0.01)
    while "stuck_in_a_lock" not in worker.stack():
        assert worker.is_alive()
    gate.set()


def test_the_dump_names_every_thread_of_the_process(scripted):
    worker = scripted(pending=True)
    idle = scripted()
    worker.start()
    assert worker.stepped.wait(60)
    text = dump([worker, idle], Moment(worker.clock.steady() + 7, 0))
    assert "scripted: runs, has work pending, last step 7.0 s ago" in text
    assert "scripted: does not run, has no work" in text
    assert "self.stopping.wait()" in text
    assert "MainThread: not a worker" in text


def test_a_worker_without_a_step_says_so():
    worker = Worker("bare", clock=ManualClock(), stop=threading.Event())
    assert not worker.has_work()
    with pytest.raises(NotImplementedError):
        worker.step(Moment(0, 0))
    assert worker.finish() is None
