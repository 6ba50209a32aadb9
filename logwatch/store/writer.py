"""The only writer: everything that one moment brought about becomes durable in one transaction.

Either all of a `Transaction` is in the file or nothing is: positions never run ahead of the alerts
and the rule state that the lines before them brought about. A message of bytes that were read again
in doubt, or of a commit that may have been carried out though it failed, is stored once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from logwatch import telemetry
from logwatch.crashpoints import crashpoint
from logwatch.errors import StoreError, StoreFullError
from logwatch.records import Checkpoint, StateChange, decode_alert, encode_alert
from logwatch.store import forwarding, outgoing, positions, segments
from logwatch.store.database import (
    FILE_NAME,
    Durability,
    StoreLock,
    connect,
    mark_clean,
    prepare_folder,
    reading,
)
from logwatch.store.forwarding import Again
from logwatch.store.replacing import forget_replacement, open_store
from logwatch.store.transaction import Addressed, Burning, Transaction

_MOST_FORGOTTEN = 5000
"""Alerts that one call of `prune` forgets, or some more."""
REPLACED = "logwatch.store-replaced"
"""The rule of the alert which says that the store is not the one of the last daemon."""

_decode_names = msgspec.json.Decoder(tuple[str, ...]).decode
_encode_names = msgspec.json.Encoder().encode

__all__ = ["Addressed", "Again", "Burning", "Store", "Transaction"]


class Store:
    """The store of one running daemon.

    Made once; raises StoreBusyError, StoreTooNewError or StoreError where it cannot be had.
    """

    def __init__(self, folder: Path, *, durability: Durability = "full", today: str = "") -> None:
        prepare_folder(folder)
        self.path = folder / FILE_NAME
        self._durability: Durability = durability
        self._lock = StoreLock(folder)
        try:
            self._connection, self.replaced = open_store(
                self.path, durability=durability, today=today
            )
        except BaseException:
            self._lock.release()
            raise
        try:
            self._next_alert_row = self._last_alert_row() + 1
            self._in_doubt = False
            found = self.path.stat()
            self._file = (found.st_dev, found.st_ino)
        except BaseException:
            self.close(clean=False)
            raise

    def checkpoints(self) -> list[Checkpoint]:
        """All known generations of all files, longest untouched first: see positions.py."""
        with reading(self.path):
            return positions.read(self._connection)

    def adopt_rules(self, fingerprints: Mapping[str, str]) -> list[StateChange]:
        """The stored state of every rule that is still the same; that of others is dropped."""
        with reading(self.path), self._transaction() as connection:
            known = dict(connection.execute("SELECT name, fingerprint FROM rules"))
            changed = [name for name in known if fingerprints.get(name) != known[name]]
            for name in changed:
                connection.execute("DELETE FROM rule_state WHERE rule = ?", (name,))
                connection.execute("DELETE FROM rules WHERE name = ?", (name,))
                if name in fingerprints:
                    telemetry.info("store.rule_restarted", rule=name, reason="its meaning changed")
            fresh = [each for each in fingerprints.items() if known.get(each[0]) != each[1]]
            connection.executemany("INSERT OR REPLACE INTO rules VALUES (?, ?)", fresh)
            rows = connection.execute("SELECT rule, key, body FROM rule_state ORDER BY rule, key")
            return [StateChange(rule, key, body) for rule, key, body in rows]

    def adopt_rule(self, name: str, fingerprint: str) -> list[StateChange]:
        """As `adopt_rules`, for one rule; those of others are left as they are."""
        with reading(self.path), self._transaction() as connection:
            known = connection.execute("SELECT fingerprint FROM rules WHERE name = ?", (name,))
            if known.fetchone() not in (None, (fingerprint,)):
                connection.execute("DELETE FROM rule_state WHERE rule = ?", (name,))
            connection.execute("INSERT OR REPLACE INTO rules VALUES (?, ?)", (name, fingerprint))
            rows = connection.execute("SELECT key, body FROM rule_state WHERE rule = ?", (name,))
            return [StateChange(name, key, body) for key, body in rows]

    def burning(self) -> list[Burning]:
        """The episodes that have not been resolved, oldest message first."""
        with reading(self.path):
            rows = self._connection.execute("SELECT body, told FROM burning ORDER BY alert")
            return [Burning(decode_alert(body), _decode_names(told)) for body, told in rows]

    def known_sources(self) -> dict[str, str]:
        """Name and fingerprint of every source whose files have been read before."""
        with reading(self.path):
            return dict(self._connection.execute("SELECT name, fingerprint FROM sources"))

    def remember_sources(self, fingerprints: Mapping[str, str]) -> None:
        """From now on a file of these sources that has no position is a new file."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM sources")
            connection.executemany("INSERT INTO sources VALUES (?, ?)", fingerprints.items())

    def adopt_sinks(self, names: Collection[str], now: float) -> dict[str, int]:
        """How many messages wait for each sink that is not among `names`; `now` is wall time.

        From now on it is known since when it is not: see `bury_absent`.
        """
        with self._transaction() as connection:
            return forwarding.note_absent(connection, names, now)

    def bury_absent(self, now: float) -> dict[str, int]:
        """Give up what has waited for a week for sinks that are no more: how much for each."""
        with self._transaction() as connection:
            return forwarding.bury_absent(connection, now)

    def is_told(self, sink: str, row: int) -> bool:
        """Whether the alert of this number was made for `sink`, or moved to it."""
        with reading(self.path):
            return forwarding.is_told(self._connection, sink, row)

    def send_again(self, sink: str, rows: tuple[int, ...] | None, now: float) -> int:
        """Put dead letters of `sink`, all or these, back into the outbox: how many there were.

        For a store that no daemon runs on; a running one is asked to commit an `Again`.
        """
        again = Again(sink, rows)
        self.commit(Transaction(again=[again]), now=now)
        return again.count

    def cap_waits(self, latest: float) -> None:
        """Let nothing that is postponed wait beyond the steady time `latest`.

        Steady time is counted from the date at the start of a process: where the date was set back
        since, a wait of seconds would have become one of years.
        """
        with self._transaction() as connection:
            connection.execute(
                "UPDATE retries SET next_try_at = ? WHERE next_try_at > ?",
                (latest, latest),
            )

    def commit(self, transaction: Transaction, *, now: float) -> None:
        """Make all of `transaction` durable; `now` is wall time.

        Raises StoreFullError where nothing was committed: the same transaction may be committed
        again later.
        """
        crashpoint("commit.begin")
        try:
            with self._transaction() as connection:
                self._write_alerts(connection, transaction.alerts)
                _write_told(connection, transaction.told)
                _write_deliveries(connection, transaction, now)
                positions.write(connection, transaction.checkpoints.values(), now)
                _write_states(connection, transaction.states.values())
                crashpoint("commit.written")
        except BaseException:
            self._in_doubt = True  # a COMMIT that failed may have been carried out all the same
            raise
        crashpoint("commit.done")
        self._in_doubt = False
        if self.replaced is not None and _tells_of_replacement(transaction):
            self.replaced = None
            forget_replacement(self.path)

    def prune(self, *, keep_rows: int, before: float) -> int:
        """Forget the oldest alerts that are over `keep_rows` or older than `before`.

        Whole segments go: what a sink has still to be told stays, and so do its neighbours; what a
        receiver will never take goes with its alert. Closed generations of files go too, where
        they are untouched since `before` or too many. Returns
        how many alerts went; the rest is for the next call.
        """
        with self._transaction() as connection:
            last = segments.last_to_forget(connection, keep=keep_rows, before=before)
            gone = segments.forget(connection, last, limit=_MOST_FORGOTTEN)
            positions.forget(connection, before)
            crashpoint("prune.written")
        crashpoint("prune.done")
        return gone

    def is_in_place(self) -> bool:
        """Whether the file that is written is still the one that the next start will find."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._file

    def close(self, *, clean: bool = True) -> None:
        """Close in order; may be called twice.

        Not `clean`: something failed, maybe for the file's sake, so the next start checks it.
        """
        try:
            if clean:
                crashpoint("close.begin")
                mark_clean(self._connection, clean=True)
                crashpoint("close.marked")
        except sqlite3.Error as problem:
            telemetry.warning("store.not_closed_cleanly", reason=str(problem))
        self._connection.close()
        self._lock.release()

    def _transaction(self) -> _Immediate:
        return _Immediate(self)

    def reopen(self) -> None:
        """Replace the connection after an I/O error, whose page cache cannot be trusted."""
        if not self.is_in_place():  # a new one would be begun
            raise StoreError(f"{self.path} was removed or replaced")
        before, fresh = self._connection, connect(self.path, durability=self._durability)
        self._connection = fresh
        before.close()
        self._next_alert_row = self._last_alert_row() + 1

    def _last_alert_row(self) -> int:
        with reading(self.path):
            return segments.last_number(self._connection)

    def _write_alerts(self, connection: sqlite3.Connection, alerts: list[Addressed]) -> None:
        if self._in_doubt:
            self._next_alert_row = segments.last_number(connection) + 1
        if alerts and (self._in_doubt or any(one.alert.reread is True for one in alerts)):
            alerts = _unknown(connection, alerts)
        if not alerts:
            return
        first = self._next_alert_row
        packed = list(
            segments.pack([one.alert for one in alerts], [one.at for one in alerts], first)
        )
        who = outgoing.addressees(packed, [one.sinks for one in alerts])
        segments.write(connection, packed, (text for _, text in who))
        outgoing.write_parcels(connection, packed, (sinks for sinks, _ in who))
        _write_burning(connection, alerts, first)
        self._next_alert_row = first + len(alerts)


def _tells_of_replacement(transaction: Transaction) -> bool:
    return any(one.alert.rule == REPLACED for one in transaction.alerts)


def _unknown(connection: sqlite3.Connection, alerts: list[Addressed]) -> list[Addressed]:
    """Those of `alerts` that are not stored, each once: the sinks of the others have been told.

    One that was stored for others, or for nobody since it was held back, is stored for its sinks.
    """
    known = segments.known(connection, {(one.alert.id, one.alert.seq) for one in alerts})
    unknown = []
    for one in alerts:
        name = one.alert.id, one.alert.seq
        if name not in known:
            known[name] = set(one.sinks)
            unknown.append(one)
        elif (told := known[name]) is not None and not told.issuperset(one.sinks):
            unknown.append(replace(one, sinks=tuple(s for s in one.sinks if s not in told)))
            told.update(one.sinks)
    if len(unknown) < len(alerts):
        telemetry.info("store.known_alerts_passed_over", count=len(alerts) - len(unknown))
    return unknown


def _write_burning(connection: sqlite3.Connection, alerts: list[Addressed], first: int) -> None:
    for row, one in enumerate(alerts, start=first):
        if one.burns:
            connection.execute(
                "INSERT OR REPLACE INTO burning VALUES (?, ?, ?, ?)",
                (one.alert.id, row, _encode_names(one.told).decode(), encode_alert(one.alert)),
            )
        elif one.alert.status == "resolved":
            connection.execute("DELETE FROM burning WHERE episode = ?", (one.alert.id,))


def _write_told(connection: sqlite3.Connection, told: Mapping[str, tuple[str, ...]]) -> None:
    connection.executemany(
        "UPDATE burning SET told = ? WHERE episode = ?",
        ((_encode_names(names).decode(), episode) for episode, names in told.items()),
    )


def _write_deliveries(connection: sqlite3.Connection, transaction: Transaction, now: float) -> None:
    acknowledges = bool(transaction.taken or transaction.delivered)
    if acknowledges:
        crashpoint("acknowledgement.begin")
    outgoing.take(connection, transaction.taken)
    outgoing.forget_retries(connection, transaction.delivered)
    outgoing.postpone(connection, transaction.postponed)
    outgoing.bury(connection, transaction.dead, now)
    forwarding.forward(connection, transaction.forwarded, now)
    for again in transaction.again:
        forwarding.send_again(connection, again, now)
    if acknowledges:
        crashpoint("acknowledgement.written")


def _write_states(connection: sqlite3.Connection, states: Iterable[StateChange]) -> None:
    kept: list[tuple[str, str, bytes]] = []
    forgotten: list[tuple[str, str]] = []
    for each in states:
        if each.body is None:
            forgotten.append((each.rule, each.key))
        else:
            kept.append((each.rule, each.key, each.body))
    connection.executemany("INSERT OR REPLACE INTO rule_state VALUES (?, ?, ?)", kept)
    connection.executemany("DELETE FROM rule_state WHERE rule = ? AND key = ?", forgotten)


class _Immediate:
    """`with` one write transaction; an error of disk or space becomes StoreFullError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> sqlite3.Connection:
        connection = self._store._connection  # noqa: SLF001 - the two are one thing
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as problem:
            raise self._translated(problem) from problem
        return connection

    def __exit__(self, kind: object, problem: BaseException | None, _trace: object) -> None:
        connection = self._store._connection  # noqa: SLF001 - the two are one thing
        try:
            if problem is None:
                connection.execute("COMMIT")
                return
        except sqlite3.Error as failed:
            self._roll_back(connection)
            raise self._translated(failed) from failed
        self._roll_back(connection)
        if isinstance(problem, sqlite3.Error):
            raise self._translated(problem) from problem

    @staticmethod
    def _roll_back(connection: sqlite3.Connection) -> None:
        # SQLite rolls back by itself when the disk is full; a second time is then an error.
        if connection.in_transaction:
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error as problem:
                telemetry.debug("store.rollback_failed", reason=str(problem))

    def _translated(self, problem: sqlite3.Error) -> Exception:
        if not isinstance(problem, sqlite3.OperationalError):
            return problem
        if not hasattr(problem, "sqlite_errorcode"):  # it is Python's own: a text is no UTF-8
            return problem
        if problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR:
            try:
                self._store.reopen()
            except (sqlite3.Error, StoreError) as again:
                telemetry.warning("store.reopen_failed", reason=str(again))
        return StoreFullError(f"nothing could be committed to {self._store.path}: {problem}")
