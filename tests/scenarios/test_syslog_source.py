"""Syslog over the network to the real program: loads, stops, reloads."""

from __future__ import annotations

import re
import signal
import socket

import pytest
from doubles.forked import Running
from doubles.process import alerts_in, eventually

CONFIG = """\
sources: {{net: {{syslog: {{udp: '127.0.0.1:0', tcp: '127.0.0.1:0', unix: {0}/log}}}}}}
rules:
  - {{name: numbered, match: 'number=(?P<n>\\d+)$', cooldown: 0}}
  - {{name: grave, where: {{severity: crit, peer: 127.0.0.1, program: db}}, cooldown: 0}}
sinks: {{out: {{jsonl_file: {{path: {0}/alerts.jsonl}}}}}}
"""


class Scene:
    """A daemon, and somebody who sends to it."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.daemon = Running(folder, CONFIG.format(folder))
        self.sent = 0

    def __enter__(self):
        said = self.daemon.says("udp 127.0.0.1:")
        self.daemon.ready()
        udp, tcp = re.findall(r"127\.0\.0\.1:(\d+)", said[said.index("udp 127.0.0.1:") :])[:2]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.connect(("127.0.0.1", int(udp)))
        self.tcp = socket.create_connection(("127.0.0.1", int(tcp)))
        return self

    def __exit__(self, *exception):
        self.udp.close()
        self.tcp.close()
        self.daemon.__exit__(*exception)

    def message(self) -> bytes:
        self.sent += 1
        return b"<34>Jan  5 01:00:00 web1 app[7]: number=%d" % self.sent

    def numbers(self):
        """Each once: what was under way at a kill may be delivered again under its name."""
        found = alerts_in(self.folder / "alerts.jsonl", torn=True)
        alerts = {(each["id"], each["seq"]): each for each in found}
        return [int(one["fields"]["n"]) for one in alerts.values() if one["rule"] == "numbered"]

    def until_all(self):
        wanted = [*range(1, self.sent + 1)]
        eventually(lambda: sorted(self.numbers()) == wanted, lambda: f"not all: {self.numbers()}")


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path) as made:
        yield made


def test_each_transport_brings_its_messages(scene):
    """With the fields of syslog, and the sender's address."""
    scene.udp.send(scene.message())
    message = scene.message()
    scene.tcp.sendall(b"%d %s" % (len(message), message) + scene.message() + b"\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.sendto(scene.message(), str(scene.folder / "log"))
    scene.until_all()
    scene.udp.send(b"<34>1 2026-01-05T01:00:00Z db1 db 7 - - disk gone")
    eventually(lambda: len(alerts_in(scene.folder / "alerts.jsonl")) == 5, "the fifth alert")
    alert = alerts_in(scene.folder / "alerts.jsonl")[-1]
    assert (alert["rule"], alert["source"], alert["path"]) == ("grave", "net", "syslog:net")
    assert alert["fields"].items() >= {"host": "db1", "peer": "127.0.0.1", "pid": "7"}.items()


def test_what_came_before_the_end_is_committed(scene):
    """At SIGTERM the sockets are read to their end."""
    for _ in range(200):
        scene.udp.send(scene.message())
        scene.tcp.sendall(scene.message() + b"\n")
    scene.daemon.stop()
    assert sorted(scene.numbers()) == [*range(1, 401)]


def test_a_reload_turns_nobody_away(scene):
    """The connection stays, and so does half a message."""
    first = scene.message()
    scene.tcp.sendall(first[:20])
    for times in range(2, 5):
        config = scene.daemon.config.read_text("utf-8")
        scene.daemon.config.write_text(f"{config}\n# {times}\n", encoding="utf-8")
        scene.daemon.signal(signal.SIGHUP)
        for _ in range(20):
            scene.udp.send(scene.message())
        scene.daemon.ready(times)
    scene.tcp.sendall(first[20:] + b"\n" + scene.message() + b"\n")
    scene.until_all()


def test_what_was_told_is_not_told_again_after_a_kill(tmp_path):
    """And new messages have new ids, though nothing could be read again."""
    with Scene(tmp_path) as scene:
        scene.udp.send(scene.message())
        scene.until_all()
        scene.daemon.kill()
    with Scene(tmp_path) as other:
        other.sent = 1
        other.udp.send(other.message())
        other.until_all()
    alerts = alerts_in(tmp_path / "alerts.jsonl", torn=True)
    assert len({each["id"] for each in alerts}) == 2
