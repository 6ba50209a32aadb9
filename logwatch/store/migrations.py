"""The schema, as named steps; each runs once, in one transaction with the record that it ran."""

from __future__ import annotations

import re
import sqlite3

from logwatch.crashpoints import crashpoint
from logwatch.errors import StoreTooNewError

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-first",
        """
        CREATE TABLE checkpoints (
            identity TEXT PRIMARY KEY,
            path TEXT NOT NULL,
            closed INTEGER NOT NULL,
            updated_at REAL NOT NULL,
            body TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE rules (
            name TEXT PRIMARY KEY,
            fingerprint TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE sources (
            name TEXT PRIMARY KEY,
            fingerprint TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE rule_state (
            rule TEXT NOT NULL,
            key TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (rule, key)
        ) WITHOUT ROWID;

        CREATE TABLE alerts (
            row INTEGER PRIMARY KEY,
            episode TEXT NOT NULL,
            seq INTEGER NOT NULL,
            rule TEXT NOT NULL,
            severity TEXT NOT NULL,
            status TEXT NOT NULL,
            at REAL NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (episode, seq)
        );

        CREATE TABLE burning (
            episode TEXT PRIMARY KEY,
            alert INTEGER NOT NULL REFERENCES alerts (row),
            told TEXT NOT NULL  -- names of the sinks that heard of it, as a JSON list
        ) WITHOUT ROWID;

        -- One tree, in the order of delivery: an alert costs one entry a sink and no index.
        CREATE TABLE outbox (
            sink TEXT NOT NULL,
            alert INTEGER NOT NULL REFERENCES alerts (row),
            episode TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_try_at REAL NOT NULL DEFAULT 0,
            reason TEXT,
            PRIMARY KEY (sink, alert)
        ) WITHOUT ROWID;
        CREATE INDEX outbox_retried ON outbox (sink, episode) WHERE attempts > 0;

        -- Apart, so that what will never be delivered is in nobody's way.
        CREATE TABLE dead_letters (
            sink TEXT NOT NULL,
            alert INTEGER NOT NULL REFERENCES alerts (row),
            attempts INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (sink, alert)
        ) WITHOUT ROWID;
        """,
    ),
    (
        "0002-segments",
        """
        CREATE TABLE segments (
            first INTEGER PRIMARY KEY,  -- number of its first alert
            size INTEGER NOT NULL,      -- alerts in it
            at REAL NOT NULL,           -- wall seconds of its newest
            body BLOB NOT NULL          -- alerts as JSON, each with a newline
        );
        INSERT INTO segments
            SELECT row, 1, at, CAST(CAST(body AS TEXT) || char(10) AS BLOB) FROM alerts;

        -- What a sink has still to be told, in the order of delivery.
        CREATE TABLE parcels (
            sink TEXT NOT NULL,
            segment INTEGER NOT NULL,
            size INTEGER NOT NULL,   -- alerts of the segment that it gets
            taken INTEGER NOT NULL,  -- of these, from the first: delivered, dead or in retries
            picked BLOB,             -- their positions in the segment as a JSON list; NULL: all
            PRIMARY KEY (sink, segment)
        ) WITHOUT ROWID;

        -- What waits on its own, since it failed or an earlier message of its episode did.
        CREATE TABLE retries (
            sink TEXT NOT NULL,
            alert INTEGER NOT NULL,
            episode TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            next_try_at REAL NOT NULL,
            reason TEXT,
            PRIMARY KEY (sink, alert)
        ) WITHOUT ROWID;
        CREATE INDEX retries_tried ON retries (sink, episode) WHERE attempts > 0;
        CREATE INDEX retries_by_alert ON retries (alert);
        INSERT INTO retries
            SELECT sink, alert, episode, attempts, next_try_at, reason FROM outbox;

        ALTER TABLE burning ADD COLUMN body BLOB;
        UPDATE burning SET body = (SELECT body FROM alerts WHERE alerts.row = burning.alert);

        DROP TABLE outbox;
        DROP TABLE alerts;
        """,
    ),
    (
        "0003-moves",
        """
        -- For whom its alerts were made: sink -> positions, null for all, as JSON.
        ALTER TABLE segments ADD COLUMN addressed TEXT;

        CREATE TABLE parcels_in_parts (
            sink TEXT NOT NULL,
            segment INTEGER NOT NULL,
            part INTEGER NOT NULL,   -- 0: made with its alerts; then one each time that some came
            size INTEGER NOT NULL,   -- alerts of the segment that are in it
            taken INTEGER NOT NULL,  -- of these, from the first: delivered, dead, moved, in retries
            picked BLOB,             -- their positions in the segment as a JSON list; NULL: all
            since REAL,              -- wall seconds at which they came; NULL: with their alerts
            PRIMARY KEY (sink, segment, part)
        ) WITHOUT ROWID;
        INSERT INTO parcels_in_parts
            SELECT sink, segment, 0, size, taken, picked, NULL FROM parcels;
        DROP TABLE parcels;
        ALTER TABLE parcels_in_parts RENAME TO parcels;
        CREATE INDEX parcels_that_came ON parcels (sink) WHERE part > 0;

        -- Of an episode only the first has a time: the others wait for it.
        CREATE TABLE retries_by_time (
            sink TEXT NOT NULL,
            alert INTEGER NOT NULL,
            episode TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            next_try_at REAL,  -- steady seconds; NULL: an earlier one of its episode waits
            reason TEXT,
            since REAL,        -- as in parcels
            PRIMARY KEY (sink, alert)
        ) WITHOUT ROWID;
        INSERT INTO retries_by_time
            SELECT sink, alert, episode, attempts,
                CASE WHEN alert = min(alert) OVER (PARTITION BY sink, episode)
                    THEN next_try_at END,
                reason, NULL FROM retries;
        DROP TABLE retries;
        ALTER TABLE retries_by_time RENAME TO retries;
        CREATE INDEX retries_due ON retries (sink, next_try_at, alert)
            WHERE next_try_at IS NOT NULL;
        CREATE INDEX retries_by_episode ON retries (sink, episode, alert);
        CREATE INDEX retries_by_alert ON retries (alert);

        ALTER TABLE dead_letters ADD COLUMN at REAL NOT NULL DEFAULT 0;  -- wall seconds

        -- Episodes of which a sink was told in another's place, so that it hears of the rest.
        CREATE TABLE moves (
            number INTEGER PRIMARY KEY,
            origin TEXT NOT NULL,
            episode TEXT NOT NULL,
            receiver TEXT NOT NULL,
            alert INTEGER NOT NULL
        );
        CREATE INDEX moves_by_episode ON moves (origin, episode);
        CREATE INDEX moves_by_alert ON moves (alert);

        -- Sinks that the configuration does not name any more while something waits for them.
        CREATE TABLE absent_sinks (
            sink TEXT PRIMARY KEY,
            since REAL NOT NULL  -- wall seconds
        ) WITHOUT ROWID;
        """,
    ),
    # From here on a segment may be compressed (packing.py), which earlier versions cannot read.
    ("0004-packed-segments", ""),
)


