"""The journal under the daemon's eyes: killed, stopped, reloaded, and what it forgets."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from doubles.forked import Running, run_once
from doubles.journal import Journal
from doubles.process import alerts_in, eventually

from logwatch.cli.looker import Looker
from logwatch.clock import SystemClock
from logwatch.config.loader import load

ROOT = Path(__file__).parents[2]
STOCK = ROOT / "config"
CONFIG = """\
sources: {{system: {{journald: {0}, start: beginning}}}}
rules:
  - {{name: numbered, match: 'number=(?P<n>\\d+)$', cooldown: 0}}
  - {{name: grave, where: {{_SYSTEMD_UNIT: db.service, severity: [err, crit]}}, cooldown: 0}}
sinks: {{out: {{jsonl_file: {{path: {1}/alerts.jsonl}}}}}}
"""


def told(folder):
    return alerts_in(folder / "alerts.jsonl", torn=True)


class Scene:
    """A journal, and the daemons that read it one after the other."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal")
        self.config = CONFIG.format("all", folder)
        self.written = 0

    def daemon(self) -> Running:
        return Running(self.folder, self.config, variables={"PATH": self.journal.path})

    def append(self, count: int = 1) -> None:
        for _ in range(count):
            self.written += 1
            self.journal.append(f"number={self.written}", _SYSTEMD_UNIT="app.service")

    def alerts(self, rule="numbered"):
        """Each once: what was under way at a kill may be delivered again under its name."""
        alerts = {(each["id"], each["seq"]): each for each in told(self.folder)}
        return [each for each in alerts.values() if each["rule"] == rule]

    def numbers(self):
        return [int(each["fields"]["n"]) for each in self.alerts()]

    def until_all(self):
        wanted = [*range(1, self.written + 1)]
        eventually(lambda: self.numbers() == wanted, lambda: f"not all: {self.numbers()}")


@pytest.fixture
def scene(tmp_path) -> Scene:
    return Scene(tmp_path)


def test_each_entry_is_told_once_over_kills_and_stops(scene):
    """The position is committed with the alerts; ids are those of the journal's numbers."""
    scene.append(3)
    with scene.daemon() as daemon:
        scene.until_all()
        scene.append(2)
        scene.until_all()
        daemon.kill()
    scene.append(2)
    with scene.daemon() as daemon:
        scene.until_all()
        scene.append()
        scene.until_all()
        daemon.stop()
    assert len({each["id"] for each in scene.alerts()}) == scene.written
    assert [each["lines"][0]["offset"] for each in scene.alerts()] == scene.numbers()


def test_conditions_look_at_fields_of_the_journal(scene):
    """Those that it has, and the names that syslog has for them."""
    scene.journal.append("down", _SYSTEMD_UNIT="db.service", PRIORITY="3", _PID="7")
    scene.journal.append("well", _SYSTEMD_UNIT="db.service", PRIORITY="6")
    scene.journal.append("else", _SYSTEMD_UNIT="app.service", PRIORITY="3")
    with scene.daemon():
        eventually(lambda: scene.alerts("grave"), "an alert")
        scene.append()
        scene.until_all()
    (alert,) = scene.alerts("grave")
    assert (alert["message"], alert["path"]) == ("down", "journald:system")
    assert alert["fields"].items() >= {"pid": "7", "severity": "err", "PRIORITY": "3"}.items()
    assert alert["first"] == "2026-01-05T08:00:01.000Z"


def test_the_same_journal_gives_the_same_ids_on_a_new_store(scene, tmp_path):
    """And with another filter: the number of an entry is its own."""
    scene.append(3)
    variables = scene.journal.path
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", variables)
        assert run_once(tmp_path, scene.config).returncode == 0
        first = {each["id"] for each in scene.alerts()}
        other = tmp_path / "other"
        other.mkdir()
        config = CONFIG.format("{match: {_SYSTEMD_UNIT: app.service}}", other)
        assert run_once(other, config).returncode == 0
    assert {each["id"] for each in alerts_in(other / "alerts.jsonl")} == first


def test_what_the_journal_forgot_while_nobody_read_is_an_alert(scene):
    """With how many entries at most."""
    scene.append()
    with scene.daemon() as daemon:
        scene.until_all()
        daemon.stop()
    for _ in range(4):
        scene.journal.append("missed")
    scene.journal.forget(4)
    with scene.daemon():
        eventually(lambda: scene.alerts("logwatch.source-lost"), "an alert")
    (alert,) = scene.alerts("logwatch.source-lost")
    assert "up to 3 entries are lost" in alert["message"]
    assert (alert["source"], alert["severity"]) == ("system", "error")


