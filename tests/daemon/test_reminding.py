"""Sinks whose receivers forget: the deliverer lets them tell again what burns."""

from __future__ import annotations

import pytest
from doubles.alerts import alert
from doubles.daemon import Bench

from logwatch.daemon.deliverer import LONGEST_WAIT, Deliverer
from logwatch.daemon.watched_sink import WatchedSink, reminding
from logwatch.records import Delivered
from logwatch.sinks.memory import MemorySink
from logwatch.store.writer import Addressed, Transaction


class Forgetful:
    """A sink that keeps what it is reminded of."""

    batch_size = 1

    def __init__(self) -> None:
        self.reminders = []

    def deliver(self, batch):
        return Delivered()

    def remind(self, burning):
        self.reminders.append([(one.id, one.seq) for one in burning])
        return 30.0

    def close(self) -> None:
        pass


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.store.close()


def worker_for(bench, sink) -> Deliverer:
    return Deliverer(
        "chat",
        sink,
        folder=bench.folder,
        intake=bench.intake,
        clock=bench.clock,
        random=lambda: 1.0,
    )


def commit(bench, one, *told, burns=True):
    addressed = Addressed(one, 1.0, (), burns=burns, told=told)
    bench.store.commit(Transaction(alerts=[addressed]), now=1.0)


def test_it_is_reminded_at_the_start_and_as_often_as_it_asks_of_what_it_was_told(bench):
    sink = Forgetful()
    commit(bench, alert(id="a"), "chat", "other")
    commit(bench, alert(id="b"), "other")
    commit(bench, alert(id="c"), "chat")
    commit(bench, alert(id="c", seq=2, status="updated"), "chat")
    worker = worker_for(bench, WatchedSink(sink, bench.clock))
    assert worker._remind(bench.clock.steady()) == 30.0
    commit(bench, alert(id="a", seq=2, status="resolved"), burns=False)
    bench.clock.advance(20)
    assert worker._remind(bench.clock.steady()) == 10.0
    bench.clock.advance(10)
    worker._remind(bench.clock.steady())
    worker.finish()
    assert sink.reminders == [[("a", 1), ("c", 2)], [("c", 2)]]


def test_it_is_not_reminded_while_logwatch_stops(bench):
    sink = Forgetful()
    worker = worker_for(bench, sink)
    worker.drain(bench.clock.steady() + 5)
    worker.step(bench.clock.moment())
    worker.finish()
    assert sink.reminders == []


def test_other_sinks_are_not_bothered(bench):
    watched = WatchedSink(MemorySink(), bench.clock)
    assert reminding(watched) is None
    assert worker_for(bench, watched)._remind(bench.clock.steady()) == LONGEST_WAIT
