"""What others than the writer may see: due notifications for deliverers, history for commands.

Each reader has its own read-only connection and belongs to the thread that made it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from logwatch.errors import StoreDeniedError, StoreError
from logwatch.records import Notification, StateChange
from logwatch.store.database import FILE_NAME, connect_read_only
from logwatch.store.due import Lot, Parcel
from logwatch.store.outgoing import decode_positions
from logwatch.store.segments import messages

# A notification waits while an earlier one of its episode waits for its next try: a person must
# not be told "resolved" before "firing".
_DUE_RETRIES = """
SELECT alert, attempts FROM retries
WHERE sink = :sink AND next_try_at <= :now
  AND NOT EXISTS (
    SELECT 1 FROM retries AS earlier INDEXED BY retries_tried
    WHERE earlier.sink = :sink AND earlier.attempts > 0
      AND earlier.episode = retries.episode AND earlier.alert < retries.alert
      AND earlier.next_try_at > :now)
ORDER BY alert LIMIT :limit
"""

# When `_DUE_RETRIES` will have something: no sooner than what it waits for falls due.
_NEXT_RETRY = """
SELECT min(max(next_try_at, coalesce((
    SELECT max(earlier.next_try_at) FROM retries AS earlier INDEXED BY retries_tried
    WHERE earlier.sink = :sink AND earlier.attempts > 0
      AND earlier.episode = retries.episode AND earlier.alert < retries.alert), 0)))
FROM retries WHERE sink = :sink
"""

_HELD_BACK = """
SELECT DISTINCT episode FROM retries WHERE sink = :sink
  AND (next_try_at > :now OR EXISTS (
    SELECT 1 FROM retries AS earlier INDEXED BY retries_tried
    WHERE earlier.sink = :sink AND earlier.attempts > 0
      AND earlier.episode = retries.episode AND earlier.next_try_at > :now))
"""

_PARCELS = """
SELECT segment, taken, picked, parcels.size, body FROM parcels JOIN segments ON first = segment
WHERE sink = :sink ORDER BY segment
"""

_ANY_RETRY = "SELECT EXISTS (SELECT 1 FROM retries WHERE sink = :sink)"

_ANY_PARCEL = "SELECT EXISTS (SELECT 1 FROM parcels WHERE sink = :sink)"

MOST_BYTES_DUE = 8 * 1024 * 1024
"""Of messages, from which no more are read for one delivery: those of a flood may be large."""

_HISTORY = "SELECT body FROM segments WHERE :since IS NULL OR at >= :since ORDER BY first DESC"


class Waiting(Struct, frozen=True):
    """What one sink has still to be told."""

    sink: str
    waiting: int
    dead: int
    reason: str | None
    next_try_at: float | None


class StoredAlert(Struct, frozen=True):
    """One alert message of the history."""

    id: str
    at: float
    """Wall seconds at which it was made."""
    rule: str
    severity: str
    status: str
    body: bytes


class _Columns(Struct, frozen=True, gc=False):
    """What is looked at of a message without decoding the rest."""

    id: str
    at: str
    rule: str
    severity: str
    status: str


_decode_columns = msgspec.json.Decoder(_Columns).decode


def stored(body: bytes) -> StoredAlert:
    """A message of the history, from its JSON."""
    one = _decode_columns(body)
    at = datetime.fromisoformat(one.at).timestamp()
    return StoredAlert(one.id, at, one.rule, one.severity, one.status, body)


class _Bodies:
    """Single alerts by their number; neighbours share one reading of their segment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._first = self._after = 0
        self._messages: list[bytes] = []

    def of(self, row: int) -> bytes:
        """The alert as JSON."""
        if not self._first <= row < self._after:
            self._first, body = self._connection.execute(
                "SELECT first, body FROM segments WHERE first <= ? ORDER BY first DESC LIMIT 1",
                (row,),
            ).fetchone()
            self._messages = messages(body)
            self._after = self._first + len(self._messages)
        return self._messages[row - self._first]


