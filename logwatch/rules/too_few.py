"""Kinds 4 and 7, too few: fewer than `below` records, or values of a field, within a time.

What silence.py promises of a key that must not be silent holds here of one that must be seen often
enough: it is armed by its first record, or by the roster, and judged when one whole window
(t - T, t] has passed since. It is silent, in the words of that module, while fewer than `below` are
in the window: from the moment on at which the `below`-th latest leaves it, with no line needed,
until a record makes them so many again. The latest `below` are all that it takes, and all that is
kept.

Of a value only its latest time counts, and a record that lacks one of the fields, or has it empty,
is none. A key that burns is given up when it was not seen for as long as there; one that is seen,
but too seldom, burns on.

`count` is how many were in the window when it fired or resolved, `below` at most.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import ClassVar

from msgspec import field

from logwatch.records import Alert, Status
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.kinds import TooFew, TooFewValues
from logwatch.rules.message import headline, lasting
from logwatch.rules.silence import Sign, SilenceRule, SilenceState, sign
from logwatch.rules.timeline import was_ahead
from logwatch.rules.unique import NAMED, in_words, value_of
from logwatch.stamps import rfc3339
from logwatch.windows.distinct_values import bounded


class TooFewState(SilenceState, array_like=True, kw_only=True):
    """What is remembered of one key."""

    times: list[float] = field(default_factory=list)
    """Of the latest records, or values, at most `below`, in order."""
    values: list[str] = field(default_factory=list)
    """The values that these are the times of, where values are counted."""


class TooFewRule(SilenceRule[TooFewState]):
    """One rule, and the latest records or values of each of its keys."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, TooFew)
        self._kind = settings.kind
        self._of = settings.kind.of if isinstance(settings.kind, TooFewValues) else ()
        self.most_ahead = max(self.most_ahead, 2 * self._kind.below)
        super().__init__(settings, TooFewState, settings.kind.roster, host=host)

    def limit_of(self, key: str) -> float:
        """See `SilenceRule.limit_of`."""
        return self._kind.limit

    def on_hit(self, key: str, state: TooFewState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        value = value_of(hit, self._of) if self._of else ""
        if value is None:
            if not state.times and state.due is None and state.episode is None:
                state.due = now.event  # armed by nothing, it is forgotten
            return ()
        state.late = hit.batch.backlog
        return self.take(key, state, sign(hit, bounded(value)), now)

    # -- the window --------------------------------------------------------------------------

    def heeds(self, state: TooFewState, sight: Sign, now: Now) -> bool:
        """See `SilenceRule.heeds`: unless as many later ones are known, or its value later."""
        if state.times and was_ahead(state.times[-1], now):
            self._pull_back(state, sight.time)
        times = state.times
        if self._of and sight.value in state.values:
            return sight.time >= times[state.values.index(sight.value)]
        return len(times) < self._kind.below or sight.time >= times[0]

    def _pull_back(self, state: TooFewState, time: float) -> None:
        """What is stamped after the date takes the time of the first record that is not."""
        state.times = [min(each, time) for each in state.times]
        state.latest = None
        if state.episode is None:
            state.due = None

    def count_in(self, state: TooFewState, sight: Sign, now: Now) -> float:
        """See `SilenceRule.count_in`: it tells when the latest of all does, or by now."""
        times, burns = state.times, state.episode is not None
        if state.latest is None or sight.order > state.latest.order or burns:
            state.latest = sight
        if burns and state.back is None and state.due is not None:
            state.due = max(state.due, sight.time + self.patience)
        if self._of:
            if sight.value in state.values:
                known = state.values.index(sight.value)
                del times[known], state.values[known]
            state.values.insert(bisect_right(times, sight.time), sight.value)
            del state.values[: -self._kind.below]
        times.insert(bisect_right(times, sight.time), sight.time)
        del times[: -self._kind.below]
        return min(times[-1], now.wall)

    def since(self, state: TooFewState) -> float:
        """See `SilenceRule.since`: since as many were seen as there must be, or the first was."""
        return state.times[0]

    def is_enough(self, state: TooFewState, at: float) -> bool:
        """See `SilenceRule.is_enough`: while so many are in the window that ends then."""
        times, below = state.times, self._kind.below
        return len(times) == below and times[0] > at - self._kind.limit

    def _here(self, state: TooFewState, at: float) -> int:
        """How many are in the window that ends at `at`, of those that are kept."""
        times = state.times
        return bisect_right(times, at) - bisect_right(times, at - self._kind.limit)

    # -- episodes ----------------------------------------------------------------------------

    def fire(self, key: str, state: TooFewState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.fire`. It lasts from now on, and not since the key was seen last."""
        if state.latest is not None:
            state.first = state.last = at
        state.count = self._here(state, at)
        return super().fire(key, state, at, now)

    def _resolve(self, key: str, state: TooFewState, at: float, now: Now) -> Alert:
        state.count = self._kind.below if state.is_back else self._here(state, at)
        return super()._resolve(key, state, at, now)

    def remembers(self, key: str, state: TooFewState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        return [
            f"{self._what(self._here(state, now.event))}, fires below {self._kind.below:,}",
            *super().remembers(key, state, now),
        ]

    # -- words -------------------------------------------------------------------------------

    back_when: ClassVar[str] = "seen so often again"

    def how_often(self, key: str) -> str:
        """See `SilenceRule.how_often`."""
        return f"{self._kind.below:,} in {lasting(self._kind.limit)}"

    def stock_message(self, key: str, state: TooFewState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        what = self._what(state.count)
        newest = headline(state.samples[-1].line.text) if state.samples else ""
        if status == "resolved" and state.is_back:
            return f"{what} again: {newest}"
        text = f"{what}, fewer than {self._kind.below:,}"
        if status == "resolved":
            return f"given up, {text}"
        if not state.samples:
            return f"{text}; never seen since {rfc3339(state.first)}"
        if self._of and state.count:
            text += f": {self._named(state)}"
        return f"{text}; last {self._seen(state)}: {newest}"

    def values(self, state: TooFewState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        kind = self._kind
        if self._of:
            return {
                "distinct": state.count,
                "values": self._named(state),
                "below": kind.below,
            }
        return {
            "away": lasting(state.until - state.first),
            "seen": self._seen(state),
            "limit": lasting(kind.limit),
            "below": kind.below,
        }

    def _seen(self, state: TooFewState) -> str:
        return state.samples[0].line.time if state.samples else "never"

    def _named(self, state: TooFewState) -> str:
        """The latest of the values that were counted."""
        names = state.values[-min(NAMED, state.count) :] if state.count else []
        return in_words(names, state.count)

    def _what(self, number: int) -> str:
        """`2 records in 5m`, `no value of node in 5m`."""
        several = "s" if number > 1 else ""
        window = lasting(self._kind.limit)
        if not self._of:
            return f"{f'{number:,}' if number else 'no'} record{several} in {window}"
        fields = " and ".join(self._of)
        if not number:
            return f"no value of {fields} in {window}"
        return f"{number:,} different value{several} of {fields} in {window}"
