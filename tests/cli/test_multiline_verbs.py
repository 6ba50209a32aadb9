"""Every verb that reads lines sees records as the daemon does."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys

import pytest
from doubles import forked

from logwatch.cli.main import run_command_line

TRACE = 'Traceback (most recent call last):\n  File "x", line 1\nKeyError: 1\n'
LOG = (
    "2026-01-05T01:00:00Z INFO begin\n"
    f"2026-01-05T01:00:01Z ERROR no cart\n{TRACE}"
    "2026-01-05T01:00:02Z INFO next\n"
    f"2026-01-05T01:00:03Z ERROR again\n{TRACE}"
)
CONFIG = """
state: {0}/state
sources: {{app: {{path: {0}/app.log, start: beginning, multiline: python}}}}
rules:
  - {{name: lost, match: '(?s)ERROR (?P<what>.*?)\\n.*KeyError', cooldown: 0, context: 1}}
  - {{name: quiet, match: '(?m)^ERROR', cooldown: 0}}
sinks: {{out: {{jsonl_file: {{path: {0}/out.jsonl}}}}}}
tests:
  - rule: lost
    lines:
      - '+0s ERROR no cart'
      - '+0s Traceback (most recent call last):'
      - "+1s   File 'x'"
      - '+1s KeyError: 1'
      - '+2s INFO next'
    fires: [{{at: +0s, what: no cart}}]
  - rule: lost
    lines: ['+0s ERROR a', '+5s Traceback (most recent call last):', '+5s KeyError: 1']
    quiet: true
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a configuration and a log."""
    (tmp_path / "logwatch.yaml").write_text(CONFIG.format(tmp_path))
    (tmp_path / "app.log").write_text(LOG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def logwatch(capsys, *words):
    status = run_command_line(words)
    out, _ = capsys.readouterr()
    return status, out


def told(out):
    return [json.loads(line) for line in out.splitlines()]


def test_tests_are_joined_by_the_source(here, capsys):
    """Within its timeout."""
    status, out = logwatch(capsys, "test")
    assert status == 0, out
    assert "2 ok" in out


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_replay_tells_what_the_daemon_would(here, capfd, is_packed):
    name = here / "app.log"
    if is_packed:
        name = here / "app.log.1.gz"
        name.write_bytes(gzip.compress(LOG.encode()))
    _, out = logwatch(capfd, "replay", "-o", "ndjson", str(name))
    alerts = [one for one in told(out) if one.get("rule") == "lost"]
    assert [one["fields"]["what"] for one in alerts] == ["no cart", "again"]
    (line,) = alerts[0]["lines"]
    assert (line["offset"], line["time"]) == (32, "2026-01-05T01:00:01.000Z")
    assert line["text"].count("\n") == 3
    assert [one["text"] for one in alerts[0]["context"]["before"]] == [LOG.splitlines()[0]]
    assert [one["text"][:30] for one in alerts[0]["context"]["after"]] == [
        "2026-01-05T01:00:02Z INFO next"
    ]


def test_try_shows_the_record_at_its_first_line(here, capsys):
    status, out = logwatch(capsys, "try", "lost", "-v")
    assert status == 0
    assert "app.log:2 " in out
    assert "app.log:7 " in out
    assert "10 lines · 2 matched" in out
    assert "would have fired 2 times" in out


def test_a_line_that_is_given_may_be_a_whole_record(here, capsys):
    record = "\n".join(LOG.splitlines()[1:6])
    for verb in (("try", "lost"), ("why",)):
        status, out = logwatch(capsys, *verb, "--line", record)
        assert status == 0
        assert "takes it" in out
        assert "INFO next" in out or verb != ("why",)


def test_records_of_standard_input_are_put_together(here, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG.encode())))
    status, out = logwatch(capsys, "why", "--line", "-", "-o", "json")
    assert status == 0
    assert [one["line"].count("\n") for one in told(out)] == [0, 3, 0, 3]


def test_the_daemon_reads_once_and_flushes_the_last_record(here):
    """The file was written long ago: no line will come that belongs to it."""
    os.utime(here / "app.log", (0, 0))
    config = CONFIG.replace("context: 1", "context: {{before: 1, after: 1, max_wait: 100ms}}")
    (here / "logwatch.yaml").write_text(config.format(here))
    assert forked.logwatch("run", "-c", "logwatch.yaml", "--once").returncode == 0
    alerts = told((here / "out.jsonl").read_text())
    assert [one["fields"]["what"] for one in alerts] == ["no cart", "again"]
    assert alerts[0]["lines"][0]["offset"] == 32
