"""Where a process has a table of those that wait, it has room for all its threads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from logwatch.daemon.futexes import FEW_THREADS, MOST_PLACES, Futexes


class Kernel:
    """Keeps how many places were asked for."""

    def __init__(self, answer=0):
        self.answer = answer
        self.places = []

    def __call__(self, number, operation, places, *_):
        assert (number, operation.value) == (78, 1)
        self.places.append(places.value)
        return self.answer


@pytest.mark.parametrize(
    ("threads", "places"),
    [
        (FEW_THREADS, []),
        (FEW_THREADS + 1, [128]),
        (128, [128]),
        (10_007, [16_384]),
        (10_000_000, [MOST_PLACES]),
    ],
)
def test_there_is_a_place_for_each_of_many_threads(threads, places):
    """A power of two; few threads need none."""
    kernel = Kernel()
    Futexes(kernel).make_room(threads)
    assert kernel.places == places


def test_it_is_asked_for_again_only_where_there_are_more():
    """Files come one by one."""
    kernel = Kernel()
    futexes = Futexes(kernel)
    for threads in (100, 100, 128, 129, 50, 256, 10_000_000, 10_000_001):
        futexes.make_room(threads)
    assert kernel.places == [128, 256, MOST_PLACES]


def test_a_kernel_without_such_a_table_is_asked_once():
    """Nothing depends on it but what many threads cost."""
    kernel = Kernel(-1)
    futexes = Futexes(kernel)
    futexes.make_room(100)
    futexes.make_room(1_000)
    assert kernel.places == [128]


def test_this_kernel_takes_it_or_knows_of_no_such_table():
    """In a process of its own, with threads that wait already."""
    program = """
import ctypes
from threading import Event, Thread
from logwatch.daemon.futexes import Futexes
prctl, over = ctypes.CDLL(None).prctl, Event()
threads = [Thread(target=over.wait, daemon=True) for _ in range(20)]
for each in threads: each.start()
knows = prctl(78, *map(ctypes.c_ulong, (2, 0, 0, 0))) >= 0
Futexes().make_room(1_000)
print(prctl(78, *map(ctypes.c_ulong, (2, 0, 0, 0))) == (1_024 if knows else -1))
over.set()
for each in threads: each.join(60)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
