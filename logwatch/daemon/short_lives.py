"""Files that came and went before anybody could open them: nobody knows what was in them.

Counted are names that a source takes, of which events told that they were made and deleted, and
of which no monitor held a file. That is a lower bound: without events (polling, an overflow) nobody
knows of such a file at all, and neither does one count whose path has been seen before, or leads
through a link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from logwatch import telemetry
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.waker import NameChange

MOST_BORN = 10_000
"""Names of which it is not known yet whether their file was opened; the oldest are forgotten."""
COUNTER = "short_lived_missed"


class ShortLives:
    """What one daemon has missed; for one thread."""

    def __init__(self, is_taken: Callable[[str], bool]) -> None:
        """`is_taken`: whether a source takes a file of this path."""
        self._is_taken = is_taken
        self._born: dict[str, None] = {}
        self._gone: list[str] = []

    def look(self, changes: Iterable[NameChange], monitors: Mapping[str, Monitor]) -> None:
        """Take in what events told, and count what was missed; call it each second.

        A file that has gone is judged by the next call: somebody may be opening it just now.
        """
        missed = [path for path in self._gone if not _is_open(monitors.get(path))]
        if missed:
            telemetry.count(COUNTER, len(missed))
            telemetry.info("tailer.short_lived_missed", number=len(missed), first=missed[0])
        self._gone = []
        for path, what in changes:
            if what == "made":
                self._born[path] = None
            elif path in self._born:
                del self._born[path]
                if what == "deleted" and self._is_taken(path):
                    self._gone.append(path)
        for path in list(self._born):
            if _is_open(monitors.get(path)) or not self._is_taken(path):
                del self._born[path]
        for path in list(self._born)[: max(0, len(self._born) - MOST_BORN)]:
            del self._born[path]


def _is_open(monitor: Monitor | None) -> bool:
    return monitor is not None and bool(monitor.tail.identities())
