"""`logwatch try`, as a person types it."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest
from doubles import forked
from doubles.screens import same_as_kept, wear
from doubles.shell import at_home, logwatch

from logwatch.cli.log_blocks import whole_lines
from logwatch.cli.main import run_command_line

SCREENS = Path(__file__).parent / "try_screens"
RULES = r"""
version: 1
state: state
sources:
  auth: {path: auth.log, format: syslog}
  shop: {path: shop.log, format: json}
rules:
  - name: ssh-guessing
    in: auth
    match: 'Failed \w+ for (?P<user>\S+) from (?P<ip>\S+)'
    unless: ['from 127\.', 'from 10\.']
    by: ip
    when: 5 in 2m
  - {name: shop-errors, in: shop, where: {level: error, status: '>= 500'}}
sinks: {out: {console: {}}}
"""
AUTH = """\
Nov 22 14:03:11 web1 sshd[81]: Failed password for root from 203.0.113.9 port 4022 ssh2
Nov 22 14:03:12 web1 cron[5]: session opened for user bob
Nov 22 14:03:13 web1 sshd[81]: Failed password for bob from 10.0.0.3 port 4022 ssh2
Nov 22 14:04:01 web1 sshd[82]: Failed password for eve from 203.0.113.9 port 4023 ssh2
Nov 22 14:04:02 web1 sshd[82]: Failed none for eve from 203.0.113.9 port 4023 ssh2
Nov 22 14:04:03 web1 sshd[82]: Failed none for ann from 203.0.113.9 port 4023 ssh2
Nov 22 14:05:40 web1 sshd[99]: Failed publickey for invalid user admin from 198.51.100.7 port 22
Nov 22 14:05:41 web1 sshd[99]: Failed publickey for invalid user joe from 198.51.100.7 port 22
Nov 22 14:06:00 web1 systemd[1]: Failed to start Foo Service.
"""
SHOP = """\
{"level":"error","status":503,"msg":"down"}
{"level":"error","status":404,"msg":"lost"}
{"level":"info","status":200,"msg":"fine"}
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a configuration and two logs, as the working folder."""
    (tmp_path / "logwatch.yaml").write_text(RULES)
    (tmp_path / "auth.log").write_text(AUTH)
    (tmp_path / "shop.log").write_text(SHOP)
    os.utime(tmp_path / "shop.log", (1_795_348_800, 1_795_348_800))  # its lines have no stamps
    at_home(tmp_path, monkeypatch)
    return tmp_path


def test_whoever_reads_may_go_while_it_looks(here):
    """That is no fault of the file."""
    reader, writer = os.pipe()
    os.close(reader)
    done = forked.logwatch("try", "ssh-guessing", "auth.log", cwd=here, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def as_json(out):
    """The objects of `-o json`."""
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize(
    ("screen", "words"),
    [
        ("rule", ["try", "ssh-guessing", "auth.log"]),
        ("only-missed", ["try", "ssh-guessing", "auth.log", "--only-missed"]),
        ("where", ["try", "shop-errors", "-v"]),
        ("pattern", ["try", r"Failed \w+ for (?P<who>\S+)", "auth.log", "--unless", "invalid"]),
        ("line", ["try", "ssh-guessing", "--line", AUTH.splitlines()[6], "--line", "nothing"]),
        ("why-near", ["why", "--line", AUTH.splitlines()[6]]),
        ("why-excluded", ["why", "--line", AUTH.splitlines()[2]]),
        ("why-taken", ["why", "--line", AUTH.splitlines()[0]]),
        ("why-where", ["why", "--line", SHOP.splitlines()[1]]),
        ("why-nothing", ["why", "--line", "sessions were closed"]),
    ],
)
def test_the_screen_is_as_it_was_drawn(screen, words, columns, color, *, capsys, monkeypatch):
    """Every line of it, at 80 and at 120 columns, without colour and with it."""
    monkeypatch.setenv("COLUMNS", columns)
    wear(monkeypatch, color=color)
    _, out, _ = logwatch(capsys, *words)
    same_as_kept(SCREENS / f"{screen}-{columns}{'-color' if color else ''}.txt", out)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["ssh-guessing"], 0),
        (["ssh-guessing", "shop.log"], 1),
        (["ssh-guessing", "--line", "fine"], 1),
        (["ssh-guesing", "auth.log"], 2),
        (["ssh-guessing", "not-there.log"], 2),
        (["ssh-guessing", "auth.log", "--line", "x"], 2),
        (["ssh-guessing", "auth.log", "--unless", "x"], 2),
        (["ssh-guessing", "auth.log", "--source", "shop"], 2),
        (["(broken", "auth.log"], 2),
        (["broken", "auth.log", "--unless", "["], 2),
        (["x", "auth.log", "--where", "status >= 1"], 2),
        (["x", "auth.log", "--where", "status >= many", "--format", "json"], 2),
        (["x", "auth.log", "--where", "nothing", "--format", "json"], 2),
        (["x", "auth.log", "--format", "xml"], 2),
        (["ssh-guessing", "-c", "not-there.yaml"], 78),
    ],
)
def test_the_exit_status_says_whether_it_takes_anything(words, status, capsys):
    """0 it does, 1 it does not, 2 cannot be asked so, 78 the configuration is no good."""
    assert logwatch(capsys, "try", *words)[0] == status


def test_an_unknown_rule_is_asked_back(capsys):
    """And how to mean a pattern."""
    _, _, err = logwatch(capsys, "try", "ssh-guesing", "auth.log")
    assert "did you mean 'ssh-guessing'?" in err
    assert "(?:ssh-guesing)" in err


def test_a_pattern_needs_no_configuration(here, capsys):
    """Not even a sound one."""
    (here / "logwatch.yaml").write_text("rules: [{name: x, match: '('}]")
    assert logwatch(capsys, "try", "Failed none", "auth.log")[0] == 0
    (here / "logwatch.yaml").unlink()
    assert logwatch(capsys, "try", "Failed none", "auth.log")[0] == 0


def test_a_broken_configuration_is_told_whoever_names_a_rule(here, capsys):
    """It might have been one of its rules."""
    (here / "logwatch.yaml").write_text("rules: [{name: x, match: '('}]")
    status, _, err = logwatch(capsys, "try", "ssh-guessing", "auth.log")
    assert status == 78
    assert "bad-pattern" in err


def test_compressed_files_are_read_and_rotated_ones_like_their_own(here, capsys):
    """By what is in them, not by their names."""
    (here / "auth.log.2").write_bytes(gzip.compress(AUTH.encode()))
    (here / "shop.log.1.gz").write_bytes(gzip.compress(SHOP.encode()))
    assert "9 lines · 4 matched" in logwatch(capsys, "try", "ssh-guessing", "auth.log.2")[1]
    assert "3 lines · 1 matched" in logwatch(capsys, "try", "shop-errors", "shop.log.1.gz")[1]


def test_a_compressed_file_that_is_cut_off_is_read_as_far_as_it_goes(here, capsys):
    """What cannot be read is said, and the other files are looked at."""
    (here / "cut.gz").write_bytes(gzip.compress(AUTH.encode() * 5_000)[:-2000])
    status, out, err = logwatch(capsys, "try", "ssh-guessing", "cut.gz", "gone.log", "auth.log")
    assert status == 0
    assert "cut.gz: " in err
    assert "gone.log: No such file" in err
    assert "matched" in out


def test_a_file_for_which_there_is_no_reader_is_said_with_a_way_out(here, capsys):
    """Or it is read, where there is one."""
    (here / "auth.log.zst").write_bytes(b"\x28\xb5\x2f\xfd rest")
    status, _, err = logwatch(capsys, "try", "ssh-guessing", "auth.log.zst")
    assert status == 2
    assert "auth.log.zst" in err


def test_standard_input_is_a_file(capsys, monkeypatch):
    """Named `-`; and a pattern without files takes it when it is no terminal."""
    for words in (["ssh-guessing", "-"], ["Failed none"]):
        given = io.TextIOWrapper(io.BytesIO(AUTH.encode()))
        monkeypatch.setattr(sys, "stdin", given)
        status, out, _ = logwatch(capsys, "try", *words)
        assert status == 0
        assert "stdin:5" in out


def test_programs_get_one_object_a_line_and_the_sums(capsys):
    """Spans count characters of the line."""
    status, out, _ = logwatch(capsys, "try", "ssh-guessing", "auth.log", "-o", "json", "-v")
    *told, sums = as_json(out)
    assert status == 0
    assert sums["lines"] == 9
    assert (sums["matched"], sums["excluded"], sums["near_misses"]) == (4, 1, 3)
    assert [one["kind"] for one in told].count("taken") == 4
    first = told[0]
    user = first["captures"]["user"]
    assert first["line"][user["start"] : user["end"]] == user["text"] == "root"
    near = next(one for one in told if one["kind"] == "near")
    assert near["near_miss"]["needs"] == '"from"'
    assert near["alike"] == 2
    excluded = next(one for one in told if one["kind"] == "excluded")
    assert excluded["excluder"]["number"] == 1


def test_when_it_would_have_fired_is_told_last(here, capsys):
    """Files of one log are one past, in their order."""
    line = "Nov {day} 14:{at} web1 sshd[81]: Failed password for root from 203.0.113.9 port 4022\n"
    for name, day in (("auth.log.1", 16), ("auth.log", 22)):
        text = "".join(line.format(day=day, at=f"00:{second}0") for second in range(6))
        (here / name).write_text(text)
    rules = (here / "logwatch.yaml").read_text()
    (here / "logwatch.yaml").write_text(rules.replace("5 in 2m", "3 in 2m"))
    out = logwatch(capsys, "try", "ssh-guessing", "auth.log", "auth.log.1")[1]
    assert out.splitlines()[-1].endswith(" Nothing was sent.")
    assert out.splitlines()[-1].startswith("would have fired 2 times (Nov 16 - Nov 22), longest ")
    assert "; 10 matches inside an episode." in out.splitlines()[-1]
    out = logwatch(capsys, "try", "ssh-guessing", "auth.log", "auth.log.1", "-o", "json")[1]
    assert as_json(out)[-1]["firing"]["fired"] == 2
    assert as_json(out)[-1]["firing"]["longest_seconds"] > 100


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("clear: {match: 'eth. up'}", "longest 25s; 1 match inside an episode. Nothing"),
        ("expect: {match: 'eth. up', within: 5s}", "longest 20s. Nothing"),
    ],
)
def test_only_what_opens_is_counted_as_inside_an_episode(here, capsys, rule, words):
    """A line that closes is none, and where an end is what lacks there is no such line."""
    (here / "links.log").write_text(
        "Nov 16 14:00:00 a kernel: eth0 down\n"
        "Nov 16 14:00:10 a kernel: eth0 down\n"
        "Nov 16 14:00:25 a kernel: eth0 up\n"
        "Nov 16 14:00:35 a kernel: eth0 up\n"
    )
    (here / "logwatch.yaml").write_text(
        "sources: {kern: {path: links.log, format: syslog}}\n"
        f"rules: [{{name: down, match: eth. down, {rule}}}]\n"
    )
    out = logwatch(capsys, "try", "down", "links.log")[1]
    assert words in out.splitlines()[-1]


def test_nothing_that_a_log_holds_can_steer_the_terminal(here, capsys):
    """Neither in hits nor in near misses, in names of files, nor as JSON."""
    evil = "\x1b[2J\x9b31m\u202egnp.exe"
    (here / "auth.log").write_text(
        f"Failed {'x'} for {evil} from 1.2.3.4 {evil}\nFailed {evil} for me from x\n"
        f"Failed k for {evil}user from\u2028\n",
        newline="\n",
    )
    for words in (["-v"], ["--only-missed"], ["-o", "json"], ["--line", f"Failed x for {evil} f"]):
        files = [] if "--line" in words else ["auth.log"]
        _, out, _ = logwatch(capsys, "try", "ssh-guessing", *files, *words)
        shown = out.replace("\n", "")
        assert not any(ord(character) < 0x20 for character in shown)
        if "json" not in words:
            assert shown.isprintable()
    _, out, _ = logwatch(capsys, "why", "--line", f"Failed x for {evil} from {evil}")
    assert out.replace("\n", "").isprintable()


def test_a_terminal_without_such_characters_gets_others(capsys, monkeypatch):
    """Meaning is carried by marks that every encoding has."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    run_command_line(["try", "ssh-guessing", "auth.log"])
    out.flush()
    shown = out.buffer.getvalue().decode("ascii")
    assert "+ auth.log:1  " in shown
    assert "for <user root> from" in shown


