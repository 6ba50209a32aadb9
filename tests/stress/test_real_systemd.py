"""`logwatch run` as the service that it is made to be: under a real, throwaway systemd.

One systemd is booted for all tests, in a sandbox program that is named by LOGWATCH_SYSTEMD_SANDBOX
or found on PATH as `systemd-sandbox`: called as `systemd-sandbox --timeout SECONDS -- COMMAND`, it
runs COMMAND as root beside a systemd of its own, on a copy of this machine's files that is thrown
away. logwatch is installed there by the commands of docs/operations.md, as they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from doubles.machine import Machine, sandbox
from doubles.service import (
    ALERTS,
    AUTH,
    BASIC,
    CLOSED,
    CONFIG,
    DYNAMIC_USERS,
    STATE,
    SYSLOG,
    UNIT,
    Service,
    line,
    stamp,
)

pytestmark = pytest.mark.stress

CHECKOUT = Path(__file__).parents[2]
MANUAL = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """The booted systemd, with logwatch installed in it by the manual's own commands."""
    with Machine(sandbox(), CHECKOUT) as booted:
        # As on every booted machine; without it LoadCredential= shows an empty directory.
        booted.does("mount", "--make-rshared", "/")
        installs, removes = re.findall(r"```sh\n(.*?)```", MANUAL, re.DOTALL)
        booted.shell(installs, seconds=300)
        booted.does("systemctl", "stop", UNIT)
        yield booted
        booted.shell(removes)
        for path in ("/etc/logwatchd", "/opt/logwatchd", "/usr/bin/logwatch", STATE):
            assert booted.tries("test", "-e", path).status == 1, f"{path} is left"


