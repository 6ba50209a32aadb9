"""Lines around the line of an alert, with the whole program around them."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path

from doubles.forked import Running, logwatch, run_once
from doubles.process import alerts_in, environment, eventually, write_config

from logwatch.store.database import FILE_NAME

CONFIG = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: err, match: 'ERROR', cooldown: 0, context: {context}}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""


def context_of(alert) -> tuple[list[str], list[str]]:
    """The texts around its line."""
    around = alert["context"]
    return [line["text"] for line in around["before"]], [line["text"] for line in around["after"]]


def write(folder: Path, *lines: str) -> None:
    """Append them."""
    with (folder / "app.log").open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def held_in(folder: Path) -> int:
    """How many alerts the store says are held back."""
    path = folder / "state" / FILE_NAME
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        query = "SELECT count(*) FROM rule_state WHERE rule = 'logwatch.context'"
        return connection.execute(query).fetchone()[0]


def test_once_tells_what_waits_before_it_exits_and_reads_back_what_was_before(tmp_path):
    config = CONFIG.format(folder=tmp_path, context="{before: 2, after: 2, max_wait: 50ms}")
    write(tmp_path, "a", "b", "c", "ERROR 1", "d", "e", "ERROR 2")
    assert run_once(tmp_path, config).returncode == 0
    assert [context_of(alert) for alert in alerts_in(tmp_path / "alerts.jsonl")] == [
        (["b", "c"], ["d", "e"]),
        (["d", "e"], []),
    ]
    write(tmp_path, "ERROR 3", "f")
    assert run_once(tmp_path, config).returncode == 0
    assert context_of(alerts_in(tmp_path / "alerts.jsonl")[-1]) == (["e", "ERROR 2"], ["f"])


def test_a_kill_in_the_wait_loses_nothing_and_tells_nothing_twice(tmp_path):
    """What was written while nobody looked is behind the line too."""
    config = CONFIG.format(folder=tmp_path, context="{before: 1, after: 3, max_wait: 60s}")
    out = tmp_path / "alerts.jsonl"
    write(tmp_path, "a")
    with Running(tmp_path, config) as daemon:
        daemon.ready()
        write(tmp_path, "ERROR 1", "b")
        eventually(lambda: held_in(tmp_path), "an alert is held back in the store")
        daemon.kill()
    write(tmp_path, "c")
    assert alerts_in(out) == []
    with Running(tmp_path, config) as daemon:
        daemon.ready()
        write(tmp_path, "d", "e")
        eventually(lambda: alerts_in(out), "the alert")
        daemon.stop()
    [alert] = alerts_in(out)
    assert context_of(alert) == (["a"], ["b", "c", "d"])
    assert held_in(tmp_path) == 0


def test_a_rotation_in_the_wait_leaves_the_lines_of_the_old_file(tmp_path):
    config = CONFIG.format(folder=tmp_path, context="{before: 1, after: 3, max_wait: 3s}")
    out = tmp_path / "alerts.jsonl"
    write(tmp_path, "a")
    with Running(tmp_path, config) as daemon:
        daemon.ready()
        write(tmp_path, "ERROR 1", "b")
        eventually(lambda: held_in(tmp_path), "an alert is held back in the store")
        os.rename(tmp_path / "app.log", tmp_path / "app.log.1")  # noqa: PTH104 - as logrotate does
        write(tmp_path, "new", "ERROR 2", "c", "d", "e")
        eventually(lambda: len(alerts_in(out)) >= 2, "both alerts")
        daemon.stop()
    found = {alert["message"]: context_of(alert) for alert in alerts_in(out)}
    assert found == {"ERROR 1": (["a"], ["b"]), "ERROR 2": (["new"], ["c", "d", "e"])}


def test_a_replay_tells_the_same_as_the_daemon(tmp_path):
    """But for when it was told, over both generations of a rotated log."""
    config = CONFIG.format(folder=tmp_path, context="{before: 2, after: 2, max_wait: 1s}")
    lines = [f"2026-01-05T00:00:{n:02} {'ERROR' if n % 7 == 3 else 'fine'} {n}" for n in range(60)]
    write(tmp_path, *lines[:40])
    assert run_once(tmp_path, config).returncode == 0
    (tmp_path / "app.log").rename(tmp_path / "app.log.1")
    write(tmp_path, *lines[40:])
    assert run_once(tmp_path, config).returncode == 0
    live = alerts_in(tmp_path / "alerts.jsonl")
    assert len(live) == 9
    assert [len(context_of(alert)[1]) for alert in live] == [1, 1, 1, 1, 1, 1, 1, 1, 0]
    files = [str(tmp_path / name) for name in ("app.log.1", "app.log")]
    flags = ["-c", str(write_config(tmp_path, config)), "-o", "ndjson"]
    done = logwatch("replay", *files, *flags, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    for alert in (*live, *told):
        del alert["at"], alert["late"]
    assert told == live
