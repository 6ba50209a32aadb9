"""Entries of the journal and of syslog in tests: texts of one or more lines, and their fields."""

from __future__ import annotations

import pytest

from logwatch.clock import SystemClock
from logwatch.config.loader import load
from logwatch.testing.runner import Runner

HEAD = """
sources:
  system: {journald: all}
  auth: {journald: ssh.service, format: syslog}
  network: {syslog: {udp: 127.0.0.1:0}}
sinks: {out: {console: {}}}
rules:
  - {name: crash, in: system, where: {SYSLOG_IDENTIFIER: kernel, severity: [emerg, alert, crit]},
     say: '{host}: {message}', cooldown: 0}
  - {name: denied, in: system, where: {_SYSTEMD_UNIT: 'db-*.service'}, match: 'permission denied',
     by: _SYSTEMD_UNIT}
  - {name: root, in: auth, match: 'sshd.7.: Accepted', where: {_UID: '0'}, say: '{message}'}
  - {name: said, in: system, where: {message: '~ memory'}, say: '{message}', cooldown: 0}
  - {name: refused, in: auth, where: {program: sshd, message: '~ ^Failed'}}
  - {name: far, in: network, match: denied, where: {peer: 10.*}, say: '{program} on {peer}'}
  - {name: fails, in: system, match: '(?P<n>.) fails', unless: [{n: '8'}, {_UID: '0'}]}
tests:
"""


@pytest.fixture
def run(tmp_path):
    """The outcome of the only test."""

    def of(test):
        path = tmp_path / "logwatch.yaml"
        path.write_text(HEAD + test)
        config = load(path)
        (test,) = config.tests
        return Runner(config, SystemClock(), rows_of_all=True).run(test)

    return of


def test_fields_of_the_journal_are_those_that_rules_see_in_it(run):
    """Also under the names of the format syslog; its time is when it comes, whatever it says."""
    outcome = run("""
  - rule: crash
    lines:
      - text: '2026-01-05T09:00:00Z I/O error'
        fields: {SYSLOG_IDENTIFIER: kernel, PRIORITY: 2, _HOSTNAME: web1}
      - {at: +1m, text: fine, fields: {SYSLOG_IDENTIFIER: kernel, PRIORITY: 6}}
      - {text: of another, fields: {SYSLOG_IDENTIFIER: smartd, PRIORITY: 2}}
    fires: [{at: +0s, say: 'web1: 2026-01-05T09:00:00Z I/O error', PRIORITY: 2}]
""")
    assert outcome.passed, outcome


def test_an_entry_may_have_several_lines_and_numbers(run):
    outcome = run(r"""
  - rule: denied
    lines:
      - {text: "start\npermission denied", fields: {_SYSTEMD_UNIT: 'db-{n}.service'}, times: 2,
         every: 1s}
    fires: [{_SYSTEMD_UNIT: db-1.service}, {_SYSTEMD_UNIT: db-2.service, at: +1s}]
""")
    assert outcome.passed, outcome


def test_the_text_of_the_format_syslog_is_the_line_that_rsyslog_would_write(run):
    outcome = run("""
  - rule: root
    lines:
      - {text: 'Jan  5 00:00:00 web1 sshd[7]: Accepted key', fields: {_UID: 0}}
      - {text: 'Jan  5 00:00:00 web1 sshd[7]: Accepted key', fields: {_UID: 5}}
    fires: [{say: Accepted key}]
""")
    assert outcome.passed, outcome


def test_the_sender_is_beside_a_line_of_the_network(run):
    """And what else there is to it is in the line."""
    line = "Jan  5 00:00:00 db1 app[3]: denied"
    outcome = run(f"""
  - rule: far
    lines:
      - {{text: '{line}', fields: {{peer: 10.0.0.7}}}}
      - {{text: '{line}', fields: {{peer: 192.0.2.7}}}}
    fires: [{{say: app on 10.0.0.7}}]
""")
    assert outcome.passed, outcome


def test_an_entry_has_its_message_though_nothing_is_said_of_fields(run):
    """As in the journal; the stamp in it counts, as it does in a line of a file."""
    outcome = run("""
  - rule: said
    lines: ['started', '2026-01-05T09:00:00Z out of memory']
    fires: [{at: +9h, say: '2026-01-05T09:00:00Z out of memory'}]
""")
    assert outcome.passed, outcome
    assert outcome.hints == ()


@pytest.mark.parametrize("verdict", ["quiet: true", "fires: [{at: +0s}]"])
def test_fields_that_the_text_has_are_not_asked_for(run, verdict):
    """The line that rsyslog would write has the program in it."""
    line = "Jan  5 00:00:00 web1 sshd[7]: Accepted key"
    outcome = run(f"\n  - {{rule: refused, lines: ['{line}'], {verdict}}}\n")
    assert outcome.passed == (verdict == "quiet: true")
    assert "no fields" not in " ".join(outcome.hints)


@pytest.mark.parametrize("verdict", ["quiet: true", "fires: [{at: +0s}]"])
def test_a_line_without_the_fields_that_a_rule_asks_for_is_told_of(run, verdict):
    """A test would be quiet by accident, or fail for a reason that nobody sees."""
    outcome = run(f"\n  - {{rule: crash, lines: [I/O error], {verdict}}}\n")
    assert "write {text: ..., fields: {SYSLOG_IDENTIFIER: ...}}" in outcome.hints[0]
    bare = run(f"""
  - {{rule: crash, lines: [{{text: I/O error, fields: {{PRIORITY: 2}}}}], {verdict}}}
""")
    assert "fields: {" not in " ".join(bare.hints)


def test_fields_that_unless_asks_for_are_told_of_where_the_line_was_taken(run):
    """What only a capture is asked for, and a line that `match` passes over, lack nothing."""
    outcome = run("\n  - {rule: fails, lines: [all is well, 7 fails], quiet: true}\n")
    (hint,) = outcome.hints
    assert "which 'unless' asks for: write {text: ..., fields: {_UID: ...}}" in hint
    passed_over = run("\n  - {rule: fails, lines: [all is well], fires: [{at: +0s}]}\n")
    assert "no fields" not in " ".join(passed_over.hints)


def test_what_unless_asks_of_an_entry_is_reached_by_its_fields_and_its_text(tmp_path):
    """The message is a field of the journal though it is the text."""
    path = tmp_path / "logwatch.yaml"
    rules = HEAD.replace(
        "tests:\n",
        "  - {name: often, in: system, match: fails, cooldown: 0,\n"
        "     unless: [{_UID: '0'}, {message: '~ often'}, {peer: x}]}\n"
        "tests:\n",
    )
    path.write_text(f"""{rules}
  - rule: often
    lines:
      - {{text: fails, fields: {{_UID: 0}}}}
      - {{text: fails often, fields: {{_UID: 5}}}}
      - {{at: +1s, text: fails, fields: {{_UID: 5}}}}
    fires: [{{at: +1s}}]
""")
    config = load(path)
    runner = Runner(config, SystemClock())
    assert runner.run(config.tests[0]).passed
    [covered] = [rule for rule in runner.coverage().rules if rule.rule == "often"]
    assert covered.missed == ("unless[2]",)
