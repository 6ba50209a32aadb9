"""`logwatch tail` in a real terminal, beside what its screen was when somebody last looked at it.

To write the screens anew, and then look at the difference: `LOGWATCH_WRITE_GOLDEN=1 pytest PATH`.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
from codecs import getincrementaldecoder
from pathlib import Path

import pytest

from logwatch.clock import SystemClock

SCREENS = Path(__file__).parent / "tail_screens"
PATIENCE = 30.0

ACCESS = (
    '203.0.113.9 - - [05/Jan/2026:12:00:0{} +0000] "GET /api/cart?x=1 HTTP/1.1" {} 31 "-" "curl/8"'
    " 1.187\n"
)
APP = """\
{"time":"2026-01-05T12:00:00Z","level":"info","msg":"started","listen":"10.0.0.1:8080"}
{"time":"2026-01-05T12:00:01Z","level":"error","msg":"db: connection refused","host":"db1"}
"""
JOBS = """\
2026-01-05 12:00:01,123 WARNING /srv/shop takes long id=3f2504e0-4f89-11d3-9a0c-0305e82c3301
2026-01-05 12:00:02,123 ERROR backup failed
Traceback (most recent call last):
  File "/srv/jobs/backup.py", line 3, in <module>
    main()
  File "/srv/jobs/backup.py", line 8, in main
    raise KeyError("target")
KeyError: 'target'
"""
HOSTILE = "forged \x1b[2J\x1b[31m \u202egnp.exe \x07 line\n"
CONFIG = r"""sources: {app: {path: app.log, format: json}}
rules:
  - {name: db, match: 'refused","host":"(?P<peer>\w+)', say: '{peer} refused', cooldown: 0}
