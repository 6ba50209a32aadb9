"""Records of several lines under the daemon's eyes: dribbled, killed in the middle, rotated."""

from __future__ import annotations

import pytest
from doubles.forked import Running
from doubles.process import alerts_in, eventually

TRACE = "ERROR {0}\nTraceback (most recent call last):\n  File 'x'\n    a()\nKeyError: {0}\n"
CONFIG = """\
sources:
  app:
    path: {0}/app.log
    start: beginning
    multiline: {{preset: python, timeout: {1}}}
rules:
  - {{name: err, match: '(?s)^ERROR (?P<n>\\d+)\\n.*KeyError: (?P<m>\\d+)$', cooldown: 0}}
  - {{name: part, match: '^(?:Traceback|  File|KeyError)', cooldown: 0}}
sinks: {{out: {{jsonl_file: {{path: {0}/alerts.jsonl}}}}}}
"""
IMPATIENT = """
from logwatch.daemon import supervisor
supervisor.TICK_SECONDS, supervisor.RESCAN_SECONDS = 0.1, 0.3
"""


class Scene:
    """A log, and the daemons that follow it one after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.timeout = "300ms"
        self.log = folder / "app.log"
        self.log.write_bytes(b"INFO begin\n")

    def daemon(self):
        return Running(self.folder, CONFIG.format(self.folder, self.timeout), sabotage=IMPATIENT)

    def append(self, text):
        with self.log.open("a") as file:
            file.write(text)

    def told(self):
        """Each once: what was under way at a kill may be delivered again under its name."""
        alerts = alerts_in(self.folder / "alerts.jsonl", torn=True)
        return [
            (one["rule"], one["fields"].get("n"), one["fields"].get("m"))
            for one in {(each["id"], each["seq"]): each for each in alerts}.values()
        ]

    def until_told(self, *numbers):
        wanted = [("err", str(number), str(number)) for number in numbers]
        eventually(lambda: self.told() == wanted, lambda: f"{wanted} and not {self.told()}")


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_fault_40_a_trace_that_is_dribbled_is_told_once(scene):
    """It is complete when nothing follows it, or when a line does."""
    with scene.daemon() as daemon:
        daemon.ready()
        for line in TRACE.format(1).splitlines(keepends=True):
            scene.append(line)
        scene.until_told(1)
        scene.append(TRACE.format(2) + "INFO end\n")
        scene.until_told(1, 2)
        daemon.stop()


def test_fault_40_killed_within_a_record_it_is_told_once_and_whole(scene):
    """After each of its lines, kill -9 and a start."""
    scene.timeout = "5s"
    lines = TRACE.format(1).splitlines(keepends=True)
    for number, line in enumerate(lines):
        with scene.daemon() as daemon:
            daemon.ready()
            scene.append(line)
            if number == len(lines) - 1:
                scene.append("INFO end\n")
                scene.until_told(1)
            daemon.kill()
    scene.timeout = "300ms"
    with scene.daemon() as daemon:
        daemon.ready()
        scene.append(TRACE.format(2))
        scene.until_told(1, 2)
        daemon.stop()


@pytest.mark.parametrize("by_copy", [False, True])
def test_fault_41_a_record_in_two_files_is_told_once_and_whole(scene, by_copy):
    """The rest of it is at the beginning of the next file."""
    lines = TRACE.format(1).splitlines(keepends=True)
    scene.append("INFO\n" * 300)
    with scene.daemon() as daemon:
        daemon.ready()
        scene.append("".join(lines[:2]))
        old = scene.log.with_suffix(".log.1")
        if by_copy:
            old.write_bytes(scene.log.read_bytes())
            scene.log.write_bytes(b"")
            scene.append("".join(lines[2:]))
        else:
            scene.log.rename(old)
            scene.log.write_text("".join(lines[2:]))
        scene.until_told(1)
        scene.append("INFO\n" + TRACE.format(2))
        scene.until_told(1, 2)
        daemon.stop()
    with scene.daemon() as daemon:
        daemon.ready()
        scene.append(TRACE.format(3))
        scene.until_told(1, 2, 3)
        daemon.stop()
