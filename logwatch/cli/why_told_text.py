"""Who was told of an alert, and how far each message is on its way: part of `logwatch why`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from logwatch.cli.figures import epoch, number
from logwatch.cli.why_alert import Life, Told
from logwatch.cli.why_page import pairs
from logwatch.clock import Moment
from logwatch.rules.explaining import on_clock
from logwatch.rules.message import lasting
from logwatch.store.life import Delivery

_DONE_WITH = "done with, nothing of it waits"


def told_in_words(life: Life, now: Moment) -> Iterator[str]:
    """A line for each message and sink."""
    yield from _deliveries(life, now)
    yield from _collected(life, now)


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
            yield f"{sink}  {name}: {_DONE_WITH}"
    if life.told is not None:
        within = {sink for told in life.within for sink in told.sinks}
        sinks = ", ".join(sorted({*life.told, *within}))
        yield f"of its end will be told: {sinks}" if sinks else "nobody was told that it burns"
    waits = {each.sink for told in life.messages for each in told.deliveries}
    for down in life.sinks_down:
        if down.name in waits:
            yield f"sink {down.name} is down: {down.reason}"


def _collected(life: Life, now: Moment) -> Iterator[str]:
    """Messages about several alerts that told of it, moves, and who was not told yet."""
    for told in life.within:
        alert = told.alert
        if alert.group is UNSET:
            continue
        by = f" {pairs(alert.group.by)}" if alert.group.by else ""
        where = f"{alert.id}:{alert.seq} at {on_clock(epoch(alert.at), now.wall)}"
        what = f"{alert.group.kind}{by}, {number(alert.group.alerts, 'alert')}"
        waits = {one.sink: _progress(one, now, runs=life.runs) for one in told.deliveries}
        for sink in told.sinks:
            yield f"{sink}  in message {where} ({what}): {waits.get(sink, _DONE_WITH)}"
    seqs = {told.row: told.alert.seq for told in life.messages}
    for move in life.moves:
        instead = f"told in the place of {move.origin}, which did not take it"
        yield f"{move.receiver}  {seqs.get(move.row, 0)}: {instead}"
    for sink in life.untold:
        yield f"{sink}  {_why_untold(life, sink)}"


def _why_untold(life: Life, sink: str) -> str:
    for route in life.routes:
        timers = route.settings.timers
        if route.verdict.outcome == "takes" and sink in route.settings.to and timers is not None:
            return (
                f"collected by route {route.number}: not told yet, or in a message that does not"
                " name it"
            )
    if sink in life.paced:
        return "no message of its own: it waits for the rate of the sink, or was told with others"
    return "not made for it: the configuration was another then"


def _done(life: Life, told: Told) -> list[str]:
    """Sinks that, by the routes or by what the store knows, were told."""
    absorbed = any(each.seq == told.alert.seq for each in life.absorbed)
    if life.shadow or absorbed:
        return []
    known = {each.sink for each in told.deliveries}
    known.update(move.origin for move in life.moves if move.row == told.row)
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
            return f"given up after {tries}{reason}; logwatch send {delivery.sink} --dead"
