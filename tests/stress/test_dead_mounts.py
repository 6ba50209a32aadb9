"""A mount whose server is gone, for real: the kernel waits, and everybody else is served."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from doubles.fuse import Mounted
from doubles.process import Running, alerts_in, environment, eventually

CONFIG = """\
sources:
  here: {{path: '{folder}/here/*.log', start: beginning}}
  there:
    path: ['{folder}/there/*.log', '{folder}/here/link/written-out.log']
    start: beginning
rules: [{{name: err, match: ERROR, cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""
LOGS = {"app.log": b"ERROR t1\n", "written-out.log": b"ERROR w1\n"}
WATCHED = {"WATCHDOG_USEC": "500000"}
SOONER = "from logwatch.daemon import liveness\nliveness.STALL_SECONDS = 6.0"


@pytest.fixture
def place(tmp_path):
    """Folders `here` and `there`; the latter is what dies, and `here/link` leads there."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there")
    return tmp_path


class Story:
    """One daemon that reads here and there."""

    def __init__(self, folder, daemon):
        self.folder, self.daemon = folder, daemon

    def write(self, name, *words):
        with (self.folder / "here" / name).open("a") as log:
            log.writelines(f"ERROR {word}\n" for word in words)

    def told(self, *words, within=20.0):
        def found():
            texts = [
                each["lines"][0]["text"][6:] for each in alerts_in(self.folder / "alerts.jsonl")
            ]
            assert len(texts) == len(set(texts)), texts
            return set(words) <= set(texts)

        eventually(found, f"{words} told", within)

    def status(self):
        command = [sys.executable, "-m", "logwatch", "status", "-c", str(self.daemon.config)]
        shown = subprocess.run(
            [*command, "-o", "json"], capture_output=True, env=environment(), check=False
        )
        return json.loads(shown.stdout)


@pytest.mark.stress
def test_r55_a_mount_that_dies_stops_nothing_else_and_comes_back(place):
    """New files, rotations and polls elsewhere go on; no restart; what it holds is read later."""
    config = CONFIG.format(folder=place)
    with (
        Mounted(place / "there", dict(LOGS)) as mount,
        Running(place, config, sabotage=SOONER, variables=WATCHED) as daemon,
    ):
        daemon.ready()
        story = Story(place, daemon)
        story.write("a.log", "a1")
        story.told("a1", "t1", "w1")
        mount.hang()
        daemon.says(f"place={place}/there", seconds=30)
        assert mount.is_asked()
        story.write("a.log", "a2")
        story.write("new.log", "n1")
        (place / "here" / "a.log").rename(place / "here" / "a.log.1")
        story.write("a.log", "a3")
        story.told("a2", "n1", "a3")
        states = {each["path"]: each["status"] for each in story.status()["files"]}
        assert states[f"{place}/there/app.log"] == "not answering"
        assert states[f"{place}/here/a.log"] == "following"
        del daemon.heard()[:]
        eventually(lambda: daemon.heard().count("WATCHDOG=1") > 8, "fed on and on", 20)
        assert daemon.stderr.count("daemon.place_not_answering") == 1
        assert "daemon.stalled" not in daemon.stderr
        mount.append("app.log", b"ERROR t2\n")
        mount.append("written-out.log", b"ERROR w2\n")
        mount.recover()
        story.told("t2", "w2")
        daemon.says("daemon.place_answers")
        eventually(lambda: "not answering" not in str(story.status()["files"]), "all is well")
        mount.hang()
        daemon.says("daemon.place_not_answering", 2, seconds=30)
        assert daemon.stop() < 4


@pytest.mark.stress
def test_r55_a_mount_that_is_dead_from_the_start_holds_up_no_start(place):
    """Ready after some seconds; what is there is read from its start when it answers."""
    config = CONFIG.format(folder=place)
    with Mounted(place / "there", dict(LOGS)) as mount:
        mount.hang()
        with Running(place, config, sabotage=SOONER, variables=WATCHED).ready(seconds=30) as daemon:
            story = Story(place, daemon)
            story.write("a.log", "a1")
            story.told("a1")
            daemon.says("daemon.live", seconds=10)
            assert story.status()["unseen"]
            mount.recover()
            story.told("t1", "w1")
            assert daemon.stop() < 4
