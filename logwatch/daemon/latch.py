"""Like an Event, for one thread that waits: its wait clears it, and nothing else is made of it.

A `threading.Event` is a lock, a condition and a queue of waiters, a kilobyte and more, and whoever
sets it hands over two locks. There is one of these for each followed file, and it is set for each
line that is written: one lock does, which is free while the latch is set.

What is set twice before the wait is seen once. Nothing that was done before `set` is overlooked by
who comes back from the `wait` after it.
"""

from __future__ import annotations

# Not `threading.Lock`: the watch of lock orders (lock_order.py) would take it for one that is held.
from _thread import allocate_lock
from contextlib import suppress


class Latch:
    """`set` and `is_set` may be called from any thread, `wait` and `clear` from one."""

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
