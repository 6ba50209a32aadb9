"""`logwatch why ID` and `logwatch why RULE`, as a person types them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import msgspec
import pytest
from doubles.daemon import Bench
from doubles.rules import START, checkpoint

from logwatch.cli import looker, why_known
from logwatch.cli.main import run_command_line
from logwatch.config.loader import load
from logwatch.daemon.health import ConfigStatus, FileStatus, Remark, SinkStatus, Status
from logwatch.records import Batch, Match, Record
from logwatch.rules.base import parts_of
from logwatch.store.outgoing import DeadLetter, Postponed
from logwatch.store.writer import Transaction

SCREENS = Path(__file__).parent / "why_screens"
RULES = r"""
version: 1
state: state
sources:
  auth: {path: /var/log/logwatch-test/auth.log, format: syslog}
  shop: {path: /var/log/logwatch-test/shop-*.log}
rules:
  - name: ssh-guessing
    in: auth
    match: 'Failed \w+ for (?P<user>\S+) from (?P<ip>\S+)'
    by: ip
    when: 3 in 2m
    runbook: https://wiki.example.org/ssh
  - {name: oom, in: auth, match: 'out of memory', mode: shadow, active: 'Mon 00:00-00:01'}
  - {name: backup, in: shop, match: 'started job=(?P<job>\S+)', by: job,
     expect: {match: 'finished job={job} ok', within: 2h}}
  - {name: outage, any_of: [oom, backup], within: 5m, absorbs: true}
  - {name: disk, in: shop, match: 'disk (?P<dev>\S+) is full', by: dev, cooldown: 10m}
  - {name: whole, any_of: [disk, backup], within: 5m, absorbs: true}
routes:
  - {if: {severity: critical}, to: [pager]}
  - {if: {rule: 'ssh-*', source: auth}, to: [chat, pager]}
  - {to: chat}
sinks:
  pager: {webhook: {url: 'http://127.0.0.1:9/'}}
  chat: {console: {}}
