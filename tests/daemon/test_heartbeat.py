"""The heartbeat out: called while all is well, and only then."""

from __future__ import annotations

import threading

import pytest
from doubles.scripted_server import ScriptedServer, answer, silence

from logwatch.clock import ManualClock, Moment, SystemClock
from logwatch.config.heartbeat import HeartbeatSettings
from logwatch.daemon.heartbeat import Heartbeat
from logwatch.daemon.liveness import STALL_SECONDS, stalled
from logwatch.daemon.scheduler import Scheduler
from logwatch.daemon.threads import Worker
from logwatch.telemetry import telemetry

OK = answer(200, body=b"OK")


@pytest.fixture
def beating():
    """A heartbeat, what troubles the daemon, and the server that it calls."""
    made = []

    def make(*answers, clock=None, **settings):
        server = ScriptedServer(list(answers) or [OK])
        troubles = []
        heartbeat = Heartbeat(
            HeartbeatSettings(url=server.url("/ping/s3cr3t-uuid"), **settings),
            troubles=lambda _now: troubles,
            clock=clock or ManualClock(),
        )
        made.append((heartbeat, server))
        return heartbeat, troubles, server

    yield make
    for heartbeat, server in made:
        heartbeat.finish()
        server.close()


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_it_calls_as_often_as_it_is_told(beating, method):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    heartbeat, _, server = beating(head if method == "HEAD" else OK, method=method, every=60.0)
    for _ in range(3):
        assert heartbeat.beat(heartbeat.clock.moment()) == 60
    assert [request.line for request in server.requests] == [
        f"{method} /ping/s3cr3t-uuid HTTP/1.1"
    ] * 3
    assert server.requests[0].headers["user-agent"].startswith("logwatch/")
    assert server.connections == 1


def test_the_time_that_a_call_takes_does_not_put_off_the_next(beating):
    clock = ManualClock()

    def slow(connection):
        clock.advance(4)
        connection.sendall(OK)

    heartbeat, _, _ = beating(slow, clock=clock, every=60.0)
    assert heartbeat.beat(clock.moment()) == 56


def test_it_is_silent_while_something_does_not_get_on(beating, capsys):
    heartbeat, troubles, server = beating(every=60.0)
    before = telemetry.counters["heartbeat.withheld"]
    troubles.append("monitor /var/log/app.log")
    for _ in range(3):
        assert heartbeat.beat(heartbeat.clock.moment()) == 15
    assert server.requests == []
    assert telemetry.counters["heartbeat.withheld"] == before + 3
    assert capsys.readouterr().err.count("heartbeat.withheld") == 1
    troubles.clear()
    assert heartbeat.beat(heartbeat.clock.moment()) == 60
    assert len(server.requests) == 1


def test_a_failure_is_said_once_counted_and_made_good_soon(beating, capsys):
    bad = answer(503)
    heartbeat, _, _ = beating(bad, bad, bad, OK, OK, every=60.0)
    before = telemetry.counters["heartbeat.failed"]
    waits = [heartbeat.beat(heartbeat.clock.moment()) for _ in range(5)]
    assert waits == [15, 15, 15, 60, 60]
    said = capsys.readouterr().err
    assert said.count("heartbeat.failed") == 1
    assert said.count("heartbeat.restored") == 1
    assert telemetry.counters["heartbeat.failed"] == before + 3
    assert "s3cr3t" not in said


def test_one_that_is_called_too_often_is_left_alone_as_long_as_it_wants(beating):
    heartbeat, _, _ = beating(answer(429, "Retry-After: 40"))
    assert heartbeat.beat(heartbeat.clock.moment()) == 40


@pytest.mark.parametrize("bad", [answer(404, body=b"s3cr3t-uuid"), b"rubbish\r\n\r\n", silence])
def test_nothing_that_a_server_does_is_raised_or_shows_the_path(beating, capsys, bad):
    heartbeat, _, _ = beating(bad, clock=SystemClock(), timeout=0.2)
    heartbeat.beat(heartbeat.clock.moment())
    said = capsys.readouterr().err
    assert "heartbeat.failed" in said
    assert "s3cr3t" not in said


def test_a_stop_ends_its_wait(beating):
    heartbeat, _, server = beating(clock=SystemClock(), every=3600.0)
    heartbeat.start()
    pause = threading.Event()
    while not server.requests:
        pause.wait(0.01)
    heartbeat.stopping.set()
    assert heartbeat.join(60)
    assert heartbeat.failure is None


class Busy(Worker):
    def has_work(self):
        return True


def test_a_thread_that_has_work_and_does_not_get_on_is_stalled():
    clock = ManualClock()
    scheduler = Scheduler(clock, threading.Event())
    workers = [
        Busy("busy", clock=clock, stop=threading.Event()),
        Worker("waits", clock=clock, stop=threading.Event()),
    ]
    assert stalled(workers, scheduler, clock.moment()) == []
    clock.advance(STALL_SECONDS)
    assert stalled(workers, scheduler, clock.moment()) == ["busy"]
    assert stalled(workers, scheduler, Moment(clock.steady() - 1, 0.0)) == []
