"""`logwatch learn`, as a person types it."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import sys
from pathlib import Path

import pytest
from doubles.screens import same_as_kept, wear
from doubles.shell import at_home, logwatch
from msgspec.structs import replace

from logwatch.cli import old_logs
from logwatch.cli.rule_memory import pieces
from logwatch.config.loader import load
from logwatch.errors import UsageError
from logwatch.rules import fingerprint
from logwatch.rules.instructions import Instruction, Lesson
from logwatch.store.reader import StoreReader
from logwatch.store.writer import Store, Transaction

SCREENS = Path(__file__).parent / "learn_screens"
RULES = r"""
version: 1
state: state
sources:
  auth: {path: auth.log, format: syslog, tz: UTC}
  shop: {path: shop.log, format: json}
  blog: {path: blog.log, format: json}
rules:
  - name: new-sudo
    in: auth
    match: 'sudo: +(?P<who>\S+) : .*USER=(?P<as>\S+)'
    new: {value: [who, as], learn: 7d, forget: 90d}
  - {name: new-shell, in: auth, match: 'COMMAND=(?P<what>.*sh)$', new: {value: what}}
  - {name: never-seen, in: [shop, blog], where: {level: error}, new: {template: msg, learn: 24h}}
  - {name: any-error, in: shop, where: {level: error}}
