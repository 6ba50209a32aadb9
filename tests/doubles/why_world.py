"""One morning in the life of a daemon, for the tests of `logwatch why`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from doubles import shell
from doubles.daemon import Bench
from doubles.rules import START, checkpoint
from doubles.screens import same_as_kept
from logwatch.cli import looker, why_known
from logwatch.config.loader import load
from logwatch.daemon.health import ConfigStatus, FileStatus, SinkStatus, Status
from logwatch.records import Batch, Match, Record
from logwatch.rules.base import parts_of
from logwatch.store.outgoing import Postponed
from logwatch.store.writer import Addressed, Transaction

SCREENS = Path(__file__).parents[1] / "cli" / "why_screens"
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


def settle(folder: Path, monkeypatch) -> None:
    """A configuration, in UTC; no service of this machine, and no patience."""
    (folder / "logwatch.yaml").write_text(RULES)
    os.utime(folder / "logwatch.yaml", (0, 0))  # before anything happens
    (folder / "run").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("logwatch.daemon.control_wire.SERVICE_FOLDER", folder / "run")
    monkeypatch.setattr(looker, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LOGWATCH_CONFIG", "logwatch.yaml")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def world_in(folder: Path, monkeypatch) -> World:
    """A world whose clock is that of the command, too."""
    made = World(folder)
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


def told(world: World, *alerts, sinks=()) -> None:
    """These alerts are in the history, and nothing more is known."""
    addressed = [Addressed(one, world.bench.clock.wall(), sinks) for one in alerts]
    world.commit(alerts=addressed)
    world.end()


def why(capsys, *words):
    """As `shell.logwatch`."""
    return shell.logwatch(capsys, "why", *words)


def same_screen(name: str, columns: str, out: str, *, color: bool = False) -> None:
    """`out` is the golden file of that name and width."""
    same_as_kept(SCREENS / f"{name}-{columns}{'-color' if color else ''}.txt", out)
