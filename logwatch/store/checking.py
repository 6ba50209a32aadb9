"""Whether what is stored can be understood, which SQLite itself does not look at.

Its pages have no checksums: a wrong byte within a text leaves the database sound, and whoever reads
the text would fail, at each start anew. What is asked here is what a start and its sinks will read.
"""

from __future__ import annotations

import sqlite3

import msgspec

from logwatch.records import decode_alert
from logwatch.store import positions, segments
from logwatch.store.outgoing import decode_positions

_TABLES = ("rules", "sources", "rule_state", "retries", "dead_letters", "moves", "absent_sinks")

_LOST = """
SELECT sink FROM parcels WHERE segment NOT IN (SELECT first FROM segments)
UNION ALL SELECT sink FROM
(SELECT sink, alert FROM retries UNION ALL SELECT sink, alert FROM dead_letters)
WHERE coalesce((SELECT first + segments.size FROM segments WHERE first <= alert
ORDER BY first DESC LIMIT 1), 0) <= alert
"""
"""What waits, or was given up, of alerts that are not there."""

_decode_names = msgspec.json.Decoder(tuple[str, ...]).decode


def check(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where anything is damaged that is still needed."""
    try:
        _read(connection)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise sqlite3.DatabaseError(f"what is stored is damaged: {problem}") from problem
    segments.check(connection)


def _read(connection: sqlite3.Connection) -> None:
    for table in _TABLES:  # each text is decoded
        for _ in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
            pass
    for (addressed,) in connection.execute("SELECT addressed FROM segments"):
        if addressed is not None:
            segments.decode_addressed(addressed)
    positions.read(connection)
    for body, told in connection.execute("SELECT body, told FROM burning"):
        decode_alert(body)
        _decode_names(told)
    for _, picked in connection.execute("SELECT sink, picked FROM parcels"):
        if picked is not None:
            decode_positions(picked)
    for (sink,) in connection.execute(_LOST):
        raise sqlite3.DatabaseError(f"an alert for sink {sink!r} is not there")
