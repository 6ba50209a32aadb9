"""`otel:` -> the OpenTelemetry receiver that is sent the daemon's own figures."""

from __future__ import annotations

from yaml import Node

from logwatch.config.document import is_null
from logwatch.config.walker import Walker
from logwatch.sinks.otlp import OtlpSettings
from logwatch.units import Duration

SHORTEST = 5.0
"""Seconds; each time the daemon is looked at, and with thousands of files that costs something."""


class OtelSettings(OtlpSettings, frozen=True, kw_only=True):
    """Settings of `otel`: those of the sink `otlp`, and how often."""

    every: Duration = 60.0
    """How often the figures are sent."""

    def __post_init__(self) -> None:
        """Refuse what could never be sent. Raises ValueError, which does not repeat a secret."""
        super().__post_init__()
        if self.every < SHORTEST:
            raise ValueError("every must be at least 5s")


def build_otel(node: Node | None, walker: Walker, *, sends: bool) -> OtelSettings | None:
    """The settings in `node`; None where there are none, or after reporting why they cannot be.

    Without `sends` nothing is sent, so that secrets need not be there.
    """
    if node is None or is_null(node):
        return None
    with walker.references.needed(sends):
        return walker.settings(OtelSettings, node, "'otel'", "url")
