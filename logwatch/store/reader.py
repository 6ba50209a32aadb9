"""What others than the writer may see: due notifications for deliverers, history for commands.

Each reader has its own read-only connection and belongs to the thread that made it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from msgspec import Struct

from logwatch.errors import StoreDeniedError, StoreError
from logwatch.records import Notification
from logwatch.store.database import FILE_NAME, connect_read_only

# A notification waits while an earlier one of its episode waits for its next try: a person must
# not be told "resolved" before "firing".
_DUE = """
SELECT outbox.alert, alerts.episode, alerts.seq, outbox.attempts, alerts.body
FROM outbox JOIN alerts ON alerts.row = outbox.alert
WHERE outbox.sink = :sink AND outbox.next_try_at <= :now
  AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier INDEXED BY outbox_retried
    WHERE earlier.sink = :sink AND earlier.attempts > 0
      AND earlier.episode = outbox.episode AND earlier.alert < outbox.alert
      AND earlier.next_try_at > :now)
ORDER BY outbox.alert LIMIT :limit
"""

# When `_DUE` will have something: a notification falls due no sooner than the one it waits for.
_NEXT_DUE = """
SELECT min(max(next_try_at, coalesce((
    SELECT max(earlier.next_try_at) FROM outbox AS earlier INDEXED BY outbox_retried
    WHERE earlier.sink = :sink AND earlier.attempts > 0
      AND earlier.episode = outbox.episode AND earlier.alert < outbox.alert), 0)))
FROM outbox WHERE sink = :sink
"""


class Waiting(Struct, frozen=True):
    """What one sink has still to be told."""

    sink: str
    waiting: int
    dead: int
    reason: str | None
    next_try_at: float | None


class StoredAlert(Struct, frozen=True):
    """One alert message of the history."""

    at: float
    rule: str
    severity: str
    status: str
    body: bytes


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
            self._connection.execute("SELECT 1 FROM migrations LIMIT 1")
        except sqlite3.Error as problem:
            raise StoreError(f"no store that can be read at {path}: {problem}") from problem

    def due(self, sink: str, *, now: float, limit: int) -> list[Notification]:
        """The next notifications for `sink` whose time has come (`now`: steady seconds)."""
        rows = self._connection.execute(_DUE, {"sink": sink, "now": now, "limit": limit})
        return [Notification(*row) for row in rows]

    def next_due(self, sink: str) -> float | None:
        """Steady time at which something for `sink` falls due, None where nothing waits."""
        (when,) = self._connection.execute(_NEXT_DUE, {"sink": sink}).fetchone()
        return None if when is None else float(when)

    def waiting(self) -> list[Waiting]:
        """A line per sink that has anything waiting or dead."""
        rows = self._connection.execute(
            "SELECT sink, sum(waits), sum(NOT waits), max(reason), min(next_try_at) FROM"
            " (SELECT sink, 1 AS waits, reason, next_try_at FROM outbox"
            " UNION ALL SELECT sink, 0, reason, NULL FROM dead_letters)"
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
        rows = self._connection.execute(
            "SELECT at, rule, severity, status, body FROM alerts"
            " WHERE (:rule IS NULL OR rule = :rule) AND (:since IS NULL OR at >= :since)"
            " AND (:until IS NULL OR at < :until) ORDER BY row DESC LIMIT :limit",
            {"rule": rule, "since": since, "until": until, "limit": limit},
        )
        return [StoredAlert(*row) for row in rows]

    def episode(self, prefix: str) -> list[StoredAlert]:
        """All messages of the one episode whose id begins with `prefix`, oldest first."""
        rows = self._connection.execute(
            "SELECT at, rule, severity, status, body FROM alerts"
            " WHERE episode >= ? AND episode < ? ORDER BY row",
            (prefix, prefix + "\U0010ffff"),
        )
        return [StoredAlert(*row) for row in rows]

    def burning(self) -> list[StoredAlert]:
        """The newest message of each episode that a rule still keeps open, newest first."""
        rows = self._connection.execute(
            "SELECT at, rule, severity, status, body FROM alerts"
            " WHERE row IN (SELECT alert FROM burning) ORDER BY row DESC"
        )
        return [StoredAlert(*row) for row in rows]

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
