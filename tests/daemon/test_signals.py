"""Signals are read, never handled; each case is a process of its own."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from logwatch.daemon import signals
from logwatch.daemon.signals import SIGNALS

PRELUDE = """
import os, signal, subprocess, sys, threading
from logwatch.daemon import signals
signals.block()
"""


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
def test_a_signal_waits_until_it_is_read(name):
    program = f"os.kill(os.getpid(), signal.{name}); print(signals.wait(60).name, signals.wait(0))"
    assert run(program) == (0, [name, "None"])


def test_several_signals_are_read_one_by_one():
    program = """
for number in signals.SIGNALS: os.kill(os.getpid(), number)
print(*sorted(signals.wait(60).name for _ in signals.SIGNALS))
"""
    assert run(program) == (0, sorted(number.name for number in SIGNALS))


def test_no_signal_within_the_time_is_none():
    assert run("print(signals.wait(0.01), signals.wait(-1))") == (0, ["None", "None"])


def test_a_thread_never_takes_a_signal_from_the_main_thread():
    program = """
stop = threading.Event()
threads = [threading.Thread(target=stop.wait) for _ in range(20)]
for thread in threads: thread.start()
os.kill(os.getpid(), signal.SIGTERM)
print(signals.wait(60).name)
stop.set()
"""
    assert run(program) == (0, ["SIGTERM"])


def test_a_broken_pipe_is_an_error_and_no_death():
    program = """
read, write = os.pipe()
os.close(read)
try: os.write(write, b"x")
except BrokenPipeError: print("told")
"""
    assert run(program) == (0, ["told"])


def test_the_test_itself_runs_unblocked():
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & SIGNALS
    assert os.getpid()


def test_a_wait_that_was_stopped_and_continued_past_its_end_has_no_signal(monkeypatch):
    """CPython 3.11 then hands out a number that nobody set: Ctrl-Z must not end the daemon."""
    uninitialised = SimpleNamespace(si_signo=-1_380_230_992)
    monkeypatch.setattr("signal.sigtimedwait", lambda *_: uninitialised)
    assert signals.wait(1.0) is None


def test_a_wish_to_end_that_python_threw_away_is_heard_at_the_next_wait():
    program = """
class Callback:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000): pass
        print("never reached")

signal.pthread_sigmask(signal.SIG_SETMASK, ())
signals.end_in_order()
signals.end_if_asked()
Callback()
try:
    signals.end_if_asked()
except KeyboardInterrupt as end:
    print(end.number)
"""
    assert run(program) == (0, ["2"])


def test_a_signal_that_is_held_comes_when_it_is_let_go():
    program = """
signal.pthread_sigmask(signal.SIG_SETMASK, ())
signals.end_in_order()
try:
    with signals.held():
        os.kill(os.getpid(), signal.SIGTERM)
        print("held")
except KeyboardInterrupt as end:
    print(end.number)
"""
    assert run(program) == (0, ["held", "15"])
