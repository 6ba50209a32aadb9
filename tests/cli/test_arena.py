"""One arena of the C library for all threads, which keeps a little, where there is such a thing."""

from __future__ import annotations

import ctypes
import os
from types import SimpleNamespace

from logwatch.cli import run
from logwatch.daemon.block_sizes import MOST_BLOCK


def test_all_threads_share_one_arena(monkeypatch):
    """What a thread frees is then there for the others."""
    asked = []
    library = SimpleNamespace(mallopt=lambda *change: asked.append(change))
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)
    run._keep_what_is_freed()
    assert (-8, 1) in asked


def test_the_memory_of_a_block_is_there_for_the_next(monkeypatch):
    """As much as all cores read at once is kept, and none of it is asked for apart."""
    asked = {}
    library = SimpleNamespace(mallopt=lambda name, value: asked.update({name: value}))
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    run._keep_what_is_freed()
    trim, mmap = asked[-1], asked[-3]
    assert trim == 12 * MOST_BLOCK
    assert MOST_BLOCK < mmap < 1 << 25, "more is refused by glibc"


def test_a_c_library_without_arenas_is_left_alone(monkeypatch):
    """Musl, for one."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace())
    run._keep_what_is_freed()
