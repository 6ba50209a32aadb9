"""Whom an alert must not reach now, and what is told of it once that is over.

Asked for every alert are the mutes of the configuration, the silences that people made, and
inhibition. The alert itself is in the history all the same. What is owed afterwards is kept, and
told when nothing hides it any more:

- `hold`, silences and inhibition: an episode that still burns goes the normal way; events of a rule
  are told in one message with exact totals (of inhibited events nothing is told). Episodes that
  began and ended meanwhile are in the history only.
- `summarise`: one message about all that nobody was told of, with exact totals and what burns.
- `drop`: nothing; but what an earlier mute promised to tell is told after it.

The end of an episode that somebody was told of always goes out. Where several hide an alert, the
one that tells most decides. An alert of a backlog is hidden by what was in force when it came about
by the time of the log, and by what is in force now. A restart at any point tells the same as none,
as long as `changes` is stored with the alerts.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from logwatch.alerts.inhibition import Inhibition
from logwatch.alerts.mute import Mute
from logwatch.alerts.mute_settings import InhibitSettings, MuteSettings, Then
from logwatch.alerts.silences import NAME as SILENCES
from logwatch.alerts.silences import Silences
from logwatch.alerts.withheld import Kept, Muting, Withheld
from logwatch.clock import Moment
from logwatch.conditions import MakeSearch, plain_search
from logwatch.records import SHADOW, Alert, StateChange
from logwatch.stamps import seconds_of

__all__ = ["NAME", "SILENCES", "Mutes", "Released", "Summary"]

NAME: Final = "logwatch.mutes"
"""Under which their state is kept."""

MOST_AT_ONCE: Final = 1000
"""Episodes that one `expire` lets go."""

_ORDER = "order/"


class Summary(NamedTuple):
    """One message about what was held back."""

    alert: Alert
    """An event for all who get it: nobody is told of its end."""
    burning: tuple[str, ...]
    """Ids of the episodes that it tells of and that go on: their ends are owed to its sinks."""


class Released(NamedTuple):
    """What nothing hides any more."""

    alerts: tuple[Alert, ...]
    """Newest messages of episodes that burn, with the ids and numbers under which they are in the
    history; `firing` where nobody was told before."""
    summaries: tuple[Summary, ...]

    def __bool__(self) -> bool:
        return bool(self.alerts or self.summaries)


_NOTHING = Released((), ())


class Mutes:
    """All that hides alerts, and what is owed."""

    def __init__(
        self,
        mutes: Sequence[MuteSettings],
        inhibits: Sequence[InhibitSettings],
        *,
        host: str,
        make_search: MakeSearch = plain_search,
    ) -> None:
        """`host`: where the daemon runs; `make_search`: how patterns are searched for."""
        self._host = host
        self._mutes = {each.name: Mute(each, make_search) for each in mutes}
        self._by_then: dict[Then, list[Mute]] = {"hold": [], "summarise": [], "drop": []}
        for mute in self._mutes.values():
            self._by_then[mute.settings.then].append(mute)
        self.silences = Silences(make_search)
        self._inhibition = Inhibition(inhibits, make_search)
        self._orders: dict[str, int] = {}
        """Restored, until `begin`."""
        self._withheld = Withheld()
        self._due: OrderedDict[str, None] = OrderedDict()
        """Episodes to look at again, for what held them may be over."""
        self._queued: set[str] = set()
        """Holders that are over and whose episodes are among `_due`."""
        self._next: tuple[int, float | None] = (-1, None)
        """When something may end, in wall time, and of which version of `_withheld` that is."""
        self._live = True
        self.hidden: Counter[str] = Counter()
        """Messages hidden since the start, by what hid them."""

    @property
    def idle(self) -> bool:
        """Whether nothing can be hidden and nothing is owed, so that nobody need ask."""
        return not (self._mutes or self._inhibition or self.silences or self._withheld)

    def in_force(self, wall: float) -> list[str]:
        """Names of the mutes in force at wall time `wall`; to look at, from any thread."""
        return [name for name, mute in self._mutes.items() if mute.settings.covers(wall)]

    @property
    def withheld(self) -> int:
        """Episodes that burn and are told once nothing hides them."""
        return len(self._withheld.episodes)

    # -- alerts as they come -----------------------------------------------------------------

    def take(
        self, alert: Alert, *, burns: bool, told: bool, now: Moment, event: float = -math.inf
    ) -> str | None:
        """Why `alert` must not be sent now, which is its `muted_by`; None: send it.

        `burns`: its episode goes on. `told`: somebody was told that it began. `event`: the event
        time at which it came about, where that may be later than its last line. Every message of
        every rule must pass here or through `pass_by`, ends too, in order.
        """
        self._follow(alert, burns=burns)
        times = (now.wall, max(event, seconds_of(alert.last))) if alert.late else (now.wall,)
        if alert.status == "resolved":
            return self._end(alert, told=told, now=now, times=times)
        muting = self._verdict(alert, times)
        if muting is None:
            self._withheld.take(alert.id)
            return None
        self._note_hidden(muting)
        if burns:
            self._keep(alert, muting, told=told)
        elif muting.counts and muting.then != "drop":
            self._withheld.count(alert, muting, burns=False, is_event=True)
        return muting.by

    def pass_by(self, alert: Alert, *, burns: bool, now: Moment) -> None:
        """Take note of an alert that is not told for a reason of its own, its `muted_by`.

        Where another rule absorbs it, it inhibits as any other; one in shadow mode does not.
        Nothing is owed of it any more.
        """
        self._follow(alert, burns=burns and _may_inhibit(alert))
        self._withheld.take(alert.id)
        if alert.status == "resolved":
            self._withheld.end_counted(alert)
            self.silences.resolved(alert.id, now)

    def _follow(self, alert: Alert, *, burns: bool) -> None:
        if self._inhibition and self._inhibition.follow(alert, burns=burns):
            self._due.update(dict.fromkeys(self._withheld.under(_inhibited_by(alert.id))))
            self._next = (-1, None)

    def verdict(self, alert: Alert, now: Moment) -> Muting | None:
        """What hides `alert` now; changes nothing."""
        return self._verdict(alert, (now.wall,))

    def _verdict(self, alert: Alert, times: Sequence[float]) -> Muting | None:
        """What hides it, the one first that tells most of it afterwards."""
        found = self._muted(alert, times, "hold")
        if found is None and self.silences:
            silence = self.silences.hiding(alert, times)
            found = None if silence is None else Muting(silence.name, "hold", silence.name)
        found = found or self._muted(alert, times, "summarise")
        if found is None and self._inhibition:
            other = self._inhibition.inhibitor(alert)
            if other is not None:
                found = Muting(
                    f"inhibit by {other.rule}", "hold", _inhibited_by(other.episode), counts=False
                )
        return found or self._muted(alert, times, "drop")

    def _muted(self, alert: Alert, times: Sequence[float], then: Then) -> Muting | None:
        for mute in self._by_then[then]:
            if mute.hides(alert, times):
                return Muting(mute.name, then, mute.name)
        return None

    def _keep(self, alert: Alert, muting: Muting, *, told: bool) -> None:
        is_kept = alert.id in self._withheld.episodes
        if muting.then == "drop" and not is_kept:
            return
        if not self._withheld.keep(alert, muting, told=told):
            self._withheld.count(alert, muting, burns=True, is_event=False)
        elif muting.holder in self._queued:
            self._due[alert.id] = None

    def _end(self, alert: Alert, *, told: bool, now: Moment, times: Sequence[float]) -> str | None:
        """The end of an episode: told to those who know of it, whatever is in force."""
        if self.silences:
            self.silences.resolved(alert.id, now)
        kept = self._withheld.take(alert.id)
        if told:
            return None
        if kept is None:
            self._withheld.end_counted(alert)
        elif kept.then == "summarise":
            self._withheld.count(alert, _muting_of(kept), burns=False, is_event=False)
        muting = self._verdict(alert, times)
        if muting is not None:
            return muting.by
        return None if kept is None else kept.by

    def _note_hidden(self, muting: Muting) -> None:
        self.hidden[muting.by] += 1
        number = _silence_number(muting.holder)
        if number is not None:
            self.silences.note_hidden(number)

    # -- what is over ------------------------------------------------------------------------

    def await_backlog(self) -> None:
        """A backlog will be read: nothing is let go before `go_live`.

        The end of what is kept may be in it, and the events of a night are told in one message.
        """
        self._live = False

    def go_live(self) -> None:
        """The backlog was read: what is over may be told."""
        self._live = True

    def deadline(self, now: Moment) -> float | None:
        """Seconds until `expire` has something to do: 0 where it has, None where nothing waits."""
        if not self._live:
            return None
        if self._due:
            return 0.0
        version, at = self._next
        if version != self._version() or (at is not None and now.wall >= at):
            at = self._next_end(now)
            self._next = (self._version(), at)
        return None if at is None else max(0.0, at - now.wall)

    def expire(self, now: Moment) -> Released:
        """Let go of what nothing hides any more; at most 1,000 episodes at once."""
        if self.deadline(now) != 0.0:
            return _NOTHING
        self.silences.expire(now)
        if not self._due:
            self._queued.clear()
        for holder in sorted(self._withheld.holders()):
            if self._in_force(holder, now.wall):
                self._queued.discard(holder)
            elif holder not in self._queued:
                self._queue(holder, now)
        alerts = tuple(self._let_go(now))
        summaries = tuple(self._summaries(now))
        self._next = (-1, None)
        return Released(alerts, summaries)

    def _queue(self, holder: str, now: Moment) -> None:
        """It is over: count what a summary tells of, and let the others go in turn."""
        self._queued.add(holder)
        for name in self._withheld.under(holder):
            kept = self._withheld.episodes[name]
            if kept.then != "summarise" or kept.told:
                self._due[name] = None
                continue
            alert = kept.alert
            if not self._stays(name, kept, alert, now):
                self._withheld.take(name)
                self._withheld.count(alert, _muting_of(kept), burns=True, is_event=False)

    def _let_go(self, now: Moment) -> Iterator[Alert]:
        room = MOST_AT_ONCE
        while self._due and room:
            name, _ = self._due.popitem(last=False)
            kept = self._withheld.episodes.get(name)
            if kept is None:
                continue
            alert = kept.alert
            if self._stays(name, kept, alert, now):
                continue
            self._withheld.take(name)
            room -= 1
            yield alert if kept.told else replace(alert, status="firing")

    def _stays(self, name: str, kept: Kept, alert: Alert, now: Moment) -> bool:
        """Whether something else hides a kept episode now, and holds it from now on."""
        muting = self._verdict(alert, (now.wall,))
        if muting is not None and muting.holder != kept.holder:
            self._withheld.move(name, muting)
        return muting is not None

    def _summaries(self, now: Moment) -> Iterator[Summary]:
        for name, pool in sorted(self._withheld.pools.items()):
            if self._in_force(pool.state.under, now.wall):
                continue
            alert = pool.message(name, now, self._host)
            # What burns in it was asked about one by one; a mute of others must not delay that.
            other = None if pool.bundle.burning else self._verdict(alert, (now.wall,))
            if other is not None:
                self._withheld.move_pool(name, other.holder)
                continue
            yield Summary(alert, tuple(pool.bundle.burning))
            self._withheld.drop_pool(name)

    def _in_force(self, holder: str, wall: float) -> bool:
        mute, number = self._mutes.get(holder.removeprefix("mute ")), _silence_number(holder)
        if holder.startswith("mute "):
            return mute is not None and mute.in_force(wall)
        if number is not None:
            return self.silences.in_force(number, wall)
        return holder.removeprefix(_inhibited_by("")) in self._inhibition

    def _next_end(self, now: Moment) -> float | None:
        ends = [self.silences.next_end()]
        for holder in self._withheld.holders():
            if not self._in_force(holder, now.wall):
                return now.wall
            if holder.startswith("mute "):
                ends.append(self._mutes[holder.removeprefix("mute ")].next_change(now.wall))
        return min((end for end in ends if end is not None), default=None)

    def _version(self) -> int:
        return self._withheld.version + self.silences.version

    # -- state -------------------------------------------------------------------------------

    def restore(self, state: StateChange) -> None:
        """Take back one row of NAME or SILENCES, before `begin`.

        Raises ValueError or msgspec.DecodeError where it is none of ours.
        """
        if state.rule == SILENCES:
            self.silences.restore(state)
        elif state.body is None or self._withheld.restore(state.key, state.body):
            return
        elif state.key.startswith(_ORDER):
            self._orders[state.key.removeprefix(_ORDER)] = int(state.body)
        else:
            raise ValueError(f"{state.key!r} is no state of mutes")

    def begin(self, burning: Iterable[Alert], now: Moment) -> None:
        """All was restored; `burning` are the newest messages of all episodes that are open.

        From here on everything is in force.
        """
        burning = list(burning)
        names = {alert.id for alert in burning}
        self._inhibition.restore(self._orders, [each for each in burning if _may_inhibit(each)])
        self._orders = {}
        self._withheld.begin()
        for name in [name for name in self._withheld.episodes if name not in names]:
            self._withheld.take(name)
        # Of another configuration an episode that still burns may inhibit others than before.
        for name, kept in self._withheld.episodes.items():
            is_inhibited = kept.holder.startswith(_inhibited_by(""))
            if is_inhibited and self._inhibition.inhibitor(kept.alert) is None:
                self._due[name] = None
        self.silences.begin(names, now)

    def changes(self) -> Iterator[StateChange]:
        """What changed since the last call, to be stored with what brought it about."""
        for key, body in self._withheld.changes():
            yield StateChange(NAME, key, body)
        for name, order in self._inhibition.changes():
            yield StateChange(NAME, _ORDER + name, None if order is None else str(order).encode())
        yield from self.silences.changes()


def _may_inhibit(alert: Alert) -> bool:
    """Not where its rule is in shadow mode."""
    return alert.muted_by != SHADOW


def _inhibited_by(episode: str) -> str:
    return f"inhibit {episode}"


def _silence_number(holder: str) -> int | None:
    found, _, number = holder.partition("silence #")
    return int(number) if number and not found else None


def _muting_of(kept: Kept) -> Muting:
    return Muting(kept.by, kept.then, kept.holder)
