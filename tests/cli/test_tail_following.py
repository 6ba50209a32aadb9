"""`logwatch tail` while it follows, as a child process, on a pipe."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from doubles.forked import Forked

from logwatch.clock import SystemClock

PATIENCE = 30.0


class Following:
    """The command, and what it has written so far."""

    def __init__(self, folder, *words, stdin=subprocess.DEVNULL):
        self._clock = SystemClock()
        self.out = self.err = b""
        self.process = Forked(
            "tail", *words, cwd=folder, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def see(self, out=b"", err=b""):
        """Wait until it has written these."""
        until = self._clock.steady() + PATIENCE
        streams = [self.process.stdout, self.process.stderr]
        while not (out in self.out and err in self.err):
            left = until - self._clock.steady()
            assert left > 0, (out, err, self.out, self.err)
            for stream in select.select(streams, [], [], left)[0]:
                data = os.read(stream.fileno(), 65_536)
                if not data:
                    streams.remove(stream)
                    assert streams, (out, err, self.out, self.err)
                if stream is self.process.stdout:
                    self.out += data
                else:
                    self.err += data

    def end(self, number=None):
        """Wait for its end, after a signal where one is given; its exit status."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        self.out += out
        self.err += err
        return self.process.returncode


@pytest.fixture
def follow(tmp_path):
    """Starts the command in `tmp_path`; whatever still runs at the end is killed."""
    started = []

    def start(*words, **options):
        one = Following(tmp_path, *words, **options)
        started.append(one)
        return one

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate(timeout=PATIENCE)


def add(path: Path, text: str) -> None:
    """Write to a log."""
    with path.open("a") as file:
        file.write(text)


@pytest.mark.parametrize("mode", [(), ("--poll", "-s.05")], ids=["events", "polling"])
def test_lines_of_several_files_come_with_banners(follow, tmp_path, mode):
    """A banner where another file speaks; rotation and a missing file are told on stderr."""
    add(tmp_path / "a", "one\n")
    tail = follow("a", "b", *mode)
    tail.see(b"==> a <==\none\n", b"tail: cannot open 'b' for reading: No such file or directory\n")
    add(tmp_path / "b", "two\n")
    tail.see(b"\n==> b <==\ntwo\n", b"tail: 'b' has appeared;  following new file\n")
    add(tmp_path / "b", "three\n")
    tail.see(b"two\nthree\n")
    (tmp_path / "b").rename(tmp_path / "b.1")
    add(tmp_path / "b", "four\n")
    tail.see(b"three\nfour\n", b"following new file\n")
    assert tail.end(signal.SIGINT) == -signal.SIGINT


def test_chosen_lines_of_a_rotated_file_come_from_both(follow, tmp_path):
    """With a filter the daemon's follower reads: a late writer loses nothing."""
    add(tmp_path / "a", "ERROR one\nfine\n")
    tail = follow("a", "-m", "ERROR")
    tail.see(b"ERROR one\n")
    late = (tmp_path / "a").open("a")
    (tmp_path / "a").rename(tmp_path / "a.1")
    add(tmp_path / "a", "ERROR new\n")
    tail.see(b"ERROR new\n", b"0 lines lost")
    late.write("ERROR late\nfine\n")
    late.close()
    tail.see(b"ERROR late\n")
    assert tail.end(signal.SIGINT) == -signal.SIGINT
    assert tail.out == b"ERROR one\nERROR new\nERROR late\n"


def test_alerts_reach_the_receiver_and_that_is_said(follow, tmp_path):
    """Once; the lines themselves come as ever."""
    add(tmp_path / "a", "one\n")
    receiver = tmp_path / "receiver"
    receiver.write_text(f"#!/bin/sh\ncat >> {tmp_path}/told\necho >> {tmp_path}/told\n")
    receiver.chmod(0o755)
    tail = follow("a", "-m", "ERROR|one", "--cooldown", "0", "--to", f"exec:{receiver}")
    tail.see(b"one\n")
    add(tmp_path / "a", "ERROR two\n")
    tail.see(b"ERROR two\n", f"tail: exec:{receiver} was told\n".encode())
    assert tail.end(signal.SIGINT) == -signal.SIGINT
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines() if line]
    assert [each["message"] for each in told] == ["ERROR two"]


def test_a_pipe_on_standard_input_is_shown_as_it_comes(follow):
    """And its end is the end."""
    tail = follow(stdin=subprocess.PIPE)
    tail.process.stdin.write(b"one\ntw")
    tail.process.stdin.flush()
    tail.see(b"one\ntw")
    tail.process.stdin.write(b"o")
    assert tail.end() == 0
    assert (tail.out, tail.err) == (b"one\ntwo", b"")


