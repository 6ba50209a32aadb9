"""What the start of each command takes: processor time, the least of many, on next to no work.

A configuration of ordinary size: ten rules of all sorts, two sinks, two logs of a hundred lines.
The commands are run in turn, round after round, so that whatever else the machine does hits all
alike; the least is what a start takes by itself, the rest is what others took from it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bench import child
from bench.report import Result
from bench.settings import Settings

ROUNDS_A_START = 3
"""So many rounds for each start that was asked for: one is a tenth of a second."""

SCRIPT = Path(sys.executable).with_name("logwatch")
"""The command of an installation: `python -m` looks into the working folder for each module."""

CONFIG = """\
state: {folder}/state
sources:
  auth: {{path: {folder}/auth.log, format: syslog, start: beginning}}
  web: {{path: {folder}/web.log, format: combined, start: beginning}}
rules:
  - name: ssh-guessing
    in: auth
    match: 'Failed \\w+ for (?P<user>\\S+) from (?P<ip>\\S+)'
    unless: 'from 10\\.'
    by: ip
    when: 5 in 2m
    clear: 0 in 15m
    say: '{{count}} failed logins from {{ip}}'
  - {{name: noisy, in: auth, match: 'Failed', cooldown: 10m}}
  - {{name: oom, match: 'Out of memory'}}
  - {{name: disk, match: 'I/O error, dev (?P<dev>\\w+)', by: dev, severity: critical}}
  - {{name: surge, in: web, ratio: {{of: {{status: '>= 500'}}, above: 5%, in: 5m, min: 200}}}}
  - {{name: slow, in: web, match: 'upstream timed out', cooldown: 5m}}
  - {{name: silent, in: auth, absent: 3h}}
  - name: backup
    match: 'started job=(?P<job>\\w+)'
    by: job
    expect: {{match: 'finished job={{job}} ok', within: 2h}}
  - name: users
    in: auth
    match: 'session opened for user (?P<user>\\w+)'
    new: {{value: user, learn: 7d}}
  - {{name: panic, match: ['Kernel panic', 'BUG: soft lockup'], severity: critical}}
sinks:
  chat: {{webhook: 'http://127.0.0.1:9/x'}}
  file: {{jsonl_file: {folder}/alerts.jsonl}}
routes: [{{if: {{severity: critical}}, to: [chat, file]}}, {{to: file}}]
tests: [{{rule: oom, lines: ['+0s Out of memory'], fires: [{{at: +0s}}]}}]
"""
AUTH = "<38>1 2026-01-05T09:{}:{:02}Z web1 sshd 81 - - Failed password for root from 203.0.113.9\n"
WEB = '203.0.113.9 - - [05/Jan/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "x"\n'

COMMANDS = (
    "help",
    "tail --no-follow auth.log",
    "status",
    "alerts",
    "reload",
    "silence list",
    "check",
    "silence rule=noisy --for 1h --dry-run",
    "send file --show",
    "doctor",
    "why noisy",
    "learn users --from auth.log --dry-run",
    "test",
    "why --line x",
    "try noisy auth.log",
    "replay auth.log",
)


def measure(settings: Settings) -> Iterator[Result]:
    """Each command by itself; no daemon runs, and there is a store that one has left."""
    folder = settings.folder / "commands"
    _prepare(folder)
    best: dict[str, float] = {}
    rounds = settings.starts * ROUNDS_A_START
    for _ in range(rounds):
        for command in COMMANDS:
            took = _cpu_seconds(folder, command)
            best[command] = min(best.get(command, took), took)
    for command, took in best.items():
        yield Result("commands", {"command": command, "rounds": rounds}, {"CPU ms": took * 1e3})


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "logwatch.yaml").write_text(CONFIG.format(folder=folder))
    times = (divmod(second, 60) for second in range(600, 700))
    (folder / "auth.log").write_text("".join(AUTH.format(*time) for time in times))
    (folder / "web.log").write_text(WEB * 100)
    _cpu_seconds(folder, "run --once -q")


def _cpu_seconds(folder: Path, command: str) -> float:
    """What one process used. Raises RuntimeError where the command could not be done."""
    words = [word.replace("auth.log", f"{folder}/auth.log") for word in command.split()]
    if words[0] not in ("help", "tail"):
        words += ["-c", f"{folder}/logwatch.yaml"]
    # 69: no daemon answers; 1: the answer is no. Both are answers.
    program = [SCRIPT] if SCRIPT.exists() else [sys.executable, "-m", "logwatch"]
    return child.run([*program, *words], statuses=(0, 1, 69)).cpu
