"""Calls to a disk or server that do not come back: row 55 of docs/reliability.md.

The calls of the program itself are made to hang here. With the kernel's own waiting it is
tests/stress/test_dead_mounts.py.
"""

from __future__ import annotations

import json

import pytest
from doubles import oracle
from doubles.forked import Running, logwatch
from doubles.load import load
from doubles.process import PATIENT_STOP, alerts_in, environment, eventually
from doubles.receiver import Receiver

from logwatch.errors import Exit

CONFIG = """\
sources:
  here: {{path: '{folder}/here/*.log', start: beginning}}
  there: {{path: ['{folder}/there/*.log', '{folder}/here/link/written.log'], start: beginning}}
rules: [{{name: err, match: '^ERROR', cooldown: 0}}]
sinks: {{out: {{jsonl_file: {{path: {folder}/alerts.jsonl}}}}}}
"""
HANGING = """
import os
from threading import Event
from logwatch.daemon import following, liveness, places, slots, supervisor, unread
supervisor.TICK_SECONDS = places.CHECK_SECONDS = 0.05
supervisor.RESCAN_SECONDS = slots.PATIENCE_SECONDS = 0.2
liveness.STALL_SECONDS = 1.0
unread.PATIENCE_SECONDS["file-not-read"] = 0.5
place, flag, exists, pause = {place!r}, {flag!r}, os.path.exists, Event()
link = place.replace("there", "here/link")
def hanging(call):
    def called(path, *rest, **named):
        while str(path).startswith((place + "/", link + "/")) or str(path) == place:
            try:
                access(flag)
            except OSError:
                break
            pause.wait(0.01)
        return call(path, *rest, **named)
    return called
access = os.stat
for name in ("stat", "lstat", "readlink", "scandir", "statvfs", "open"):
    setattr(os, name, hanging(getattr(os, name)))
"""
WATCHED = {"WATCHDOG_USEC": "400000"}


