"""Threads that die, or hang: one file's comes back, the consumer's ends the process."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread

import pytest
from doubles import oracle
from doubles.forked import Running
from doubles.process import PATIENT_STOP, alerts_in, ended, eventually, write_config

from logwatch.clock import Moment, SystemClock
from logwatch.config.loader import load
from logwatch.daemon import revivals, supervisor
from logwatch.daemon.assemble import Options, assemble
from logwatch.daemon.supervisor import Ending
from logwatch.daemon.systemd import Notifier
from logwatch.errors import Exit
from logwatch.matching.matcher import Matcher
from logwatch.tailer.tail import Tail
from logwatch.telemetry import telemetry

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


def assembled(folder, name: str = "app.log"):
    text = CONFIG.format(folder=folder).replace("app.log", name)
    config = load(write_config(folder, text), environ={})
    return assemble(config, SystemClock(), Options(grace=2.0), Notifier({}))


@contextmanager
def inside(folder):
    """The daemon's threads in this process."""
    daemon = assembled(folder)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop(Ending.STOPPED)


def test_ready_waits_for_the_first_look_at_each_file(tmp_path, monkeypatch):
    """Before it, a rename would take the file away unread, and nobody would know."""
    release, read = Event(), Tail.read

    def slow(tail, now, **options):
        assert release.wait(60)
        return read(tail, now, **options)

    monkeypatch.setattr(Tail, "read", slow)
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(10)
        daemon = assembled(tmp_path)
        starting = Thread(target=daemon.start, daemon=True)
        starting.start()
        starting.join(0.3)
        was_ready = not starting.is_alive()
        release.set()
        ended(starting)
        writer.rename(tmp_path / "app.log.1")
        out = tmp_path / "alerts.jsonl"
        eventually(lambda: len(alerts_in(out)) == 10, "every line told")
        daemon.stop(Ending.STOPPED)
    assert not was_ready


def test_a_monitor_that_dies_comes_back_and_loses_nothing(tmp_path, monkeypatch):
    """The block that it had in hand is read again, and the lines written meanwhile after it."""
    monkeypatch.setattr(revivals, "LONGEST_BACK_OFF", 0.05)
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.05)
    match, calls = Matcher.match, []
    died = telemetry.counters["daemon.monitor_died"]

    def fails_once(matcher, data, *rest):
        calls.append(len(data))
        if len(calls) == 2:
            raise RuntimeError("a bug in the matcher")
        return match(matcher, data, *rest)

    monkeypatch.setattr(Matcher, "match", fails_once)
    out = tmp_path / "alerts.jsonl"
    with oracle.Writer(tmp_path / "app.log") as writer, inside(tmp_path):
        for _ in range(4):
            writer.write(50)
            eventually(
                lambda: oracle.has_all(alerts_in(out), writer.written) or len(calls) == 2,
                "told, or dead",
            )
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "every line told")
    assert oracle.settle(alerts_in(out), writer.written).alerts == 200
    assert telemetry.counters["daemon.monitor_died"] == died + 1


def test_a_file_that_kills_its_monitor_again_and_again_is_told(tmp_path, monkeypatch):
    """Nobody waits for it: another file's alerts and deadlines go on as ever."""
    match = Matcher.match

    def fails(matcher, data, *rest):
        if b"POISON" in data:
            raise RuntimeError("a bug in the matcher")
        return match(matcher, data, *rest)

    monkeypatch.setattr(Matcher, "match", fails)
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 3_600.0)  # the test is the scheduler
    (tmp_path / "bad.log").write_text("POISON\n")
    out = tmp_path / "alerts.jsonl"
    with oracle.Writer(tmp_path / "app.log") as writer:
        daemon = assembled(tmp_path, "*.log")
        following, moment = daemon._parts.following, SystemClock().moment()
        daemon.start()
        eventually(lambda: following.monitors[-1].failure, "dead")
        for seconds in range(1, 20):
            following.poll(Moment(moment.steady + 10 * seconds, moment.wall))
            writer.write()
            eventually(lambda: oracle.has_all(oracle.ours(alerts_in(out)), writer.written), "told")
            if len(alerts_in(out)) > len(writer.written):
                break
        daemon.stop(Ending.STOPPED)
    [alert] = [each for each in alerts_in(out) if each["rule"] == "logwatch.file-not-read"]
    assert alert["path"] == f"{tmp_path}/bad.log"
    assert "RuntimeError('a bug in the matcher')" in alert["message"]
    assert daemon._parts.consumer._pipeline.live
    oracle.settle(oracle.ours(alerts_in(out)), writer.written)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_consumer_that_dies_ends_the_process_and_loses_nothing(tmp_path, batch):
    """Exit 70, so that systemd starts it again; what was in the Queue behind is not committed."""
    sabotage = f"""
from threading import Semaphore
from logwatch.daemon.intake import Intake
from logwatch.pipeline import Pipeline
put, take, calls, queued = Intake._put, Pipeline.take, [], Semaphore(0)
def counts(intake, message):
    put(intake, message)
    queued.release()
def fails(pipeline, batch, now, *slice):
    calls.append(batch)
    if len(calls) == {batch}:
        for _ in range({batch} + 3):
            queued.acquire(timeout=0.3)
        raise MemoryError("no more")
    take(pipeline, batch, now, *slice)
Intake._put, Pipeline.take = counts, fails
"""
    config = CONFIG.format(folder=tmp_path)
    with oracle.Writer(tmp_path / "app.log", noise=300) as writer:
        for _ in range(60):
            writer.write(10)
        with Running(tmp_path, config, sabotage=sabotage) as daemon:
            daemon.may_trace = True
            assert daemon.exit_status() == Exit.SOFTWARE
            assert "MemoryError: no more" in daemon.stderr
        out = tmp_path / "alerts.jsonl"
        assert len(alerts_in(out)) < 600
        with Running(tmp_path, config).ready() as daemon:
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "every line told")
            daemon.stop()
    # What a sink had taken, and nobody was left to write down, comes again under its key.
    oracle.settle(alerts_in(out), writer.written, repetitions=True)