def test_colour_underlines_what_was_captured_and_takes_nothing_away(capsys, monkeypatch):
    """Without the colours it is the same text."""
    monkeypatch.delenv("NO_COLOR")
    plain = logwatch(capsys, "try", "ssh-guessing", "auth.log")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    colored = logwatch(capsys, "try", "ssh-guessing", "auth.log")[1]
    assert "\x1b[4;36mroot\x1b[0m" in colored
    for code in ("\x1b[4;36m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        colored = colored.replace(code, "")
    assert colored == plain


def test_a_very_long_line_does_not_fill_the_memory():
    """No more of it is kept than what is looked at, and lines behind it are whole."""
    pieces = iter([b"a\nb", b"x" * 100, b"x" * 100, b"y\nlast", b""])
    blocks = list(whole_lines(lambda: next(pieces), 10))
    assert b"".join(blocks) == b"a\nb" + b"x" * 10 + b"y\nlast"


def test_numbers_of_lines_go_on_from_block_to_block(here, capsys, monkeypatch):
    """They are those that an editor shows."""
    monkeypatch.setattr("logwatch.cli.log_blocks.BLOCK_BYTES", 100)
    out = logwatch(capsys, "try", "ssh-guessing", "auth.log", "-v", "-o", "json")[1]
    numbers = [one["line_number"] for one in as_json(out) if one["kind"] == "taken"]
    assert numbers == [1, 4, 5, 6]
    assert as_json(out)[-1]["lines"] == 9


def test_who_ends_it_gets_the_sums_so_far(capsys, monkeypatch):
    """A pipe from a command that follows has no end."""

    class Endless(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) or self.interrupted()

        def interrupted(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Endless(AUTH.encode())))
    status, out, _ = logwatch(capsys, "try", "ssh-guessing", "-")
    assert status == 130
    assert "9 lines · 4 matched" in out


