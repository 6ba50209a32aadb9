"""`group`, `wait`, `updates`, `remind` and `digest` of a route -> when its messages go out."""

from __future__ import annotations

from logwatch.alerts.digest import parse_calendar
from logwatch.alerts.timers import RouteTimers
from logwatch.config.alert_conditions import AlertFields, check_alert_field
from logwatch.config.found import Found
from logwatch.config.keys import RouteKeys
from logwatch.config.names import distinct
from logwatch.config.problems import Report, split_remedy

_TIMERS = ("group", "wait", "updates", "remind", "digest")


def build_timers(found: Found[RouteKeys], report: Report) -> tuple[RouteTimers | None, bool]:
    """The timers of a route, None where it has none, and whether they could be read."""
    keys = found.value
    if not found.sound(*_TIMERS):
        return None, False
    if found.given.isdisjoint(_TIMERS):
        return None, True
    if keys.digest is not None:
        for key in ("wait", "updates", "remind"):
            if key in found.given:
                message = f"{key!r} beside 'digest', which says when messages go out"
                report.error(found.key(key), "bad-value", message, "leave one of them out")
                return None, False
        try:
            parse_calendar(keys.digest)
        except ValueError as error:
            message, remedy = split_remedy(str(error))
            report.error(found.place("digest"), "bad-value", message, remedy)
            return None, False
    timers = RouteTimers(
        group=None if keys.group is None else distinct(keys.group),
        wait=keys.wait or 0.0,
        updates=keys.updates,
        remind=keys.remind,
        digest=keys.digest,
    )
    return timers, True


def check_group(found: Found[RouteKeys], known: AlertFields, report: Report) -> None:
    """Report fields of `group` that no alert can have."""
    for number, field in enumerate(found.value.group or ()):
        check_alert_field(field, found.place("group", number), known, report)
