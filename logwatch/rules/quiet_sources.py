"""`quiet_after` of a source: absence of any line of it, the built-in rule `logwatch.source-quiet`.

It is told of batches and not of records: any line is a sign of life, whatever rules make of it. It
is armed from the start, keeps its deadlines over restarts, fires once, and resolves with the next
line. Of a block it knows when the first line came and when the last, and of a backlog not even
that: between them nobody is called quiet. A source that is not followed any more, or has no
`quiet_after` any more, is given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from logwatch.records import Alert, AlertLine, Status
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.kinds import SOURCE_QUIET, Absence
from logwatch.rules.message import lasting, shortened
from logwatch.rules.samples import Sample
from logwatch.rules.silence import Sign, SilenceRule, SilenceState
from logwatch.stamps import rfc3339

NAME = SOURCE_QUIET


class QuietSources(SilenceRule[SilenceState]):
    """All sources that have a `quiet_after`; the key is `source`."""

    patience: ClassVar[float] = 0.0

    def __init__(self, limits: Mapping[str, float], *, host: str) -> None:
        """`limits`: `quiet_after` in seconds, by the name of the source."""
        self._limits = limits
        roster = tuple((source,) for source in sorted(limits))
        longest = max(limits.values(), default=0.0)
        settings = RuleSettings(
            name=NAME,
            kind=Absence(limit=longest, roster=roster),
            sources=tuple(sorted(limits)),
            by=("source",),
            cooldown=0.0,
        )
        super().__init__(settings, SilenceState, roster, host=host)

    def begin(self, now: Now) -> None:
        """See `Rule.begin`. A source that is watched no more, and does not burn, is forgotten."""
        for source in [*self._states]:
            if source not in self._limits and not self._states.burns(source):
                self.forget(source)
        super().begin(now)

    def heard(
        self,
        source: str,
        time: float,
        path: str,
        now: Now,
        *,
        first: float | UnsetType = UNSET,
        backlog: bool = False,
    ) -> Iterable[Alert]:
        """Lines of `source` came, the last of them at event time `time`, from the file `path`.

        `first`: event time of the first of them, where there are several. `backlog`: they were in
        the file before it was followed.
        """
        if source not in self._limits:
            return ()
        alerts: list[Alert] = []
        state = self._touch(source, time, now, alerts)
        if not self._take_deadlines(source, state, now.event, now, alerts):
            state = self._touch(source, time, now, alerts)
        state.late = backlog
        is_unbroken = first is not UNSET and not self._is_overdue(state, first)
        # Where it was quiet before the first that is still to be told, and the last alone ends it.
        if first is not UNSET and is_unbroken:
            alerts += self.take(source, state, _sight(source, first, path), now)
        sight = _sight(source, time, path)
        if (backlog or is_unbroken) and state.episode is None:
            self.go_on(source, state, sight, now)
        else:
            alerts += self.take(source, state, sight, now)
        self.plan(source, state)
        return alerts

    def _is_overdue(self, state: SilenceState, time: float) -> bool:
        """Whether it was quiet for too long before `time`, and nobody was told of that yet."""
        return state.episode is None and state.due is not None and state.due < time

    def limit_of(self, key: str) -> float:
        """See `SilenceRule.limit_of`; of a source that is no longer watched, none."""
        return self._limits.get(key, 0.0)

    def on_hit(self, key: str, state: SilenceState, hit: Hit, now: Now) -> Iterable[Alert]:
        """It looks at no record."""
        raise NotImplementedError

    def stock_message(self, key: str, state: SilenceState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        away = lasting(state.until - state.first)
        if status == "resolved" and state.is_back:
            return f"lines come again, after {away}"
        if key not in self._limits:
            return "no longer watched for silence"
        where = f", last in {shortened(state.samples[-1].line.path)}" if state.samples else ""
        never = "" if state.samples else ", and none since the start"
        limit = lasting(self._limits[key])
        return (
            f"no line for {away}, though it is never quiet for {limit}{never};"
            f" since {rfc3339(state.first)}{where}"
        )

    def _alert(self, key: str, state: SilenceState, now: Now, status: Status, at: float) -> Alert:
        return replace(super()._alert(key, state, now, status, at), source=key, lines=[])


def _sight(source: str, time: float, path: str) -> Sign:
    line = AlertLine(path, 0, rfc3339(time), "")
    return Sign(time, path, Sample.of(line, source, {}, ()))
