"""`logwatch run` as the service that it is made to be: under a real, throwaway systemd.

One systemd is booted for all tests, in a sandbox program that is named by LOGWATCH_SYSTEMD_SANDBOX
or found on PATH as `systemd-sandbox`: called as `systemd-sandbox --timeout SECONDS -- COMMAND`, it
runs COMMAND as root beside a systemd of its own, on a copy of this machine's files that is thrown
away. logwatch is installed there by the commands of docs/operations.md, as they stand.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Self

import pytest
from doubles.process import eventually

pytestmark = pytest.mark.stress

VARIABLE = "LOGWATCH_SYSTEMD_SANDBOX"
CHECKOUT = Path(__file__).parents[2]
MANUAL = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")

UNIT = "logwatchd.service"
STATE = "/var/lib/logwatchd"
CONFIG = "/etc/logwatchd/logwatch.yaml"
ALERTS = f"{STATE}/alerts.jsonl"
AUTH, SYSLOG = "/var/log/auth.log", "/var/log/syslog"
DYNAMIC_USERS = range(61184, 65520)  # systemd.exec(5), DynamicUser=

BASIC = f"""\
version: 1
state: {STATE}
sources:
  auth: {{path: {AUTH}, format: syslog}}
  system: {{path: {SYSLOG}, format: syslog}}
rules:
  - {{name: numbered, match: 'number=(?P<number>\\d+)', cooldown: 0}}
sinks:
  file: {{jsonl_file: {{path: {ALERTS}}}}}
"""

AGENT = """
import json, subprocess, sys
for line in sys.stdin:
    order = json.loads(line)
    try:
        done = subprocess.run(order["argv"], input=order["input"], capture_output=True, text=True,
                              errors="replace", timeout=order["seconds"])
        answer = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        answer = 124, "", str(late)
    print(json.dumps(answer), flush=True)
"""


class Done(NamedTuple):
    """What became of a command."""

    status: int
    out: str
    err: str


class Machine:
    """A booted systemd, and a shell in it."""

    def __init__(self, program: str) -> None:
        self._agent = subprocess.Popen(
            [program, "--timeout", "900", "--", "/usr/bin/python3", "-c", AGENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={name: text for name, text in os.environ.items() if not name.startswith("PYTEST")},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.close()
        try:
            self._agent.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._agent.pid, signal.SIGTERM)
            self._agent.wait(20)
        self._agent.stdout.close()

    def tries(self, *argv: str, text: str = "", seconds: float = 60.0) -> Done:
        """Run a command to its end, whatever that is."""
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.write(
            json.dumps({"argv": argv, "input": text, "seconds": seconds}) + "\n"
        )
        self._agent.stdin.flush()
        answer = self._agent.stdout.readline()
        assert answer, f"no systemd, or it has gone, at: {argv}"
        return Done(*json.loads(answer))

    def does(self, *argv: str, text: str = "", seconds: float = 60.0) -> str:
        """Run a command that must succeed; returns its stdout."""
        done = self.tries(*argv, text=text, seconds=seconds)
        assert done.status == 0, f"{argv}: {done}"
        return done.out

    def shell(self, script: str, seconds: float = 60.0) -> str:
        """Run lines of shell, each of which must succeed."""
        return self.does("sh", "-eu", text=script, seconds=seconds)

    def write(self, path: str, text: str, mode: str = "0644", owner: str = "root:root") -> None:
        """Make a file anew, with the folders that lead to it."""
        self.does("install", "-D", "-m", mode, "/dev/null", path)
        self.does("tee", path, text=text)
        self.does("chown", owner, path)

    def append(self, path: str, text: str) -> None:
        """Append to a log as a program does that holds it open for appending."""
        self.does("tee", "-a", path, text=text)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """The booted systemd, with logwatch installed in it by the manual's own commands."""
    program = os.environ.get(VARIABLE) or shutil.which("systemd-sandbox")
    if not program:
        pytest.fail(
            f"set {VARIABLE} to a program that boots a throwaway systemd and runs a command in it"
            f" (this file's docstring says how it is called); or leave {Path(__file__).name} out"
        )
    with Machine(program) as booted:
        booted.shell(installation(), seconds=300)
        booted.does("systemctl", "disable", "--now", UNIT)
        yield booted


def installation() -> str:
    """The first block of shell in the manual."""
    found = re.search(r"```sh\n(.*?)```", MANUAL, re.DOTALL)
    assert found
    return found[1]


