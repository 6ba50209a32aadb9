"""When the messages of a route go out: `group`, `wait`, `updates`, `remind`, `digest`."""

from __future__ import annotations

from msgspec import Struct

from logwatch.units import Duration


class RouteTimers(Struct, frozen=True, kw_only=True):
    """The timers of one route; durations in seconds."""

    group: tuple[str, ...] | None = None
    """Fields whose values are told together; None: the rule and its key, or with `digest` all."""
    wait: Duration = 0.0
    """How long the first message of a group waits for more."""
    updates: Duration | None = None
    """A group that changes is told of at most so often; None: as `wait`."""
    remind: Duration | None = None
    """So long after its last message a group that burns is told of again; None: never."""
    digest: str | None = None
    """A calendar, as digest.py reads it: everything of the route in one message at these times."""

    @property
    def between_updates(self) -> float:
        """Seconds between messages of a group that changes."""
        return self.wait if self.updates is None else self.updates
