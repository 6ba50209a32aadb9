"""What systemd hears, and what the unit file promises."""

import os
import shutil
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest

from logwatch.daemon.systemd import Notifier
from logwatch.telemetry import telemetry

UNIT = Path(__file__).parents[2] / "systemd" / "logwatchd.service"
DROP_INS = ["all-logs", "home-and-tmp", "local-only", "low-port"]
EXPOSURE = {"": 11, "all-logs": 15, "home-and-tmp": 11, "local-only": 2, "low-port": 15}
"""Tenths of the exposure level that `systemd-analyze security` may find, as the manual has it."""
ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A service manager's end of the line, and the address that it would give."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@logwatch-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1))
        listener.settimeout(60)
        yield listener, address


def test_each_call_is_one_message_of_the_protocol(manager):
    listener, address = manager
    notifier = Notifier({"NOTIFY_SOCKET": address})
    assert notifier.connected
    notifier.ready("12 files")
    notifier.status("12 files, 2 firing")
    notifier.watchdog()
    notifier.reloading(123_456)
    notifier.extend_timeout(5_000_000)
    notifier.stopping()
    assert [listener.recv(4096) for _ in range(6)] == [
        b"READY=1\nSTATUS=12 files",
        b"STATUS=12 files, 2 firing",
        b"WATCHDOG=1",
        b"RELOADING=1\nMONOTONIC_USEC=123456",
        b"EXTEND_TIMEOUT_USEC=5000000",
        b"STOPPING=1",
    ]


def test_a_status_cannot_smuggle_in_a_second_field(manager):
    listener, address = manager
    Notifier({"NOTIFY_SOCKET": address}).status("refused:\nSTOPPING=1 \udcff")
    assert listener.recv(4096) == b"STATUS=refused: STOPPING=1 ?"


def test_a_remark_ends_every_status_until_it_is_taken_back(manager):
    listener, address = manager
    notifier = Notifier({"NOTIFY_SOCKET": address})
    notifier.remark = "reload refused:\nline 7"
    notifier.ready("2 files")
    notifier.status("2 files")
    notifier.remark = ""
    notifier.status("2 files")
    assert [listener.recv(4096) for _ in range(3)] == [
        b"READY=1\nSTATUS=2 files; reload refused: line 7",
        b"STATUS=2 files; reload refused: line 7",
        b"STATUS=2 files",
    ]


def test_without_a_socket_nothing_happens():
    notifier = Notifier({})
    assert not notifier.connected
    notifier.ready("12 files")
    notifier.stopping()


def test_a_manager_that_does_not_answer_is_counted_and_harms_nobody(tmp_path):
    before = telemetry.counters["systemd.notify_failed"]
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready("12 files")
    assert telemetry.counters["systemd.notify_failed"] == before + 1


def test_children_do_not_inherit_the_line(monkeypatch):
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, "1")
    Notifier()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_at_half_its_time_by_the_process_it_is_meant_for(environ, seconds):
    assert Notifier(environ).watchdog_interval == seconds


def directives(path):
    """The unit's settings, in order, as (section, name, value)."""
    section, found = "", []
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.append((section, name, value))
    return found


def test_the_unit_says_what_the_daemon_relies_on():
    """The protocol that `Notifier` speaks, and the exit status of a bad configuration."""
    unit = directives(UNIT)
    for name, value in {
        "Type": "notify",
        "NotifyAccess": "main",
        "ExecStart": "/usr/bin/logwatch run",
        "ExecReload": "/usr/bin/logwatch reload",
        "Restart": "always",
        "RestartSec": "5s",
        "RestartPreventExitStatus": "78",
        "DynamicUser": "yes",
        "StateDirectory": "logwatchd",
        "RuntimeDirectory": "logwatchd",
        "MemoryDenyWriteExecute": "yes",
    }.items():
        assert ("Service", name, value) in unit
    assert ("Unit", "StartLimitIntervalSec", "0") in unit  # a full disk may last
    assert not [name for _, name, _ in unit if name == "LoadCredential"]  # fails without its file


def test_the_units_limits_exceed_ten_thousand_files():
    limits = {name: value for _, name, value in directives(UNIT)}
    assert int(limits["TasksMax"]) > 10_000
    assert int(limits["LimitNOFILE"]) > 2 * 10_000
    # Or what each thread keeps of what it freed would be more than all that they hold together.
    assert limits["Environment"] == "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"


def test_every_drop_in_is_known_here_and_explained_in_the_manual():
    assert [path.stem for path in sorted(UNIT.parent.glob("*.conf"))] == DROP_INS
    manual = (UNIT.parents[1] / "docs" / "operations.md").read_text()
    assert all(f"{name}.conf" in manual for name in DROP_INS)


def test_the_wheel_carries_the_unit_and_every_drop_in():
    """For whoever installs from an index and has no checkout."""
    settings = tomllib.loads((UNIT.parents[1] / "pyproject.toml").read_text())
    included = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for path in [UNIT, *UNIT.parent.glob("*.conf")]:
        assert included[f"systemd/{path.name}"] == f"logwatch/stock/systemd/{path.name}"


def install(folder, drop_in):
    """A copy of the unit with a program that exists, and at most one drop-in."""
    unit = folder / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/logwatch", "/bin/true"))
    if drop_in:
        beside = folder / f"{UNIT.name}.d"
        beside.mkdir()
        shutil.copy(UNIT.parent / f"{drop_in}.conf", beside)
    return unit


@pytest.mark.parametrize("drop_in", ["", *DROP_INS])
def test_systemd_finds_nothing_wrong_and_little_exposed(tmp_path, drop_in):
    """Where systemd-analyze is not there, nothing is known."""
    unit = install(tmp_path, drop_in)
    if ANALYZE is None:
        return
    threshold = f"--threshold={EXPOSURE[drop_in]}"
    for check in (["security", "--offline=true", threshold], ["verify"]):
        done = subprocess.run(
            [ANALYZE, *check, str(unit)], capture_output=True, text=True, timeout=30, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout[-300:]
