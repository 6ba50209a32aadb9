"""Alerts of one route that are told together, and when: `wait`, `updates`, `remind`, `digest`.

- A group begins with its first alert and is told of after `wait`. Then, while it changes, at most
  every `updates`; while it burns without news, every `remind` after the last message, to the
  millisecond. With `digest` all of that is at the times of its calendar.
- A member that gets graver, or a new one graver than all that was told of, is told of at once.
- It is over when nothing in it burns and all was told; the next alert begins another. Where that
  one is an event, and not graver, it is told of no sooner than `updates` after the last message.
- The end of an episode goes to the group that it is in, whatever the routes say by then. What
  began and ended before the first message is told of once.
- An episode is in one group of a route at most.
- Every message is made when its time has come, in `add` or in `expire`, so that the messages do not
  depend on how often `expire` is called; a restart between any two calls changes nothing.
- At most 10,000 groups are open. Alerts that would begin another are joined, by route, to one that
  says so; members quoted are 20 a message, and 3 in groups opened while 1,000 are open.

`expire` must be called before `changes`: what it hands out is not part of the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView

import msgspec

from logwatch import telemetry
from logwatch.alerts.bundle import MOST_MEMBERS, RANK
from logwatch.alerts.group_state import (
    GroupState,
    digest,
    encode_group,
    in_group_by,
    route_digest,
)
from logwatch.alerts.open_group import OpenGroup, opened_from, opened_with
from logwatch.alerts.outgoing import Outgoing
from logwatch.alerts.route import RouteSettings
from logwatch.alerts.timetable import Timetable
from logwatch.clock import Moment
from logwatch.records import Alert, StateChange

STATE_NAME = "logwatch.groups"
"""Under which the groups are kept among the states of rules."""

MOST_GROUPS = 10_000
_MANY_GROUPS = 1_000
_FEW_MEMBERS = 3


class Groups:
    """The open groups of all routes.

    `host` is where the daemon runs, for messages about alerts of several hosts.
    """

    def __init__(self, *, host: str, most_groups: int = MOST_GROUPS) -> None:
        self._host = host
        self._most_groups = most_groups
        self._groups: dict[str, OpenGroup] = {}
        self._ids: set[str] = set()
        """Of their messages."""
        self._of_episode: dict[str, tuple[str, ...]] = {}
        """Names of the groups in which an episode burns."""
        self._resting: dict[str, None] = {}
        self._steady = Timetable()
        self._dates = Timetable()
        self._digests: dict[int, tuple[RouteSettings, str]] = {}
        self._last_name: tuple[str, tuple[str, ...], dict[str, str], str] = ("", (), {}, "")
        self._followed: tuple[str, int] | None = None
        self._ready: list[Outgoing] = []
        self._changed: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._stored: set[str] = set()
        """Names of the groups that `changes` gave: a group that was not need not be forgotten."""
        self._overflowed = False
        self._number = 0

    def __len__(self) -> int:
        """How many groups are remembered, with those that rest."""
        return len(self._groups)

    @property
    def open(self) -> int:
        """How many groups have something that burns or that is to be told."""
        return len(self._groups) - len(self._resting)

    def add(
        self,
        route: RouteSettings,
        alert: Alert,
        burns: bool,  # noqa: FBT001 - as everywhere: whether its episode goes on
        now: Moment,
        sinks: tuple[str, ...] | None = None,
    ) -> None:
        """Take an alert of a route with timers, for `sinks` instead of all of its own.

        Nothing happens where `follow` took the same message into a group of this route just now.
        Raises ValueError for a route without timers.
        """
        timers = route.timers
        if timers is None:
            raise ValueError("a route without timers has no groups; tell its sinks at once")
        sinks = route.to if sinks is None else sinks
        source = self._digest_of(route)
        for name in self._of_episode.get(alert.id, ()):
            if self._groups[name].state.route == source:
                if self._followed != (alert.id, alert.seq):
                    self._put_burning(name, alert, burns, now)
                return
        by = in_group_by(timers, alert)
        name = self._name_of(source, sinks, by)
        if name not in self._groups and not self._has_room():
            name, by = digest(source, *sinks, "overflow"), {}
            overflow = True
        else:
            overflow = False
        opened = self._on_time(name, now)
        if opened is None or opened.state.rests:
            self._number += 1
            state = GroupState(
                route=source,
                sinks=sinks,
                timers=timers,
                by=by,
                id=digest(name, alert.id, str(alert.seq)),
                most_members=MOST_MEMBERS if len(self._groups) < _MANY_GROUPS else _FEW_MEMBERS,
                number=self._number,
                overflow=overflow,
            )
            opened = self._open(name, state, opened)
        self._put(name, opened, alert, burns, now)

    def follow(self, alert: Alert, now: Moment) -> tuple[str, ...]:
        """Take an update, or the end, of an episode into the groups that it is in.

        Gives the sinks that are told of these. None: it is in none, and the routes say who is told.
        """
        names = self._of_episode.get(alert.id)
        if not names:
            return ()
        sinks = [sink for name in names for sink in self._groups[name].state.sinks]
        self._followed = (alert.id, alert.seq)
        for name in names:
            self._put_burning(name, alert, alert.status != "resolved", now)
        return tuple(dict.fromkeys(sinks))

    def is_open(self, group: str) -> bool:
        """Whether the group of which messages have this id goes on."""
        return group in self._ids

    def told(self, episode: str) -> tuple[str, ...]:
        """Sinks that a message of a group told of a burning episode."""
        groups = [self._groups[name] for name in self._of_episode.get(episode, ())]
        told = (opened.state.sinks for opened in groups if opened.bundle.is_told(episode))
        return tuple(dict.fromkeys(sink for sinks in told for sink in sinks))

    def burning(self) -> KeysView[str]:
        """Ids of the episodes that burn in any group."""
        return self._of_episode.keys()

    def expire(self, now: Moment) -> list[Outgoing]:
        """The messages that go out now, in the order in which they were due."""
        for timetable, time in ((self._steady, now.steady), (self._dates, now.wall)):
            while (name := timetable.take(time)) is not None:
                self._fire(name, self._groups[name], now)
        ready, self._ready = self._ready, []
        return ready

    def hasten(self, now: Moment) -> None:
        """Tell now of each group that waits to be told of for the first time, digests excepted.

        For the end of a run after which nobody is there when its time comes.
        """
        for name, opened in list(self._groups.items()):
            if not opened.state.seq and not opened.state.timers.digest:
                self._fire(name, opened, now)

    def deadline(self, now: Moment) -> float | None:
        """Seconds until `expire` has something to do: 0 when overdue, None without anything."""
        if self._ready:
            return 0.0
        steady, date = self._steady.next(), self._dates.next()
        waits = [
            time - clock
            for time, clock in ((steady, now.steady), (date, now.wall))
            if time is not None
        ]
        return max(0.0, min(waits)) if waits else None

    def changes(self) -> Iterator[StateChange]:
        """What changed since the last call, to be stored together with what `expire` gave."""
        for part in self._gone:
            yield StateChange(STATE_NAME, part, None)
        self._gone = {}
        changed, self._changed = self._changed, {}
        for name in changed:
            opened = self._groups.get(name)
            if opened is None:
                continue
            self._stored.add(name)
            yield StateChange(STATE_NAME, name, encode_group(opened.state))
            for part, body in opened.bundle.changes():
                yield StateChange(STATE_NAME, f"{name}/{part}", body)

    def restore(self, states: Iterable[StateChange]) -> None:
        """Take back what `changes` gave, in any order; before the first `add`.

        A group that cannot be read, of another version say, is forgotten with a warning.
        """
        stored: dict[str, dict[str, bytes]] = {}
        for change in states:
            if change.body is not None:
                name, slash, part = change.key.partition("/")
                stored.setdefault(name, {})[slash + part] = change.body
        found: list[tuple[int, str, OpenGroup]] = []
        for name, parts in stored.items():
            try:
                opened = opened_from(parts)
            except (msgspec.DecodeError, UnicodeDecodeError) as problem:
                telemetry.warning("groups.state_unreadable", group=name, problem=str(problem))
                self._gone.update(dict.fromkeys(name + part for part in parts))
            else:
                found.append((opened.state.number, name, opened))
        for number, name, opened in sorted(found, key=lambda each: each[:2]):
            self._number = number
            self._groups[name] = opened
            self._ids.add(opened.state.id)
            self._stored.add(name)
            for episode in opened.bundle.burning:
                self._note_episode(name, episode, burns=True)
            if opened.state.due is not None:
                self._timetable(opened.state).put(name, opened.state.due, opened.state.turn)
        resting = [name for name, opened in self._groups.items() if opened.state.rests]
        resting.sort(key=lambda name: self._groups[name].state.turn)
        self._resting = dict.fromkeys(resting)

    def _digest_of(self, route: RouteSettings) -> str:
        found = self._digests.get(id(route))
        if found is None or found[0] is not route:
            found = self._digests[id(route)] = (route, route_digest(route))
        return found[1]

    def _name_of(self, source: str, sinks: tuple[str, ...], by: dict[str, str]) -> str:
        """The name of a group; that of the last one is kept, for a storm asks for one again."""
        if (source, sinks, by) != self._last_name[:3]:
            by_text = msgspec.json.encode(by).decode()
            self._last_name = (source, sinks, by, digest(source, *sinks, by_text))
        return self._last_name[3]

    def _has_room(self) -> bool:
        """Whether one more group may be opened; the group that has rested longest makes room."""
        if len(self._groups) < self._most_groups:
            return True
        if self._resting:
            self._drop(next(iter(self._resting)))
            return True
        telemetry.count("groups.overflowed")
        if not self._overflowed:
            self._overflowed = True
            telemetry.warning("groups.too_many", most=self._most_groups)
        return False

    def _on_time(self, name: str, now: Moment) -> OpenGroup | None:
        """The group, after what was due in it has been done, if it is open then."""
        opened = self._groups.get(name)
        if opened is None:
            return None
        state = opened.state
        if state.due is not None and state.due <= now.steady and not state.timers.digest:
            self._fire(name, opened, now)
            return self._groups.get(name)
        return opened

    def _open(self, name: str, state: GroupState, before: OpenGroup | None) -> OpenGroup:
        """Begin a group, which remembers of the one before it when that was told of."""
        if before:
            state.told_at, state.worst = before.state.told_at, before.state.worst
            self._drop(name)
        opened = self._groups[name] = opened_with(state)
        self._ids.add(state.id)
        return opened

    def _put_burning(self, name: str, alert: Alert, burns: bool, now: Moment) -> None:  # noqa: FBT001 - as in `add`
        opened = self._on_time(name, now)
        assert opened is not None, "a group in which something burns stays open"
        self._put(name, opened, alert, burns, now)

    def _put(self, name: str, opened: OpenGroup, alert: Alert, burns: bool, now: Moment) -> None:  # noqa: FBT001 - as in `add`
        state, bundle = opened
        due = opened.due_with(alert, now, burns=burns)
        bundle.add(alert, burns)
        self._changed[name] = None
        is_episode = burns or alert.status == "resolved"
        state.has_episodes = state.has_episodes or is_episode
        state.has_firings = state.has_firings or is_episode or alert.status == "firing"
        state.has_events = state.has_events or (alert.status == "firing" and not is_episode)
        self._note_episode(name, alert.id, burns=alert.id in bundle.burning)
        if due <= now.steady and not state.timers.digest:
            self._fire(name, opened, now)
        elif due != state.due:
            self._schedule(name, state, due)

    def _note_episode(self, name: str, episode: str, *, burns: bool) -> None:
        names = self._of_episode.get(episode, ())
        if burns == (name in names):
            return
        if burns:
            self._of_episode[episode] = (*names, name)
        elif len(names) > 1:
            self._of_episode[episode] = tuple(each for each in names if each != name)
        else:
            del self._of_episode[episode]

    def _schedule(self, name: str, state: GroupState, due: float | None) -> None:
        state.due = due
        if due is None:
            self._timetable(state).drop(name)
        else:
            state.turn = self._timetable(state).put(name, due)
        self._changed[name] = None

    def _timetable(self, state: GroupState) -> Timetable:
        return self._dates if state.timers.digest else self._steady

    def _fire(self, name: str, opened: OpenGroup, now: Moment) -> None:
        """Do what is due in a group: tell of it, or forget it."""
        state, bundle = opened
        if state.rests:
            self._drop(name)
            return
        reminds = not bundle
        message = opened.message(self._host, self._most_groups, now)
        self._ready.append(Outgoing(message, state.sinks, reminds))
        rank = RANK[bundle.severity]
        state.worst = rank if state.seq == 1 else max(rank, state.worst)
        state.told_at = now.steady
        bundle.told()
        timers = state.timers
        if bundle.burning:
            remind = None if timers.digest else timers.remind
            self._schedule(name, state, None if remind is None else now.steady + remind)
        elif timers.digest or timers.between_updates <= timers.wait:
            self._drop(name)
        else:
            state.rests = True
            self._resting[name] = None
            self._schedule(name, state, now.steady + timers.between_updates)

    def _drop(self, name: str) -> None:
        """Forget a group in which nothing burns."""
        opened = self._groups.pop(name)
        self._ids.discard(opened.state.id)
        self._resting.pop(name, None)
        self._steady.drop(name)
        self._dates.drop(name)
        self._changed.pop(name, None)
        if name in self._stored:
            self._stored.discard(name)
            parts = [f"{name}/{part}" for part, _ in opened.bundle.changes()]
            self._gone.update(dict.fromkeys((name, f"{name}/", *parts)))
