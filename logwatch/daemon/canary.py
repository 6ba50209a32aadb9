"""Proof that events arrive: a byte written to a file of our own must come back as one.

A reader's thread can be alive and deaf; only an event that is due and comes proves otherwise.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from logwatch import telemetry
from logwatch.clock import Moment

EVERY_SECONDS = 30.0
WITHIN_SECONDS = 5.0


class Canary:
    """Asks now and then, and says when no answer came. Without a path it has nothing to say.

    Where the file cannot be written nothing is asked: that is counted, and proves nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = str(path.absolute()) if path else ""
        self._asked: float | None = None
        self._answered = threading.Event()
        self._next = float("-inf")

    def answer(self) -> None:
        """The event came."""
        self._answered.set()

    def forget(self) -> None:
        """Ask anew: the one who was asked is gone."""
        self._asked = None
        self._next = float("-inf")

    def sings(self, now: Moment) -> bool:
        """Whether every question so far was answered in time; asks the next one when it is due."""
        if self._asked is not None and not self._answered.is_set():
            return now.steady - self._asked < WITHIN_SECONDS
        if now.steady >= self._next:
            self._answered.clear()
            self._next = now.steady + EVERY_SECONDS
            self._asked = now.steady if self.write() else None
        return True

    def write(self) -> bool:
        """Write the byte, always the same one in the same place; whether that could be done."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self.path, flags, 0o600)
            try:
                os.pwrite(descriptor, b".", 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            telemetry.count("waker.canary_failures")
            telemetry.debug("waker.canary_failed", path=self.path, reason=error.strerror)
            return False
        return True
