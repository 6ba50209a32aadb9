"""The life of an alert in words: what happened when, who is told and why, and how far that is."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from logwatch.alerts.route import Unmet
from logwatch.alerts.timers import RouteTimers
from logwatch.cli.figures import epoch, number
from logwatch.cli.marking import Screen
from logwatch.cli.rule_words import kind_in_words
from logwatch.cli.why_alert import Life, Route, Told
from logwatch.cli.why_hidden import Hidden
from logwatch.cli.why_page import labelled, pairs, wrapped
from logwatch.cli.why_told_text import told_in_words
from logwatch.clock import Moment
from logwatch.conditions import written
from logwatch.records import SHADOW, Alert, AlertLine
from logwatch.rules.explaining import on_clock
from logwatch.rules.message import lasting
from logwatch.stamps import rfc3339
from logwatch.units import format_duration

_MOST_SEQS = 5


def life_in_words(life: Life, hidden: Hidden, screen: Screen, now: Moment) -> Iterator[str]:
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
    if not life.is_group:
        yield from labelled(screen, "routes", _routes(life))
    yield from labelled(screen, "config", _written_since(life, now.wall))
    yield from labelled(screen, "hidden", _hiding(life, hidden))
    yield from labelled(screen, "told", told_in_words(life, now))


def _written_since(life: Life, now: float) -> Iterator[str]:
    for one in life.written_since:
        yield f"{one.path} was written after it, {on_clock(one.at, now)}"
    if life.written_since:
        yield "what is told by it is as it is now, and may have been different then"


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
    group = first.group
    if group is not UNSET:
        parts = [f"{group.kind} message {life.episode}", pairs(group.by), state]
        yield from wrapped(screen, "", "  ".join(part for part in parts if part))
        return
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
        if told.again:
            head = _stamp(rfc3339(told.at), now, "told")
            yield from wrapped(screen, head, f"message {told.alert.seq}: what hid it is over")
            continue
        yield from _message(told, screen, now)
        yield from _members(told.alert, screen)


def _members(alert: Alert, screen: Screen) -> Iterator[str]:
    """The alerts that a message about several stands for, each by its id."""
    group = alert.group
    if group is UNSET:
        return
    for each in group.members:
        yield from wrapped(
            screen, " " * 20, f"{each.id}  {each.status}  {each.rule}: {each.message}"
        )
    more = group.alerts - len(group.members)
    if more > 0:
        yield from wrapped(screen, " " * 20, f"and {number(more, 'alert')} more")


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


def _hiding(life: Life, hidden: Hidden) -> Iterator[str]:
    """What hid its messages, and what would hide it now."""
    for by in dict.fromkeys(told.hidden_by for told in life.messages if told.hidden_by):
        if by == SHADOW or any(each.rule == by for each in life.absorbed):
            continue  # said elsewhere
        seqs = [f"{told.alert.seq}" for told in life.messages if told.hidden_by == by]
        some = f"{', '.join(seqs[:_MOST_SEQS])}{', ...' if len(seqs) > _MOST_SEQS else ''}"
        yield f"{'message' if len(seqs) == 1 else 'messages'} {some} by {hidden.in_words(by)}"
    if life.hidden_now and not any(told.hidden_by == life.hidden_now for told in life.messages):
        yield f"what comes of it now: by {hidden.in_words(life.hidden_now)}"
