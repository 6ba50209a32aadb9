"""Kind 2, `when: first 5 in 1h` and `when: every 5`: which of many matches are told.

A run is the matches of one key without a pause of `pause` between two of them: a record `pause` or
more after the latest one begins another. `first`: the first N of a run are told, each as an event
of its own, and when the run has ended one closing note says how many more there were. `every`: the
N-th, 2N-th, ... of a run are told, with their count; what is left at its end is told to nobody.

A run ends by the clock of the lines, with no line needed. A record that comes out of order joins
the run that is open. `cooldown` has no say here: this is another way to tell less.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from logwatch.records import Alert, Status
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.explaining import on_clock
from logwatch.rules.keyed import KeyedRule, KeyState
from logwatch.rules.kinds import Sampling
from logwatch.rules.message import episode_id, headline
from logwatch.rules.samples import QUOTED_LINES, sample


class SamplingState(KeyState):
    """The open run of one key."""

    run: int = 0
    """Records of the run."""
    began: float = 0.0
    """Event time of its earliest record."""
    ended: float = 0.0
    """Event time of its latest record so far."""
    told: str = ""
    """Id of the event that was told last."""


class SamplingRule(KeyedRule[SamplingState]):
    """One rule that tells some of its matches."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Sampling)
        self._kind = settings.kind
        super().__init__(settings, SamplingState, host=host)

    def on_hit(self, key: str, state: SamplingState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        time = hit.record.time
        alerts: list[Alert] = []
        # Ahead of the clock, so that the deadline did not come before it.
        if state.run and time >= state.ended + self._kind.pause:
            alerts += self._end(key, state, now)
        if not state.run:
            state.began = state.ended = time
            state.samples = []
        state.run += 1
        state.began = min(state.began, time)
        state.ended = max(state.ended, time)
        if self._kind.which == "every" and -state.run % self._kind.count < QUOTED_LINES:
            state.samples = [*state.samples, sample(hit)][-QUOTED_LINES:]
        if self._is_told(state.run):
            alerts.append(self._tell(key, state, hit, now))
        return alerts

    def on_deadline(self, key: str, state: SamplingState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        return self._end(key, state, now)

    def deadline(self, state: SamplingState) -> float | None:
        """See `KeyedRule.deadline`."""
        return state.ended + self._kind.pause if state.run else None

    def is_idle(self, state: SamplingState, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        return not state.run

    def owed(self, key: str, state: SamplingState, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.owed`: the closing note comes early, but no count is lost."""
        return self._end(key, state, now)

    def stock_message(self, key: str, state: SamplingState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        line = state.samples[-1].line
        if status == "updated":
            more = state.suppressed
            return (
                f"{more:,} more {'was' if more == 1 else 'were'} not told since"
                f" {line.time}: {headline(line.text)}"
            )
        text = headline(line.text)
        return text if self._kind.which == "first" else f"{state.count:,}x {text}"

    def remembers(self, key: str, state: SamplingState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        kind, run = self._kind, state.run
        if not run:
            return ["no run is open: the next match begins one"]
        since = f"since {on_clock(state.began, now.wall)}, the last at"
        text = f"{run:,} match{'' if run == 1 else 'es'} {since} {on_clock(state.ended, now.wall)}"
        told = min(run, kind.count) if kind.which == "first" else run // kind.count
        follows = (
            f"the next of which is told is number {(told + 1) * kind.count:,}"
            if kind.which == "every"
            else f"{kind.count - run:,} more will be told"
            if run < kind.count
            else f"no more is told before {on_clock(state.ended + kind.pause, now.wall)}, or later"
        )
        return [f"{text}, {told:,} told; {follows}"]

    def _is_told(self, number: int) -> bool:
        if self._kind.which == "first":
            return number <= self._kind.count
        return number % self._kind.count == 0

    def _tell(self, key: str, state: SamplingState, hit: Hit, now: Now) -> Alert:
        record = hit.record
        state.late = hit.batch.backlog
        if self._kind.which == "first":
            state.samples = [sample(hit)]
            state.count = 1
            state.first = state.last = record.time
        else:
            state.count = state.run
            state.first, state.last = state.began, state.ended
        state.told = episode_id(
            self.settings.name, key, hit.batch.checkpoint.identity, record.offset
        )
        state.severity = self.settings.severity
        return self._event(key, state, now, "firing", record.time)

    def _end(self, key: str, state: SamplingState, now: Now) -> Iterable[Alert]:
        """The run is over; the closing note where there is something to close."""
        more = state.run - self._kind.count
        alerts: list[Alert] = []
        if self._kind.which == "first" and more > 0:
            state.count, state.suppressed = state.run, more
            state.first, state.last = state.began, state.ended
            note = self._event(key, state, now, "updated", state.ended)
            # The rule's own words are about one record.
            alerts.append(replace(note, message=self.stock_message(key, state, "updated")))
            state.suppressed = 0
        state.run = 0
        return alerts

    def _event(self, key: str, state: SamplingState, now: Now, status: Status, at: float) -> Alert:
        """An event is over at once: no episode is left burning."""
        state.episode = state.told
        state.seq = 0 if status == "firing" else 1
        alert = self._alert(key, state, now, status, at)
        state.episode = None
        return alert
