"""Handles where there are fewer than logs: who waits for one, and who gets the next.

A tail that gets none says so here. Tails at rest then let go of theirs (parking.py), and each
handle that is given back is for whoever has waited longest. Where there are enough nobody waits,
and nobody lets go.

Every method may be called from any thread: each is a few operations on a dict, which the
interpreter does not interrupt.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from logwatch import telemetry

TOO_FEW = (errno.EMFILE, errno.ENFILE)
"""What the kernel says where no file can be opened for want of handles."""


def is_shortage(error: OSError) -> bool:
    """Whether a file could not be opened for want of handles."""
    return error.errno in TOO_FEW


class Handles:
    """Those of one process that are for logs."""

    def __init__(self) -> None:
        self.wake: Callable[[str], None] = _nobody
        """Has the tail of a path look again."""
        self._waiting: dict[str, Callable[[], None]] = {}
        self._is_known = False

    @property
    def wanted(self) -> int:
        """How many tails wait for one."""
        return len(self._waiting)

    def want(self, path: str, error: OSError, now: Callable[[], None] = lambda: None) -> None:
        """The tail of `path` waits for a handle; `now` is called before it is woken for one.

        The first one is news, with what `error` says; that others wait after it is not.
        """
        self._waiting.setdefault(path, now)
        if not self._is_known:
            self._is_known = True
            text = error.strerror or str(error)
            telemetry.warning("tailer.too_few_handles", path=path, detail=text)

    def got(self, path: str) -> None:
        """It does not wait any more."""
        self._waiting.pop(path, None)

    def freed(self) -> None:
        """One was given back."""
        for path in list(self._waiting):
            now = self._waiting.pop(path, None)
            if now is not None:  # else another thread woke it
                now()
                self.wake(path)
                return


def _nobody(_path: str) -> None:
    """Nobody is there to be woken."""
