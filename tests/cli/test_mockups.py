"""The screens of the commands as they were meant, in a real terminal of 80 and of 120 columns.

Each is kept as a file, without colour and with it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doubles.screens import drawn, place, same_as_kept

KEPT = Path(__file__).with_name("mockups")

BAD = """\
sources:
  web: {path: web/*.acces.log, format: combined}
  auth: {path: auth.log, format: syslog}
rules:
  - name: ssh-guessing
    in: auth
    match: 'Failed \\w+ for (?P<user>\\S+ from (?P<ip>\\S+)'
    when: 5 in 2m
    coldown: 15m
  - name: jobs
    match: 'job (?P<job>\\w+) began'
    say: 'job {jbo} not finished after 2h'
    cooldown: 2min
  - name: slow
    match: '(a+)+$'
sinks:
  chat: {console: {}}
  pager: {webhook: 'https://bot:hunter2@example.org/x'}
routes: [{to: chat}]
"""
GOOD = """\
state: ./state
sources: {auth: {path: auth.log, format: syslog, start: beginning}}
rules:
  - name: ssh-guessing
    match: 'Failed \\w+ for (?P<user>\\S+) from (?P<ip>\\S+)'
    unless: 'from 10\\.'
    by: ip
    when: 5 in 2m
    clear: 0 in 15m
    say: '{count} failed logins from {ip}'
  - {name: noisy, match: 'Failed', cooldown: 10m}
  - {name: oom, match: 'Out of memory'}
sinks: {chat: {jsonl_file: chat.jsonl}, pager: {jsonl_file: pager.jsonl}}
routes: [{if: {rule: noisy}, to: pager}, {to: chat}]
"""
DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
SCREENS = {
    "overview": [],
    "help-code": ["help", "unknown-field"],
    "help-verb": ["help", "check"],
    "unknown-verb": ["replya"],
    "check-bad": ["check", "bad.yaml"],
    "check-good": ["check", "good.yaml"],
    "replay": ["replay", "-c", "good.yaml", "auth.log"],
    "try": ["try", "ssh-guessing", "auth.log", "-c", "good.yaml"],
    "status-none": ["status", "-c", "good.yaml"],
    "send": ["send", "chat", "-c", "good.yaml"],
    "silence": ["silence", "rule=oom", "--for", "2h", "--dry-run", "-c", "good.yaml"],
    "doctor": ["doctor", "-c", "good.yaml"],
    "init": ["init", "--from", "auth.log", "-w", "new.yaml"],
}


EXAMINED = """
from logwatch.cli import doctor
from logwatch.cli.doctor_unit import Unit, drop_in, note, trouble

def examine(patient):
    yield trouble(
        "hidden-paths",
        "/home/deploy/app.log",
        "the service sees nothing below /home (ProtectHome=yes)",
        drop_in(patient.unit, "BindReadOnlyPaths=/home/deploy"),
    )
    yield trouble(
        "unreadable",
        "/var/log/auth.log",
        "logwatchd may not read it: root:adm 640",
        "usermod -aG adm logwatchd && systemctl restart logwatchd",
    )
    yield note("clock", "app", "its newest line is of the day after tomorrow")

doctor.read_unit = lambda name: Unit(name="logwatchd.service", properties={})
doctor.examine = lambda patient: list(examine(patient))
"""
"""What this machine would be found to have is another thing on each."""
SABOTAGE = {"doctor": EXAMINED}


@pytest.fixture
def folder():
    """Two configurations, and a log of two days with an attack each morning."""
    with place() as path:
        yield filled(path)


def filled(tmp_path: Path) -> Path:
    """The folder, with all that the screens are about."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "shop.access.log").touch()
    lines = []
    for hour in range(48):
        at = DAY + timedelta(hours=hour)
        for n in range(8 if hour % 24 == 3 else 2):
            stamp = (at + timedelta(seconds=9 * n)).strftime("%Y-%m-%dT%H:%M:%SZ")
            address = "203.0.113.9" if n % 5 else "10.0.0.7"
            what = f"Failed password for root from {address} port {4000 + n} ssh2"
            lines.append(f"<38>1 {stamp} web1 sshd {n + 1} - - {what}")
    lines.append(lines[-1].replace("password for root", "publickey for invalid user admin"))
    (tmp_path / "auth.log").write_text("\n".join(lines) + "\n")
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "good.yaml").write_text(GOOD)
    return tmp_path


def steady(text: str) -> str:
    """Without what differs from one time to the next: progress, times of now."""
    text = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", "", text).replace("\r\x1b[K", "")
    text = re.sub(r"\bin \d+ ms", "in 3 ms", text)
    return re.sub(r"until (?:\w{3} \d\d )?\d\d:\d\d(?::\d\d)?", "until 17:12", text)


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_as_it_was_drawn(folder, name, columns, color):
    """Every line of it."""
    how = {"folder": folder, "columns": columns, "color": color}
    shown, _ = drawn(*SCREENS[name], **how, sabotage=SABOTAGE.get(name, ""))
    same_as_kept(KEPT / f"{name}-{columns}{'-color' if color else ''}.txt", steady(shown))
    assert color or "\x1b[" not in steady(shown)
