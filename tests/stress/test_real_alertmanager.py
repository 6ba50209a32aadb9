"""The alertmanager sink against a real Alertmanager (prometheus-alertmanager of Debian).

Each test starts one or two on loopback, with a folder of their own and without a cluster. What they
would tell people they send to a receiver of the test.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from doubles.alerts import alert
from doubles.process import Running, eventually

from logwatch.clock import SystemClock
from logwatch.records import Delivered, Notification, Rejected, encode_alert
from logwatch.sinks.alertmanager import AlertmanagerSettings, AlertmanagerSink
from logwatch.stamps import rfc3339

pytestmark = pytest.mark.stress

PROGRAM = shutil.which("prometheus-alertmanager") or "prometheus-alertmanager"

CONFIG = """\
global: {{resolve_timeout: 2s}}
route:
  {{receiver: test, group_by: ['...'], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: test
    webhook_configs: [{{url: 'http://127.0.0.1:{port}/', send_resolved: true}}]
"""


class People:
    """Whom Alertmanager tells: `(alertname, status)` of each alert in each notification."""

    def __init__(self):
        self.told = []
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.extend((a["labels"]["alertname"], a["status"]) for a in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Alertmanager:
    """One real Alertmanager."""

    def __init__(self, folder: Path, people: People):
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        (folder / "config.yml").write_text(CONFIG.format(port=people.port))
        with socket.create_server(("127.0.0.1", 0)) as unused:
            self._port = unused.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self):
        with (self._folder / "log.txt").open("ab") as log:
            self._child = subprocess.Popen(
                [
                    PROGRAM,
                    f"--config.file={self._folder}/config.yml",
                    f"--storage.path={self._folder}/data",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                    "--cluster.listen-address=",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"]},
            )
        eventually(self._is_ready, (self._folder / "log.txt").read_text, 20)

    def kill(self):
        self._child.kill()
        self._child.wait()

    def burning(self) -> dict[str, str]:
        """`alertname` and severity of what it says is active."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts?active=true", timeout=5) as answer:
            return {
                one["labels"]["alertname"]: one["labels"]["severity"] for one in json.load(answer)
            }

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1):
                return True
        except OSError:
            return False


@pytest.fixture
def people():
    made = People()
    yield made
    made.close()


@pytest.fixture
def alertmanager(tmp_path, people):
    made = []

    def make():
        made.append(Alertmanager(tmp_path / f"peer{len(made)}", people))
        return made[-1]

    yield make
    for one in made:
        one.kill()


class Told:
    """A sink, and what burns as the store would know it."""

    def __init__(self, *peers, **settings):
        urls = tuple(peer.url for peer in peers)
        values = {"resend": 1.0, "event_lasts": 4.0, "shortest": 2.0} | settings
        self.sink = AlertmanagerSink(AlertmanagerSettings(urls=urls, **values), SystemClock())
        self.burning = {}

    def tell(self, burns=True, **changes):
        now = rfc3339(SystemClock().wall())
        one = alert(**{"first": now, "last": now, "at": now, "id": changes["rule"]} | changes)
        if one.status == "resolved":
            self.burning.pop(one.id, None)
        elif burns:
            self.burning[one.id] = one
        return self.sink.deliver([Notification(1, encode_alert(one))])

    def remind(self):
        return self.sink.remind(list(self.burning.values()))

    def until(self, condition, seconds=20.0):
        """Be reminded until `condition` holds."""

        def look():
            self.remind()
            return condition()

        eventually(look, "as awaited", seconds)

    def for_seconds(self, seconds, condition):
        """Be reminded for so long; `condition` holds all the while."""
        end = SystemClock().steady() + seconds

        def look():
            assert condition()
            self.remind()
            return SystemClock().steady() > end

        eventually(look, "the end", seconds + 10)


def test_it_burns_there_as_long_as_it_burns_here_and_people_are_told_twice(alertmanager, people):
    peer = alertmanager()
    world = Told(peer)
    assert isinstance(world.tell(rule="disk", severity="error"), Delivered)
    world.for_seconds(8, lambda: peer.burning() == {"disk": "error"})  # twice as long as it lasts
    world.tell(rule="disk", severity="error", seq=2, status="resolved")
    world.until(lambda: peer.burning() == {})
    world.until(lambda: ("disk", "resolved") in people.told)
    world.for_seconds(4, lambda: peer.burning() == {})
    assert people.told == [("disk", "firing"), ("disk", "resolved")]


