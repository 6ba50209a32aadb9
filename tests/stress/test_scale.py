"""Many files and many lines, measured; and limits of the kernel that are really reached."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from doubles import many
from doubles.process import Running, eventually

MEBIBYTE = 1 << 20

OWN_LIMITS = """
import ctypes, os
user, group = os.geteuid(), os.getegid()
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000):  # CLONE_NEWUSER: see user_namespaces(7)
    raise OSError(ctypes.get_errno(), "no user namespace")
def put(path, text):
    with open(path, "w") as file:
        file.write(text)
put("/proc/self/setgroups", "deny")
put("/proc/self/uid_map", f"0 {user} 1")
put("/proc/self/gid_map", f"0 {group} 1")
"""
"""Has a daemon live in a namespace of its own, whose limits can be set: namespaces(7)."""

FEW_HANDLES = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
"""


@pytest.mark.stress
def test_a_thousand_files_cost_next_to_nothing_while_idle(tmp_path):
    """Every line of each is told, idle takes under 1 % of a core, and the end under 2 seconds."""
    found = many.run(tmp_path, files=1_000, folders=20, idle_seconds=10)
    print(found)
    assert found.threads > 1_000
    assert found.idle_share < 0.01
    assert found.stop_seconds < 2.0


@pytest.mark.stress
def test_a_thousand_directories_take_no_more_threads_than_their_files(tmp_path):
    """One watch for each, and one thread for all watches."""
    found = many.run(tmp_path, files=1_000, folders=1_000)
    print(found)
    assert found.threads < 1_030
    assert found.stop_seconds < 3.0


@pytest.mark.stress
def test_ten_thousand_files_are_followed_rotated_and_left_in_order(tmp_path):
    """Each line of each is told once, over a rotation of some and over a restart.

    Times are those of a machine that is busy with other tests, too.
    """
    found = many.run(tmp_path, files=10_000, folders=100, lines=2, rotated=200, seconds=300)
    print(found)
    assert 10_000 < found.threads < 10_030
    assert found.resident_bytes < 480 * MEBIBYTE
    assert found.stop_seconds < 30.0


@pytest.mark.stress
@pytest.mark.parametrize(("limit", "most"), [("watches", 50), ("instances", 0)])
def test_a_limit_of_inotify_that_is_really_reached(tmp_path, limit, most):
    """What is not watched is polled, the message names the sysctl, and room that is made is used.

    Nobody is woken for a whole directory, so a rename is found by polling as well.
    """
    place = f"/proc/sys/user/max_inotify_{limit}"
    text = many.CONFIG.format(folder=tmp_path)
    with ExitStack() as open_files:
        writers = [open_files.enter_context(many.writer_of(tmp_path, n, 300)) for n in range(300)]
        for writer in writers:
            writer.write(2)
        out = tmp_path / "alerts.jsonl"
        sabotage = f"{OWN_LIMITS}\nput({place!r}, '{most}')\n"
        with Running(tmp_path, text, sabotage=sabotage).ready() as daemon:
            assert daemon.stderr.count(f"sysctl -w fs.inotify.max_user_{limit}=") == 1
            for writer in writers:
                writer.write()
            for writer in writers[::10]:
                many.rotate(writer)
            many.until_all_told(out, writers)
            entered = ("nsenter", "-t", str(daemon.pid), "-U", "--preserve-credentials")
            raised = ("sh", "-c", f"echo 100000 > {place}")
            subprocess.run([*entered, *raised], check=True, timeout=60)
            eventually(lambda: _watches(daemon) > 300, "all are watched now", 120)
            for writer in writers:
                writer.write()
            many.until_all_told(out, writers)
            daemon.stop()
        many.settle(out, writers)


@pytest.mark.stress
def test_a_thousand_files_with_handles_for_two_hundred(tmp_path):
    """It says once what to raise; lines that were written while no handle was there come once."""
    text = many.CONFIG.format(folder=tmp_path)
    with ExitStack() as open_files:
        writers = [open_files.enter_context(many.writer_of(tmp_path, n, 20)) for n in range(1_000)]
        for writer in writers:
            writer.write(2)
        out = tmp_path / "alerts.jsonl"
        with Running(tmp_path, text, sabotage=FEW_HANDLES).ready(seconds=120) as daemon:
            many.until_all_told(out, writers, 120)
            for _ in range(2):
                for writer in writers:
                    writer.write()
                many.until_all_told(out, writers, 120)
            for writer in writers[::50]:
                many.rotate(writer)
            many.until_all_told(out, writers, 120)
            assert daemon.descriptors() <= 256
            assert daemon.stderr.count("LimitNOFILE=") == 1
            for writer in writers:
                writer.write()
            daemon.stop(120)
        with Running(tmp_path, text, sabotage=FEW_HANDLES).ready(seconds=120) as daemon:
            many.until_all_told(out, writers, 120)
            daemon.stop(120)
        many.settle(out, writers)


def _watches(daemon: Running) -> int:
    """How many watches of inotify it has. Source: proc_pid_fdinfo(5)."""
    found = 0
    for each in Path(f"/proc/{daemon.pid}/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += each.read_text(encoding="ascii").count("inotify wd:")
    return found
