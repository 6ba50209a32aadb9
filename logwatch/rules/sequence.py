"""Kind 5, sequence: steps in order, joined on a key, within a time from the first to the last.

Event times decide the order and not the order of arrival; equal times are in order. It fires when
there is a chain of records, one for each step, that lasts `within` at most (chains.py says which
one where there are several); its records are used up by that. A step may be another rule: its
firing is the record, at the time at which it fired.

It burns until nothing completed the sequence for `within`. Meanwhile each further chain is an
update. With `hold` it burns at least so long.

`say` may use `elapsed` (from the first step to the last) and `steps` (their number), and the fields
and captures of all steps, where a later step's stand before an earlier one's. The alert quotes a
line of each step; `count` is the number of chains.

What it may lose: of each step of a key the latest `MOST_RECORDS` records are kept; a record older
than all of those finds no chain. A record that is late by more than its source may be finds a
chain only where that is not over yet.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping

from msgspec import field

from logwatch.records import Alert, AlertLine, Status
from logwatch.rules.base import Hit, Now, RuleSettings, Selector, Told
from logwatch.rules.chains import Chain, best_chain
from logwatch.rules.explaining import ends_unless_more, on_clock
from logwatch.rules.keyed import KeyedRule, KeyState
from logwatch.rules.kinds import Heard, Sequence
from logwatch.rules.message import Keyed, headline, lasting
from logwatch.rules.references import with_values
from logwatch.rules.samples import Sample
from logwatch.rules.sight import Sight, sight
from logwatch.rules.timeline import DEFAULT_LATE_SECONDS, just_after
from logwatch.stamps import rfc3339

MOST_RECORDS = 16
"""Records of one step of one key that are kept."""
_QUOTED_CHARACTERS = 120


class SequenceState(KeyState, array_like=True, kw_only=True):
    """What is remembered of one key."""

    steps: list[list[Sight]] = field(default_factory=list)
    """What is kept of each step, in order."""
    used: list[tuple[str, int]] = field(default_factory=list)
    """Names of the records of the latest chain."""
    over: float = 0.0
    """Until when another chain belongs to the burning episode."""
    elapsed: float = 0.0


class SequenceRule(KeyedRule[SequenceState]):
    """One rule of this kind."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Sequence)
        super().__init__(settings, SequenceState, host=host)
        self._kind = settings.kind
        self._within = settings.kind.within
        steps = settings.kind.steps
        self._seen_by = [index for index, step in enumerate(steps) if isinstance(step, Selector)]
        """The step of each selector."""

    # -- records -----------------------------------------------------------------------------

    def on_hit(self, key: str, state: SequenceState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        state.late = hit.batch.backlog
        return self._take(key, state, self._seen_by[hit.part], sight(hit), now)

    def hear(self, told: Told, now: Now) -> Iterable[Alert]:
        """See `Rule.hear`: a firing is a record of each step that names the rule."""
        active = self.settings.active
        if told.alert.status != "firing" or (active is not None and not active.covers(told.at)):
            return ()
        key = self._key_of(told.alert)
        alerts: list[Alert] = []
        state = self._touch(key, told.at, now, alerts)
        if not self._take_deadlines(key, state, now.event, now, alerts):
            state = self._touch(key, told.at, now, alerts)
        state.late = told.alert.late
        heard = _heard(told)
        for number, step in enumerate(self._kind.steps):
            if isinstance(step, Heard) and step.rule == told.alert.rule:
                alerts += self._take(key, state, number, heard, now)
        self.plan(key, state)
        return alerts

    def _key_of(self, alert: Alert) -> str:
        names = self.settings.by
        return Keyed.joined(alert.key.get(name) or alert.fields.get(name) for name in names)

    def _take(
        self, key: str, state: SequenceState, number: int, new: Sight, now: Now
    ) -> Iterable[Alert]:
        if new.name in state.used:  # as another step of the latest chain
            return ()
        if new.time < now.in_order_from and new.time + self._within < now.event:
            return ()
        self._keep(state, number, new, now.event)
        references = self._kind.references
        chain = best_chain(state.steps, number, new, self._within, references)
        if chain is None:
            return ()
        state.used = [each.name for each in chain]
        state.steps = [
            [each for each in kept if each.name not in state.used] for kept in state.steps
        ]
        return self._complete(key, state, chain, now)

    def _keep(self, state: SequenceState, number: int, new: Sight, event: float) -> None:
        """Keep a record of a step, and no longer those that no chain can reach."""
        oldest = min(event, new.time) - self._within - DEFAULT_LATE_SECONDS
        kept = state.steps or [[] for _ in self._kind.steps]
        state.steps = [[each for each in step if each.time >= oldest] for step in kept]
        insort(state.steps[number], new, key=lambda each: each.order)
        del state.steps[number][:-MOST_RECORDS]

    def _complete(self, key: str, state: SequenceState, chain: Chain, now: Now) -> Iterable[Alert]:
        """Tell of a chain."""
        first, last = chain[0], chain[-1]
        state.samples = [each.sample for each in chain]
        state.samples[-1] = _merged(chain)
        state.elapsed = last.time - first.time
        over = last.time + self._within
        if state.episode is not None:
            state.count += 1
            state.first = min(state.first, first.time)
            state.last = max(state.last, last.time)
            state.over = max(state.over, over)
            return (self.update(key, state, last.time, now),)
        state.anchor = first.name
        state.first, state.last = first.time, last.time
        state.count = 1
        state.over = over
        return self.fire(key, state, last.time, now)

    # -- deadlines ---------------------------------------------------------------------------

    def deadline(self, state: SequenceState) -> float | None:
        """See `KeyedRule.deadline`. A chain exactly at the end still belongs to the episode."""
        if state.episode is None:
            return self._idle_from(state)
        return just_after(self.held_until(state, state.over))

    def _idle_from(self, state: SequenceState) -> float:
        """No chain can use what is kept any more. The cool-down still needs to be known of."""
        cool = -1.0 if state.fired_at is None else state.fired_at + self.settings.cooldown
        return max(state.seen + self._within + DEFAULT_LATE_SECONDS, cool)

    def is_idle(self, state: SequenceState, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        return at >= self._idle_from(state)

    def on_deadline(self, key: str, state: SequenceState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        if state.episode is None:
            return ()
        alert = self.resolve(key, state, at, now)
        state.samples = []
        return (alert,)

    # -- words -------------------------------------------------------------------------------

    def stock_message(self, key: str, state: SequenceState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        lines = " -> ".join(headline(each.line.text, _QUOTED_CHARACTERS) for each in state.samples)
        steps = f"{len(self._kind.steps)} steps in {lasting(state.elapsed)}"
        if status == "resolved":
            within = lasting(self._within)
            return f"no more for {within}, {state.count:,} in all; the latest, {steps}: {lines}"
        again = f", {state.count:,} times now" if state.count > 1 else ""
        return f"{steps}{again}: {lines}"

    def remembers(self, key: str, state: SequenceState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        steps, wall = self._kind.steps, now.wall
        chain = self._farthest(state, now.event)
        if not chain:
            text = f"waits for step 1 of {len(steps)}: {self._step_in_words(0, key)}"
            lines = [text]
        else:
            seen = f"step {len(chain)} of {len(steps)} at {on_clock(chain[-1].time, wall)}"
            wanted = f"waits for {self._step_in_words(len(chain), key)}"
            until = on_clock(chain[0].time + self._within, wall)
            lines = [f"{seen}; {wanted} until {until}"]
            lines += [f"step {n}: {each.sample.line.text}" for n, each in enumerate(chain, 1)]
        ends = self.deadline(state) if state.episode is not None else None
        return [*ends_unless_more(ends, now), *lines]

    def _farthest(self, state: SequenceState, event: float) -> Chain:
        """The longest beginning of a chain that may still be completed, of several the latest."""
        for length in range(min(len(self._kind.steps) - 1, len(state.steps)), 0, -1):
            begun, references = state.steps[:length], self._kind.references[:length]
            for last in reversed(begun[-1]):
                chain = best_chain(begun, length - 1, last, self._within, references)
                if chain is not None and chain[0].time + self._within >= event:
                    return chain
        return ()

    def _step_in_words(self, number: int, key: str) -> str:
        step = self._kind.steps[number]
        if isinstance(step, Heard):
            return f"a firing of {step.rule}"
        pattern = step.match[0] if step.match else "a record that fulfils its conditions"
        where = f" in {', '.join(step.sources)}" if step.sources else ""
        return f"{with_values(pattern, self._keyed.named(key))!r}{where}"

    def values(self, state: SequenceState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        return {"elapsed": lasting(state.elapsed), "steps": len(self._kind.steps)}


def _heard(told: Told) -> Sight:
    """The firing of another rule as a record: the last line that it quotes, and its fields."""
    alert = told.alert
    stand_in = AlertLine(alert.path, 0, rfc3339(told.at), alert.message)
    line = alert.lines[-1] if alert.lines else stand_in
    kept = Sample.of(line, alert.source, {**alert.fields, **alert.key}, tuple(alert.key))
    return Sight(told.at, f"alert {alert.id}:{alert.seq}", kept)


def _merged(chain: Chain) -> Sample:
    """The last record of a chain, with the fields of all."""
    fields: dict[str, str] = {}
    captured: dict[str, None] = {}
    for each in chain:
        fields.update(each.sample.fields)
        captured.update(dict.fromkeys(each.sample.captured))
    last = chain[-1].sample
    return Sample.of(last.line, last.source, fields, tuple(captured))
