"""`status` and `status -w` of a daemon that runs, in a real terminal of 80 and of 120 columns.

Each screen is kept as a file, without colour and with it; what differs from one time to the next is
written as the same figure everywhere. LOGWATCH_DRAW=1 draws them anew: look at the difference
before it is committed.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from doubles import forked
from doubles.process import alerts_in, eventually

KEPT = Path(__file__).with_name("status_screens")
SHOWN_AS = "/srv/weblogs09"
PATIENCE_SECONDS = 30.0
CONFIG = """\
state: {folder}/state
audit: 0
sources:
  auth: {{path: {folder}/auth.log, start: beginning}}
  app: {{path: {folder}/app.log}}
  gone: {{path: {folder}/gone.log}}
rules:
  - {{name: ssh, in: auth, match: 'Failed for (?P<user>\\w+)', by: user, when: 2 in 1h}}
  - {{name: errors, in: app, match: 'ERROR', mode: shadow}}
sinks:
  chat: {{jsonl_file: {folder}/chat.jsonl}}
  pager: {{command: {{argv: [/bin/false]}}}}
"""
FULL_SCREEN_ENDS = b"\x1b[J"
"""What is written after each whole drawing."""


@pytest.fixture(scope="module")
def place():
    """A daemon that has told one sink of what burns, and is refused by the other; one for all."""
    with TemporaryDirectory(prefix="w", dir="/tmp") as name:  # always as long as `SHOWN_AS`
        folder = Path(name)
        (folder / "app.log").touch()
        (folder / "auth.log").write_text("Failed for root\n" * 3)
        with forked.Running(folder, CONFIG.format(folder=folder)) as daemon:
            daemon.ready()
            eventually(lambda: alerts_in(folder / "chat.jsonl"), "an alert", PATIENCE_SECONDS)
            made = logwatch(folder, "silence", "rule=err*", "--for", "2h", "-m", "patches")
            assert made.returncode == 0, made.stderr
            (folder / "app.log").write_text("all is well\n")
            eventually(lambda: is_all_known(folder), "the whole status", PATIENCE_SECONDS)
            yield folder


def logwatch(folder, *words):
    return forked.logwatch(*words, "-c", folder / "logwatch.yaml", text=True)


def is_all_known(folder) -> bool:
    """Whether what happens at its own time has happened."""
    shown = logwatch(folder, "status").stdout
    told_of_pager = re.search(r"^chat +jsonl_file +2 ", shown, re.MULTILINE)
    busiest_first = 0 < shown.find("app.log ") < shown.find("auth.log ")
    return bool(told_of_pager and busiest_first and "silence  #1" in shown)


@contextmanager
def terminal(columns: int):
    """A pair of descriptors: the person's, and the program's, which writes newlines as they are."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    try:
        yield master, slave
    finally:
        os.close(master)
        os.close(slave)


def drawn(folder, columns: int, *flags: str, color: bool) -> tuple[str, int]:
    """What such a terminal was sent up to the first whole drawing, and the exit status."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        **({} if color else {"NO_COLOR": "1"}),
    }
    words = ("status", *flags, "-c", folder / "logwatch.yaml")
    with terminal(columns) as (master, slave):
        streams = {"stdin": slave, "stdout": slave, "stderr": slave}
        with forked.Forked(*words, cwd=folder, env=environ, **streams) as command:
            shown = b""
            while FULL_SCREEN_ENDS not in shown if flags else command.poll() is None:
                shown += received(master)
            if flags:
                os.write(master, b"q")
            status = command.wait(PATIENCE_SECONDS)
            shown = shown.partition(FULL_SCREEN_ENDS)[0] + received(master, 0) * (not flags)
    return steady(shown.decode(), folder), status


def received(master: int, seconds: float = 0.05) -> bytes:
    """What the program has written, as soon as there is any."""
    ready, _, _ = select.select([master], [], [], seconds)
    return os.read(master, 65536) if ready else b""


def steady(text: str, folder) -> str:
    """Without what differs from one time to the next: folders, processes, times, sizes."""
    text = text.replace("\r", "").replace(str(folder), SHOWN_AS)
    text = text.replace(folder.name, Path(SHOWN_AS).name)
    for volatile, same in (
        (r"logwatch \S+  \S+  pid \d+  up \d+\w", "logwatch 1.0  web1  pid 811  up 3s"),
        (r"\d\.\d(?= +\d+ B)", "0.0"),
        (r"ends in [^;]*", "ends in 1h 59m"),
        (r"(state\.db, )\d+ \w+", r"\g<1>608 KiB"),
        (r"\d+ threads, .* of CPU", "9 threads, 40 MiB of memory, 0.9 s of CPU"),
        (r"inotify, \d+ watched", "inotify, 4 watched"),
        (r"by .*: patches", "by ann: patches"),
        (r"hyperscan \S+ \(vectorscan \S+\)", "hyperscan 0.7.8"),
    ):
        text = re.sub(volatile, same, text)
    text = re.sub(r" *\d+s ago", lambda found: "3s ago".rjust(len(found[0])), text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("flags", [(), ("-w", "--plain")], ids=["once", "watch"])
def test_the_screen_of_a_daemon_that_runs_is_as_it_was_drawn(place, flags, columns, color):
    """Every line of it. Once it says by its exit that something is wrong; `q` is no verdict."""
    shown, status = drawn(place, columns, *flags, color=color)
    name = f"{'watch' if flags else 'once'}-{columns}{'-color' if color else ''}.txt"
    if os.environ.get("LOGWATCH_DRAW"):
        (KEPT / name).write_text(shown)
    assert shown == (KEPT / name).read_text()
    assert status == (0 if flags else 1)
    assert color or not re.search("\x1b\\[[0-9;]*m", shown)
    assert max(len(re.sub("\x1b\\[[?0-9;]*[a-zA-Z]", "", each)) for each in shown.split("\n")) <= (
        columns
    )
