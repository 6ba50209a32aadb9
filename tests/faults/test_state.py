"""State, crashes and the process: rows 43 to 47 and 53 to 60 of docs/reliability.md."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM
from threading import Event

import pytest
from doubles import crash_stories, oracle, process
from doubles.forked import Running, logwatch, run_once
from doubles.load import load
from doubles.process import PATIENT_STOP, alerts_in, environment, eventually, write_config
from doubles.receiver import Receiver
from doubles.stage import stopped
from doubles.zygote import Zygote

from logwatch.clock import SystemClock
from logwatch.errors import Exit
from logwatch.matching.redaction import WITHHELD
from logwatch.stamps import rfc3339
from logwatch.store.reader import StoreReader

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules:
- {oracle.RULE.replace("{", "{{").replace("}", "}}")}
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""

SOONEST = (
    *("commit.written", "commit.done", "acknowledgement.written", "append.done"),
    *("rotation.done", "cut.begin", "cut.done"),
)


def test_r43_killed_at_a_point(tmp_path):
    """Nothing is lost, and what comes twice comes under its name; `make stress` has all points."""
    config = write_config(tmp_path, CONFIG.format(folder=tmp_path))
    with Zygote(config) as zygote:
        for point in SOONEST:
            assert crash_stories.Story(zygote, tmp_path / point).killed_at(point, 1) == 1


def test_r43_a_point_is_named_by_the_environment(tmp_path):
    """So that any build may be killed anywhere."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(10)
        with Running(tmp_path, config, variables={"LOGWATCH_CRASH": "commit.written:2"}) as daemon:
            assert daemon.exit_status() == -SIGKILL
        assert run_once(tmp_path, config).returncode == 0
    oracle.settle(alerts_in(out), writer.written, repetitions=True)


def test_r44_a_stop_that_is_asked_for_twice_under_load(tmp_path):
    """SIGTERM and SIGTERM again are one stop: exit 0, soon, and the next start goes on."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    with oracle.Writer(tmp_path / "app.log") as writer:
        with (
            load(writer, 30),
            Running(tmp_path, config, sabotage=PATIENT_STOP).ready() as daemon,
        ):
            eventually(lambda: len(alerts_in(out)) > 300, "some alerts")
            daemon.signal(SIGTERM)
            daemon.stop()
        assert run_once(tmp_path, config).returncode == 0
    oracle.settle(alerts_in(out), writer.written)


def test_r45_nothing_is_sent_before_its_commit_has_come_back(tmp_path):
    """Commits are synced, and a sink is called only for what one of them has stored."""
    sabotage = f"""
from logwatch.sinks.jsonl_file import JsonlFileSink
from logwatch.store import database, writer
trail = open({str(tmp_path / "trail")!r}, "a", buffering=1)
connect, commit, deliver = writer.connect, writer.Store.commit, JsonlFileSink.deliver
def commits(store, transaction, *, now):
    commit(store, transaction, now=now)
    [(level,)] = store._connection.execute("PRAGMA synchronous")
    [(mode,)] = store._connection.execute("PRAGMA journal_mode")
    trail.write(f"commit {{len(transaction.alerts)}} {{level}} {{mode}}\\n")
def delivers(sink, messages):
    trail.write(f"deliver {{len(messages)}}\\n")
    return deliver(sink, messages)
writer.Store.commit, JsonlFileSink.deliver = commits, delivers
"""
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(50)
        config = CONFIG.format(folder=tmp_path)
        with Running(tmp_path, config, sabotage=sabotage).ready() as daemon:
            for _ in range(3):
                writer.write(5)
                eventually(
                    lambda: oracle.has_all(alerts_in(tmp_path / "alerts.jsonl"), writer.written),
                    "all told",
                )
            daemon.stop()
    stored = sent = 0
    for deed, number, *rest in map(str.split, (tmp_path / "trail").read_text().splitlines()):
        if deed == "commit":
            stored += int(number)
            assert rest == ["2", "wal"]
        else:
            sent += int(number)
            assert sent <= stored
    assert sent == len(writer.written)


def test_r46_a_single_run_does_not_wait_for_room_for_ever(tmp_path):
    """It says so and fails; the next one reads again what was not committed."""
    sabotage = """
