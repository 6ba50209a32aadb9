"""Alerts in segments: some hundreds of messages a row, one JSON text a line.

An alert of its own row costs some ten microseconds in trees and indexes; in a segment with others
of the same commit it costs its bytes. Alerts are numbered from 1 in the order of their commits, and
a segment is named by the number of its first. What looks for one message in the whole history reads
all of it: a tenth of a second, and only a person or a file that is read again asks for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from logwatch import telemetry
from logwatch.records import Alert, MessageName, decode_alert
from logwatch.store import packing

if TYPE_CHECKING:
    import sqlite3

MOST_ALERTS = 500
"""Alerts in a segment, at most."""
MOST_BYTES = 1024 * 1024
"""Size from which a segment of several is cut in two."""

_encode_lines = msgspec.json.Encoder().encode_lines


_decode_name = msgspec.json.Decoder(MessageName).decode

_WANTED = """
SELECT segment FROM parcels
UNION SELECT (SELECT max(first) FROM segments WHERE first <= alert) FROM retries
UNION SELECT (SELECT max(first) FROM segments WHERE first <= alert) FROM dead_letters
"""

decode_addressed = msgspec.json.Decoder(dict[str, frozenset[int] | None]).decode
"""For whom the alerts of a segment were made: sink -> positions, None for all."""


class Segment(NamedTuple):
    """One row: alerts `first` to `first + size - 1`, the newest made at `at` (wall seconds)."""

    first: int
    size: int
    at: float
    body: bytes


def pack(alerts: Sequence[Alert], ats: Sequence[float], first: int) -> Iterator[Segment]:
    """The segments that hold `alerts`, which were made at `ats` and are numbered from `first`."""
    for start in range(0, len(alerts), MOST_ALERTS):
        chunk = alerts[start : start + MOST_ALERTS]
        yield from _packed(chunk, ats[start : start + MOST_ALERTS], first + start)


def _packed(alerts: Sequence[Alert], ats: Sequence[float], first: int) -> Iterator[Segment]:
    body = _encode_lines(alerts)
    if len(body) <= MOST_BYTES or len(alerts) == 1:
        yield Segment(first, len(alerts), max(ats), body)
        return
    half = len(alerts) // 2
    yield from _packed(alerts[:half], ats[:half], first)
    yield from _packed(alerts[half:], ats[half:], first + half)


def write(
    connection: sqlite3.Connection, segments: Iterable[Segment], addressed: Iterable[bytes]
) -> None:
    """Add `segments`, each with whom its alerts were made for."""
    connection.executemany(
        "INSERT INTO segments VALUES (?, ?, ?, ?, ?)",
        (
            (first, size, at, packing.pack(body), text)
            for (first, size, at, body), text in zip(segments, addressed, strict=True)
        ),
    )


def messages(stored: bytes) -> list[bytes]:
    """The alerts of a segment as it is stored, each as JSON.

    Raises sqlite3.DatabaseError where it is damaged.
    """
    return packing.unpack(stored)[:-1].split(b"\n")


def readable(stored: bytes, first: int) -> list[bytes]:
    """As `messages`, for who looks back: none of a damaged segment, of which the log is told."""
    from sqlite3 import DatabaseError  # noqa: PLC0415 - who has no store loads this module too

    try:
        return _examined(stored)
    except DatabaseError as problem:
        _tell(first, problem)
        return []


def _examined(stored: bytes, size: int | None = None) -> list[bytes]:
    """As `messages`; what has no checksum has to be alerts, `size` of them."""
    found = messages(stored)
    if packing.is_plain(stored):
        from sqlite3 import DatabaseError  # noqa: PLC0415 - as above

        try:
            for one in found:
                decode_alert(one)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise DatabaseError(f"a segment of alerts is damaged: {problem}") from problem
        if size not in (None, len(found)):
            raise DatabaseError(f"a segment of {size} alerts has {len(found)}")
    return found


def _tell(first: int, problem: Exception) -> None:
    telemetry.error("store.alerts_damaged", first=first, reason=str(problem))


def check(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where a segment is damaged of which anybody waits for an alert.

    SQLite itself cannot see that. Of what is history alone the log is told: positions and the state
    of rules are worth more, and a copy of the store may have the same damage. What has no checksum
    is decoded, which takes a second for a whole history; so there it is left to whoever looks back.
    """
    from sqlite3 import DatabaseError  # noqa: PLC0415 - as above

    wanted = {first for (first,) in connection.execute(_WANTED)}
    for first, size, body in connection.execute("SELECT first, size, body FROM segments"):
        is_plain = packing.is_plain(body)
        if is_plain and first not in wanted:
            continue
        try:
            if is_plain:
                _examined(body, size)
            else:
                packing.verify(body)
        except DatabaseError as problem:
            if first in wanted:
                raise
            _tell(first, problem)


