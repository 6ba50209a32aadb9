"""Mutes under test: an idea of who was told of what, which may be killed and started anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from doubles.alerts import alert
from logwatch.alerts.mute_settings import InhibitSettings, MuteSettings
from logwatch.alerts.mutes import Mutes, Released
from logwatch.clock import Moment
from logwatch.conditions import Where
from logwatch.records import Alert, StateChange
from logwatch.schedule import parse_schedule

MIDNIGHT = 1_767_571_200.0
"""2026-01-05, a Monday."""
NIGHT = "Mon 02:00-04:00"
HOUR = 3600.0


def mute(name: str = "night", every: str | None = NIGHT, **others: Any) -> MuteSettings:
    """A mute of some hours of the week, of everything."""
    schedule = None if every is None else parse_schedule(every)
    return MuteSettings(name=name, every=schedule, **others)


def inhibit(source: Where, target: Where, *same: str) -> InhibitSettings:
    """An entry of `inhibit`."""
    return InhibitSettings(source=source, target=target, same=same)


def at(hour: float) -> Moment:
    """So many hours after midnight of the Monday."""
    return Moment(MIDNIGHT + hour * HOUR, MIDNIGHT + hour * HOUR)


class Scene:
    """Mutes, and a naive idea of who was told of what; may be killed and started anew."""

    def __init__(self, *mutes: MuteSettings, inhibits: Sequence[InhibitSettings] = ()) -> None:
        self.settings = (mutes, tuple(inhibits))
        self.mutes = self._made()
        self.rows: dict[tuple[str, str], StateChange] = {}
        self.burning: dict[str, Alert] = {}
        self.told: set[str] = set()
        self.now = at(0)

    def _made(self) -> Mutes:
        return Mutes(*self.settings, host="here")

    def give(self, hour: float, one: Alert, *, burns: bool | None = None) -> str | None:
        """Pass an alert on; why it is hidden."""
        self.now = at(hour)
        if burns is None:
            burns = one.status != "resolved"
        by = self.mutes.take(one, burns=burns, told=one.id in self.told, now=self.now)
        self.burning.pop(one.id, None)
        if burns:
            self.burning[one.id] = one
            if by is None:
                self.told.add(one.id)
        elif one.status == "resolved":
            self.told.discard(one.id)
        self.commit()
        return by

    def event(self, hour: float, **changes: Any) -> str | None:
        """Pass an alert on that is over at once."""
        return self.give(hour, alert(**changes), burns=False)

    def expire(self, hour: float) -> Released:
        """What is told at this hour."""
        self.now = at(hour)
        released = self.mutes.expire(self.now)
        self.told.update(one.id for one in released.alerts)
        self.told.update(name for each in released.summaries for name in each.burning)
        self.commit()
        return released

    def commit(self) -> None:
        for change in self.mutes.changes():
            if change.body is None:
                self.rows.pop((change.rule, change.key), None)
            else:
                self.rows[change.rule, change.key] = change

    def restart(self, *mutes: MuteSettings) -> None:
        """Forget everything that is not stored."""
        if mutes:
            self.settings = (mutes, self.settings[1])
        self.mutes = self._made()
        for row in sorted(self.rows.values(), key=lambda each: (each.rule, each.key)):
            self.mutes.restore(row)
        self.mutes.begin(self.burning.values(), self.now)
        self.commit()


def ids(alerts: Iterable[Alert]) -> list[tuple[str, int, str]]:
    return [(each.id, each.seq, each.status) for each in alerts]
