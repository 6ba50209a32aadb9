"""The outbox as its deliverers see it: what is due, what is oldest, what was given up.

Each reader has its own read-only connection and belongs to the thread that made it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, islice
from pathlib import Path

from msgspec import Struct

from logwatch.errors import NoStoreError, StoreDeniedError, StoreError
from logwatch.records import Alert, Notification, decode_alert
from logwatch.store.database import FILE_NAME, connect_read_only
from logwatch.store.due import Lot, Parcel
from logwatch.store.lanes import MANY, Lanes
from logwatch.store.migrations import refuse_later
from logwatch.store.packing import unpack
from logwatch.store.segments import messages

# Of an episode only the first has a time: a person must not be told "resolved" before "firing".
_DUE_RETRIES = """
SELECT alert, attempts, since, episode FROM retries WHERE sink = :sink AND next_try_at <= :now
ORDER BY next_try_at, alert LIMIT :limit
"""

_FOLLOWING = """
SELECT alert, attempts, since FROM retries WHERE sink = :sink AND episode = :episode
AND next_try_at IS NULL ORDER BY alert LIMIT :limit
"""

_NEXT_RETRY = "SELECT min(next_try_at) FROM retries WHERE sink = :sink"

_OLDEST_RETRIES = """
SELECT alert, attempts, since FROM retries WHERE sink = :sink AND alert > :after
ORDER BY alert LIMIT :limit
"""

_NEWEST = """
SELECT max(newest) FROM (SELECT max(alert) AS newest FROM retries WHERE sink = :sink
UNION ALL SELECT first + segments.size - 1 FROM segments
WHERE first = (SELECT max(segment) FROM parcels WHERE sink = :sink))
"""

_PARCELS = """
SELECT segment, part, taken, picked, since, parcels.size, body
FROM parcels JOIN segments ON first = segment
WHERE sink = :sink ORDER BY segment, part
"""

_ANY_RETRY = "SELECT EXISTS (SELECT 1 FROM retries WHERE sink = :sink)"

_ANY_PARCEL = "SELECT EXISTS (SELECT 1 FROM parcels WHERE sink = :sink)"

MOST_BYTES_DUE = 8 * 1024 * 1024
"""Of messages, from which no more are read for one delivery: those of a flood may be large."""

_DEAD = """
SELECT sink, alert, attempts, reason, at FROM dead_letters
WHERE :sink IS NULL OR sink = :sink ORDER BY alert DESC LIMIT :limit
"""


class Waiting(Struct, frozen=True):
    """What one sink has still to be told."""

    sink: str
    waiting: int
    dead: int
    reason: str | None
    next_try_at: float | None


class DeadAlert(Struct, frozen=True):
    """A message that was given up: its sink will not take it, or it became too old."""

    sink: str
    row: int
    """Number of the alert."""
    attempts: int
    reason: str
    at: float
    """Wall seconds at which it was given up; 0.0 where nobody knows."""
    body: bytes
    """The alert as JSON."""

    @property
    def alert(self) -> Alert:
        """The alert, decoded anew at each call."""
        return decode_alert(self.body)


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


class _Retries:
    """The episodes of which something waits on its own, but for what goes `before`."""

    def __init__(
        self, connection: sqlite3.Connection, sink: str, before: Iterable[Notification]
    ) -> None:
        self._connection = connection
        self._sink = sink
        self._before = frozenset(one.row for one in before)

    def holds(self, episode: str) -> bool:
        """See `lanes.Retries`."""
        (last,) = self._connection.execute(
            "SELECT max(alert) FROM retries WHERE sink = ? AND episode = ?", (self._sink, episode)
        ).fetchone()
        return last is not None and last not in self._before  # they go in their order


class OutboxReader:
    """Reads beside the writer.

    Raises StoreError where there is no store to read, StoreTooNewError where a later version of
    logwatch wrote it.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        if not os.access(folder, os.X_OK) and folder.exists():
            raise StoreDeniedError(
                f"{folder} is closed to user {os.geteuid()}: it holds lines of logs; run this as"
                " root, or as the user of the daemon"
            )
        with ExitStack() as opened:
            try:
                self._connection = opened.enter_context(closing(connect_read_only(path)))
                refuse_later(self._connection)
                self._connection.execute("SELECT part FROM parcels LIMIT 1")
            except sqlite3.Error as problem:
                if not path.exists():
                    raise NoStoreError(f"there is no store {path}: no daemon has run yet") from None
                raise StoreError(f"no store that can be read at {path}: {problem}") from problem
            opened.pop_all()
        self._lanes: dict[str, Lanes] = {}

    def due(self, sink: str, *, now: float, limit: int) -> Sequence[Notification]:
        """The next notifications for `sink` whose time has come (`now`: steady seconds).

        Of what waits on its own and of what has not been tried, and of old and fresh ones where
        many wait, there are some each. They are fewer than `limit` where they are large, and where
        whole parcels can be handed out.
        """
        which = {"sink": sink}
        (waits,) = self._connection.execute(_ANY_RETRY, which).fetchone()
        lanes = self._lanes.get(sink)
        if lanes is None:
            lanes = self._lanes[sink] = Lanes(self._connection, sink)
        takes_many = limit > MANY
        is_behind = not takes_many and lanes.look()
        if not waits and not is_behind:
            lot = self._whole_parcels(sink, limit)
            if lot is not None:
                return lot
        return self._one_by_one(sink, now, limit, retries=bool(waits))

    def oldest(self, sink: str, *, limit: int, after: int = 0) -> list[Notification]:
        """The oldest messages that wait for `sink`, whether their time has come or not.

        Those are left out whose number is not above `after`.
        """
        which = {"sink": sink, "limit": limit, "after": after}
        alone = self._with_bodies(self._connection.execute(_OLDEST_RETRIES, which).fetchall())
        in_parcels = (one for one in Lanes(self._connection, sink).all() if one.row > after)
        some = chain(alone, islice(in_parcels, limit))
        return list(_until(sorted(some, key=lambda one: one.row)[:limit]))

    def newest(self, sink: str) -> int:
        """A number above which no message waits for `sink`; 0 where none waits."""
        (row,) = self._connection.execute(_NEWEST, {"sink": sink}).fetchone()
        return int(row or 0)

    def has_moved(self, sink: str) -> bool:
        """Whether others were told of any episode in the place of `sink`."""
        which = "SELECT EXISTS (SELECT 1 FROM moves WHERE origin = ?)"
        return bool(self._connection.execute(which, (sink,)).fetchone()[0])

    def told_instead(self, sink: str, episode: str) -> list[str]:
        """The sinks that were told of an episode in the place of `sink`."""
        rows = self._connection.execute(
            "SELECT DISTINCT receiver FROM moves WHERE origin = ? AND episode = ?", (sink, episode)
        )
        return [receiver for (receiver,) in rows]

    def _whole_parcels(self, sink: str, limit: int) -> Lot | None:
        """As many as fit into `limit`, where nothing of this sink waits on its own."""
        parcels: list[Parcel] = []
        count = size = 0
        for segment, part, taken, picked, since, alerts, body in self._connection.execute(
            _PARCELS, {"sink": sink}
        ):
            count += alerts
            if taken or picked is not None or count > limit or size >= MOST_BYTES_DUE:
                break
            lines = unpack(body)
            parcels.append(Parcel(segment, alerts, lines, part, since))
            size += len(lines)
        return Lot(parcels) if parcels else None

    def _one_by_one(
        self, sink: str, now: float, limit: int, *, retries: bool
    ) -> list[Notification]:
        found: list[Notification] = []
        in_turn = limit <= MANY
        if retries:
            (others,) = self._connection.execute(_ANY_PARCEL, {"sink": sink}).fetchone()
            room = (limit + 1) // 2 if others and in_turn else limit
            found += _until(self._with_bodies(self._due_retries(sink, now, room)))
        room = limit - len(found)
        if room > 0:
            held = _Retries(self._connection, sink, found) if retries else None
            found += _until(self._lanes[sink].next(room, held, in_turn=in_turn), found)
        return found

    def _due_retries(
        self, sink: str, now: float, limit: int
    ) -> list[tuple[int, int, float | None]]:
        """Number, attempts and `since` of those whose time has come, and of what follows them."""
        which = {"sink": sink, "now": now, "limit": limit}
        firsts = self._connection.execute(_DUE_RETRIES, which).fetchall()
        found = [tuple(row[:3]) for row in firsts]
        for *_, episode in firsts:
            if len(found) >= limit:
                break
            following = {"sink": sink, "episode": episode, "limit": limit - len(found)}
            found += self._connection.execute(_FOLLOWING, following)
        return sorted(found)

    def _with_bodies(self, rows: Iterable[tuple[int, int, float | None]]) -> Iterator[Notification]:
        bodies = _Bodies(self._connection)
        for row, attempts, since in rows:
            yield Notification(row, bodies.of(row), attempts, since=since)

    def number_waiting(self, sink: str) -> int:
        """How many messages wait for `sink`."""
        (number,) = self._connection.execute(
            "SELECT (SELECT coalesce(sum(size - taken), 0) FROM parcels WHERE sink = :sink)"
            " + (SELECT count(*) FROM retries WHERE sink = :sink)",
            {"sink": sink},
        ).fetchone()
        return int(number)

    def waits_more_than(self, sink: str, most: int) -> bool:
        """Whether more than `most` messages wait for `sink`: it does not count them all."""
        (number,) = self._connection.execute(
            "SELECT (SELECT coalesce(sum(some), 0) FROM"
            " (SELECT size - taken AS some FROM parcels WHERE sink = :sink LIMIT :enough))"
            " + (SELECT count(*) FROM (SELECT 1 FROM retries WHERE sink = :sink LIMIT :enough))",
            {"sink": sink, "enough": most + 1},
        ).fetchone()
        return int(number) > most

    def next_due(self, sink: str) -> float | None:
        """Steady time at which something for `sink` falls due, None where nothing waits."""
        (parcel,) = self._connection.execute(_ANY_PARCEL, {"sink": sink}).fetchone()
        if parcel:
            return 0.0
        (when,) = self._connection.execute(_NEXT_RETRY, {"sink": sink}).fetchone()
        return None if when is None else float(when)

    def dead_letters(self, sink: str | None = None, *, limit: int) -> list[DeadAlert]:
        """What was given up, of one sink or of all, the newest alerts first."""
        bodies = _Bodies(self._connection)
        with self._one_moment():  # they are forgotten together with their segments
            rows = self._connection.execute(_DEAD, {"sink": sink, "limit": limit}).fetchall()
            return [
                DeadAlert(name, row, attempts, reason, at, bodies.of(row))
                for name, row, attempts, reason, at in rows
            ]

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

    @contextmanager
    def _one_moment(self) -> Iterator[None]:
        """What is read meanwhile is of one moment, whatever is committed."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()


def _until(
    some: Iterable[Notification], before: Sequence[Notification] = ()
) -> Iterator[Notification]:
    """`some`, up to the size that is read at once; `before` is part of that."""
    size = sum(len(one.body) for one in before)
    for one in some:
        if size >= MOST_BYTES_DUE:
            return
        size += len(one.body)
        yield one
