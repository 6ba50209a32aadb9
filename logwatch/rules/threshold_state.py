"""What a threshold rule remembers of a key, in memory and in the store."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from logwatch.records import Record, Severity
from logwatch.rules.base import Now, Threshold
from logwatch.rules.explaining import on_clock
from logwatch.rules.message import fields_of, quote
from logwatch.rules.samples import QUOTED_LINES, Sample
from logwatch.units import format_duration
from logwatch.windows.latest_times import LatestTimes

Seen: TypeAlias = tuple[Record, str, str, dict[str, str]]
"""A record as it came: itself, its path and source, and what the pattern captured."""


_encode = msgspec.msgpack.Encoder().encode


class KeyState(Struct, array_like=True, gc=False):
    """Everything remembered of one key."""

    times: bytes = b""
    anchor: tuple[str, int] | None = None
    """Identity and offset of the first record of the episode to come: its name is made of them."""
    samples: list[Sample] = []
    fired_at: float | None = None
    """Event time of the last firing."""
    episode: str | None = None
    """Id of the burning episode."""
    seq: int = 0
    severity: Severity = "warning"
    count: int = 0
    """Matches since the first of the burning episode."""
    suppressed: int = 0
    first: float = 0.0
    last: float = 0.0
    late: bool = False
    turn: int = 0
    """Counts the records of the rule; the order in which keys are forgotten."""
    over: float = -math.inf
    """When the last episode ended: no window that ends before that fires."""


class Tracked(NamedTuple):
    """A key in memory. What was seen becomes a sample only where somebody looks at it."""

    state: KeyState
    times: LatestTimes
    seen: list[Seen]
    """Since somebody looked, and no more than an alert quotes: what is let go at once leaves its
    memory, which the caches still have, to the next record."""

    def settle(self) -> KeyState:
        """The state with everything seen in it, at most `QUOTED_LINES` samples."""
        state, _, seen = self
        state.samples += [
            Sample.of(quote(path, record), source, fields_of(record, captures), tuple(captures))
            for record, path, source, captures in seen
        ]
        del state.samples[:-QUOTED_LINES]
        seen.clear()
        return state

    def dump(self) -> bytes:
        """Everything as it is stored."""
        state = self.settle()
        state.times = self.times.dump()
        return _encode(state)


def window_in_words(kind: Threshold, times: LatestTimes, now: Now) -> str:
    """`3 of 5 in 2m, the last at 14:03:11; 2 more needed before 14:05:02`."""
    here = times.count(now.event, kind.window)
    text = f"{here:,} of {kind.count:,} in {format_duration(kind.window)}"
    newest, oldest = times.latest(1), times.latest(here) if here else None
    if newest is not None:
        text += f", the last at {on_clock(newest, now.wall)}"
    if oldest is None or here >= kind.count:
        return text
    before = on_clock(oldest + kind.window, now.wall)
    return f"{text}; {kind.count - here:,} more needed before {before}"


decode_state = msgspec.msgpack.Decoder(KeyState).decode