@pytest.fixture
def service(machine: Machine) -> Iterator[Service]:
    """The unit as it comes, stopped and without a past, with the basic configuration."""
    machine.shell(f"""
        systemctl stop {UNIT}
        systemctl reset-failed {UNIT} || true
        rm -rf /etc/systemd/system/{UNIT}.d /var/lib/private/logwatchd /usr/local/bin/on-alert
        rm -rf /etc/logwatchd/secrets /srv/alerts {CLOSED}
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
    assert service.status_says(2)
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


def test_status_finds_the_service_and_is_for_root_alone(service: Service):
    """By the socket in RuntimeDirectory=, which no shell's environment names."""
    service.systemctl("start", UNIT)
    service.log(3)
    service.settle()
    shown = service.machine.tries("logwatch", "status")
    assert (shown.status, shown.err) == (0, "")
    assert "all is well: 2 files followed" in shown.out
    answer = json.loads(service.machine.does("logwatch", "status", "-o", "json"))
    assert str(answer["pid"]) == service.show("MainPID")
    assert answer["unknown"] == {}
    stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    refused = service.machine.tries(*stranger, "logwatch", "status")
    assert refused.status == 77
    assert "run this as root" in refused.err

    service.systemctl("kill", "--signal=KILL", UNIT)
    service.until(lambda: service.show("NRestarts") == "1", "it is started again")
    service.until(lambda: service.machine.tries("logwatch", "status").status == 0, "and is well")
    service.systemctl("stop", UNIT)
    gone = service.machine.tries("logwatch", "status")
    assert gone.status == 69
    assert "it stopped in order" in gone.out


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
    assert "config.reloaded" in service.journal()  # it has waited
    service.says("+ rule other")
    service.log(2)
    service.machine.append(SYSLOG, line(1000).replace("number", "other") + "\n")
    service.written.add(1000)
    service.settle()

    service.configure(BASIC.replace("cooldown: 0", "coldown: 0"))
    assert service.machine.tries("systemctl", "reload", UNIT).status == 1
    service.says("generation 2 goes on")  # what the command that systemd called has to say
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
    service.until(lambda: service.status_says(2), "all is well again")


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


def many(rules: int, word: str) -> str:
    """The basic configuration with so many more rules; each `word` is compiled anew."""
    more = "".join(f"  - {{name: slow-{n}, match: '{word}-{n} failed'}}\n" for n in range(rules))
    return BASIC.replace("sinks:", f"{more}sinks:")


SLOW = "/opt/slow"
SECONDS_TO_START, SECONDS_TO_COMPILE = 10, 12
"""A start takes far less without its compiling, however busy the machine is; with it, more."""
COMPILING_TAKES_LONG = f"""\
from threading import Event
from logwatch.matching import prefilter
compile_database = prefilter.compile_database
def slowly(texts):
    Event().wait({SECONDS_TO_COMPILE})
    return compile_database(texts)
prefilter.compile_database = slowly
"""
"""What each Python of the service runs first."""


def test_the_time_that_patterns_take_to_compile_does_not_count(service: Service):
    """A start and a reload take longer than TimeoutStartSec=, and are waited for."""
    service.machine.write(f"{SLOW}/sitecustomize.py", COMPILING_TAKES_LONG)
    service.drop_in(f"TimeoutStartSec={SECONDS_TO_START}s\nEnvironment=PYTHONPATH={SLOW}")
    service.configure(many(300, "start"))
    began = perf_counter()
    service.systemctl("start", UNIT, seconds=120)
    assert perf_counter() - began > SECONDS_TO_START, "else this has shown nothing"
    service.log(3)
    service.configure(many(300, "reload"))
    began = perf_counter()
    service.systemctl("reload", UNIT, seconds=120)
    assert perf_counter() - began > SECONDS_TO_START
    service.log(3)
    service.settle()
    assert (service.show("NRestarts"), service.show("Result")) == ("0", "success")
    assert "generation 2 after" in service.journal()
    service.machine.does("rm", "-r", SLOW)


def test_a_reload_with_more_files_than_threads_reads_on_what_was_read(service: Service):
    """TasksMax= is too low for the files of the new one: those of the one before come first."""
    service.drop_in("TasksMax=40")
    service.systemctl("start", UNIT)
    pid = service.show("MainPID")
    service.log(10)
    service.machine.shell("mkdir -p /var/log/a; cd /var/log/a; seq 100 | xargs touch")
    service.configure(BASIC.replace("sources:", "sources:\n  many: {path: /var/log/a/*}"))
    service.systemctl("reload", UNIT)
    service.says("daemon.too_few_threads", priority=4)
    service.log(10)
    service.settle()
    assert (service.show("MainPID"), service.state()) == (pid, "active")
    service.configure(BASIC)
    service.systemctl("reload", UNIT)
    service.log(10)
    service.settle()


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


def test_logs_of_root_alone_need_the_drop_in(service: Service):
    """A 0600 log and one in a 0700 directory are `denied`; with all-logs.conf they are read."""
    hidden = f"{CLOSED}/app.log"
    service.machine.shell(f"chmod 600 {SYSLOG}; install -d -m 0700 {CLOSED}; touch {hidden}")
    service.configure(BASIC.replace(f"path: {SYSLOG}", f"path: [{SYSLOG}, {hidden}]"))
    service.systemctl("start", UNIT)
    service.says("tailer.file_denied", priority=4)
    assert service.status_says(1, "2 not readable")
    service.log(1, SYSLOG)
    service.log(1, hidden)
    service.log(1)
    service.until(lambda: service.numbers() == [3], "the log of adm is read")
    service.install_drop_in("all-logs.conf")
    service.systemctl("restart", UNIT)
    assert service.status_says(3)
    service.log(1, SYSLOG)
    service.log(1, hidden)
    service.settle()


def test_local_only_has_no_network_and_works(service: Service):
    """Alerts to files go on; a webhook has nowhere to go, and says so."""
    service.configure(BASIC + "  web: {webhook: {url: 'http://127.0.0.1:9/'}}\n")
    service.install_drop_in("local-only.conf")
    service.systemctl("start", UNIT)
    service.log(5)
    service.settle()
    service.says("sink.down", priority=4)
    inside = ("nsenter", "--net", "--target", service.show("MainPID"))
    devices = service.machine.does(*inside, "cat", "/proc/net/dev")
    assert re.findall(r"^ *(\S+):", devices, re.MULTILINE) == ["lo"]


def test_a_syslog_source_at_a_low_port_needs_the_drop_in(service: Service):
    """Port 514: `denied` without it; with it what comes over UDP is told."""
    service.configure(
        BASIC.replace("sources:", "sources:\n  net: {syslog: {udp: '127.0.0.1:514'}}")
    )
    service.systemctl("start", UNIT)
    service.says("receivers.source_denied", priority=4)
    service.install_drop_in("low-port.conf")
    service.systemctl("restart", UNIT)
    service.written.add(700)
    send = ["logger", "--udp", "--server", "127.0.0.1", "--port", "514", "--rfc5424", "number=700"]
    service.machine.does(*send)
    service.log(3)
    service.settle()


def test_home_and_tmp_are_hidden_until_they_are_shown(service: Service):
    """A log in /home is not there for the service; the drop-in shows its directory."""
    service.machine.write("/home/deploy/logs/app.log", "")
    service.configure(BASIC.replace(SYSLOG, "/home/deploy/logs/app.log"))
    service.systemctl("start", UNIT)
    assert service.status_says(1, "1 not readable")
    service.install_drop_in("home-and-tmp.conf")
    service.systemctl("restart", UNIT)
    assert service.status_says(2)
    service.log(3, "/home/deploy/logs/app.log")
    service.settle()


@pytest.mark.parametrize(
    ("drop_in", "most"),
    [
        ("", 1.1),
        ("all-logs.conf", 1.5),
        ("local-only.conf", 0.2),
        ("home-and-tmp.conf", 1.1),
        ("low-port.conf", 1.5),
    ],
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


ON_ALERT = """\
#!/bin/sh
# What a program of a command sink sees of its sandbox, and its alert.
exec >>/var/lib/logwatchd/seen
grep -E '^(SigBlk|SigIgn|NoNewPrivs|CapBnd)' /proc/self/status
cat
echo
"""

HTTP = """\
import http.server

class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("/var/log/taken.jsonl", "ab") as file:
            file.write(body.rstrip() + b"\\n")
        self.send_response(200)
        self.end_headers()

server = http.server.HTTPServer(("127.0.0.1", 0), Taker)
with open("/run/taker.port.new", "w") as file:
    file.write(str(server.server_address[1]))
import os
os.rename("/run/taker.port.new", "/run/taker.port")
server.serve_forever()
"""


def test_a_command_sink_runs_in_the_sandbox_with_clean_signals(service: Service):
    """A shell script; no signal is blocked or ignored in it, and no right can be gained."""
    service.machine.write("/usr/local/bin/on-alert", ON_ALERT, "0755")
    service.configure(BASIC + "  program: {command: {argv: [/usr/local/bin/on-alert]}}\n")
    service.systemctl("start", UNIT)
    service.log(2)
    service.settle()
    seen = f"{STATE}/seen"
    service.until(lambda: service.machine.tries("cat", seen).out.count("schema") == 2, "both ran")
    text = service.machine.does("cat", seen)
    signals = re.findall(r"^Sig(?:Blk|Ign):\t([0-9a-f]+)$", text, re.MULTILINE)
    # The C library keeps two for itself, 32 and 33, which no program can use.
    assert [int(each, 16) & 0x7FFFFFFF for each in signals] == [0] * 4
    assert text.count("NoNewPrivs:\t1\n") == text.count("CapBnd:\t0000000000000000\n") == 2
    assert text.count('"number":"1"') == 1


def test_the_stop_ends_a_program_that_hangs_and_runs_it_again_later(service: Service):
    """KillMode=mixed: at the end nothing of the service is left; its alert is still to be told."""
    service.machine.write(
        "/usr/local/bin/on-alert",
        f"#!/bin/sh\necho begun >>{STATE}/begun\nexec sleep 600\n",
        "0755",
    )
    service.configure(BASIC + "  program: {command: {argv: [/usr/local/bin/on-alert]}}\n")
    service.systemctl("start", UNIT)
    service.log()
    begun = f"{STATE}/begun"
    service.until(lambda: service.machine.tries("cat", begun).out == "begun\n", "it runs")
    began = perf_counter()
    service.systemctl("stop", UNIT)
    assert perf_counter() - began < 10
    assert service.show("Result") == "success"
    assert service.machine.tries("pgrep", "-f", "sleep 600").out == ""
    service.systemctl("start", UNIT)
    service.until(lambda: service.machine.tries("cat", begun).out == "begun\n" * 2, "again")


def test_a_webhook_on_loopback_is_told(service: Service):
    """IPAddressDeny= leaves loopback and the world open."""
    service.machine.does(
        "systemd-run", "--quiet", "--unit=taker", "--collect", "python3", "-c", HTTP
    )
    try:
        service.until(lambda: service.machine.tries("cat", "/run/taker.port").out, "it listens")
        port = service.machine.does("cat", "/run/taker.port")
        service.configure(BASIC + f"  web: {{webhook: {{url: 'http://127.0.0.1:{port}/'}}}}\n")
        service.systemctl("start", UNIT)
        service.log(5)
        service.settle()
        service.until(lambda: len(service.alerts("/var/log/taken.jsonl")) == 5, "all are posted")
    finally:
        service.systemctl("stop", "taker.service")


def test_commands_of_root_beside_the_service(service: Service):
    """check, alerts and send find the service's configuration and state without a flag."""
    service.systemctl("start", UNIT)
    service.log(3)
    service.settle()
    does = service.machine.does
    assert "no problems" in does("logwatch", "check")
    assert does("logwatch", "alerts").count("numbered") == 3
    does("logwatch", "send", "file", "hello")
    assert "[TEST] hello" in does("tail", "-n", "1", ALERTS)
    busy = service.machine.tries("logwatch", "run")
    assert busy.status == 75
    assert f"pid {service.show('MainPID')}" in busy.err
    service.log(3)
    service.until(lambda: len(service.alerts()) == 7, "the service goes on")


def test_commands_of_root_leave_a_stopped_service_its_files(service: Service):
    """Whatever root's readers make in the state folder belongs to the service's user."""
    service.systemctl("start", UNIT)
    service.log(3)
    service.settle()
    service.systemctl("stop", UNIT)
    assert service.machine.does("logwatch", "alerts").count("numbered") == 3
    foreign = service.machine.does("find", f"{STATE}/", "-user", "root")
    assert foreign == ""
    service.systemctl("start", UNIT)
    service.log(3)
    service.settle()


def test_a_file_sink_elsewhere_and_a_secret_as_the_manual_has_them(service: Service):
    """ReadWritePaths= with a directory of group adm; LoadCredential= of a file of root's."""
    service.machine.write("/etc/logwatchd/secrets/pager_url", "http://127.0.0.1:9/x\n", "0600")
    service.machine.shell("chmod 700 /etc/logwatchd/secrets; install -d -g adm -m 2770 /srv/alerts")
    service.drop_in(
        "ReadWritePaths=/srv/alerts\nLoadCredential=pager_url:/etc/logwatchd/secrets/pager_url"
    )
    secret = "${file:/run/credentials/logwatchd.service/pager_url}"
    elsewhere = BASIC.replace(ALERTS, "/srv/alerts/alerts.jsonl")
    service.configure(elsewhere + f"  pager: {{webhook: {{url: '{secret}'}}}}\n")
    service.systemctl("start", UNIT)
    service.log(3)
    service.until(lambda: len(service.alerts("/srv/alerts/alerts.jsonl")) == 3, "told elsewhere")
    service.says("no connection to http://127.0.0.1:9/", priority=4)
    service.systemctl("stop", UNIT)
    service.machine.does("rm", "/etc/logwatchd/secrets/pager_url")
    service.machine.tries("systemctl", "start", UNIT)
    assert service.show("ExecMainStatus") == "243"


def test_the_stacks_that_the_manual_asks_for_are_in_the_journal(service: Service):
    """SIGUSR1 to the main process; it goes on."""
    service.systemctl("start", UNIT)
    pid = service.show("MainPID")
    service.systemctl("kill", "--kill-who=main", "--signal=USR1", UNIT)
    service.says("daemon.figures")
    assert "consumer: runs" in service.journal()
    assert service.show("MainPID") == pid
    service.log(2)
    service.settle()


def test_the_installed_program_does_not_need_the_checkout(machine: Machine):
    """The wheel carries the stock configuration and its rules, and the demo uses them."""
    [stock] = machine.shell("echo /opt/logwatchd/lib/python3*/site-packages/logwatch/stock").split()
    hidden = f"mount -t tmpfs none {CHECKOUT} && cd / && exec"
    without = ("unshare", "--mount", "sh", "-c")
    checked = machine.does(*without, f"{hidden} logwatch check {stock}/logwatch.yaml")
    assert re.search(r"\d\d+ rules", checked)
    told = machine.does(*without, f"{hidden} logwatch demo --for 10s")
    assert "nothing undelivered" in told


def test_the_stock_configuration_tells_the_journal(service: Service):
    """As the manual installs it: every source waits for its file, an alert is one readable line."""
    stock = (CHECKOUT / "config" / "logwatch.yaml").read_text(encoding="utf-8")
    service.configure(f"state: {STATE}\n{stock}")
    service.systemctl("start", UNIT)
    killed = "kernel: Out of memory: Killed process 4711 (java) total-vm:8388608kB"
    service.machine.append(SYSLOG, f"{stamp()} web1 {killed}, anon-rss:4194304kB\n")
    service.says("\N{BLACK UP-POINTING TRIANGLE} ")
    [told] = [each for each in service.journal().splitlines() if each.startswith("\u25b2")]
    assert "oom-kill critical" in told
    assert "java" in told


def test_a_cause_that_lasts_is_survived_and_nobody_need_do_anything(service: Service):
    """Far more failures than systemd's own limit of starts; back once the cause is gone."""
    service.machine.write("/var/lib/private/logwatchd", "a file where the folder should be")
    service.drop_in("RestartSec=100ms\nStateDirectory=")
    service.machine.tries("systemctl", "start", UNIT)
    service.until(lambda: int(service.show("NRestarts")) >= 15, "it tries again and again", 60)
    assert service.state() != "failed"
    service.machine.does(
        "rm", f"/etc/systemd/system/{UNIT}.d/test.conf", "/var/lib/private/logwatchd"
    )
    service.systemctl("daemon-reload")
    service.until(lambda: service.state() == "active", "it is back by itself", 30)


def test_alerts_in_the_journal_are_found_by_their_fields(service: Service):
    """The sandbox of the unit leaves the journal's socket; journald takes every field."""
    service.configure(BASIC + "  journal: {journald: {}}\n")
    service.systemctl("start", UNIT)
    service.log(3)
    service.settle()

    def entries(*asked: str) -> list[dict[str, Any]]:
        since = f"--since=@{service.began}"
        out = service.machine.does("journalctl", "-o", "json", since, "-t", "logwatch", *asked)
        return [json.loads(each) for each in out.splitlines()]

    service.until(lambda: len(entries("LOGWATCH_RULE=numbered")) == 3, "all are in the journal")
    (found,) = entries("LOGWATCH_FIELD_NUMBER=2")
    (alert,) = [each for each in service.alerts() if each["fields"]["number"] == "2"]
    assert found["MESSAGE"] == alert["message"]
    assert (found["LOGWATCH_ID"], found["LOGWATCH_SEQ"]) == (alert["id"], "1")
    assert found["LOGWATCH_LINE"] == alert["lines"][0]["text"]
    assert found["_SYSTEMD_UNIT"] == UNIT
    assert found["MESSAGE_ID"] == "b625863c01b9475b9e1af66d06aad54d"


def test_a_real_journal_is_read_over_kills_rotations_and_what_it_forgets(service: Service):
    """Each entry once, with its fields; what was vacuumed unread is told with its number."""
    machine = service.machine
    machine.shell("mkdir -p /var/log/journal; systemctl restart systemd-journald")
    service.configure(
        BASIC.replace(
            "sources:",
            "sources:\n  entries: {journald: {identifiers: numbers}, start: beginning}",
        )
    )

    def enter(*numbers: int, told: bool = True) -> None:
        for number in numbers:
            machine.shell(f"echo number={number} | systemd-cat -t numbers -p warning")
            service.written.update([number] if told else [])
        machine.does("journalctl", "--sync")

    enter(801, 802)
    service.systemctl("start", UNIT)
    enter(803)
    service.settle()
    service.systemctl("kill", "--signal=KILL", UNIT)
    enter(804, 805)
    service.settle(seconds=30)
    machine.does("journalctl", "--rotate")
    enter(806)
    service.settle()
    service.systemctl("stop", UNIT)
    enter(890, 891, told=False)
    machine.shell("journalctl --sync --rotate; sleep 1.1; journalctl --vacuum-time=1s")
    enter(807)
    service.systemctl("start", UNIT)
    enter(808)
    service.settle_numbers()
    alerts = service.alerts()
    (lost,) = [each for each in alerts if each["rule"] == "logwatch.source-lost"]
    assert re.search(r"up to [\d,]+ entries are lost", lost["message"])
    first = next(each for each in alerts if each["fields"].get("number") == "801")
    assert first["path"] == "journald:entries"
    assert first["fields"].items() >= {"program": "numbers", "severity": "warning"}.items()
