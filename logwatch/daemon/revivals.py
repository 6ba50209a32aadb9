"""Monitors that died: each is started again, later each time, and a person is told if that goes on.

It begins where the last block ended that was handed on, so nothing is lost by it. A file whose
monitor dies again and again is not waited for: deadlines would stand still for all others. One that
lived for ten minutes in between is counted from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from logwatch import telemetry
from logwatch.clock import Moment
from logwatch.daemon.intake import CaughtUp, Message, NotWaitedFor
from logwatch.daemon.monitor import Monitor
from logwatch.rules.self_reports import SelfReport

FIRST_BACK_OFF, LONGEST_BACK_OFF = 1.0, 60.0
MANY_CRASHES = 3
"""When the monitor of a file has died so often a person is told, and nobody waits for it."""
HEALTHY_SECONDS = 600
"""Who lived for so long is not dying again and again: ten times the longest wait for a start."""


class _Crashes(Struct):
    """How often the monitor of one path died, and when it may start again."""

    number: int = 0
    wait: float = 0.0
    """Seconds between the last death and the start after it."""
    again_at: float = 0.0
    """Steady time of the next start; 0: it has not died since the last one."""
    started_at: float = 0.0
    told: bool = False


class Revivals:
    """Those of one daemon; for one thread."""

    def __init__(
        self, tell: Callable[[Message], bool], start_again: Callable[[Monitor], None]
    ) -> None:
        """`tell` hands a message to the consumer without waiting; False: not now."""
        self._tell = tell
        self._start_again = start_again
        self._crashes: dict[str, _Crashes] = {}

    def look(self, monitors: Iterable[Monitor], now: Moment) -> None:
        """Start again those that died, when it is time for that; call it each second."""
        for monitor in monitors:
            if monitor.failure is None or monitor.is_alive():
                continue
            crashes = self._crashes.setdefault(monitor.path, _Crashes())
            if not crashes.again_at:
                if now.steady - crashes.started_at >= HEALTHY_SECONDS:
                    crashes = self._crashes[monitor.path] = _Crashes()
                self._note(monitor, crashes, now)
            elif now.steady >= crashes.again_at:
                crashes.again_at, crashes.started_at = 0.0, now.steady
                self._start_again(monitor)

    def forget(self, path: str) -> None:
        """It is not followed any more."""
        self._crashes.pop(path, None)

    def _note(self, monitor: Monitor, crashes: _Crashes, now: Moment) -> None:
        crashes.number += 1
        crashes.wait = min(2 * crashes.wait or FIRST_BACK_OFF, LONGEST_BACK_OFF)
        crashes.again_at = now.steady + crashes.wait
        telemetry.error("daemon.monitor_died", path=monitor.path, again_in_seconds=crashes.wait)
        self._tell(NotWaitedFor(monitor.path))
        if crashes.number >= MANY_CRASHES and not crashes.told:
            crashes.told = self._tell_of_many(monitor, crashes.number)

    def _tell_of_many(self, monitor: Monitor, number: int) -> bool:
        # Deadlines wait until every backlog is read: one file must not make all wait for ever.
        return self._tell(CaughtUp(monitor.path)) and self._tell(
            SelfReport(
                what="file-not-read",
                severity="critical",
                message=f"{monitor.path} is not read on: its thread died {number} times,"
                f" at last with {monitor.failure!r}; it is tried again, later each time",
                path=monitor.path,
                source=monitor.sources[0],
            )
        )
