"""The status document: what the parts say, and what it says where a part does not answer."""

from __future__ import annotations

import threading

import msgspec
import pytest
from doubles.process import eventually

from logwatch.clock import ManualClock, SystemClock
from logwatch.config.loader import load
from logwatch.daemon import monitor as daemon_monitor
from logwatch.daemon import observer
from logwatch.daemon.assemble import Options, assemble
from logwatch.daemon.health import SCHEMA, Status
from logwatch.daemon.supervisor import Ending
from logwatch.daemon.systemd import Notifier
from logwatch.daemon.watched_sink import WatchedSink
from logwatch.records import Delivered, Notification, Rejected, Retry
from logwatch.sinks.memory import MemorySink
from logwatch.stamps import rfc3339

CONFIG = """\
state: {folder}/state
sources:
  app: {{path: {folder}/app.log, start: beginning}}
  gone: {{path: {folder}/gone.log}}
rules:
- {{name: pair, match: begun, in: app, expect: {{match: done, within: 1h}}}}
- {{name: err, match: ERROR, in: app, cooldown: 0}}
- {{name: anything, match: '(?!x)', in: app, cooldown: 1h}}
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""


def make(folder, clock):
    """A daemon of real parts; nothing runs yet."""
    (folder / "app.log").write_text("fine\nERROR one\n")
    path = folder / "logwatch.yaml"
    path.write_text(CONFIG.format(folder=folder))
    options = Options(durability="off", waking="poll", host="web1")
    return assemble(load(path), clock, options, Notifier({}))


@pytest.fixture
def running(tmp_path):
    """A daemon that runs, in real time, and has said so: what it says later is nobody's."""
    daemon = make(tmp_path, SystemClock())
    daemon.start()
    eventually(lambda: daemon._parts.consumer._told_live, "it is live")
    yield daemon
    daemon.stop(Ending.STOPPED)


@pytest.fixture
def assembled(tmp_path):
    """One that was never started, long before its files were written."""
    daemon = make(tmp_path, ManualClock())
    yield daemon
    daemon._parts.control.finish()
    daemon._parts.store.close(clean=True)


def status_of(daemon) -> Status:
    return daemon._parts.control._verbs["status"](None)


def test_everything_that_runs_is_in_it(running, tmp_path):
    eventually(lambda: status_of(running).sinks[0].delivered == 2, "both alerts are told")
    eventually(lambda: status_of(running).phase == "live", "it is live")
    status = status_of(running)
    assert status.schema == SCHEMA
    assert status.host == "web1"
    assert (status.well, status.unknown, status.troubles) == (True, {}, ())
    assert (status.config.rules, status.config.sources, status.config.sinks) == (3, 2, 1)
    app, gone = status.files
    assert (app.path, app.sources, app.status) == (f"{tmp_path}/app.log", ("app",), "following")
    assert (app.offset, app.size, app.behind) == (15, 15, 0)
    assert app.last_read.endswith("Z")
    assert (gone.status, gone.last_read) == ("waiting", None)
    (sink,) = status.sinks
    assert (sink.name, sink.kind, sink.down, sink.given_up) == ("out", "jsonl_file", False, 0)
    assert status.waking.mode == "poll"
    assert {thread.name for thread in status.threads} == {"consumer", "sink out", "scheduler"}
    assert all(thread.alive for thread in status.threads)
    assert status.store.bytes
    assert status.process.resident_bytes
    assert status.counters["daemon.ready"]


def test_the_engine_is_named_with_its_reason_and_what_it_cannot_look_for(running):
    engines = {source: each for each in status_of(running).engines for source in each.sources}
    assert engines["app"].name in ("hyperscan", "aho-corasick", "reference")
    assert engines["app"].reason
    assert engines["app"].rules == 3
    assert [each.rule for each in engines["app"].unfiltered] == ["anything"]
    assert engines["app"].unfiltered[0].pattern == "(?!x)"


def test_before_the_start_it_is_starting_and_can_be_asked_all_the_same(assembled):
    status = status_of(assembled)
    assert (status.phase, status.unknown, status.well) == ("starting", {}, True)


def test_it_can_be_written_as_json_and_read_back(running):
    status = status_of(running)
    assert msgspec.json.decode(msgspec.json.encode(status), type=Status) == status


def test_a_part_that_fails_is_named_and_the_rest_is_told(running, monkeypatch):
    def broken():
        raise OSError("the disk is gone")

    monkeypatch.setattr(running._parts.waker, "status", broken)
    monkeypatch.setattr("logwatch.daemon.observer.StoreReader", lambda _folder: broken())
    status = status_of(running)
    assert set(status.unknown) == {"waking", "outbox"}
    assert "the disk is gone" in status.unknown["waking"]
    assert status.sinks[0].waiting is None
    assert len(status.files) == 2
    assert [note.about for note in status.notes if "not known" in note.text]


