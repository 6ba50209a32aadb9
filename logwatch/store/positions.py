"""How far each file was read: one row for each of its generations.

What is closed is kept so that it is known again, under whatever name, packed or not. A program that
begins a new file each second would let that grow for ever, and the memory of each start with it:
so of closed generations the newest are kept, `KEEP_CLOSED` of them and two for each open one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from logwatch.records import Checkpoint

KEEP_CLOSED = 8192
KEEP_PER_OPEN = 2
"""Closed generations for each open one, where that is more: of ten thousand logs that are rotated
in one night none may be forgotten before it is compressed in the next."""

_decode = msgspec.json.Decoder(Checkpoint).decode
_encode = msgspec.json.Encoder().encode


def read(connection: sqlite3.Connection) -> list[Checkpoint]:
    """What is to be known of all files, longest untouched first."""
    rows = connection.execute(
        "SELECT body FROM checkpoints WHERE NOT closed OR updated_at >= ? ORDER BY updated_at",
        (_oldest_to_keep(connection),),
    )
    return [_decode(body) for (body,) in rows]


def write(connection: sqlite3.Connection, checkpoints: Iterable[Checkpoint], now: float) -> None:
    """These are the positions at wall time `now`."""
    connection.executemany(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)",
        (
            (each.identity, each.path, each.closed, now, _encode(each).decode())
            for each in checkpoints
        ),
    )


def forget(connection: sqlite3.Connection, before: float) -> None:
    """Forget closed generations: those untouched since `before`, and the oldest of too many."""
    connection.execute(
        "DELETE FROM checkpoints WHERE closed AND updated_at < ?",
        (max(before, _oldest_to_keep(connection)),),
    )


def _oldest_to_keep(connection: sqlite3.Connection) -> float:
    """Wall time of the oldest of the newest; those of one commit stay or go together."""
    (opened,) = connection.execute("SELECT count(*) FROM checkpoints WHERE NOT closed").fetchone()
    found = connection.execute(
        "SELECT updated_at FROM checkpoints WHERE closed ORDER BY updated_at DESC LIMIT 1 OFFSET ?",
        (max(KEEP_CLOSED, KEEP_PER_OPEN * opened) - 1,),
    ).fetchone()
    return found[0] if found else float("-inf")
