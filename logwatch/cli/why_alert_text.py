"""The life of an alert in words: what happened when, who is told and why, and how far that is."""

from __future__ import annotations

from collections.abc import Iterator

from logwatch.alerts.route import Unmet
from logwatch.alerts.timers import RouteTimers
from logwatch.cli.figures import epoch, number
from logwatch.cli.marking import Screen
from logwatch.cli.rule_words import kind_in_words
from logwatch.cli.why_alert import Life, Route, Told
from logwatch.cli.why_page import labelled, pairs, wrapped
from logwatch.clock import Moment
from logwatch.conditions import written
from logwatch.records import Alert, AlertLine
from logwatch.rules.explaining import on_clock
from logwatch.rules.message import lasting
from logwatch.store.life import Delivery
from logwatch.units import format_duration


def life_in_words(life: Life, screen: Screen, now: Moment) -> Iterator[str]:
    """The lines of the screen."""
    yield from _head(life, screen, now.wall)
    yield ""
    yield from _story(life, screen, now.wall)
    yield ""
    if life.cooldown:
        before = f" ({life.firing_before})" if life.firing_before else ""
        held = life.first.suppressed
        suppressed = f"; {held:,} suppressed before it" if held and life.first.seq == 1 else ""
        yield from labelled(screen, "cool-down", [f"{life.cooldown}{before}{suppressed}"])
    yield from labelled(screen, "routes", _routes(life))
    yield from labelled(screen, "told", _deliveries(life, now))


def _head(life: Life, screen: Screen, now: float) -> Iterator[str]:
    first, last = life.first, life.messages[-1].alert
    if life.burning:
        state = "burning"
        if first.seq == 1:
            state += f" since {on_clock(epoch(first.at), now)}"
    elif last.status == "resolved":
        state = f"resolved at {on_clock(epoch(last.at), now)}"
    else:
        state = "an event, over at once" if life.is_event else "over"
    parts = [first.rule, pairs(first.key), f"alert {life.episode}", state]
    yield from wrapped(screen, "", "  ".join(part for part in parts if part))
    rule = life.rule
    if rule is None:
        gone = f"{first.rule!r} is not in the configuration: what follows is from the store"
        about = "tells of logwatch itself, and is in no configuration"
        is_ours = first.rule.startswith("logwatch.")
        yield from labelled(screen, "rule", [about if is_ours else gone])
        return
    by = f"by {', '.join(rule.by)}" if rule.by else ""
    shadow = "mode shadow" if life.shadow else ""
    meaning = [rule.defined_at, kind_in_words(rule.kind), by, rule.severity, shadow]
    texts = ["  ".join(part for part in meaning if part)]
    texts += [text for text in (rule.description, rule.runbook) if text]
    yield from labelled(screen, "rule", texts)


def _story(life: Life, screen: Screen, now: float) -> Iterator[str]:
    """Lines and messages in the order in which they came."""
    if life.first.seq > 1:
        gone = number(life.first.seq - 1, "earlier message")
        yield f"{gone} of it are forgotten: the history has its bounds"
    shown: set[tuple[str, int]] = set()
    for told in life.messages:
        for what, line in _lines(told.alert):
            if (line.path, line.offset) not in shown:
                shown.add((line.path, line.offset))
                yield from wrapped(screen, _stamp(line.time, now, what), _quoted(line))
        yield from _message(told, screen, now)


def _lines(alert: Alert) -> Iterator[tuple[str, AlertLine]]:
    """What an alert quotes, each line with what it is to the alert."""
    for line in alert.context.before:
        yield "before", line
    for line in alert.lines:
        yield "line", line
    for line in alert.context.after:
        yield "after", line


def _quoted(line: AlertLine) -> str:
    return f"{line.path}:{line.offset}  {line.text}"


def _message(told: Told, screen: Screen, now: float) -> Iterator[str]:
    alert = told.alert
    lasted = epoch(alert.last) - epoch(alert.first)
    facts: list[str] = [alert.severity]
    if told.window:
        facts.append(told.window)
    if alert.status == "resolved":
        facts.append(f"{alert.count:,} in all, {lasting(max(0.0, lasted))} from first to last")
    if alert.status == "updated" and alert.suppressed:
        facts.append(f"{alert.suppressed:,} suppressed")
    if alert.late:
        facts.append("of a backlog")
    head = _stamp(alert.at, now, alert.status)
    yield from wrapped(screen, head, ", ".join(facts))
    yield from wrapped(screen, " " * len(head), alert.message)


