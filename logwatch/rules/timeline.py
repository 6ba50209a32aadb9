"""What time it is for rules: the one clock contract of all kinds, said once.

*Event time* is the time of a record: its own stamp, else its arrival. It orders windows and decides
deadlines. *Position* is how far event time has come. It goes back only where the date does:

- In a backlog, a replay or a test it is the latest event time read, and the files are read merged
  by event time: what a deadline waits for is read before it, or is not there. (A source that came
  late before a restart is waited for in the backlog as it was live: its lines may still be coming.)
  In a backlog it is the date at most.
- Live it is the date, less `SETTLE_SECONDS` in which a line finds its way here. A source whose
  lines come later than that (a writer that gathers them) is waited for as long as its latest lines
  were late, up to its `late`; so are the rules that look at it. A record's stamp that is ahead of
  the date moves nothing. Where the date is set back by more than `DEFAULT_LATE_SECONDS`, position
  goes back with it, as at a restart: else each line would be too late until the old date came.

A deadline takes effect before a record at its time or after. A kind for which a record *at* the
deadline is in time sets it `just_after`. Records with equal times come in the order of their source
and offset.

*In order from*: a record older than the newest of its source by more than `late` still matches,
but joins only windows that are still open.

*Pause* is the clock of cool-downs: it is steady live, and event time in a backlog or a replay, so
that a test tells what production does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from logwatch import telemetry
from logwatch.records import Batch, StateChange
from logwatch.rules.base import Now, RuleSettings

SETTLE_SECONDS = 0.25
"""How long after a deadline, live, a line of before it may still arrive."""
NOTICEABLE_SECONDS = 1.0
"""A lag of less than this is no lag."""
DEFAULT_LATE_SECONDS = 120.0

NAME = "logwatch.timeline"
"""The rule under which the store keeps what is remembered of sources."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[float, float]).decode


def just_after(deadline: float) -> float:
    """The deadline for a kind to which a record exactly at `deadline` is in time."""
    return math.nextafter(deadline, math.inf)


def was_ahead(time: float, now: Now) -> bool:
    """Whether a record is so far ahead of the date that whatever comes now is nearer to it."""
    return time > now.wall + DEFAULT_LATE_SECONDS


class Timeline:
    """Position, lags and watermarks of one pipeline."""

    def __init__(self, rules: Sequence[RuleSettings], late: Mapping[str, float]) -> None:
        """`late`: seconds by source; a source that is not in it has the default."""
        self._looks_at = [_sources_of(rule) for rule in rules]
        self._late = late
        self._newest: dict[str, float] = {}
        self._lags: dict[str, float] = {}
        self._changed: set[str] = set()
        self.position = -math.inf
        self.lags = [0.0] * len(rules)
        """For each rule, seconds by which its slowest source is behind."""
        self.now = Now(-math.inf, 0.0, 0.0)

    def begin(self, wall: float) -> None:
        """All sources were restored: go on from how far event time had come, `wall` at most."""
        self.position = min(wall, max(self._newest.values(), default=-math.inf))

    def set_back(self, wall: float) -> None:
        """The date was set back to `wall`: go on from there, as after a restart."""
        telemetry.warning("rules.clock_set_back", seconds=round(self.position - wall))
        self.position = wall
        for source, newest in self._newest.items():
            if newest > wall:
                self._newest[source] = wall
                self._changed.add(source)

    def late_of(self, source: str) -> float:
        """How late a record of `source` may come and still find its window, in seconds."""
        return self._late.get(source, DEFAULT_LATE_SECONDS)

    def arrived(self, batch: Batch) -> list[int]:
        """Learn from a live batch how far behind the clock its source comes.

        The numbers of the rules whose lag is another one now.
        """
        behind = min(batch.arrival - batch.last_time, self.late_of(batch.source))
        lag = behind if behind > NOTICEABLE_SECONDS else 0.0
        if abs(lag - self._lags.get(batch.source, 0.0)) > NOTICEABLE_SECONDS:
            return self._set_lag(batch.source, lag)
        return []

    def reach(self, time: float, source: str) -> None:
        """A record of `source` with this event time is about to be taken."""
        if time > self._newest.get(source, -math.inf):
            self._newest[source] = time
            self._changed.add(source)
        now = self.now
        now.late = self._late.get(source, DEFAULT_LATE_SECONDS)
        now.in_order_from = self._newest[source] - now.late

    def changes(self) -> Iterable[StateChange]:
        """What is to be stored of the sources that were heard of since the last call."""
        changed, self._changed = self._changed, set()
        for source in sorted(changed):
            body = (self._newest.get(source, -math.inf), self._lags.get(source, 0.0))
            yield StateChange(NAME, source, _encode(body))

    def restore(self, change: StateChange) -> None:
        """Take back one source."""
        assert change.body is not None
        newest, lag = _decode(change.body)
        self._newest[change.key] = newest
        self._set_lag(change.key, lag)
        self._changed.discard(change.key)

    def _set_lag(self, source: str, lag: float) -> list[int]:
        before = list(self.lags)
        self._lags[source] = lag
        self._changed.add(source)
        for number, sources in enumerate(self._looks_at):
            if sources is None:
                self.lags[number] = max(self._lags.values())
            elif source in sources:
                self.lags[number] = max(self._lags.get(each, 0.0) for each in sources)
        return [number for number, lag in enumerate(self.lags) if lag != before[number]]


def _sources_of(rule: RuleSettings) -> frozenset[str] | None:
    """All sources that a rule depends on; None where it may be any."""
    return None if rule.kind.hears() else rule.looks_at()
