"""The proof that a replay tells what the daemon told: the same bytes, for all kinds of rules.

The daemon's own parts (tails, monitors, queue, consumer, store) follow files that grow line by
line, while its clock moves along with the stamps; then the same files are replayed by the command.

What may differ is `at`, and nothing else, and only of what a deadline brings about: live it takes
effect `SETTLE_SECONDS` after its time, for a line of before it may be on its way. A replay knows
that none is, and says the deadline itself. For the same reason two alerts of within that quarter of
a second may be told in another order, and one that waits for the lines behind it comes when those
are read: live with the next lines, in a replay with the rest of its block.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from logwatch.cli.main import run_command_line
from logwatch.clock import ManualClock
from logwatch.config.loader import load
from logwatch.daemon import assemble
from logwatch.daemon.consumer import Consumer
from logwatch.daemon.intake import Intake
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.readings import Readings
from logwatch.matching.prefilter import Unwatched
from logwatch.records import encode_alert
from logwatch.rules.timeline import SETTLE_SECONDS
from logwatch.store.writer import Store
from logwatch.tailer.tail import Tail

START = ManualClock().wall()
END = START + 4 * 3600

CONFIG = """\
state: FOLDER/state
sources:
  auth: {path: FOLDER/auth.log, format: syslog, tz: UTC}
  web: {path: FOLDER/web.log, format: json}
  app: {path: FOLDER/app.log}
  kern: {path: FOLDER/kern.log}
rules:
- {name: disk, in: kern, match: 'I/O error, dev (?P<dev>\\w+)', unless: 'dev loop', by: dev,
   cooldown: 2m, severity: critical}
- {name: all-disks, in: kern, match: 'I/O error, dev (?P<dev>\\w+)', cooldown: 0}
- name: guessing
  in: auth
  match: 'Failed password for (?P<user>\\S+) from (?P<ip>\\S+)'
  by: ip
  when: 3 in 1m
  levels: {warning: 3, critical: 6}
  clear: 0 in 2m
  cooldown: 5m
  say: '{count} failed logins from {ip}, last user {user}'
- {name: held, in: auth, match: 'Failed password', when: 2 in 30s, hold: 10m}
- {name: every, in: auth, match: 'Failed password', when: every 7}
- {name: beat, in: app, match: 'beat (?P<node>\\w+)', by: node,
   absent: {for: 3m, expect: [n1, n2, n9]}}
- name: broke-in
  by: ip
  sequence: [{rule: guessing}, {in: auth, match: 'Accepted \\w+ for \\S+ from (?P<ip>\\S+)'}]
  within: 10m
- {name: job, in: app, match: 'started job=(?P<job>\\w+)', by: job,
   expect: {match: 'finished job={job} ok', within: 10m}}
- {name: scan, in: kern, match: 'SRC=(?P<src>\\S+) DPT=(?P<port>\\d+)', by: src,
   unique: {of: port, above: 2, in: 4m}}
- {name: new-user, in: auth, match: 'for (?P<user>\\S+) from',
   new: {value: [user], learn: 30m, forget: 1d}}
- {name: new-error, in: app, match: 'ERROR (?P<what>.*)',
   new: {template: what, learn: 30m, at_most: 5/h}}
- {name: surge, in: web, where: {status: '>= 500'}, spike: {up: 2, over: 5m, min: 5}}
- {name: slow, in: web, where: {path: '~ ^/pay'},
   value: {p95: ms, above: 600ms, in: 5m, min: 5}}
- {name: share, in: web, ratio: {of: {status: '>= 500'}, above: 20%, in: 5m, min: 10}}
- {name: outage, any_of: [surge, slow], within: 5m, absorbs: true}
- {name: both, all_of: [disk, beat], within: 10m}
- {name: before, in: kern, match: 'dev sda', cooldown: 5m, context: {before: 2}}
- {name: around, in: auth, match: 'Accepted', cooldown: 5m,
   context: {before: 1, after: 2, max_wait: 20500ms}}
