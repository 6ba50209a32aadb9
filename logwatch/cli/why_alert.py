"""`logwatch why ID`: the life of one alert, from the store, beside the configuration of now.

The store has every message that was made, and what is still to be delivered; which route it took,
and what its window was, is told by the configuration as it is now.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from logwatch.alerts.route import Router, RouteSettings, RouteVerdict
from logwatch.cli.figures import epoch
from logwatch.cli.looker import Absence
from logwatch.cli.rule_words import cooldown_in_words, window_in_words
from logwatch.cli.why_hidden import Hidden
from logwatch.config.model import Config
from logwatch.daemon.health import SinkStatus, Status
from logwatch.daemon.routing import router_of
from logwatch.errors import UsageError
from logwatch.records import MISSING, Alert
from logwatch.rules.base import RuleSettings
from logwatch.rules.kinds import Composite
from logwatch.sinks import KINDS
from logwatch.stamps import rfc3339
from logwatch.store.life import Delivery, LifeReader, Message, Move
from logwatch.store.reader import StoredAlert

SCHEMA = 1
MOST_NAMED = 5


class Told(Struct, frozen=True, kw_only=True):
    """One message, and how far it is on its way."""

    alert: Alert
    window: str
    row: int
    """Its number, as moves have it."""
    at: float
    """Wall seconds at which it was stored."""
    deliveries: tuple[Delivery, ...]
    """What the store knows; a sink that is not in it is done with, or was never to be told."""
    sinks: tuple[str, ...]
    """For whom it was made; where an earlier version stored it, to whom it goes by the
    configuration of now, and none where that is not known."""
    again: bool = False
    """It is there once more, since what hid it is over."""

    @property
    def hidden_by(self) -> str:
        """What hid it; empty where nothing did."""
        return "" if self.alert.muted_by is UNSET else self.alert.muted_by


class Absorber(Struct, frozen=True, kw_only=True):
    """A composite that burned when a message was made, and absorbs its parts."""

    rule: str
    episode: str
    seq: int
    """The message that it kept from being sent."""


class Route(Struct, frozen=True, kw_only=True):
    """One route of the configuration, and what it says of the alert."""

    number: int
    settings: RouteSettings
    verdict: RouteVerdict


class Written(Struct, frozen=True, kw_only=True):
    """A file of the configuration."""

    path: str
    at: float
    """When it was written last, in wall seconds."""


class Life(Struct, frozen=True, kw_only=True):
    """All that is known of one alert."""

    schema: int = SCHEMA
    episode: str
    rule: RuleSettings | None
    """None: it is not in the configuration, or that cannot be read."""
    burning: bool
    is_event: bool
    messages: tuple[Told, ...]
    cooldown: str
    firing_before: str | None
    """Id of the last other episode of the same rule and key."""
    routes: tuple[Route, ...]
    goes_to: tuple[str, ...] | None
    """Sinks of the first message by the configuration of now; None where nobody knows."""
    told: tuple[str, ...] | None
    """Sinks that were told of it, while it burns."""
    absorbed: tuple[Absorber, ...]
    within: tuple[Told, ...]
    """Messages about several alerts that name this one."""
    moves: tuple[Move, ...]
    paced: frozenset[str]
    """Sinks that may be told of several alerts in one message, whatever the routes say."""
    hidden_now: str
    """What would hide it now, where it burns; empty where nothing does."""
    written_since: tuple[Written, ...]
    """Files of the configuration that are younger than its first message."""
    sinks_down: tuple[SinkStatus, ...]
    runs: bool | None
    """Whether a daemon runs that delivers; None where nobody may ask."""

    @property
    def first(self) -> Alert:
        """The oldest message that is kept."""
        return self.messages[0].alert

    @property
    def is_group(self) -> bool:
        """Whether it is a message about several alerts."""
        return self.first.group is not UNSET

    @property
    def untold(self) -> tuple[str, ...]:
        """Sinks to which it goes, and of which nobody knows a message that told them."""
        if self.goes_to is None or self.shadow or self.absorbed or self.is_group:
            return ()
        if all(each.hidden_by for each in self.messages):
            return ()
        heard = {sink for told in (*self.messages, *self.within) for sink in told.sinks}
        heard.update(move.receiver for move in self.moves)
        heard.update(move.origin for move in self.moves)
        return tuple(sink for sink in self.goes_to if sink not in heard)

    @property
    def shadow(self) -> bool:
        """Whether the rule tells nobody now."""
        return self.rule is not None and self.rule.shadow


def life_of(
    prefix: str,
    reader: LifeReader,
    config: Config | None,
    daemon: Status | Absence | str,
    hidden: Hidden,
) -> Life | None:
    """The life of the one alert whose id begins with `prefix`; None where there is none.

    Raises UsageError where there are several.
    """
    messages = reader.life(prefix)
    if not messages:
        return None
    episode = _only(messages)
    first = messages[0].alert
    rule = None
    if config is not None and first.group is UNSET:
        rule = next((each for each in config.rules if each.name == first.rule), None)
    told = reader.told(episode)
    before = reader.firing_before(first, messages[0].stored.at)
    router = router_of(config) if config is not None else None
    newest = messages[-1].alert
    return Life(
        episode=episode,
        rule=rule,
        burning=told is not None,
        is_event=rule is not None and not rule.kind.burns,
        messages=tuple(_told(messages, rule, router)),
        cooldown="" if rule is None else cooldown_in_words(rule, _since(before, first)),
        firing_before=before.id if before is not None else None,
        routes=tuple(_routes(router, first)) if router else (),
        goes_to=router.sinks_for(first) if router else None,
        told=told,
        absorbed=tuple(_absorbers(messages, reader, config, told)) if config else (),
        within=tuple(_told(reader.about(episode), None, None)),
        moves=tuple(reader.moves(episode)),
        paced=frozenset(_paced(config)),
        hidden_now=(hidden.by(newest) or "") if told is not None else "",
        written_since=tuple(_written_since(config, messages[0].at)),
        sinks_down=_sinks_down(daemon),
        runs=None if isinstance(daemon, str) else isinstance(daemon, Status),
    )


def _written_since(config: Config | None, at: float) -> Iterator[Written]:
    """Where what is told by the configuration may have been different at wall time `at`.

    A file may be written without a difference; one that was not is the same.
    """
    for path in config.files if config is not None else ():
        with suppress(OSError):
            written = path.stat().st_mtime
            if written > at:
                yield Written(path=str(path), at=written)


def _paced(config: Config | None) -> Iterator[str]:
    for sink in config.sinks if config is not None else ():
        if sink.rate is not None or KINDS[sink.kind].for_people:
            yield sink.name


def _only(messages: Sequence[Message]) -> str:
    episodes = list(dict.fromkeys(each.stored.id for each in messages))
    if len(episodes) > 1:
        more = f" and {len(episodes) - MOST_NAMED:,} more" if len(episodes) > MOST_NAMED else ""
        raise UsageError(
            f"{len(episodes):,} alerts begin so: {' '.join(episodes[:MOST_NAMED])}{more};"
            " write more of it"
        )
    return episodes[0]


def _told(
    messages: Sequence[Message], rule: RuleSettings | None, router: Router | None
) -> Iterator[Told]:
    heard: dict[str, None] = {}
    seen: set[tuple[str, int]] = set()
    for each in messages:
        alert = each.alert
        # Who was told that it began is told that it is over.
        is_over = alert.status == "resolved"
        sinks = each.sinks
        if sinks is None:
            sinks = () if router is None else tuple(heard) if is_over else router.sinks_for(alert)
        heard.update(dict.fromkeys(sinks))
        window = "" if rule is None else window_in_words(rule.kind, alert)
        yield Told(
            alert=alert,
            window=window,
            row=each.row,
            at=each.at,
            deliveries=each.deliveries,
            sinks=sinks,
            again=(alert.id, alert.seq) in seen,
        )
        seen.add((alert.id, alert.seq))


def _since(before: StoredAlert | None, alert: Alert) -> float | None:
    return None if before is None else max(0.0, epoch(alert.at) - before.at)


def _routes(router: Router, alert: Alert) -> Iterator[Route]:
    for number, (settings, verdict) in enumerate(router.explain(alert)):
        yield Route(number=number, settings=settings, verdict=verdict)


def _absorbers(
    messages: Sequence[Message], reader: LifeReader, config: Config, told: tuple[str, ...] | None
) -> Iterator[Absorber]:
    """Composites that told of a message instead of it: they burned, or it made them fire.

    Which was first is known by the numbers of messages: in a backlog many are made at one time.
    """
    rule = messages[0].stored.rule
    if told:
        return
    for composite in config.rules:
        kind = composite.kind
        is_one = isinstance(kind, Composite) and kind.absorbs and not composite.shadow
        if is_one and rule in kind.hears():
            history = reader.messages_of({composite.name, *kind.hears()})
            yield from _absorbed_by(composite, messages, history)


def _absorbed_by(
    composite: RuleSettings, messages: Sequence[Message], history: Sequence[Message]
) -> Iterator[Absorber]:
    spans: dict[str, list[Message]] = {}
    for each in history:
        if each.stored.rule == composite.name:
            spans.setdefault(each.stored.id, []).append(each)
    for episode, span in spans.items():
        begin = _completed_by(composite, span[0], history)
        end = span[-1].row if span[-1].stored.status == "resolved" else math.inf
        for each in messages:
            if each.stored.status == "resolved" or each.deliveries:
                continue
            if begin <= each.row < end and _key_in(composite, each) == span[0].alert.key:
                yield Absorber(rule=composite.name, episode=episode, seq=each.alert.seq)


def _completed_by(composite: RuleSettings, firing: Message, history: Sequence[Message]) -> int:
    """Number of the message that made a composite fire, which stands just before its own."""
    before = [
        each
        for each in history
        if each.row < firing.row
        and each.stored.at == firing.stored.at
        and each.stored.rule != composite.name
    ]
    if not before or _key_in(composite, before[-1]) != firing.alert.key:
        return firing.row
    return before[-1].row


def _key_in(composite: RuleSettings, message: Message) -> dict[str, str]:
    """The key that a message of a part has for the composite."""
    alert = message.alert
    return {name: alert.key.get(name) or alert.fields.get(name) or MISSING for name in composite.by}


def _sinks_down(daemon: Status | Absence | str) -> tuple[SinkStatus, ...]:
    return tuple(each for each in daemon.sinks if each.down) if isinstance(daemon, Status) else ()


def as_builtins(life: Life) -> dict[str, Any]:
    """What programs get of it."""
    rule, first = life.rule, life.first
    return {
        "schema": life.schema,
        "alert": life.episode,
        "rule": first.rule,
        "defined_at": rule.defined_at if rule is not None else None,
        "key": first.key,
        "burning": life.burning,
        "shadow": life.shadow,
        "messages": [_message_as_builtins(each) for each in life.messages],
        "forgotten": first.seq - 1,
        "cooldown": life.cooldown,
        "firing_before": life.firing_before,
        "routes": [_route_as_builtins(each) for each in life.routes],
        "written_since": [{"path": one.path, "at": rfc3339(one.at)} for one in life.written_since],
        "goes_to": life.goes_to,
        "told": life.told,
        "hidden_now": life.hidden_now or None,
        "within": [_message_as_builtins(each) for each in life.within],
        "moves": [msgspec.to_builtins(each) for each in life.moves],
        "untold": life.untold,
        "absorbed": [
            {"rule": each.rule, "alert": each.episode, "seq": each.seq} for each in life.absorbed
        ],
    }


def _message_as_builtins(told: Told) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(told.alert),
        "window": told.window,
        "sinks": told.sinks,
        "deliveries": [msgspec.to_builtins(each) for each in told.deliveries],
    }


def _route_as_builtins(route: Route) -> dict[str, Any]:
    return {
        "number": route.number,
        "defined_at": route.settings.defined_at,
        "to": route.settings.to,
        "outcome": route.verdict.outcome,
        "unmet": [msgspec.to_builtins(each) for each in route.verdict.unmet],
    }
