"""Kind 3 where a line clears: an episode that another line ends, of a match or of a threshold.

What the rule matches fires, at the first record or at the N-th in its window, and burns: further
records are counted. The closing line of the key ends it and is quoted. With a `count` and a time in
`clear` it ends by timer, too, whichever comes first; without them only a closing line ends it. A
closing line also begins the count of a threshold anew. A record that both opens and closes closes.

Records count in the order of time, source and offset. A closing line that is older than the latest
record of its key ends nothing. One that is read before what it closes is remembered for a while:
a record older than it is what has ended already or, where nothing has, fires and resolves at once.

With `hold` the episode burns on after the closing line; a record that would fire meanwhile makes it
go on. A firing that the cool-down holds back is not lost: what is not closed when that ends fires
then. With `active`, what opens counts in those hours only, and what closes whenever it comes.

What it may lose: that a key was closed and opened again, where the closing line is read after
both, so that one episode is told and not two; a pair read backwards while its key burns, or as
part of a count; a closing line that comes before what it closes by more than `MEMORY_SECONDS`.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable
from operator import attrgetter

import msgspec
from msgspec import field

from logwatch.records import SEVERITIES, Alert, Severity, Status
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.explaining import on_clock
from logwatch.rules.keyed import KeyState
from logwatch.rules.kinds import Cleared
from logwatch.rules.message import Keyed, headline
from logwatch.rules.references import with_values
from logwatch.rules.samples import QUOTED_LINES, Sample, later_than
from logwatch.rules.sight import Order, Sight, sight
from logwatch.rules.sparing import SparingRule
from logwatch.rules.threshold_state import window_in_words
from logwatch.rules.timeline import DEFAULT_LATE_SECONDS, just_after, was_ahead
from logwatch.windows.latest_times import LatestTimes

CLOSES = 0
"""The part that closes."""
MOST_CLOSINGS = 8
MEMORY_SECONDS = DEFAULT_LATE_SECONDS
"""How long a key is remembered of which nothing is open, beyond its window and its cool-down."""

_order = attrgetter("order")


class ClearedState(KeyState, array_like=True, kw_only=True):
    """What is remembered of one key."""

    times: LatestTimes
    """Of the records since the latest closing line."""
    newest: Order | None = None
    """The latest record."""
    closings: list[Sight] = field(default_factory=list)
    """The latest closing lines, in order."""
    over: float = -math.inf
    """When the last episode ended."""
    retry: float | None = None
    """When to fire what the cool-down holds back."""
    resolves: float | None = None
    """A closing line came: when the episode resolves, which burns on for `hold`."""
    is_spare: bool = False
    """Nothing is open, nor counted: it may be forgotten before others."""

    @property
    def is_open(self) -> bool:
        """Whether an episode burns, or would but for the cool-down."""
        return self.episode is not None or self.retry is not None


class ClearedRule(SparingRule[ClearedState]):
    """One rule of this kind."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Cleared)
        super().__init__(settings, ClearedState, host=host)
        kind = self._kind = settings.kind
        self._keyed = Keyed(tuple(dict.fromkeys((*settings.by, *kind.references))))
        counts = [kind.count, *(count for count, _ in kind.levels), (kind.clear_count or 0) + 1]
        self._capacity = max(counts) + 1
        self._encoder = msgspec.msgpack.Encoder(enc_hook=LatestTimes.dump)
        self._decoder = msgspec.msgpack.Decoder(
            ClearedState, dec_hook=lambda _, stored: LatestTimes(self._capacity, stored)
        )

    def fresh(self) -> ClearedState:
        """See `KeyedRule.fresh`."""
        return ClearedState(samples=[], times=LatestTimes(self._capacity))

    def severity_of(self, state: ClearedState) -> Severity:
        """See `KeyedRule.severity_of`: what it has come to, also while the cool-down held it."""
        return state.severity

    def set_back(self, wall: float) -> None:
        """See `Datable.set_back`. What such a key had before that is forgotten with it.

        What burns is closed by a line of the new date.
        """
        states = self._states
        for key in [*states]:
            known = states.peek(key)
            if max(known.seen, known.over) <= wall:
                continue
            if not states.burns(key):
                self.forget(key)
                continue
            state = states[key]
            assert state.newest is not None
            state.newest = min(state.newest, (wall, "", 0))
            state.closings = [each for each in state.closings if each.time <= wall]
            states.changed.add(key)
            states.settle()

    # -- records -----------------------------------------------------------------------------

    def on_hit(self, key: str, state: ClearedState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        state.late = hit.batch.backlog
        seen = sight(hit)
        if state.newest is not None and was_ahead(state.newest[0], now):
            state.newest = seen.order  # or nothing would close it before that date comes
        take = self._closes if hit.part == CLOSES else self._opens
        alerts = take(key, state, seen, now)
        state.is_spare = not state.is_open and not len(state.times)
        self.mark(key, state)
        return alerts

    def is_spare(self, state: ClearedState) -> bool:
        """See `SparingRule.is_spare`."""
        return state.is_spare

    def _opens(self, key: str, state: ClearedState, opening: Sight, now: Now) -> Iterable[Alert]:
        time, order = opening.time, opening.order
        closing = next((each for each in state.closings if each.order >= order), None)
        if closing is None:
            state.newest = order if state.newest is None else max(state.newest, order)
        elif (
            closing.name == opening.name
            or self._kind.count > 1
            or state.is_open
            or time <= state.over
        ):
            return ()
        state.times.add(time)
        if state.is_open:
            return self._goes_on(key, state, opening, now)
        alone = state.times.count(time, self._kind.window) <= 1 and time >= state.last
        if state.anchor is None or alone:
            state.anchor = opening.name
        state.last = max(state.last, time)
        _quote(state, opening.sample)
        end = self._full_at(state, time, self._kind.count, now)
        if end is None:
            return ()
        alerts = self._begin(key, state, opening, end, now)
        return alerts if closing is None else [*alerts, *self._close(key, state, closing, now)]

    def _goes_on(self, key: str, state: ClearedState, opening: Sight, now: Now) -> Iterable[Alert]:
        """One more record of what burns already."""
        time = opening.time
        state.count += 1
        state.last = max(state.last, time)
        _quote(state, opening.sample)
        if self._full_at(state, time, self._kind.count, now) is not None:
            state.resolves = None
        severity = self._level(state, time, now)
        if SEVERITIES.index(severity) <= SEVERITIES.index(state.severity):
            return ()
        state.severity = severity
        return () if state.episode is None else (self.update(key, state, time, now),)

    def _begin(
        self, key: str, state: ClearedState, opening: Sight, end: float, now: Now
    ) -> Iterable[Alert]:
        """So many have come by event time `end` that it fires."""
        if self._kind.count == 1:
            state.first, state.last, state.count = opening.time, opening.time, 1
            state.samples = [opening.sample]
        else:
            since = end - self._kind.window
            state.first, state.count = state.times.after(since)
            # Times are told in milliseconds: the only line left may be at the edge.
            state.samples = later_than(state.samples, since) or [opening.sample]
        state.severity = self._level(state, opening.time, now)
        alerts = self.fire(key, state, end, now)
        if state.episode is None:
            assert state.fired_at is not None
            state.retry = max(just_after(end), state.fired_at + self.settings.cooldown)
        return alerts

    def _closes(self, key: str, state: ClearedState, closing: Sight, now: Now) -> Iterable[Alert]:
        insort(state.closings, closing, key=_order)
        del state.closings[:-MOST_CLOSINGS]
        if state.newest is None:
            return ()
        if closing.order >= state.newest:
            state.times = LatestTimes(self._capacity)
            return self._close(key, state, closing, now)
        state.times.forget_before(closing.time)
        if state.retry is not None and len(state.times) < self._kind.count:
            self._drop(state)
        return ()

    def _close(self, key: str, state: ClearedState, closing: Sight, now: Now) -> Iterable[Alert]:
        """What is open is over, or will be when it has burnt for `hold`."""
        if state.episode is None or state.resolves is not None:
            if state.episode is None:
                self._drop(state)
            return ()
        state.resolves = self.held_until(state, closing.time)
        _quote(state, _as_end(closing.sample, state.samples))
        state.last = max(state.last, closing.time)
        if state.resolves > closing.time:
            return ()
        return (self._resolve(key, state, closing.time, now),)

    def _resolve(self, key: str, state: ClearedState, at: float, now: Now) -> Alert:
        alert = self.resolve(key, state, at, now)
        state.over = at
        if state.resolves is not None:
            state.samples = []
            state.resolves = None
        return alert

    def _drop(self, state: ClearedState) -> None:
        """What the cool-down holds back is over, or was nothing."""
        self.start_over(state)
        state.retry = None
        state.samples = []

    # -- windows -----------------------------------------------------------------------------

    def _full_at(self, state: ClearedState, at: float, count: int, now: Now) -> float | None:
        """When a window that a record of `at` has joined holds `count`; None where none does.

        A record that is too late joins only the window that ends now; alone it is always told.
        """
        if at >= max(now.in_order_from, state.over):
            return state.times.first_full(at, count, self._kind.window) if count > 1 else at
        end, window = now.event, self._kind.window
        if count == 1:
            return max(end, at)
        is_open = at > end - window and end >= state.over
        return end if is_open and state.times.count(end, window) >= count else None

    def _level(self, state: ClearedState, at: float, now: Now) -> Severity:
        severity = self.settings.severity
        for count, name in self._kind.levels:
            if self._full_at(state, at, count, now) is not None:
                severity = name
        return severity

    # -- deadlines ---------------------------------------------------------------------------

    def deadline(self, state: ClearedState) -> float | None:
        """See `KeyedRule.deadline`."""
        if not state.is_open:
            return self._idle_from(state)
        times = [each for each in (state.retry, self._ends_at(state)) if each is not None]
        return min(times, default=None)

    def is_idle(self, state: ClearedState, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        return not state.is_open and at >= self._idle_from(state)

    def on_deadline(self, key: str, state: ClearedState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        if not state.is_open:
            return ()
        ends = self._ends_at(state)
        if ends is not None and ends <= at:
            if state.episode is not None:
                return (self._resolve(key, state, at, now),)
            self._drop(state)
            return ()
        alerts = self.fire(key, state, at, now)
        state.retry = None if state.episode is not None else just_after(at)
        return alerts

    def _ends_at(self, state: ClearedState) -> float | None:
        """When what is open ends if nothing more comes; None where only a line can end it."""
        kind = self._kind
        if state.resolves is not None or kind.clear_window is None:
            return state.resolves
        latest = state.times.latest((kind.clear_count or 0) + 1)
        calm = (latest if latest is not None else state.last) + kind.clear_window
        return calm if state.episode is None else self.held_until(state, calm)

    def _idle_from(self, state: ClearedState) -> float:
        busy = max(state.seen + self._kind.window, state.over)
        if state.fired_at is not None:
            busy = max(busy, state.fired_at + self.settings.cooldown)
        return busy + MEMORY_SECONDS

    # -- words -------------------------------------------------------------------------------

    def stock_message(self, key: str, state: ClearedState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        line = headline(state.samples[-1].line.text)
        if status == "resolved":
            return f"closed: {line}" if state.resolves is not None else f"not closed: {line}"
        return line if state.count == 1 else f"{state.count:,}x {line}"

    def remembers(self, key: str, state: ClearedState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        kind, wall = self._kind, now.wall
        lines = [window_in_words(kind, state.times, now)] if kind.count > 1 else []
        patterns, values = kind.closing.match, self._keyed.named(key)
        what = repr(with_values(patterns[0], values)) if patterns else "a record that closes it"
        ends = self._ends_at(state) if state.is_open else None
        if state.resolves is not None:
            lines.append(f"closed, and burns on until {on_clock(state.resolves, wall)}")
        elif state.retry is not None:
            lines.append(f"fires at {on_clock(state.retry, wall)} if {what} does not come before")
        elif state.episode is not None:
            timer = f", or at {on_clock(ends, wall)} if nothing more comes" if ends else ""
            lines.append(f"burns until {what} comes{timer}")
        elif state.closings:
            lines.append(f"last closed at {on_clock(state.closings[-1].time, wall)}")
        return lines or ["nothing is open"]


def _quote(state: ClearedState, sample: Sample) -> None:
    state.samples.append(sample)
    del state.samples[:-QUOTED_LINES]


def _as_end(closing: Sample, opened: list[Sample]) -> Sample:
    """A closing line to be quoted last: what it lacks is as in the line before it."""
    if not opened:
        return closing
    before = opened[-1]
    fields = {**closing.fields, **before.fields}
    captured = tuple(dict.fromkeys((*before.captured, *closing.captured)))
    return Sample.of(closing.line, closing.source, fields, captured)
