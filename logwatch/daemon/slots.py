"""How many monitors may read and scan at once: about the number of cores, the hung ones apart.

So a thousand files with a backlog use a few buffers and not a thousand. A read can hang, on a dead
network mount for hours; a slot that was held for `patience` seconds counts as free, or two such
files would keep every other one from being read.
"""

from __future__ import annotations

import threading

from logwatch.clock import Clock

PATIENCE_SECONDS = 5.0


class Slots:
    """`with` one slot held; waits while `number` others are held by threads that get on."""

    def __init__(self, number: int, clock: Clock, *, patience: float = PATIENCE_SECONDS) -> None:
        self._number = number
        self._clock = clock
        self._patience = patience
        self._freed = threading.Condition()  # held for a few lines here, takes no other lock
        self._since: dict[int, float] = {}

    def __enter__(self) -> None:
        with self._freed:
            while self._in_use() >= self._number:
                self._freed.wait(self._patience)
            self._since[threading.get_ident()] = self._clock.steady()

    def __exit__(self, *_: object) -> None:
        with self._freed:
            del self._since[threading.get_ident()]
            self._freed.notify()

    def _in_use(self) -> int:
        if len(self._since) < self._number:  # as always, but where some hang
            return len(self._since)
        impatient = self._clock.steady() - self._patience
        return sum(since > impatient for since in self._since.values())
