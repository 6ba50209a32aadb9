"""Old and fresh messages of a sink that has fallen behind, taken in turn.

Oldest first is the order of delivery. After an outage it would let what happens now wait until all
that happened before has been told, for hours where a receiver is slow. So once more than
`MANY` messages wait, what is newer than all of them has a lane of its own, and both are served in
turn. When a lane of fresh ones has grown as long itself, it belongs to the old ones.

No message overtakes another of its episode: in the fresh lane go beginnings, and messages of
episodes that no old message belongs to. Which episodes those have is kept in a filter of fixed size
that may say "maybe" for "no" (B. Bloom, Space/time trade-offs in hash coding with allowable errors,
CACM 13(7), 1970): such a message waits for its turn among the old ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from typing import Protocol

import msgspec
from msgspec.structs import replace

from logwatch.records import MessageName, Notification
from logwatch.store.outgoing import decode_positions, parcel_number
from logwatch.store.segments import messages

MANY = 200
"""Messages that may wait before fresh ones have a lane."""

_PARCELS = """
SELECT segment, part, parcels.size, taken, picked, since, body
FROM parcels JOIN segments ON first = segment
WHERE sink = :sink AND segment > :after AND segment <= :upto ORDER BY segment, part
"""

_COUNT = """
SELECT coalesce(sum(waits), 0) FROM (SELECT size - taken AS waits FROM parcels
WHERE sink = :sink AND segment > :after LIMIT :limit)
"""

_NEWEST = "SELECT max(segment) FROM parcels WHERE sink = ?"

_ANY_OLD = "SELECT EXISTS (SELECT 1 FROM parcels WHERE sink = ? AND segment <= ?)"

_ANY_CAME = "SELECT EXISTS (SELECT 1 FROM parcels WHERE sink = ? AND part > 0)"

_END = (1 << 63) - 1

_decode_name = msgspec.json.Decoder(MessageName).decode


class Retries(Protocol):
    """What is known of messages that wait on their own."""

    def holds(self, episode: str) -> bool:
        """Whether one of that episode does."""
        ...


class Episodes:
    """A set of episodes in half a megabyte that may hold more than were added, and never fewer."""

    _PLACES = 1 << 22

    def __init__(self) -> None:
        self._bits = bytearray(self._PLACES // 8)

    def add(self, episode: str) -> None:
        """Take one in."""
        for place in self._places(episode):
            self._bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, episode: str) -> bool:
        return all(self._bits[place >> 3] >> (place & 7) & 1 for place in self._places(episode))

    def _places(self, episode: str) -> tuple[int, int]:
        spread = hash(episode)
        return spread % self._PLACES, (spread >> 32) % self._PLACES


class Lanes:
    """The parcels of one sink, in the order in which they should be delivered."""

    def __init__(self, connection: sqlite3.Connection, sink: str) -> None:
        self._connection = connection
        self._sink = sink
        self._upto: int | None = None
        """Newest segment of the old lane, None while there is but one lane."""
        self._old: Episodes | None = None
        """Made when it is first asked for."""
        self._cut: tuple[bytes, list[bytes]] = (b"", [])
        """The segment that was cut into messages last, as it is stored: the next round goes on in
        it. Not known by its number, which another may get when all of the history is forgotten."""

    def look(self) -> bool:
        """Look at how much waits; whether the sink has fallen behind."""
        if self._upto is not None:
            which = (self._sink, self._upto)
            if not self._connection.execute(_ANY_OLD, which).fetchone()[0]:
                self._upto = self._old = None
        after = -1 if self._upto is None else self._upto
        which_count = {"sink": self._sink, "after": after, "limit": MANY + 1}
        if self._connection.execute(_COUNT, which_count).fetchone()[0] > MANY:
            (newest,) = self._connection.execute(_NEWEST, (self._sink,)).fetchone()
            if self._old is not None:
                self._learn(self._old, after, newest)
            self._upto = newest
        return self._upto is not None

    def next(
        self, limit: int, retries: Retries | None, *, in_turn: bool = True
    ) -> Iterator[Notification]:
        """The next messages, up to `limit`; `look` was called before.

        Those of episodes that `retries` holds are marked as held. Not `in_turn`: oldest first, for
        a sink that takes many at once catches up soon.
        """
        if self._upto is None or not in_turn:
            found = islice(self._all(-1, _END), limit)
        else:
            old = list(islice(self._all(-1, self._upto), limit))
            fresh = list(islice(self._fresh(), limit // 2))
            both = chain.from_iterable(zip_longest(old, fresh))
            found = islice((one for one in both if one is not None), limit)
        for one in found:
            is_held = retries is not None and retries.holds(one.name.id)
            yield replace(one, held=True) if is_held else one

    def all(self) -> Iterator[Notification]:
        """All messages, oldest first."""
        return self._all(-1, _END)

    def _all(self, after: int, upto: int) -> Iterator[Notification]:
        for parcel in self._parcels(after, upto):
            yield from parcel

    def _fresh(self) -> Iterator[Notification]:
        """What may go before the old ones; of each parcel the beginning at most."""
        assert self._upto is not None
        (some_came,) = self._connection.execute(_ANY_CAME, (self._sink,)).fetchone()
        waiting: set[str] = set()
        for parcel in self._parcels(self._upto, _END):
            for position, one in enumerate(parcel):
                name = one.name
                if name.id in waiting or (name.seq > 1 and (some_came or self._is_old(name.id))):
                    waiting.update(_decode_name(rest.body).id for rest in parcel[position:])
                    break
                yield one

    def _is_old(self, episode: str) -> bool:
        assert self._upto is not None
        if self._old is None:
            self._old = Episodes()
            self._learn(self._old, -1, self._upto)
        return episode in self._old

    def _learn(self, episodes: Episodes, after: int, upto: int) -> None:
        for one in self._all(after, upto):
            episodes.add(one.name.id)

    def _parcels(self, after: int, upto: int) -> Iterator[list[Notification]]:
        which = {"sink": self._sink, "after": after, "upto": upto}
        for segment, part, _, taken, picked, since, body in self._connection.execute(
            _PARCELS, which
        ):
            bodies = self._messages(body)
            positions = range(len(bodies)) if picked is None else decode_positions(picked)
            name = parcel_number(segment, part)
            yield [
                Notification(segment + position, bodies[position], 0, name, count, since=since)
                for count, position in enumerate(positions[taken:], start=taken + 1)
            ]

    def _messages(self, body: bytes) -> list[bytes]:
        if self._cut[0] != body:
            self._cut = body, messages(body)
        return self._cut[1]