def test_why_reads_many_lines_from_standard_input(capsys, monkeypatch):
    """One answer each; 0 where one of them is taken."""
    given = io.TextIOWrapper(io.BytesIO((AUTH + SHOP).encode()))
    monkeypatch.setattr(sys, "stdin", given)
    status, out, _ = logwatch(capsys, "why", "--line", "-", "-o", "json")
    answers = as_json(out)
    assert status == 0
    assert [answer["taken"] for answer in answers] == [
        *(True, False, False, True, True, True, False, False, False),
        *(True, False, False),
    ]
    assert answers[0]["sources"] == ["auth"]
    assert answers[-1]["sources"] == ["shop"]


def test_each_given_line_is_told_however_many(capsys):
    """Nothing more is promised with -v."""
    lines = [word for line in AUTH.splitlines()[3:6] * 2 for word in ("--line", line)]
    _, out, _ = logwatch(capsys, "try", "ssh-guessing", *lines)
    assert out.count("takes it") == 6
    assert "more" not in out


def test_a_part_of_a_line_is_asked_about_everywhere(capsys):
    """Without its stamp it has no format, and rules match its text all the same."""
    status, out, _ = logwatch(capsys, "why", "--line", "Failed password for root from 1.2.3.4")
    assert status == 0
    assert "1 of 2 rules takes this line" in out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--line", AUTH.splitlines()[0]], 0),
        (["--line", AUTH.splitlines()[1]], 1),
        (["--line", "x", "--source", "outh"], 2),
        ([], 2),
        (["--line", "x", "-c", "not-there.yaml"], 78),
    ],
)
def test_the_exit_status_of_why_says_whether_a_rule_takes_it(words, status, capsys):
    """0 one does, 1 none, 2 cannot be asked so, 78 the configuration is no good."""
    assert logwatch(capsys, "why", *words)[0] == status


def test_why_can_be_told_the_source(capsys):
    """Rules of other sources are then not asked, and the format is not guessed."""
    line = AUTH.splitlines()[0]
    assert logwatch(capsys, "why", "--line", line, "--source", "auth")[0] == 0
    status, out, _ = logwatch(capsys, "why", "--line", line, "--source", "shop")
    assert status == 1
    assert "1 rule for other sources only" in out
