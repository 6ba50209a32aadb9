"""What absence of records and of a source's lines have in common: keys that must not be silent.

A key is armed by its first sight, or from the start where it is on the roster. It is silent when
nothing was seen of it for its limit: then it fires, once, and the next sight resolves it. Sights
count by their event time, in whatever order they come: one at the deadline is in time, and one
that comes before the deadline has taken effect but is stamped after it waits for it.

A key on the roster is watched for ever. Another one is given up when it was silent for
`GIVE_UP_SECONDS` after it fired: its episode resolves, with a message that says so, and it is
forgotten until it is seen again.

A firing that the cool-down holds back is not lost: a key that is still silent when the cool-down
ends fires then.

What it may lose: of more than `MOST_AHEAD` sights of a key that wait for a deadline, the earliest
and the latest are kept.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import ClassVar, TypeVar

from msgspec import field
from msgspec.structs import replace

from logwatch.records import Alert, Status
from logwatch.rules.active_time import ActiveTime
from logwatch.rules.base import Hit, Now, RuleSettings
from logwatch.rules.explaining import ago, on_clock
from logwatch.rules.keyed import LOOKED_AT, KeyedRule, KeyState
from logwatch.rules.message import Keyed, headline, lasting
from logwatch.rules.samples import sample
from logwatch.rules.sight import Sight
from logwatch.rules.timeline import just_after, was_ahead
from logwatch.stamps import rfc3339

GIVE_UP_SECONDS = 7 * 86400.0
"""How long a key that is not on the roster burns."""
MOST_AHEAD = 16
"""Sights of one key that wait until its deadline has taken effect."""


class Sign(Sight, array_like=True, gc=False):
    """A sign of life."""

    value: str = ""
    """What it is one of, where distinct values are counted."""


class SilenceState(KeyState, array_like=True, kw_only=True):
    """What is remembered of one key."""

    latest: Sign | None = None
    """The latest sign of life; None for a key of the roster that was never seen."""
    due: float | None = None
    """When it is silent for too long or, while it burns, given up; None for never."""
    back: float | None = None
    """When its episode resolves that burns on for `hold` although the key is back."""
    until: float = 0.0
    """Up to when the silence that is told of has lasted."""
    is_back: bool = False
    ahead: list[Sign] = field(default_factory=list)
    """Sights of after a deadline that has not taken effect yet, in their order."""


Q = TypeVar("Q", bound=SilenceState)


class SilenceRule(KeyedRule[Q]):
    """Keys, each with its limit; a kind says what a sight is, and what is on the roster."""

    patience: ClassVar[float] = GIVE_UP_SECONDS
    """For how many seconds a key that is not on the roster burns."""

    most_ahead: int = MOST_AHEAD
    """As `MOST_AHEAD` is said; more where a key must be seen more than once."""

    def __init__(
        self,
        settings: RuleSettings,
        state: type[Q],
        roster: Iterable[tuple[str, ...]],
        *,
        host: str,
    ) -> None:
        """`roster`: keys that are expected; they have their room beside `max_keys` others."""
        self._roster = frozenset(Keyed.joined(values) for values in roster)
        room = settings.max_keys + len(self._roster)
        super().__init__(replace(settings, max_keys=room), state, host=host)
        self._active = ActiveTime(settings.active)

    # -- the kind ----------------------------------------------------------------------------

    def limit_of(self, key: str) -> float:
        """How long `key` may be silent, in seconds."""
        raise NotImplementedError

    def heeds(self, state: Q, sight: Sign, now: Now) -> bool:
        """Whether a sight says more of its key than was known."""
        latest = state.latest
        return latest is None or sight.order > latest.order or was_ahead(latest.time, now)

    def count_in(self, state: Q, sight: Sign, now: Now) -> float:
        """Take a sight; the event time at which it tells."""
        state.latest = sight
        return sight.time

    def since(self, state: Q) -> float:
        """From when on the silence of a key counts that was seen."""
        assert state.latest is not None
        return state.latest.time

    def is_enough(self, state: Q, at: float) -> bool:
        """Whether a key that was seen at `at` is not silent then."""
        return True

    def begin(self, now: Now) -> None:
        """See `Rule.begin`: arms what is on the roster and was not armed before."""
        super().begin(now)
        for key in [*self._states]:
            state = self._states.peek(key)
            if key not in self._roster and (state.due is None or state.latest is None):
                self._strike_off(key, self._states[key], now)
        for key in sorted(key for key in self._roster if key not in self._states):
            state = self.fresh()
            self._states.add(key, state)
            state.seen = state.first = state.last = now.event
            state.due = self._silent_at(key, now.event)
            self.plan(key, state)

    def _strike_off(self, key: str, state: Q, now: Now) -> None:
        """`key` is on the roster no more; if it was never seen, it is not to be waited for."""
        if state.latest is not None:
            state.due = max(now.event, state.until + self.patience)
        elif state.due is None or state.due > now.event:  # what was due before stays due
            state.due = now.event
        self._states.changed.add(key)
        self.plan(key, state)

    def dispensable(self) -> str:
        """See `KeyedRule.dispensable`: nothing of the roster is."""
        candidates = islice(self._states, len(self._roster) + LOOKED_AT)
        others = [key for key in candidates if key not in self._roster]
        return next((key for key in others if not self._states.burns(key)), others[0])

    # -- sights ------------------------------------------------------------------------------

    def take(self, key: str, state: Q, sight: Sign, now: Now) -> Iterable[Alert]:
        """A sign of life of `key`. Every deadline of it up to `now.event` has taken effect."""
        if state.latest is None and state.due is None and self._is_closed(key, sight, now):
            state.due = now.event  # armed by nothing, it is forgotten
            return ()
        return self._take(key, state, sight, now.event, now)

    def _is_closed(self, key: str, sight: Sign, now: Now) -> bool:
        """Whether the window that a first sight would open is long over."""
        return sight.time < now.in_order_from and self._silent_at(key, sight.time) < now.event

    def _take(self, key: str, state: Q, sight: Sign, event: float, now: Now) -> Iterable[Alert]:
        """The same, where the deadlines up to `event` have taken effect."""
        if not self.heeds(state, sight, now):
            return ()
        if state.episode is not None and state.back is None:
            return self._come_back(key, state, sight, event, now)
        # A stamp ahead of the date says that it lives, and not that it was silent until then.
        if state.due is not None and state.due < sight.time <= now.wall:
            insort(state.ahead, sight, key=lambda each: each.order)
            del state.ahead[self.most_ahead // 2 : -self.most_ahead // 2]
            return ()
        self._go_on(key, state, sight, now)
        while state.ahead and state.due is not None and state.ahead[0].time <= state.due:
            self._go_on(key, state, state.ahead.pop(0), now)
        return ()

    def go_on(self, key: str, state: Q, sight: Sign, now: Now) -> None:
        """A sign of life of `key`, which does not burn; it was not silent until then."""
        if state.latest is None or sight.order > state.latest.order:
            self._go_on(key, state, sight, now)

    def _go_on(self, key: str, state: Q, sight: Sign, now: Now) -> None:
        """The key lives, and is not silent before its limit from now on."""
        at = self.count_in(state, sight, now)
        if state.due is None or self.is_enough(state, at):
            state.due = self._silent_at(key, self.since(state))
        if state.episode is not None:
            state.count += 1
            state.last = sight.time

    def _come_back(
        self, key: str, state: Q, sight: Sign, event: float, now: Now
    ) -> Iterable[Alert]:
        """It is back, unless that was long ago and it has been silent again since."""
        at = self.count_in(state, sight, now)
        silent_at = self._silent_at(key, self.since(state))
        if silent_at < event or not self.is_enough(state, at):
            return ()
        state.due = silent_at
        state.count += 1
        state.last = state.until = max(at, state.first)
        state.is_back = True
        state.samples = [*state.samples[-1:], sight.sample]
        resolves_at = self.held_until(state, at)
        if resolves_at > at:
            state.back = resolves_at
            return ()
        return (self._resolve(key, state, at, now),)

    def _resolve(self, key: str, state: Q, at: float, now: Now) -> Alert:
        alert = self.resolve(key, state, at, now)
        state.back = None
        state.is_back = False
        state.samples = []
        return alert

    # -- deadlines ---------------------------------------------------------------------------

    def deadline(self, state: Q) -> float | None:
        """See `KeyedRule.deadline`. A sight exactly at the limit is in time."""
        due = math.inf if state.due is None else just_after(state.due)
        at = due if state.back is None else min(due, state.back)
        return at if at < math.inf else None

    def is_idle(self, state: Q, at: float) -> bool:
        """See `KeyedRule.is_idle`."""
        return state.due is None

    def on_deadline(self, key: str, state: Q, at: float, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.on_deadline`."""
        if state.back is not None and state.back <= at:
            return (self._resolve(key, state, at, now),)
        if state.episode is None:
            return self._fall_silent(key, state, at, now)
        if state.back is not None:
            return self._stay_away(key, state, at, now)
        if key in self._roster:  # since a reload
            state.due = None
            return ()
        return (self._give_up(key, state, at, now),)

    def _fall_silent(self, key: str, state: Q, at: float, now: Now) -> Iterable[Alert]:
        if state.latest is None and key not in self._roster:
            state.due = None
            return ()
        if state.latest is not None:
            state.anchor = state.latest.name
            state.first = state.last = state.latest.time
            state.samples = [state.latest.sample]
        state.until = at
        alerts = self.fire(key, state, at, now)
        if alerts:
            return [*alerts, *self._stay_away(key, state, at, now)]
        assert state.fired_at is not None
        # Still silent when the cool-down ends, it fires then; unless it is known to be back.
        state.due = max(at, state.fired_at + self.settings.cooldown)
        waiting, state.ahead = state.ahead, []
        for sight in waiting:
            self._take(key, state, sight, at, now)
        return ()

    def _stay_away(self, key: str, state: Q, at: float, now: Now) -> Iterable[Alert]:
        """It burns, until it is given up; unless it is known to be back."""
        state.back = None
        state.is_back = False
        state.due = None if key in self._roster else at + self.patience
        waiting, state.ahead = state.ahead, []
        return [each for sight in waiting for each in self._take(key, state, sight, at, now)]

    def _give_up(self, key: str, state: Q, at: float, now: Now) -> Alert:
        """Nobody waits for this key any more; it is forgotten."""
        state.until = at
        state.latest = state.due = None
        return self._resolve(key, state, at, now)

    def owed(self, key: str, state: Q, now: Now) -> Iterable[Alert]:
        """See `KeyedRule.owed`."""
        at = max(state.last, state.fired_at or 0.0)
        return [self._give_up(key, state, at, now)] if state.episode is not None else []

    def _silent_at(self, key: str, since: float) -> float:
        return self._active.deadline(since, self.limit_of(key))

    def remembers(self, key: str, state: Q, now: Now) -> list[str]:
        """See `KeyedRule.remembers`."""
        event, wall = now.event, now.wall
        roster = " (on the roster)" if key in self._roster else ""
        if state.latest is None:
            seen = f"never seen{roster}, waited for since {on_clock(state.first, wall)}"
        else:
            latest = state.latest.time
            seen = f"last seen {ago(latest, event)}, at {on_clock(latest, wall)}{roster}"
        if state.back is not None:
            return [f"{seen}: back, and burns on until {on_clock(state.back, wall)}"]
        if state.due is None:
            return [f"{seen}; resolves when it is {self.back_when}"]
        if state.due == math.inf:
            return [f"{seen}; never due, for its active hours do not come"]
        what = "given up" if state.episode is not None else "due"
        due = f"{what} {ago(state.due, event)}, at {on_clock(state.due, wall)}"
        return [f"{seen}; {due} ({self.how_often(key)})"]

    # -- words -------------------------------------------------------------------------------

    back_when: ClassVar[str] = "seen again"

    def how_often(self, key: str) -> str:
        """How often `key` must be seen."""
        return f"every {lasting(self.limit_of(key))}"

    def missed(self) -> str:
        """What is missed, in a message: `no record`."""
        return "no record"

    def stock_message(self, key: str, state: Q, status: Status) -> str:
        """See `KeyedRule.stock_message`."""
        away = lasting(state.until - state.first)
        line = f": {headline(state.samples[-1].line.text)}" if state.samples else ""
        if status == "resolved" and state.is_back:
            return f"back after {away}{line}"
        given_up = "given up, " if status == "resolved" else ""
        limit = lasting(self.limit_of(key))
        seen = "last" if state.samples else "never seen since"
        return (
            f"{given_up}{self.missed()} for {away}, expected every {limit};"
            f" {seen} {rfc3339(state.first)}{line}"
        )

    def values(self, state: Q) -> Mapping[str, object]:
        """See `KeyedRule.values`."""
        return {
            "away": lasting(state.until - state.first),
            "seen": rfc3339(state.first) if state.samples else "never",
        }


def sign(hit: Hit, value: str = "") -> Sign:
    """What is kept of a hit."""
    return Sign(hit.record.time, hit.batch.checkpoint.identity, sample(hit), value)
