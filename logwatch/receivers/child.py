"""A program whose output is read: started without a shell, and ended with all that it started.

It gets a session of its own, nothing on its stdin, our environment, no descriptor but 0, 1 and 2,
and default signal handling: the daemon blocks signals, which a plain fork would hand down. Its
stdout and stderr are pipes that never block the reader. At the end its process group gets SIGTERM,
and SIGKILL where it is still there after a while.
"""

from __future__ import annotations

import fcntl
import os
import select
from collections.abc import Iterator, Sequence
from contextlib import suppress
from signal import SIGKILL, SIGSTOP, SIGTERM, Signals, valid_signals

from logwatch.errors import LogwatchError

CHUNK = 1 << 18
PIPE_BYTES = 1 << 20
MOST_CHUNKS = 10_000
MOST_SAID_LINES = 20
"""Lines of stderr that are passed on from one look, at most."""
LONGEST_SAID = 500


class StartError(LogwatchError):
    """Raised when a program cannot be started; its text says why."""


class Child:
    """One running program. Raises StartError."""

    def __init__(self, command: Sequence[str]) -> None:
        self._name = command[0]
        self._out, out = _pipe()
        self._err, err = _pipe()
        try:
            self.pid: int | None = _spawn(command, out, err)
        except OSError as problem:
            os.close(self._out)
            os.close(self._err)
            raise StartError(_why_not(self._name, problem)) from problem
        finally:
            os.close(out)
            os.close(err)
        self._open = {self._out, self._err}
        self._said = b""
        self.status: int | None = None
        """Its exit status, negative for a signal; None while it runs."""

    @property
    def descriptors(self) -> list[int]:
        """Its stdout and its stderr, as far as they are open."""
        return sorted(self._open)

    @property
    def output_ended(self) -> bool:
        """Whether its stdout has come to its end."""
        return self._out not in self._open

    def read(self) -> bytes:
        """What is in its stdout now, some of it at least; nothing where there is nothing."""
        return self._read(self._out)

    def said(self) -> list[str]:
        """Whole lines of its stderr since the last call, a few of many."""
        while chunk := self._read(self._err):
            self._said = (self._said + chunk)[-CHUNK:]
        if self._err not in self._open:
            self._said += b"\n" if self._said else b""
        end = self._said.rfind(b"\n") + 1
        whole, self._said = self._said[:end], self._said[end:]
        lines = [line.strip() for line in whole.decode(errors="backslashreplace").splitlines()]
        return [line[:LONGEST_SAID] for line in lines if line][-MOST_SAID_LINES:]

    def is_over(self) -> bool:
        """Whether it has ended; then `status` tells how."""
        if self.pid is None or self.status is not None:
            return True
        # Not reaped before `end`, so that its process group cannot be somebody else's by then.
        found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return False
        is_exit = found.si_code == os.CLD_EXITED
        self.status = found.si_status if is_exit else -found.si_status
        return True

    def how_it_ended(self) -> str:
        """In words."""
        if self.status is None:
            return f"{self._name} closed its output"
        if self.status < 0:
            return f"{self._name} was ended by {_signal_name(-self.status)}"
        return f"{self._name} ended with status {self.status}"

    def ask_to_end(self) -> None:
        """SIGTERM to all of its process group."""
        self._signal(SIGTERM)

    def await_end(self, seconds: float) -> None:
        """Wait until it has ended, for so long at most; what it writes meanwhile is thrown away."""
        waiting, pause = select.poll(), 5
        for _ in range(int(seconds * 1000 / pause)):
            self._read(self._out)
            if self.is_over():
                return
            waiting.poll(pause)

    def end(self) -> None:
        """SIGKILL to whatever is left of its process group; closes the pipes."""
        self._signal(SIGKILL)
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()
        if self.pid is not None:
            _, status = os.waitpid(self.pid, 0)
            self.pid = None
            if self.status is None:
                self.status = os.waitstatus_to_exitcode(status)

    def _signal(self, number: Signals) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _read(self, descriptor: int) -> bytes:
        if descriptor not in self._open:
            return b""
        try:
            chunk = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return b""
        if not chunk:
            self._open.discard(descriptor)
            os.close(descriptor)
        return chunk


def output_of(command: Sequence[str], seconds: float) -> bytes:
    """Everything that a program writes until it ends, or for so long. Raises StartError."""
    child, output, waiting = Child(command), bytearray(), select.poll()
    for descriptor in child.descriptors:
        waiting.register(descriptor, select.POLLIN)
    known = child.descriptors
    try:
        for _ in range(MOST_CHUNKS):
            if child.output_ended or not waiting.poll(seconds * 1000):
                break
            output += child.read()
            child.said()
            for gone in set(known).difference(child.descriptors):
                waiting.unregister(gone)
            known = child.descriptors
    finally:
        child.end()
    return bytes(output)


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    widen(reader)
    return reader, writer


def widen(pipe: int) -> None:
    """Let a pipe hold a megabyte, as far as this user may, so that few reads take much."""
    with suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _spawn(command: Sequence[str], out: int, err: int) -> int:
    """posix_spawn sets what subprocess cannot: the signal mask."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_DUP2, err, 2),
        *((os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in _inheritable()),
    ]
    return os.posix_spawnp(
        command[0],
        list(command),
        os.environ,
        file_actions=actions,
        setsid=True,
        setsigmask=(),
        setsigdef=valid_signals() - {SIGKILL, SIGSTOP},
    )


def _inheritable() -> Iterator[int]:
    """Our descriptors that a child would get: those of libraries that know no close-on-exec."""
    try:
        names = os.listdir("/proc/self/fd")  # noqa: PTH208 - numbers, no paths
    except OSError:
        return
    for descriptor in map(int, names):
        with suppress(OSError):  # the one that listed them is closed by now
            if descriptor > 2 and os.get_inheritable(descriptor):
                yield descriptor


def _why_not(name: str, problem: OSError) -> str:
    if isinstance(problem, FileNotFoundError):
        return f"there is no program {name}"
    if isinstance(problem, PermissionError):
        return f"this user may not run {name}"
    return f"{name} cannot be run: {problem.strerror or problem}"


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
