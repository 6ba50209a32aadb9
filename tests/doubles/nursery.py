"""The process that has imported everything, and forks one command after the other: a program.

It takes orders as JSON with three descriptors; see `doubles.forked`. Whoever asked is the parent of
what it forks: the process between ends at once, and the asker takes what that leaves behind.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

_MOST_BYTES = 1 << 17
_UNWANTED = ("logwatch.cli.status_app", "logwatch.cli.shell.", "logwatch.__main__")
_ELSEWHERE = ("hyperscan", "regex", "ahocorasick_rs", "prometheus_client", "structlog", "urllib3")


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
