"""Logs rotated by what rotates logs out there, while logwatch looks and while it does not.

Every line is told once and in order, whichever way the file goes: numbered lines, set equality.
"""

from __future__ import annotations

import re
from logging.handlers import RotatingFileHandler, TimedRotatingFileHandler
from pathlib import Path
from threading import Event
from time import time

import pytest
from doubles import oracle
from doubles.process import eventually
from doubles.rotators import Author, Handler, Logrotate, Watch

pytestmark = pytest.mark.stress

STAMPED = "dateext\ndateformat -%Y%m%d-%s"
OTHER = "compress\ncompresscmd /usr/bin/{0}\ncompressext {1}"
RENAMING = {
    "create": "create\npostrotate",
    "compress": "create\ncompress\npostrotate",
    "delaycompress": "create\ncompress\ndelaycompress\npostrotate",
    "dateext": f"create\n{STAMPED}\npostrotate",
    "dateext compress": f"create\ncompress\n{STAMPED}\npostrotate",
    "dateext delaycompress": f"create\ncompress\ndelaycompress\n{STAMPED}\npostrotate",
    "nocreate": "nocreate\npostrotate",
    "xz": f"create\n{OTHER.format('xz', '.xz')}\npostrotate",
    "bzip2": f"create\n{OTHER.format('bzip2', '.bz2')}\npostrotate",
    "zstd": f"create\n{OTHER.format('zstd', '.zst')}\ncompressoptions -q --rm\npostrotate",
    "start 0": "create\nstart 0\npostrotate",
    "late": "create\ncompress\ndelaycompress",
    "olddir": "create\nolddir old\npostrotate",
    "olddir compress": f"create\nolddir old\ncompress\n{STAMPED}\npostrotate",
    "extension": "create\nextension .log\npostrotate",
    "extension compress": f"create\nextension .log\ncompress\n{STAMPED}\npostrotate",
}
COPYING = {
    "copytruncate": "copytruncate",
    "copytruncate compress": "copytruncate\ncompress",
    "copytruncate delaycompress": "copytruncate\ncompress\ndelaycompress",
    "copytruncate dateext": f"copytruncate\n{STAMPED}",
    "copytruncate olddir": "copytruncate\nolddir old\ncompress",
    "copytruncate extension": "copytruncate\nextension .log",
}


def watching(folder: Path, how: str) -> Watch:
    """The daemon, which is told where rotated files lie."""
    (folder / "old").mkdir()
    words = {"olddir": "old", "extension": "."}
    return Watch(folder, archives=", ".join(words[each] for each in words if each in how))


def rotate(author: Author, rotator: Logrotate, how: str) -> None:
    """Once, under load, but that nobody writes while a file is copied and cut."""
    author.write_more(60)
    if STAMPED in (RENAMING | COPYING)[how]:
        second = int(time())
        eventually(lambda: time() > second + 1.1, "another second, which is in the name")
    if how in COPYING:
        author.pause()
    rotator.rotate()
    if how in COPYING:
        author.go_on()
    author.write_more(150 if how == "late" else 30)


@pytest.mark.parametrize("how", [*RENAMING, *COPYING])
def test_logrotate_under_load_while_the_daemon_runs(tmp_path, how):
    rotator = Logrotate(tmp_path, (RENAMING | COPYING)[how])
    watch = watching(tmp_path, how)
    with oracle.Writer(tmp_path / "app.log") as writer, watch.running() as daemon:
        with Author([writer], rotator.reopen, late=20 if how == "late" else 0) as author:
            for _ in range(6):
                rotate(author, rotator, how)
        watch.settle(writer)
        daemon.stop()
        watch.look()
        watch.check(writer.written)
        assert len(writer.written) > 500


@pytest.mark.parametrize("rotations", [1, 2, 3, 4])
@pytest.mark.parametrize("how", [*RENAMING, *COPYING])
def test_logrotate_while_the_daemon_is_down(tmp_path, how, rotations):
    rotator = Logrotate(tmp_path, (RENAMING | COPYING)[how])
    watch = watching(tmp_path, how)
    with oracle.Writer(tmp_path / "app.log") as writer:
        writer.write(20)
        rotator.rotate() if "postrotate" not in (RENAMING | COPYING)[how] else None
        if how == "late":
            writer.begin_anew()
        writer.write(20)
        with watch.running() as daemon:
            eventually(lambda: oracle.told(watch.alerts())[-1:] == writer.written[-1:], "the last")
            daemon.stop()
        before = oracle.told(watch.alerts())
        with Author([writer], rotator.reopen, late=20 if how == "late" else 0) as author:
            for _ in range(rotations):
                rotate(author, rotator, how)
        expected = [each for each in writer.written if each in set(before)]
        expected += writer.written[writer.written.index(before[-1]) + 1 :]
        for _ in range(2):
            watch.look()
            watch.check(expected)


