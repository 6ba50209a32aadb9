"""The real program as a child process: started, waited for, signalled, killed and measured.

Nothing here sleeps for a guessed time: every wait is for something that can be seen, looked for
at short intervals and given up with everything that the daemon said.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread
from time import perf_counter
from typing import IO, Any, Self

PATIENT_STOP = """
from logwatch.daemon.supervisor import Daemon
begin = Daemon.__init__
def patient(daemon, parts, **_):
    begin(daemon, parts, grace=600.0)
Daemon.__init__ = patient
"""
"""For a daemon that nothing may hold up: its stop waits for ten minutes and not for five seconds.

So one that ends at all while its test waits waited for nobody, however busy the machine is.
"""

_numbers = itertools.count(1)
_TICKS = os.sysconf("SC_CLK_TCK")


def eventually(
    condition: Callable[[], Any], what: str | Callable[[], str], seconds: float = 60.0
) -> Any:
    """The first true answer of `condition`; fails with `what` when none comes in `seconds`."""
    pause, deadline = Event(), perf_counter() + seconds
    while True:
        began = perf_counter()
        answer = condition()
        if answer:
            return answer
        now = perf_counter()
        if now > deadline:
            words = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {seconds} s: {words}")
        # A costly look must not take the processor from what it waits for.
        pause.wait(max(0.005, 3 * (now - began)))


def ended(thread: Thread, seconds: float = 60.0) -> None:
    """Wait for the end of a thread; fails where it goes on."""
    thread.join(seconds)
    assert not thread.is_alive(), f"{thread.name} did not end within {seconds} s"


def part_of(descriptor: int, seconds: float = 60.0) -> bytes:
    """What a pipe or terminal has next, empty at its end; fails when nothing comes in `seconds`."""
    heard, _, _ = select.select([descriptor], [], [], seconds)
    assert heard, f"nothing came within {seconds} s"
    try:
        return os.read(descriptor, 65_536)
    except OSError as error:
        if error.errno != errno.EIO:  # all that had the other end of a terminal have closed it
            raise
        return b""


def all_of(descriptor: int, seconds: float = 60.0) -> bytes:
    """All that a pipe or terminal has until its end."""
    return b"".join(iter(lambda: part_of(descriptor, seconds), b""))


def line_of(stream: IO[bytes], seconds: float = 60.0) -> bytes:
    """The next line of a pipe that nothing else reads; fails where it does not come."""
    line = b""
    while not line.endswith(b"\n"):
        heard, _, _ = select.select([stream], [], [], seconds)
        assert heard, f"no line within {seconds} s: {line!r}"
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        line += byte
    return line


def alerts_in(path: Path, *, torn: bool = False) -> list[dict[str, Any]]:
    """Every whole line of a jsonl_file, decoded; none while there is no file.

    `torn`: the writer was killed now and then, so a line may end before its time.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    return [json.loads(line) for line in lines if not torn or line.endswith(b"}")]


def logwatch(*words: object, timeout: float = 120.0, **how: Any) -> subprocess.CompletedProcess:
    """The command, started anew; see `doubles.forked`, where it costs a tenth of the time."""
    command = [sys.executable, "-m", "logwatch", *map(str, words)]
    given = {"stdin": subprocess.DEVNULL, "capture_output": True} | how
    return subprocess.run(command, timeout=timeout, check=False, **given)


def run_once(folder: Path, config: str, *flags: str, seconds: float = 60.0):
    """`logwatch run --once` with this configuration; returns the finished process."""
    path = write_config(folder, config)
    words = ("run", "-c", path, "--once", *flags)
    return logwatch(*words, text=True, timeout=seconds, env=environment())


def _program(sabotage: str) -> list[str]:
    if not sabotage:
        return [sys.executable, "-m", "logwatch"]
    main = "import sys\nfrom logwatch.__main__ import main\nsys.exit(main())"
    return [sys.executable, "-c", f"{sabotage}\n{main}"]


def write_config(folder: Path, config: str) -> Path:
    """The configuration's file, with its state folder inside `folder` unless it names another."""
    path = folder / "logwatch.yaml"
    state = "" if "state:" in config else f"state: {folder / 'state'}\n"
    path.write_text(state + config, encoding="utf-8")
    return path


