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
    program = f"os.kill(os.getpid(), signal.{name}); print(signals.wait(5).name, signals.wait(0))"
    assert run(program) == (0, [name, "None"])


def test_several_signals_are_read_one_by_one():
    program = """
for number in signals.SIGNALS: os.kill(os.getpid(), number)
print(*sorted(signals.wait(5).name for _ in signals.SIGNALS))
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
print(signals.wait(5).name)
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


SHOW_MASK = "import signal; print(len(signal.pthread_sigmask(signal.SIG_BLOCK, ())))"


def test_a_plain_child_would_inherit_the_blocked_signals():
    """The trap that `for_child` is there for."""
    program = f"print(subprocess.check_output([sys.executable, '-c', {SHOW_MASK!r}], text=True))"
    assert run(program) == (0, [str(len(SIGNALS))])


def test_a_child_started_by_for_child_has_no_signal_blocked_and_dies_of_sigterm():
    program = f"""
command = signals.for_child([sys.executable, "-c", {SHOW_MASK!r}])
print(subprocess.check_output(command, text=True))
child = subprocess.Popen(signals.for_child(["sh", "-c", "echo up; exec sleep 60"]),
                         stdout=subprocess.PIPE)
child.stdout.readline()
child.terminate()
print(-child.wait(10))
"""
    assert run(program) == (0, ["0", str(int(signal.SIGTERM))])


def test_the_command_keeps_its_arguments_its_input_and_its_process_id():
    program = """
child = subprocess.Popen(signals.for_child(["sh", "-c", 'cat; echo "$1" $$', "sh", "a  'b"]),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
out, _ = child.communicate("given ")
print(out == f"given a  'b {child.pid}\\n")
"""
    assert run(program) == (0, ["True"])


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