- {name: shadow, in: kern, match: 'DPT=22', mode: shadow}
sinks: {out: {jsonl_file: {path: FOLDER/out.jsonl}}, pager: {jsonl_file: {path: FOLDER/p.jsonl}}}
routes:
- {if: {severity: critical}, to: [out, pager]}
- {to: out}
"""


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def auth(time, rng, mood):
    stamp = datetime.fromtimestamp(time, UTC).strftime("%b %e %H:%M:%S")
    user, ip = rng.choice(["root", "anna", "bert", f"u{mood}"]), f"192.0.2.{rng.randrange(3)}"
    what = rng.choice(["Failed password", "Failed password", "Failed password", "Accepted key"])
    return f"{stamp} web1 sshd[{rng.randrange(99)}]: {what} for {user} from {ip} port 22 ssh2"


def web(time, rng, mood):
    status = rng.choice([500, 503] if mood % 3 == 2 and rng.random() < 0.6 else [200, 200, 404])
    ms = rng.randrange(50, 1500 if mood % 4 == 1 else 500)
    line = {
        "time": iso(time),
        "status": status,
        "path": rng.choice(["/", "/pay/1"]),
        "ms": f"{ms}ms",
    }
    return json.dumps(line)


def app(time, rng, mood):
    what = rng.choice(
        [
            *(["beat n1"] * (mood % 3 != 1)),
            "beat n2",
            f"started job={rng.choice('abc')}",
            f"finished job={rng.choice('abc')} ok",
            f"ERROR no route to host {rng.randrange(99)}",
            *([f"ERROR phase {mood} of {chr(97 + mood) * 5} failed"] * (mood > 4)),
        ]
    )
    return f"{iso(time)} {what}"


def kern(time, rng, mood):
    what = rng.choice(
        [
            f"I/O error, dev {rng.choice(['sda', 'sdb', 'loop0'])}",
            f"SRC=198.51.100.{rng.randrange(2)} DPT={rng.choice([22, 80, 443, 25, 110, 143])}",
        ]
    )
    return f"{iso(time)} {what}"


def history(seed: int) -> list[tuple[float, str, str]]:
    """Lines of four logs, (time, source, text) in the order in which they are written."""
    rng = random.Random(seed)
    makers = {"app": app, "auth": auth, "kern": kern, "web": web}
    time, written = START + 5, []
    while time < END - 1800:
        mood = int((time - START) // 1500)  # every 25 minutes something else is the matter
        name = rng.choice(["app", "auth", "kern", "web", "web"] if mood % 5 else ["web", "app"])
        written.append((time, name, makers[name](time, rng, mood)))
        time += rng.choice([1, 2, 3, 5, 8, 13, 30, 60] if mood % 2 else [1, 2, 4, 10, 20])
    return written


class WatchedStore(Store):
    """Notes what was committed for each sink, for deliverers would have taken it away."""

    sent: defaultdict[str, list[bytes]]

    def commit(self, transaction, *, now):
        super().commit(transaction, now=now)
        for one in transaction.alerts:
            for sink in one.sinks:
                self.sent[sink].append(encode_alert(one.alert))


class LiveDaemon:
    """The daemon's parts, stepped by hand: nothing but its threads is missing."""

    def __init__(self, config) -> None:
        self.clock = ManualClock()
        self.intake = Intake()
        self.store = WatchedStore(config.state, durability="off")
        self.store.sent = defaultdict(list)
        readings = Readings(config, config.engine, Unwatched())
        self.pipeline = assemble._pipeline(
            config, assemble.Options(), self.store, self.clock.moment()
        )
        self.monitors = {
            source.name: Monitor(
                source.paths[0],
                tail=Tail(source.paths[0], start="end"),
                reading=readings.of((source.name,)),
                intake=self.intake,
                slots=nullcontext(),
                clock=self.clock,
            )
            for source in config.sources
        }
        self.consumer = Consumer(
            intake=self.intake,
            pipeline=self.pipeline,
            store=self.store,
            clock=self.clock,
            awaited={each.path for each in self.monitors.values()},
            wake_sinks=lambda _: None,
            on_live=lambda: None,
        )

    def step(self, *names: str) -> None:
        """These logs have something new, or only time has passed."""
        for name in names:
            while self.monitors[name].read_on(self.clock.moment()):
                pass
        messages = []
        while self.intake.qsize():
            messages.append(self.intake.get_nowait())
        self.consumer.take(messages, self.clock.moment())

    def pass_to(self, time: float) -> None:
        """Let time pass, with all that falls due meanwhile."""
        while (wait := self.pipeline.seconds_to_deadline(self.clock.moment())) is not None:
            if self.clock.wall() + wait > time:
                break
            self.clock.advance(max(wait, 1e-6))
            self.step()
        self.clock.advance(time - self.clock.wall())

    def finish(self) -> dict[str, list[bytes]]:
        """Everything that each sink was to be sent."""
        self.consumer.finish()
        for monitor in self.monitors.values():
            monitor.finish()
        self.store.close()
        return self.store.sent