_NAME = re.compile(r"\d{4}-[a-z-]{1,40}")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an open database to the newest schema.

    Raises StoreTooNewError where a later version of logwatch has been at work, before it touches
    anything, and sqlite3.DatabaseError where it is damaged.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    done = refuse_later(connection)
    for name, statements in MIGRATIONS:
        if name in done:
            continue
        record = f"INSERT INTO migrations VALUES ('{name}')"  # noqa: S608 - our own constant
        crashpoint("migration.begin")
        connection.executescript(f"BEGIN IMMEDIATE; {statements}; {record};")
        crashpoint("migration.written")
        connection.execute("COMMIT")
        crashpoint("migration.done")


def refuse_later(connection: sqlite3.Connection) -> set[str]:
    """The steps that ran on a store; raises as `migrate` does. It only reads."""
    done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    unknown = sorted(map(str, done - {name for name, _ in MIGRATIONS}))
    if not all(_NAME.fullmatch(name) for name in unknown):
        raise sqlite3.DatabaseError(f"nobody wrote a migration {unknown[0]!r}")
    if unknown:
        _refuse_damaged(connection)
        raise StoreTooNewError(
            f"the store was written by a later version of logwatch (it has {unknown[0]!r}); "
            "install that version, or give this one another state folder"
        )
    return done


def _refuse_damaged(connection: sqlite3.Connection) -> None:
    """A wrong byte must not pass for a later version: that would stop the service for good."""
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(f"quick_check: {answer}")
