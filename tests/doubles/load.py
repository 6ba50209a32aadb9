"""Somebody who writes a log all the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from doubles.oracle import Writer
from doubles.process import ended


@contextmanager
def load(writer: Writer, lines: int = 10) -> Iterator[None]:
    """Write `lines` lines about a hundred times a second until the block is left."""
    stop = Event()

    def write() -> None:
        while not stop.wait(0.01):
            writer.write(lines)

    thread = Thread(target=write, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        ended(thread)