from logwatch.daemon import single_run
from logwatch.errors import StoreFullError
from logwatch.store.writer import Store
single_run.LONGEST_FULL_SECONDS = 0.3
def full(*_, **__):
    raise StoreFullError("no space left")
Store.commit = full
"""
    config = CONFIG.format(folder=tmp_path)
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(10)
        with Running(tmp_path, config, "--once", sabotage=sabotage) as daemon:
            daemon.may_trace = True
            assert daemon.exit_status() == Exit.SOFTWARE
            assert "store.degraded" in daemon.stderr
        assert run_once(tmp_path, config).returncode == 0
    oracle.settle(alerts_in(tmp_path / "alerts.jsonl"), writer.written)


def test_r46_a_store_that_cannot_be_written_is_told_without_it(tmp_path):
    """From memory, once; when it is over that is told, and both are in the history."""
    sabotage = "from logwatch.daemon import store_trouble\nstore_trouble.AFTER_SECONDS = 0.2\n"
    wal = tmp_path / "state" / "state.db-wal"

    def about(receiver: Receiver) -> list[tuple[str, int]]:
        rule = "logwatch.store-degraded"
        return [(a["status"], a["seq"]) for a in receiver.alerts() if a["rule"] == rule]

    with Receiver(lambda number: "take") as receiver, oracle.Writer(tmp_path / "app.log") as writer:
        config = CONFIG.format(folder=tmp_path).replace(
            "sinks: {", f"sinks: {{web: {{webhook: {{url: '{receiver.url}'}}}}, "
        )
        with Running(tmp_path, config, sabotage=sabotage).ready() as daemon:
            writer.write(100)
            eventually(lambda: oracle.has_all(receiver.alerts(), writer.written), "all told")
            let_files_grow_to(daemon, wal.stat().st_size + 2_000)
            writer.write(1_500)
            eventually(lambda: about(receiver) == [("firing", 1)], "the alert")
            let_files_grow_to(daemon, resource.RLIM_INFINITY)
            eventually(lambda: about(receiver) == [("firing", 1), ("resolved", 2)], "its end")
            eventually(
                lambda: oracle.has_all(oracle.ours(receiver.alerts()), writer.written), "all told"
            )
            daemon.stop()
        oracle.settle(oracle.ours(receiver.alerts()), writer.written, ordered=False)
    reader = StoreReader(tmp_path / "state")
    history = [each.status for each in reader.alerts(limit=9, rule="logwatch.store-degraded")]
    reader.close()
    assert history == ["resolved", "firing"]


def let_files_grow_to(daemon: Running, size: int) -> None:
    """No file of the daemon may be longer: its writes fail with EFBIG, as on a bad disk."""
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.stress
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
def test_r46_a_disk_whose_calls_fail(tmp_path, call):
    """The file is opened anew and all that was to be committed is: no line twice, none lost."""
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    path = write_config(tmp_path, config)
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(20)
        assert run_once(tmp_path, config).returncode == 0
        for first in (2, 3, 4, 6):
            writer.write(20)
            inject = f"inject={call}:error=EIO:when={first}..{first + 2}"
            command = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", inject]
            command += [sys.executable, "-m", "logwatch", "run", "-c", str(path), "--once"]
            ended = subprocess.run(
                command, capture_output=True, text=True, env=environment(), check=False, timeout=60
            )
            assert ended.returncode in (0, Exit.SOFTWARE), ended.stderr
            assert "INJECTED" in (tmp_path / "trace").read_text(encoding="utf-8")
        assert run_once(tmp_path, config).returncode == 0
    oracle.settle(oracle.ours(alerts_in(out)), writer.written, repetitions=True)


@pytest.mark.stress
def test_r46_a_disk_that_fills_up(tmp_path):
    """The store on a file system of its own, filled to the last byte."""
    state = tmp_path / "state"
    state.mkdir()
    script = (
        f"mount -t tmpfs -o size=32m none {state} && exec {sys.executable} -m logwatch run"
        f" -c {tmp_path}/logwatch.yaml"
    )
    config, out = CONFIG.format(folder=tmp_path), tmp_path / "alerts.jsonl"
    write_config(tmp_path, config)
    with oracle.Writer(tmp_path / "app.log") as writer, (tmp_path / "stderr").open("w+") as said:
        writer.write(10)
        command = ["unshare", "-Urm", "--propagation", "private", "sh", "-c", script]
        child = subprocess.Popen(command, stderr=said, env=environment())
        inside = Path(f"/proc/{child.pid}/root{state}")

        def heard(text: str) -> bool:
            return text in (tmp_path / "stderr").read_text(encoding="utf-8")

        try:
            eventually(lambda: heard("daemon.ready"), "ready")
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
            with (inside / "ballast").open("wb", buffering=0) as ballast:
                fill(ballast)
            for _ in range(20):
                writer.write(300)
            eventually(lambda: heard("store.degraded"), "degraded")
            (inside / "ballast").unlink()
            eventually(lambda: heard("store.recovered"), "recovered")
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
        finally:
            child.terminate()
            assert child.wait(60) == 0
    oracle.settle(alerts_in(out), writer.written)


def fill(file) -> None:
    """Write until there is no room for another byte."""
    size = 1 << 20
    while size:
        try:
            file.write(b"x" * size)
        except OSError:
            size //= 2


@pytest.mark.stress
def test_r47_a_store_with_a_few_wrong_bytes_anywhere(tmp_path):
    """Fifty places: the daemon goes on, or puts it aside and says so; no line comes twice."""
    config, chance = CONFIG.format(folder=tmp_path), random.Random(1)
    store, good = tmp_path / "state" / "state.db", tmp_path / "good.db"
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(200)
        assert run_once(tmp_path, config).returncode == 0
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(store, good)
    outcomes = []
    for _ in range(50):
        for each in store.parent.glob("state.db*"):
            each.unlink()
        shutil.copy(good, store)
        with store.open("r+b") as file:
            file.seek(chance.randrange(store.stat().st_size))
            file.write(chance.randbytes(8))
        (tmp_path / "alerts.jsonl").unlink(missing_ok=True)
        ends = [run_once(tmp_path, config).returncode for _ in range(2)]
        assert ends[1] == 0, ends
        assert ends[0] in (Exit.DONE, Exit.SOFTWARE, Exit.CONFIG), ends
        alerts = alerts_in(tmp_path / "alerts.jsonl")
        rules = {each["rule"] for each in alerts}
        aside = bool(list(store.parent.glob("state.db.corrupt-*")))
        assert ("logwatch.store-replaced" in rules) == aside
        told = oracle.told(oracle.ours(alerts))
        assert len(told) == len(set(told))
        outcomes.append(aside)
    print(f"put aside {sum(outcomes)} times of 50")


def test_r53_a_machine_that_sleeps_raises_no_alarm(tmp_path):
    """What was written meanwhile is read before anything is found to be missing: in any file."""
    config = f"""
