"""`logwatch tail` as a person types it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from doubles.forked import logwatch

from logwatch.cli.main import run_command_line
from logwatch.cli.tail_alerts import shown


def tail(*words) -> subprocess.CompletedProcess[bytes]:
    """The real command; on a pipe."""
    return logwatch("tail", *words)


def test_on_a_pipe_the_lines_are_as_they_are(tmp_path):
    """Byte for byte, even what is no text, and the last line without its newline."""
    log = tmp_path / "app.log"
    log.write_bytes(b"one\nt\x1b[31mwo\xff\nthree")
    done = tail(log, "--no-follow")
    assert done.stdout == b"one\nt\x1b[31mwo\xff\nthree"
    assert done.stderr == b""
    assert tail(log, "--no-follow", "-n", "1").stdout == b"three"


def test_filters_use_the_daemons_own_engine(tmp_path):
    """-m takes, -x leaves out; without -n the whole file is looked at."""
    log = tmp_path / "app.log"
    log.write_text("ERROR a\n" + "fine\n" * 50 + "ERROR b\nFATAL c\n")
    done = tail(log, "--no-follow", "-m", "ERROR", "-m", "FATAL", "-x", "b$")
    assert done.stdout == b"ERROR a\nFATAL c\n"


def test_conditions_on_fields_need_no_configuration(tmp_path):
    """The format is seen from the lines."""
    line = '203.0.113.9 - - [23/Nov/2026:05:01:01 +0000] "GET /{} HTTP/1.1" {} 12 "-" "curl"\n'
    log = tmp_path / "access.log"
    log.write_text(line.format("a", 200) + line.format("b", 502) + line.format("c", 404))
    done = tail(log, "--no-follow", "--where", "status >= 500")
    assert done.stdout.decode() == line.format("b", 502)
    done = tail(log, "--no-follow", "--where", "path=/c", "--where", "status<500", "-o", "ndjson")
    found = json.loads(done.stdout)
    assert (found["schema"], found["kind"], found["fields"]["path"]) == (1, "line", "/c")
    assert "T" in found["time"]
    for condition, lines in (("ip in 203.0.113.0/24", 3), ("ip !in 203.0.113.0/24", 0)):
        done = tail(log, "--no-follow", "--where", condition)
        assert done.stdout.count(b"\n") == lines


def test_a_level_takes_what_is_worse(tmp_path):
    """In any of the ways in which programs write it."""
    worse = [
        "[error] a",
        '{"level":"warn","msg":"b"}',
        "level=error c",
        "x ERROR d",
        "[core:crit] e",
    ]
    lines = [*worse, "INFO no error here", "level=info f", '{"level":30,"msg":"error"}']
    log = tmp_path / "app.log"
    log.write_text("".join(f"{line}\n" for line in lines))
    assert tail(log, "--no-follow", "-l", "warn").stdout.decode().splitlines() == worse


def test_on_a_terminal_what_the_configuration_hides_is_hidden(tmp_path):
    """In files that one of its sources takes; into a pipe go the bytes of the file."""
    for name in ("app.log", "other.log"):
        (tmp_path / name).write_text("login password=hunter2 of bob\n")
    config = tmp_path / "logwatch.yaml"
    config.write_text(
        f"state: {tmp_path}/state\nredact: stock\n"
        f"sources: {{app: {tmp_path}/app.log}}\nrules: [{{name: logins, match: login}}]\n"
    )
    words = ("--no-follow", "--config", config)
    screen = {**os.environ, "FORCE_COLOR": "1"}
    shown = logwatch("tail", tmp_path / "app.log", *words, env=screen).stdout
    assert b"hunter2" not in shown
    assert b"[redacted]" in shown
    assert b"logins" in shown  # the rule looks at the line as it was written
    assert tail(tmp_path / "app.log", *words).stdout == b"login password=hunter2 of bob\n"
    other = logwatch("tail", tmp_path / "other.log", *words, env=screen).stdout
    assert b"hunter2" in other


def test_a_time_range_is_that_of_the_lines(tmp_path):
    """A line without a stamp goes with the one before it."""
    log = tmp_path / "app.log"
    log.write_text(
        "2026-01-05 10:00:00 a\n2026-01-05 11:00:00 b\n  more of b\n2026-01-05 12:00:00 c\n"
    )
    done = tail(log, "--since", "2026-01-05T10:30", "--until", "2026-01-05T11:30")
    assert done.stdout == b"2026-01-05 11:00:00 b\n  more of b\n"


def test_several_files_have_banners_and_end_quietly_when_the_reader_goes(tmp_path):
    """EPIPE is no error."""
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text("line\n" * 50_000)
    command = f"{sys.executable} -m logwatch tail {tmp_path}/*.log --no-follow -n 50000 | head -n 2"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert done.stdout == f"==> {tmp_path}/a.log <==\nline\n".encode()
    assert done.stderr == b""


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_what_cannot_be_meant_is_refused(tmp_path, capsys):
    """--to without --match, a bad pattern, a URL of nothing, conditions and levels of nothing."""
    log = str(tmp_path / "a.log")
    for words, said in [
        (["--to", "console:"], "which lines shall be told?"),
        (["-m", "("], "bad pattern"),
        (["-m", "x", "--to", "pigeon:home"], "pigeon: is no sink"),
        (["--where", "status"], "write FIELD OPERATOR VALUE"),
        (["--where", "http/status 5"], "write FIELD OPERATOR VALUE"),
        (["-m", "a("], "at character 2"),
        (["--where", "status >= many"], "compares numbers"),
        (["-l", "loud"], "'loud' is no level"),
        (["-m", "x", "--to", "console:", "--cooldown", "soon"], "is not a duration"),
        (["--since", "whenever"], "is no time"),
        (["--as-rule", "x"], "which lines does the rule take?"),
    ]:
        assert run_command_line(["tail", log, *words]) == 2, words
        assert said in capsys.readouterr().err
    assert run_command_line(["tail", log, "-m", "x", "--to", "slak://host/s3cret"]) == 2
    said = capsys.readouterr().err
    assert "did you mean 'slack://hooks.slack.com/services/...'?" in said
    assert "s3cret" not in said


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_whatever_apprise_knows_can_be_told(tmp_path, capsys):
    """Any of its schemes, as it is; what it does not take is refused before anything runs."""
    log = str(tmp_path / "a.log")
    (tmp_path / "a.log").write_text("x\n")
    url = "tgram://123456789:abcdefg_hijklmnop/12315544"
    assert run_command_line(["tail", log, "--no-follow", "-m", "x", "--to", url]) == 0
    capsys.readouterr()
    assert run_command_line(["tail", log, "--no-follow", "-m", "x", "--to", "gotify://x"]) == 2
    assert "apprise does not take URL 1, gotify://…" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags",
    [
        ("-m", "OOM"),
        ("-m", "it's", "-m", 'a "b"', "-x", "#: {}"),
        ("-l", "warn"),
        ("-l", "error", "-m", "db", "--cooldown", "10m"),
        ("-x", "health"),
        ("--where", "level=error", "--to", "ntfy://ntfy.sh/my-topic"),
    ],
)
def test_flags_become_a_rule_that_check_accepts(tmp_path, capsys, flags):
    """The configuration is whole, and takes what the flags take."""
    log = tmp_path / "app.json"
    log.write_text('{"time":"2026-01-05T10:00:00Z","level":"error","msg":"db: OOM"}\n' * 3)
    assert run_command_line(["tail", str(log), *flags, "--as-rule", "my rule"]) == 0
    text = capsys.readouterr().out
    path = tmp_path / "logwatch.yaml"
    path.write_text(text)
    assert run_command_line(["check", "-c", str(path)]) == 0, text
    assert "- {name: my-rule" in text or "- name: my-rule" in text
    assert "format: json" in text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://user:pw@hooks.example.org/s3cret", "https://hooks.example.org/…"),
        ("ntfy://ntfy.sh/topic", "ntfy://ntfy.sh/…"),
        ("tgram://123:s3cret/CHAT", "tgram://…"),
        ("exec:/usr/local/bin/page-me --token s3cret", "exec:/usr/local/bin/page-me"),
        ("console:", "console:"),
    ],
)
def test_a_receiver_is_named_without_its_secrets(url, said):
    """A token may stand where others have a host."""
    assert shown(url) == said
