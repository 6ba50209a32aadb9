"""Texts of the journal that are given to `try`, `why --line` and `replay`, without their fields."""

from __future__ import annotations

import io
import json
import sys

import pytest

from logwatch.cli.main import run_command_line

RULES = r"""
state: state
sources:
  system: {journald: all}
  auth: {journald: ssh.service, format: syslog}
  app: {path: app.log}
rules:
  - {name: said, in: system, where: {message: '~ memory'}, say: '{message}', cooldown: 0}
  - {name: grave, in: system, match: memory, where: {severity: err}}
  - {name: refused, in: auth, where: {program: sshd, message: '~ ^Failed'}, cooldown: 0}
  - {name: plain, in: app, match: nothing}
sinks: {out: {console: {}}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a configuration, as the working folder."""
    (tmp_path / "logwatch.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, *words):
    """The exit status and what is said, one object a line."""
    status = run_command_line([*words, "-o", "json"])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_text_that_is_tried_is_the_message_of_its_entry(capsys):
    """As it is in `tests:`."""
    status, (taken, missed, _) = said(
        capsys, "try", "said", "--line", "out of memory", "--line", "all is well"
    )
    assert status == 0
    assert (taken["outcome"], missed["outcome"]) == ("taken", "missed")


def test_so_is_each_line_of_a_file_as_journalctl_writes_it(here, capsys, monkeypatch):
    """The last line of all says when the rule would have fired."""
    text = "out of memory\nall is well\nstill out of memory\n"
    (here / "journal.txt").write_text(text)
    status, found = said(capsys, "try", "said", "journal.txt")
    assert status == 0
    assert [one["line_number"] for one in found[:-1]] == [1, 3]
    assert found[-1]["firing"]["fired"] == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert said(capsys, "try", "said", "-")[0] == 0


def test_a_format_inside_the_text_is_read_as_ever(capsys):
    line = "Nov 22 14:03:11 web1 sshd[81]: Failed password for root"
    assert said(capsys, "try", "refused", "--line", line)[0] == 0
    assert said(capsys, "try", "refused", "--line", line.replace("sshd", "cron"))[0] == 1


def test_of_what_is_not_in_the_text_it_is_said_that_it_is_not_there(capsys):
    """And not that the line is of another format."""
    assert run_command_line(["try", "grave", "--line", "out of memory"]) == 1
    out = capsys.readouterr().out
    assert "where[severity]" in out
    assert "not of the format" not in out


def test_why_says_the_same_of_a_line(capsys):
    status, _ = said(capsys, "why", "--line", "out of memory")
    assert status == 0


def test_a_replay_takes_such_a_file_too(here, capsys):
    (here / "journal.txt").write_text("out of memory\nall is well\n")
    status, found = said(capsys, "replay", "journal.txt", "--source", "system")
    assert status == 0
    fired = {each["rule"]: each["fired"] for each in found[-1]["rules"]}
    assert fired["said"] == 1
