"""`logwatch test`, as a person types it."""

from __future__ import annotations

import io
import json
import re
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from doubles import shell
from doubles.screens import same_as_kept, wear

from logwatch.cli.main import run_command_line
from logwatch.cli.marking import Screen, columns_of
from logwatch.cli.word_diff import told_apart

SCREENS = Path(__file__).parent / "test_screens"
MAIN = """\
version: 1
include: [rules.d/*.yaml]
sources:
  app: {path: /srv/app.log}
  auth: {path: /var/log/auth.log, format: syslog}
sinks: {pager: {console: {}}, mail: {console: {}}}
routes: [{if: {severity: critical}, to: pager}, {to: mail}]
"""
SSH = r"""
rules:
  - name: ssh-guessing
    in: auth
    match: 'Failed \w+ for (?:invalid user )?(?P<user>\S+) from (?P<ip>\S+)'
    unless: ['from 10\.']
    by: ip
    when: 3 in 2m
    say: '{count} failed logins from {ip}, last user {user}'
  - {name: oom, in: app, match: Out of memory}
tests:
  - rule: ssh-guessing
    lines:
      - '+0s Jan  5 00:00:00 web1 sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2'
      - '+10s Jan  5 00:00:10 web1 sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2'
      - '+20s Jan  5 00:00:20 web1 sshd[1]: Failed password for bob from 203.0.113.9 port 22 ssh2'
    until: +1h
    fires: [{at: +20s, ip: 203.0.113.9, count: 3}]
"""
JOBS = """\
rules:
  - name: backup-not-finished
    in: app
    match: 'started job=(?P<job>\\S+)'
    by: job
    expect: {match: 'finished job={job} ok', within: 2h}
    say: 'job {job} not finished after 2h'
tests:
  # two jobs, one of which ends
  - rule: backup-not-finished
    start: 2026-01-05T01:00Z
    lines: ['+0s started job=db', '+1h finished job=web ok']
    until: +3h
    fires: [{at: +2h, job: db, say: 'db is late'}]   # the text is what people read
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a configuration, as the working folder."""
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "logwatch.yaml").write_text(MAIN)
    (tmp_path / "rules.d" / "jobs.yaml").write_text(JOBS)
    (tmp_path / "rules.d" / "ssh.yaml").write_text(SSH)
    shell.at_home(tmp_path, monkeypatch)
    return tmp_path


def logwatch(capsys, *words):
    """Exit status, stdout (without how long it took), stderr."""
    status, out, err = shell.logwatch(capsys, "test", *words)
    return status, re.sub(r"\d+\.\d\d s$", "0.04 s", out, flags=re.MULTILINE), err


def alone(folder, tests, rules=""):
    """A configuration with these tests and no other rules than those of every scene."""
    (folder / "rules.d" / "jobs.yaml").unlink()
    (folder / "rules.d" / "ssh.yaml").unlink()
    text = SSH.partition("tests:")[0] + rules + "tests:\n" + tests
    (folder / "rules.d" / "scene.yaml").write_text(text, encoding="utf-8")


