"""Deleted files that are held open because they are not read to their end: how long, how much.

A program may go on writing to a log that was deleted, and a store that cannot be written leaves
logs unread: the disk keeps the bytes of a deleted file as long as anybody has it open. So there is
a limit to both the age and the bytes of all of them together. A person is told at four fifths of
it; beyond it the oldest are let go of, and what was not read of them is told as lost.

It looks from the scheduler's thread; a file is let go of by the thread that reads it, at its next
step or while it waits for room in the Queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from itertools import takewhile
from typing import NamedTuple

from msgspec.structs import replace

from logwatch.clock import Moment
from logwatch.daemon.monitor import Monitor
from logwatch.rules.self_reports import SelfReport
from logwatch.tailer.file_system import Asking
from logwatch.tailer.settings import HeldLimits
from logwatch.tailer.tail import Tail

WARN_AT = 0.8
"""The share of either limit at which a person is told."""


class _Held(NamedTuple):
    """One deleted file, sorted by age."""

    since: float
    """Steady time at which it was first found to be deleted."""
    identity: str
    size: int
    monitor: Monitor
    tail: Tail


class HeldFiles:
    """What one daemon holds of deleted files, and has told of them."""

    def __init__(
        self,
        limits: HeldLimits,
        tell: Callable[[SelfReport], bool],
        asking: Asking = nullcontext,
    ) -> None:
        """`tell` hands a report on without waiting; False: not now.

        `asking` is entered around each call that may not come back (file_system.py).
        """
        self._asking = asking
        self._limits = limits
        self._tell = tell
        self._since: dict[tuple[str, str], float] = {}
        self._told: SelfReport | None = None

    def look(self, monitors: Iterable[Monitor], now: Moment) -> None:
        """Let go of what is too much, and tell of what may become that."""
        since: dict[tuple[str, str], float] = {}
        found: list[_Held] = []
        for monitor in monitors:
            tail = monitor.tail
            if not isinstance(tail, Tail) or not tail.holds_older or monitor.not_answering:
                continue
            for identity, size in self._deleted(monitor.path, tail):
                name = monitor.path, identity
                since[name] = self._since.get(name, now.steady)
                found.append(_Held(since[name], identity, size, monitor, tail))
        self._since = since
        if found or self._told is not None:
            found.sort(key=lambda each: (each.since, each.identity))
            kept = self._cut(found, now.steady)
            self._say(kept, now)

    def _deleted(self, path: str, tail: Tail) -> list[tuple[str, int]]:
        try:
            with self._asking(path):
                return tail.deleted()
        except OSError:
            return []

    def _cut(self, found: Sequence[_Held], now: float) -> Sequence[_Held]:
        """Have the oldest let go of until the rest is within the limits; the rest."""
        oldest = now - self._limits.longest
        first = sum(1 for _ in takewhile(lambda each: each.since <= oldest, found))
        total = sum(each.size for each in found[first:])
        while total > self._limits.most:
            total -= found[first].size
            first += 1
        for each in found[:first]:
            each.tail.give_up(each.identity)
            each.monitor.wake()
        return found[first:]

    def _say(self, held: Sequence[_Held], now: Moment) -> None:
        total = sum(each.size for each in held)
        is_much = total >= WARN_AT * self._limits.most
        is_long = bool(held) and now.steady - held[0].since >= WARN_AT * self._limits.longest
        if (is_much or is_long) and self._told is None:
            report = self._report(held, total, now)
            if self._tell(report):
                self._told = report
        elif self._told is not None and not (is_much or is_long):
            text = "deleted files that are held open are well within the limits again"
            if self._tell(replace(self._told, status="resolved", message=text)):
                self._told = None

    def _report(self, held: Sequence[_Held], total: int, now: Moment) -> SelfReport:
        first = held[0]
        hours = (now.steady - first.since) / 3600
        files = "1 deleted file is" if len(held) == 1 else f"{len(held):,} deleted files are"
        return SelfReport(
            what="files-held",
            severity="warning",
            message=f"{files} held open, still written or not read to the end: {total:,} bytes of"
            f" disk, the oldest for {hours:.1f} hours ({first.monitor.path}); the oldest are let go"
            f" of at {self._limits.most:,} bytes or {self._limits.longest / 3600:.1f} hours",
            path=first.monitor.path,
            source=first.monitor.sources[0],
            episode=f"{now.wall:.6f}",
        )