def environment() -> dict[str, str]:
    """This one's environment without what would change how the daemon behaves or talks."""
    unwanted = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return kept | {"NO_COLOR": "1"}


class Running:
    """One `logwatch run`; leaving the `with` block ends it and looks for tracebacks."""

    def __init__(
        self,
        folder: Path,
        config: str,
        *flags: str,
        sabotage: str = "",
        variables: dict[str, str] | None = None,
    ) -> None:
        """`sabotage` is Python that the child runs before it begins, to break something in it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = write_config(folder, config)
        self.notices: list[str] = []
        self.may_trace = False
        """Whether a traceback on stderr is part of the story."""
        name = f"logwatch-test-{os.getpid()}-{next(_numbers)}"
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._notify.bind("\0" + name)
        self._stderr = folder / f"stderr-{name}.txt"
        self.started_at = perf_counter()
        with self._stderr.open("wb") as stderr:
            self.child = self._begin(
                ["run", "-c", str(self.config), *flags],
                sabotage,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=environment() | {"NOTIFY_SOCKET": "@" + name} | (variables or {}),
            )
        self._hearing = Lock()
        self._over = os.eventfd(0)
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Hear it out as a service manager does: ten notices fill the socket, and it waits then."""
        poll = select.poll()
        for each in (self._notify.fileno(), self._over):
            poll.register(each, select.POLLIN)
        while all(descriptor != self._over for descriptor, _ in poll.poll()):
            self.heard()

    def _begin(self, words: list[str], sabotage: str, **how: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*_program(sabotage), *words], **how)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.kill()
        if self._listener.is_alive():
            os.eventfd_write(self._over, 1)
            self._listener.join()
            os.close(self._over)
        self._notify.close()
        if kind is not None:
            sys.stderr.write(f"--- what {self.config} said:\n{self.stderr[-20_000:]}\n")
        elif not self.may_trace:
            assert "Traceback" not in self.stderr, self.stderr

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def stderr(self) -> str:
        """Everything that it has said so far."""
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def ready(self, times: int = 1, seconds: float = 60.0) -> Running:
        """Wait until it has said READY=1 so many times in all."""

        def is_ready() -> bool:
            self.heard()
            if self.child.poll() is not None:
                raise AssertionError(f"ended with {self.child.returncode}:\n{self.stderr}")
            return sum("READY=1" in notice for notice in self.notices) >= times

        try:
            eventually(is_ready, lambda: f"ready {times} time(s):\n{self.stderr}", seconds)
        except AssertionError:
            self.__exit__(AssertionError)  # it may not be in its `with` block yet
            raise
        return self

    def says(self, text: str, times: int = 1, seconds: float = 60.0) -> str:
        """Wait until `text` was on stderr so many times; returns all of stderr."""
        eventually(lambda: self.stderr.count(text) >= times, f"{text!r} on stderr", seconds)
        return self.stderr

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.child.send_signal(number)

    def stop(self, seconds: float = 60.0) -> float:
        """SIGTERM, and wait for exit 0; returns how long that took."""
        began = perf_counter()
        self.child.terminate()
        status = self.exit_status(seconds)
        took = perf_counter() - began
        assert status == 0, f"exit {status}:\n{self.stderr}"
        return took

    def exit_status(self, seconds: float = 60.0) -> int:
        """Wait until it has ended."""
        return self.child.wait(seconds)

    def kill(self) -> None:
        """SIGKILL, and wait; nothing happens where it has ended already."""
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait(60)

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        fields = self._stat()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def threads(self) -> int:
        """How many threads it has."""
        return int(self._stat()[17])

    def descriptors(self) -> int:
        """How many file descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208 - nothing but their number

    def resident_bytes(self) -> int:
        """Memory that it has in RAM, shared pages included."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def _stat(self) -> list[str]:
        text = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(") ")[2].split()

    def heard(self) -> list[str]:
        """Everything that it has told the service manager so far."""
        with self._hearing:
            while True:
                try:
                    self.notices.append(self._notify.recv(4096).decode())
                except BlockingIOError:
                    return self.notices
