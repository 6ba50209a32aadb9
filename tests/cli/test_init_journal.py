"""`logwatch init` on a machine whose only syslog is the journal."""

from __future__ import annotations

import os

import pytest
import yaml
from doubles import proposing
from doubles.journal import Journal

from logwatch.cli.init import NO_NEWS
from logwatch.cli.main import run_command_line
from logwatch.config.loader import from_text

SSHD = {"_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "sshd", "SYSLOG_FACILITY": "4", "_PID": "7"}
KERNEL = {"_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "kernel", "SYSLOG_FACILITY": "0"}


@pytest.fixture
def journal(tmp_path, monkeypatch) -> Journal:
    """Logins and kernel messages; beside it a folder for logs, with nothing in it."""
    journal = Journal(tmp_path / "journal")
    for number in range(30):
        journal.append(f"Failed password for root from 203.0.113.{number} port 22 ssh2", **SSHD)
    journal.append("I/O error, dev sda, sector 7 op 0x0:(READ)\nand more of it", **KERNEL)
    monkeypatch.setenv("PATH", journal.path)
    proposing.made_once(monkeypatch)
    (tmp_path / "log").mkdir()
    monkeypatch.setattr("logwatch.cli.init.USUAL_PLACES", (f"{tmp_path}/log",))
    return journal


def init(capfdbinary, *words):
    """Exit status, configuration, table."""
    status = run_command_line(["init", *words])
    out, err = capfdbinary.readouterr()
    return status, out.decode(), err.decode()


@pytest.mark.usefixtures("journal")
def test_logins_and_services_become_a_source_each_with_the_rules_that_know_them(capfdbinary):
    status, out, err = init(capfdbinary)
    config = yaml.safe_load(out)
    assert status == 0
    auth, system = config["sources"]["auth"], config["sources"]["system"]
    assert auth == {"journald": {"match": {"SYSLOG_FACILITY": ["4", "10"]}}, "format": "syslog"}
    taken = set(system["journald"]["match"]["SYSLOG_FACILITY"])
    assert taken | {"4", "10"} == {str(code) for code in range(24)}
    assert not taken & {"4", "10"}
    rules = {(rule["name"], rule["in"]) for rule in config["rules"]}
    assert {("ssh-guessing", "auth"), ("disk-io-error", "system")} <= rules
    assert "# the journal; all of 30 lines" in out
    assert "found   auth    journald:auth    syslog  newest 30 lines" in err
    assert [source.origin.kind for source in from_text(out).sources] == ["journald"] * 2


@pytest.mark.parametrize(
    ("name", "sources"), [("auth.log", {"system"}), ("syslog", {"auth"}), ("app.log", None)]
)
@pytest.mark.usefixtures("journal")
def test_what_a_file_has_is_not_taken_from_the_journal_besides(
    name, sources, tmp_path, capfdbinary
):
    """Each event has one source, or it would be told twice."""
    (tmp_path / "log" / name).write_text("Jan  5 08:00:00 web1 sshd[7]: Server listening\n" * 9)
    _, out, _ = init(capfdbinary)
    found = yaml.safe_load(out)["sources"]
    from_journal = {name for name, source in found.items() if "journald" in source}
    assert from_journal == (sources or {"auth", "system"})


@pytest.mark.parametrize(
    ("path", "is_news"),
    [
        ("/var/log/wtmp", False),
        ("/var/log/btmp.1", False),
        ("/var/log/lastlog", False),
        ("/var/log/README", False),
        ("/var/log/dpkg.log.2.gz", False),
        ("/var/log/apt/term.log", False),
        ("/var/log/journal/0a1b/system.journal", False),
        ("/var/log/wtmp-shop.log/app.log", True),
        ("/var/log/nginx/access.log", True),
        ("/srv/apt/log/apt.log", True),
    ],
)
def test_what_is_no_news_is_passed_over_in_the_usual_places(path, is_news):
    assert bool(NO_NEWS.search(path)) != is_news


def test_logs_that_are_named_are_all_that_is_looked_at(journal, tmp_path, capfdbinary):
    log = tmp_path / "app.log"
    log.write_text("one\n")
    _, out, _ = init(capfdbinary, "--from", str(log))
    assert "journald" not in out
    assert not (journal.folder / "calls").exists()


def test_who_may_not_see_the_journal_is_told_how_to(journal, monkeypatch, capfdbinary):
    """Without the group journalctl shows one's own entries only, and says nothing of the others."""
    monkeypatch.setattr(os, "geteuid", lambda: 65_534)
    monkeypatch.setattr(os, "getgroups", lambda: [65_534])
    status, out, err = init(capfdbinary)
    assert (status, out) == (77, "")
    assert (
        "cannot  the journal  is for the group systemd-journal; "
        "usermod -aG systemd-journal nobody" in err
    )
    assert not (journal.folder / "calls").exists()


def test_a_machine_with_neither_is_told_that_there_is_no_log(
    journal, tmp_path, monkeypatch, capfdbinary
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert init(capfdbinary)[:2] == (2, "")
    monkeypatch.setenv("PATH", journal.path)
    (journal.folder / "entries").unlink()
    assert init(capfdbinary)[:2] == (2, "")


def test_a_journalctl_that_fails_is_told(journal, monkeypatch, capfdbinary):
    monkeypatch.setattr("logwatch.cli.journal_sample.PATIENCE_SECONDS", 0.0)
    status, _, err = init(capfdbinary)
    assert status == 2
    assert "the journal  journalctl" in err
    assert journal.folder.exists()
