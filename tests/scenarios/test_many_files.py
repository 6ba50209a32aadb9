"""Hundreds of files: a thread each, every line of each, and a quick end."""

from __future__ import annotations

import json

from doubles import many, oracle
from doubles.process import Running, alerts_in, eventually

from logwatch.daemon.control_wire import ask


def test_three_hundred_files_are_read_whole(tmp_path):
    """With a backlog in each, then a line in each; `make stress` has a thousand."""
    found = many.run(tmp_path, files=300, folders=5)
    assert found.threads > 300
    assert found.descriptors < 300 + 100
    assert found.stop_seconds < 5.0  # it would wait for six


FEW_THREADS = """
import os, threading
from logwatch.daemon import following, light_threads
following.LEISURE_TICKS = 1
start, room = threading._start_new_thread, {room!r}
def limited(*arguments):
    if len(os.listdir("/proc/self/task")) >= 50 and not os.path.exists(room):
        raise RuntimeError("can't start new thread")
    return start(*arguments)
threading._start_new_thread = light_threads.start_new_thread = limited
"""
"""As the limit of a service, of a container or of a user has it."""


def generations_in(out):
    """The files of which something was told."""
    return {generation for generation, _ in oracle.told(oracle.ours(alerts_in(out)))}


def test_more_files_than_threads(tmp_path):
    """It says so once, reads as many as it can, is of use meanwhile, and reads all in the end."""
    writers = [many.writer_of(tmp_path, number, 1) for number in range(60)]
    for writer in writers:
        writer.write(2)
    out, room = tmp_path / "alerts.jsonl", tmp_path / "room"
    text = many.CONFIG.format(folder=tmp_path)
    sabotage = FEW_THREADS.format(room=str(room))
    with Running(tmp_path, text, sabotage=sabotage).ready() as daemon:
        daemon.says("daemon.live")
        answer = json.loads(ask(tmp_path / "state" / "control.sock", "status"))
        troubles = [each["detail"] for each in answer["files"] if each["status"] != "following"]
        read = 60 - len(troubles)
        assert 20 < read < 40
        eventually(lambda: len(generations_in(out)) == read, "what is read is told")
        assert all("TasksMax=" in each for each in troubles)
        room.touch()
        many.until_all_told(out, writers)
        for writer in writers:
            writer.write()
        many.until_all_told(out, writers)
        assert daemon.stderr.count("daemon.too_few_threads") == 1
        daemon.stop()
    many.settle(out, writers)
    for writer in writers:
        writer.__exit__()
