"""`routes:` -> where alerts go; conditions and sinks checked, and what can never be reached."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

from logwatch.alerts.route import RouteSettings
from logwatch.config.found import Found
from logwatch.config.keys import RouteKeys, RuleKeys
from logwatch.config.names import Names, distinct
from logwatch.config.problems import Place, Report, shown, suggestion
from logwatch.records import SEVERITIES
from logwatch.rules.base import RuleSettings

ALERT_FIELDS = ("rule", "severity", "source", "path", "host", "status")
"""What every alert has."""

_STATUSES = ("firing", "updated", "resolved")

Entry: TypeAlias = Found[RouteKeys] | Found[RuleKeys]


def build_route(found: Found[RouteKeys], sinks: Names, report: Report) -> RouteSettings | None:
    """The settings of one route; None after reporting why it cannot be."""
    if not check_sinks(found, sinks, report) or found.broken:
        return None
    return RouteSettings(
        to=distinct(found.value.to),
        condition=found.value.condition,
        also=found.value.also,
        defined_at=found.place().short,
    )


def check_sinks(found: Entry, sinks: Names, report: Report) -> bool:
    """Whether each name in `to` is a sink; those that surely are not are reported."""
    to = found.value.to
    if "to" in found.given and not to and found.sound("to"):
        report.error(found.key("to"), "bad-value", "'to' names no sink", "write to: [NAME]")
        return False
    known = [sinks.check(name, found.place("to", number), report) for number, name in enumerate(to)]
    return all(known)


def check_conditions(
    routes: Sequence[Found[RouteKeys]],
    known: Mapping[str, Names],
    fields: Collection[str] | None,
    report: Report,
) -> None:
    """Report conditions that no alert can fulfil.

    `known` holds the names of rules and sources, `fields` what rules capture and label; None where
    only the lines decide which fields there are.
    """
    for found in routes:
        if not found.sound("if"):
            continue
        for field, globs in found.value.condition.items():
            if field not in ALERT_FIELDS and fields is not None and field not in fields:
                _report_field(found, field, fields, report)
                continue
            for number, glob in enumerate(globs):
                _check_value(field, glob, found.place("if", field, number), known, report)


def warn_of_dead_routes(routes: Sequence[Found[RouteKeys]], report: Report) -> None:
    """Warn of routes after one that takes everything."""
    taken: Place | None = None
    for found in routes:
        if taken is not None:
            report.warning(
                found.place(),
                "unused",
                "this route is never reached",
                f"the route at {taken.short} takes everything; give it also: true, or move it down",
            )
        elif found.sound("if", "also") and not found.value.condition and not found.value.also:
            taken = found.place()


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


def _report_field(
    found: Found[RouteKeys], field: str, fields: Collection[str], report: Report
) -> None:
    report.error(
        found.key("if", field),
        "unknown-field",
        f"no alert has a field {shown(field)}",
        suggestion(field, {*fields, *ALERT_FIELDS}, of="known"),
    )


def _check_value(
    field: str, glob: str, place: Place, known: Mapping[str, Names], report: Report
) -> None:
    fixed = {"severity": SEVERITIES, "status": _STATUSES}.get(field)
    if fixed is not None:
        if not any(fnmatchcase(value, glob) for value in fixed):
            message = f"{shown(glob)} is no {field!r}"
            report.error(place, "bad-value", message, suggestion(glob, fixed, of="choose"))
        return
    names = known.get(field)
    if names is None or not names.complete or any(fnmatchcase(name, glob) for name in names):
        return
    if any(sign in glob for sign in "*?["):
        report.warning(place, "no-match", f"no {field} is named like this", suggestion(glob, names))
    else:
        names.check(glob, place, report)
