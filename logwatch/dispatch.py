"""An alert on its way from a rule to the outbox: mutes, then routes, then groups, then rates.

Where a configuration has no mutes, timers or rates, and no silence is in force, an alert goes
to the sinks of its routes at once. Else each part takes it in turn, keeps what it holds back as
state, and hands it out when its time has come: see alerts/mutes.py, groups.py and rates.py.

Whoever was told that an episode began is told that it ended, past all of these; that is why `told`
is known here of every episode that burns. The alert itself is always kept in the history.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import asdict, replace

from logwatch.alerts import groups as grouping
from logwatch.alerts import mutes as muting
from logwatch.alerts import rates as pacing
from logwatch.alerts.groups import Groups
from logwatch.alerts.mute_settings import InhibitSettings, MuteSettings
from logwatch.alerts.mutes import Mutes
from logwatch.alerts.outgoing import Outgoing
from logwatch.alerts.rates import Rates, SinkPace
from logwatch.alerts.route import Router
from logwatch.alerts.silences import Silence, Silences
from logwatch.clock import Moment
from logwatch.conditions import MakeSearch, plain_search
from logwatch.recipients import Recipients
from logwatch.records import Alert, Member, StateChange
from logwatch.store.transaction import Addressed, Burning

STATES = frozenset({grouping.STATE_NAME, muting.NAME, muting.SILENCES, pacing.NAME})
"""Names under which the parts keep their state among the rules'."""


SINK_DOWN = "logwatch.sink-down"
"""The rule of the episode that a deliverer ends when its sink is back, after a restart too."""


class Untold(NamedTuple):
    """What is not told now."""

    silences: tuple[Silence, ...]
    """Those in force."""
    mutes: tuple[str, ...]
    """Names of those in force."""
    hidden: dict[str, int]
    """Messages hidden since the start, by what hid them."""
    withheld: int
    """Episodes that burn and are told once nothing hides them."""
    groups: int
    """Groups that are open."""
    paced: dict[str, int]
    """By sink, alerts that wait for its rate, or for the end of the backlog."""