sources: {{app: {{path: {tmp_path}/app.log}}, web: {{path: {tmp_path}/web.log}}}}
rules:
  - {{name: silent, in: app, match: beat, absent: {{for: 1s}}}}
  - {{name: request, in: web, match: request, mode: shadow}}
  - {{name: begun, match: first beat}}
sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}
"""
    sabotage = """
from logwatch.daemon import after_sleep
after_sleep.OVERSLEPT_SECONDS, after_sleep.CATCHING_BREATH_SECONDS = 0.5, 1.0
"""
    out, pause = tmp_path / "alerts.jsonl", Event()

    def beat(which: str = "one more") -> None:
        log.write(f"{rfc3339(SystemClock().wall())} {which} beat\n")

    def told() -> list[str]:
        return [each["rule"] for each in alerts_in(out)]

    with (
        (tmp_path / "app.log").open("w", buffering=1) as log,
        (tmp_path / "web.log").open("w", buffering=1) as other,
        Running(tmp_path, config, sabotage=sabotage).ready() as daemon,
    ):
        daemon.says("daemon.live")
        beat("first")
        eventually(told, "the first beat, from which on it waits for the next")
        with stopped(daemon):
            for _ in range(4):
                pause.wait(0.5)
                beat()
                other.write("request\n")
        daemon.says("daemon.resumed")
        for _ in range(4):
            pause.wait(0.3)
            beat()
        assert told() == ["begun"]
        eventually(lambda: told() == ["begun", "silent"], "the alert about a true silence")
        daemon.stop()


def test_r55_a_thread_that_dies_of_a_line_comes_back(tmp_path):
    """With its position; the other files never notice."""
    sabotage = """