GUESSES = "Jan  5 00:00:00 web1 sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2"
SCENES = {
    "wrong-tests": f"""\
  - rule: ssh-guessing   # it never comes so far
    lines: [{{text: '{GUESSES}', times: 2}}]
    until: +1m
    fires: [{{at: +2m, ip: 203.0.113.9}}]
  - rule: ssh-guessing   # no alert has this key
    lines: [{{text: '{GUESSES}', times: 3}}]
    fires: [{{at: +0s, address: 203.0.113.9}}]
  - rule: ssh-guessing   # lines that the format cannot read, and none of which is matched
    lines: ['+0s web1 sshd: Failed password for root', 'Failed publickey for bob']
    fires: [{{ip: 203.0.113.9}}]
  - rule: ssh-guessing   # the stamp counts
    lines: [{{at: +5m, text: '{GUESSES}', times: 3}}]
    fires: [{{at: +5m}}]
  - rule: ssh-guessing   # another source
    lines: [{{at: +0s, text: '{GUESSES}', source: app}}]
    fires: [{{at: +0s}}]
  - {{rule: ssh-guessing, file: not-there.log, quiet: true}}
""",
    "too-many": f"""\
  - rule: ssh-guessing
    lines:
      - {{at: +0s, text: '{GUESSES}', times: 30}}
      - {{at: +10m, text: '{GUESSES.replace("00:00:00", "00:10:00")}', times: 3}}
      - {{at: +20m, text: 'Jan  5 00:20:00 web1 sshd[1]: Connection closed by 203.0.113.9'}}
    until: +1h
    fires: [{{at: +0s, ip: 203.0.113.9}}]
    resolves: [{{at: +5m, ip: 203.0.113.9}}, {{at: +14m, ip: 203.0.113.9}}]
  - {{rule: ssh-guessing, lines: [{{text: '{GUESSES}', times: 3}}], quiet: true}}
""",
    "routing": """\
  - rule: part
    lines: ['+0s refused', '+1s timeout']
    fires: [{at: +0s}]
    sent_to: [pager]
    at: [{at: +0s, burning: false}, {at: +2h, burning: true}]
    resolves: []
  - {rule: other, lines: ['+0s timeout'], fires: [{at: +0s}], muted_by: whole, sent_to: []}
""",
    "doubtful": """\
  - {rule: oom, lines: [Out of memory], source: auth, quiet: true}
  - rule: other
    lines: [{text: timeout, times: 15, every: 2m}]
    fires: [{at: +0s}, {at: +2m}]
""",
    "hostile": """\
  - rule: oom
    lines: ["+0s Out of memory \\x1b[2J\\e]0;owned\\a \\u202e gnp.exe", "+1s \\x1b[31m nothing"]
    fires: [{at: +0s, say: "Out of memory \\x1b[31m"}]
""",
}
RULES = """\
  - {name: part, in: app, match: refused, when: 1 in 1m}
  - {name: other, in: app, match: timeout}
  - {name: whole, all_of: [part, other], within: 1m, absorbs: true}
"""


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize(
    ("screen", "words"),
    [
        ("failed", []),
        ("well", ["-k", "ssh-guessing", "-v"]),
        ("coverage", ["-v", "rules.d/ssh.yaml"]),
        *((scene, []) for scene in SCENES),
    ],
)
def test_the_screen_is_as_it_was_drawn(screen, words, columns, color, *, capsys, monkeypatch, here):
    """Every line of it, at 80 and at 120 columns, without colour and with it."""
    monkeypatch.setenv("COLUMNS", columns)
    wear(monkeypatch, color=color)
    if screen in SCENES:
        alone(here, SCENES[screen], RULES)
    _, out, _ = logwatch(capsys, *words)
    same_as_kept(SCREENS / f"{screen}-{columns}{'-color' if color else ''}.txt", out)
    shown = [line for line in out.splitlines() if "logwatch t" not in line]  # commands stay whole
    assert color or max(map(len, shown)) <= int(columns)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 1, "1 ok, 1 failed"),
        (["rules.d/ssh.yaml"], 0, "1 ok · rules with a test 1 of 2, without: oom"),
        (["rules.d/ssh.yaml", "--min-coverage", "50"], 0, "1 ok"),
        (["rules.d/ssh.yaml", "--min-coverage", "51"], 1, "coverage is 50 %"),
        (["logwatch.yaml"], 1, "there is no test in logwatch.yaml, so nothing was checked"),
        (["-k", "ssh-guessing"], 0, "1 ok · 0.04 s"),
        (["-k", "ssh*"], 0, "1 ok · 0.04 s"),
        (["-k", "guess", "-k", "backup"], 1, "1 ok, 1 failed"),
        (["-k", "ssh-guessing:12"], 0, "1 ok"),
        (["-k", "ssh-gessing"], 2, "did you mean 'ssh-guessing'?"),
        (["-k", "oom"], 2, "rule 'oom' has no test"),
        (["-k", "ssh-guessing", "--min-coverage", "1"], 2, "leave one out"),
        (["-c", "not-there.yaml"], 78, "there is no such file"),
        (
            ["-c", "logwatch.yaml", "other.yaml"],
            2,
            "other.yaml is no part of logwatch.yaml;",
        ),
        (["other.yaml"], 78, "there is no such file"),
        (["--junit", "no/folder.xml", "-k", "ssh"], 2, "--junit no/folder.xml"),
    ],
)
def test_the_exit_status_tells_how_it_went(words, status, said, capsys):
    """0 as expected, 1 not so or nothing was checked, 2 wrong usage, 78 no configuration."""
    got, out, err = logwatch(capsys, *words)
    assert (got, said in out + err) == (status, True), out + err