def test_a_reload_goes_on_behind_the_last_entry(scene):
    """With another filter, too."""
    scene.append()
    with scene.daemon() as daemon:
        scene.until_all()
        daemon.config.write_text(
            daemon.config.read_text("utf-8").replace("journald: all", "journald: app.service"),
            encoding="utf-8",
        )
        daemon.signal(signal.SIGHUP)
        daemon.ready(2)
        scene.append()
        scene.until_all()
        assert "--unit=app.service" in scene.journal.calls[-1]
        assert not scene.alerts("logwatch.source-lost")


def test_a_machine_without_a_journal_is_told_and_the_rest_goes_on(tmp_path):
    """The status says why, and so does an alert after a minute."""
    config = CONFIG.format("all", tmp_path).replace(
        "sources: {", f"sources: {{file: {{path: {tmp_path}/app.log, start: beginning}}, "
    )
    (tmp_path / "app.log").write_text("number=1\n", encoding="utf-8")
    with Running(tmp_path, config, variables={"PATH": str(tmp_path)}) as daemon:
        eventually(lambda: alerts_in(tmp_path / "alerts.jsonl"), "the file's alert")
        eventually(lambda: "there is no program journalctl" in daemon.stderr, "the reason")
        _, document = Looker(str(daemon.config), SystemClock()).look()
        files = {each["path"]: each for each in json.loads(document)["files"]}
        assert files["journald:system"]["status"] == "error"


def test_the_stock_rules_take_the_journal_of_a_machine_without_syslog(tmp_path):
    """Each entry is of one source, and told by the rules that know its line in a file."""
    journal = Journal(tmp_path / "journal")
    stock = (STOCK / "journal.yaml").read_text(encoding="utf-8")
    config = stock.replace("    format: syslog", "    format: syslog\n    start: beginning")
    config = re.sub(
        r"include: .*", f"include: [{STOCK}/sources.d/*.yaml, {STOCK}/rules.d/*.yaml]", config
    )
    config = config.replace("{console: {}}", f"{{jsonl_file: {{path: {tmp_path}/alerts.jsonl}}}}")
    sshd = {"_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "sshd", "_PID": "7", "SYSLOG_FACILITY": "10"}
    kernel = {"SYSLOG_IDENTIFIER": "kernel", "SYSLOG_FACILITY": "0"}
    cron = {"SYSLOG_IDENTIFIER": "cron", "_PID": "8", "SYSLOG_FACILITY": "9"}
    journal.append("Accepted publickey for root from 203.0.113.9 port 22 ssh2: RSA x", **sshd)
    journal.append("I/O error, dev sda, sector 7", **kernel)
    journal.append("(*system*x) RELOAD (/etc/cron.d/x)", **cron)
    journal.append("(root) FAILED to authorize user with PAM (Module is unknown)", **cron)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", journal.path)
        done = run_once(tmp_path, config)
    assert done.returncode == 0, done.stderr
    told = sorted((each["rule"], each["path"]) for each in alerts_in(tmp_path / "alerts.jsonl"))
    assert told == [
        ("cron-user-refused", "journald:cron"),
        ("disk-io-error", "journald:system"),
        ("ssh-root-login", "journald:auth"),
    ]


def test_both_stock_configurations_have_the_same_sources_to_rules():
    """So the tests of the rules, which run on one of them, hold for both."""
    files, journal = load(STOCK / "logwatch.yaml"), load(STOCK / "journal.yaml")
    seen = [
        {(each.name, each.format, tuple(each.tags)) for each in config.sources}
        for config in (files, journal)
    ]
    assert seen[0] == seen[1]
    assert [rule.name for rule in files.rules] == [rule.name for rule in journal.rules]


def test_each_facility_is_of_one_source_of_the_journal():
    """An entry of two would be told twice; what is of none nobody would see."""
    origins = [each.origin for each in load(STOCK / "journal.yaml").sources]
    matches = [match for each in origins if each is not None for match in each.matches]
    taken = [value for match in matches for value in match.values]
    assert {match.field for match in matches} == {"SYSLOG_FACILITY"}
    assert sorted(map(int, taken)) == list(range(24))
