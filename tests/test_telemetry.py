"""What logwatch says about itself."""

from __future__ import annotations

import errno
import gc
import io
import json

import pytest

from logwatch.telemetry import Telemetry
from logwatch.telemetry import telemetry as process_wide


@pytest.fixture
def telemetry():
    """A telemetry of the test's own."""
    return Telemetry()


def test_an_event_is_said_with_its_fields_and_counted(telemetry, capsys, monkeypatch):
    """On a terminal or a pipe: key=value."""
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    telemetry.emit("info", "tailer.file_rotated", path="/var/log/app.log")
    said = capsys.readouterr().err
    assert "tailer.file_rotated" in said
    assert "path=/var/log/app.log" in said
    assert telemetry.counters["tailer.file_rotated"] == 1


def test_what_is_below_the_level_is_counted_and_not_said(telemetry, capsys):
    """The level holds from the first event on."""
    telemetry.configure("warning")
    telemetry.emit("info", "daemon.live")
    telemetry.emit("warning", "sink.down", sink="chat")
    assert "daemon.live" not in capsys.readouterr().err
    assert telemetry.counters == {"daemon.live": 1, "sink.down": 1}


def test_under_systemd_it_is_json_with_a_priority(telemetry, capsys, monkeypatch):
    """sd-daemon(3): journald reads the priority off the line's beginning."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    telemetry.emit("error", "store.degraded", reason="no space")
    said = capsys.readouterr().err
    assert said.startswith("<3>{")
    assert json.loads(said[3:]) == {
        "event": "store.degraded",
        "level": "error",
        "reason": "no space",
    }


def test_a_traceback_is_part_of_the_event(telemetry, capsys):
    """With exc_info, in both forms."""
    telemetry.configure(json=True)
    try:
        print(1 / 0)
    except ZeroDivisionError:
        telemetry.emit("error", "daemon.thread_died", exc_info=True)
    assert "ZeroDivisionError" in json.loads(capsys.readouterr().err)["exception"]


class Refusing(io.StringIO):
    """A stderr on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")


@pytest.mark.parametrize("form", [True, False])
def test_what_cannot_be_said_is_lost_and_counted_and_harms_nobody(telemetry, monkeypatch, form):
    """A full disk under stderr must not end the thread that wants to tell of a full disk."""
    monkeypatch.setattr("sys.stderr", Refusing())
    telemetry.configure(json=form)
    before = process_wide.counters["telemetry.lost"]
    telemetry.emit("error", "store.degraded", reason="no space")
    assert process_wide.counters["telemetry.lost"] > before
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    telemetry.emit("error", "store.degraded", reason="no space")


def test_a_name_of_a_file_cannot_steer_the_terminal(telemetry, capsys, monkeypatch):
    """Whoever may make a file in a log folder writes its name into our messages."""
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    telemetry.emit("warning", "tailer.file_denied", path="/log/x\x1b[2J\u202e.log")
    said = capsys.readouterr().err
    assert "/log/x\\x1b[2J\\u202e.log" in said
    assert "\x1b[2J" not in said


def test_what_is_said_leaves_nothing_for_the_collector(telemetry, capsys):
    """Under churn there are thousands of events, and what refers to itself waits for minutes."""
    telemetry.emit("info", "daemon.ready")
    gc.collect()
    gc.disable()
    try:
        for number in range(100):
            telemetry.emit("info", "daemon.ready", number=number)
        assert gc.collect() < 100
    finally:
        gc.enable()
    assert capsys.readouterr().err.count("daemon.ready") == 101
