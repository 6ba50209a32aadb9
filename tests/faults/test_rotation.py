"""Rotation and identity: rows 1 to 17 of docs/reliability.md, against the real program.

Each story runs with events and with polling alone.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from signal import SIGKILL
from threading import Event, Thread

import pytest
from doubles import oracle
from doubles.forked import Running, run_once
from doubles.process import alerts_in, ended, eventually

CONFIG = f"""\
sources: {{{{app: {{{{path: {{folder}}/app.log, start: beginning}}}}}}}}
rules: [{oracle.RULE.replace("{", "{{").replace("}", "}}")}]
sinks: {{{{out: {{{{jsonl_file: {{{{path: {{folder}}/alerts.jsonl}}}}}}}}}}}}
"""


class Runs:
    """One log, looked at by single runs; between them nobody looks."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.log = folder / "app.log"
        self.config = CONFIG.format(folder=folder)

    def run(self) -> list[dict]:
        """All alerts so far, after one more run."""
        done = run_once(self.folder, self.config)
        assert done.returncode == 0, done.stderr
        return alerts_in(self.folder / "alerts.jsonl")

    def losses(self) -> list[dict]:
        alerts = alerts_in(self.folder / "alerts.jsonl")
        return [each for each in alerts if each["rule"] == "logwatch.source-lost"]


@pytest.fixture
def runs(tmp_path) -> Runs:
    return Runs(tmp_path)


def test_r1_twenty_renames_under_load_with_a_writer_that_reopens_late(stage):
    place = stage.place()
    with place.writer(noise=9) as writer:
        writer.write(10)
        place.heard(writer)
        for number in range(20):
            writer.write(40)
            writer.rename(place.beside(f".{number}"))
            writer.write(40)
            writer.begin_anew()
        assert place.settle(writer).alerts == 1_610


def test_r2_late_writes_into_a_file_that_was_moved_away_until_it_is_quiet(stage):
    """Another directory tells nothing of them; only when it is quiet is the file let go."""
    place = stage.place()
    (place.folder / "olddir").mkdir()
    with place.writer() as slow:
        slow.write(20)
        place.heard(slow)
        slow.rename(place.folder / "olddir" / "app.log")
        with place.writer(generation=1) as quick:
            for _ in range(3):
                quick.write(5)
                slow.write(5)
                place.heard(slow, quick)
            place.said("tailer.generation_closed")
            place.settle(slow, quick)


def test_r3_copytruncate_under_load_loses_only_what_no_file_has(stage):
    """What was written between the end of a copy and the cut is in neither: nobody can read it."""
    place, stop = stage.place(), Event()
    shown: set[tuple[int, int]] = set()

    def write(writer: oracle.Writer) -> None:
        while not stop.wait(0.004):
            writer.write(5)

    with place.writer(noise=0) as writer:
        writer.write(50)
        place.heard(writer)
        thread = Thread(target=write, args=(writer,), daemon=True)
        thread.start()
        try:
            for number in range(6):
                begun = len(writer.written)
                eventually(lambda first=begun: len(writer.written) > first + 200, "some load")
                eventually(lambda first=begun: place.has(writer.written[first + 9]), "read on")
                shutil.copyfile(place.log, place.beside(f".{number}"))
                os.truncate(place.log, 0)
        finally:
            stop.set()
            ended(thread)
        writer.write(50)
        shown = set().union(*(whole_lines(each) for each in place.folder.iterdir()))
        eventually(lambda: shown <= set(oracle.told(place.alerts())), "every line that is left")
    told = set(oracle.told(place.alerts()))
    oracle.settle(place.alerts(), [each for each in writer.written if each in told])
    assert len(shown) >= 1_000
    assert len(place.said("tailer.file_truncated", 6)) == 6
    missing = len(writer.written) - len(told)
    print(f"{missing} of {len(writer.written)} lines are in no file")


def whole_lines(path) -> set[tuple[int, int]]:
    """Which lines of the oracle a file has, whole."""
    lines = path.read_text(encoding="ascii").splitlines()
    ours = [each for each in lines if re.fullmatch(r"ERROR gen=\d+ seq=\d+ crc=\w+ x*", each)]
    found = [re.findall(r"=(\d+)", each) for each in ours if oracle.is_whole(each)]
    return {(int(each[0]), int(each[1])) for each in found}


