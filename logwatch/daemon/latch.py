"""Like Events, for one thread that waits, and made of one lock.

A `threading.Event` is a lock, a condition and a queue of waiters, a kilobyte and more, and whoever
sets it hands over two locks. Each followed file has one to be woken by, for each line that is
written, and one to be stopped by: for each of them one lock does, which is free while it is set.

What is set twice before a wait is seen once. Nothing that was done before `set` is overlooked by
who comes back from the `wait` after it.
"""

from __future__ import annotations

# Not `threading.Lock`: the watch of lock orders (lock_order.py) would take it for one that is held.
from _thread import allocate_lock
from contextlib import suppress


class Latch:
    """A wait clears it. `set` and `is_set` are for any thread, `wait` and `clear` for one."""

    __slots__ = ("_lock",)

    def __init__(self, *, is_set: bool = False) -> None:
        self._lock = allocate_lock()
        if not is_set:
            self._lock.acquire()

    def set(self) -> None:
        """Have the wait end, the one under way or the next."""
        if self._lock.locked():
            with suppress(RuntimeError):  # another thread was quicker
                self._lock.release()

    def is_set(self) -> bool:
        """Whether the next wait ends at once."""
        return not self._lock.locked()

    def clear(self) -> None:
        """Forget that it was set."""
        self._lock.acquire(blocking=False)

    def wait(self, seconds: float | None = None) -> bool:
        """Until it is set, for so long at most, and clear it; whether it was."""
        return self._lock.acquire(timeout=-1 if seconds is None else max(0.0, seconds))


class Stop:
    """Once set it stays so; `wait` is for one thread."""

    def __init__(self) -> None:
        self._is_set = False
        self._latch = Latch()

    def set(self) -> None:
        """Ask for the end; again does nothing more."""
        self._is_set = True
        self._latch.set()

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Until it is set, for so many seconds at most; whether it is."""
        if not self._is_set:
            self._latch.wait(timeout)
        return self._is_set
