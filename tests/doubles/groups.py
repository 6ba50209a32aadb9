"""Groups of one route in virtual time, with all that they told and stored."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from doubles.alerts import alert
from logwatch.alerts.groups import Groups
from logwatch.alerts.outgoing import Outgoing
from logwatch.alerts.route import RouteSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.clock import ManualClock
from logwatch.records import UNSET, Alert, Group, StateChange

START = 1_767_571_200.0
"""2026-01-05T00:00:00Z, a Monday."""


class GroupScene:
    """Groups with one route, and the messages that they gave, by seconds since the start."""

    def __init__(self, *, most_groups: int = 10_000, **timers: Any) -> None:
        self.route = RouteSettings(to=("chat", "mail"), timers=RouteTimers(**timers))
        self.clock = ManualClock(START)
        self.groups = Groups(host="logs1", most_groups=most_groups)
        self.most_groups = most_groups
        self.told: list[tuple[float, Outgoing]] = []
        self.stored: dict[str, bytes] = {}
        self._made = 0

    def make(self, **changes: Any) -> Alert:
        """An alert with an id of its own."""
        self._made += 1
        return alert(**{"id": f"episode-{self._made}"} | changes)

    def fire(self, *, burns: bool = True, **changes: Any) -> Alert:
        """A new episode, or an event, now."""
        one = self.make(**changes)
        self.groups.add(self.route, one, burns, self.clock.moment())
        self.collect()
        return one

    def event(self, **changes: Any) -> Alert:
        """A new event now."""
        return self.fire(burns=False, **changes)

    def follow(self, one: Alert, status: str = "updated", **changes: Any) -> Alert:
        """An update, or the end, of an episode now."""
        one = replace(one, seq=one.seq + 1, status=status, **changes)
        assert self.groups.follow(one, self.clock.moment())
        self.collect()
        return one

    def resolve(self, one: Alert, **changes: Any) -> Alert:
        """The end of an episode now."""
        return self.follow(one, "resolved", **changes)

    def pass_time(self, seconds: float) -> None:
        """Let time go on, and each deadline take effect when it is due."""
        end = self.clock.steady() + seconds
        while True:
            deadline = self.groups.deadline(self.clock.moment())
            if deadline is None or self.clock.steady() + deadline > end:
                break
            self.clock.advance(deadline)
            self.collect()
        self.clock.advance(end - self.clock.steady())
        self.collect()

    def collect(self) -> None:
        """Take what goes out now, and store what changed."""
        at = round(self.clock.steady() - START, 6)
        self.told += [(at, out) for out in self.groups.expire(self.clock.moment())]
        for change in self.groups.changes():
            if change.body is None:
                self.stored.pop(change.key, None)
            else:
                self.stored[change.key] = change.body

    def restart(self) -> None:
        """Begin anew with what was stored, in the order of the keys."""
        self.groups = Groups(host="logs1", most_groups=self.most_groups)
        self.groups.restore(
            StateChange("logwatch.groups", key, body) for key, body in sorted(self.stored.items())
        )

    @property
    def times(self) -> list[float]:
        """When messages went out."""
        return [at for at, _ in self.told]

    @property
    def messages(self) -> list[Alert]:
        """What went out."""
        return [out.alert for _, out in self.told]

    @property
    def line(self) -> list[tuple[float, str, int, int]]:
        """Each message in short: when, status, how many alerts, how many of them burn."""
        return [(at, out.alert.status, *_numbers(out.alert)) for at, out in self.told]


def _numbers(message: Alert) -> tuple[int, int]:
    group = group_of(message)
    return group.alerts, group.burning


def group_of(message: Alert) -> Group:
    """What a message says of its alerts."""
    assert message.group is not UNSET
    return message.group
