"""Configuration -> who is told of which alert, and when: for the daemon, for replays and tests."""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.alerts.rates import SinkPace
from logwatch.config.model import Config
from logwatch.daemon.routing import router_of
from logwatch.dispatch import Dispatch
from logwatch.matching.searches import guarded_search
from logwatch.sinks import KINDS


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
