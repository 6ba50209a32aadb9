"""Commands and daemons that are forked from a process which has imported everything.

What is forked is the real program from its command line on: a child process of the test, with
descriptors, signals, threads and an exit of its own. Only the interpreter's start and the imports,
nine tenths of what most commands cost, were made before. So it shows nothing of what a command
loads, of how long it takes to start, of memory, and of what the interpreter itself does with its
environment (encodings, closed descriptors); what is about these is started by `doubles.process`.
And what breaks something in it comes after the imports: it must put its own into the module or
class where the name is looked up, for a `from ... import` has been there before.

The process that forks is `doubles.nursery`.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from doubles import nursery, process

PATIENCE_SECONDS = 60.0
"""For the end of a command; one that takes longer hangs."""
SOON_ENOUGH_SECONDS = 30.0
"""For a child that is to be there."""

TRYING_AGAIN_SOON = """
from logwatch.outbox import policy
policy.FIRST_CEILING = 0.02
"""
"""For a daemon: its pauses after what a receiver did not take begin at a fiftieth of a second."""

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Forked(subprocess.Popen):
    """`logwatch` with these words; all else is as `subprocess.Popen` has it."""

    def __init__(self, *words: object, sabotage: str = "", **how: Any) -> None:
        """`sabotage` is Python that it runs before it begins, to break something in it."""
        self._sabotage = sabotage
        super().__init__(["logwatch", *map(str, words)], **how)

    def _execute_child(self, args, *how: Any) -> None:
        cwd, env = how[4:6]
        streams = how[9:15]  # both ends of standard input, of standard output and of errors
        order = {
            "words": args[1:],
            "folder": os.fspath(cwd or Path.cwd()),
            "variables": dict(os.environ if env is None else env),
            "sabotage": self._sabotage,
        }
        inside = (streams[0], streams[3], streams[5])
        given = [own if each < 0 else each for own, each in enumerate(inside)]
        try:
            self.pid = _started().fork(order, given)
            self._child_created = True
        finally:
            self._close_pipe_fds(*streams)


def logwatch(
    *words: object, stdin: bytes | None = None, timeout: float = PATIENCE_SECONDS, **how: Any
) -> subprocess.CompletedProcess[Any]:
    """The command to its end, and what it wrote; `how` as `Popen` takes it."""
    given = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    how = {"stdin": given, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
    with Forked(*words, **how) as command:
        try:
            out, err = command.communicate(stdin, timeout)
        except BaseException:
            command.kill()
            raise
    return subprocess.CompletedProcess(command.args, command.returncode, out, err)


def run_once(folder: Path, config: str, *flags: str, seconds: float = PATIENCE_SECONDS):
    """As `doubles.process.run_once`."""
    words = ("run", "-c", process.write_config(folder, config), "--once", *flags)
    return logwatch(*words, text=True, timeout=seconds, env=process.environment())


class Running(process.Running):
    """A daemon; as `doubles.process.Running`."""

    def _begin(self, words: list[str], sabotage: str, **how: Any) -> Forked:
        return Forked(*words, sabotage=sabotage, **how)


class _Nursery:
    """The process that has imported everything, seen from the test."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(SOON_ENOUGH_SECONDS)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, nursery.__file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def fork(self, order: dict[str, Any], streams: list[int]) -> int:
        """The pid of a child that does this."""
        with self._lock, _adopting():
            socket.send_fds(self._line, [json.dumps(order).encode()], streams)
            pid = int(self._line.recv(100))
            assert self._line.recv(100) == b"it is yours"
        return pid

    def end(self) -> None:
        """It ends when nobody can give it an order any more."""
        self._line.close()
        self._process.wait(SOON_ENOUGH_SECONDS)


@cache
def _started() -> _Nursery:
    made = _Nursery()
    atexit.register(made.end)
    return made


@contextmanager
def _adopting():
    """Meanwhile, this process is the parent of what its children leave behind."""
    control = ctypes.CDLL(None).prctl
    control(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        control(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