def test_f_of_a_pipe_shows_its_last_lines(follow):
    """As POSIX has it."""
    tail = follow("-f", "-n1", stdin=subprocess.PIPE)
    tail.process.stdin.write(b"one\ntwo\n")
    assert tail.end() == 0
    assert tail.out == b"two\n"


def test_a_quoted_glob_finds_later_files(follow, tmp_path):
    """From their beginning."""
    add(tmp_path / "a.log", "one\n")
    tail = follow("*.log", "--poll", "-s.05")
    tail.see(b"one\n")
    add(tmp_path / "b.log", "two\n")
    tail.see(b"two\n")
    assert tail.end(signal.SIGTERM) == -signal.SIGTERM


def test_it_ends_with_the_process_that_writes(follow, tmp_path):
    """What that wrote last is shown."""
    add(tmp_path / "a", "one\n")
    writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    tail = follow("-s.05", f"--pid={writer.pid}", "a")
    tail.see(b"one\n")
    add(tmp_path / "a", "two\n")
    writer.stdin.close()
    writer.wait(PATIENCE)
    assert tail.end() == 0
    assert tail.out == b"one\ntwo\n"


def test_it_ends_when_its_reader_goes_though_nothing_comes(follow, tmp_path):
    """By SIGPIPE, as every filter."""
    add(tmp_path / "a", "one\n")
    tail = follow("a")
    tail.see(b"one\n")
    tail.process.stdout.close()
    tail.process.wait(PATIENCE)
    assert tail.process.returncode == -signal.SIGPIPE
    assert tail.process.stderr.read() == b""


def test_a_fifo_may_have_one_writer_after_the_other(follow, tmp_path):
    """Between them it waits, and is not busy."""
    os.mkfifo(tmp_path / "p")
    tail = follow("p", "-s.05")
    add(tmp_path / "p", "one\n")
    tail.see(b"one\n")
    add(tmp_path / "p", "two\n")
    tail.see(b"two\n")
    assert tail.end(signal.SIGTERM) == -signal.SIGTERM


def test_without_a_directory_it_looks_now_and_then(follow, tmp_path):
    """And says so, as GNU tail does."""
    (tmp_path / "d").mkdir()
    add(tmp_path / "d/a", "one\n")
    tail = follow("d/a", "-s.05")
    tail.see(b"one\n")
    (tmp_path / "d/a").unlink()
    (tmp_path / "d").rmdir()
    tail.see(err=b"tail: inotify cannot be used, reverting to polling\n")
    (tmp_path / "d").mkdir()
    add(tmp_path / "d/a", "two\n")
    tail.see(b"two\n", b"'d/a' has appeared;  following new file\n")
    assert tail.end(signal.SIGTERM) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [
        ("-f - <&-", 1, "tail: -: Bad file descriptor"),
        ("-f /dev/null >&-", 1, "tail: standard output: Bad file descriptor"),
        ("--follow=name none", 1, "tail: no files remaining"),
        ("--no-follow a >/dev/full", 1, "tail: write error: No space left on device"),
    ],
)
def test_what_cannot_go_on_ends_with_one(tmp_path, redirection, status, said):
    """And says why."""
    add(tmp_path / "a", "one\n")
    done = subprocess.run(
        f"{sys.executable} -m logwatch tail {redirection}",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.decode().splitlines()[-1] == said


def test_on_a_pipe_little_is_loaded(tmp_path):
    """It starts as fast as it can: what is not needed is not imported."""
    add(tmp_path / "a", "one\n")
    code = (
        "import sys; from logwatch.cli.main import run_command_line as run;"
        "run(['tail', '--no-follow', 'a']); print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    loaded = done.stderr.decode().split()
    heavy = {"msgspec", "yaml", "watchdog", "hyperscan", "structlog", "sqlite3", "logwatch.sinks"}
    assert heavy.isdisjoint(loaded)


def test_on_a_terminal_no_more_is_loaded_than_it_takes(tmp_path):
    """No configuration, no sinks, no engine."""
    add(tmp_path / "a", "one\n")
    code = (
        "import os, sys; os.environ['FORCE_COLOR'] = '1'; os.environ['HOME'] = '/nonexistent';"
        "from logwatch.cli.main import run_command_line as run;"
        "run(['tail', '--pid=2147483646', 'a']); print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    loaded = done.stderr.decode().split()
    heavy = {"yaml", "hyperscan", "structlog", "sqlite3", "urllib3", "logwatch.sinks.registry"}
    assert heavy.isdisjoint(loaded)
