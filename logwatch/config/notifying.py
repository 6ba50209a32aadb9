"""`routes:`, `mutes:` and `inhibit:` of all files: built, and checked against what alerts have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from logwatch.alerts.mute_settings import InhibitSettings, MuteSettings
from logwatch.alerts.route import RouteSettings
from logwatch.config import inhibit, mutes, routes
from logwatch.config.alert_conditions import AlertFields, Asked, asked
from logwatch.config.found import Found
from logwatch.config.key_forms import Keys
from logwatch.config.keys import InhibitKeys, MuteKeys, RouteKeys
from logwatch.config.names import Names
from logwatch.config.problems import Report
from logwatch.config.route_timers import check_group
from logwatch.rules.base import RuleSettings


class Notifying:
    """The sections that say who is told, and when not."""

    def __init__(
        self,
        found_routes: Sequence[Found[RouteKeys]],
        found_mutes: Sequence[Found[MuteKeys]],
        found_inhibits: Sequence[Found[InhibitKeys]],
        report: Report,
    ) -> None:
        self._report = report
        self._found_routes = found_routes
        self._by_routes = [asked(each, "if", each.value.condition, report) for each in found_routes]
        self._by_mutes = [asked(each, "if", each.value.condition, report) for each in found_mutes]
        self._by_inhibits = [
            (
                asked(each, "while", each.value.source, report),
                asked(each, "mute", each.value.target, report),
            )
            for each in found_inhibits
        ]
        self.routes: tuple[RouteSettings, ...] = ()
        self.mutes: tuple[MuteSettings, ...] = ()
        self.inhibit: tuple[InhibitSettings, ...] = ()
        self._built_mutes: list[tuple[Found[MuteKeys], MuteSettings]] = []

    def build(self, names: Mapping[str, Names]) -> None:
        """Build everything, and report what cannot be; names of mutes are added to `names`."""
        report = self._report
        self.routes = tuple(
            route
            for one in self._by_routes
            if (route := routes.build_route(one, names["sinks"], report))
        )
        self._built_mutes = [
            (one.found, mute)
            for one in self._by_mutes
            if (mute := mutes.build_mute(one, names["mutes"], report))
        ]
        self.mutes = tuple(mute for _, mute in self._built_mutes)
        self.inhibit = tuple(
            entry
            for source, target in self._by_inhibits
            if (entry := inhibit.build_inhibit(source, target, report))
        )

    def __bool__(self) -> bool:
        """Whether there is anything to check."""
        return bool(self._by_routes or self._by_mutes or self._by_inhibits)

    def check(self, known: AlertFields) -> None:
        """Report what no alert can have."""
        for one in self._all_asked():
            one.check(known, self._report)
        for found in self._found_routes:
            check_group(found, known, self._report)
        for source, _ in self._by_inhibits:
            inhibit.check_same(source.found, known, self._report)

    def warn(self, rules: Sequence[RuleSettings], now: float | None) -> None:
        """Warn of what is legal and useless, or dangerous. `now`: wall time, where it is known."""
        for one in self._all_asked():
            one.warn(self._report)
        routes.warn_of_dead_routes(self._found_routes, self._report)
        for found, mute in self._built_mutes:
            mutes.warn_of_mute(found, mute, now, self._report)
        for source, _ in self._by_inhibits:
            inhibit.warn_of_events(source, rules, self._report)

    def _all_asked(self) -> Iterator[Asked[Keys]]:
        yield from self._by_routes
        yield from self._by_mutes
        for both in self._by_inhibits:
            yield from both