def _stamp(at: str, now: float, what: str) -> str:
    return f"{on_clock(epoch(at), now)}  {what:<9} "


def _routes(life: Life) -> Iterator[str]:
    """Who is told by the configuration as it is now, and why."""
    if life.shadow:
        yield "none is asked"
        return
    for each in life.routes:
        yield _route(each)
    if life.goes_to is None:
        yield "not known: the configuration cannot be read"
    elif not life.routes:
        own = life.rule is not None and life.rule.to
        why = "by the rule's own 'to'" if own else "there are no routes: every sink is told"
        yield f"{why}: {', '.join(life.goes_to) or 'there is no sink'}"
    elif not life.goes_to:
        yield "no route takes it: nobody is told"


def _route(route: Route) -> str:
    settings, place = route.settings, f"route {route.number}  {route.settings.defined_at}"
    match route.verdict.outcome:
        case "refuses":
            return f"{place}  no: {'; '.join(map(_unmet, route.verdict.unmet))}"
        case "not-asked":
            return f"{place}  not asked: a route before it took it"
        case "takes":
            held = ", ".join(
                f"{each.field} {'|'.join(map(written, each.tests))}" for each in settings.condition
            )
            also = ", and on to the next" if settings.also else ""
            to = ", ".join((*settings.to, *_timers(settings.timers)))
            return f"{place}  yes: {held or 'takes everything'}; to {to}{also}"


def _timers(timers: RouteTimers | None) -> Iterator[str]:
    """`grouped by rule, ip`, `wait 30s` ... as far as the route has them."""
    if timers is None:
        return
    if timers.group is not None:
        yield f"grouped by {', '.join(timers.group)}" if timers.group else "all together"
    if timers.digest is not None:
        yield f"digest {timers.digest}"
    for name in ("wait", "updates", "remind"):
        if seconds := getattr(timers, name):
            yield f"{name} {format_duration(seconds)}"


def _unmet(unmet: Unmet) -> str:
    wanted = " or ".join(unmet.wanted)
    has = "it has none" if unmet.value is None else f"it is {unmet.value}"
    return f"needs {unmet.field} {wanted}, {has}"


def _deliveries(life: Life, now: Moment) -> Iterator[str]:
    if life.shadow:
        yield "nobody: the rule is in shadow mode"
    for each in () if life.shadow else life.absorbed:
        yield (
            f"message {each.seq} was absorbed: {each.rule} burned then ({each.episode}),"
            " and told of it instead"
        )
    for told in life.messages:
        alert = told.alert
        name = f"{alert.seq} {alert.status}"
        for one in told.deliveries:
            yield f"{one.sink}  {name}: {_progress(one, now, runs=life.runs)}"
        for sink in _done(life, told):
            yield f"{sink}  {name}: done with, nothing of it waits"
    if life.told is not None:
        sinks = ", ".join(life.told)
        yield f"of its end will be told: {sinks}" if sinks else "nobody was told that it burns"
    waits = {each.sink for told in life.messages for each in told.deliveries}
    for down in life.sinks_down:
        if down.name in waits:
            yield f"sink {down.name} is down: {down.reason}"


def _done(life: Life, told: Told) -> list[str]:
    """Sinks that, by the routes or by what the store knows, were told."""
    absorbed = any(each.seq == told.alert.seq for each in life.absorbed)
    if life.shadow or absorbed:
        return []
    known = {each.sink for each in told.deliveries}
    heard = told.sinks if life.told is None else life.told
    return [sink for sink in told.sinks if sink in heard and sink not in known]


def _progress(delivery: Delivery, now: Moment, *, runs: bool | None) -> str:
    start = " with the next start: no daemon runs" if runs is False else ""
    tries = number(delivery.attempts, "try", "tries")
    reason = f": {delivery.reason}" if delivery.reason else ""
    match delivery.progress:
        case "delivered":
            return "delivered"
        case "waiting":
            return f"waiting, to be delivered{start or ' at once'}"
        case "held":
            return f"waits for an earlier message of this alert{start and f'; goes out{start}'}"
        case "postponed":
            wait = (delivery.next_try_at or 0.0) - now.steady
            again = f"again in {lasting(wait)}" if wait > 0 else "again now"
            return (
                f"postponed after {tries}{reason}; {again if runs is not False else 'again'}{start}"
            )
        case "dead":
            return f"given up after {tries}{reason}"
