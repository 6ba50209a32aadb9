"""For tests and hunts: watches at run time that locks are always taken in the same order.

A deadlock of two threads takes a moment that may not come in years of tests. That they take the
same two locks in different orders is seen once each has done so, whenever that was (as lockdep of
Linux has it). Locks made in the same line are one kind. A wait that gives up by itself cannot hang
for ever and does not count.

`LOGWATCH_LOCK_ORDER=1` has `logwatch run` do so, from its start and for all locks that logwatch
makes after that; each costs some microseconds more then.
"""

from __future__ import annotations

import _thread
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Final, NamedTuple

from logwatch import telemetry

VARIABLE: Final = "LOGWATCH_LOCK_ORDER"
_PACKAGE = "logwatch"
_MAKERS = ("threading", "queue", __name__)
"""Modules in which a lock is made for somebody else."""


class Inversion(NamedTuple):
    """Two kinds of locks that were taken in both orders, directly or by way of others."""

    first: str
    second: str
    stacks: tuple[str, str]
    """Where `second` was taken by who had `first`, and where it was the other way round."""


class LockOrder:
    """Which kind of lock was taken while which other was held."""

    def __init__(self) -> None:
        self.inversions: list[Inversion] = []
        self._after: dict[str, dict[str, str]] = {}
        """Kind -> kinds that were taken while it was held -> where that was."""
        self._guard = _thread.allocate_lock()
        self._mine = threading.local()

    @property
    def pairs(self) -> int:
        """How many pairs of kinds were seen."""
        return sum(len(after) for after in self._after.values())

    def lock(self, kind: str) -> WatchedLock:
        """A lock of this kind."""
        return WatchedLock(self, kind)

    def wanted(self, lock: WatchedLock) -> None:
        """This thread will wait for `lock` until it has it."""
        for held in self._held():
            if held is not lock and lock.kind not in self._after.get(held.kind, ()):
                self._learn(held.kind, lock.kind)

    def taken(self, lock: WatchedLock) -> None:
        """This thread has it."""
        self._held().append(lock)

    def let_go(self, lock: WatchedLock) -> None:
        """It is free; another thread than the one that took it may say so."""
        held = self._held()
        if lock in held:
            held.remove(lock)

    def _held(self) -> list[WatchedLock]:
        found: list[WatchedLock] | None = getattr(self._mine, "held", None)
        if found is None:
            found = self._mine.held = []
        return found

    def _learn(self, held: str, wanted: str) -> None:
        stack = "".join(traceback.format_stack(sys._getframe(3)))  # noqa: SLF001 - documented
        with self._guard:
            if wanted in self._after.setdefault(held, {}):
                return
            self._after[held][wanted] = stack
            way_back = next(self._ways(wanted, held, frozenset()), None)
            if way_back is not None:
                self.inversions.append(Inversion(held, wanted, (stack, way_back)))
        telemetry.count("lock_order.pairs")
        if way_back is not None:
            telemetry.error("daemon.lock_order", first=held, second=wanted)
            telemetry.say(f"here:\n{stack}\nand elsewhere:\n{way_back}")

    def _ways(self, start: str, end: str, seen: frozenset[str]) -> Iterator[str]:
        """Where `end` was taken by who had `start`, be it by way of other kinds."""
        for after, stack in self._after.get(start, {}).items():
            if after == end:
                yield stack
            elif after not in seen:
                for rest in self._ways(after, end, seen | {after}):
                    yield f"{stack}\nthen:\n{rest}"


class WatchedLock:
    """Like `threading.Lock`."""

    def __init__(self, order: LockOrder, kind: str) -> None:
        self.kind = kind
        self._order = order
        self._lock = _thread.allocate_lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as a lock has it
        """See `threading.Lock.acquire`."""
        if blocking and timeout < 0:
            self._order.wanted(self)
        has_it = self._lock.acquire(blocking, timeout)
        if has_it:
            self._order.taken(self)
        return has_it

    def release(self) -> None:
        """See `threading.Lock.release`."""
        self._order.let_go(self)
        self._lock.release()

    def locked(self) -> bool:
        """See `threading.Lock.locked`."""
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class _WatchedRLock(threading._PyRLock):  # type: ignore[name-defined,misc] # noqa: SLF001 - Python's own, in Python
    """Like `threading.RLock`: one thread may take it many times."""

    def __init__(self, order: LockOrder, kind: str) -> None:
        super().__init__()
        self._block = order.lock(kind)


def watch() -> LockOrder:
    """From now on watch each lock that logwatch makes; returns what is found out."""
    order, lock, rlock = LockOrder(), threading.Lock, threading.RLock

    def make_lock() -> object:
        kind = _kind(sys._getframe(1))  # noqa: SLF001 - documented
        return order.lock(kind) if kind else lock()

    def make_rlock() -> object:
        kind = _kind(sys._getframe(1))  # noqa: SLF001 - documented
        return _WatchedRLock(order, kind) if kind else rlock()

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == _PACKAGE and getattr(module, "Lock", None) is lock:
            module.Lock = make_lock  # type: ignore[attr-defined] # its own name for it
    threading.Lock = make_lock  # type: ignore[assignment] # that is the point
    threading.RLock = make_rlock  # type: ignore[assignment] # that is the point
    return order


def _kind(frame: FrameType) -> str:
    """Where logwatch makes a lock; empty for others, and for those within an Event or a Thread."""
    makers = []
    found: FrameType | None = frame
    while found is not None and found.f_globals.get("__name__") in _MAKERS:
        makers.append(found.f_code.co_qualname)
        found = found.f_back
    name = found.f_globals.get("__name__", "") if found is not None else ""
    inside = {each.partition(".")[0] for each in makers}
    if found is None or inside & {"Event", "Thread"} or name.partition(".")[0] != _PACKAGE:
        return ""
    return f"{name}:{found.f_lineno}"
