"""One program run to its end, and what that took: of the program itself, and of its neighbours.

CPU time is the kernel's own account of the finished child and of the children that it waited for
(`wait4`). Its account of memory is not used, for it counts from before the child became another
program: the peak is read while the child runs. What everybody else on the machine used meanwhile
stands beside every figure: a CPU second on a busy machine does less.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from resource import struct_rusage
from tempfile import TemporaryFile
from time import perf_counter
from typing import NamedTuple

PEEK_MILLISECONDS = 20
LONGEST_RUN_SECONDS = 120.0
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
    until: Callable[[], bool] | None = None,
    longest: float = LONGEST_RUN_SECONDS,
) -> Spent:
    """Run `command` to its end. Raises RuntimeError, with what it said, for another status.

    `until`: the program never ends by itself. It is asked to as soon as this is true, and the wall
    time is counted to there. After `longest` seconds the program is killed: a RuntimeError too.
    """
    busy, began = machine_busy_seconds(), perf_counter()
    with (stdout or Path(os.devnull)).open("wb") as said, TemporaryFile() as errors:
        child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=errors,
            env=None if env is None else dict(env),
            start_new_session=True,  # so that what it starts can be ended with it
        )
        try:
            peak, wall = _watch(child.pid, began, until, longest)
        finally:
            usage = _reap(child)
        errors.seek(0)
        text = errors.read().decode(errors="replace")[-2_000:]
    if wall > longest:
        raise RuntimeError(f"{command[0]} took more than {longest:.0f} s: {text}")
    if until is None and child.returncode not in statuses:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}: {text}")
    if until is not None and not until():
        raise RuntimeError(f"{command[0]} ended too soon, with {child.returncode}: {text}")
    cpu = usage.ru_utime + usage.ru_stime
    foreign = max(0.0, machine_busy_seconds() - busy - cpu) / (perf_counter() - began)
    return Spent(wall, cpu, peak, foreign)


def _watch(
    pid: int, began: float, until: Callable[[], bool] | None, longest: float
) -> tuple[int, float]:
    """The most memory, in bytes, that the child was seen to have had, and the wall time."""
    peak, done_at = 0, 0.0
    ended = select.poll()
    descriptor = os.pidfd_open(pid)
    ended.register(descriptor, select.POLLIN)
    try:
        while not ended.poll(PEEK_MILLISECONDS):
            peak = max(peak, _high_water_bytes(pid))
            now = perf_counter() - began
            if until is not None and not done_at and until():
                done_at = now
                os.kill(pid, signal.SIGTERM)
            if now > longest:
                return peak, now
    finally:
        os.close(descriptor)
    return peak, done_at or perf_counter() - began


def _high_water_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _reap(child: subprocess.Popen[bytes]) -> struct_rusage:
    """Wait for the child, which is killed with all it started where it has not ended."""
    waited, status, usage = os.wait4(child.pid, os.WNOHANG)
    if not waited:
        os.killpg(child.pid, signal.SIGKILL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage


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