class StoreReader:
    """Reads beside the writer. Raises StoreError where there is no store to read."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        if not os.access(folder, os.X_OK) and folder.exists():
            raise StoreDeniedError(
                f"{folder} is closed to user {os.geteuid()}: it holds lines of logs; run this as"
                " root, or as the user of the daemon"
            )
        try:
            self._connection = connect_read_only(path)
            self._connection.execute("SELECT 1 FROM parcels LIMIT 1")
        except sqlite3.Error as problem:
            raise StoreError(f"no store that can be read at {path}: {problem}") from problem

    def due(self, sink: str, *, now: float, limit: int) -> Sequence[Notification]:
        """The next notifications for `sink` whose time has come (`now`: steady seconds).

        What waits on its own comes first: it is older than anything in a parcel. They are fewer
        than `limit` where they are large, and where whole parcels can be handed out.
        """
        return self._whole_parcels(sink, limit) or self._one_by_one(sink, now, limit)

    def _whole_parcels(self, sink: str, limit: int) -> Lot | None:
        """As many as fit into `limit`, where nothing of this sink waits on its own."""
        which = {"sink": sink}
        (waits,) = self._connection.execute(_ANY_RETRY, which).fetchone()
        if waits:
            return None
        parcels: list[Parcel] = []
        count = size = 0
        for segment, taken, picked, alerts, body in self._connection.execute(_PARCELS, which):
            count += alerts
            if taken or picked is not None or count > limit or size >= MOST_BYTES_DUE:
                break
            parcels.append(Parcel(segment, alerts, body))
            size += len(body)
        return Lot(parcels) if parcels else None

    def _one_by_one(self, sink: str, now: float, limit: int) -> list[Notification]:
        found: list[Notification] = []
        size = 0
        for some in chain(self._due_retries(sink, now, limit), self._in_parcels(sink, now)):
            found += some
            size += sum(len(one.body) for one in some)
            if len(found) >= limit or size >= MOST_BYTES_DUE:
                break
        return found[:limit]

    def _due_retries(self, sink: str, now: float, limit: int) -> Iterator[list[Notification]]:
        rows = self._connection.execute(_DUE_RETRIES, {"sink": sink, "now": now, "limit": limit})
        bodies = _Bodies(self._connection)
        for row, attempts in rows.fetchall():
            yield [Notification(row, bodies.of(row), attempts)]

    def _in_parcels(self, sink: str, now: float) -> Iterator[list[Notification]]:
        which = {"sink": sink, "now": now}
        held = {episode for (episode,) in self._connection.execute(_HELD_BACK, which)}
        for segment, taken, picked, _, body in self._connection.execute(_PARCELS, which):
            bodies = messages(body)
            positions = range(len(bodies)) if picked is None else decode_positions(picked)
            parcel = [
                Notification(segment + position, bodies[position], 0, segment, count)
                for count, position in enumerate(positions[taken:], start=taken + 1)
            ]
            if held:
                parcel = [replace(one, held=one.name.id in held) for one in parcel]
            yield parcel

    def next_due(self, sink: str) -> float | None:
        """Steady time at which something for `sink` falls due, None where nothing waits."""
        (parcel,) = self._connection.execute(_ANY_PARCEL, {"sink": sink}).fetchone()
        if parcel:
            return 0.0
        (when,) = self._connection.execute(_NEXT_RETRY, {"sink": sink}).fetchone()
        return None if when is None else float(when)

    def waiting(self) -> list[Waiting]:
        """A line per sink that has anything waiting or dead."""
        rows = self._connection.execute(
            "SELECT sink, sum(waits), sum(is_dead), max(reason), min(next_try_at) FROM"
            " (SELECT sink, size - taken AS waits, 0 AS is_dead, NULL AS reason, 0 AS next_try_at"
            " FROM parcels"
            " UNION ALL SELECT sink, 1, 0, reason, next_try_at FROM retries"
            " UNION ALL SELECT sink, 0, 1, reason, NULL FROM dead_letters)"
            " GROUP BY sink ORDER BY sink"
        )
        return [Waiting(*row) for row in rows]

    def alerts(
        self,
        *,
        limit: int,
        rule: str | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> list[StoredAlert]:
        """The newest messages of the history, newest first."""
        newest_first = (
            stored(body)
            for (segment,) in self._connection.execute(_HISTORY, {"since": since})
            for body in reversed(messages(segment))
        )
        wanted = (
            one
            for one in newest_first
            if (rule is None or one.rule == rule)
            and (since is None or one.at >= since)
            and (until is None or one.at < until)
        )
        return list(islice(wanted, limit))

    def episode(self, prefix: str) -> list[StoredAlert]:
        """All messages of the one episode whose id begins with `prefix`, oldest first."""
        needle = b'"id":' + msgspec.json.encode(prefix)[:-1]
        rows = self._connection.execute(
            "SELECT body FROM segments WHERE instr(body, ?) ORDER BY first", (needle,)
        )
        return [
            one
            for (segment,) in rows
            for one in map(stored, messages(segment))
            if one.id.startswith(prefix)
        ]

    def burning(self) -> list[StoredAlert]:
        """The newest message of each episode that a rule still keeps open, newest first."""
        rows = self._connection.execute("SELECT body FROM burning ORDER BY alert DESC")
        return [stored(body) for (body,) in rows]

    def states(self, rule: str, fingerprint: str) -> list[StateChange]:
        """What is remembered for `rule`; nothing where it meant something else then."""
        known = self._connection.execute("SELECT fingerprint FROM rules WHERE name = ?", (rule,))
        if known.fetchone() not in (None, (fingerprint,)):
            return []
        rows = self._connection.execute("SELECT key, body FROM rule_state WHERE rule = ?", (rule,))
        return [StateChange(rule, key, body) for key, body in rows]

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