from logwatch.daemon import revivals, supervisor
from logwatch.matching.matcher import Matcher
revivals.LONGEST_BACK_OFF = supervisor.TICK_SECONDS = 0.05
match, died = Matcher.match, []
def fails(matcher, data, *rest):
    if b"POISON" in bytes(data) and not died:
        died.append(1)
        raise RuntimeError("a bug in the matcher")
    return match(matcher, data, *rest)
Matcher.match = fails
"""
    config = CONFIG.format(folder=tmp_path).replace("app.log", "*.log")
    out = tmp_path / "alerts.jsonl"
    with (
        oracle.Writer(tmp_path / "bad.log") as bad,
        oracle.Writer(tmp_path / "good.log") as good,
        Running(tmp_path, config, sabotage=sabotage).ready() as daemon,
    ):
        daemon.may_trace = True
        good.generation = 1
        bad.write(5)
        os.write(bad._file, b"POISON\n")
        bad.write(5)
        daemon.says("daemon.monitor_died")
        bad.write(5)
        good.write(5)
        written = bad.written + good.written
        eventually(lambda: oracle.has_all(alerts_in(out), written), "all told")
        daemon.stop()
    oracle.settle(alerts_in(out), written)


def test_r55_a_file_that_hangs_from_the_start_keeps_nobody_waiting(tmp_path):
    """On a dead network mount, say: the others are told, and deadlines take effect."""
    sabotage = f"""{PATIENT_STOP}
from threading import Event
from logwatch.daemon import consumer, supervisor
from logwatch.tailer.tail import Tail
supervisor.FIRST_LOOK_SECONDS = consumer.PASSED_OVER_SECONDS = consumer.HUNG_SECONDS = 0.3
read = Tail.read
def hangs(tail, now, **options):
    if tail.path == {str(tmp_path / "bad.log")!r}:
        Event().wait()
    return read(tail, now, **options)
