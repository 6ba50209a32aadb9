"""`heartbeat:` -> the address that hears from the daemon while all is well."""

from __future__ import annotations

from typing import Literal

from yaml import Node

from logwatch.config.document import is_null
from logwatch.config.walker import Walker
from logwatch.sinks.base import SinkSettings
from logwatch.sinks.http_answer import shown
from logwatch.sinks.http_settings import check_url
from logwatch.units import Duration

SHORTEST = 1.0


class HeartbeatSettings(SinkSettings, frozen=True, kw_only=True):
    """Settings of `heartbeat`."""

    url: str
    """What to call."""
    every: Duration = 60.0
    """How often."""
    method: Literal["GET", "POST", "HEAD"] = "GET"
    """How it is called; nothing is sent along."""
    timeout: Duration = 10.0
    """For one whole call."""

    def __post_init__(self) -> None:
        """Refuse what could never be called. Raises ValueError, which does not repeat a secret."""
        check_url(self.url)
        if self.every < SHORTEST:
            raise ValueError("every must be at least 1s")
        if self.timeout <= 0:
            raise ValueError("timeout must be more than 0")

    def __repr__(self) -> str:
        return f"HeartbeatSettings(url={shown(self.url)!r})"


def build_heartbeat(node: Node | None, walker: Walker, *, sends: bool) -> HeartbeatSettings | None:
    """The settings in `node`; None where there are none, or after reporting why they cannot be.

    Without `sends` nothing is called, so that secrets need not be there.
    """
    if node is None or is_null(node):
        return None
    with walker.references.needed(sends):
        return walker.settings(HeartbeatSettings, node, "'heartbeat'", "url")
