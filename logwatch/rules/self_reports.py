"""Alerts about logwatch itself: rules that nobody writes, named `logwatch.<what>`."""

from __future__ import annotations

from msgspec import Struct

from logwatch.records import Alert, Severity
from logwatch.rules.message import about_logwatch, episode_id


class SelfReport(Struct, frozen=True, kw_only=True):
    """Something about logwatch itself that a person must be told."""

    what: str
    severity: Severity
    message: str
    path: str = ""
    source: str = ""


class SelfReports:
    """Makes alerts of them; each is an event of its own."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._number = 0

    def alert(self, what: SelfReport, wall: float) -> Alert:
        """The alert that says so, at wall time `wall`."""
        self._number += 1
        rule = f"logwatch.{what.what}"
        return about_logwatch(
            rule,
            what.message,
            id=episode_id(rule, what.path, f"{wall:.6f}", self._number),
            severity=what.severity,
            wall=wall,
            host=self._host,
            source=what.source or "logwatch",
            path=what.path,
        )