@pytest.mark.parametrize("share", ["101", "-1", "much", "nan"])
def test_a_coverage_that_cannot_be_is_wrong_usage(share, capsys):
    """Rather than one that is never, or always, reached."""
    with pytest.raises(SystemExit) as left:
        run_command_line(["test", f"--min-coverage={share}"])
    assert left.value.code == 2


def test_a_file_that_is_no_part_of_the_configuration_is_one_of_its_own(here, capsys):
    """With its own sources and rules."""
    (here / "other.yaml").write_text(
        "sources: {a: /x}\nrules: [{name: r, match: x}]\nsinks: {o: {console: {}}}\n"
        "tests: [{rule: r, lines: [x], fires: [{}]}]\n"
    )
    status, out, _ = logwatch(capsys, "other.yaml", "rules.d/ssh.yaml")
    assert status == 0
    assert "other.yaml" in out
    assert "2 ok · rules with a test 2 of 3, without: oom" in out


def test_a_configuration_without_any_test_says_how_to_write_one(here, capsys):
    """What checked nothing must not look like success."""
    for path in (here / "rules.d").iterdir():
        path.write_text(path.read_text().partition("tests:")[0])
    status, out, err = logwatch(capsys)
    assert (status, out) == (1, "")
    assert "fires: [{at: +0s}]" in err


def test_a_broken_configuration_shows_its_problems(here, capsys):
    """As `check` does."""
    (here / "rules.d" / "jobs.yaml").write_text(JOBS.replace("rule: backup", "rule: bakup"))
    status, _, err = logwatch(capsys)
    assert status == 78
    assert "did you mean 'backup-not-finished'?" in err


def test_programs_get_one_object_a_test_and_the_sums(capsys):
    """With the schema's version."""
    status, out, _ = logwatch(capsys, "-o", "json")
    failed, passed, sums = map(json.loads, out.splitlines())
    assert status == 1
    assert (failed["schema"], failed["outcome"], failed["file"], failed["line"]) == (
        1, "failed", "rules.d/jobs.yaml", 10,
    )  # fmt: skip
    (mismatch,) = failed["mismatches"]
    assert mismatch["differences"] == [
        {
            "name": "message",
            "line": 14,
            "expected": "db is late",
            "got": "job db not finished after 2h",
        }
    ]
    assert mismatch["got"]["at"] == "+2h"
    assert failed["timeline"][-1] == {
        "at": "+2h", "line": None, "did": [{"deed": "fired", "text": "FIRED job=db"}],
    }  # fmt: skip
    assert passed["outcome"] == "passed"
    assert (sums["passed"], sums["failed"], sums["errors"]) == (1, 1, 0)
    assert sums["coverage"]["without"] == ["oom"]
    assert sums["coverage"]["branches"][1]["missed"] == ["unless[0]", "quiet"]


def test_update_writes_what_came_and_nothing_else(here, capsys):
    """The rest of the file stays as it is, byte for byte, and the mode of the file, too."""
    path = here / "rules.d" / "jobs.yaml"
    path.chmod(0o640)
    status, out, _ = logwatch(capsys, "--update")
    assert status == 0
    assert path.read_text() == JOBS.replace("'db is late'", "'job db not finished after 2h'")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "-    fires: [{at: +2h, job: db, say: 'db is late'}]   # the text is" in out
    assert "2 ok" in out
    assert [each.name for each in path.parent.iterdir() if "jobs" in each.name] == ["jobs.yaml"]
    assert logwatch(capsys, "--update")[1].count("@@") == 0


def test_update_leaves_a_test_alone_that_fails_for_more(here, capsys):
    """What it is about is gone: a person must look at it."""
    tests = SCENES["routing"] + (
        f"  - {{rule: ssh-guessing, lines: [{{text: '{GUESSES}', times: 3}}], quiet: true}}\n"
        f"  - {{rule: ssh-guessing, lines: ['{GUESSES}'], fires: [{{at: +0s}}]}}\n"
    )
    alone(here, tests, RULES)
    path = here / "rules.d" / "scene.yaml"
    before = path.read_text()
    status, _, err = logwatch(capsys, "--update")
    assert status == 1
    assert path.read_text() == before
    assert err.count("is left as it is") == 4