def holding(
    connection: sqlite3.Connection, needle: bytes
) -> Iterator[tuple[int, float, list[bytes], str | None]]:
    """First number, time, alerts and `addressed` of the segments whose JSON has `needle` in it."""
    for first, at, body, addressed in connection.execute(
        "SELECT first, at, body, addressed FROM segments ORDER BY first"
    ):
        found = readable(body, first)
        if any(needle in one for one in found):
            yield first, at, found, addressed


def last_number(connection: sqlite3.Connection) -> int:
    """Number of the newest alert, 0 where there is none."""
    newest = connection.execute(
        "SELECT first + size - 1 FROM segments ORDER BY first DESC LIMIT 1"
    ).fetchone()
    return int(newest[0]) if newest else 0


def known(
    connection: sqlite3.Connection, wanted: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], set[str] | None]:
    """Those of the messages `wanted` (id and seq) that are stored, and the sinks they went to.

    None: an earlier version stored it, without saying that.
    """
    unseen = set(wanted)
    found: dict[tuple[str, int], set[str] | None] = {}
    for first, body, addressed in connection.execute(
        "SELECT first, body, CAST(addressed AS BLOB) FROM segments"
    ):
        names = _names(body, first)
        if unseen.isdisjoint(names):
            continue
        sinks = None if addressed is None else _sinks(addressed, first)
        for position, name in enumerate(names):
            if name in unseen:
                before = found.setdefault(name, None if sinks is None else set())
                if before is not None and sinks is not None:
                    before.update(
                        sink for sink, at in sinks.items() if at is None or position in at
                    )
    return found


def _names(stored: bytes, first: int) -> list[tuple[str, int]]:
    from sqlite3 import DatabaseError  # noqa: PLC0415 - as above

    try:
        return [(one.id, one.seq) for one in map(_decode_name, messages(stored))]
    except (DatabaseError, msgspec.DecodeError, UnicodeDecodeError) as problem:
        _tell(first, problem)
        return []


def _sinks(addressed: bytes, first: int) -> Mapping[str, frozenset[int] | None] | None:
    try:
        return decode_addressed(addressed)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        _tell(first, problem)
        return None


def last_to_forget(connection: sqlite3.Connection, *, keep: int, before: float) -> int:
    """Number of the newest alert that is over `keep` or was made before `before` (wall)."""
    newest = last_number(connection)
    # Segments are in the order of time: the first that is young enough ends the search.
    young = connection.execute(
        "SELECT first FROM segments WHERE at >= ? ORDER BY first LIMIT 1", (before,)
    ).fetchone()
    oldest_kept = young[0] if young else newest + 1
    return int(max(newest - keep, oldest_kept - 1))


def forget(connection: sqlite3.Connection, last: int, *, limit: int) -> int:
    """Delete segments that end at alert `last` or before and of which nobody waits for any alert.

    Stops once `limit` alerts went; returns how many did. Dead letters go with their alerts, and so
    does the memory of what was moved.
    """
    rows = connection.execute(
        "SELECT first, size FROM segments WHERE first + size - 1 <= ?"
        " AND first NOT IN (SELECT segment FROM parcels)"
        " AND NOT EXISTS (SELECT 1 FROM retries INDEXED BY retries_by_alert"
        "  WHERE alert BETWEEN first AND first + size - 1)"
        " ORDER BY first",
        (last,),
    )
    gone = 0
    doomed = []
    for first, size in rows:
        if gone >= limit:
            break
        doomed.append((first, first + size - 1))
        gone += size
    connection.executemany("DELETE FROM dead_letters WHERE alert BETWEEN ? AND ?", doomed)
    connection.executemany("DELETE FROM moves WHERE alert BETWEEN ? AND ?", doomed)
    connection.executemany("DELETE FROM segments WHERE first = ?", ((one,) for one, _ in doomed))
    return gone