class Dispatch:
    """Who is told of which alert, and when."""

    def __init__(
        self,
        router: Router,
        *,
        host: str,
        mutes: Sequence[MuteSettings] = (),
        inhibits: Sequence[InhibitSettings] = (),
        paces: Mapping[str, SinkPace] | None = None,
        fallbacks: Mapping[str, str] | None = None,
        make_search: MakeSearch = plain_search,
    ) -> None:
        """`paces`: of the sinks that have a rate or write for people; `fallbacks`, of any sink."""
        self.recipients = Recipients(router)
        self._router = router
        self._mutes = Mutes(mutes, inhibits, host=host, make_search=make_search)
        self._groups = Groups(host=host)
        self._rates = Rates(paces or {}, host=host)
        self._fallbacks = fallbacks or {}
        self._groups_stored: list[StateChange] = []
        self._owed: dict[str, tuple[str, ...]] = {}

    @property
    def direct(self) -> bool:
        """Whether nothing but the routes decides, so that `recipients` may be asked by themselves.

        True for as long as nothing is muted, held back or put together.
        """
        return (
            not self._router.has_timers
            and self._rates.idle
            and self._mutes.idle
            and not len(self._groups)
        )

    @property
    def silences(self) -> Silences:
        """What people silenced, to add one or end one."""
        return self._mutes.silences

    def untold(self, wall: float) -> Untold:
        """What is not told at wall time `wall`; to look at, from any thread."""
        return Untold(
            silences=tuple(self._mutes.silences.now(wall)),
            mutes=tuple(self._mutes.in_force(wall)),
            hidden=dict(self._mutes.hidden),
            withheld=self._mutes.withheld,
            groups=self._groups.open,
            paced=self._rates.waiting(),
        )

    def restore(self, state: StateChange) -> None:
        """Take back one row of `STATES`, before `restored`. May raise what a bad one brings."""
        if state.rule == grouping.STATE_NAME:
            self._groups_stored.append(state)
        elif state.rule == pacing.NAME:
            self._rates.restore(state)
        else:
            self._mutes.restore(state)

    def restored(self) -> None:
        """All rows were given back: what is open is known."""
        stored, self._groups_stored = self._groups_stored, []
        self._groups.restore(stored)
        self._rates.begin()

    def begin(
        self, burning: Iterable[Burning], now: Moment, *, after_backlog: bool = False
    ) -> None:
        """After `restored`; `burning` are the episodes that go on, and who was told of them.

        `after_backlog`: what is over since the last run is told when `go_live` is called.
        """
        if after_backlog:
            self._mutes.await_backlog()
        burning = [each for each in burning if each.alert.group is UNSET]
        for each in burning:
            self.recipients.take_back(each.alert.id, each.told)
        self._mutes.begin((each.alert for each in burning), now)

    def watches(self, alert: Alert) -> bool:
        """Whether an open episode is no rule's but ours: a group, or of a sink that there is."""
        if alert.group is not UNSET:
            return self._groups.is_open(alert.id)
        sink = alert.key.get("sink", "")
        return alert.rule == SINK_DOWN and bool(self._router.known((sink,)))

    def route(self, one: Addressed, now: Moment, *, avoid: str = "") -> Addressed:
        """Say who is told at once of an alert that was made; the parts keep what is told later.

        `one` has no sinks yet. One that is muted already, by its rule's mode or by another rule,
        is owed to nobody but those who were told before. `avoid` is a sink that is in trouble: its
        fallback is told.
        """
        alert, burns = one.alert, one.burns
        hidden = alert.muted_by if alert.muted_by is not UNSET else None
        if hidden is None:
            told_before = self._is_told(alert.id)
            hidden = self._mutes.take(
                alert, burns=burns, told=told_before, now=now, event=one.event
            )
        else:
            self._mutes.pass_by(alert, burns=burns, now=now)
        if alert.status == "resolved":
            return self._end(one, hidden, now)
        if hidden is not None:
            told = self.recipients.tell(alert.id, ()) if burns else ()
            return Addressed(replace(alert, muted_by=hidden), one.at, (), burns, told)
        if burns and alert.status == "updated" and not self._is_under_way(alert.id):
            alert = replace(alert, status="firing")  # it was muted until now, or in no route
        return self._send(alert, now, burns=burns, at=one.at, avoid=avoid)

    def end_unwatched(self, alert: Alert, told: tuple[str, ...], now: Moment) -> Addressed:
        """The end, `alert`, of an episode that no rule keeps open, told to whoever knows of it."""
        self.recipients.take_back(alert.id, told)
        return self.route(Addressed(alert, now.wall, ()), now)

    def expire(self, now: Moment) -> Iterator[Addressed]:
        """What is to be told now, for its time has come."""
        released = self._mutes.expire(now)
        for alert in released.alerts:
            yield self._send(alert, now, burns=True)
        for summary in released.summaries:
            one = self._send(summary.alert, now, burns=False, tells_of=summary.burning)
            yield one
            for episode in summary.burning:
                sinks = (*one.sinks, *one.collected)
                self._owed[episode] = self.recipients.tell(episode, sinks)
        for message in self._groups.expire(now):
            if not (message.reminds and self._hides_all(message.alert, now)):
                yield self._paced(message, now)
        for message in self._rates.expire(now):
            yield Addressed(message.alert, now.wall, message.sinks)

    def go_live(self, now: Moment) -> Iterator[Addressed]:
        """The backlog is read: what waited for its end is told."""
        self._mutes.go_live()
        yield from self.expire(now)
        for message in self._rates.go_live(now):
            yield Addressed(message.alert, now.wall, message.sinks)

    def paces(self, sink: str) -> bool:
        """Whether a sink has a rate, or writes for people."""
        return self._rates.has(sink)

    def pace(self, alert: Alert, sink: str, now: Moment) -> bool:
        """Whether `sink` is sent now what comes to it from an outbox; else it is told later."""
        burns = alert.status != "resolved" and bool(self.recipients.told(alert.id))
        if alert.group is not UNSET:
            burns = alert.group.burning > 0
        return bool(self._rates.gate(alert, (sink,), burns, now))

    def moved(self, sink: str, episodes: Iterable[str]) -> None:
        """`sink` was told of these in the place of another: it hears of their ends, too."""
        for episode in episodes:
            if self.recipients.told(episode):
                told = self.recipients.tell(episode, (sink,))
                if not self.direct:  # the message may be about others than `episode`
                    self._owed[episode] = told

    def hasten(self, now: Moment) -> Iterator[Addressed]:
        """Tell now what only waits for more to be told with it."""
        self._groups.hasten(now)
        self._rates.hasten(now)
        yield from self.expire(now)

    def seconds_to_deadline(self, now: Moment) -> float | None:
        """Seconds from `now` until `expire` has something to do, None without a deadline."""
        waits = [
            each
            for each in (
                self._mutes.deadline(now),
                self._groups.deadline(now),
                self._rates.deadline(now),
            )
            if each is not None
        ]
        return min(waits) if waits else None

    def seconds_to_slot(self, now: Moment) -> float | None:
        """Seconds until the rate of a sink lets out what waits for it; None: nothing waits."""
        return self._rates.deadline(now)

    def next_due(self, time: float) -> float:
        """As `seconds_to_deadline` at virtual `time`, as a time; infinity without a deadline."""
        if self.direct:
            return math.inf
        seconds = self.seconds_to_deadline(Moment(time, time))
        return math.inf if seconds is None else time + seconds

    def changes(self) -> Iterator[StateChange]:
        """The state that changed since the last call; calling it forgets that it did."""
        yield from self._mutes.changes()
        yield from self._groups.changes()
        yield from self._rates.changes()

    def owed(self) -> dict[str, tuple[str, ...]]:
        """Episodes of which more sinks were told since the last call, and all that were."""
        owed, self._owed = self._owed, {}
        return owed

    def _hides_all(self, reminder: Alert, now: Moment) -> bool:
        """Whether each alert of which it reminds is hidden now; of very many, what they share."""
        group, verdict = reminder.group, self._mutes.verdict
        members = () if group is UNSET or self._mutes.idle else group.members
        burning = [each for each in members if each.status != "resolved"]
        if group is UNSET or not burning or len(burning) < group.burning:
            return verdict(reminder, now) is not None
        return all(verdict(_as_alert(each, reminder), now) for each in burning)

    def _is_under_way(self, episode: str) -> bool:
        """Whether anybody was told of it, or will be with others."""
        return bool(self.recipients.told(episode)) or episode in self._groups.burning()

    def _is_told(self, episode: str) -> bool:
        return bool(self.recipients.told(episode) or self._groups.told(episode))

    def _send(
        self,
        alert: Alert,
        now: Moment,
        *,
        burns: bool,
        at: float | None = None,
        avoid: str = "",
        tells_of: Sequence[str] = (),
    ) -> Addressed:
        """Nothing hides it: by its routes, and to the groups that it is in.

        `tells_of`: episodes that burn, whose ends come by themselves: it waits in no group and for
        no digest, where these would overtake it.
        """
        self._groups.follow(alert, now)
        direct, routes = self._router.paths(alert)
        if tells_of:
            direct += tuple(sink for _, named in routes for sink in named)
            routes = ()
        collected: tuple[str, ...] = ()
        for route, named in routes:
            if sinks := self._without(avoid, named):
                self._groups.add(route, alert, burns, now, sinks)
                collected += sinks
        direct = self._without(avoid, direct)
        told = self.recipients.tell(alert.id, direct) if burns else ()
        sinks = self._rates.gate(alert, direct, burns, now)
        collected += tuple(sink for sink in direct if sink not in sinks)
        return Addressed(alert, now.wall if at is None else at, sinks, burns, told, collected)

    def _without(self, avoid: str, sinks: tuple[str, ...]) -> tuple[str, ...]:
        """`sinks`, with the fallback of the one to avoid in its place."""
        if avoid not in sinks:
            return sinks
        fallback = self._fallbacks.get(avoid)
        instead = () if fallback is None else (fallback,)
        others = (instead if sink == avoid else (sink,) for sink in sinks)
        return tuple(dict.fromkeys(name for names in others for name in names))

    def _paced(self, message: Outgoing, now: Moment) -> Addressed:
        """A message about several alerts, on its way through the rates of its sinks."""
        alert = message.alert
        # A group outlives a change of the configuration, its sinks may not.
        sinks = self._router.known(message.sinks) or self._router.sinks_for(alert)
        group = alert.group
        burns = group is not UNSET and group.burning > 0
        told = self._rates.gate(alert, sinks, burns, now)
        if group is UNSET or group.kind != "group" or not burns:
            return Addressed(alert, now.wall, told)
        return Addressed(alert, now.wall, told, burns, sinks)

    def _end(self, one: Addressed, hidden: str | None, now: Moment) -> Addressed:
        """The end of an episode: to all who were told that it began, and to nobody else."""
        told = self.recipients.forget(one.alert.id)
        alert = replace(one.alert, muted_by=UNSET)
        in_groups = self._groups.follow(alert, now)
        if told or (told is None and not in_groups and hidden is None):
            sinks = self.recipients.owed(told, alert)
            paced = self._rates.gate(alert, sinks, burns=False, now=now)
            later = tuple(sink for sink in sinks if sink not in paced)
            return Addressed(alert, one.at, paced, collected=(*later, *in_groups))
        marked = alert if in_groups or hidden is None else replace(alert, muted_by=hidden)
        return Addressed(marked, one.at, (), collected=in_groups)


def _as_alert(member: Member, message: Alert) -> Alert:
    """One of those that `message` stands for, with what it has in common with the others."""
    return replace(message, group=UNSET, **asdict(member))