def test_a_report_for_machines_that_build(here, capsys):
    """JUnit XML with the file and the line of each test."""
    status, _, _ = logwatch(capsys, "--junit", "report.xml")
    assert status == 1
    root = ET.fromstring((here / "report.xml").read_bytes())
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "2", "1")
    jobs, ssh = root.findall("testsuite")
    assert (jobs.get("name"), jobs.get("failures"), ssh.get("failures")) == (
        "rules.d/jobs.yaml", "1", "0",
    )  # fmt: skip
    (case,) = jobs.findall("testcase")
    assert case.attrib.items() >= {
        "name": "backup-not-finished #1",
        "classname": "backup-not-finished",
        "file": "rules.d/jobs.yaml",
        "line": "10",
    }.items()  # fmt: skip
    (failure,) = case.findall("failure")
    assert "not as expected in fires" in failure.get("message")
    assert "opened job=db, due +2h" in failure.text


def test_a_hostile_line_breaks_no_report(here, capsys):
    """Control characters are pictures in XML, which has no others for them."""
    alone(here, SCENES["hostile"], RULES)
    logwatch(capsys, "--junit", "report.xml")
    text = ET.fromstring((here / "report.xml").read_bytes()).find(".//failure").text
    assert "␛[2J␛]0;owned␇ <U+202E>" in text


def test_a_terminal_gets_colours_and_no_escape_of_a_log(here, capsys, monkeypatch):
    """The only escapes are our own."""
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    alone(here, SCENES["hostile"], RULES)
    _, out, _ = logwatch(capsys)
    assert "\x1b[31m✗\x1b[0m oom" in out
    assert set(re.findall(r"\x1b\[?[^m]*m", out)) <= {
        *("\x1b[0m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"),
    }  # fmt: skip


def test_a_terminal_without_such_characters_gets_others(here, capsys):
    """Meaning is in plain ASCII then."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    screen = Screen(out, color=False, columns=80)
    screen.write(*told_apart("  line 1  say  ", "a " * 60 + "b", "a " * 60 + "c", screen))
    screen.flush()
    shown = out.buffer.getvalue().decode().splitlines()
    assert shown[0].endswith("a b'")
    assert "'...a" in shown[0]
    assert shown[2].strip() == "~"
    assert shown[2].index("~") == shown[1].index("c'")
    assert max(map(len, shown)) <= 80


@pytest.mark.parametrize(
    ("expected", "got", "under"),
    [
        ("db is late", "db was late", "   ~~~"),
        ("same", "same more words", "     ~~~~~~~~~~"),
        ("3 of 5", "4 of 5", "~"),
        ("日本 a", "日本 b", "     ~"),
    ],
)
def test_words_that_differ_are_underlined(expected, got, under, capsys):
    """In what came; wide characters take two columns."""
    screen = Screen(io.StringIO(), color=False, columns=80)
    lines = list(told_apart("", expected, got, screen))
    assert lines == [
        f"expected  '{expected}'", f"got       '{got}'", " " * len("expected  '") + under,
    ]  # fmt: skip


def test_a_long_text_is_shown_from_before_the_first_difference():
    """In as many columns as there are, also where characters take two."""
    screen = Screen(io.StringIO(), color=False, columns=60)
    long = "日本 " * 40
    lines = list(told_apart("  ", f"{long}a {long}", f"{long}b {long}", screen))
    assert all(columns_of(line) <= 60 for line in lines)
    assert lines[0].startswith("  expected  '…")
    assert lines[1].count("…") == 2
    mark = columns_of(lines[2]) - 1
    assert columns_of(lines[1].partition("b")[0]) == mark


def test_words_that_are_missing_are_underlined_in_what_was_expected():
    """Where there is nothing more in what came."""
    screen = Screen(io.StringIO(), color=False, columns=80)
    assert list(told_apart("", "one two three", "one three", screen)) == [
        "expected  'one two three'",
        "               ~~~",
        "got       'one three'",
    ]
