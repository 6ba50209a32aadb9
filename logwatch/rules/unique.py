"""Kind 7, unique: too many distinct values of a field per key within a time.

The window is a sliding one, (t - T, t]. It fires when more than `above` distinct values of `of` are
in it, once: further values are no further alerts. It resolves, with no line needed, when no more
than `above` are left in the window. A record that lacks one of the fields, or has it empty, is not
counted.

Values are counted exactly up to 10,000 a key; beyond that the number is an estimate, off by 1.6 %
in most cases, and said to be one. An alert names the latest few values. Its `count` is the number
of records, at least: one for each value when it fires, and one for each record after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from logwatch.records import Alert, Status
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.explaining import ends_unless_more, on_clock
from logwatch.rules.kinds import Unique
from logwatch.rules.message import shortened
from logwatch.rules.samples import QUOTED_LINES
from logwatch.rules.windowed import WindowedRule, WindowedState
from logwatch.units import format_duration
from logwatch.windows.distinct_values import DistinctValues

_BETWEEN = "\x1f"
"""Stands between the parts of a value that is made of several fields."""
NAMED = 5
"""Values that an alert names: the latest."""
_LONGEST = 60
"""Characters of a value in a message."""


class UniqueState(WindowedState, kw_only=True):
    """The values of one key."""

    window: DistinctValues
    latest: list[tuple[float, str]]
    """A few values with their times, to be named."""
    distinct: int = 0
    """The most that were in the window of the episode."""
    estimated: bool = False
    ends: float = 0.0
    """When the episode is to be looked at: more values since may let it burn for longer."""


class UniqueRule(WindowedRule[UniqueState]):
    """One rule and the values of each of its keys."""

    def __init__(self, settings: RuleSettings, *, host: str) -> None:
        assert isinstance(settings.kind, Unique)
        self._kind = settings.kind
        super().__init__(settings, UniqueState, self._kind.window, host=host)

    def fresh(self) -> UniqueState:
        """See `KeyedRule.fresh`."""
        return UniqueState(samples=[], latest=[], window=DistinctValues(self._length))

    def decode(self, body: bytes) -> UniqueState:
        """See `KeyedRule.decode`. It may have been stored for another `above`.

        It is looked at no later than it would have been: which values there were then is not known
        any more once newer ones have come.
        """
        state = super().decode(body)
        if state.episode is not None:
            state.ends = min(state.ends, self._few_at(state))
        return state

    def window_of(self, state: UniqueState) -> DistinctValues:
        """See `WindowedRule.window_of`."""
        return state.window

    def on_hit(self, key: str, state: UniqueState, hit: Hit, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_hit`."""
        value = value_of(hit, self._kind.of)
        if value is None:
            return ()
        time = hit.record.time
        moments = self.moments(state, time, now)
        if not moments:
            return ()
        state.window.add(time, value)
        if state.episode is not None:
            _name(state.latest, time, value)
            self.keep_line(state, hit)
            self.go_on_with(state, hit)
            self._count(state, moments[-1])
            return ()
        for at in moments:
            state.distinct = 0
            distinct = self._count(state, at)
            if distinct > self._kind.above - NAMED:  # most keys never come so far
                _name(state.latest, time, value)
            if distinct > self._kind.above:
                return self._begin(key, state, hit, at, now)
        if state.distinct > self._kind.above - QUOTED_LINES:
            self.keep_line(state, hit)
        return ()

    def on_deadline(self, key: str, state: UniqueState, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        if state.episode is None:
            return ()
        state.ends = self._few_at(state)
        return [self.end(key, state, at, now)] if state.ends <= at else ()

    def ends_at(self, state: UniqueState) -> float:
        """See `WindowedRule.ends_at`: when no more than `above` values are left, or sooner."""
        return state.ends

    def _begin(
        self, key: str, state: UniqueState, hit: Hit, at: float, now: Now
    ) -> Iterable[Alert]:
        alerts = self.begin_with(key, state, hit, at, now, count=state.distinct)
        if state.episode is not None:  # the cool-down did not hold it back
            state.ends = self._few_at(state)
        return alerts

    def _few_at(self, state: UniqueState) -> float:
        """When no more than `above` values are left if nothing more comes."""
        few = state.window.falls_below(self._kind.above + 1)
        return self.held_until(state, state.reached if few is None else few)

    def stock_message(self, key: str, state: UniqueState, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        kind = self._kind
        number = f"about {state.distinct:,} (±1.6 %)" if state.estimated else f"{state.distinct:,}"
        fields = " and ".join(kind.of)
        what = f"{number} different values of {fields} in {format_duration(kind.window)}"
        if status == "resolved":
            return f"up to {what}, no longer more than {kind.above:,}"
        return f"{what}, more than {kind.above:,}: {self._named(state)}"

    def values(self, state: UniqueState) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        return {"distinct": state.distinct, "values": self._named(state)}

    def remembers(self, key: str, state: UniqueState, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        kind, here = self._kind, state.window.count(now.event)
        about = "" if state.window.exact else "about "
        text = f"{about}{here:,} different values of {' and '.join(kind.of)}"
        text += f" in {format_duration(kind.window)}, fires above {kind.above:,}"
        if state.episode is not None:
            return [text, *ends_unless_more(state.ends, now)]
        fewer = state.window.falls_below(here) if 0 < here <= kind.above else None
        if fewer is not None:
            text += f"; {kind.above + 1 - here:,} more needed before {on_clock(fewer, now.wall)}"
        return [text]

    def _count(self, state: UniqueState, at: float) -> int:
        """How many are in the window that ends at `at`; the most of them is remembered."""
        distinct = state.window.count(at)
        if distinct > state.distinct:
            state.distinct = distinct
            state.estimated = not state.window.exact
        return distinct

    def _named(self, state: UniqueState) -> str:
        """The latest values for people, the newest last."""
        since = state.reached - self._length
        return in_words((value for time, value in state.latest if time > since), state.distinct)


def value_of(hit: Hit, of: Iterable[str]) -> str | None:
    """The value of a record, of one field or of several together; None where it lacks one."""
    captures, fields = hit.match.captures, hit.record.fields
    parts = [captures.get(name) or fields.get(name) for name in of]
    known = [part for part in parts if part]
    if len(known) < len(parts):
        return None
    if len(known) == 1:
        return known[0]
    return _BETWEEN.join(part.replace(_BETWEEN, "␟") for part in known)


def in_words(values: Iterable[str], number: int) -> str:
    """The latest of `number` values for people, the newest last."""
    names = [shortened(value.replace(_BETWEEN, "/"), _LONGEST) for value in values]
    return ", ".join(["…", *names] if number > len(names) else names)


def _name(latest: list[tuple[float, str]], time: float, value: str) -> None:
    """Put a value among those to be named, in the order of their times."""
    value = value[: _LONGEST + 1]
    known = next((place for place, each in enumerate(latest) if each[1] == value), None)
    if known is not None:
        if latest[known][0] >= time:
            return
        del latest[known]
    latest.append((time, value))
    latest.sort()
    del latest[:-NAMED]