Tail.read = hangs
"""
    config, out = (
        CONFIG.format(folder=tmp_path).replace("app.log", "*.log"),
        tmp_path / "alerts.jsonl",
    )
    (tmp_path / "bad.log").write_text("ERROR\n")
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(5)
        with Running(tmp_path, config, sabotage=sabotage).ready() as daemon:
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
            assert str(tmp_path / "bad.log") in daemon.says("daemon.not_waited_for")
            daemon.says("daemon.live")
            writer.write(5)
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "all told")
            daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


SECRET = "s3kr3t-5e1f"


def test_r58_no_secret_is_said_or_stored(tmp_path):
    """One in the address of a sink: it is in no output, no store, no title of a process."""
    with Receiver(lambda number: "unavailable" if number < 2 else "take") as receiver:
        url = receiver.url.replace("/alerts", f"/hook/{SECRET}")
        config = CONFIG.format(folder=tmp_path).replace(
            "sinks: {",
            f"sinks: {{web: {{webhook: {{url: '{url}', headers: {{X-Key: {SECRET}}}}}}}, ",
        )
        with oracle.Writer(tmp_path / "app.log") as writer:
            writer.write(20)
            with process.Running(tmp_path, config, "--verbose").ready() as daemon:
                eventually(lambda: receiver.requests, "a try")
                shown = logwatch("status", "-c", daemon.config, "-o", "json", env=environment())
                assert json.loads(shown.stdout)["running"]
                title = Path(f"/proc/{daemon.pid}/cmdline").read_bytes()
                eventually(
                    lambda: oracle.has_all(receiver.alerts(), writer.written), "received", 30
                )
                daemon.child.send_signal(SIGHUP)
                daemon.ready(2)
                daemon.stop()
                said = daemon.stderr
    secret = SECRET.encode()
    assert secret not in said.encode() + shown.stdout + shown.stderr + title
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and each != daemon.config]
    assert [each for each in kept if secret in each.read_bytes()] == []


def test_r58_a_secret_in_a_line_is_told_to_nobody(tmp_path):
    """Not in the line, nor around it, nor in a field: not in a sink, the store, or an answer."""
    config = f"""
redact: [stock, 'card=(\\d+)']
sources: {{app: {{path: {tmp_path}/app.log, start: beginning, format: logfmt}}}}
rules:
- {{name: err, match: 'ERROR (?P<what>.*)', by: token, context: 2, cooldown: 0, say: '{{what}}'}}
sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}
"""
    (tmp_path / "app.log").write_text(
        f"password={SECRET}\nlevel=x ERROR token={SECRET} card=12345678 x\ntoken: '{SECRET}'\n"
    )
    path = write_config(tmp_path, config)
    assert run_once(tmp_path, config).returncode == 0
    [alert] = alerts_in(tmp_path / "alerts.jsonl")
    assert alert["lines"][0]["text"] == "level=x ERROR token=[redacted] card=[redacted] x"
    assert alert["key"] == {"token": "[redacted]"}
    assert alert["message"] == "token=[redacted] card=[redacted] x"
    shown = logwatch("why", "-c", path, alert["id"], env=environment())
    assert b"[redacted]" in shown.stdout
    assert SECRET.encode() not in shown.stdout + shown.stderr
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and each.name != "app.log"]
    found = [each.name for each in kept if SECRET.encode() in each.read_bytes()]
    assert found == []


def test_r58_a_line_whose_secrets_take_too_long_to_find_is_withheld(tmp_path):
    """Nothing of it is in a sink or the store, one alert says so, and other lines are told."""
    config = f"""