class Service:
    """The unit, with a configuration, drop-ins and logs of its own for each test."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.began = machine.does("date", "+%s.%N").strip()
        self._number = 0
        self.written: set[int] = set()

    def systemctl(self, *words: str, seconds: float = 60.0) -> str:
        """Call systemctl, which must succeed."""
        return self.machine.does("systemctl", *words, seconds=seconds)

    def show(self, name: str) -> str:
        """One property of the unit."""
        return self.systemctl("show", "--value", "-p", name, UNIT).strip()

    def drop_in(self, text: str) -> None:
        """Add lines to the unit's section [Service]."""
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/test.conf", f"[Service]\n{text}\n")
        self.systemctl("daemon-reload")

    def install_drop_in(self, name: str) -> None:
        """Copy one of the drop-ins that come with the unit."""
        text = (CHECKOUT / "systemd" / name).read_text(encoding="utf-8")
        self.machine.write(f"/etc/systemd/system/{UNIT}.d/{name}", text)
        self.systemctl("daemon-reload")

    def configure(self, text: str) -> None:
        """Write the configuration."""
        self.machine.write(CONFIG, text)

    def log(self, count: int = 1, path: str = AUTH) -> None:
        """Append numbered lines that the rule takes, each among lines that it does not."""
        text = ""
        for _ in range(count):
            self._number += 1
            self.written.add(self._number)
            text += f"{stamp()} web1 app[1]: nothing\n{line(self._number)}\n"
        self.machine.append(path, text)

    def pour(self, count: int, path: str = AUTH) -> None:
        """Begin to append so many numbered lines, some 500 a second; see `poured`."""
        first, self._number = self._number + 1, self._number + count
        self.written.update(range(first, self._number + 1))
        loop = f'i={first}; while [ $i -le {self._number} ]; do echo "{stamp()} web1 app[1]:'
        loop += f' number=$i" >>{path}; i=$((i+1)); sleep 0.001; done'
        self.machine.does("systemd-run", "--quiet", "--unit=pour", "--collect", "sh", "-c", loop)

    def poured(self) -> None:
        """Wait for the end of `pour`."""
        self.until(lambda: self.state("pour.service") == "inactive", "all is written", 60)

    def state(self, unit: str = UNIT) -> str:
        """`active`, `failed`, ..."""
        return self.machine.tries("systemctl", "is-active", unit).out.strip()

    def alerts(self, path: str = ALERTS) -> list[dict[str, Any]]:
        """What the file sink has written, whole lines only."""
        text = self.machine.tries("cat", path).out
        return [json.loads(each) for each in text.splitlines(keepends=True) if each[-1] == "\n"]

    def numbers(self) -> list[int]:
        """The numbers of the lines that were told, in order."""
        return [int(each["fields"]["number"]) for each in self.alerts() if each["fields"]]

    def settle(self, *, repetitions: bool = False, seconds: float = 20.0) -> None:
        """Everything written was told, and once; `repetitions`: or again under the same id."""
        self.until(lambda: set(self.numbers()) >= self.written, "every line is told", seconds)
        alerts = self.alerts()
        messages = {(each["id"], each["seq"]) for each in alerts}
        assert len(messages) == len(self.written), "one alert a line"
        assert set(self.numbers()) == self.written
        assert repetitions or len(alerts) == len(self.written), "and each once"

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
        """Wait for something; where it does not come, fail with what the service says."""
        try:
            eventually(condition, what, seconds)
        except AssertionError as late:
            missing = sorted(self.written - set(self.numbers()))
            late.add_note(f"{len(missing)} lines not told: {missing[:5]}")
            late.add_note(self.machine.tries("journalctl", "-n", "60", "--no-pager").out)
            raise

    def entries(self) -> list[dict[str, Any]]:
        """The unit's journal since this test began, its own lines and systemd's."""
        self.machine.does("journalctl", "--sync")
        text = self.machine.does(
            "journalctl", "-u", UNIT, "-o", "json", "--all", f"--since=@{self.began}"
        )
        return [json.loads(each) for each in text.splitlines()]

    def journal(self, priority: int = 7) -> str:
        """The text of the daemon's own entries of at least this priority."""
        return "\n".join(
            str(each["MESSAGE"])
            for each in self.entries()
            if each.get("_TRANSPORT") == "stdout" and int(each["PRIORITY"]) <= priority
        )

    def says(self, text: str, priority: int = 7, seconds: float = 10.0) -> None:
        """Wait until the journal has this text."""
        self.until(lambda: text in self.journal(priority), f"{text!r} in the journal", seconds)


