"""What is to be committed together, and the alerts in it."""

from __future__ import annotations

import math

from msgspec import Struct, field

from logwatch.records import Alert, Checkpoint, StateChange
from logwatch.store.forwarding import Again, Forwarded
from logwatch.store.outgoing import DeadLetter, Postponed


class Addressed(Struct, frozen=True, gc=False):
    """An alert, when it was made (wall seconds) and the sinks that must be told."""

    alert: Alert
    at: float
    sinks: tuple[str, ...]
    burns: bool = False
    """Its episode goes on until a message says `resolved`; False: an event, over at once."""
    told: tuple[str, ...] = ()
    """Where it burns: all sinks that were told of the episode, by this message or before."""
    collected: tuple[str, ...] = ()
    """Sinks that are told later, in one message with others."""
    event: float = -math.inf
    """Event time at which it came about, where a rule made it."""


class Burning(Struct, frozen=True, gc=False):
    """An episode without an end: its newest message, and the sinks that were told of it."""

    alert: Alert
    told: tuple[str, ...]


class Transaction(Struct):
    """What is to be committed together."""

    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    states: dict[tuple[str, str], StateChange] = field(default_factory=dict)
    alerts: list[Addressed] = field(default_factory=list)
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Episodes of which more sinks are told than their newest message says, and all of these."""
    taken: dict[tuple[str, int], int] = field(default_factory=dict)
    """Sink and name of each parcel that was worked on -> how many of it are done with."""
    delivered: list[tuple[str, int]] = field(default_factory=list)
    """Sink and row of each notification that waited on its own and that the sink took."""
    postponed: list[Postponed] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    forwarded: list[Forwarded] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.checkpoints
            or self.states
            or self.alerts
            or self.taken
            or self.delivered
            or self.postponed
            or self.dead
            or self.forwarded
            or self.again
        )

    def receivers(self) -> set[str]:
        """The sinks that have something new to be told once it is committed."""
        told = {sink for one in self.alerts for sink in one.sinks}
        told.update(each.receiver for each in self.forwarded)
        told.update(each.sink for each in self.again)
        return told
