"""What others than the writer may see: the outbox (outbox_reader.py), and history for commands.

Each reader has its own read-only connection and belongs to the thread that made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import msgspec
from msgspec import Struct

from logwatch.records import Alert, StateChange, decode_alert
from logwatch.store.outbox_reader import DeadAlert, OutboxReader, Waiting
from logwatch.store.segments import holding, readable

__all__ = ["DeadAlert", "StoreReader", "StoredAlert", "Waiting", "stored"]

_BURNING_OF = """
SELECT body FROM burning
WHERE EXISTS (SELECT 1 FROM json_each(told) WHERE value = :sink) ORDER BY alert
"""

_HISTORY = """
SELECT first, body FROM segments WHERE :since IS NULL OR at >= :since ORDER BY first DESC
"""


class StoredAlert(Struct, frozen=True):
    """One alert message of the history."""

    id: str
    at: float
    """Wall seconds at which it was made."""
    rule: str
    severity: str
    status: str
    body: bytes
    is_group: bool = False
    """Whether it stands for several alerts."""


class _Columns(Struct, frozen=True, gc=False):
    """What is looked at of a message without decoding the rest."""

    id: str
    at: str
    rule: str
    severity: str
    status: str
    group: msgspec.Raw = msgspec.Raw()


_decode_columns = msgspec.json.Decoder(_Columns).decode


def stored(body: bytes) -> StoredAlert:
    """A message of the history, from its JSON."""
    one = _decode_columns(body)
    at = datetime.fromisoformat(one.at).timestamp()
    is_group = bool(bytes(one.group))
    return StoredAlert(one.id, at, one.rule, one.severity, one.status, body, is_group)


class StoreReader(OutboxReader):
    """Reads beside the writer. Raises StoreError where there is no store to read."""

    def alerts(
        self,
        *,
        limit: int,
        rule: str | None = None,
        until: float | None = None,
    ) -> list[StoredAlert]:
        """The newest messages of the history, newest first."""
        return list(islice(self.history(rule=rule, until=until), limit))

    def history(
        self,
        *,
        rule: str | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> Iterator[StoredAlert]:
        """All messages of the history, newest first."""
        newest_first = (
            stored(body)
            for first, segment in self._connection.execute(_HISTORY, {"since": since})
            for body in reversed(readable(segment, first))
        )
        return (
            one
            for one in newest_first
            if (rule is None or one.rule == rule)
            and (since is None or one.at >= since)
            and (until is None or one.at < until)
        )

    def episode(self, prefix: str) -> list[StoredAlert]:
        """All messages of the one episode whose id begins with `prefix`, oldest first."""
        needle = b'"id":' + msgspec.json.encode(prefix)[:-1]
        return [
            one
            for _, _, bodies, _ in holding(self._connection, needle)
            for one in map(stored, bodies)
            if one.id.startswith(prefix)
        ]

    def burning(self) -> list[StoredAlert]:
        """The newest message of each episode that a rule still keeps open, newest first.

        Groups of which messages say that they go on are left out: these are told of others.
        """
        rows = self._connection.execute("SELECT body FROM burning ORDER BY alert DESC")
        return [one for one in (stored(body) for (body,) in rows) if not one.is_group]

    def burning_of(self, sink: str) -> list[Alert]:
        """The newest message of each open episode that `sink` was told of, oldest first."""
        rows = self._connection.execute(_BURNING_OF, {"sink": sink})
        return [decode_alert(body) for (body,) in rows]

    def states(self, rule: str, fingerprint: str) -> list[StateChange]:
        """What is remembered for `rule`; nothing where it meant something else then."""
        known = self._connection.execute("SELECT fingerprint FROM rules WHERE name = ?", (rule,))
        if known.fetchone() not in (None, (fingerprint,)):
            return []
        rows = self._connection.execute("SELECT key, body FROM rule_state WHERE rule = ?", (rule,))
        return [StateChange(rule, key, body) for key, body in rows]
