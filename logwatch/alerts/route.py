"""Which sinks an alert goes to: the first route whose conditions hold, and on through `also`.

A rule's own `to` comes before any route. Without routes, everything goes to every sink. A route
with timers collects what it takes; a sink that several routes lead to is told by the first of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from logwatch.alerts.conditions import compile_alert_condition, compile_alert_where, field_of
from logwatch.alerts.timers import RouteTimers
from logwatch.conditions import MakeSearch, Where, plain_search, written
from logwatch.records import Alert


class RouteSettings(Struct, frozen=True, kw_only=True):
    """One entry of `routes:`."""

    to: tuple[str, ...]
    condition: Where = ()
    """All of these must hold; none: every alert."""
    also: bool = False
    """Go on to the next routes after this one."""
    timers: RouteTimers | None = None
    """When its messages go out; None: each alert at once, on its own."""
    defined_at: str = ""


class Paths(NamedTuple):
    """Where an alert goes; a sink stands here once."""

    direct: tuple[str, ...]
    """Sinks that are told at once."""
    collecting: tuple[tuple[RouteSettings, tuple[str, ...]], ...] = ()
    """Routes with timers, each with the sinks that no route before it tells."""


class Unmet(Struct, frozen=True):
    """A condition of a route that does not hold."""

    field: str
    wanted: tuple[str, ...]
    """Tests as a configuration has them, any of which would do."""
    value: str | None
    """None: the alert has no such field."""


class RouteVerdict(Struct, frozen=True):
    """What a route says of an alert."""

    outcome: Literal["takes", "refuses", "not-asked"]
    """`not-asked`: a route before it took the alert, without `also`."""
    unmet: tuple[Unmet, ...] = ()


class Router:
    """The routes of one configuration."""

    def __init__(
        self,
        routes: Sequence[RouteSettings],
        *,
        sinks: Sequence[str],
        to_by_rule: dict[str, tuple[str, ...]],
        make_search: MakeSearch = plain_search,
    ) -> None:
        """`make_search`: how the patterns of conditions are searched for."""
        self._routes = tuple(routes)
        self._sinks = tuple(sinks)
        self._to_by_rule = to_by_rule
        self._make_search = make_search
        self.has_timers = any(route.timers is not None for route in routes)
        """Whether any route collects."""
        self._takes = [compile_alert_where(route.condition, make_search) for route in routes]

    def known(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of `names` that are sinks of this configuration."""
        return tuple(name for name in names if name in self._sinks)

    def sinks_for(self, alert: Alert) -> tuple[str, ...]:
        """Names of the sinks that must be told, each once, in the order of the routes."""
        own = self._to_by_rule.get(alert.rule)
        if own:
            return own
        if not self._routes:
            return self._sinks
        chosen: dict[str, None] = {}
        for route, takes in zip(self._routes, self._takes, strict=True):
            if takes(alert):
                if not chosen and not route.also:
                    return route.to
                chosen.update(dict.fromkeys(route.to))
                if not route.also:
                    break
        return tuple(chosen)

    def paths(self, alert: Alert) -> Paths:
        """Which of `sinks_for` are told at once, and which by routes that collect."""
        if not self.has_timers or self._to_by_rule.get(alert.rule):
            return Paths(self.sinks_for(alert))
        reached: dict[str, None] = {}
        direct: tuple[str, ...] = ()
        collecting: list[tuple[RouteSettings, tuple[str, ...]]] = []
        for route, takes in zip(self._routes, self._takes, strict=True):
            if not takes(alert):
                continue
            sinks = tuple(name for name in route.to if name not in reached)
            reached.update(dict.fromkeys(sinks))
            if route.timers is None:
                direct += sinks
            elif sinks:
                collecting.append((route, sinks))
            if not route.also:
                break
        return Paths(direct, tuple(collecting))

    def explain(self, alert: Alert) -> list[tuple[RouteSettings, RouteVerdict]]:
        """What each route says of `alert`, in their order.

        Nothing where no route is asked: the rule has its own `to`, or there are no routes.
        """
        if self._to_by_rule.get(alert.rule):
            return []
        verdicts: list[tuple[RouteSettings, RouteVerdict]] = []
        is_taken = False
        for route in self._routes:
            missing = self._unmet(route, alert)
            if is_taken:
                verdicts.append((route, RouteVerdict("not-asked")))
            elif missing:
                verdicts.append((route, RouteVerdict("refuses", missing)))
            else:
                verdicts.append((route, RouteVerdict("takes")))
                is_taken = not route.also
        return verdicts

    def _unmet(self, route: RouteSettings, alert: Alert) -> tuple[Unmet, ...]:
        """The conditions of `route` that are not true of `alert`."""
        return tuple(
            Unmet(
                condition.field,
                tuple(map(written, condition.tests)),
                field_of(alert, condition.field),
            )
            for condition in route.condition
            if not compile_alert_condition(condition, self._make_search)(alert)
        )