def test_a_monitor_that_hangs_is_shown_and_the_watchdog_goes_hungry(tmp_path):
    """The service manager will start it anew; meanwhile other files are followed as ever."""
    sabotage = """
from threading import Event
from logwatch.daemon import liveness
from logwatch.matching.matcher import Matcher
liveness.STALL_SECONDS, match = 0.5, Matcher.match
def hangs(matcher, data, *rest):
    if b"HANG" in data:
        Event().wait()
    return match(matcher, data, *rest)
Matcher.match = hangs
"""
    config = CONFIG.format(folder=tmp_path).replace("app.log", "*.log")
    fed = {"WATCHDOG_USEC": "200000"}
    (tmp_path / "bad.log").touch()
    out = tmp_path / "alerts.jsonl"
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(
            tmp_path, config, sabotage=PATIENT_STOP + sabotage, variables=fed
        ).ready() as daemon,
    ):
        eventually(lambda: "WATCHDOG=1" in daemon.heard()[-2:], "the watchdog is fed")
        (tmp_path / "bad.log").write_text("HANG\n")
        daemon.says(f"file {tmp_path}/bad.log: runs, has work pending")
        daemon.says("in hangs")
        del daemon.heard()[:]
        writer.write(10)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
        daemon.says("daemon.stalled", 2)
        assert "WATCHDOG=1" not in daemon.heard()
        daemon.stop()
        assert f"thread='file {tmp_path}/bad.log'" in daemon.says("daemon.thread_late")
    oracle.settle(alerts_in(out), writer.written)


def test_a_run_that_cannot_read_a_file_ends_and_says_so(tmp_path):
    """`--once` with a file that its monitor dies of: the others are told, exit 70."""
    sabotage = """
from logwatch.daemon import revivals, supervisor
from logwatch.matching.matcher import Matcher
revivals.LONGEST_BACK_OFF = supervisor.TICK_SECONDS = 0.05
match = Matcher.match
def fails(matcher, data, *rest):
    if b"POISON" in data:
        raise RuntimeError("a bug in the matcher")
    return match(matcher, data, *rest)
Matcher.match = fails
"""
    config = CONFIG.format(folder=tmp_path).replace("app.log", "*.log")
    (tmp_path / "poison.log").write_text("POISON\n")
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(10)
        with Running(tmp_path, config, "--once", sabotage=sabotage) as daemon:
            daemon.may_trace = True
            assert daemon.exit_status() == Exit.SOFTWARE
    alerts = oracle.ours(alerts_in(tmp_path / "alerts.jsonl"))
    assert oracle.settle(alerts, writer.written).alerts == 10


def test_the_watchdog_is_not_fed_while_the_scheduler_hangs(tmp_path, monkeypatch):
    """It lives, so nobody else would notice that no file is looked for any more."""
    daemon, fed = assembled(tmp_path), []
    notifier, scheduler = daemon._parts.notifier, daemon._parts.scheduler
    notifier.watchdog_interval = 0.001
    monkeypatch.setattr(notifier, "watchdog", lambda: fed.append(1))
    daemon._feed_watchdog()
    assert fed == [1]
    scheduler._job_began = daemon._parts.clock.steady() - 31
    daemon._next_watchdog = 0.0
    daemon._feed_watchdog()
    assert fed == [1]
    daemon._parts.store.close()
