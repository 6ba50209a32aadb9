"""Says how far the compiling of patterns is: on a terminal in one line, else in the log when done.

The engine compiles all patterns in one long call, so that nobody can count along. What that call
will take is reckoned from what the reading of the same patterns took, and the line never says 100 %
before it is done. A thread writes the line, since the one that compiles is busy. The same thread
asks the service manager for more time: a start or reload that compiles for minutes is not one that
hangs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event, Thread

from logwatch import telemetry
from logwatch.clock import Clock

FEW_PATTERNS = 200
"""So many compile in half a second: nobody needs to be told meanwhile."""
TICK_SECONDS = 0.25
EXTEND_SECONDS = 5.0
"""So often the service manager is asked for more time,"""
EXTENSION_USEC = 60_000_000
"""and each time for so much, for the end of compiling is not the end of the start."""
_SECONDS_TO_READ_ONE = 0.0005
_COMPILING_PER_READING = 6.4
_READ_SHARE = 1 / (1 + _COMPILING_PER_READING)


class CompileWatch:
    """See `matching.prefilter.Compiling`. One compilation at a time."""

    def __init__(self, clock: Clock, extend: Callable[[int], None] | None = None) -> None:
        """`extend`: asks a service manager for so many microseconds from now on; any thread."""
        self._clock = clock
        self._extend = extend
        self._patterns = 0
        self._began = 0.0
        self._read_after: float | None = None
        self._ended = Event()
        self._shows = False
        """Whether there is a terminal to write to."""
        self._thread: Thread | None = None
        self.seconds = 0.0
        """What compiling has taken so far."""

    def begin(self, patterns: int) -> None:
        """See `Compiling.begin`."""
        self._patterns = patterns
        self._began = self._clock.steady()
        self._read_after = None
        self._ended = Event()
        self._shows = sys.stderr.isatty()
        if patterns >= FEW_PATTERNS and (self._shows or self._extend is not None):
            self._thread = Thread(target=self._attend, name="compile watch", daemon=True)
            self._thread.start()

    def read(self) -> None:
        """See `Compiling.read`."""
        self._read_after = self._clock.steady() - self._began

    def end(self) -> None:
        """See `Compiling.end`."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            if self._shows:
                telemetry.say("\r\x1b[K")
        if self._patterns:
            seconds = self._clock.steady() - self._began
            self.seconds += seconds
            telemetry.info("matching.compiled", patterns=self._patterns, seconds=round(seconds, 3))

    def percent(self) -> int:
        """How far it should be by now, at most 99."""
        elapsed = self._clock.steady() - self._began
        read_after = self._read_after
        if read_after is None:
            reading = _SECONDS_TO_READ_ONE * self._patterns
            return round(min(1.0, elapsed / reading) * 100 * _READ_SHARE)
        compiling = max(0.001, read_after * _COMPILING_PER_READING)
        done = _READ_SHARE + (elapsed - read_after) / compiling * (1 - _READ_SHARE)
        return min(99, round(100 * done))

    def _attend(self) -> None:
        extended = -EXTEND_SECONDS
        began = self._clock.steady()
        while not self._ended.is_set():
            elapsed = self._clock.steady() - began
            if self._extend is not None and elapsed - extended >= EXTEND_SECONDS:
                extended = elapsed
                self._extend(EXTENSION_USEC)
            if self._shows:
                telemetry.say(f"\r\x1b[Kcompiling {self._patterns:,} patterns … {self.percent()} %")
            self._ended.wait(TICK_SECONDS if self._shows else EXTEND_SECONDS)