sinks: {out: {console: {}}}
"""


class Session:
    """One command in a terminal of its own."""

    def __init__(self, folder: Path, columns: int, words: list[str], **environment: str) -> None:
        self.shown = ""
        self._clock = SystemClock()
        self._decoder = getincrementaldecoder("utf-8")()
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            # Its terminal has no size yet when it begins.
            os.environ.update(TZ="UTC", PYTHONUTF8="1", TERM="xterm", COLUMNS=str(columns))
            os.environ.update(environment)
            command = [sys.executable, "-m", "logwatch", "tail", *words]
            os.execv(sys.executable, command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))

    def see(self, text: str) -> None:
        """Wait until `text` is on the screen."""
        until = self._clock.steady() + PATIENCE
        while text not in self.shown:
            assert self._read(until, f"{text!r} never came"), f"no {text!r}:\n{self.shown}"

    def type(self, keys: bytes) -> None:
        """Type keys."""
        os.write(self._fd, keys)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self._pid, number)

    def end(self) -> int:
        """Wait for the end; its exit status, negative for a signal."""
        until = self._clock.steady() + PATIENCE
        while self._read(until, "it never ended"):
            pass
        _, status = os.waitpid(self._pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status)

    def _read(self, until: float, complaint: str) -> bool:
        if not select.select([self._fd], [], [], max(0.0, until - self._clock.steady()))[0]:
            os.kill(self._pid, signal.SIGKILL)
            raise AssertionError(f"{complaint}:\n{self.shown}")
        try:
            data = os.read(self._fd, 65_536)
        except OSError:  # what a terminal gives whose last user has gone
            return False
        self.shown += self._decoder.decode(data).replace("\r\n", "\n")
        return bool(data)


def check(name: str, shown: str) -> None:
    """Fail unless the screen is what the file holds; times of today are no part of it."""
    shown = re.sub(r"\b\d\d:\d\d:\d\d(?= \S+ fires|, )", "hh:mm:ss", shown)
    shown = shown.replace("\x1b", "␛")
    path = SCREENS / f"{name}.txt"
    if os.environ.get("LOGWATCH_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def add(path: Path, text: str) -> None:
    """Write to a log."""
    with path.open("a") as file:
        file.write(text)


@pytest.fixture
def logs(tmp_path):
    """Three logs of three formats, and a configuration for one of them."""
    add(tmp_path / "shop.access.log", ACCESS.format(1, 200) + ACCESS.format(2, 502))
    add(tmp_path / "app.log", APP)
    add(tmp_path / "jobs-of-the-night-and-of-the-day.log", JOBS)
    (tmp_path / "logwatch.yaml").write_text(CONFIG)
    return tmp_path


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("color", [True, False], ids=["colour", "plain"])
def test_a_session_from_its_first_line_to_control_c(logs, columns, color):
    """Lines of three formats, a trace, a rule, its alert, a rotation, hostile text, the sum."""
    words = ["shop.access.log", "app.log", "jobs-of-the-night-and-of-the-day.log"]
    session = Session(logs, columns, words, NO_COLOR="" if color else "1")
    session.see("KeyError")
    add(logs / "app.log", APP.splitlines(keepends=True)[1])
    session.see("db1 refused")
    (logs / "shop.access.log").rename(logs / "shop.access.log.1")
    add(logs / "shop.access.log", ACCESS.format(3, 404))
    session.see("404")
    add(logs / "jobs-of-the-night-and-of-the-day.log", HOSTILE)
    session.see("forged")
    session.type(b"\x03")
    assert session.end() == -2
    assert "\x1b[2J" not in session.shown
    check(f"session-{columns}-{'colour' if color else 'plain'}", session.shown)


def test_missing_and_truncated_files_are_told_in_one_line_each(logs):
    """In their place among the lines."""
    session = Session(logs, 80, ["-v", "app.log", "later.log", "--full"], NO_COLOR="1")
    session.see("later  ── waiting, there is no such file")
    session.see("refused")
    (logs / "later.log").write_text("")
    session.see("later  ── is there now")
    add(logs / "later.log", "one\n")
    session.see("later  one")
    (logs / "later.log").write_text("")
    session.see("later  ── truncated")
    (logs / "later.log").unlink()
    session.see("later  ── is gone, waiting")
    session.type(b"\x03")
    assert session.end() == -2
    assert session.shown.splitlines()[-1].endswith("0 lost")


def test_raw_is_what_gnu_tail_shows(logs):
    """Whatever it does to the terminal."""
    add(logs / "app.log", "\x1b[31mred\n")
    session = Session(logs, 80, ["--raw", "-n1", "app.log"])
    session.see("\x1b[31mred\n")
    session.type(b"\x03")
    assert session.end() == -2
    assert session.shown == "\x1b[31mred\n^C"


def test_what_was_compiled_for_rules_is_put_away(logs):
    """Also when it is terminated."""
    scratch = logs / "tmp"
    scratch.mkdir()
    session = Session(logs, 80, ["app.log"], NO_COLOR="1", TMPDIR=str(scratch))
    session.see("refused")
    session.signal(15)
    assert session.end() == -15
    assert list(scratch.iterdir()) == []


def test_without_a_file_what_is_typed_is_shown(logs):
    """Until control-D; the terminal is as it was."""
    session = Session(logs, 80, ["--full"], NO_COLOR="1")
    session.see("control-C ends\n")  # before that, the echo would come in between
    session.type(b"hello\n")
    session.see("hello\nhello\n")
    session.type(b"\x04")
    assert session.end() == 0


def test_a_trace_that_nothing_follows_is_shown_soon(logs):
    """It waits for one more line, and not for ever."""
    session = Session(logs, 80, ["-n1", "app.log"], NO_COLOR="1")
    session.see("refused")
    add(logs / "app.log", "Traceback (most recent call last):\n  File x\nKeyError: 1\n")
    session.see("┆ Traceback (most recent call last): … 2 more lines, KeyError: 1")
    session.type(b"\x03")
    assert session.end() == -2


def test_a_terminated_session_leaves_nothing_behind(logs):
    """Also with alerts on their way: what could not be told is said, and nothing stays on disk."""
    scratch = logs / "tmp"
    scratch.mkdir()
    words = ["-m", "refused", "--cooldown", "0", "--to", "http://127.0.0.1:9/secret", "app.log"]
    session = Session(logs, 120, words, NO_COLOR="1", TMPDIR=str(scratch))
    session.see("refused")
    add(logs / "app.log", APP)
    session.see("tail: http://127.0.0.1:9/… was not told: ")
    session.signal(15)
    assert session.end() == -15
    assert "tail: 1 message is lost: http://127.0.0.1:9/… did not take it" in session.shown
    assert "1 file · 2 lines · 2 alerts · 0 lost" in session.shown
    assert "secret" not in session.shown
    assert list(scratch.iterdir()) == []


def test_when_its_writer_has_ended_it_ends(logs):
    """--pid, on a terminal too."""
    session = Session(logs, 80, ["-s.05", "--pid", "2147483646", "app.log"], NO_COLOR="1")
    assert session.end() == 0
    assert "refused" in session.shown