class Place:
    """Two folders with logs; calls to one of them hang while it is dead."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("here", "there"):
            (folder / name).mkdir()
        (folder / "here" / "link").symlink_to(folder / "there")
        self.flag = folder / "dead"
        self.config = CONFIG.format(folder=folder)
        self.sabotage = PATIENT_STOP + HANGING.format(
            place=str(folder / "there"), flag=str(self.flag)
        )

    def write(self, name, *words):
        with (self.folder / name).open("a") as log:
            log.writelines(f"ERROR {word}\n" for word in words)

    def told(self, *words):
        def found():
            alerts = alerts_in(self.folder / "alerts.jsonl")
            texts = [each["lines"][0]["text"][6:] for each in alerts if each["rule"] == "err"]
            assert len(texts) == len(set(texts)), texts
            return set(words) <= set(texts)

        eventually(found, f"{words} told")

    def own(self, status):
        """What logwatch tells of files that it cannot read."""
        alerts = alerts_in(self.folder / "alerts.jsonl")
        return [
            each["message"]
            for each in alerts
            if each["rule"] == "logwatch.file-not-read" and each["status"] == status
        ]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def states(daemon):
    shown = logwatch("status", "-c", daemon.config, "-o", "json", env=environment())
    status = json.loads(shown.stdout)
    return {each["path"].rpartition("/")[2]: each["status"] for each in status["files"]}, status


def test_r55_a_place_that_does_not_answer_stops_nothing_else(place):
    """New files, rotations and polls go on elsewhere; it is said, told, and made good alone."""
    place.write("here/a.log", "a1")
    place.write("there/t.log", "t1")
    place.write("there/written.log", "w1")
    with Running(
        place.folder, place.config, sabotage=place.sabotage, variables=WATCHED
    ).ready() as daemon:
        place.told("a1", "t1", "w1")
        place.write("there/t.log", "t2")
        place.told("t2")  # it is busy now, so that it is polled
        place.flag.touch()
        daemon.says("daemon.place_not_answering")
        place.write("here/new.log", "n1")
        (place.folder / "here" / "a.log").rename(place.folder / "here" / "a.log.1")
        place.write("here/a.log", "a2")
        place.told("n1", "a2")
        found, status = states(daemon)
        assert (found["t.log"], found["a.log"]) == ("not answering", "following")
        assert any("does not answer" in each["text"] for each in status["troubles"])
        eventually(lambda: place.own("firing"), "it is told")
        assert "does not answer" in place.own("firing")[0]
        del daemon.heard()[:]
        eventually(lambda: daemon.heard().count("WATCHDOG=1") > 6, "fed for longer than a stall")
        assert "daemon.stalled" not in daemon.stderr
        place.write("there/t.log", "t3")
        place.write("there/written.log", "w2")
        place.flag.unlink()
        place.told("t3", "w2")
        eventually(lambda: place.own("resolved"), "it is over")
        eventually(lambda: "not answering" not in states(daemon)[0].values(), "all is well")
        place.flag.touch()
        daemon.says("daemon.place_not_answering", 2)
        daemon.stop()


def test_r55_a_place_that_is_dead_from_the_start_holds_up_no_start(place):
    """What is there is read from its beginning once it answers."""
    place.write("here/a.log", "a1")
    place.write("there/t.log", "t1")
    place.write("there/written.log", "w1")
    place.flag.touch()
    with Running(
        place.folder, place.config, sabotage=place.sabotage, variables=WATCHED
    ).ready() as daemon:
        place.told("a1")
        daemon.says("daemon.live")
        _, status = states(daemon)
        assert str(place.folder / "there") in status["unseen"]
        eventually(lambda: place.own("firing"), "it is told, though nobody knows what is there")
        place.flag.unlink()
        place.told("t1", "w1")
        eventually(lambda: place.own("resolved"), "it is over")
        daemon.stop()


def test_r55_a_single_run_leaves_out_what_does_not_answer_and_says_so(place):
    """Exit 70; the next run reads it."""
    place.write("here/a.log", "a1")
    place.write("there/written.log", "w1")
    place.flag.touch()
    with Running(place.folder, place.config, "--once", sabotage=place.sabotage) as daemon:
        assert daemon.exit_status() == Exit.SOFTWARE
        assert "not_answering=" in daemon.stderr
    place.told("a1")
    place.flag.unlink()
    with Running(place.folder, place.config, "--once", sabotage=place.sabotage) as daemon:
        assert daemon.exit_status() == 0
    place.told("a1", "w1")


def test_r44_everything_hangs_at_once_and_the_stop_is_in_time(place):
    """A sink, a place, and a search that would take for ever; what was found is committed."""
    (place.folder / "evil").mkdir()
    with (
        Receiver(lambda _number: "hang") as receiver,
        oracle.Writer(place.folder / "here" / "app.log") as writer,
    ):
        config = place.config.replace(
            "rules: [",
            f"rules: [{oracle.RULE}, {{name: evil, match: '(a+)+$'}}, ",
        ).replace("sources:\n", f"sources:\n  evil: {{path: {place.folder}/evil/*.log}}\n")
        config = config.replace(
            "sinks: {", f"sinks: {{web: {{webhook: {{url: '{receiver.url}'}}}}, "
        )
        place.write("there/t.log", "t1")
        place.write("there/written.log", "w1")
        with (
            load(writer),
            Running(place.folder, config, sabotage=place.sabotage).ready() as daemon,
        ):
            place.told("t1", "w1")
            place.write("there/t.log", "t2")
            place.flag.touch()
            daemon.says("daemon.place_not_answering")
            for number in range(3):
                (place.folder / "evil" / f"{number}.log").write_text(f"{'a' * 5_000}b\n" * 200)
            out = place.folder / "alerts.jsonl"
            eventually(lambda: len(alerts_in(out)) > 500 and receiver.requests, "a load")
            daemon.stop()
        before = len(alerts_in(out))
        place.flag.unlink()
        receiver.decide = lambda _number: "take"
        with Running(place.folder, config, sabotage=place.sabotage).ready() as daemon:
            place.told("t2")
            eventually(
                lambda: oracle.has_all(oracle.ours(alerts_in(out)), writer.written),
                "all are told",
            )
            daemon.stop()
        assert before > 500
        oracle.settle(oracle.ours(alerts_in(out)), writer.written)
