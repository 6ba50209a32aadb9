"""Kind 6, expect: A opens a deadline, B in time closes it, else it fires.

B is in time from the moment of A until `within` later, both included, whichever of the two comes
first: the times of the latest closing records of a key are remembered for a while. B that is
stamped before A closes nothing. A that comes again does not put the deadline off; it is counted.

With `active`, A counts in those hours only, and B whenever it comes.

What fired burns until B comes, which is told with how late it is. A that comes while it burns opens
a deadline of its own, and when that passes too, the episode goes on, without another message; it
takes a B after that A to end it. An episode to which no B came for `within` after its last
deadline, and for a day at least, is given up: it resolves, with a message that says so.

A firing that the cool-down holds back is not lost: what is still open when the cool-down ends
fires then. Captures that are referred to in the closing pattern are part of the key.

`say` may use `within` and `overdue` (how long after the deadline B came). The alert quotes what
opened the episode, what opened it last, and what closed it; `first` is the time of the first A and
`count` the number of them.

What it may lose: of more than `MOST_OPENINGS` records A of a key that are open at once, which of
the older ones a B out of order was for; B that comes before its A, by more than
`MEMORY_SECONDS` or as one of more than `MOST_CLOSINGS`.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from logwatch.records import Alert, Status
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.explaining import on_clock
from logwatch.rules.keyed import KeyState
from logwatch.rules.kinds import Expect
from logwatch.rules.message import Keyed, headline, lasting
from logwatch.rules.references import with_values
from logwatch.rules.samples import Sample, sample
from logwatch.rules.sight import Sight
from logwatch.rules.sparing import SparingRule
from logwatch.rules.timeline import DEFAULT_LATE_SECONDS, just_after
from logwatch.stamps import rfc3339

MOST_OPENINGS = 8
MOST_CLOSINGS = 8
MEMORY_SECONDS = DEFAULT_LATE_SECONDS
"""How long a key of which nothing is open is remembered."""
LEAST_PATIENCE_SECONDS = 86400.0
"""How long an episode burns, at least, before it is given up."""


class Opening(Sight, array_like=True, gc=False):
    """A record A that nothing has closed yet."""

    count: int = 1
    """Of how many it is the first."""


class Closing(Struct, array_like=True, gc=False):
    """A record B; its line is kept where it came too late for what is open."""

    time: float
    sample: Sample | None = None


class ExpectState(KeyState, array_like=True, kw_only=True):
    """What is remembered of one key."""

    openings: list[Opening] = field(default_factory=list)
    """What is open and whose deadline has not passed, in order."""
    closings: list[Closing] = field(default_factory=list)
    """The latest, in order."""
    is_spare: bool = False
    """Nothing is open: it may be forgotten before others."""
    opened: float | None = None
    """Time of the latest A of the burning episode."""
    passed: int = 0
    """Records A of the burning episode."""
    retry: float | None = None
    """When to fire again that the cool-down held back."""
    resolves: float | None = None
    """When the episode resolves that burns on for `hold`."""
    patient_until: float | None = None
    ended: float | None = None
    """When B came."""


class ExpectRule(SparingRule[ExpectState]):
    """One rule of this kind."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Expect)
        super().__init__(settings, ExpectState, host=host)
        self._kind = settings.kind
        self._within = settings.kind.within
        self._keyed = Keyed(tuple(dict.fromkeys((*settings.by, *settings.kind.references))))

    # -- records -----------------------------------------------------------------------------

    def on_hit(self, key: str, state: ExpectState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        state.late = hit.batch.backlog
        opens = hit.part == 0
        alerts = self._opens(state, hit, now) if opens else self._closes(key, state, hit, now)
        state.is_spare = not state.openings and state.episode is None
        self.mark(key, state)
        return alerts

    def _opens(self, state: ExpectState, hit: Hit, now: Now) -> Iterable[Alert]:
        time = hit.record.time
        due = time + self._within
        if any(time <= each.time <= due for each in state.closings):
            return ()
        if time < now.in_order_from and due < now.event:
            return ()
        opening = Opening(time, hit.batch.checkpoint.identity, sample(hit))
        insort(state.openings, opening, key=lambda each: each.order)
        if len(state.openings) > MOST_OPENINGS:
            state.openings[0].count += state.openings.pop(1).count
        return ()

    def _closes(self, key: str, state: ExpectState, hit: Hit, now: Now) -> Iterable[Alert]:
        time = hit.record.time
        closing = Closing(time)
        insort(state.closings, closing, key=lambda each: each.time)
        del state.closings[:-MOST_CLOSINGS]
        if state.opened is not None and state.opened <= time and state.resolves is None:
            return self._close(key, state, Closing(time, sample(hit)), now)
        state.openings = [
            each for each in state.openings if not each.time <= time <= each.time + self._within
        ]
        if any(each.time < time for each in state.openings):
            closing.sample = sample(hit)
        return ()

    def _close(self, key: str, state: ExpectState, closing: Closing, now: Now) -> Iterable[Alert]:
        """The burning episode is over, or will be when it has burnt for `hold`."""
        state.ended = closing.time
        state.count = self._known(state, closing.time)
        state.openings = [each for each in state.openings if each.time > closing.time]
        if closing.sample is not None:
            state.samples.append(closing.sample)
            state.last = closing.time
        resolves = self.held_until(state, closing.time)
        if resolves > closing.time:
            state.resolves = resolves
            return ()
        return (self._resolve(key, state, closing.time, now),)

    def _known(self, state: ExpectState, at: float) -> int:
        """How many records A, up to `at`, the episode is about."""
        return state.passed + sum(each.count for each in state.openings if each.time <= at)

    def _resolve(self, key: str, state: ExpectState, at: float, now: Now) -> Alert:
        alert = self.resolve(key, state, at, now)
        state.opened = state.resolves = state.patient_until = state.ended = None
        state.passed = 0
        state.samples = []
        return alert

    # -- deadlines ---------------------------------------------------------------------------

    def deadline(self, state: ExpectState) -> float | None:
        """See `KeyedRule.deadline`. B exactly at the deadline is in time."""
        times = [each for each in (state.resolves, state.patient_until) if each is not None]
        if state.openings:
            due = just_after(state.openings[0].time + self._within)
            times.append(due if state.retry is None else max(due, state.retry))
        return min(times) if times else self._idle_from(state)

    def _idle_from(self, state: ExpectState) -> float:
        """Nothing is open. The cool-down still needs to be known of."""
        cool = -1.0 if state.fired_at is None else state.fired_at + self.settings.cooldown
        return max(state.seen + MEMORY_SECONDS, cool)

    def is_idle(self, state: ExpectState, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        return not state.openings and at >= self._idle_from(state)

    def on_deadline(self, key: str, state: ExpectState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        if state.resolves is not None and state.resolves <= at:
            return (self._resolve(key, state, at, now),)
        if state.openings and just_after(state.openings[0].time + self._within) <= at:
            return self._pass(key, state, at, now)
        if state.patient_until is not None and state.patient_until <= at:
            state.count = state.passed
            return (self._resolve(key, state, at, now),)
        return ()

    def _pass(self, key: str, state: ExpectState, at: float, now: Now) -> Iterable[Alert]:
        """The deadline of the earliest opening has passed."""
        opening = state.openings[0]
        closing = next((each for each in state.closings if each.time >= opening.time), None)
        alerts: Iterable[Alert] = ()
        if state.episode is None:
            if closing is None or state.retry is None:
                alerts = self._fire(key, state, opening, at, now)
            if state.episode is None:
                self._wait(state, closing, at)
                return ()
        state.openings.pop(0)
        state.retry = state.resolves = state.ended = None
        state.opened = opening.time
        state.passed += opening.count
        state.patient_until = at + max(self._within, LEAST_PATIENCE_SECONDS)
        if not alerts:
            state.samples = [*state.samples[:1], opening.sample]
        if closing is not None:
            return [*alerts, *self._close(key, state, closing, now)]
        return alerts

    def _fire(
        self, key: str, state: ExpectState, opening: Opening, at: float, now: Now
    ) -> Iterable[Alert]:
        state.anchor = opening.name
        known = [each for each in state.openings if each.time <= at]
        state.first, state.last = opening.time, known[-1].time
        state.count = self._known(state, at)
        state.samples = [each.sample for each in known[:1] + known[1:][-1:]]
        return self.fire(key, state, at, now)

    def _wait(self, state: ExpectState, closing: Closing | None, at: float) -> None:
        """The cool-down held the firing back: it may be closed by the end of that."""
        state.samples = []
        if closing is None:
            assert state.fired_at is not None
            state.retry = max(just_after(at), state.fired_at + self.settings.cooldown)
            return
        state.retry = None
        state.openings = [each for each in state.openings if each.time > closing.time]

    # -- keys --------------------------------------------------------------------------------

    def is_spare(self, state: ExpectState) -> bool:
        """See `SparingRule.is_spare`."""
        return state.is_spare

    # -- words -------------------------------------------------------------------------------

    def stock_message(self, key: str, state: ExpectState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        line = headline(state.samples[-1].line.text)
        if status == "resolved" and state.ended is not None:
            overdue = state.ended - state.first - self._within
            if overdue > 0:
                return f"closed {lasting(overdue)} late: {line}"
            return f"closed in time, but its line came late: {line}"
        times = f", opened {state.count:,} times" if state.count > 1 else ""
        given_up = "given up, " if status == "resolved" else ""
        within = lasting(self._within)
        return f"{given_up}not closed within {within} of {rfc3339(state.first)}{times}: {line}"

    def remembers(self, key: str, state: ExpectState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        wall, lines = now.wall, []
        patterns, values = self._kind.closing.match, self._keyed.named(key)
        what = with_values(patterns[0], values) if patterns else "a record that closes it"
        for each in state.openings:
            due = on_clock(each.time + self._within, wall)
            times = f", {each.count:,} times" if each.count > 1 else ""
            opened = f"opened at {on_clock(each.time, wall)}{times}"
            line = headline(each.sample.line.text)
            lines.append(f"expects {what!r} by {due}; {opened}: {line}")
        if state.resolves is not None:
            lines.append(f"closed, and burns on until {on_clock(state.resolves, wall)}")
        elif state.patient_until is not None:
            lines.append(
                f"still expects {what!r}; given up at {on_clock(state.patient_until, wall)}"
            )
        if not lines:
            closed = on_clock(state.closings[-1].time, wall) if state.closings else ""
            lines.append(f"nothing is open{closed and f'; last closed at {closed}'}")
        return lines

    def values(self, state: ExpectState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        ended = state.first if state.ended is None else state.ended
        return {
            "within": lasting(self._within),
            "overdue": lasting(max(0.0, ended - state.first - self._within)),
        }