def test_an_event_ends_by_itself(alertmanager, people):
    peer = alertmanager()
    world = Told(peer)
    world.tell(rule="event", burns=False)
    world.until(lambda: people.told == [("event", "firing"), ("event", "resolved")])
    assert peer.burning() == {}


def test_a_short_episode_that_came_late_is_told_all_the_same(alertmanager, people):
    world = Told(alertmanager())
    world.tell(rule="disk", first=rfc3339(SystemClock().wall() - 3600))
    world.tell(rule="disk", seq=2, status="resolved")
    world.until(lambda: people.told == [("disk", "firing"), ("disk", "resolved")])


def test_a_rise_of_severity_leaves_one_alert(alertmanager):
    peer = alertmanager()
    world = Told(peer)
    world.tell(rule="disk", severity="warning")
    world.tell(rule="disk", severity="critical", seq=2, status="updated")
    world.until(lambda: peer.burning() == {"disk": "critical"})
    world.for_seconds(5, lambda: peer.burning() == {"disk": "critical"})


def test_a_restart_of_either_changes_nothing(alertmanager):
    peer = alertmanager()
    world = Told(peer, event_lasts=8.0)
    world.tell(rule="disk")
    peer.kill()
    peer.start()
    world.until(lambda: peer.burning() == {"disk": "warning"})
    after = Told(peer, event_lasts=8.0)
    after.burning = world.burning
    after.for_seconds(10, lambda: peer.burning() == {"disk": "warning"})
    after.tell(rule="disk", seq=2, status="resolved")
    after.until(lambda: peer.burning() == {})


def test_a_peer_that_comes_back_hears_of_all(alertmanager):
    first, second = alertmanager(), alertmanager()
    world = Told(first, second, event_lasts=60.0)
    world.tell(rule="old")
    world.for_seconds(2, lambda: second.burning() == {"old": "warning"})
    second.kill()
    assert isinstance(world.tell(rule="new"), Delivered)
    world.tell(rule="old", seq=2, status="resolved")
    second.start()
    for peer in world.sink._peers:
        peer.rests_until = 0.0
    world.until(lambda: first.burning() == second.burning() == {"new": "warning"})


HOSTILE = [
    "\x1b[2J\x1b]0;title\x07",
    "line one\nline two\r\n",
    '"quotes" {{ .Labels }} \\ ',
    "\u202egnp.exe\u200b\ufeff",
    "\0" * 10,
    "€" * 100_000,
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_is_taken(alertmanager, text):
    peer = alertmanager()
    world = Told(peer)
    outcome = world.tell(
        rule=text,
        id="x",
        host=text,
        message=text,
        key={text[:40]: text, "1 ü": text},
        labels={"a-b.c": text, "": text},
    )
    assert isinstance(outcome, Delivered)
    assert len(peer.burning()) == 1


def test_what_the_real_one_refuses_is_rejected(alertmanager):
    peer = alertmanager()
    sink = Told(peer).sink
    outcome = sink._peers[0].post(b'[{"labels": {"a b": "c"}}]')
    assert isinstance(outcome, Rejected)
    assert "invalid" in outcome.reason


DAEMON = """\
sources: {{app: {{path: {folder}/app.log, start: beginning}}}}
rules: [{{name: disk, match: ERROR, when: 2 in 5s, clear: 0 in 12s, cooldown: 0}}]
sinks:
  prometheus:
    alertmanager: {{urls: ['{url}'], resend: 1s, event_lasts: 6s, shortest: 2s}}
"""


def test_the_daemon_keeps_it_burning_over_a_kill_and_ends_it(alertmanager, people, tmp_path):
    peer = alertmanager()
    config = DAEMON.format(folder=tmp_path, url=peer.url)
    log = tmp_path / "app.log"
    log.write_text("")
    with Running(tmp_path / "d", config) as daemon:
        daemon.ready()
        with log.open("a") as file:
            file.write("ERROR one\nERROR two\n")
        eventually(lambda: peer.burning() == {"disk": "warning"}, "told", 10)
        daemon.kill()
    with Running(tmp_path / "d", config) as daemon:
        daemon.ready()
        eventually(lambda: ("disk", "resolved") in people.told, "resolved", 40)
        daemon.stop()
    assert people.told == [("disk", "firing"), ("disk", "resolved")]