redact: 'id=((?:{SECRET[:2]}|[\\w-])+)(?!.)'
sources: {{app: {{path: {tmp_path}/app.log, start: beginning}}}}
rules:
- {{name: err, match: 'ERROR id=(?P<what>.*)', by: what, context: 1, cooldown: 0, say: '{{what}}'}}
sinks: {{out: {{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}}}
"""
    evil = f"ERROR id={SECRET * (100_000 // len(SECRET))}!\n"
    (tmp_path / "app.log").write_text(f"{evil}ERROR id={SECRET}\n{evil}")
    assert run_once(tmp_path, config).returncode == 0
    alerts = alerts_in(tmp_path / "alerts.jsonl")
    said = [each for each in alerts if each["rule"] != "err"]
    assert {each["rule"] for each in said} == {"logwatch.text-withheld"}
    assert len(said) <= 2, "once, and once more where it has used up its time"
    assert said[0]["message"].startswith("redact: what 'id=")
    told = [(each["message"], each["lines"][0]["text"]) for each in alerts if each["rule"] == "err"]
    assert told == [
        (WITHHELD, WITHHELD),
        ("[redacted]", "ERROR id=[redacted]"),
        (WITHHELD, WITHHELD),
    ]
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and each.suffix != ".yaml"]
    found = [each.name for each in kept if SECRET.encode() * 2 in each.read_bytes()]
    assert found == ["app.log"]


def test_r59_alerts_that_are_followed_themselves_are_warned_of(tmp_path):
    """By `check`, and by the daemon when it begins to follow them."""
    config = CONFIG.format(folder=tmp_path).replace("app.log", "*")
    (tmp_path / "alerts.jsonl").touch()
    path = write_config(tmp_path, config)
    checked = logwatch("check", "-c", path, text=True, env=environment())
    assert "feeds-itself" in checked.stdout + checked.stderr
    with Running(tmp_path, config).ready() as daemon:
        daemon.says("daemon.follows_itself")
        daemon.stop()


def test_r58_nobody_else_may_read_the_store(tmp_path):
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(1)
        with Running(tmp_path, CONFIG.format(folder=tmp_path)).ready() as daemon:
            eventually(lambda: alerts_in(tmp_path / "alerts.jsonl"), "an alert")
            state = tmp_path / "state"
            assert stat.S_IMODE(state.stat().st_mode) == 0o700
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in state.iterdir()}
            assert not [name for name, mode in modes.items() if mode & 0o007]
            daemon.stop()


def test_r59_a_program_that_forks_and_does_not_end(tmp_path):
    """It is ended with all that it started; others wait for nobody, and no zombie is left."""
    path, out = tmp_path / "program", tmp_path / "alerts.jsonl"
    path.write_text("#!/bin/sh\n(setsid sleep 98 &); yes | cat; sleep 98\n")
    path.chmod(0o755)
    config = CONFIG.format(folder=tmp_path).replace(
        "sinks: {", f"sinks: {{run: {{command: {{argv: [{path}], timeout: 1s}}}}, "
    )
    with (
        oracle.Writer(tmp_path / "app.log") as writer,
        Running(tmp_path, config).ready() as daemon,
    ):
        before = daemon.resident_bytes()
        writer.write(2)
        eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "told elsewhere")
        daemon.says("sink.down")
        eventually(lambda: not children(daemon.pid), "no child is left")
        assert daemon.resident_bytes() - before < 32 << 20
        daemon.stop()


@pytest.mark.parametrize("number", [SIGTERM, SIGINT])
def test_r59_no_program_outlives_a_daemon_that_is_stopped(tmp_path, number):
    """Nor what it started; its message is kept, and given to it again by the next start."""
    path, pids = tmp_path / "program", tmp_path / "pids"
    path.write_text(
        f"#!/bin/sh\n(setsid sh -c 'echo $$ >> {pids}; exec sleep 98' &)\n"
        f"echo $$ >> {pids}\nexec sleep 98\n"
    )
    path.chmod(0o755)
    config = CONFIG.format(folder=tmp_path).replace(
        "sinks: {", f"sinks: {{run: {{command: {{argv: [{path}], timeout: 5m}}}}, "
    )
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(1)
        for started in (2, 4):
            with Running(tmp_path, config).ready() as daemon:
                eventually(lambda n=started: len(numbers_in(pids)) == n, "it runs")
                daemon.signal(number)
                assert daemon.exit_status() == 0
            eventually(lambda: not any(map(is_running, numbers_in(pids))), "it runs no more")


def numbers_in(path: Path) -> list[int]:
    return [int(each) for each in path.read_text().split()] if path.exists() else []


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat_line.rpartition(")")[2].split()[0] != "Z"


def children(pid: int) -> list[int]:
    """Processes that this one started, or inherited, and that are still there."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    threads = Path(f"/proc/{pid}/task").iterdir()
    for each in threads:
        found += (each / "children").read_text(encoding="ascii").split()
    return [int(each) for each in found]
