"""Commands and daemons that are forked from a process which has imported everything.

What is forked is the real program from its command line on: a child process of the test, with
descriptors, signals, threads and an exit of its own. Only the interpreter's start and the imports,
nine tenths of what most commands cost, were made before. So it shows nothing of what a command
loads, of how long it takes to start, of memory, and of what the interpreter itself does with its
environment (encodings, closed descriptors): what is about these starts `python -m logwatch`.

Run as a program, this file is that process. It takes orders as JSON with three descriptors.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
"""For the end of a command; one that takes longer hangs."""
SOON_ENOUGH_SECONDS = 30.0
"""For a child that is to be there."""

_MOST_BYTES = 1 << 17
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_UNWANTED = ("logwatch.cli.status_app", "logwatch.cli.shell.", "logwatch.__main__")
_ELSEWHERE = ("hyperscan", "regex", "ahocorasick_rs", "prometheus_client", "structlog", "urllib3")


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
            self.pid = _nursery().fork(order, given)
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


class _Nursery:
    """The process that has imported everything, seen from the test."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(SOON_ENOUGH_SECONDS)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
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
def _nursery() -> _Nursery:
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


def _serve(line: socket.socket) -> None:
    """Fork until nobody asks any more."""
    _import_everything()
    while True:
        order, streams, _, _ = socket.recv_fds(line, _MOST_BYTES, 3)
        if not order:
            return
        between = os.fork()
        if not between:
            _leave_behind(line, json.loads(order), streams)
            return
        for each in streams:
            os.close(each)
        os.waitpid(between, 0)
        line.send(b"it is yours")


def _leave_behind(line: socket.socket, order: dict[str, Any], streams: list[int]) -> None:
    """Fork the command and end, so that it becomes the child of the test."""
    pid = os.fork()
    if pid:
        line.send(str(pid).encode())
        os._exit(0)
    line.close()
    _live(order, streams)


def _live(order: dict[str, Any], streams: list[int]) -> None:
    """What the program does from its command line on; it ends as the program ends."""
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    sys.stdin = _stream(0, "r", "strict")
    sys.stdout = _stream(1, "w", "strict")
    sys.stderr = _stream(2, "w", "backslashreplace")
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["variables"])
    time.tzset()
    crashpoints = importlib.import_module("logwatch.crashpoints")
    crashpoints.arm(os.environ.get(crashpoints.VARIABLE, ""))
    program = importlib.import_module("logwatch.__main__")
    sys.argv[:] = [str(program.__file__), *order["words"]]
    exec(order["sabotage"], {"__name__": "__main__"})
    _end(program.main)


def _end(main: Callable[[], int]) -> None:
    """As the interpreter ends, but nothing is taken to pieces: that costs more than most commands.

    What `main` raises is left to the interpreter.
    """
    try:
        status = main()
    except SystemExit as asked:
        if not isinstance(asked.code, int):
            raise
        status = asked.code
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        sys.exit(status)  # it says what it says of that
    os._exit(status)


def _stream(number: int, mode: str, errors: str) -> io.TextIOWrapper:
    """As the interpreter opens it, in a locale of UTF-8."""
    shown_at_once = number == 2 or os.isatty(number)
    return open(number, mode, 1 if shown_at_once else -1, "utf-8", errors, closefd=False)


def _import_everything() -> None:
    sys.path[0] = str(ROOT)
    package = importlib.import_module("logwatch")
    ours = (each.name for each in pkgutil.walk_packages(package.__path__, "logwatch."))
    for name in (*_ELSEWHERE, *(each for each in ours if not each.startswith(_UNWANTED))):
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        _serve(asked)
