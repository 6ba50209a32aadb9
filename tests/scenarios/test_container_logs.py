"""Logs of containers under the daemon's eyes: pieces, rotations, kills, replays."""

from __future__ import annotations

import json

import pytest
from doubles.forked import Running, logwatch
from doubles.process import alerts_in, environment, eventually

IDENTITY = "0123456789ab" + "c" * 52
CONFIG = """\
sources: {{pods: {{path: '{0}/*/*.log', format: {1}, start: beginning{2}}}}}
rules:
  - {{name: err, match: '^ERROR (?P<n>\\d+)(?s:.)*end$', cooldown: 0}}
  - name: grave
    where: {{container: web, stream: stderr}}
    match: FATAL
    context: 1
    cooldown: 0
sinks: {{out: {{jsonl_file: {{path: {3}/alerts.jsonl}}}}}}
"""


def line(text: str, *, ends: bool = True, stream: str = "stdout") -> str:
    found = {"log": text + "\n" * ends, "stream": stream, "time": "2026-01-05T01:00:00.5Z"}
    return json.dumps(found, separators=(",", ":")) + "\n"


class Scene:
    """A container of Docker's, its log, and the daemons that follow it."""

    def __init__(self, folder, form="docker", more="") -> None:
        self.folder = folder
        self.box = folder / "containers" / IDENTITY
        self.box.mkdir(parents=True)
        (self.box / "config.v2.json").write_text('{"Name":"/web","Config":{"Image":"shop:3"}}')
        self.log = self.box / f"{IDENTITY}-json.log"
        self.log.touch()
        self.config = CONFIG.format(folder / "containers", form, more, folder)
        self.written = 0

    def daemon(self) -> Running:
        return Running(self.folder, self.config)

    def append(self, text: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(text)

    def error(self, *, pieces: int = 1) -> None:
        self.written += 1
        text = f"ERROR {self.written} " + "x" * 40 * pieces + " end"
        size = -(-len(text) // pieces)
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        for number, part in enumerate(parts, 1):
            self.append(line(part, ends=number == len(parts)))

    def alerts(self, rule="err"):
        """Each once: what was under way at a kill may be delivered again under its name."""
        found = alerts_in(self.folder / "alerts.jsonl", torn=True)
        alerts = {(each["id"], each["seq"]): each for each in found}
        return [each for each in alerts.values() if each["rule"] == rule]

    def until_all(self):
        wanted = [str(number) for number in range(1, self.written + 1)]
        eventually(lambda: [each["fields"]["n"] for each in self.alerts()] == wanted, "all")


@pytest.fixture
def scene(tmp_path) -> Scene:
    return Scene(tmp_path)


def test_lines_of_the_program_are_matched_over_kills_and_rotations(scene):
    """A line of many pieces is one, also where a kill or a rotation falls into it."""
    scene.error()
    with scene.daemon() as daemon:
        scene.until_all()
        scene.append(line("ERROR 2 half of it, ", ends=False))
        scene.error(pieces=3)  # its first piece goes on the line above
        scene.written = 2
        scene.until_all()
        daemon.kill()
    scene.error(pieces=4)
    with scene.daemon() as daemon:
        scene.until_all()
        scene.log.rename(f"{scene.log}.1")
        scene.error(pieces=2)
        scene.until_all()
        daemon.stop()
    first = scene.alerts()[0]
    assert first["first"] == "2026-01-05T01:00:00.500Z"
    assert (
        first["fields"].items()
        >= {
            "container": "web",
            "image": "shop:3",
            "container_id": "0123456789ab",
            "stream": "stdout",
        }.items()
    )
    assert first["lines"][0]["text"].startswith("ERROR 1 xxx")


def test_conditions_and_context_are_those_of_the_program(scene):
    """Lines around an alert are quoted as it wrote them, at their place in the log."""
    scene.append(line("before"))
    scene.append(line("FATAL no", stream="stdout"))
    scene.append(line("before", stream="stderr"))
    place = scene.log.stat().st_size
    scene.append(line("FATAL yes", stream="stderr"))
    scene.append(line("after"))
    with scene.daemon():
        eventually(lambda: scene.alerts("grave"), "an alert")
    (alert,) = scene.alerts("grave")
    assert alert["lines"][0]["text"] == "FATAL yes"
    assert alert["lines"][0]["offset"] == place
    context = alert["context"]
    assert [[each["text"] for each in context[way]] for way in ("before", "after")] == [
        ["before"],
        ["after"],
    ]


def test_traces_and_fields_of_the_program_are_read_as_in_its_own_file(tmp_path):
    """With `multiline`, and with the format inside."""
    scene = Scene(tmp_path / "a", more=", multiline: python")
    for text in ("ERROR 1", "Traceback (most recent call last):", "  File 'x'", "KeyError: end"):
        scene.append(line(text))
    scene.append(line("fine"))
    scene.written = 1
    with scene.daemon():
        scene.until_all()
    assert scene.alerts()[0]["lines"][0]["text"].count("\n") == 3
    other = Scene(tmp_path / "b", form="docker+json")
    other.append(line('{"msg":"FATAL","shop":"7"}', stream="stderr"))
    with other.daemon():
        eventually(lambda: other.alerts("grave"), "an alert")
    fields = other.alerts("grave")[0]["fields"]
    assert fields.items() >= {"shop": "7", "container": "web"}.items()


def test_a_replay_sees_what_the_daemon_saw(scene):
    """Lines of the program and not of the log."""
    scene.error(pieces=3)
    scene.error()
    with scene.daemon() as daemon:
        scene.until_all()
        daemon.stop()
        done = logwatch(
            *("replay", scene.log, "-c", daemon.config, "-o", "json"), text=True, env=environment()
        )
    found = json.loads(done.stdout)
    assert (found["rules"][0]["fired"], found["first"]) == (2, "2026-01-05T01:00:00.500Z")


def test_logs_of_the_kubelet_tell_pod_and_container(tmp_path):
    """By their path."""
    folder = tmp_path / "pods" / "shop_web-1_uid" / "app"
    folder.mkdir(parents=True)
    text = "2026-01-05T01:00:00.000000001Z stderr "
    (folder / "0.log").write_text(f"{text}P ERROR 1 half\n{text}F , end\n", encoding="utf-8")
    config = CONFIG.format(tmp_path / "pods" / "shop_web-1_uid", "cri", "", tmp_path)
    with Running(tmp_path, config):
        eventually(lambda: alerts_in(tmp_path / "alerts.jsonl"), "an alert")
    (alert,) = alerts_in(tmp_path / "alerts.jsonl")
    assert alert["message"] == "ERROR 1 half, end"
    assert (
        alert["fields"].items()
        >= {
            "namespace": "shop",
            "pod": "web-1",
            "container": "app",
            "stream": "stderr",
        }.items()
    )
