"""Silences: mutes that a person makes by a command, with a number, an end and a reason.

Each ends: at a time, or with the episodes that it hid when it was made (`until_resolved`, the
acknowledgement), or when a person ends it. Numbers are never used again. One that is over is kept
for a week, so that a person can see what was hidden and by whom. What is hidden meanwhile is kept
by mutes.py.

At most 1,000 are in force at once, and as many kept that are over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from logwatch.alerts.conditions import Holds, compile_alert_where
from logwatch.clock import Moment
from logwatch.conditions import MakeSearch, Where, plain_search
from logwatch.errors import LogwatchError
from logwatch.records import Alert, StateChange

NAME: Final = "logwatch.silences"
"""Under which their state is kept."""

MOST_IN_FORCE: Final = 1000
MOST_OVER: Final = 1000
KEPT_SECONDS: Final = 7 * 86_400.0
"""How long one that is over stays in the list."""

_LONGEST_TEXT: Final = 1000
_NEXT: Final = "next"
"""Key of the number that the next one gets."""


class SilenceError(LogwatchError):
    """Raised when a silence cannot be made or ended; the text says why, for a person."""


class Silence(Struct, frozen=True, kw_only=True):
    """One silence; times in seconds since the epoch."""

    number: int
    where: Where
    """All of these must hold for an alert that it hides."""
    author: str
    comment: str
    begin: float
    until: float | None = None
    episodes: tuple[str, ...] | None = None
    """Those whose end ends it, as far as they are open; None: it does not wait for any."""
    ended: float | None = None
    ended_by: str = ""
    """Who ended it; empty where its time or its episodes did."""
    hid: int = 0
    """Messages that it has hidden."""

    @property
    def name(self) -> str:
        """`silence #3`."""
        return f"silence #{self.number}"

    def covers(self, time: float) -> bool:
        """Whether it was in force at `time`."""
        ends = (self.until, self.ended)
        return self.begin <= time < min((end for end in ends if end is not None), default=math.inf)

    def in_force(self, wall: float) -> bool:
        """Whether it is in force now; a clock that was put back does not undo it."""
        return self.ended is None and (self.until is None or wall < self.until)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Silence).decode


class Silences:
    """All silences that are in force or were within the last week."""

    def __init__(self, make_search: MakeSearch = plain_search) -> None:
        self._make_search = make_search
        self._all: dict[int, Silence] = {}
        self._holds: dict[int, Holds] = {}
        """Of those that were not ended."""
        self._next = 1
        self._changed: set[int] = set()
        self._next_changed = False
        self.version = 0
        """Grows whenever one begins or ends, or loses an episode that it waits for."""

    def __bool__(self) -> bool:
        """Whether any may be in force."""
        return bool(self._holds)

    def add(
        self,
        where: Where,
        *,
        now: Moment,
        author: str,
        comment: str = "",
        until: float | None = None,
        until_resolved: bool = False,
        burning: Iterable[Alert] = (),
    ) -> Silence:
        """Make one, in force from now on. Raises SilenceError.

        `burning` are the newest alerts of the episodes that are open: with `until_resolved` it ends
        once those of them that it hides are over.
        """
        self.expire(now)
        self._refuse(where, until, now, until_resolved=until_resolved)
        episodes = None
        if until_resolved:
            single = (alert for alert in burning if alert.group is UNSET)  # and no message of many
            episodes = tuple(alert.id for alert in self.would_hide(where, single))
            if not episodes:
                raise SilenceError("nothing burns now that it would hide; give it a time: --for 2h")
        silence = Silence(
            number=self._next,
            where=where,
            author=author[:_LONGEST_TEXT],
            comment=comment[:_LONGEST_TEXT],
            begin=now.wall,
            until=until,
            episodes=episodes,
        )
        self._next += 1
        self._next_changed = True
        self._put(silence)
        return silence

    def end(self, number: int, *, now: Moment, author: str) -> Silence:
        """End one now. Raises SilenceError where it is not in force."""
        self.expire(now)
        silence = self._all.get(number)
        if silence is None:
            raise SilenceError(f"there is no silence #{number}; see logwatch silence list")
        if silence.ended is not None:
            raise SilenceError(f"silence #{number} is over already")
        return self._over(silence, now.wall, author)

    def listed(self, now: Moment) -> list[Silence]:
        """All that are kept, those in force first, the newest of each first."""
        self.expire(now)
        return sorted(self._all.values(), key=lambda each: (each.ended is not None, -each.number))

    def now(self, wall: float) -> list[Silence]:
        """Those in force at wall time `wall`; to look at, from any thread."""
        return [each for each in list(self._all.values()) if each.in_force(wall)]

    def would_hide(self, where: Where, alerts: Iterable[Alert]) -> list[Alert]:
        """Those of `alerts` that a silence of these conditions would hide."""
        holds = compile_alert_where(where, self._make_search)
        return [alert for alert in alerts if holds(alert)]

    def hiding(self, alert: Alert, times: Sequence[float]) -> Silence | None:
        """The first that hides `alert` now, the first of `times`, or did at one of the others."""
        now, *earlier = times
        for number, holds in self._holds.items():
            silence = self._all[number]
            if silence.in_force(now) and holds(alert):
                return silence
        for silence in self._all.values() if earlier else ():
            if any(map(silence.covers, earlier)) and self.would_hide(silence.where, (alert,)):
                return silence
        return None

    def in_force(self, number: int, wall: float) -> bool:
        """Whether this one is in force now."""
        silence = self._all.get(number)
        return silence is not None and silence.in_force(wall)

    def note_hidden(self, number: int) -> None:
        """It has hidden one message more."""
        silence = self._all.get(number)
        if silence is not None:
            self._all[number] = replace(silence, hid=silence.hid + 1)
            self._changed.add(number)

    def resolved(self, episode: str, now: Moment) -> None:
        """An episode is over: end the silences that waited for it, and for no other."""
        self._wait_only_for(lambda name: name != episode, now)

    def begin(self, burning: set[str], now: Moment) -> None:
        """All was restored; these episodes are open."""
        self._all = dict(sorted(self._all.items()))
        self._holds = dict(sorted(self._holds.items()))
        self._wait_only_for(burning.__contains__, now)
        self.expire(now)

    def expire(self, now: Moment) -> None:
        """End those whose time has come, and forget those that were over for a week."""
        for number in list(self._holds):
            silence = self._all[number]
            if silence.until is not None and now.wall >= silence.until:
                self._over(silence, silence.until, "")
        over = [each for each in self._all.values() if each.ended is not None]
        over.sort(key=lambda each: each.ended or 0.0)
        surplus = len(over) - MOST_OVER
        for place, silence in enumerate(over):
            if place < surplus or now.wall - (silence.ended or 0.0) >= KEPT_SECONDS:
                del self._all[silence.number]
                self._changed.add(silence.number)

    def next_end(self) -> float | None:
        """The earliest time at which one ends by itself, in seconds since the epoch."""
        ends = (self._all[number].until for number in self._holds)
        return min((end for end in ends if end is not None), default=None)

    def changes(self) -> Iterator[StateChange]:
        """What changed since the last call."""
        if self._next_changed:
            self._next_changed = False
            yield StateChange(NAME, _NEXT, str(self._next).encode())
        changed, self._changed = self._changed, set()
        for number in sorted(changed):
            silence = self._all.get(number)
            yield StateChange(NAME, str(number), None if silence is None else _encode(silence))

    def restore(self, state: StateChange) -> None:
        """Take back one row, before `begin`. Raises ValueError where it is none."""
        if state.body is None:
            return
        if state.key == _NEXT:
            self._next = max(self._next, int(state.body))
            return
        silence = _decode(state.body)
        self._next = max(self._next, silence.number + 1)
        self._put(silence)
        self._changed.discard(silence.number)

    def _refuse(
        self, where: Where, until: float | None, now: Moment, *, until_resolved: bool
    ) -> None:
        if not where:
            raise SilenceError("it must say what it hides: rule=ssh-guessing")
        if until is None and not until_resolved:
            raise SilenceError("it must have an end: --for 2h, --until 17:00 or --until-resolved")
        if until is not None and until <= now.wall:
            raise SilenceError("its end lies in the past")
        if len(self._holds) >= MOST_IN_FORCE:
            raise SilenceError(f"{MOST_IN_FORCE:,} silences are in force, and no more can be")

    def _put(self, silence: Silence) -> None:
        self._all[silence.number] = silence
        self._changed.add(silence.number)
        self.version += 1
        if silence.ended is None:
            self._holds[silence.number] = compile_alert_where(silence.where, self._make_search)
        else:
            self._holds.pop(silence.number, None)

    def _over(self, silence: Silence, ended: float, author: str) -> Silence:
        silence = replace(silence, ended=ended, ended_by=author[:_LONGEST_TEXT])
        self._put(silence)
        return silence

    def _wait_only_for(self, goes_on: Callable[[str], bool], now: Moment) -> None:
        for number in list(self._holds):
            silence = self._all[number]
            if silence.episodes is None:
                continue
            left = tuple(filter(goes_on, silence.episodes))
            if len(left) < len(silence.episodes):
                self._put(replace(silence, episodes=left))
            if not left:
                self._over(self._all[number], now.wall, "")
