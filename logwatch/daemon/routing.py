"""Configuration -> the routes, without all that else decides who is told, and when."""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.alerts.route import Router
from logwatch.config.model import Config
from logwatch.matching.searches import guarded_search


def router_of(config: Config, sinks: Sequence[str] | None = None) -> Router:
    """The routes of `config`; `sinks` are those without routes, where not those of `config`."""
    return Router(
        config.routes,
        sinks=[sink.name for sink in config.sinks] if sinks is None else sinks,
        to_by_rule={rule.name: rule.to for rule in config.rules if rule.to},
        make_search=guarded_search,
    )
