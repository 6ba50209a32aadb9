"""What `logwatch why` asks the store: the life of one episode, and what is remembered of a rule.

The store keeps for whom a message was made, and what is still to be done: what was delivered leaves
it without another trace. So of a message of which nothing is left to do for a sink it can only be
said that it is done with. Whoever asks reads the whole history: a tenth of a second, and only a
person asks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct

from logwatch.records import Alert, StateChange, decode_alert
from logwatch.store.outgoing import decode_positions
from logwatch.store.reader import StoredAlert, StoreReader, stored
from logwatch.store.segments import decode_addressed, holding, readable

MOST_LOOKED_AT = 1000
"""Messages of a rule among which the firing before another one is looked for."""

Progress: TypeAlias = Literal["waiting", "held", "postponed", "dead", "delivered"]

_WAITS = """
SELECT 'retry', sink, attempts, next_try_at, reason FROM retries WHERE alert = :row
UNION ALL SELECT 'dead', sink, attempts, NULL, reason FROM dead_letters WHERE alert = :row
"""

_decode_names = msgspec.json.Decoder(tuple[str, ...]).decode


class Delivery(Struct, frozen=True, kw_only=True):
    """How far one message is on its way to one sink."""

    sink: str
    progress: Progress
    """`held`: it may not overtake an earlier message of its episode. `postponed`: it failed for
    now. `dead`: the sink will never take it."""
    attempts: int = 0
    next_try_at: float | None = None
    """Steady seconds."""
    reason: str | None = None


class Message(Struct, frozen=True, kw_only=True):
    """One message of an episode, and what the store knows of its deliveries."""

    row: int
    """Its number: messages are numbered in the order in which they were made."""
    stored: StoredAlert
    at: float = 0.0
    """Wall seconds at which it was stored, or the newest of those that were stored with it."""
    sinks: tuple[str, ...] | None = None
    """For whom it was made; None where an earlier version stored it, or nobody looked."""
    deliveries: tuple[Delivery, ...] = ()
    """Empty also where nobody looked."""

    @property
    def alert(self) -> Alert:
        """The alert, decoded anew at each call."""
        return decode_alert(self.stored.body)


class Move(Struct, frozen=True):
    """That a sink was told in the place of another."""

    origin: str
    receiver: str
    row: int
    """Number of the message."""


class LifeReader(StoreReader):
    """Reads beside the writer; see `StoreReader`."""

    def life(self, prefix: str) -> list[Message]:
        """All messages of the episodes whose id begins with `prefix`, oldest first."""
        return list(self._messages(prefix, lambda one: one.id.startswith(prefix)))

    def about(self, episode: str) -> list[Message]:
        """Messages about several alerts that name the one of `episode`, oldest first."""

        def names(one: StoredAlert) -> bool:
            group = decode_alert(one.body).group if one.is_group else UNSET
            return group is not UNSET and any(each.id == episode for each in group.members)

        return list(self._messages(episode, names))

    def moves(self, episode: str) -> list[Move]:
        """Which sinks were told of an episode in the place of others, in order."""
        rows = self._connection.execute(
            "SELECT origin, receiver, alert FROM moves WHERE episode = ? ORDER BY number",
            (episode,),
        )
        return [Move(*row) for row in rows]

    def _messages(self, prefix: str, wanted: Callable[[StoredAlert], bool]) -> Iterator[Message]:
        """Those wanted of the messages in which an id begins with `prefix`."""
        needle = b'"id":' + msgspec.json.encode(prefix)[:-1]
        for first, at, bodies, addressed in holding(self._connection, needle):
            for position, one in enumerate(map(stored, bodies)):
                if wanted(one):
                    yield Message(
                        row=first + position,
                        stored=one,
                        at=at,
                        sinks=_sinks(addressed, position),
                        deliveries=tuple(_deliveries(self._connection, first, position)),
                    )

    def messages_of(self, rules: Collection[str]) -> list[Message]:
        """All messages of `rules`, oldest first, without their deliveries."""
        rows = self._connection.execute("SELECT first, body FROM segments ORDER BY first")
        return [
            Message(row=first + position, stored=one)
            for first, body in rows
            for position, one in enumerate(map(stored, readable(body, first)))
            if one.rule in rules
        ]

    def told(self, episode: str) -> tuple[str, ...] | None:
        """The sinks that were told of an episode that burns; None for one that does not."""
        row = self._connection.execute(
            "SELECT told FROM burning WHERE episode = ?", (episode,)
        ).fetchone()
        return None if row is None else _decode_names(row[0])

    def firing_before(self, alert: Alert, at: float) -> StoredAlert | None:
        """The latest other firing of the same rule and key that was made before `at`."""
        for one in self.alerts(limit=MOST_LOOKED_AT, rule=alert.rule, until=at):
            is_other = one.id != alert.id and one.status == "firing"
            if is_other and decode_alert(one.body).key == alert.key:
                return one
        return None

    def remembered_rules(self) -> Mapping[str, str]:
        """Name and fingerprint of every rule that the last daemon ran with."""
        return dict(self._connection.execute("SELECT name, fingerprint FROM rules"))

    def memory(self, rule: str) -> list[StateChange]:
        """What is remembered for `rule`, whatever it meant then."""
        rows = self._connection.execute("SELECT key, body FROM rule_state WHERE rule = ?", (rule,))
        return [StateChange(rule, key, body) for key, body in rows]


def _sinks(addressed: str | None, position: int) -> tuple[str, ...] | None:
    if addressed is None:
        return None
    sinks = decode_addressed(addressed).items()
    return tuple(sorted(sink for sink, picked in sinks if picked is None or position in picked))


def _deliveries(connection: sqlite3.Connection, first: int, position: int) -> Iterator[Delivery]:
    """What is known of the alert at `position` in the segment `first`."""
    alone = set()
    for kind, sink, attempts, next_try_at, reason in connection.execute(
        _WAITS, {"row": first + position}
    ):
        alone.add(sink)
        waits: Progress = "postponed" if attempts else "waiting"
        if next_try_at is None:
            waits = "held"
        yield Delivery(
            sink=sink,
            progress="dead" if kind == "dead" else waits,
            attempts=attempts,
            next_try_at=next_try_at,
            reason=reason,
        )
    for sink, size, taken, picked in connection.execute(
        "SELECT sink, size, taken, picked FROM parcels WHERE segment = ? ORDER BY sink, part DESC",
        (first,),
    ):
        positions = range(size) if picked is None else decode_positions(picked)
        if position in positions and sink not in alone:
            alone.add(sink)
            is_taken = positions.index(position) < taken
            yield Delivery(sink=sink, progress="delivered" if is_taken else "waiting")
