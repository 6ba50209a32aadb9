"""One group of alerts that is open: whom it tells, when it did, and what it is called."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from logwatch.alerts.conditions import field_of
from logwatch.alerts.route import RouteSettings
from logwatch.alerts.timers import RouteTimers
from logwatch.records import MISSING, Alert


class GroupState(Struct):
    """All of an open group but its alerts; times in seconds since the epoch."""

    route: str
    """Digest of the route that opened it; its sinks and timers stay those of that time."""
    sinks: tuple[str, ...]
    timers: RouteTimers
    by: dict[str, str]
    id: str
    most_members: int
    number: int
    """Groups are numbered as they are opened."""
    due: float | None = None
    """When something is to be done: steady time, wall time of a digest."""
    turn: int = 0
    """Groups that are due at the same time come in this order."""
    seq: int = 0
    """Messages sent."""
    told_at: float = 0.0
    """Steady time of the last message."""
    worst: int = -1
    """Rank of the gravest alert that was told of; before the first message, in the group before."""
    has_episodes: bool = False
    has_firings: bool = False
    """Whether anything but closing notes came."""
    rests: bool = False
    """It is over, and remembered so that events after it are not told of too soon."""
    has_events: bool = False
    """Whether any alert came that is over at once."""
    overflow: bool = False
    """It holds what would be in many groups, of which there are too many."""


encode_group = msgspec.msgpack.Encoder().encode
decode_group = msgspec.msgpack.Decoder(GroupState).decode


def route_digest(route: RouteSettings) -> str:
    """What names a route: the same for the same settings, wherever they stand in the file."""
    return digest(repr(replace(route, defined_at="")))


def in_group_by(timers: RouteTimers, alert: Alert) -> dict[str, str]:
    """The values by which `alert` is put together with others."""
    if timers.group is not None:
        found = ((name, field_of(alert, name)) for name in timers.group)
        return {name: MISSING if value is None else value for name, value in found}
    return {} if timers.digest else {"rule": alert.rule, **alert.key}


def digest(*parts: str) -> str:
    """A short name that differs where any of `parts` does."""
    return blake2b("\x1f".join(parts).encode(errors="replace"), digest_size=8).hexdigest()
