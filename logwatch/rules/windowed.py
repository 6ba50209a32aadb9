"""What kinds share that look at a sliding window of each key: unique, value and ratio.

A window is (t - T, t] in event time. It is looked at when a record has joined it: the window that
ends with the record and, where the record came out of order, the latest one that the key has
reached, too. A record that is older than its source's `late`, or than the end of the last episode,
joins only the window that ends now. An episode is looked at again whenever its window loses
something, with no line needed.

An episode has the record that made it fire as its first, and is named after it. While the key
does not burn, the latest lines are kept to be quoted; those that have left the window are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol, TypeVar

import msgspec

from logwatch.records import Alert
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.keyed import KeyedRule, KeyState
from logwatch.rules.samples import QUOTED_LINES, later_than, sample
from logwatch.rules.timeline import DEFAULT_LATE_SECONDS


class Window(Protocol):
    """What all windows have."""

    @property
    def newest(self) -> float | None:
        """The latest time in it."""

    def dump(self) -> bytes:
        """Everything as bytes."""


class WindowedState(KeyState):
    """What is remembered of one key; a kind adds its `window`."""

    reached: float = -math.inf
    """The latest event time at which the window was looked at."""
    over: float = -math.inf
    """When the last episode ended: nothing fires for a time before that."""


W = TypeVar("W", bound=WindowedState)


class WindowedRule(KeyedRule[W]):
    """One rule with a window for each of its keys."""

    def __init__(self, settings: RuleSettings, state: type[W], length: float, *, host: str) -> None:
        """`length`: of the window, in seconds."""
        super().__init__(settings, state, host=host)
        self._length = length
        self._encoder = msgspec.msgpack.Encoder(enc_hook=_dumped)
        self._decoder = msgspec.msgpack.Decoder(state, dec_hook=self._loaded)

    def set_back(self, wall: float) -> None:
        """See `Datable.set_back`. What such a key had before that is forgotten with it."""
        states = self._states
        for key in [each for each in states if not states.burns(each)]:
            state = states.peek(key)
            if max(state.seen, state.over) > wall:
                self.forget(key)

    def window_of(self, state: W) -> Window:
        """The window of a key."""
        raise NotImplementedError

    def ends_at(self, state: W) -> float:
        """When the burning episode is to be looked at again."""
        raise NotImplementedError

    def deadline(self, state: W) -> float | None:
        """See `KeyedRule.deadline`."""
        return self._idle_at(state) if state.episode is None else self.ends_at(state)

    def is_idle(self, state: W, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        return at >= self._idle_at(state)

    def _idle_at(self, state: W) -> float:
        """From when on the window is empty for every record that may still come."""
        newest = self.window_of(state).newest
        empty = state.seen if newest is None else newest + self._length
        if state.fired_at is not None:
            empty = max(empty, state.fired_at + self.settings.cooldown)
        return empty + DEFAULT_LATE_SECONDS

    def moments(self, state: W, time: float, now: Now) -> tuple[float, ...]:
        """When the windows end that a record of `time` joins and that are to be looked at.

        None where it is too late for all. A stamp ahead of the clock does not count as reached.
        """
        latest = max(time, min(state.reached, now.event))
        state.reached = max(state.reached, time)
        if time == latest:
            return (time,)
        if time < now.in_order_from or time < state.over:
            return (now.event,) if time > now.event - self._length else ()
        return (time, latest)

    def keep_line(self, state: W, hit: Hit) -> None:
        """Remember the line of a record, to be quoted."""
        state.samples.append(sample(hit))
        del state.samples[:-QUOTED_LINES]

    def begin_with(
        self, key: str, state: W, hit: Hit, at: float, now: Now, *, count: int
    ) -> Iterable[Alert]:
        """Fire for the window that ends at `at`, with `count` records; see `KeyedRule.fire`."""
        record, path = hit.record, hit.batch.checkpoint.path
        state.samples = later_than(state.samples, at - self._length)
        last = state.samples[-1].line if state.samples else None
        if last is None or (last.path, last.offset) != (path, record.offset):
            self.keep_line(state, hit)
        state.anchor = (hit.batch.checkpoint.identity, record.offset)
        state.first = min(at, record.time)
        state.last = at
        state.count = count
        state.late = hit.batch.backlog
        return self.fire(key, state, at, now)

    def go_on_with(self, state: W, hit: Hit) -> None:
        """Count a record of the burning episode."""
        state.count += 1
        state.last = max(state.last, hit.record.time)
        state.late = hit.batch.backlog

    def end(self, key: str, state: W, at: float, now: Now) -> Alert:
        """Resolve the burning episode at event time `at`."""
        state.over = at
        state.reached = max(state.reached, at)
        return self.resolve(key, state, at, now)

    def _loaded(self, kind: type, stored: bytes) -> Window:
        return kind.load(stored, self._length)  # type: ignore[attr-defined,no-any-return]  # a window


def _dumped(window: Window) -> bytes:
    return window.dump()
