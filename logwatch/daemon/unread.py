"""Files that cannot be read, or are not there though their silence means something.

Where a rule waits for lines, a file that is gone and a file that is silent look alike, and they are
not the same trouble: so a person is told of the file. Elsewhere a missing file is nothing to tell
of, for many rotations leave none until the next line comes.

A minute is what a rotation may take to give a new file its rights, five are long for making it. The
files of one source are one episode, so that a right that is missing everywhere is told once and not
a thousand times. After a restart an episode ends and, where nothing is better, begins anew.

A place that does not answer is told of by itself where nobody knows which files are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from msgspec.structs import replace

from logwatch.clock import Moment
from logwatch.config.model import Config
from logwatch.daemon.monitor import Monitor
from logwatch.daemon.places import is_beneath
from logwatch.rules.kinds import Absence, Cleared, Expect
from logwatch.rules.self_reports import SelfReport
from logwatch.tailer.state import NO_FILE

NOT_READ: Final = "file-not-read"
MISSING: Final = "file-missing"
PATIENCE_SECONDS = {NOT_READ: 60.0, MISSING: 300.0}

_Trouble: TypeAlias = tuple[str, str]
"""What it is, and with which source."""


class _Case(NamedTuple):
    """One path that there is trouble with."""

    trouble: _Trouble
    path: str
    detail: str


def waited_for(config: Config) -> frozenset[str]:
    """The sources whose silence a rule or `quiet_after` tells of, where they are named.

    And those that only the line that clears comes from: without them nothing ends.
    """
    names = {source.name for source in config.sources if source.quiet_after}
    for rule in config.rules:
        if isinstance(rule.kind, Absence | Expect):
            for selector in rule.selectors():
                names.update(selector.sources or ())
        elif isinstance(rule.kind, Cleared) and rule.kind.closing.sources != rule.sources:
            names.update(rule.kind.closing.sources or ())
    return frozenset(names)


class Unread:
    """What one daemon has told of such files."""

    def __init__(self, tell: Callable[[SelfReport], bool], waited_for: Container[str]) -> None:
        """`tell` hands a report on without waiting; False: not now.

        `waited_for` are the sources of whose silence somebody wants to know.
        """
        self._tell = tell
        self._waited_for = waited_for
        self._since: dict[str, float] = {}
        """Steady time since which there is trouble with a path."""
        self._told: dict[_Trouble, SelfReport] = {}

    def look(
        self,
        monitors: Iterable[Monitor],
        now: Moment,
        unanswering: Iterable[tuple[str, str]] = (),
        unlisted: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        """Tell of what has become worse or better.

        `unanswering`: places that do not answer, each with a source that may have files there.
        `unlisted`: folders that a source names and nobody can look into, with both, and why.
        """
        cases = [case for case in map(self._case_of, monitors) if case is not None]
        cases += [_Case((NOT_READ, source), folder, why) for folder, source, why in unlisted]
        cases += [
            _Case((NOT_READ, source), place, f"{place} does not answer")
            for place, source in unanswering
            if not any(
                each.trouble == (NOT_READ, source) and is_beneath(each.path, place)
                for each in cases
            )
        ]
        overdue = self._overdue(cases, now.steady)
        for trouble in overdue.keys() - self._told.keys():
            report = _report(*trouble, overdue[trouble], now)
            if self._tell(report):
                self._told[trouble] = report
        for trouble in self._told.keys() - overdue.keys():
            if self._tell(_over(self._told[trouble])):
                del self._told[trouble]

    def _overdue(self, cases: Iterable[_Case], now: float) -> dict[_Trouble, list[_Case]]:
        overdue: dict[_Trouble, list[_Case]] = {}
        since: dict[str, float] = {}
        for each in cases:
            since[each.path] = self._since.get(each.path, now)
            if now - since[each.path] >= PATIENCE_SECONDS[each.trouble[0]]:
                overdue.setdefault(each.trouble, []).append(each)
        self._since = since
        return overdue

    def _case_of(self, monitor: Monitor) -> _Case | None:
        state, source = monitor.tail.state(), monitor.sources[0]
        if monitor.not_answering:
            return _Case((NOT_READ, source), monitor.path, monitor.not_answering)
        if state.status in ("denied", "error"):
            return _Case((NOT_READ, source), monitor.path, state.detail)
        is_gone = state.status == "waiting" and state.detail == NO_FILE
        if is_gone and source in self._waited_for:
            return _Case((MISSING, source), monitor.path, state.detail)
        return None


def _report(what: str, source: str, cases: Sequence[_Case], now: Moment) -> SelfReport:
    first, more = cases[0], len(cases) - 1
    if what == NOT_READ:
        text = f"{first.path} cannot be read: {first.detail}"
        also = "nor can"
    else:
        text = f"{first.path} is not there, so that its silence says nothing"
        also = "nor are"
    if more:
        text += f"; {also} {more:,} more of source {source}"
    return SelfReport(
        what=what,
        severity="error",
        message=text,
        path=first.path,
        source=source,
        episode=f"{source} {now.wall:.6f}",
    )


def _over(report: SelfReport) -> SelfReport:
    words = "that is there is read" if report.what == NOT_READ else "is there"
    text = f"every file of source {report.source} {words} again"
    return replace(report, status="resolved", message=text)