def live(config, written) -> dict[str, list[bytes]]:
    for source in config.sources:
        open(source.paths[0], "wb").close()  # noqa: PTH123 - only made
    daemon = LiveDaemon(config)
    daemon.step(*daemon.monitors)
    assert daemon.pipeline.live
    for time, name, text in written:
        daemon.pass_to(time)
        with open(daemon.monitors[name].path, "ab") as log:  # noqa: PTH123 - a path as text
            log.write(text.encode() + b"\n")
        daemon.step(name)
    daemon.pass_to(END + 1)
    assert not daemon.pipeline.quarantined
    return daemon.finish()


def replayed(file, capfdbinary) -> list[bytes]:
    words = ["replay", "-c", str(file), "-o", "ndjson", "--since", iso(START), "--until", iso(END)]
    assert run_command_line(words) == 0
    return capfdbinary.readouterr().out.splitlines()


def settled(told: bytes) -> dict:
    """The alert, with `at` taken back by what a deadline waits for live."""
    alert = json.loads(told)
    whole, fraction = alert["at"].split(".")
    if 250 <= int(fraction[:3]) < 260:  # stamps are of whole seconds here
        alert["at"] = f"{whole}.{int(fraction[:3]) - 250:03}Z"
    return alert


def by_rule(alerts: list[dict]) -> dict[str, list[str]]:
    """The alerts of each rule, in order."""
    found = defaultdict(list)
    for alert in alerts:
        found[alert["rule"]].append(json.dumps(alert))
    return found


def in_order(alerts: Iterable[dict]) -> list[str]:
    """The seconds of all alerts, as they are told, but of those that waited for lines."""
    return [each["at"][:19] for each in alerts if each["rule"] != "around"]


@pytest.mark.parametrize("seed", [2, 4, 7])
def test_a_replay_tells_what_the_daemon_told(tmp_path, capfdbinary, seed):
    file = tmp_path / "logwatch.yaml"
    file.write_text(CONFIG.replace("FOLDER", str(tmp_path)), encoding="utf-8")
    config = load(file)
    told = live(config, history(seed))
    again = [json.loads(each) for each in replayed(file, capfdbinary)]
    assert SETTLE_SECONDS == 0.25
    assert by_rule(list(map(settled, told["out"]))) == by_rule(again)
    assert any(each["context"]["after"] for each in again)
    silent = {"slow", "shadow", "surge"} - {each["rule"] for each in again}
    assert {each["rule"] for each in again} == {rule.name for rule in config.rules} - silent
    moments = in_order(again)
    assert moments == in_order(map(settled, told["out"])) == sorted(moments)
    critical = [each for each in again if each["severity"] == "critical"]
    assert by_rule(list(map(settled, told["pager"]))) == by_rule(critical)


def test_the_very_same_bytes_where_no_deadline_is_waited_for(tmp_path, capfdbinary):
    """`at` as well, and the order of all: lines alone bring these alerts about."""
    file = tmp_path / "logwatch.yaml"
    rules = CONFIG.partition("rules:\n")[2].partition("sinks:")[0]
    kept = [each for each in rules.split("\n- ") if "all-disks" in each or "every" in each]
    text = CONFIG.replace(rules, "".join(f"- {each.removeprefix('- ')}\n" for each in kept))
    file.write_text(text.replace("FOLDER", str(tmp_path)), encoding="utf-8")
    told = live(load(file), history(5))
    assert len(told["out"]) > 50
    assert replayed(file, capfdbinary) == told["out"]
