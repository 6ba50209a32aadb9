"""The real program, with rules of all kinds, killed at random instants while it reads a backlog.

`run --once` is killed and run again until one run comes to its end. Event time alone decides what
is told, so that the alerts are those of one run that nobody disturbed. What is compared: every
field of every message, but `at` and `late`, which say when somebody was there to tell it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest
from doubles.process import alerts_in, environment, write_config

EVERY_KIND = Path(__file__).parents[1] / "properties" / "every_kind.yaml"
LINES = 20_000
START = 1_767_571_200
"""Monday, 2026-01-05T00:00:00Z."""
MOST_KILLS = 25


def write_logs(folder: Path, seed: int) -> None:
    """Two files with stamps that are in order in each of them, and often equal."""
    chance = random.Random(seed)
    folder.mkdir()
    at = 0.0
    with (folder / "app.log").open("w") as app, (folder / "web.log").open("w") as web:
        for _ in range(LINES):
            at += chance.choice([0, 0, 0, 0, 0.25, 0.5, 1, 1, 2, 3, 5, 12]) * 0.5
            verb = chance.choice(["hit", "hit", "hit", "open", "close", "beat"])
            day, second = divmod(at, 86_400)
            hours, second = divmod(second, 3600)
            minutes, second = divmod(second, 60)
            stamp = f"2026-01-{5 + day:02.0f}T{hours:02.0f}:{minutes:02.0f}:{second:06.3f}Z"
            text = f"{verb} k={chance.choice('aabcdefg')} v={chance.randint(1, 5)} disk is busy"
            if chance.random() < 0.5:
                app.write(f"{stamp} {text}\n")
            else:
                web.write(f"time={stamp} {text}\n")


def configured(folder: Path, logs: Path) -> Path:
    """A configuration with a store and sinks of its own."""
    folder.mkdir()
    text = EVERY_KIND.read_text(encoding="utf-8")
    text = text.replace(", expect: [a, z]", "")  # a roster is armed by the date of the start
    text = text.replace("/var/log/", f"{logs}/").replace("/nowhere/", f"{folder}/")
    text = text.replace(".log}", ".log, start: beginning}").replace(
        ".log, format", ".log, start: beginning, format"
    )
    return write_config(folder, text)


def run(config: Path, kill_after: float | None = None) -> bool:
    """One `run --once`; whether it came to its end."""
    command = [sys.executable, "-m", "logwatch", "run", "-c", str(config), "--once"]
    with (config.parent / "stderr.txt").open("ab") as stderr:
        child = subprocess.Popen(command, stdout=stderr, stderr=stderr, env=environment())
        try:
            status = child.wait(kill_after)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return False
    assert status == 0, (config.parent / "stderr.txt").read_text()[-4000:]
    return True


def messages(path: Path) -> dict[str, str]:
    """Each message by its name; one that was written twice is the same both times."""
    found: dict[str, str] = {}
    for alert in alerts_in(path, torn=True):
        content = {name: value for name, value in alert.items() if name not in {"at", "late"}}
        text = json.dumps(content, sort_keys=True)
        assert found.setdefault(f"{alert['id']}:{alert['seq']}", text) == text
    return found


@pytest.mark.stress
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_that_is_killed_again_and_again_tells_what_one_run_tells(tmp_path, seed):
    """The same messages to the same sinks, none less and none more."""
    chance = random.Random(seed)
    write_logs(tmp_path / "logs", seed)
    calm = configured(tmp_path / "calm", tmp_path / "logs")
    began = perf_counter()
    assert run(calm)
    whole = perf_counter() - began  # of a machine that is busy or idle: kills must fall into it
    killed = configured(tmp_path / "killed", tmp_path / "logs")
    kills = 0
    while not run(killed, chance.uniform(0.1, 0.35) * whole if kills < MOST_KILLS else None):
        kills += 1
    assert kills > 3
    for sink in ("desk.jsonl", "pager.jsonl"):
        expected, found = messages(calm.parent / sink), messages(killed.parent / sink)
        assert len(expected) > 100
        assert found.keys() == expected.keys()
        assert [name for name in expected if found[name] != expected[name]] == []
