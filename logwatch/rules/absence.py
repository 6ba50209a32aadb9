"""Kind 4, absence: what should come keeps away.

A key is armed by its first record, or from the start by the roster. Its deadline is the event time
of its last record plus `limit`; at the deadline it fires, once, and the next record resolves it.
What else is promised is said in silence.py. With `active`, silence counts in active hours only
(active_time.py).

`say` may use `away` (how long it was silent), `seen` (when it was last seen, or `never`) and
`limit`. The alert quotes the last line seen; its `first` is the time of that line, or of the start
for a key that was never seen. `count` is the number of records since it fell silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from logwatch.records import Alert
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.kinds import Absence
from logwatch.rules.message import lasting
from logwatch.rules.silence import SilenceRule, SilenceState, sign


class AbsenceRule(SilenceRule[SilenceState]):
    """One rule of this kind."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Absence)
        super().__init__(settings, SilenceState, settings.kind.roster, host=host)
        self._kind = settings.kind

    def limit_of(self, key: str) -> float:
        """See `SilenceRule.limit_of`."""
        return self._kind.limit

    def on_hit(self, key: str, state: SilenceState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        state.late = hit.batch.backlog
        return self.take(key, state, sign(hit), now)

    def values(self, state: SilenceState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        return {**super().values(state), "limit": lasting(self._kind.limit)}
