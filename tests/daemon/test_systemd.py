"""What systemd hears, and what the unit file promises."""

import os
import socket
from pathlib import Path

import pytest

from logwatch.daemon.systemd import Notifier
from logwatch.telemetry import telemetry

UNIT = Path(__file__).parents[2] / "systemd" / "logwatchd.service"
DROP_INS = sorted(UNIT.parent.glob("*.conf"))


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A service manager's end of the line, and the address that it would give."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@logwatch-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1))
        listener.settimeout(5)
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
