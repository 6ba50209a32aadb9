"""Files that came and went before anybody could open them: nobody knows what was in them.

Counted are names that a source takes, of which events told that they were made and deleted, and
of which no monitor held or read a file meanwhile. That is a lower bound: without events (polling,
an overflow) nobody knows of such a file at all, and neither does one count whose path has been seen
before, or leads through a link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from logwatch import telemetry
from logwatch.clock import Moment
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
        self._born: dict[str, float] = {}
        """Names that were made, and a steady time before that."""
        self._gone: list[tuple[str, float]] = []
        self._let_go: dict[str, float] = {}
        """Until when files were read whose monitor has ended since the look before the last."""
        self._looked_at = 0.0

    def let_go(self, path: str, *, active_at: float) -> None:
        """The monitor of this path has ended, which handed something on at this time."""
        self._let_go[path] = active_at

    def look(
        self, changes: Iterable[NameChange], monitors: Mapping[str, Monitor], now: Moment
    ) -> None:
        """Take in what events told, and count what was missed; call it each second.

        A file that has gone is judged by the next call: somebody may be opening it just now.
        """

        def seen(path: str, since: float) -> bool:
            """Whether a file of this path is open, or something of one was handed on since then.

            One that was deleted and read to its end may have been let go of at once.
            """
            if self._let_go.get(path, since) > since:
                return True
            monitor = monitors.get(path)
            if monitor is None:
                return False
            return bool(monitor.tail.identities()) or monitor.active_at > since

        missed = [path for path, since in self._gone if not seen(path, since)]
        if missed:
            telemetry.count(COUNTER, len(missed))
            telemetry.info("tailer.short_lived_missed", number=len(missed), first=missed[0])
        self._gone = []
        for path, what in changes:
            if what == "made":
                self._born[path] = self._looked_at
            elif path in self._born:
                since = self._born.pop(path)
                is_gone = what == "deleted" and self._is_taken(path)
                if is_gone and not seen(path, since):
                    self._gone.append((path, since))
        for path, since in list(self._born.items()):
            if seen(path, since) or not self._is_taken(path):
                del self._born[path]
        for path in list(self._born)[: max(0, len(self._born) - MOST_BORN)]:
            del self._born[path]
        self._let_go = {path: at for path, at in self._let_go.items() if at > self._looked_at}
        self._looked_at = now.steady
