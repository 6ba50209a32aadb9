"""Says when a file that is followed is one that logwatch writes: each alert would be a line of it.

Names are compared and no file is asked: one on a dead mount would not answer. What is written to
the end of the process is meant, by sinks and on stderr.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from logwatch import telemetry

_STDERR = "/proc/self/fd/2"


class OwnFiles:
    """The files that this process writes."""

    def __init__(self, written: Iterable[str]) -> None:
        """`written`: the files of sinks."""
        self._names: dict[str, str] = {}
        for path in written:
            for name in (os.path.abspath(path), os.path.realpath(path)):  # noqa: PTH100 - no `..`
                self._names[name] = "a sink"
        try:
            self._names[os.readlink(_STDERR)] = "the log of the daemon itself"  # noqa: PTH115 - text
        except OSError:
            return

    def warn_of(self, path: str) -> bool:
        """Say so where `path` is one of them; whether it is."""
        if path not in self._names:
            return False
        telemetry.warning(
            "daemon.follows_itself",
            path=path,
            written_by=self._names[path],
            remedy="exclude it, or write to another folder",
        )
        return True
