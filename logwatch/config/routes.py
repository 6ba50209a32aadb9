"""`routes:` -> where alerts go; conditions and sinks checked, and what can never be reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from logwatch.alerts.route import RouteSettings
from logwatch.config.alert_conditions import Asked
from logwatch.config.found import Found
from logwatch.config.keys import RouteKeys, RuleKeys
from logwatch.config.names import Names, distinct
from logwatch.config.problems import Report
from logwatch.config.route_timers import build_timers
from logwatch.rules.base import RuleSettings

Entry: TypeAlias = Found[RouteKeys] | Found[RuleKeys]


def build_route(asked: Asked[RouteKeys], sinks: Names, report: Report) -> RouteSettings | None:
    """The settings of one route; None after reporting why it cannot be."""
    found, condition = asked.found, asked.where
    timers, timers_known = build_timers(found, report)
    sound = check_sinks(found, sinks, report) and timers_known and not found.broken
    if condition is None or not sound:
        return None
    return RouteSettings(
        to=distinct(found.value.to),
        condition=condition,
        also=found.value.also,
        timers=timers,
        defined_at=found.place().short,
    )


def check_sinks(found: Entry, sinks: Names, report: Report) -> bool:
    """Whether each name in `to` is a sink; those that surely are not are reported."""
    to = found.value.to
    if not to:
        if "to" not in found.given or not found.sound("to"):
            return True
        report.error(found.key("to"), "bad-value", "'to' names no sink", "write to: [NAME]")
        return False
    known = [sinks.check(name, found.place("to", number), report) for number, name in enumerate(to)]
    return all(known)


def warn_of_dead_routes(routes: Sequence[Found[RouteKeys]], report: Report) -> None:
    """Warn of routes after one that takes everything that they would take."""
    ending: list[Found[RouteKeys]] = []
    for found in routes:
        if not found.sound("if", "also"):
            continue
        earlier = next((one for one in ending if _takes_all_of(one, found)), None)
        if earlier is not None:
            what = "what this one would take" if earlier.value.condition else "everything"
            report.warning(
                found.place(),
                "unused",
                "this route is never reached",
                f"the route at {earlier.place().short} takes {what}; give it also: true,"
                " or move it down",
            )
        elif not found.value.also:
            ending.append(found)


def _takes_all_of(wide: Found[RouteKeys], narrow: Found[RouteKeys]) -> bool:
    """Whether each alert of one route surely fits the other: the same is asked, or less."""
    asked = narrow.value.condition
    return all(
        field in asked
        and (set(asked[field]) <= set(texts) if _is_plain(texts) else asked[field] == texts)
        for field, texts in wide.value.condition.items()
    )


def _is_plain(texts: Sequence[str]) -> bool:
    """Whether any one of them will do, so that fewer ask for more."""
    return not any(text.startswith("!") for text in texts)


def warn_of_unreached_sinks(
    sinks: Names, routes: Sequence[RouteSettings], rules: Sequence[RuleSettings], report: Report
) -> None:
    """Warn of sinks that no alert can come to."""
    reached = {name for rule in rules for name in rule.to}
    if routes:
        reached.update(name for route in routes for name in route.to)
    elif not all(rule.to for rule in rules):
        return
    for name, place in sinks.places.items():
        if name not in reached:
            by = "a route" if routes else "any rule, for each has its own 'to'"
            message = f"sink {name!r} is never reached by {by}"
            report.warning(place, "unused", message, "name it in a 'to', or remove it")
