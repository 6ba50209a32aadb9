"""One mute of the configuration, and whether it is in force."""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.alerts.conditions import compile_alert_where
from logwatch.alerts.mute_settings import MuteSettings
from logwatch.conditions import MakeSearch
from logwatch.records import Alert

_WEEK = 7 * 86_400.0


class Mute:
    """A mute that remembers until when it is in force, or not."""

    def __init__(self, settings: MuteSettings, make_search: MakeSearch) -> None:
        self.settings = settings
        self.name = f"mute {settings.name}"
        self._holds = compile_alert_where(settings.condition, make_search)
        self._since = self._until = 0.0
        self._is_in_force = False

    def hides(self, alert: Alert, times: Sequence[float]) -> bool:
        """Whether it hides `alert` at any of these times, the first of which is now."""
        now, *earlier = times
        if not self.in_force(now) and not any(map(self.settings.covers, earlier)):
            return False
        return self._holds(alert)

    def in_force(self, wall: float) -> bool:
        """Whether it is in force now."""
        if not self._since <= wall < self._until:
            change = self.settings.next_change(wall)
            self._is_in_force = self.settings.covers(wall)
            # What does not change in the coming week may still do so after a clock was changed.
            self._since, self._until = wall, wall + _WEEK if change is None else change
        return self._is_in_force

    def next_change(self, wall: float) -> float:
        """When `in_force` may be another than now."""
        self.in_force(wall)
        return self._until
