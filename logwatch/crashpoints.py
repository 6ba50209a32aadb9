"""Named points at which a test has this process killed, as SIGKILL or a power cut would do it.

With `LOGWATCH_CRASH=commit.written:2` in its environment the process ends with SIGKILL when it
comes to the point `commit.written` for the second time; what is not on the disk by then is gone.
Nobody but a test sets it. Without it a point costs one look at a name, and no point stands where
a line is read or matched.
"""

from __future__ import annotations

import os

VARIABLE = "LOGWATCH_CRASH"
_SIGKILL = 9


class _Armed:
    """One point, and how often it has still to be reached."""

    def __init__(self, text: str) -> None:
        self._name, _, number = text.partition(":")
        self._left = int(number or 1)

    def reached(self, name: str) -> None:
        """End this process where it is time."""
        if name == self._name:
            self._left -= 1  # two threads never share a point: each has one place
            if not self._left:
                os.kill(os.getpid(), _SIGKILL)


_armed: _Armed | None = None


def arm(text: str) -> None:
    """Die at the point that `text` names, `<point>:<time>`; nowhere where it is empty."""
    global _armed  # noqa: PLW0603 - of the process, as its environment is
    _armed = _Armed(text) if text else None


def crashpoint(name: str) -> None:
    """Here a test may have the process killed."""
    if _armed is not None:
        _armed.reached(name)


arm(os.environ.get(VARIABLE, ""))