def stamp() -> str:
    """The time as rsyslog writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def line(number: int) -> str:
    """A line that the rule takes."""
    return f"{stamp()} web1 app[1]: number={number}"


@pytest.fixture
def service(machine: Machine) -> Iterator[Service]:
    """The unit as it comes, stopped and without a past, with the basic configuration."""
    machine.shell(f"""
        systemctl stop {UNIT}
        systemctl reset-failed {UNIT} || true
        rm -rf /etc/systemd/system/{UNIT}.d /var/lib/private/logwatchd /usr/local/bin/on-alert
        systemctl daemon-reload
        rm -f {AUTH} {SYSLOG}
        install -m 0640 -g adm /dev/null {AUTH}
        install -m 0640 -g adm /dev/null {SYSLOG}
    """)
    made = Service(machine)
    made.configure(BASIC)
    yield made
    machine.does("systemctl", "stop", UNIT)


def test_start_returns_when_the_service_is_ready_as_a_user_of_its_own(service: Service):
    """Type=notify, DynamicUser=, group adm, StateDirectory=."""
    service.systemctl("start", UNIT)
    assert service.state() == "active"
    assert "daemon.ready" in service.journal()
    assert service.show("StatusText") == "2 files followed"
    assert "active (running)" in service.systemctl("status", UNIT)
    status = service.machine.does("cat", f"/proc/{service.show('MainPID')}/status")
    uids = re.findall(r"^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$", status, re.MULTILINE)
    assert all(int(uid) in DYNAMIC_USERS for uid in uids[0])
    assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
    service.log(3)
    service.log(3, SYSLOG)
    service.settle()
    owner = service.machine.does("stat", "-c", "%U %a", f"{STATE}/state.db").strip()
    assert owner == "logwatchd 600"


def test_the_watchdog_is_fed(service: Service):
    """Over more than two of its times, idle and busy."""
    service.drop_in("WatchdogSec=4s")
    service.systemctl("start", UNIT)
    began, fed = perf_counter(), set()
    while perf_counter() - began < 10:
        fed.add(service.show("WatchdogTimestampMonotonic"))
        service.log()
    assert len(fed) >= 4
    assert (service.show("NRestarts"), service.show("Result")) == ("0", "success")
    service.settle()


def test_a_hanging_daemon_is_killed_by_the_watchdog_and_nothing_is_lost(service: Service):
    """SIGSTOP to the main process; what is written meanwhile is told after the restart."""
    service.drop_in("WatchdogSec=4s")
    service.systemctl("start", UNIT)
    service.log(5)
    service.settle()
    service.systemctl("kill", "--kill-who=main", "--signal=STOP", UNIT)
    service.log(50)
    service.until(lambda: service.show("NRestarts") == "1", "the watchdog restarts it", 20)
    service.log(5)
    service.settle()
    assert service.state() == "active"
    service.says("Fatal Python error: Aborted")
    assert "in wait" in service.journal(), "and where it hung"


def test_kill_in_the_middle_of_writing_loses_and_invents_nothing(service: Service):
    """Kill -9 under load, three times; a repetition has the same id and seq."""
    service.drop_in("RestartSec=100ms")
    service.systemctl("start", UNIT)
    service.pour(1500)
    for told in (100, 500, 900):
        service.until(lambda least=told: len(service.numbers()) > least, f"{told} told")
        service.systemctl("kill", "--signal=KILL", UNIT)
        service.until(lambda: service.state() != "active", "it is dead")
    service.poured()
    service.settle(repetitions=True)
    assert service.show("NRestarts") == "3"


WIDER = BASIC.replace(
    "rules:", "rules:\n  - {name: other, match: 'other=(?P<number>\\d+)', cooldown: 0}"
)


def test_reload_takes_a_good_configuration_and_refuses_a_broken_one(service: Service):
    """The process stays; the status line and the journal say what became of it."""
    service.systemctl("start", UNIT)
    pid = service.show("MainPID")
    service.log(2)
    service.settle()

    service.configure(WIDER)
    service.systemctl("reload", UNIT)
    service.says("config.reloaded")
    service.log(2)
    service.machine.append(SYSLOG, line(1000).replace("number", "other") + "\n")
    service.written.add(1000)
    service.settle()

    service.configure(BASIC.replace("cooldown: 0", "coldown: 0"))
    service.systemctl("reload", UNIT)
    service.says(f"{CONFIG}:7:", priority=3)
    service.says("did you mean 'cooldown'?", priority=3)
    service.until(lambda: "reload refused" in service.show("StatusText"), "the status line")
    service.machine.append(SYSLOG, line(1001).replace("number", "other") + "\n")
    service.written.add(1001)
    service.log(2)
    service.settle()
    assert (service.show("MainPID"), service.state()) == (pid, "active")

    service.configure(WIDER)
    service.systemctl("reload", UNIT)
    service.until(lambda: service.show("StatusText") == "2 files followed", "all is well again")


def test_a_broken_configuration_fails_the_start_for_good(service: Service):
    """Exit status 78, no restart, and `systemctl status` shows the mistake with its line."""
    service.configure(BASIC.replace("cooldown: 0", "coldown: 0"))
    assert service.machine.tries("systemctl", "start", UNIT).status == 1
    assert service.state() == "failed"
    assert (service.show("ExecMainStatus"), service.show("NRestarts")) == ("78", "0")
    service.says(f"{CONFIG}:7:", priority=3)
    assert not service.journal(priority=7).replace(service.journal(priority=3), "")
    shown = service.machine.tries("systemctl", "status", "--full", UNIT).out
    assert f"{CONFIG}:7:" in shown
    assert "did you mean 'cooldown'?" in shown
    assert service.show("StatusText").startswith(f"{CONFIG}:7:")

    service.configure(BASIC)
    service.systemctl("start", UNIT)
    assert service.state() == "active"


def test_stop_is_soon_and_clean_and_the_next_start_goes_on(service: Service):
    """What was written while it was stopped is told; nothing twice."""
    service.systemctl("start", UNIT)
    service.log(20)
    began = perf_counter()
    service.systemctl("stop", UNIT)
    assert perf_counter() - began < 2
    assert service.state() == "inactive"
    assert (service.show("ExecMainStatus"), service.show("Result")) == ("0", "success")
    service.log(20)
    service.machine.does("mv", AUTH, f"{AUTH}.1")
    service.log(20)
    service.machine.shell(f"chgrp adm {AUTH}; chmod 640 {AUTH}")
    service.systemctl("start", UNIT)
    service.settle()
    service.log(20)
    service.systemctl("restart", UNIT)
    service.log(20)
    service.settle()


def test_a_log_of_root_alone_needs_the_drop_in(service: Service):
    """Mode 0600 is `denied`, said once and in the status line; with all-logs.conf it is read."""
    service.machine.does("chmod", "600", SYSLOG)
    service.systemctl("start", UNIT)
    service.says("tailer.file_denied", priority=4)
    assert service.show("StatusText") == "1 file followed, 1 not readable"
    service.log(1, SYSLOG)
    service.log(2)
    service.until(lambda: set(service.numbers()) == {2, 3}, "the other log is read")
    service.install_drop_in("all-logs.conf")
    service.systemctl("restart", UNIT)
    service.log(1, SYSLOG)
    service.settle()
    assert service.show("StatusText") == "2 files followed"


def test_local_only_has_no_network_and_works(service: Service):
    """Alerts to files go on; a webhook has nowhere to go, and says so."""
    service.configure(BASIC + "  web: {webhook: {url: 'http://127.0.0.1:9/'}}\n")
    service.install_drop_in("local-only.conf")
    service.systemctl("start", UNIT)
    service.log(5)
    service.settle()
    service.says("sink.down", priority=4)
    pid = service.show("MainPID")
    assert service.machine.does("nsenter", "-n", "-t", pid, "ls", "/sys/class/net") is not None


def test_home_and_tmp_are_hidden_until_they_are_shown(service: Service):
    """A log in /home is not there for the service; the drop-in shows its directory."""
    service.machine.write("/home/deploy/logs/app.log", "")
    service.configure(BASIC.replace(SYSLOG, "/home/deploy/logs/app.log"))
    service.systemctl("start", UNIT)
    assert service.show("StatusText") == "1 file followed, 1 not readable"
    service.install_drop_in("home-and-tmp.conf")
    service.systemctl("restart", UNIT)
    assert service.show("StatusText") == "2 files followed"
    service.log(3, "/home/deploy/logs/app.log")
    service.settle()


@pytest.mark.parametrize(
    ("drop_in", "most"),
    [("", 1.1), ("all-logs.conf", 1.5), ("local-only.conf", 0.2), ("home-and-tmp.conf", 1.1)],
)
def test_the_manual_tells_the_exposure(service: Service, drop_in: str, most: float):
    """`systemd-analyze security` and `verify`, of the unit as it is installed."""
    if drop_in:
        service.install_drop_in(drop_in)
    said = service.machine.does("systemd-analyze", "security", "--offline=true", UNIT)
    level = re.search(r"Overall exposure level for logwatchd.service: ([\d.]+)", said)
    assert level
    assert float(level[1]) <= most
    verified = service.machine.tries("systemd-analyze", "verify", UNIT)
    assert (verified.status, verified.out, verified.err) == (0, "", "")