def test_r4_cut_and_grown_past_the_position_between_two_looks(stage):
    """With the same header, so that neither size nor beginning tells."""
    place = stage.place()
    header = "# the same header, longer than the kilobyte that is hashed " + "=" * 2_000 + "\n"
    with place.writer(noise=0) as writer:
        os.write(writer._file, header.encode())
        writer.write(20)
        place.heard(writer)
        with stage.looking_away():
            writer.truncate()
            os.write(writer._file, header.encode())
            writer.write(60)
        place.settle(writer)
    place.said("tailer.file_truncated")


@pytest.mark.parametrize("cut", ["nothing", "fifty bytes", "nine tenths"])
def test_r5_cut_to_less_and_written_on(stage, cut):
    """What is proven to be as it was is not told again; in doubt all is, and flagged `reread`."""
    place = stage.place()
    with place.writer(noise=0) as writer:
        for _ in range(8):
            writer.write(50)
            place.heard(writer)
        size = place.log.stat().st_size
        left = {"nothing": 0, "fifty bytes": 50, "nine tenths": size * 9 // 10}[cut]
        os.truncate(place.log, left)
        place.said("tailer.file_truncated")
        os.write(writer._file, b"\n" * bool(left))
        writer.generation, writer._number = 1, 0
        writer.write(30)
        place.heard(writer)
    whole = [each for each in place.alerts() if oracle.is_whole(each["lines"][0]["text"])]
    assert len(place.alerts()) - len(whole) <= 1, "more than the line that was cut apart"
    seen: set[tuple[int, int]] = set()
    again = [one for one in whole if (key := oracle.told([one])[0]) in seen or seen.add(key)]
    assert all(each.get("reread") for each in again)
    assert len(again) <= 60
    oracle.settle([each for each in whole if each not in again], writer.written)
    assert not place.losses()


def test_r5_a_kill_right_after_the_reset_neither_repeats_nor_skips(runs):
    """The decision that a file begins anew is committed before its first line is."""
    with oracle.Writer(runs.log) as writer:
        writer.write(100)
        runs.run()
        writer.truncate()
        writer.write(10)
        sabotage = """
import os, signal
from logwatch.store.writer import Store
commit = Store.commit
def dies(store, transaction, *, now):
    commit(store, transaction, now=now)
    if transaction.checkpoints:
        os.kill(os.getpid(), signal.SIGKILL)
Store.commit = dies
"""
        ends = [-SIGKILL]
        while ends[-1]:
            with Running(runs.folder, runs.config, "--once", sabotage=sabotage) as daemon:
                ends.append(daemon.exit_status())
        assert ends[1:-1], "it was never killed"
        assert {*ends[:-1]} == {-SIGKILL}
        writer.write(50)
        alerts = runs.run()
    oracle.settle(oracle.ours(alerts), writer.written, repetitions=True)


def test_r6_deleted_and_made_anew_again_and_again(stage):
    """Each is a new file, also where it begins with the same lines as the one before."""
    place, writers = stage.place(), []
    for number in range(12):
        with place.writer(generation=number, noise=number // 2 % 2) as writer:
            writer.write(3)
            writers.append(writer)
            place.heard(*writers)
        place.log.unlink()
    place.settle(*writers)


def test_r6_an_inode_that_was_used_again_while_nobody_looked(runs):
    """The stored position belongs to a file that is no more: the new one is read from its start."""
    with oracle.Writer(runs.log) as old:
        old.write(20)
        runs.run()
    inode = runs.log.stat().st_ino
    runs.log.unlink()
    for number in range(200):  # until the inode is used again, where the file system does that
        runs.log.touch()
        if runs.log.stat().st_ino == inode:
            break
        runs.log.rename(runs.folder / f"other-{number}")
    with oracle.Writer(runs.log) as fresh:
        fresh.generation = 1
        fresh.write(20)
        oracle.settle(oracle.ours(runs.run()), old.written + fresh.written)


def test_r7_rotated_four_times_while_nobody_looked(runs):
    """The rest of the known file first, then those that nobody saw, from old to young."""
    with oracle.Writer(runs.log) as writer:
        writer.write(10)
        runs.run()
        for _ in range(4):
            writer.write(10)
            writer.shift()
            writer.write(2)
            writer.begin_anew()
        writer.write(10)
        alerts = oracle.ours(runs.run())
    oracle.settle(alerts, writer.written)
    assert oracle.told(alerts) == writer.written
    assert not runs.losses()


def test_r7_compressed_while_nobody_looked(runs):
    """Where all but the newest were packed they are unpacked, in order, and nothing is lost."""
    with oracle.Writer(runs.log) as writer:
        writer.write(20)
        runs.run()
        for number in (3, 2, 1):
            writer.write(20)
            rotated = runs.log.with_name(f"app.log.{number}")
            writer.rename(rotated)
            if number > 1:
                rotated.with_name(rotated.name + ".gz").write_bytes(
                    gzip.compress(rotated.read_bytes())
                )
                rotated.unlink()
            writer.begin_anew()
        writer.write(5)
        alerts = oracle.ours(runs.run())
    assert oracle.told(alerts) == writer.written
    assert not runs.losses()


def test_r7_dated_logs_of_a_glob_that_were_packed_renamed_or_deleted_while_nobody_looked(runs):
    """No glob gives their paths any more; only what is in no file at all is told as lost."""
    runs.config = runs.config.replace("app.log", "app-*.log")
    logs = {day: runs.folder / f"app-2026-01-0{day}.log" for day in range(1, 6)}
    for day in (1, 2, 3, 4):
        logs[day].write_text(f"{oracle.line(day, 0)}\n")
    runs.run()
    for day in (1, 2, 3):
        with logs[day].open("a") as file:
            file.write(f"{oracle.line(day, 1)}\n")
    packed = logs[1].with_name(f"{logs[1].name}.gz")
    packed.write_bytes(gzip.compress(logs[1].read_bytes()))
    logs[1].unlink()
    logs[2].rename(runs.folder / "app-two.log")
    logs[3].unlink()
    logs[4].rename(logs[4].with_name(f"{logs[4].name}.1"))
    logs[5].write_text(f"{oracle.line(5, 0)}\n")
    alerts = oracle.ours(runs.run())
    expected = [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (4, 0), (5, 0)]
    assert sorted(oracle.told(alerts)) == expected
    (loss,) = runs.losses()
    assert str(logs[3]) in loss["message"]
    assert len(runs.run()) == len(expected) + 1


@pytest.mark.parametrize("name", ["app-{}.log", "pods/{}/app.log"])
def test_r7_many_logs_of_a_glob_that_were_deleted_are_told_of_once_though_it_is_killed(runs, name):
    """As those of containers are, with their folders; one alert, by the start that commits it."""
    runs.config = runs.config.replace("app.log", name.replace("{}", "*"))
    logs = [runs.folder / name.format(number) for number in range(6)]
    for number, log in enumerate(logs):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{oracle.line(number, 0)}\n")
    runs.run()
    for log in logs[1:]:
        log.unlink()
        if not any(log.parent.iterdir()):
            log.parent.rmdir()
    point = {"LOGWATCH_CRASH": "commit.written"}
    with Running(runs.folder, runs.config, variables=point) as daemon:
        assert daemon.exit_status() == -SIGKILL
    assert not runs.losses()
    for _ in range(2):
        runs.run()
        (loss,) = runs.losses()
        assert "5 logs of source app were deleted" in loss["message"]


def test_r8_several_rotations_between_two_looks(stage):
    place = stage.place()
    with place.writer() as writer:
        writer.write(10)
        place.heard(writer)
        with stage.looking_away():
            for _ in range(3):
                writer.write(30)
                writer.shift()
                writer.begin_anew()
            writer.write(5)
        assert place.settle(writer).alerts == 105


@pytest.mark.parametrize("kind", ["plain", "wide"])
def test_r9_compressed_while_it_is_still_being_read(stage, kind):
    """The file without a name is read to its end; what it was packed into is not told again."""
    place = stage.place(kind)
    with place.writer() as writer:
        writer.write(10)
        place.heard(writer)
        with stage.looking_away():
            writer.write(500)
            writer.rename(place.beside(".1"))
            place.beside(".1.gz").write_bytes(gzip.compress(place.beside(".1").read_bytes()))
            place.beside(".1").unlink()
            writer.begin_anew()
            writer.write(10)
        place.settle(writer)
        writer.write(10)
        assert place.settle(writer).alerts == 530


def test_r10_a_chain_of_numbers_that_shifts_under_a_glob_that_takes_them_all(stage):
    """Ten generations, each renamed up to ten times: none is read twice."""
    place = stage.place("wide")
    with place.writer() as writer:
        for number in range(10):
            writer.write(10)
            if number % 3 == 0:
                place.heard(writer)
            writer.shift()
            writer.begin_anew()
        writer.write(10)
        place.heard(writer)
        assert place.settle(writer).alerts == 110


@pytest.mark.parametrize("changed", [False, True])
def test_r11_the_same_bytes_under_another_inode(stage, changed):
    """A copy that took the file's place is read on; one with another beginning from its start."""
    place = stage.place()
    with place.writer(noise=9) as writer:
        writer.write(20)
        place.heard(writer)
    copy = place.folder / "copy.tmp"
    shutil.copy2(place.log, copy)
    if changed:
        copy.write_text("edited, and begun anew\n" * 100)
    with oracle.Writer(copy) as editor:
        editor.generation = 1
        editor.write(20)
        copy.rename(place.log)
        place.settle(writer, editor)
        editor.write(5)
        place.settle(writer, editor)


def test_r12_a_position_beyond_the_end_of_the_file(runs):
    """It was cut while nobody looked: it is not waited for, and what may be lost is told."""
    with oracle.Writer(runs.log) as writer:
        writer.write(100)
        runs.run()
        writer.truncate()
        writer.write(3)
        oracle.settle(oracle.ours(runs.run()), writer.written)
    [lost] = runs.losses()
    assert "was truncated" in lost["message"]
    assert "an unknown number of bytes" in lost["message"]
    runs.run()
    assert len(runs.losses()) == 1


def test_r13_twenty_files_that_begin_with_the_same_four_kilobytes(stage):
    place = stage.place("twice")
    banner = b"# =========== a banner that every program of the house prints ===========\n" * 60
    writers = []
    for number in range(20):
        (place.folder / f"{number}.log").write_bytes(banner)
        writers.append(place.writer(f"{number}.log", generation=number))
        writers[-1].write(2)
    place.settle(*writers)
    for writer in writers:
        with writer:
            writer.write()
    assert place.settle(*writers).alerts == 60


def test_r14_an_empty_file_and_a_tiny_one_across_restarts(runs):
    """Its fingerprint grows with it: from byte 1 on it is read, and never again."""
    with oracle.Writer(runs.log, noise=0) as writer:
        runs.run()
        os.write(writer._file, b"\n")
        runs.run()
        writer.write()
        runs.run()
        writer.write(30)
        runs.run()
        writer.write(30)
        oracle.settle(oracle.ours(runs.run()), writer.written)


def test_r15_one_file_by_two_names_and_two_sources(stage):
    """One reader, and one alert a rule."""
    place = stage.place("twice")
    with place.writer() as writer:
        os.link(place.log, place.folder / "also-linked")
        (place.folder / "also-pointed").symlink_to(place.log)
        writer.write(10)
        place.settle(writer)
        place.log.rename(place.folder / "gone")
        writer.write(10)
        assert place.settle(writer).alerts == 20


@pytest.mark.parametrize("link", ["file", "folder"])
def test_r16_a_symbolic_link_that_is_switched(stage, link):
    """The old target to its end, also what is written late; the new one from its start."""
    place = stage.place("deep" if link == "folder" else "plain")
    for number in (0, 1):
        (place.folder / f"v{number}").mkdir()
    name = place.folder / "current" if link == "folder" else place.log

    def switch(number: int) -> None:
        target = place.folder / f"v{number}"
        new = place.folder / "new"
        new.symlink_to(target if link == "folder" else target / "app.log")
        new.rename(name)

    with place.writer("v0/app.log") as old, place.writer("v1/app.log", generation=1) as young:
        old.write(10)
        switch(0)
        place.heard(old)
        young.write(10)
        switch(1)
        place.heard(old, young)
        old.write(10)
        young.write(10)
        assert place.settle(old, young).alerts == 40


def test_r17_a_device_number_that_changed(runs):
    """After a reboot a disk may have another one: it is no reason to read anything again."""
    with oracle.Writer(runs.log) as writer:
        writer.write(50)
        runs.run()
        with closing(sqlite3.connect(runs.folder / "state" / "state.db")) as store:
            [(name, body)] = store.execute("SELECT identity, body FROM checkpoints")
            moved = json.dumps(json.loads(body) | {"device": 12_345})
            store.execute("UPDATE checkpoints SET body = ? WHERE identity = ?", (moved, name))
            store.commit()
        writer.write(5)
        oracle.settle(oracle.ours(runs.run()), writer.written)
