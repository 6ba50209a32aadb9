"""`run`, `replay`, `test` and `try` give the same alerts for the same lines."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from logwatch.cli.main import run_command_line

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=8)
"""Not long ago: a stamp that is months off is no time for the daemon."""
TEXTS = (
    "Failed password for {user} from {ip}",
    "Failed password for backup from {ip}",
    "Failed publickey for {user} frm {ip}",
    "Accepted password for {user} from {ip}",
    "session closed",
)
BY_IP = "match: 'Failed \\w+ for (?P<user>\\w+) from (?P<ip>[\\d.]+)', by: ip"
RULES = (
    f"{BY_IP}, when: 3 in 5m, clear: 0 in 10m",
    f"{BY_IP}, unless: backup, cooldown: 2m",
    "match: 'Failed .* (?P<ip>[\\d.]+)', unless: ['frm', 'backup'], when: every 4",
    "where: {level: error}, by: ip, when: 2 in 3m, clear: 0 in 3m",
)


def made(seed: int):
    """A rule, and lines with the seconds after the start at which they come."""
    dice = random.Random(seed)
    lines, at = [], 0
    for _ in range(60):
        at += dice.choice((0, 1, 7, 40, 130, 400))
        ip = f"203.0.113.{dice.randrange(3)}"
        text = dice.choice(TEXTS).format(user=dice.choice(("root", "ann")), ip=ip)
        level = dice.choice(("info", "error"))
        stamp = (START + timedelta(seconds=at)).isoformat()
        lines.append((at, json.dumps({"ts": stamp, "level": level, "ip": ip, "msg": text})))
    return RULES[seed % len(RULES)], lines


def fired(alerts: bytes) -> list[tuple[str, str, str, int]]:
    """What fired: key, first and last line, count. When it was told is another matter."""
    found = [json.loads(line) for line in alerts.splitlines()]
    return [
        (json.dumps(each["key"]), each["first"], each["last"], each["count"])
        for each in found
        if each["status"] == "firing" and not each["rule"].startswith("logwatch.")
    ]


@pytest.mark.parametrize("seed", range(8))
def test_the_same_lines_give_the_same_alerts_whoever_is_asked(tmp_path, capfdbinary, seed):
    """One engine behind all of them."""
    rule, lines = made(seed)
    log, out = tmp_path / "app.log", tmp_path / "out.jsonl"
    log.write_text("".join(f"{line}\n" for _, line in lines))
    written = (
        f"state: {tmp_path}/state\n"
        f"sources: {{app: {{path: {log}, start: beginning, format: json, time: ts}}}}\n"
        f"rules: [{{name: r, {rule}}}]\n"
        f"sinks: {{out: {{jsonl_file: {out}}}}}\n"
    )
    config = tmp_path / "logwatch.yaml"
    config.write_text(written)
    command = [sys.executable, "-m", "logwatch", "run", "--once", "-q", "-c", str(config)]
    subprocess.run(command, check=True, timeout=60)
    by_run = fired(out.read_bytes()) if out.exists() else []

    def asked(*words) -> bytes:
        capfdbinary.readouterr()
        assert run_command_line([*words, "-c", str(config)]) == 0
        return capfdbinary.readouterr().out

    by_replay = fired(asked("replay", "-o", "ndjson"))
    sums = json.loads(asked("replay", "-o", "json"))["rules"][0]
    tried = json.loads(asked("try", "r", str(log), "-o", "json").splitlines()[-1])
    assert by_run == by_replay
    assert (tried["firing"]["fired"], tried["matched"]) == (len(by_run), sums["matched"])
    fires = [
        {"at": f"+{(datetime.fromisoformat(at) - START).total_seconds():g}s", **json.loads(key)}
        for key, _, at, _ in by_run
    ]
    test = {
        "rule": "r",
        "start": START.isoformat().replace("+00:00", "Z"),
        "lines": [{"at": f"+{at}s", "text": line} for at, line in lines],
        "until": f"+{lines[-1][0]}s",
        **({"fires": fires} if fires else {"quiet": True}),
    }
    config.write_text(written + f"tests: [{json.dumps(test)}]\n")
    assert json.loads(asked("test", "-o", "json").splitlines()[-1])["passed"] == 1
    assert by_run
