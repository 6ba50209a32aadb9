"""One arena of the C library for all threads, where there is such a thing."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

from logwatch.cli import run


def test_all_threads_share_one_arena(monkeypatch):
    """What a thread frees is then there for the others."""
    asked = []
    library = SimpleNamespace(mallopt=lambda *change: asked.append(change))
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)
    run._share_one_arena()
    assert asked == [(-8, 1)]


def test_a_c_library_without_arenas_is_left_alone(monkeypatch):
    """Musl, for one."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace())
    run._share_one_arena()
