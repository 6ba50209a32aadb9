"""What may be said of a source that is no file, and what holds where nothing is said."""

from __future__ import annotations

from typing import Literal, TypeAlias

Priority: TypeAlias = Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
PRIORITIES: tuple[Priority, ...] = (
    *("emerg", "alert", "crit", "err"),
    *("warning", "notice", "info", "debug"),
)
"""As syslog has them, the gravest first."""

CONNECTIONS = 512
IDLE_SECONDS = 3600.0
RECEIVE_BUFFER = 4 * 1024 * 1024
"""Of the sockets of syslog."""
