"""A booted, throwaway systemd, and a shell in it.

The program that boots it is named by LOGWATCH_SYSTEMD_SANDBOX or found on PATH as
`systemd-sandbox`: called as `systemd-sandbox --timeout SECONDS -- COMMAND`, it runs COMMAND as root
beside a systemd of its own, on a copy of this machine's files that is thrown away.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple, Self

import pytest

VARIABLE = "LOGWATCH_SYSTEMD_SANDBOX"

AGENT = """
import json, subprocess, sys
for line in sys.stdin:
    order = json.loads(line)
    try:
        done = subprocess.run(order["argv"], input=order["input"], capture_output=True, text=True,
                              errors="replace", timeout=order["seconds"])
        answer = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        answer = 124, "", str(late)
    print(json.dumps(answer), flush=True)
"""


def sandbox() -> str:
    """The program; fails the test where there is none."""
    program = os.environ.get(VARIABLE) or shutil.which("systemd-sandbox")
    if not program:
        pytest.fail(
            f"set {VARIABLE} to a program that boots a throwaway systemd and runs a command in it"
            " (tests/doubles/machine.py says how it is called); or leave this file out"
        )
    return program


class Done(NamedTuple):
    """What became of a command."""

    status: int
    out: str
    err: str


class Machine:
    """A booted systemd, and a shell in it."""

    def __init__(self, program: str, folder: Path) -> None:
        """`folder`: where commands run."""
        self._agent = subprocess.Popen(
            [program, "--timeout", "900", "--", "/usr/bin/python3", "-c", AGENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={name: text for name, text in os.environ.items() if not name.startswith("PYTEST")},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.close()
        try:
            self._agent.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._agent.pid, signal.SIGTERM)
            self._agent.wait(20)
        self._agent.stdout.close()

    def tries(self, *argv: str, text: str = "", seconds: float = 60.0) -> Done:
        """Run a command to its end, whatever that is."""
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.write(
            json.dumps({"argv": argv, "input": text, "seconds": seconds}) + "\n"
        )
        self._agent.stdin.flush()
        answer = self._agent.stdout.readline()
        assert answer, f"no systemd, or it has gone, at: {argv}"
        return Done(*json.loads(answer))

    def does(self, *argv: str, text: str = "", seconds: float = 60.0) -> str:
        """Run a command that must succeed; returns its stdout."""
        done = self.tries(*argv, text=text, seconds=seconds)
        assert done.status == 0, f"{argv}: {done}"
        return done.out

    def shell(self, script: str, seconds: float = 60.0) -> str:
        """Run lines of shell, each of which must succeed."""
        return self.does("sh", "-eu", text=script, seconds=seconds)

    def write(self, path: str, text: str, mode: str = "0644", owner: str = "root:root") -> None:
        """Make a file anew, with the folders that lead to it."""
        self.does("install", "-D", "-m", mode, "/dev/null", path)
        self.does("tee", path, text=text)
        self.does("chown", owner, path)

    def append(self, path: str, text: str) -> None:
        """Append to a log as a program does that holds it open for appending."""
        self.does("tee", "-a", path, text=text)
