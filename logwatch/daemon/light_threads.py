"""Threads of which there may be ten thousand: begun without a wait, and of a few hundred bytes.

The start of a `threading.Thread` waits until the thread runs: the interpreter is handed over and
back before there is anything to do, a third of what a start costs. And each keeps an Event, a table
of its attributes and a place in two more, two kilobytes in all. What these lack: they are not in
`threading.enumerate`, and nobody waits for them at the end of the process, as for daemon threads.
"""

from __future__ import annotations

# Not `threading.Lock`: the watch of lock orders (lock_order.py) would take it for one that is held.
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable


class LightThread:
    """As a `threading.Thread`, as far as it goes."""

    __slots__ = ("_ended", "_has_begun", "_is_over", "_run", "ident", "name")

    def __init__(self, run: Callable[[], object], name: str) -> None:
        """`run` must not raise: nobody would hear of it."""
        self.name = name
        self.ident: int | None = None
        """As `threading.get_ident` has it; None before the start."""
        self._run: Callable[[], object] | None = run
        self._ended = allocate_lock()
        self._has_begun = self._is_over = False

    def start(self) -> None:
        """Begin. Raises RuntimeError where it is not the first time or no thread is left."""
        if self._has_begun:
            raise RuntimeError("a thread can be started once")
        self._has_begun = self._ended.acquire()
        try:
            self.ident = start_new_thread(self._bootstrap, ())
        except RuntimeError:
            self._has_begun = False
            self._ended.release()
            raise

    def _bootstrap(self) -> None:
        # A method of whoever has this thread: kept, both would stay until garbage is looked for.
        run, self._run = self._run, None
        try:
            if run is not None:
                run()
        finally:
            self._is_over = True
            self._ended.release()

    def is_alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._has_begun and not self._is_over

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, for so many seconds at most; at once where it was never started."""
        if self._ended.acquire(timeout=-1 if timeout is None else timeout):
            self._ended.release()