sinks: {out: {console: {}}}
"""
AUTH = """\
Jan 12 09:14:02 web1 sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls
Jan 12 09:20:41 web1 sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/id
Jan 12 10:00:00 web1 cron[5]: session opened for user bob
Jan 14 11:02:33 web1 sudo:  mallory : TTY=pts/3 ; PWD=/tmp ; USER=www-data ; COMMAND=/bin/sh
"""
SHOP = """\
{"ts":"2026-01-05T02:00:00Z","level":"error","msg":"job 4711 of shop failed after 3 attempts"}
{"ts":"2026-01-05T02:00:09Z","level":"error","msg":"job 4712 of shop failed after 5 attempts"}
{"ts":"2026-01-05T02:00:10Z","level":"info","msg":"job 4713 of shop is done"}
{"ts":"2026-01-05T02:13:37Z","level":"error","msg":"certificate of /etc/ssl/shop.pem is old"}
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a configuration and two logs, as the working folder."""
    (tmp_path / "logwatch.yaml").write_text(RULES)
    (tmp_path / "auth.log").write_text(AUTH)
    os.utime(tmp_path / "auth.log", (1768500000, 1768500000))
    (tmp_path / "shop.log").write_text(SHOP)
    at_home(tmp_path, monkeypatch)
    return tmp_path


def known(here, rule="new-sudo"):
    """What the store remembers for a rule."""
    settings = next(one for one in load(here / "logwatch.yaml").rules if one.name == rule)
    reader = StoreReader(here / "state")
    states = reader.states(rule, fingerprint(settings))
    reader.close()
    return sorted(change.key for change in states)


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize(
    ("screen", "words"),
    [
        ("values", ["new-sudo", "--from", "auth.log"]),
        ("templates", ["never-seen", "--from", "shop.log", "gone.log", "--source", "shop"]),
        ("nothing", ["never-seen", "--from", "auth.log", "--source", "blog"]),
        ("trial", ["new-shell", "--from", "auth.log", "--dry-run"]),
        ("accepted", ["new-sudo", "--accept", "who=bob", "as=root"]),
        ("unknown", ["never-seen", "--accept", "0a5169b7c2d4", "lost disk <num>"]),
    ],
)
def test_the_screen_is_as_it_was_drawn(screen, words, columns, color, *, capsys, monkeypatch):
    """Every line of it, at 80 and at 120 columns, without colour and with it."""
    monkeypatch.setenv("COLUMNS", str(columns))
    wear(monkeypatch, color=color)
    _, out, _ = logwatch(capsys, "learn", *words)
    drawn = re.sub(r"written to \S+;", "written to STATE;", out)
    same_as_kept(SCREENS / f"{screen}-{columns}{'-color' if color else ''}.txt", drawn)
    assert color or all(
        len(line) <= columns for line in out.splitlines() if line.startswith("  + ")
    )


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["new-sudo", "--from", "auth.log"], 0),
        (["new-shell", "--from", "auth.log", "-o", "json"], 0),
        (["never-seen", "--from", "auth.log", "--source", "shop"], 1),
        (["new-sudo", "--forget", "who=bob", "as=root"], 1),
        (["never-seen", "--accept", "0a5169b7c2d4"], 1),
        (["new-sudo", "--from", "gone.log"], 2),
        (["new-sudo"], 2),
        (["new-suod", "--from", "auth.log"], 2),
        (["any-error", "--from", "shop.log"], 2),
        (["never-seen", "--from", "auth.log"], 2),
        (["never-seen", "--from", "shop.log", "--source", "auth"], 2),
        (["never-seen", "--forget", "x"], 2),
        (["new-sudo", "--accept", "who=bob"], 2),
        (["new-sudo", "--accept", "who=bob", "as=x", "on=y"], 2),
        (["new-sudo", "--from", "auth.log", "-c", "gone.yaml"], 78),
    ],
)
def test_the_exit_status_says_whether_it_learned(words, status, capsys):
    """0 learned, 1 there was nothing, 2 cannot be asked so, 78 the configuration is no good."""
    assert logwatch(capsys, "learn", *words)[0] == status


def test_a_rule_of_another_kind_names_those_that_learn(capsys):
    """And a slip is asked back."""
    _, _, err = logwatch(capsys, "learn", "any-error", "--from", "shop.log")
    assert "rules that can: new-sudo, new-shell, never-seen" in err
    assert "did you mean 'new-sudo'?" in logwatch(capsys, "learn", "new-suod", "--from", "x")[2]


def test_what_was_learned_is_in_the_store_and_known_the_next_time(here, capsys):
    """Compressed files are read by what is in them."""
    (here / "auth.log.2.gz").write_bytes(gzip.compress(AUTH.encode()))
    (here / "auth.log").write_text(AUTH + AUTH.replace("mallory", "oscar"))
    assert "2 new" in logwatch(capsys, "learn", "new-sudo", "--from", "auth.log.2.gz")[1]
    assert "value\x1falice\x1froot" in known(here)
    _, out, _ = logwatch(capsys, "learn", "new-sudo", "--from", "auth.log")
    assert "knew 2 values, knows 3 now: 1 new\n  + who=oscar as=www-data" in out


@pytest.mark.parametrize(
    "damage", [lambda _: b"\xc1", lambda body: re.sub(b"[a-z]", b"\xff", body)]
)
def test_what_cannot_be_read_of_the_store_is_left_out(here, capsys, damage):
    """Of another version, or damaged on the disk; the rest is learned beside it."""
    words = "learn", "never-seen", "--from", "shop.log", "--source", "shop"
    assert logwatch(capsys, *words)[0] == 0
    settings = next(one for one in load(here / "logwatch.yaml").rules if one.name == "never-seen")
    reader = StoreReader(here / "state")
    states = reader.states("never-seen", fingerprint(settings))
    reader.close()
    store = Store(here / "state", durability="off")
    broken = {(each.rule, each.key): replace(each, body=damage(each.body)) for each in states}
    store.commit(Transaction(states=broken), now=1.0)
    store.close()
    assert logwatch(capsys, *words)[0] == 0


def test_a_trial_writes_nothing(here, capsys):
    """Not even a store."""
    assert "2 new" in logwatch(capsys, "learn", "new-sudo", "--from", "auth.log", "--dry-run")[1]
    assert not (here / "state").exists()


def test_what_other_rules_remember_is_left_alone(here, capsys):
    """Also where the configuration does not have them."""
    logwatch(capsys, "learn", "new-shell", "--from", "auth.log")
    (here / "other.yaml").write_text(RULES.replace("name: new-shell", "name: other"))
    logwatch(capsys, "learn", "new-sudo", "--from", "auth.log", "-c", "other.yaml")
    assert known(here, "new-shell")
    assert known(here, "new-sudo")


def test_what_was_learned_with_another_meaning_is_forgotten(here, capsys):
    """As `run` would."""
    logwatch(capsys, "learn", "new-sudo", "--from", "auth.log")
    (here / "logwatch.yaml").write_text(RULES.replace("[who, as]", "who"))
    _, out, _ = logwatch(capsys, "learn", "new-sudo", "--from", "auth.log")
    assert "knew 0 values, knows 2 now" in out
    assert "value\x1falice" in known(here)
    assert "value\x1falice\x1froot" not in known(here)


def test_templates_are_accepted_by_id_and_by_text(capsys):
    """A text that no line has shown yet needs its source."""
    _, out, _ = logwatch(
        capsys, "learn", "never-seen", "--from", "shop.log", "--source", "shop", "-o", "json"
    )
    name = json.loads(out)["first_new"][0].split()[1]
    assert logwatch(capsys, "learn", "never-seen", "--accept", name)[0] == 0
    words = ["learn", "never-seen", "--accept", "lost disk <num>"]
    assert logwatch(capsys, *words)[0] == 1
    assert logwatch(capsys, *words, "--source", "shop")[0] == 0
    assert logwatch(capsys, *words)[0] == 0


def test_a_value_of_one_field_is_accepted_as_it_is(here, capsys):
    """Without the name of its field."""
    assert logwatch(capsys, "learn", "new-shell", "--accept", "/bin/zsh")[0] == 0
    assert "value\x1f/bin/zsh" in known(here, "new-shell")
    assert logwatch(capsys, "learn", "new-shell", "--forget", "what=/bin/zsh")[0] == 0
    assert known(here, "new-shell") == []


def test_hostile_text_is_shown_and_not_obeyed(here, capsys):
    """In values, templates, and names of files."""
    (here / "a\x1b[2J.log").write_text(
        "Jan 12 09:14:02 web1 sudo: \x1b]0;x\x07\u202e : TTY=1 ; USER=r\u200boot ; COMMAND=sh\n"
    )
    _, out, err = logwatch(capsys, "learn", "new-sudo", "--from", "a\x1b[2J.log")
    assert "1 new" in out
    assert out.isprintable() or not set("\x1b\x07\u202e\u200b") & set(out + err)


def test_a_daemon_that_has_the_store_and_does_not_answer_is_said(here, capsys):
    """Its store is not written behind its back."""
    store = Store(here / "state")
    status, _, err = logwatch(capsys, "learn", "new-sudo", "--from", "auth.log")
    store.close()
    assert status == 75
    assert "is in use by logwatch" in err


def test_a_store_of_another_user_is_not_written(here, capsys, monkeypatch):
    """Who could not open what we would write."""
    (here / "state").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: here.stat().st_uid + 1)
    status, _, err = logwatch(capsys, "learn", "new-sudo", "--from", "auth.log")
    assert status == 77
    assert "sudo -u" in err


def test_files_that_this_user_may_not_read_are_said_with_a_remedy(here, capsys, monkeypatch):
    """Exit 77 where there was no other."""

    def deny(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("logwatch.cli.old_logs.records_of_file", deny)
    (here / "auth.log").chmod(0o640)
    status, out, _ = logwatch(capsys, "learn", "new-sudo", "--from", "auth.log")
    assert status == 77
    assert "permission denied: " in out
    assert "640" in out


def test_a_file_for_which_there_is_no_reader_does_not_stop_the_others(here, capsys, monkeypatch):
    """It is said, with a way out."""
    read = old_logs.records_of_file

    def refuse(path, source):
        if path == "old.zst":
            raise UsageError("old.zst: nothing here reads .zst")
        return read(path, source)

    (here / "old.zst").write_bytes(b"x")
    monkeypatch.setattr(old_logs, "records_of_file", refuse)
    status, out, _ = logwatch(capsys, "learn", "new-sudo", "--from", "old.zst", "auth.log")
    assert status == 0
    assert "nothing here reads .zst" in out
    assert "2 new" in out


def test_a_compressed_file_that_is_cut_off_is_learned_as_far_as_it_goes(here, capsys):
    """And said."""
    (here / "auth.log.gz").write_bytes(gzip.compress(AUTH.encode() * 8_000)[:-200])
    status, out, _ = logwatch(capsys, "learn", "new-sudo", "--from", "auth.log.gz")
    assert status == 0, out
    assert "2 new" in out
    assert "✗" in out


def test_standard_input_is_a_file(capsys, monkeypatch):
    """Named `-`."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(AUTH.encode())))
    assert "2 new" in logwatch(capsys, "learn", "new-sudo", "--from", "-")[1]


def test_outside_of_its_active_hours_a_rule_learns_nothing(here, capsys):
    """As the daemon would not look at those lines."""
    (here / "logwatch.yaml").write_text(
        RULES.replace("    in: auth\n", "    in: auth\n    active: 'Sat-Sun 00:00-24:00 UTC'\n")
    )
    status, out, _ = logwatch(capsys, "learn", "new-sudo", "--from", "auth.log")
    assert status == 1, out


def test_lessons_are_cut_into_pieces_that_one_request_takes():
    """In their order; what is to be accepted comes with the last one."""
    lessons = tuple(Lesson("app", float(at), {"who": "x" * 100}) for at in range(50))
    whole = Instruction(rule="r", lessons=lessons, accept={"who": "y"})
    cut = list(pieces(whole, most=1000))
    assert sum((piece.lessons for piece in cut), ()) == lessons
    assert [piece.accept for piece in cut[:-1]] == [None] * (len(cut) - 1)
    assert cut[-1].accept == {"who": "y"}
    assert len(cut) > 5
