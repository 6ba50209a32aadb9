"""A threshold over syslog lines: restarts in the middle of a window change nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from doubles.forked import Running, run_once
from doubles.process import alerts_in, eventually

CONFIG = """\
sources: {auth: {path: FOLDER/auth.log, format: syslog, tz: UTC, start: beginning}}
rules:
- name: guessing
  match: 'Failed password for (?P<user>\\S+) from (?P<ip>\\S+)'
  by: ip
  when: 3 in 30s
  clear: 0 in CLEAR
  cooldown: 0
  say: '{count} failed logins from {ip}, last {user}'
sinks: {out: {jsonl_file: {path: FOLDER/OUT}}}
"""


def config(folder, clear: str = "2s", out: str = "alerts.jsonl") -> str:
    return CONFIG.replace("FOLDER", str(folder)).replace("CLEAR", clear).replace("OUT", out)


def failed(folder, ip: str, user: str = "root", ago: float = 0.0) -> None:
    """Append one line, stamped as rsyslog does, to the second."""
    stamp = (datetime.now(UTC) - timedelta(seconds=ago)).strftime("%b %e %H:%M:%S")
    with (folder / "auth.log").open("a", encoding="utf-8") as log:
        log.write(f"{stamp} web1 sshd[42]: Failed password for {user} from {ip} port 22 ssh2\n")


def story(alerts) -> list[tuple[str, str, int, int]]:
    return [(a["key"]["ip"], a["status"], a["seq"], a["count"]) for a in alerts]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_in_mid_window_changes_nothing(tmp_path, end):
    """Two lines before, one after: it fires, and it resolves, with nobody writing any more."""
    out = tmp_path / "alerts.jsonl"
    slow = config(tmp_path, clear="5s")  # a restart on a busy machine takes its time
    failed(tmp_path, "192.0.2.1", "anna")
    failed(tmp_path, "192.0.2.2")
    failed(tmp_path, "192.0.2.1", "bert")
    with Running(tmp_path, slow).ready() as daemon:
        daemon.says("daemon.live")
        daemon.stop() if end == "stop" else daemon.kill()
    assert alerts_in(out) == []
    with Running(tmp_path, slow).ready() as daemon:
        daemon.says("daemon.live")
        failed(tmp_path, "192.0.2.1", "carl")
        [fired] = eventually(lambda: alerts_in(out), "it fires")
        assert story([fired]) == [("192.0.2.1", "firing", 1, 3)]
        assert fired["message"] == "3 failed logins from 192.0.2.1, last carl"
        assert fired["fields"]["user"] == "carl"
        daemon.stop() if end == "stop" else daemon.kill()
    with Running(tmp_path, slow).ready() as daemon:
        failed(tmp_path, "192.0.2.1", "dora")
        eventually(lambda: alerts_in(out)[-1]["status"] == "resolved", "it resolves")
        daemon.stop()
    *fired_maybe_twice, resolved = alerts_in(out)
    assert fired_maybe_twice in ([fired], [fired] * (2 if end == "kill" else 1))
    assert story([resolved]) == [("192.0.2.1", "resolved", 2, 4)]
    assert resolved["id"] == fired["id"]


def test_an_episode_that_ended_while_nobody_looked_resolves_at_the_start(tmp_path):
    """The deadline passed while the daemon was down; a line in time would have moved it."""
    out = tmp_path / "alerts.jsonl"
    for number in range(3):
        failed(tmp_path, "192.0.2.1", f"user{number}")
        failed(tmp_path, "192.0.2.2", f"user{number}")
    assert run_once(tmp_path, config(tmp_path)).returncode == 0
    assert [each[:2] for each in story(alerts_in(out))] == [
        ("192.0.2.1", "firing"),
        ("192.0.2.2", "firing"),
    ]
    fired = datetime.fromisoformat(alerts_in(out)[0]["last"])
    eventually(lambda: datetime.now(UTC) - fired > timedelta(seconds=2.2), "two seconds")
    failed(tmp_path, "192.0.2.2", "late", ago=1.0)
    with Running(tmp_path, config(tmp_path)).ready() as daemon:
        eventually(lambda: len(alerts_in(out)) >= 3, "the first one resolves")
        assert story(alerts_in(out)[2:3]) == [("192.0.2.1", "resolved", 2, 3)]
        eventually(lambda: len(alerts_in(out)) >= 4, "the second one resolves")
        daemon.stop()
    assert story(alerts_in(out)[3:]) == [("192.0.2.2", "resolved", 2, 4)]


def test_the_same_file_gives_the_same_alerts_live_in_pieces_and_at_once(tmp_path):
    """By id, seq, key, count and message: in one run, and in runs that each saw a part."""
    began = time.time()
    lines = [(f"192.0.2.{number % 4}", f"u{number}", 20 - number / 4) for number in range(80)]
    for number, (ip, user, ago) in enumerate(lines):
        failed(tmp_path, ip, user, ago - (time.time() - began))
        if number % 22 == 10:
            assert run_once(tmp_path, config(tmp_path, "1h")).returncode == 0
    assert run_once(tmp_path, config(tmp_path, "1h")).returncode == 0
    whole = tmp_path / "whole"
    whole.mkdir()
    assert run_once(whole, config(tmp_path, "1h", "whole.jsonl")).returncode == 0

    def essence(name: str):
        return [
            (a["id"], a["seq"], a["status"], a["key"], a["count"], a["message"], a["last"])
            for a in alerts_in(tmp_path / name)
        ]

    assert essence("alerts.jsonl") == essence("whole.jsonl")
    assert len(essence("whole.jsonl")) == 4
