"""One program run to its end, and what that took: of the program itself, and of its neighbours.

CPU time is the kernel's own account of the finished child (`wait4`). Its account of memory is not
used, for it counts from before the child became another program: the peak is read while the child
runs. What everybody else on the machine used meanwhile stands beside every figure: a CPU second on
a busy machine does less.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter
from typing import NamedTuple

PEEK_MILLISECONDS = 20
_TICKS = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """What one run took."""

    wall: float
    cpu: float
    """Seconds, user and system."""
    peak_bytes: int
    foreign_cores: float
    """What the rest of the machine used meanwhile, in cores."""


def run(
    command: Sequence[str | Path],
    *,
    stdout: Path | None = None,
    env: Mapping[str, str] | None = None,
    statuses: Sequence[int] = (0,),
) -> Spent:
    """Run `command` to its end. Raises RuntimeError, with what it said, for another status."""
    busy, began = machine_busy_seconds(), perf_counter()
    with (stdout or Path(os.devnull)).open("wb") as said, TemporaryFile() as errors:
        child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=errors,
            env=None if env is None else dict(env),
        )
        peak = _peak_until_the_end(child.pid)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read().decode(errors="replace")[-2_000:]
    wall = perf_counter() - began
    if child.returncode not in statuses:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}: {text}")
    cpu = usage.ru_utime + usage.ru_stime
    foreign = max(0.0, machine_busy_seconds() - busy - cpu) / wall
    return Spent(wall, cpu, peak, foreign)


def _peak_until_the_end(pid: int) -> int:
    """The most memory, in bytes, that the child was seen to have had when it ends."""
    peak = 0
    ended = select.poll()
    descriptor = os.pidfd_open(pid)
    ended.register(descriptor, select.POLLIN)
    status = Path(f"/proc/{pid}/status")
    while not ended.poll(PEEK_MILLISECONDS):
        for line in status.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1]) * 1024
    os.close(descriptor)
    return peak


def machine_busy_seconds() -> float:
    """CPU seconds that the whole machine has used so far, in steps of 10 ms."""
    first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    user, nice, system, _idle, _wait, interrupts, soft, *_ = map(int, first.split()[1:])
    return (user + nice + system + interrupts + soft) / _TICKS


def read_once(path: Path) -> None:
    """Bring a file into the page cache, so that the disk is no part of what follows."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass
