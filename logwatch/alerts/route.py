"""Which sinks an alert goes to: the first route whose conditions hold, and on through `also`.

A rule's own `to` comes before any route. Without routes, everything goes to every sink.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from logwatch.records import Alert


class RouteSettings(Struct, frozen=True, kw_only=True):
    """One entry of `routes:`."""

    to: tuple[str, ...]
    condition: dict[str, tuple[str, ...]] = {}
    """Field -> globs, any of which must match; all fields must. Empty: every alert."""
    also: bool = False
    """Go on to the next routes after this one."""
    defined_at: str = ""


class Unmet(Struct, frozen=True):
    """A condition of a route that does not hold."""

    field: str
    wanted: tuple[str, ...]
    """Globs, any of which would do."""
    value: str | None
    """None: the alert has no such field."""


class RouteVerdict(Struct, frozen=True):
    """What a route says of an alert."""

    outcome: Literal["takes", "refuses", "not-asked"]
    """`not-asked`: a route before it took the alert, without `also`."""
    unmet: tuple[Unmet, ...] = ()


def field_of(alert: Alert, name: str) -> str | None:
    """The value that a condition on `name` looks at: the alert's own, then labels, key, fields."""
    if name in ("rule", "severity", "source", "path", "host", "status"):
        return str(getattr(alert, name))
    for values in (alert.labels, alert.key, alert.fields):
        if name in values:
            return values[name]
    return None


def holds(route: RouteSettings, alert: Alert) -> bool:
    """Whether every condition of `route` is true of `alert`."""
    for name, globs in route.condition.items():
        value = field_of(alert, name)
        if value is None or not any(fnmatchcase(value, glob) for glob in globs):
            return False
    return True


def unmet(route: RouteSettings, alert: Alert) -> tuple[Unmet, ...]:
    """The conditions of `route` that are not true of `alert`."""
    values = {name: field_of(alert, name) for name in route.condition}
    return tuple(
        Unmet(name, globs, values[name])
        for name, globs in route.condition.items()
        if not holds(RouteSettings(to=(), condition={name: globs}), alert)
    )


class Router:
    """The routes of one configuration."""

    def __init__(
        self,
        routes: Sequence[RouteSettings],
        *,
        sinks: Sequence[str],
        to_by_rule: dict[str, tuple[str, ...]],
    ) -> None:
        self._routes = tuple(routes)
        self._sinks = tuple(sinks)
        self._to_by_rule = to_by_rule

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
        for route in self._routes:
            if holds(route, alert):
                chosen.update(dict.fromkeys(route.to))
                if not route.also:
                    break
        return tuple(chosen)

    def explain(self, alert: Alert) -> list[tuple[RouteSettings, RouteVerdict]]:
        """What each route says of `alert`, in their order.

        Nothing where no route is asked: the rule has its own `to`, or there are no routes.
        """
        if self._to_by_rule.get(alert.rule):
            return []
        verdicts: list[tuple[RouteSettings, RouteVerdict]] = []
        is_taken = False
        for route in self._routes:
            missing = unmet(route, alert)
            if is_taken:
                verdicts.append((route, RouteVerdict("not-asked")))
            elif missing:
                verdicts.append((route, RouteVerdict("refuses", missing)))
            else:
                verdicts.append((route, RouteVerdict("takes")))
                is_taken = not route.also
        return verdicts
