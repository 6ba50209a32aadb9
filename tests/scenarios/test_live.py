"""The daemon on files that live: written, rotated, cut, removed, made anew, under its eyes.

Each story runs with events and with polling alone: events only make it fast.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from time import perf_counter
from typing import Self

import pytest
from doubles import oracle
from doubles.forked import Running
from doubles.process import alerts_in, eventually

CONFIG = f"""\
sources: {{{{app: {{{{path: {{paths}}, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""

IMPATIENT = """
from logwatch.daemon import supervisor
supervisor.TICK_SECONDS, supervisor.RESCAN_SECONDS = 0.1, 0.3
"""
"""Polls ten times as often as the daemon does, so that the stories take a tenth of the time."""


class Scene:
    """One daemon on one log, and the alerts that it wrote."""

    def __init__(self, folder: Path, waking: str, paths: str = "") -> None:
        self.folder = folder
        self.log = folder / "app.log"
        self.out = folder / "alerts.jsonl"
        self.polls = waking == "poll"
        self.rounds = 1 if self.polls else 3
        config = CONFIG.format(paths=paths or self.log, folder=folder)
        self.daemon = Running(
            folder, config, "--waking", waking, sabotage=IMPATIENT if self.polls else ""
        )

    def __enter__(self) -> Self:
        self.daemon.ready()
        return self

    def __exit__(self, *exception) -> None:
        try:
            if exception[0] is None:
                self.daemon.stop()
        finally:
            self.daemon.__exit__(*exception)

    def alerts(self):
        return alerts_in(self.out)

    def heard(self, *writers: oracle.Writer, seconds: float = 60.0) -> float:
        """Wait until every line so far was told; seconds that this took."""
        began = perf_counter()
        written = [each for writer in writers for each in writer.written]
        eventually(lambda: oracle.has_all(self.alerts(), written), "every line told", seconds)
        return perf_counter() - began

    def texts(self, count: int) -> list[str]:
        """The quoted lines, once there are so many alerts."""
        eventually(lambda: len(self.alerts()) >= count, f"{count} alerts")
        return [alert["lines"][0]["text"] for alert in self.alerts()]


@pytest.fixture(params=["auto", "poll"])
def waking(request) -> str:
    return request.param


def test_a_line_is_told_within_a_second(tmp_path, waking):
    """From the write to the line in the sink's file, daemon and file idle."""
    with oracle.Writer(tmp_path / "app.log") as writer, Scene(tmp_path, waking) as scene:
        took = []
        for _ in range(scene.rounds):
            writer.write()
            took.append(scene.heard(writer))
        assert min(took) < (5.0 if scene.polls else 1.0)
    oracle.settle(scene.alerts(), writer.written)


def test_late_writes_into_a_renamed_log_are_told(tmp_path, waking):
    """Rename and create: the old file to its end, though its writer goes on after the rename."""
    with oracle.Writer(tmp_path / "app.log") as writer, Scene(tmp_path, waking) as scene:
        for number in range(4):
            writer.write(200)
            if number % 2:
                scene.heard(writer)
            writer.rename(tmp_path / f"app.log.{number}")
            writer.write(200)
            if number % 2:
                scene.heard(writer)
            writer.begin_anew()
            writer.write(100)
        scene.heard(writer)
    assert oracle.settle(scene.alerts(), writer.written).alerts == 2_000


def test_late_writes_beside_a_new_log_are_told(tmp_path, waking):
    """The old file and the new one are written at once, by a writer that is slow to reopen."""
    with oracle.Writer(tmp_path / "app.log") as slow, Scene(tmp_path, waking) as scene:
        slow.write(50)
        (tmp_path / "old").mkdir()
        slow.rename(tmp_path / "old" / "app.log")
        with oracle.Writer(tmp_path / "app.log") as quick:
            quick.generation = 1
            for _ in range(scene.rounds):
                quick.write(10)
                slow.write(10)
                scene.heard(slow, quick)
    oracle.settle(scene.alerts(), slow.written + quick.written)


def test_a_log_that_is_copied_and_truncated_while_quiet_is_told_once(tmp_path, waking):
    """Copytruncate with a writer that pauses: nothing is lost, and the copy is not told again."""
    with oracle.Writer(tmp_path / "app.log") as writer, Scene(tmp_path, waking) as scene:
        for number in range(scene.rounds):
            writer.write(300)
            scene.heard(writer)
            shutil.copy(tmp_path / "app.log", tmp_path / f"app.log.{number}")
            writer.truncate()
            writer.write(20)
            scene.heard(writer)
    assert oracle.settle(scene.alerts(), writer.written).alerts == 320 * scene.rounds


def test_a_log_that_comes_late_is_read_from_its_beginning(tmp_path, waking):
    """Neither the file nor its folders are there at the start; `start: end` changes nothing."""
    log = tmp_path / "srv" / "shop" / "app.log"
    config = CONFIG.format(paths=log, folder=tmp_path).replace("start: beginning", "start: end")
    with Running(tmp_path, config, "--waking", waking).ready() as daemon:
        log.parent.mkdir(parents=True)
        with oracle.Writer(log) as writer:
            writer.write(5)
            out = tmp_path / "alerts.jsonl"
            eventually(lambda: oracle.has_all(alerts_in(out), writer.written), "every line told")
        daemon.stop()
    oracle.settle(alerts_in(out), writer.written)


def test_a_new_member_of_a_glob_is_read_from_its_beginning(tmp_path, waking):
    """Files that come while the daemon runs, in a folder that it knows."""
    (tmp_path / "logs").mkdir()
    with Scene(tmp_path, waking, paths=f"'{tmp_path}/logs/*.log'") as scene:
        writers = []
        for number in range(scene.rounds):
            with oracle.Writer(tmp_path / "logs" / f"{number}.log") as writer:
                writer.generation = number
                writer.write(10)
                writers.append(writer)
                scene.heard(*writers)
    oracle.settle(scene.alerts(), [one for each in writers for one in each.written])


def test_a_partial_line_is_told_once_it_is_whole(tmp_path, waking):
    """What has no newline yet waits; it is told whole, never in halves."""
    with (tmp_path / "app.log").open("wb", buffering=0) as log, Scene(tmp_path, waking) as scene:
        whole, half = (oracle.line(0, number).encode() for number in (0, 1))
        log.write(whole + b"\n" + half[:9])
        assert scene.texts(1) == [whole.decode()]
        log.write(half[9:20])
        log.write(half[20:])
        log.write(b"\n" + oracle.line(0, 2).encode() + b"\n")
        assert scene.texts(3) == [oracle.line(0, number) for number in range(3)]
        assert scene.alerts()[1]["lines"][0]["offset"] == len(whole) + 1


def test_awkward_bytes_are_told_as_they_are(tmp_path, waking):
    """CRLF, bytes that are no UTF-8, and a line that is longer than any line may be."""
    first, second, third = (oracle.line(0, number).encode() for number in range(3))
    long = oracle.line(0, 3).encode() + b" " + b"z" * 300_000
    with (tmp_path / "app.log").open("wb", buffering=0) as log, Scene(tmp_path, waking) as scene:
        log.write(first + b"\r\n")
        log.write(second + b" \xff\xe9\xc3\xa9 \x00 end\n")
        log.write(long + b"\n")
        log.write(third + b"\n")
        texts = scene.texts(4)
        assert texts[0] == first.decode()
        assert texts[1] == second.decode() + " \\xff\\xe9é \0 end"
        assert texts[2].startswith(oracle.line(0, 3) + " zzz")
        assert texts[3] == third.decode()
        offsets = [alert["lines"][0]["offset"] for alert in scene.alerts()]
        after = len(first) + 2 + len(second) + 11 + 1
        assert offsets[1:] == [len(first) + 2, after, after + len(long) + 1]


def test_a_log_that_is_removed_and_made_anew_is_told_whole(tmp_path, waking):
    """The new file may get the old one's inode; its first lines are told all the same."""
    with Scene(tmp_path, waking) as scene:
        writers = []
        for number in range(2 * scene.rounds):
            with oracle.Writer(tmp_path / "app.log") as writer:
                writer.generation = number
                writer.write(10)
                writers.append(writer)
                scene.heard(*writers)
            (tmp_path / "app.log").unlink()
    oracle.settle(scene.alerts(), [one for each in writers for one in each.written])


def test_a_folder_that_is_removed_and_made_anew_is_followed_on(tmp_path, waking):
    """With its file in it, as a redeployment does; three times."""
    log = tmp_path / "srv" / "app.log"
    log.parent.mkdir()
    with Scene(tmp_path, waking, paths=str(log)) as scene:
        writers = []
        for number in range(scene.rounds):
            log.parent.mkdir(exist_ok=True)
            with oracle.Writer(log) as writer:
                writer.generation = number
                writer.write(10)
                writers.append(writer)
                scene.heard(*writers)
            shutil.rmtree(log.parent)
    oracle.settle(scene.alerts(), [one for each in writers for one in each.written])


def test_what_is_written_right_after_ready_is_told(tmp_path):
    """`start: end` means the end as it was when the daemon said that it is ready, or before."""
    (tmp_path / "logs").mkdir()
    writers = []
    for number in range(100):
        writers.append(oracle.Writer(tmp_path / "logs" / f"{number}.log"))
        writers[-1].generation = number
        (tmp_path / "logs" / f"{number}.log").write_text("ERROR gen=0 seq=0 crc= old\n" * 10)
    paths = f"'{tmp_path}/logs/*.log'"
    config = CONFIG.format(paths=paths, folder=tmp_path).replace("start: beginning", "start: end")
    out = tmp_path / "alerts.jsonl"
    with Running(tmp_path, config).ready() as daemon:
        for writer in reversed(writers):
            with writer:
                writer.write()
        written = [one for each in writers for one in each.written]
        eventually(lambda: len(alerts_in(out)) >= len(written), "every line told")
        daemon.stop()
    oracle.settle(alerts_in(out), written)
