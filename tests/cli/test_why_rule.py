"""`logwatch why RULE key=value`, as a person types it."""

from __future__ import annotations

import json
import os
import time

import msgspec
import pytest
from doubles.alerts import alert
from doubles.daemon import Bench
from doubles.rules import START
from doubles.screens import wear
from doubles.why_world import (
    HOSTILE,
    RULES,
    morning,
    running,
    same_screen,
    settle,
    told,
    why,
    world_in,
)

from logwatch.cli import looker, why_known
from logwatch.daemon.health import Remark
from logwatch.store.writer import Transaction


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a configuration."""
    settle(tmp_path, monkeypatch)
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def world(here, monkeypatch):
    """A store, written by the pipeline."""
    return world_in(here, monkeypatch)


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize(
    ("screen", "words"),
    [
        ("rule", ["ssh-guessing"]),
        ("key", ["ssh-guessing", "ip=198.51.100.7"]),
        ("key-burning", ["ssh-guessing", "ip=203.0.113.9"]),
        ("key-unknown", ["ssh-guessing", "ip=198.51.100.8"]),
        ("expect", ["backup", "job=db"]),
        ("shadow", ["oom"]),
        ("composite", ["outage"]),
    ],
)
def test_the_screen_of_a_rule_is_as_it_was_drawn(
    screen, words, columns, color, *, world, capsys, monkeypatch
):
    """Every line of it, with no daemon."""
    monkeypatch.setenv("COLUMNS", columns)
    wear(monkeypatch, color=color)
    morning(world)
    same_screen(f"{screen}", columns, why(capsys, *words)[1], color=color)


@pytest.mark.parametrize("columns", ["80", "120"])
def test_what_the_daemon_knows_of_the_files_comes_first(world, columns, capsys, monkeypatch):
    """What it follows, how far it is, what it may not read; and what it says of the rule."""
    monkeypatch.setenv("COLUMNS", columns)
    morning(world)
    remark = Remark(about="rule ssh-guessing", text="it failed", remedy="a reload asks it again")
    running(monkeypatch, troubles=(remark, Remark(about="rule other", text="nothing of it")))
    same_screen("running", columns, why(capsys, "ssh-guessing", "ip=198.51.100.7")[1])


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["ssh-guessing"], 0),
        (["ssh-guessing", "ip=203.0.113.9"], 0),
        (["ssh-guessing", "ip=nobody"], 1),
        (["ffffffff"], 1),
        (["ssh-guesing"], 2),
        (["ssh-guessing", "user=root"], 2),
        (["ssh-guessing", "203.0.113.9"], 2),
        (["oom", "ip=203.0.113.9"], 2),
        (["ssh-guessing", "--line", "x"], 2),
        ([], 2),
        (["ssh-guessing", "-c", "not-there.yaml"], 78),
    ],
)
def test_the_exit_status_says_whether_anything_is_known(words, status, world, capsys):
    """0 it is, 1 it is not, 2 there is no such rule or field, 78 the configuration is no good."""
    morning(world)
    assert why(capsys, *words)[0] == status


@pytest.mark.parametrize("words", [["ssh-guessing"], ["ffff"]])
def test_without_a_store_nothing_can_be_known(words, capsys):
    """69, as where no daemon answers; the configuration and the files are told all the same."""
    status, out, err = why(capsys, *words)
    assert status == 69
    assert "no daemon has run" in out + err


def test_what_is_nearly_written_is_asked_back(world, capsys):
    """Rules, fields and keys."""
    morning(world)
    assert "did you mean 'ssh-guessing'?" in why(capsys, "ssh-guesing")[2]
    assert "has no field 'ipp'; did you mean 'ip'?" in why(capsys, "ssh-guessing", "ipp=x")[2]
    assert "it has one key for all records" in why(capsys, "oom", "ip=x")[2]
    assert "did you mean ip=203.0.113.9?" in why(capsys, "ssh-guessing", "ip=203.0.113.99")[1]


def test_a_log_steers_no_terminal(world, capsys):
    """Not by a value of a key, and not by a line."""
    world.line(1, "disk", f"disk {HOSTILE} is full", source="shop", dev=HOSTILE)
    world.end()
    shown = why(capsys, "disk")[1] + why(capsys, world.ids("disk")[0])[1]
    assert "␛[2Jroot<U+202E>" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_of_very_many_keys_the_first_are_listed(world, capsys):
    """Those that burn before the others."""
    for number in range(30):
        world.guess(1 + number / 100, f"10.0.0.{number}")
    for at in (2, 3):
        world.guess(at, "10.0.0.7")
    world.end()
    lines = why(capsys, "ssh-guessing")[1].splitlines()
    first = lines.index("keys      30 remembered, 20 of them:") + 1
    assert lines[first].startswith("  ip=10.0.0.7  burning since 00:00:03")
    assert sum("of 3 in 2m" in line for line in lines) == 19


def test_a_rule_that_was_removed_is_known_to_the_store(world, here, capsys):
    """Its alerts, and that it remembers something still."""
    morning(world)
    text = RULES.replace("name: ssh-guessing", "name: renamed")
    (here / "logwatch.yaml").write_text(text)
    status, out, _ = why(capsys, "ssh-guessing")
    assert status == 0
    assert "it is not in the configuration: removed, renamed, or in a file not included" in out
    assert "its state is in the store until a daemon starts without the rule" in out
    out = why(capsys, world.ids("ssh-guessing")[0])[1]
    assert "'ssh-guessing' is not in the configuration: what follows is from the store" in out
    assert "no daemon has run with this rule yet" in why(capsys, "renamed")[1]


def test_a_rule_of_another_form_begins_anew(world, here, capsys):
    """What is stored would mean something else."""
    morning(world)
    (here / "logwatch.yaml").write_text(RULES.replace("3 in 2m", "3 in 5m"))
    out = why(capsys, "ssh-guessing")[1]
    assert "it begins anew" in " ".join(out.split())
    assert "remembered" not in out


def test_while_a_backlog_is_read_its_time_is_the_present(world, capsys, monkeypatch):
    """By the date, all its windows would be empty."""
    morning(world)
    world.bench.clock.advance(86_400)
    running(monkeypatch, phase="backlog")
    out = why(capsys, "ssh-guessing", "ip=198.51.100.7")[1]
    assert "as of     Jan 05 00:01:30, 1d ago" in out
    assert "2 of 3 in 2m" in out


def test_programs_get_the_same_as_json(world, capsys):
    """With fields for what is a word on the screen."""
    morning(world)
    told = json.loads(why(capsys, "ssh-guessing", "ip=203.0.113.9", "-o", "json")[1])
    assert (told["in_config"], told["key_fields"], told["mode"]) == (True, ["ip"], "live")
    (key,) = told["keys"]
    assert key["key"] == {"ip": "203.0.113.9"}
    assert key["state"][0].startswith("burning since ")
    life = json.loads(why(capsys, world.ids("ssh-guessing")[0], "-o", "json")[1])
    assert [each["outcome"] for each in life["routes"]] == ["refuses", "takes", "not-asked"]
    (message,) = life["messages"]
    assert message["window"] == "3 of 3 in 2m"
    assert {each["sink"]: each["progress"] for each in message["deliveries"]} == {
        "pager": "postponed",
        "chat": "waiting",
    }
    absorbed = json.loads(why(capsys, world.ids("disk")[0], "-o", "json")[1])["absorbed"]
    assert [each["rule"] for each in absorbed] == ["whole"]


def test_a_state_that_cannot_be_read_is_counted(world, capsys):
    """Another version may have written it."""
    morning(world)
    store = world.config.state
    made = Bench(store, *world.config.rules)
    change = msgspec.structs.replace(
        why_known.LifeReader(store).memory("ssh-guessing")[0], body=b"\xc1"
    )
    made.store.commit(Transaction(states={(change.rule, change.key): change}), now=START)
    made.store.close()
    assert "1 stored states cannot be read" in why(capsys, "ssh-guessing")[1]


def test_the_built_in_rule_for_quiet_sources_can_be_asked(world, here, capsys):
    """It has state like any other."""
    (here / "logwatch.yaml").write_text(
        RULES.replace("format: syslog}", "format: syslog, quiet_after: 20m}")
    )
    world.end()
    out = why(capsys, "logwatch.source-quiet")[1]
    assert "nothing for 20m  by source" in out
    assert "no daemon has run with this rule yet" in out


@pytest.mark.parametrize(
    ("absence", "said"),
    [
        (looker.Absence(state="s", pid=7), "it (pid 7) does not answer"),
        (looker.Absence(state="s"), "none runs, and none has run with this configuration"),
        ("the socket is closed to you", "the socket is closed to you"),
    ],
)
def test_a_daemon_that_does_not_answer_hides_nothing(absence, said, world, capsys, monkeypatch):
    """What is stored is told all the same."""
    morning(world)
    monkeypatch.setattr(why_known, "daemon_of", lambda *_: absence)
    out = why(capsys, "ssh-guessing")[1]
    assert said in out
    assert "2 remembered" in out


def test_files_that_cannot_be_read_are_named_with_the_remedy(here, world, capsys, monkeypatch):
    """Without a daemon by the rights of whoever asks."""
    monkeypatch.setenv("COLUMNS", "300")
    (here / "auth.log").write_text("x")
    (here / "shop-1.log").mkdir()
    for number in range(2, 9):
        (here / f"shop-{number}.log").write_text("x")
    os.mkfifo(here / "shop-9.log")
    world.end()
    (here / "logwatch.yaml").write_text(RULES.replace("/var/log/logwatch-test", str(here)))
    monkeypatch.setattr(
        "logwatch.cli.why_sources.os.access",
        lambda path, *_, **__: not str(path).endswith("auth.log"),
    )
    monkeypatch.setattr("logwatch.cli.why_sources.denial", lambda _: "root:adm 640; usermod")
    assert "auth.log denied: root:adm 640; usermod" in " ".join(why(capsys, "oom")[1].split())
    shop = " ".join(why(capsys, "disk")[1].split())
    assert "shop-9.log: is a FIFO, not a regular file" in shop
    assert "shop: and 2 more files (logwatch status -a)" in shop
    assert "no file of" not in shop


def test_a_place_that_nobody_can_look_at_is_named(world, capsys, monkeypatch):
    """The daemon knows why."""
    world.end()
    running(monkeypatch, unseen={"/var/log/logwatch-test": "permission denied"}, files=())
    out = " ".join(why(capsys, "disk")[1].split())
    assert "shop: /var/log/logwatch-test: permission denied" in out


def test_what_logwatch_tells_of_itself_is_no_rule_that_is_missing(world, capsys):
    """Its alerts are known all the same."""
    told(world, alert(rule="logwatch.source-lost", message="a file was cut"))
    status, out, _ = why(capsys, "logwatch.source-lost")
    assert status == 0
    assert "logwatch tells this of itself" in out
    assert "a file was cut" in out
    assert "removed, renamed" not in out