def test_a_part_that_hangs_is_waited_for_once_and_not_again(running, monkeypatch):
    monkeypatch.setattr(observer, "SLOW_PART_SECONDS", 0.05)
    go_on = threading.Event()
    asked = []

    def hang():
        asked.append(1)
        go_on.wait(60)
        return running._parts.waker.__class__().status()

    monkeypatch.setattr(running._parts.waker, "status", hang)
    for _ in range(3):
        status = status_of(running)
        assert "answer" in status.unknown["waking"]
        assert len(status.files) == 2
    assert len(asked) == 1
    go_on.set()
    eventually(lambda: "waking" not in status_of(running).unknown, "it answers again")


def test_a_file_whose_reading_does_not_come_back_is_a_trouble(tmp_path, monkeypatch):
    """An NFS server that does not answer: nothing died, and nothing is read either."""
    clock, gate = ManualClock(), threading.Event()
    daemon = make(tmp_path, clock)
    monkeypatch.setattr(daemon_monitor.Tail, "read", lambda *_: gate.wait(60) and None)
    daemon._parts.following.prepare()
    (monitor, *_others) = daemon._parts.following.monitors
    monitor.start()
    try:
        eventually(monitor.has_work, "it reads")
        clock.advance(60)
        status = status_of(daemon)
        assert [each.about for each in status.troubles] == [f"file {monitor.path}"]
        assert not status.well
    finally:
        monitor.end()
        gate.set()
        assert monitor.join(60)
        daemon._parts.control.finish()
        daemon._parts.store.close(clean=True)


def test_a_configuration_that_was_changed_on_disk_is_named(assembled, tmp_path):
    assert status_of(assembled).config.changed == (str(tmp_path / "logwatch.yaml"),)


class TestWatchedSink:
    """A sink that is watched behaves as it did, and is remembered."""

    def deliver(self, *outcomes):
        clock, inner = ManualClock(), MemorySink()
        watched = WatchedSink(inner, clock)
        batch = [Notification(1, b'{"id":"a","seq":1}', 0)]
        for outcome in outcomes:
            inner.deliver = lambda _batch, outcome=outcome: outcome
            assert watched.deliver(batch) is outcome
            clock.advance(1)
        return watched.standing

    def test_what_was_taken_and_refused_is_counted(self):
        standing = self.deliver(Delivered(), Rejected("no"), Delivered())
        assert (standing.delivered, standing.refused, standing.reason) == (2, 1, "")

    def test_why_something_was_refused_outlasts_later_failures(self):
        for later in (Retry("HTTP 503"), Delivered()):
            standing = self.deliver(Rejected("HTTP 400"), later)
            assert (standing.refused, standing.refusal) == (1, "HTTP 400")

    def test_failures_in_a_row_have_a_beginning_and_a_reason(self):
        begin = ManualClock().wall()
        standing = self.deliver(Delivered(), Retry("reset"), Retry("HTTP 503", 9.0))
        assert (standing.failures, standing.failing_since) == (2, begin + 1)
        assert standing.reason == "HTTP 503"

    @pytest.mark.parametrize("answer", [Delivered(), Rejected("bad")])
    def test_an_answer_ends_the_trouble(self, answer):
        standing = self.deliver(Retry("reset"), answer)
        assert (standing.failures, standing.failing_since) == (0, None)

    def test_a_delivery_that_goes_on_has_a_beginning(self):
        clock, inner = ManualClock(), MemorySink()
        watched = WatchedSink(inner, clock)
        seen = []

        def deliver(_batch):
            clock.advance(200)
            seen.append(clock.steady() - watched.delivering_since)
            return Delivered()

        inner.deliver = deliver
        watched.deliver([Notification(1, b'{"id":"a","seq":1}', 0)])
        assert seen == [200]
        assert watched.delivering_since is None

    def test_batch_size_and_end_are_the_sinks_own(self):
        inner = MemorySink()
        watched = WatchedSink(inner, ManualClock())
        assert watched.batch_size == inner.batch_size
        watched.close()
        watched.close()


def test_why_a_sink_is_down_is_known_after_a_restart_too(assembled):
    """What it answered then; nothing was tried since."""
    (deliverer,) = assembled._parts.deliverers
    now = assembled._parts.clock.moment()
    for _ in range(5):
        deliverer._condition.answered(Retry("503 from there"), 0, now.steady)
    (sink,) = status_of(assembled).sinks
    assert (sink.down, sink.reason) == (True, "503 from there")
    assert sink.failing_since == rfc3339(now.wall)


def test_a_reload_gives_the_consumer_time_to_commit(tmp_path, monkeypatch):
    """The store is not free before, and without a store the daemon would end."""
    daemon = make(tmp_path, SystemClock())
    daemon.start()
    consumer, waited = daemon._parts.consumer, []
    join = consumer.join
    monkeypatch.setattr(consumer, "join", lambda seconds: waited.append(seconds) or join(seconds))
    daemon.stop(Ending.RELOAD)
    assert waited[-1] >= 30.0
