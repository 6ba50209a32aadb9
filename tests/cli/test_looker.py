"""Which daemon is asked, and what is known where none answers."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from doubles.process import line_of

from logwatch.cli import looker
from logwatch.cli.looker import Absence, Looker
from logwatch.cli.main import run_command_line
from logwatch.clock import ManualClock, SystemClock
from logwatch.daemon.control import ControlServer
from logwatch.daemon.control_wire import ControlDeniedError
from logwatch.daemon.health import ConfigStatus, Status
from logwatch.errors import ConfigError, Exit, StoreError
from logwatch.store.last_seen import last_seen, owner
from logwatch.store.writer import Store


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "logwatch.yaml"
    path.write_text(f"state: {tmp_path}/state\n")
    return path


@pytest.fixture(autouse=True)
def nobody_else(tmp_path, monkeypatch):
    """No service of this machine, and no patience."""
    service = tmp_path / "run"
    service.mkdir()
    monkeypatch.setattr("logwatch.daemon.control_wire.SERVICE_FOLDER", service)
    monkeypatch.setattr(looker, "PATIENCE_SECONDS", 0.1)
    return service


@pytest.fixture
def serve():
    """Daemons that say what they are told to say."""
    servers = []

    def start(folder: Path, *, state: str = "/nowhere", files=(), well=True):
        status = Status(well=well, config=ConfigStatus(files=files, state=state))
        server = ControlServer(
            [folder / "control.sock"], {"status": lambda _request: status}, clock=ManualClock()
        )
        servers.append(server)
        server.start()
        return status

    yield start
    for server in servers:
        server.end()
        assert server.join(60)


def look(config):
    return Looker(str(config), SystemClock()).look()


def closed_store(folder: Path, *, clean: bool = True) -> None:
    Store(folder).close(clean=clean)


def test_the_daemon_beside_the_store_answers(config, tmp_path, serve):
    (tmp_path / "state").mkdir()
    expected = serve(tmp_path / "state", state=f"{tmp_path}/state")
    status, text = look(config)
    assert status == expected
    assert json.loads(text)["running"] is True


def test_the_service_is_found_where_its_unit_puts_the_socket(config, tmp_path, serve, nobody_else):
    expected = serve(nobody_else, state=f"{tmp_path}/state")
    assert look(config)[0] == expected


def test_a_daemon_is_ours_by_its_store_through_a_link_too(config, tmp_path, serve, nobody_else):
    """Like /var/lib/logwatchd, which systemd makes a link into /var/lib/private."""
    (tmp_path / "private").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "private")
    expected = serve(nobody_else, state=f"{tmp_path}/private")
    assert look(config)[0] == expected


def test_a_daemon_of_another_configuration_is_not_ours(config, serve, nobody_else):
    serve(nobody_else, state="/var/lib/other", files=("/etc/other.yaml",))
    absence, _ = look(config)
    assert isinstance(absence, Absence)


def test_a_broken_configuration_does_not_hide_the_daemon_that_runs(config, serve, nobody_else):
    config.write_text("state: [\n")
    with pytest.raises(ConfigError):
        look(config)
    expected = serve(nobody_else, files=(str(config),))
    assert look(config)[0] == expected


@pytest.mark.parametrize("clean", [True, False])
def test_without_a_daemon_the_store_says_when_and_how_it_ended(config, tmp_path, clean):
    closed_store(tmp_path / "state", clean=clean)
    os.utime(tmp_path / "state" / "state.db", (1_767_571_200, 1_767_571_200))
    absence, text = look(config)
    assert isinstance(absence, Absence)
    assert absence.last_seen == "2026-01-05T00:00:00.000Z"
    assert absence.ended_in_order is clean
    assert (absence.pid, absence.sinks) == (None, ())
    assert msgspec.json.decode(text, type=Absence) == absence


def test_without_a_store_it_was_never_seen(config):
    absence, _ = look(config)
    assert (absence.last_seen, absence.pid) == (None, None)


def test_a_store_of_a_later_version_is_called_that(config, tmp_path, capsys):
    """And not one with which nobody ever ran."""
    store = Store(tmp_path / "state")
    store._connection.execute("INSERT INTO migrations VALUES ('0999-from-the-future')")
    store.close()
    assert run_command_line(["status", "-c", str(config)]) == Exit.CONFIG
    said = capsys.readouterr()
    assert "written by a later version" in said.err
    assert "never run" not in said.out + said.err


def test_a_daemon_that_has_the_store_and_does_not_answer_is_named(config, tmp_path):
    store = Store(tmp_path / "state")
    try:
        absence, _ = look(config)
    finally:
        store.close(clean=True)
    assert absence.pid == os.getpid()
    assert absence.ended_in_order is None


def test_a_daemon_that_reloads_is_waited_for(config, tmp_path, serve, monkeypatch):
    monkeypatch.setattr(looker, "PATIENCE_SECONDS", 60)
    store = Store(tmp_path / "state")
    asked = []

    def ask(place, verb, *, seconds):
        asked.append(place)
        if len(asked) == 6:
            serve(tmp_path / "state", state=f"{tmp_path}/state")
        return real(place, verb, seconds=seconds)

    real = looker.ask
    monkeypatch.setattr(looker, "ask", ask)
    try:
        status, _ = look(config)
    finally:
        store.close(clean=True)
    assert isinstance(status, Status)


def test_a_daemon_of_a_later_version_may_say_more_but_not_otherwise(config, monkeypatch, capsys):
    monkeypatch.setattr(looker, "ask", lambda *_args, **_kwargs: b'{"schema":2,"phase":"dancing"}')
    assert run_command_line(["status", "-c", str(config)]) == 70
    said = capsys.readouterr().err
    assert "later version" in said
    assert "Traceback" not in said


def test_a_socket_that_is_closed_to_this_user_ends_with_77(config, monkeypatch, capsys):
    def ask(*_args, **_kwargs):
        raise ControlDeniedError("closed to user 1000; run this as root")

    monkeypatch.setattr(looker, "ask", ask)
    assert run_command_line(["status", "-c", str(config)]) == 77
    assert "run this as root" in capsys.readouterr().err


@pytest.mark.parametrize("well", [True, False])
def test_the_command_prints_and_exits_by_what_it_hears(config, tmp_path, serve, capsys, well):
    status = 0 if well else 1
    (tmp_path / "state").mkdir()
    serve(tmp_path / "state", state=f"{tmp_path}/state", well=well)
    assert run_command_line(["status", "-c", str(config), "-o", "json"]) == status
    assert json.loads(capsys.readouterr().out)["well"] is well
    assert run_command_line(["status", "-c", str(config)]) == status
    assert "logwatch" in capsys.readouterr().out


def test_nobody_there_is_exit_69_with_the_same_answer_for_programs(config, capsys):
    assert run_command_line(["status", "-c", str(config), "-o", "json"]) == 69
    answer = json.loads(capsys.readouterr().out)
    assert (answer["running"], answer["well"], answer["schema"]) == (False, False, 1)
    assert run_command_line(["status", "-c", str(config)]) == 69
    assert "is not running" in capsys.readouterr().out


def test_watching_needs_a_terminal(config, capsys):
    assert run_command_line(["status", "-c", str(config), "-w"]) == 2
    assert "-o json" in capsys.readouterr().err


def test_the_owner_of_a_store_is_who_holds_its_lock_and_not_who_once_signed_it(tmp_path):
    folder = tmp_path / "state"
    assert owner(folder) is None
    closed_store(folder)
    assert owner(folder) is None
    program = """
import pathlib, sys
from logwatch.store.database import StoreLock
lock = StoreLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
input()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert line_of(child.stdout) == b"held\n"
        assert owner(folder) == child.pid
        child.communicate(b"\n", timeout=60)
    assert owner(folder) is None


def test_looking_for_the_owner_never_takes_the_lock(tmp_path, monkeypatch):
    closed_store(tmp_path / "state")

    def flock(*_args):
        raise AssertionError("a daemon that starts now would be refused")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert owner(tmp_path / "state") is None
    assert last_seen(tmp_path / "state") is not None


def test_a_store_that_is_none_is_an_error_to_who_asks_for_it(tmp_path):
    (tmp_path / "state.db").write_text("hello, this is no database" * 100)
    with pytest.raises(StoreError):
        last_seen(tmp_path)
