"""Configuration -> who is told of which alert, and when: for the daemon, for replays and tests."""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.alerts.rates import SinkPace
from logwatch.alerts.route import Router
from logwatch.conditions import Search
from logwatch.config.model import Config
from logwatch.dispatch import Dispatch
from logwatch.matching.searches import GuardedSearch
from logwatch.sinks import KINDS


def guarded_search(pattern: str) -> Search:
    """How conditions search: what is searched is part of a line, and must not hold anybody up."""
    return GuardedSearch(pattern, records=True).search


def router_of(config: Config, sinks: Sequence[str] | None = None) -> Router:
    """The routes of `config`; `sinks` are those without routes, where not those of `config`."""
    return Router(
        config.routes,
        sinks=[sink.name for sink in config.sinks] if sinks is None else sinks,
        to_by_rule={rule.name: rule.to for rule in config.rules if rule.to},
        make_search=guarded_search,
    )


def dispatch_of(config: Config, *, host: str, sinks: Sequence[str] | None = None) -> Dispatch:
    """All that decides who is told; `sinks`: see `router_of`."""
    paces = {
        sink.name: SinkPace(rate=sink.rate, for_people=KINDS[sink.kind].for_people)
        for sink in config.sinks
        if sink.rate is not None or KINDS[sink.kind].for_people
    }
    return Dispatch(
        router_of(config, sinks),
        host=host,
        mutes=config.mutes,
        inhibits=config.inhibit,
        paces=paces,
        make_search=guarded_search,
        fallbacks={sink.name: sink.fallback.to for sink in config.sinks if sink.fallback},
    )
