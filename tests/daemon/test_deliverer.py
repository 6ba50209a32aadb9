"""The deliverer: from the outbox to a sink, at least once, in order within an episode."""

from __future__ import annotations

import pytest
from doubles.alerts import alert
from doubles.daemon import Bench

from logwatch.daemon.deliverer import Deliverer
from logwatch.daemon.intake import Report
from logwatch.records import Delivered, Rejected, Retry
from logwatch.store.writer import Addressed, Transaction


class Scripted:
    """A sink that answers as it is told, and keeps what it got."""

    def __init__(self, *script, batch_size: int = 1) -> None:
        self.script = list(script)
        self.batch_size = batch_size
        self.got: list[list[str]] = []
        self.closed = 0

    def deliver(self, batch):
        self.got.append([one.idempotency_key for one in batch])
        return self.script.pop(0) if self.script else Delivered()

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def bench(tmp_path):
    """A store with a consumer that answers the deliverer at once."""
    made = Bench(tmp_path)
    put = made.intake.put

    def put_and_take(message, block=True, timeout=None):
        if isinstance(message, Report):
            made.take(message)
        else:
            put(message, block, timeout)

    made.intake.put = put_and_take
    yield made
    made.store.close()


def deliverer(bench, sink) -> Deliverer:
    """A deliverer for `sink`, driven by hand."""
    return Deliverer(
        "chat",
        sink,
        folder=bench.folder,
        intake=bench.intake,
        clock=bench.clock,
        random=lambda: 1.0,
    )


def commit(bench, *alerts) -> None:
    """Put alerts into the outbox."""
    told = [Addressed(one, 1.0, ("chat",)) for one in alerts]
    bench.store.commit(Transaction(alerts=told), now=1.0)


def run(bench, worker, seconds: float = 0.0) -> None:
    """Deliver until nothing is due, time passing up to `seconds`."""
    end = bench.clock.steady() + seconds
    while True:
        wait = worker.deliver_due(bench.clock.steady())
        if wait == 0:
            continue
        if bench.clock.steady() + wait > end:
            return
        bench.clock.advance(wait)


def test_everything_is_delivered_once_and_in_order(bench):
    """The ordinary case."""
    sink = Scripted()
    commit(bench, *(alert(id=f"{n}") for n in range(120)))
    worker = deliverer(bench, sink)
    run(bench, worker)
    worker.finish()
    assert sink.got == [[f"{n}:1"] for n in range(120)]
    assert bench.due() == []
    assert sink.closed == 1


def test_a_sink_that_takes_many_gets_many(bench):
    """One call and one commit for a whole batch."""
    sink = Scripted(batch_size=100)
    commit(bench, *(alert(id=f"{n}") for n in range(250)))
    run(bench, deliverer(bench, sink))
    assert [len(batch) for batch in sink.got] == [100, 100, 50]


def test_what_failed_is_tried_again_later_with_the_same_key(bench):
    """At least once, and the receiver can tell."""
    sink = Scripted(Retry("503"), Retry("503"))
    commit(bench, alert(id="a"))
    worker = deliverer(bench, sink)
    run(bench, worker)
    assert sink.got == [["a:1"]]
    run(bench, worker, seconds=300)
    assert sink.got == [["a:1"]] * 3
    assert bench.due() == []


def test_resolved_never_overtakes_firing(bench):
    """Messages of one episode keep their order, other episodes do not wait."""
    sink = Scripted(Retry("503"))
    commit(bench, alert(id="a"), alert(id="a", seq=2, status="resolved"), alert(id="b"))
    run(bench, deliverer(bench, sink), seconds=600)
    keys = [key for (key,) in sink.got]
    assert keys[0] == "a:1"
    assert keys.index("a:2") > len(keys) - keys[::-1].index("a:1") - 1
    assert sorted(set(keys)) == ["a:1", "a:2", "b:1"]


def test_what_is_rejected_is_not_tried_again_and_blocks_nothing(bench):
    """A dead letter."""
    sink = Scripted(Rejected("400: no such channel"))
    commit(bench, alert(id="a"), alert(id="b"))
    run(bench, deliverer(bench, sink), seconds=600)
    assert sink.got == [["a:1"], ["b:1"]]
    assert bench.due() == []


def test_a_restart_before_the_commit_repeats_the_message_with_its_key(tmp_path):
    """Even kill -9 between the sink's yes and our commit: the same id:seq comes again."""
    bench = Bench(tmp_path)
    commit(bench, alert(id="a"))
    sink = Scripted()
    bench.intake.put = lambda *_, **__: None  # the report is lost with the process
    worker = deliverer(bench, sink)
    worker._drain_by = bench.clock.steady() - 10
    worker.deliver_due(bench.clock.steady())
    bench.store.close()
    again = Bench(tmp_path)
    assert again.due() == ["a:1"]
    assert sink.got == [["a:1"]]
    again.store.close()


def test_a_dead_sink_is_not_hammered_with_everything_that_waits(bench):
    """An hour of outage costs some hundred attempts, not one for each of 1,000 alerts."""
    sink = Scripted(*[Retry("connection refused")] * 10_000)
    commit(bench, *(alert(id=f"{n}") for n in range(1000)))
    run(bench, deliverer(bench, sink), seconds=3600)
    assert 50 < len(sink.got) < 300
    sink.script.clear()
    sink.got.clear()
    run(bench, deliverer(bench, sink), seconds=600)
    assert len({key for (key,) in sink.got}) == 1000
    assert bench.due() == []


def test_it_is_not_idle_while_it_looks_for_what_it_was_woken_for(bench):
    """`--once` would end with an alert on its way."""
    sink = Scripted()
    worker = deliverer(bench, sink)
    worker._news.wait = lambda _seconds: None
    worker.step(bench.clock.moment())
    assert worker.idle
    commit(bench, alert(id="a"))
    worker.wake()
    worker._idle = True  # as its thread leaves it that was about to wait
    seen, due = [], worker._reader.due
    worker._reader.due = lambda *args, **named: seen.append(worker.idle) or due(*args, **named)
    worker.step(bench.clock.moment())
    assert seen == [False]
    assert sink.got == [["a:1"]]


def test_a_failure_now_and_then_is_no_news_and_trouble_is_told_once(bench, capsys):
    """No flood from a receiver that fails a third of the time."""
    commit(bench, *(alert(id=f"{n}") for n in range(30)))
    run(bench, deliverer(bench, Scripted(*[Retry("503"), Delivered(), Delivered()] * 10)), 600)
    assert "sink.down" not in capsys.readouterr().err
    commit(bench, alert(id="late"))
    run(bench, deliverer(bench, Scripted(*[Retry("503")] * 8)), 600)
    said = capsys.readouterr().err
    assert said.count("sink.down") == said.count("sink.up") == 1