@pytest.mark.parametrize("how", ["compress", "delaycompress", "dateext compress", "copytruncate"])
def test_logrotate_again_and_again_between_short_looks(tmp_path, how):
    """Up, down, up again, with rotations in both; the folder is full of old archives."""
    rotator = Logrotate(tmp_path, (RENAMING | COPYING)[how])
    watch = watching(tmp_path, how)
    with oracle.Writer(tmp_path / "app.log") as writer:
        watch.look()
        with Author([writer], rotator.reopen) as author:
            for number in range(5):
                with watch.running() as daemon:
                    rotate(author, rotator, how)
                    author.write_more(50)
                    daemon.stop()
                for _ in range(number % 3):
                    rotate(author, rotator, how)
        for _ in range(2):
            watch.look()
            watch.check(writer.written)


def test_logrotate_at_a_size_of_two_logs_with_one_script(tmp_path):
    """`maxsize` and `sharedscripts`: some runs rotate one, some both, some none."""
    directives = "daily\nmaxsize 12k\ncreate\ncompress\ndelaycompress\nsharedscripts\npostrotate"
    rotator = Logrotate(tmp_path, directives, force=False)
    watch = Watch(tmp_path, glob="*.log*")
    with oracle.Writer(tmp_path / "a.log") as one, oracle.Writer(tmp_path / "b.log") as other:
        other.generation = 1_000
        with watch.running() as daemon:
            with Author([one, other], rotator.reopen) as author:
                for number in range(10):
                    author.write_more(60)
                    one.write(1) if number % 3 else None
                    rotator.rotate()
            written = one.written + other.written
            eventually(lambda: oracle.has_all(watch.alerts(), written), "all of both", 30)
            daemon.stop()
        watch.look()
        watch.check(written)
        assert len(list(tmp_path.glob("*.gz"))) >= 2


def test_copytruncate_under_load_loses_only_what_no_file_has(tmp_path):
    """What is written between the copy and the cut is nowhere; all that is somewhere is told."""
    rotator = Logrotate(tmp_path, "copytruncate")
    watch = Watch(tmp_path)
    with oracle.Writer(tmp_path / "app.log", noise=0) as writer, watch.running() as daemon:
        with Author([writer], rotator.reopen) as author:
            for _ in range(8):
                author.write_more(200)
                rotator.rotate()
        text = "".join(each.read_text("ascii") for each in sorted(tmp_path.glob("app.log*")))
        shown = {
            (int(generation), int(number))
            for generation, number in re.findall(
                r"^ERROR gen=(\d+) seq=(\d+) crc=\w+ x*$", text, re.MULTILINE
            )
        }
        eventually(lambda: oracle.has_all(watch.alerts(), shown), "all that is in a file", 30)
        daemon.stop()
    told = set(oracle.told(watch.alerts()))
    oracle.settle(watch.alerts(), [each for each in writer.written if each in told])
    print(f"{len(set(writer.written) - told)} of {len(writer.written)} lines are in no file")
    assert len(set(writer.written) - told) < len(writer.written) / 10


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["size", "time"])
def test_a_rotating_handler_of_python(tmp_path, kind, packed):
    """While the daemon runs, and while it is down over one to four rotations."""
    log, watch = tmp_path / "app.log", Watch(tmp_path)
    handler = (
        RotatingFileHandler(log, maxBytes=8_000, backupCount=99)
        if kind == "size"
        else TimedRotatingFileHandler(log, when="S", interval=1, backupCount=99)
    )

    def rotations() -> int:
        return len(list(tmp_path.glob("app.log?*")))

    def write_over(handler: Handler, count: int) -> None:
        wanted, pause = rotations() + count, Event()
        while rotations() < wanted:
            handler.write(5)
            pause.wait(0.01)

    with Handler(handler, packed=packed) as program:
        program.write(1)
        with watch.running() as daemon:
            write_over(program, 3)
            watch.settle(program)
            daemon.stop()
        for number in range(1, 5):
            write_over(program, number)
            watch.look()
            watch.check(program.written)
        watch.look()
        watch.check(program.written)
