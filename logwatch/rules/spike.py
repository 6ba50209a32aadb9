"""Kind 10, spike: many more, or fewer, than before; closed buckets only.

Buckets of `over` are aligned to the epoch. A bucket is judged once, when it ends, with no line
needed: a key that falls silent is judged, too. It is compared with its baseline, the bucket before
or the median of the same time of so many weeks (of UTC: summer time moves it by an hour). It fires
where it holds `up` times the baseline or more, or the baseline divided by `down` or less, and the
greater of both is at least `min`, and two. Nothing against nothing is no spike.

A baseline is known where the rule has been watching for the whole of that bucket: since it began,
or was new in the configuration. For a key that is first seen later it is nothing, and known: there
`min` decides. When keys had to go for others (`max_keys`) nothing is known of keys that are new.

A bucket that `active` does not cover as a whole is not judged, and is no baseline.

A sustained rise or fall is one episode. Its baseline is that of its beginning; it resolves with the
first closed bucket that is no spike against that, and that bucket begins no other. One that the
cool-down holds back is told when the cool-down is over, if it still goes on.

A line that comes when its bucket has been judged counts for the baseline of later ones, if it comes
within `late`. An alert's `count` is that of the bucket; when it resolves, that of all since it
began, without the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from logwatch.records import Alert, StateChange, Status
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.explaining import on_clock
from logwatch.rules.keyed import KeyedRule
from logwatch.rules.kinds import LEAST_SPIKE, Spike
from logwatch.rules.samples import QUOTED_LINES, sample
from logwatch.rules.spike_state import SpikeState, keep_line
from logwatch.units import format_duration
from logwatch.windows.buckets import Buckets

WEEK_SECONDS = 604_800.0
_SPARE = 32
"""Buckets kept beyond those that are asked for: the open ones, and those of stray stamps."""
_SINCE = "\x1f"
"""Key under which the store has since when the rule is watching; no key of lines is like it."""

_encode = msgspec.msgpack.Encoder().encode
_decode_since = msgspec.msgpack.Decoder(tuple[float, bool]).decode


class SpikeRule(KeyedRule[SpikeState]):
    """One rule and the buckets of each of its keys."""

    thawed_share = 0.5  # a key has hundreds of buckets

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Spike)
        super().__init__(settings, SpikeState, host=host)
        self._kind = kind = settings.kind
        self._keep = math.ceil(kind.weeks * WEEK_SECONDS / kind.over) + _SPARE
        self._encoder = msgspec.msgpack.Encoder(enc_hook=Buckets.dump)
        self._decoder = msgspec.msgpack.Decoder(SpikeState, dec_hook=self._loaded)
        self._clock = Buckets(kind.over, 1)
        self._event = -math.inf
        self._is_active = lru_cache(maxsize=64)(self._is_active_in)
        self._since = math.inf
        self._has_lines = False
        self._since_changed = False

    # -- since when the rule is watching -----------------------------------------------------

    def begin(self, now: Now) -> None:
        """See `Rule.begin`."""
        super().begin(now)
        if self._since == math.inf:
            self._watch_since(now.event)

    def feed(self, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `Rule.feed`."""
        if not self._has_lines:  # the first may be of a file that was there before the rule
            self._has_lines = True
            self._watch_since(min(self._since, hit.record.time))
        self._event = now.event
        return super().feed(hit, now)

    def changes(self) -> Iterable[StateChange]:
        """See `Rule.changes`."""
        yield from super().changes()
        if self._since_changed:
            self._since_changed = False
            yield StateChange(self.settings.name, _SINCE, _encode((self._since, self._has_lines)))

    def restore(self, change: StateChange) -> None:
        """See `Rule.restore`."""
        if change.key != _SINCE:
            super().restore(change)
            return
        assert change.body is not None
        self._since, self._has_lines = _decode_since(change.body)

    def owed(self, key: str, state: SpikeState, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.owed`. What is new from now on may be what had to go."""
        self._watch_since(now.event)
        return super().owed(key, state, now)

    def fresh(self) -> SpikeState:
        """See `KeyedRule.fresh`."""
        first = self._clock.index(self._since)
        return SpikeState(
            samples=[],
            buckets=Buckets(self._kind.over, self._keep),
            judged=self._clock.closed(self._event),
            whole=first if self._clock.starts(first) >= self._since else first + 1,
            lines={},
        )

    def _watch_since(self, time: float) -> None:
        self._since = time
        self._since_changed = True

    # -- buckets -----------------------------------------------------------------------------

    def on_hit(self, key: str, state: SpikeState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        time = hit.record.time
        if self._is_settled(state):
            state.judged = max(state.judged, self._clock.closed(now.event))
        bucket = self._clock.index(time)
        if bucket <= state.judged and time < now.in_order_from:
            return ()
        state.buckets.add(time)
        if bucket > state.judged:
            state.late = hit.batch.backlog
            if (state.buckets.count(bucket) or 0) > self._kind.minimum - QUOTED_LINES:
                keep_line(state.lines, bucket, sample(hit))  # a bucket with fewer is never told
        return ()

    def on_deadline(self, key: str, state: SpikeState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        if self._is_settled(state):
            return ()
        state.judged = bucket = state.judged + 1
        state.newest = count = state.buckets.count(bucket) or 0
        state.samples = state.lines.pop(bucket, state.samples)
        if not self._is_active(bucket):
            return ()
        if state.raised:
            return self._go_on(key, state, at, now)
        baseline = self._baseline(state, bucket)
        if baseline is None:
            return ()
        state.raised = self._kind.direction(count, baseline)
        if not state.raised:
            return ()
        state.baseline = baseline
        return self._begin(key, state, at, now)

    def deadline(self, state: SpikeState) -> float | None:
        """See `KeyedRule.deadline`: the end of the bucket that is to be judged next."""
        if not self._is_settled(state):
            return self._clock.starts(state.judged + 2)
        return None if state.raised else self._idle_at(state)

    def is_idle(self, state: SpikeState, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        return not state.raised and self._is_settled(state) and at >= self._idle_at(state)

    def _go_on(self, key: str, state: SpikeState, at: float, now: Now) -> Iterable[Alert]:
        """The bucket that was just judged is one after the spike began."""
        if self._kind.direction(state.newest, state.baseline) == state.raised:
            if state.episode is None:
                return self._begin(key, state, at, now)
        elif state.episode is None:
            state.raised = ""
            return ()
        elif self.held_until(state, at) <= at:
            alert = self.resolve(key, state, at, now)
            state.raised = ""
            return [alert]
        state.count += state.newest
        state.last = at
        return ()

    def _begin(self, key: str, state: SpikeState, at: float, now: Now) -> Iterable[Alert]:
        state.anchor = None  # it is no record that begins it, but the end of a bucket
        state.count = state.newest
        state.first = at - self._kind.over
        state.last = at
        return self.fire(key, state, at, now)

    def _baseline(self, state: SpikeState, bucket: int) -> float | None:
        """What is compared with the count of `bucket`, None where it is not known."""
        if not self._kind.weeks:
            before = bucket - 1
            watched = before >= state.whole and self._is_active(before)
            return float(state.buckets.count(before) or 0) if watched else None
        start = self._clock.starts(bucket)
        former = [
            self._clock.index(start - week * WEEK_SECONDS)
            for week in range(1, self._kind.weeks + 1)
        ]
        counts = sorted(
            state.buckets.count(each) or 0
            for each in former
            if each >= state.whole and self._is_active(each)
        )
        state.known = len(counts)
        if not counts:
            return None
        middle = len(counts) // 2
        return (counts[middle] + counts[~middle]) / 2

    def _is_active_in(self, bucket: int) -> bool:
        """Whether the rule looks at lines for the whole of the bucket."""
        active = self.settings.active
        if active is None:
            return True
        start = self._clock.starts(bucket)
        if not active.covers(start):
            return False
        change = active.next_change(start)
        return change is None or change >= self._clock.starts(bucket + 1)

    def _is_settled(self, state: SpikeState) -> bool:
        """Whether closing more buckets without a line would change nothing."""
        newest = state.buckets.newest
        if newest is not None and newest > state.judged:
            return False
        if state.raised:
            return state.raised == "down" and state.episode is not None
        if newest is None or self._kind.down is None:
            return True
        if self._kind.weeks:
            return state.buckets.empty(self._clock.starts(state.judged + 1))
        return newest < state.judged

    def _idle_at(self, state: SpikeState) -> float:
        """From when on a settled key, as it is, would be as one that is new."""
        newest = state.buckets.newest
        if newest is None:
            end = state.judged + 2
        else:
            end = newest + (self._keep + 1 if self._kind.weeks else 2)
        at = self._clock.starts(end)
        return at if state.fired_at is None else max(at, state.fired_at + self.settings.cooldown)

    def _loaded(self, kind: type, stored: bytes) -> Buckets:  # there is but one
        return Buckets.load(stored, self._kind.over, self._keep)

    # -- words -------------------------------------------------------------------------------

    def stock_message(self, key: str, state: SpikeState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        width = format_duration(self._kind.over)
        before = f"{state.baseline:,g}" if state.baseline else "none"
        count = f"{state.newest:,}" if state.newest else "none"
        if status == "resolved":
            way = "rise" if state.raised == "up" else "fall"
            usual = f"{before} usual" if self._kind.weeks else f"{before} before the {way}"
            return f"back to {count} in {width}; {usual}"
        usual = f"{before} in the {width} before"
        if self._kind.weeks:
            weeks = "week" if state.known == 1 else f"{state.known} weeks"
            usual = f"usual {before} (median of this time in the {weeks} before)"
        factor = self._factor(state)
        if factor is None:
            return f"{count} in {width}, {usual}"
        way = "times" if state.raised == "up" else "times fewer than"
        return f"{count} in {width}, {factor:.3g} {way} the {usual}"

    def values(self, state: SpikeState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        factor = self._factor(state)
        return {
            "baseline": f"{state.baseline:g}",
            "factor": None if factor is None else f"{factor:.3g}",
            "direction": state.raised,
        }

    def standing(self, now: Now) -> list[str]:
        """See `Explaining.standing`."""
        if self._since == math.inf:
            return []
        return [f"watching since {on_clock(self._since, now.wall)}: no count before that is known"]

    def remembers(self, key: str, state: SpikeState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        bucket, width = self._clock.index(now.event), format_duration(self._kind.over)
        start = on_clock(self._clock.starts(bucket), now.wall)
        count = state.buckets.count(bucket) or 0
        closes = on_clock(self._clock.starts(bucket + 1), now.wall)
        text = f"{count:,} since {start}, judged at {closes}"
        if state.raised:
            return [f"{text}, against {state.baseline:,g} in {width} before it began"]
        if not self._is_active(bucket):
            return [f"{text}: not at all, for active hours do not cover it"]
        baseline = self._baseline(state, bucket)
        if baseline is None:
            return [f"{text}: not at all, for nothing is known to compare it with yet"]
        return [f"{text}, against {baseline:,g}; fires at {self._bounds_in_words(baseline)}"]

    def _bounds_in_words(self, baseline: float) -> str:
        """From how many in a bucket it fires."""
        kind, bounds = self._kind, []
        least = max(kind.minimum, LEAST_SPIKE)
        if kind.up is not None:
            bounds.append(f"{math.ceil(max(least, baseline * kind.up)):,} or more")
        if kind.down is not None and baseline >= least:
            bounds.append(f"{math.floor(baseline / kind.down):,} or fewer")
        return " and at ".join(bounds) or f"no count, for {baseline:,g} is less than {least:,}"

    def _factor(self, state: SpikeState) -> float | None:
        """How many times more, or fewer; None next to nothing."""
        if not state.newest or not state.baseline:
            return None
        factor = state.newest / state.baseline
        return max(factor, 1 / factor)
