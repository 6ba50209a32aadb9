"""What each sink has still to be told: parcels, and the few messages that wait on their own.

A parcel says that a sink gets the alerts of one segment, or some of them, and how many it has been
handed so far. A message that failed leaves its parcel and waits as a `retry` with its own time, so
that the others go on; one that may not overtake it waits beside it, without a time, until it is the
first of its episode. A parcel is worked through from its beginning, hence a number is all there is
to remember of it.

What comes to a sink later, from one that it stands in for or since it is sent again, comes as one
more part of the parcel of its segment: in its place in the order, and whatever is just being
delivered of the other parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct

from logwatch.store.segments import Segment

if TYPE_CHECKING:
    import sqlite3

encode_positions = msgspec.json.Encoder().encode
decode_positions = msgspec.json.Decoder(list[int]).decode

_PART = 1 << 40
"""A parcel is named by one number: that of its segment, and so often this as its part says."""

Addressees: TypeAlias = dict[str, tuple[int, bytes | None]]
"""For each sink, how many of a segment's alerts it gets, and which (None: all)."""


class Postponed(Struct, frozen=True):
    """A message that waits on its own: it failed for now, or (not `tried`) an earlier one did."""

    sink: str
    row: int
    episode: str
    next_try_at: float
    """Steady seconds; of no account while an earlier message of its episode waits."""
    reason: str | None
    tried: bool = True
    since: float | None = None
    """See `Notification.since`."""


class DeadLetter(Struct, frozen=True):
    """A message that its sink will never take, after so many attempts."""

    sink: str
    row: int
    attempts: int
    reason: str


def parcel_number(segment: int, part: int) -> int:
    """The name of a parcel."""
    return segment + part * _PART


def parts_of(parcel: int) -> tuple[int, int]:
    """Segment and part of the parcel of this name."""
    part, segment = divmod(parcel, _PART)
    return segment, part


def addressees(
    segments: Sequence[Segment], sinks: Sequence[tuple[str, ...]]
) -> list[tuple[Addressees, bytes]]:
    """Who gets the alerts of each segment, and that as JSON; `sinks` are those of each alert."""
    found, start = [], 0
    for segment in segments:
        which = _addressees(sinks[start : start + segment.size])
        found.append((which, _as_json(which)))
        start += segment.size
    return found


def write_parcels(
    connection: sqlite3.Connection, segments: Sequence[Segment], who: Iterable[Addressees]
) -> None:
    """Say who gets the alerts of `segments`."""
    connection.executemany(
        "INSERT INTO parcels VALUES (?, ?, 0, ?, 0, ?, NULL)",
        (
            (sink, segment.first, size, picked)
            for segment, which in zip(segments, who, strict=True)
            for sink, (size, picked) in which.items()
        ),
    )


def _addressees(sinks: Sequence[tuple[str, ...]]) -> Addressees:
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


def _as_json(which: Addressees) -> bytes:
    return msgspec.json.encode(
        {sink: picked and msgspec.Raw(picked) for sink, (_, picked) in which.items()}
    )


def take(connection: sqlite3.Connection, taken: Mapping[tuple[str, int], int]) -> None:
    """Note how many of each parcel (sink and its name) have been handed out for good."""
    if not taken:
        return
    rows = [(count, sink, *parts_of(parcel)) for (sink, parcel), count in taken.items()]
    where = "WHERE sink = ? AND segment = ? AND part = ?"
    connection.executemany(f"UPDATE parcels SET taken = ? {where}", rows)  # noqa: S608 - our own text
    connection.executemany(
        f"DELETE FROM parcels {where} AND taken >= size",  # noqa: S608 - our own text
        (row[1:] for row in rows),
    )


def postpone(connection: sqlite3.Connection, postponed: Iterable[Postponed]) -> None:
    """Let messages wait on their own, or wait on."""
    for each in postponed:
        first = connection.execute(
            "SELECT min(alert) FROM retries WHERE sink = ? AND episode = ?",
            (each.sink, each.episode),
        ).fetchone()[0]
        if first is not None and each.row < first:  # it came back: the other waits for it now
            connection.execute(
                "UPDATE retries SET next_try_at = NULL WHERE sink = ? AND alert = ?",
                (each.sink, first),
            )
        is_first = first is None or each.row <= first
        connection.execute(
            "INSERT INTO retries VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sink, alert) DO UPDATE"
            " SET attempts = attempts + excluded.attempts, next_try_at = excluded.next_try_at,"
            " reason = excluded.reason",
            (
                each.sink,
                each.row,
                each.episode,
                int(each.tried),
                each.next_try_at if is_first else None,
                each.reason,
                each.since,
            ),
        )


def forget_retries(connection: sqlite3.Connection, rows: Iterable[tuple[str, int]]) -> None:
    """Take away what (sink and alert) waited on its own; what waited for it is next."""
    for sink, row in rows:
        gone = connection.execute(
            "DELETE FROM retries WHERE sink = ? AND alert = ? RETURNING episode", (sink, row)
        ).fetchone()
        if gone:
            connection.execute(
                "UPDATE retries SET next_try_at = 0 WHERE sink = :sink AND next_try_at IS NULL"
                " AND alert = (SELECT min(alert) FROM retries"
                " WHERE sink = :sink AND episode = :episode)",
                {"sink": sink, "episode": gone[0]},
            )


def bury(connection: sqlite3.Connection, dead: Sequence[DeadLetter], now: float) -> None:
    """Keep as dead letters what no sink will take; `now` is wall time."""
    connection.executemany(
        "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?)",
        ((each.sink, each.row, each.attempts, each.reason, now) for each in dead),
    )
    forget_retries(connection, ((each.sink, each.row) for each in dead))
