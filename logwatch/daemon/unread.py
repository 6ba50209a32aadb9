"""Files that are there and cannot be read: told after a minute, and again when they are read.

A minute is what a rotation may take to give a new file its rights. The files of one source are one
episode, so that a right that is missing everywhere is told once and not a thousand times. After a
restart an episode ends and, where nothing is better, begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from logwatch.clock import Moment
from logwatch.daemon.monitor import Monitor
from logwatch.rules.self_reports import SelfReport

PATIENCE_SECONDS = 60.0


class Unread:
    """What one daemon has told of such files."""

    def __init__(self, tell: Callable[[SelfReport], bool]) -> None:
        """`tell` hands a report on without waiting; False: not now."""
        self._tell = tell
        self._since: dict[str, float] = {}
        """Steady time since which a path cannot be read."""
        self._told: dict[str, SelfReport] = {}
        """By source."""

    def look(self, monitors: Iterable[Monitor], now: Moment) -> None:
        """Tell of what has become worse or better."""
        bad = [each for each in monitors if each.tail.state().status in ("denied", "error")]
        self._since = {each.path: self._since.get(each.path, now.steady) for each in bad}
        overdue: dict[str, list[Monitor]] = {}
        for each in bad:
            if now.steady - self._since[each.path] >= PATIENCE_SECONDS:
                overdue.setdefault(each.sources[0], []).append(each)
        for source in overdue.keys() - self._told.keys():
            report = _report(source, overdue[source], now)
            if self._tell(report):
                self._told[source] = report
        for source in self._told.keys() - overdue.keys():
            better = replace(
                self._told[source],
                status="resolved",
                message=f"every file of source {source} that is there is read again",
            )
            if self._tell(better):
                del self._told[source]


def _report(source: str, monitors: Sequence[Monitor], now: Moment) -> SelfReport:
    first = monitors[0]
    text = f"{first.path} cannot be read: {first.tail.state().detail}"
    more = len(monitors) - 1
    if more:
        text += f"; nor can {more:,} more of source {source}"
    return SelfReport(
        what="file-not-read",
        severity="error",
        message=text,
        path=first.path,
        source=source,
        episode=f"{source} {now.wall:.6f}",
    )