"""
HOSTILE = "\x1b[2Jroot\u202e"


class World:
    """A daemon's store, written by the pipeline of the configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = load("logwatch.yaml")
        self.bench = Bench(
            self.config.state,
            *self.config.rules,
            sinks=("pager", "chat"),
            routes=self.config.routes,
        )
        self.parts = {
            (self.config.rules[part.rule].name, part.number): number
            for number, part in enumerate(parts_of(self.config.rules))
        }
        self.offset = 0

    def line(self, at: float, rule: str, text: str, *, part: int = 0, source="auth", **captures):
        """A line that `rule` took, `at` seconds after the start."""
        clock = self.bench.clock
        clock.advance(START + at - clock.wall())
        record = Record(self.offset, text, START + at)
        self.offset += len(text) + 1
        batch = Batch(
            ruleset="r",
            source=source,
            checkpoint=checkpoint(self.offset),
            start=record.offset,
            end=self.offset,
            arrival=clock.wall(),
            last_time=record.time,
            records=[record],
            matches=[Match(self.parts[rule, part], 0, captures)],
        )
        self.bench.take(batch)

    def guess(self, at: float, ip: str, user: str = "root"):
        """A failed login."""
        self.line(at, "ssh-guessing", f"Failed password for {user} from {ip}", ip=ip, user=user)

    def until(self, at: float):
        """Let time pass."""
        self.bench.clock.advance(START + at - self.bench.clock.wall())
        self.bench.take()

    def commit(self, **what):
        self.bench.store.commit(Transaction(**what), now=self.bench.clock.wall())

    def end(self):
        """The daemon stops, and the store stays as it was at this moment."""
        self.bench.consumer.finish()
        self.bench.store.close()
        now = self.bench.clock.wall()
        for path in self.config.state.glob("state.db*"):
            os.utime(path, (now, now))

    def ids(self, rule: str) -> list[str]:
        """Of the alerts of a rule, oldest first."""
        reader = why_known.LifeReader(self.config.state)
        found = [one.id for one in reversed(reader.alerts(limit=100, rule=rule))]
        reader.close()
        return list(dict.fromkeys(found))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a configuration, in UTC; no service of this machine, and no patience."""
    (tmp_path / "logwatch.yaml").write_text(RULES)
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("logwatch.daemon.control_wire.SERVICE_FOLDER", tmp_path / "run")
    monkeypatch.setattr(looker, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LOGWATCH_CONFIG", "logwatch.yaml")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def world(here, monkeypatch):
    """What happened on one morning; the clock of the command is that of the world."""
    made = World(here)
    monkeypatch.setattr(why_known, "SystemClock", lambda: made.bench.clock)
    return made


def morning(world: World) -> None:
    """One episode that fails to be told, one key on the way, one job that is open."""
    world.guess(10, "203.0.113.9")
    world.line(20, "oom", "out of memory: killed nginx")
    for at in (40, 70):
        world.guess(at, "203.0.113.9")
    world.line(75, "backup", "started job=db", source="shop", job="db")
    for at in (81, 82):
        world.line(at, "disk", "disk sda1 is full", source="shop", dev="sda1")
    for at in (85, 90):
        world.guess(at, "198.51.100.7", HOSTILE)
    steady = world.bench.clock.steady()
    firing = world.ids("ssh-guessing")[0]
    world.commit(
        taken={("pager", 3): 1},
        postponed=[Postponed("pager", 3, firing, steady + 41, "HTTP 429")],
    )
    world.end()


def running(monkeypatch, **changes):
    """A daemon that says how it is."""
    path = "/var/log/logwatch-test/auth.log"
    read = "2026-01-05T00:01:20.000Z"
    files = (
        FileStatus(path=path, sources=("auth",), status="following", last_read=read, behind=2048),
        FileStatus(
            path="/var/log/logwatch-test/old.log",
            sources=("auth",),
            status="denied",
            detail="root:adm 640; usermod -aG adm deploy",
        ),
    )
    values = {
        "phase": "live",
        "files": files,
        "sinks": (SinkStatus(name="pager", down=True, reason="HTTP 429"),),
        "config": ConfigStatus(files=("logwatch.yaml",)),
    }
    status = Status(**values | changes)
    monkeypatch.setattr(why_known, "daemon_of", lambda *_: status)


def why(capsys, *words):
    """Exit status, stdout, stderr."""
    status = run_command_line(["why", *words])
    out, err = capsys.readouterr()
    return status, out, err


def same_screen(name: str, columns: str, out: str) -> None:
    path = SCREENS / f"{name}-{columns}.txt"
    if os.environ.get("LOGWATCH_DRAW"):
        path.write_text(out)
    assert out == path.read_text()


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
def test_the_screen_of_a_rule_is_as_it_was_drawn(screen, words, columns, world, capsys):
    """Every line of it, with no daemon."""
    os.environ["COLUMNS"] = columns  # the fixture takes it back
    morning(world)
    same_screen(f"{screen}", columns, why(capsys, *words)[1])


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("rule", ["ssh-guessing", "oom", "disk"])
def test_the_screen_of_an_alert_is_as_it_was_drawn(rule, columns, world, capsys, monkeypatch):
    """One that burns and was not told yet, one in shadow mode, one that was absorbed."""
    monkeypatch.setenv("COLUMNS", columns)
    morning(world)
    running(monkeypatch)
    same_screen(f"alert-{rule}", columns, why(capsys, world.ids(rule)[0][:8])[1])


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


def test_what_is_given_up_is_told_with_its_reason(world, capsys):
    """A dead letter; and what waits for the next start."""
    for at in (1, 2, 3):
        world.guess(at, "10.0.0.1")
    world.commit(taken={("pager", 1): 1}, dead=[DeadLetter("pager", 1, 4, "HTTP 404")])
    world.until(500)
    world.end()
    out = why(capsys, world.ids("ssh-guessing")[0])[1]
    assert "pager  1 firing: given up after 4 tries: HTTP 404" in out
    assert "chat  2 resolved: waiting, to be delivered with the next start: no daemon runs" in out
    assert "resolved  warning, 3 in all, 2s from first to last" in out


def test_what_is_done_with_is_said_to_be(world, capsys):
    """The store forgets what was delivered."""
    for at in (1, 2, 3):
        world.guess(at, "10.0.0.1")
    world.commit(taken={("pager", 1): 1, ("chat", 1): 1})
    world.end()
    out = why(capsys, world.ids("ssh-guessing")[0])[1]
    assert "pager  1 firing: done with, nothing of it waits" in out
    assert "of its end will be told: chat, pager" in out


def test_the_firing_before_is_named(world, capsys):
    """And how long ago it was, and how much the cool-down held back since."""
    for at in (1, 2, 3, 600, 601, 602):
        world.guess(at, "10.0.0.1")
        world.until(at)
    world.end()
    first, second = world.ids("ssh-guessing")
    out = why(capsys, second)[1]
    assert f"cool-down 1m; the firing before was 9m59s earlier ({first})" in out


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


def test_a_broken_configuration_hides_no_alert(world, here, capsys):
    """An editor may have it open; only routes and windows are not known then."""
    morning(world)
    (here / "logwatch.yaml").write_text(RULES.replace("to: chat}", "to: nowhere}"))
    status, out, err = why(capsys, world.ids("ssh-guessing")[0])
    assert status == 0
    assert "the configuration cannot be read: logwatch.yaml:" in err
    assert "pager  1 firing: postponed after 1 try: HTTP 429" in out
    assert why(capsys, "ssh-guessing")[0] == 78


def test_several_alerts_that_begin_alike_are_named(world, capsys):
    """Nobody is told of one when another was meant."""
    for number in range(40):
        world.line(1, "disk", "disk x is full", source="shop", dev=f"{number}")
    world.end()
    ids = world.ids("disk")
    prefix = next(each[0] for each in ids if sum(one[0] == each[0] for one in ids) > 1)
    status, _, err = why(capsys, prefix)
    assert status == 2
    assert "alerts begin so: " in err


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
