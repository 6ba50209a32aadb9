"""What each sink has still to be told: parcels, and the few messages that wait on their own.

A parcel says that a sink gets the alerts of one segment, or some of them, and how many it has been
handed so far. A message that failed leaves its parcel and waits as a `retry` with its own time, so
that the others go on; one that may not overtake it waits beside it. A parcel is worked through from
its beginning, hence a number is all there is to remember of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from logwatch.store.segments import Segment

encode_positions = msgspec.json.Encoder().encode
decode_positions = msgspec.json.Decoder(list[int]).decode


class Postponed(Struct, frozen=True):
    """A message that waits on its own: it failed for now, or (not `tried`) an earlier one did."""

    sink: str
    row: int
    episode: str
    next_try_at: float
    reason: str | None
    tried: bool = True


class DeadLetter(Struct, frozen=True):
    """A message that its sink will never take, after so many attempts."""

    sink: str
    row: int
    attempts: int
    reason: str


def write_parcels(
    connection: sqlite3.Connection, segments: Sequence[Segment], sinks: Sequence[tuple[str, ...]]
) -> None:
    """Say who gets the alerts of `segments`: the sinks of each, in their order."""
    start = 0
    for segment in segments:
        chunk = sinks[start : start + segment.size]
        start += segment.size
        connection.executemany(
            "INSERT INTO parcels VALUES (?, ?, ?, 0, ?)",
            (
                (sink, segment.first, size, picked)
                for sink, (size, picked) in _addressees(chunk).items()
            ),
        )


def _addressees(sinks: Sequence[tuple[str, ...]]) -> dict[str, tuple[int, bytes | None]]:
    """For each sink, how many of a segment's alerts it gets, and which (None: all)."""
    first = sinks[0]
    if all(each is first or each == first for each in sinks):  # nearly always
        return dict.fromkeys(first, (len(sinks), None))
    positions: dict[str, list[int]] = {}
    for position, names in enumerate(sinks):
        for name in names:
            positions.setdefault(name, []).append(position)
    return {
        name: (len(picked), None if len(picked) == len(sinks) else encode_positions(picked))
        for name, picked in positions.items()
    }


def take(connection: sqlite3.Connection, taken: Mapping[tuple[str, int], int]) -> None:
    """Note how many of each parcel (sink and segment) have been handed out for good."""
    connection.executemany(
        "UPDATE parcels SET taken = ? WHERE sink = ? AND segment = ?",
        ((count, *parcel) for parcel, count in taken.items()),
    )
    connection.executemany(
        "DELETE FROM parcels WHERE sink = ? AND segment = ? AND taken >= size", taken
    )


def postpone(connection: sqlite3.Connection, postponed: Iterable[Postponed]) -> None:
    """Let messages wait on their own, or wait on."""
    connection.executemany(
        "INSERT INTO retries VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sink, alert) DO UPDATE SET"
        " attempts = attempts + excluded.attempts, next_try_at = excluded.next_try_at,"
        " reason = excluded.reason",
        (
            (each.sink, each.row, each.episode, int(each.tried), each.next_try_at, each.reason)
            for each in postponed
        ),
    )


def forget_retries(connection: sqlite3.Connection, rows: Iterable[tuple[str, int]]) -> None:
    """Take away what (sink and alert) waited on its own and has been taken."""
    connection.executemany("DELETE FROM retries WHERE sink = ? AND alert = ?", rows)


def bury(connection: sqlite3.Connection, dead: Sequence[DeadLetter]) -> None:
    """Keep as dead letters what no sink will take."""
    connection.executemany(
        "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?)",
        ((each.sink, each.row, each.attempts, each.reason) for each in dead),
    )
    forget_retries(connection, ((each.sink, each.row) for each in dead))
