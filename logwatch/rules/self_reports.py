"""Alerts about logwatch itself: rules that nobody writes, named `logwatch.<what>`."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from logwatch.records import Alert, Severity, Status
from logwatch.rules.message import about_logwatch, episode_id


class SelfReport(Struct, frozen=True, kw_only=True):
    """Something about logwatch itself that a person must be told."""

    what: str
    severity: Severity
    message: str
    path: str = ""
    source: str = ""
    about_sink: str = ""
    """The sink that is in trouble: another one must be told."""
    episode: str = ""
    """Names what goes on until a report says `resolved`; empty: an event, over at once."""
    status: Status = "firing"
    name: str = ""
    """Of an event that may be told again after a crash: the same then."""

    @property
    def burns(self) -> bool:
        """Whether it goes on until another report says that it is over."""
        return bool(self.episode) and self.status != "resolved"


class SelfReports:
    """Makes alerts of them; each is an event of its own, or belongs to the episode it names."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._number = 0

    def alert(self, what: SelfReport, wall: float) -> Alert:
        """The alert that says so, at wall time `wall`."""
        rule = f"logwatch.{what.what}"
        if what.episode or what.name:
            number, stamp = 0, what.episode or what.name
        else:
            self._number += 1
            number, stamp = self._number, f"{wall:.6f}"
        alert = about_logwatch(
            rule,
            what.message,
            id=episode_id(rule, what.about_sink or what.path, stamp, number),
            severity=what.severity,
            wall=wall,
            host=self._host,
            source=what.source or "logwatch",
            path=what.path,
        )
        if what.about_sink:
            alert = replace(alert, key={"sink": what.about_sink})
        if what.status != "firing":
            alert = replace(alert, status=what.status, seq=2)
        return alert
