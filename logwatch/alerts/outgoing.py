"""A message and who gets it."""

from __future__ import annotations

from typing import NamedTuple

from logwatch.records import Alert


class Outgoing(NamedTuple):
    """One message on its way to the outbox."""

    alert: Alert
    sinks: tuple[str, ...]
    """Names of the sinks that must be told."""
    reminds: bool = False
    """Whether it only says again what was told, for it goes on."""
