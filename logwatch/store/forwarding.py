"""Messages that come to a sink otherwise than with their commit: moved, or sent again.

A message that one sink could not take goes to the sink that stands in for it, unless that one is
told of it anyway. A sink to which it comes back gets it anew. Who was told in another's place hears
of the rest of the episode too: this is remembered as long as the history goes back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from logwatch.store.outgoing import DeadLetter, bury, decode_positions, forget_retries
from logwatch.store.segments import decode_addressed

if TYPE_CHECKING:
    import sqlite3

_decode_names = msgspec.json.Decoder(list[str]).decode

ABSENT_SECONDS = 7 * 86_400.0
"""How long messages wait for a sink that is in the configuration no more."""

_NO_SINK = "the sink is not in the configuration any more"


class Forwarded(Struct, frozen=True):
    """A message that goes to another sink."""

    origin: str
    receiver: str
    row: int
    episode: str
    leaves: bool = True
    """False: the first sink has it as well; the other hears of what it was told the beginning."""
    is_collected: bool = False
    """The receiver is told later, by a message that is made of several."""


class Again(Struct):
    """Dead letters that are to be sent once more."""

    sink: str
    rows: tuple[int, ...] | None = None
    """Numbers of the alerts; None: all that there are."""
    count: int = 0
    """How many there were, once it is committed."""


class _Segment(Struct):
    first: int
    size: int
    addressed: dict[str, frozenset[int] | None]

    def is_for(self, sink: str, row: int) -> bool:
        """Whether the alert was made for that sink."""
        if sink not in self.addressed:
            return False
        picked = self.addressed[sink]
        return picked is None or row - self.first in picked


class _Segments:
    """Segments by their alerts; neighbours share one reading."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._last: _Segment | None = None

    def of(self, row: int) -> _Segment:
        """The segment of an alert that is stored."""
        last = self._last
        if last is None or not last.first <= row < last.first + last.size:
            first, size, addressed = self._connection.execute(
                "SELECT first, size, addressed FROM segments WHERE first <= ?"
                " ORDER BY first DESC LIMIT 1",
                (row,),
            ).fetchone()
            last = self._last = _Segment(
                first, size, {} if addressed is None else decode_addressed(addressed)
            )
        return last


def forward(connection: sqlite3.Connection, letters: Sequence[Forwarded], now: float) -> None:
    """Give messages to other sinks; `now` is wall time."""
    if not letters:
        return
    segments = _Segments(connection)
    forget_retries(connection, ((each.origin, each.row) for each in letters if each.leaves))
    rows: dict[str, set[int]] = {}
    for each in letters:
        if each.is_collected:
            continue
        if each.receiver == each.origin or not _is_told(connection, segments, each):
            rows.setdefault(each.receiver, set()).add(each.row)
    for receiver, some in rows.items():
        _enter(connection, segments, receiver, sorted(some), now)
    moved = [each for each in letters if each.receiver != each.origin]
    connection.executemany(
        "INSERT INTO moves (origin, episode, receiver, alert) VALUES (?, ?, ?, ?)",
        ((each.origin, each.episode, each.receiver, each.row) for each in moved),
    )
    for receiver, episode in {(each.receiver, each.episode) for each in moved}:
        _note_told(connection, episode, receiver)


def send_again(connection: sqlite3.Connection, again: Again, now: float) -> None:
    """Put dead letters back into the outbox, as if they had come at wall time `now`."""
    dead = connection.execute(
        "SELECT alert FROM dead_letters WHERE sink = ? ORDER BY alert", (again.sink,)
    )
    wanted = None if again.rows is None else frozenset(again.rows)
    rows = [row for (row,) in dead if wanted is None or row in wanted]
    connection.executemany(
        "DELETE FROM dead_letters WHERE sink = ? AND alert = ?", ((again.sink, row) for row in rows)
    )
    _enter(connection, _Segments(connection), again.sink, rows, now)
    again.count = len(rows)


def note_absent(
    connection: sqlite3.Connection, present: Collection[str], now: float
) -> dict[str, int]:
    """How much waits for each sink that is not `present`; from now on it is known since when."""
    waiting = dict(
        connection.execute(
            "SELECT sink, sum(waits) FROM (SELECT sink, size - taken AS waits FROM parcels"
            " UNION ALL SELECT sink, 1 FROM retries) GROUP BY sink"
        )
    )
    absent = {sink: int(number) for sink, number in waiting.items() if sink not in present}
    known = [sink for (sink,) in connection.execute("SELECT sink FROM absent_sinks")]
    connection.executemany(
        "DELETE FROM absent_sinks WHERE sink = ?",
        ((sink,) for sink in known if sink not in absent),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO absent_sinks VALUES (?, ?)", ((sink, now) for sink in absent)
    )
    return absent


def bury_absent(connection: sqlite3.Connection, now: float) -> dict[str, int]:
    """Give up what has waited too long for sinks that are no more; how much for each of them."""
    sinks = connection.execute(
        "SELECT sink FROM absent_sinks WHERE since <= ?", (now - ABSENT_SECONDS,)
    ).fetchall()
    gone = {}
    for (sink,) in sinks:
        dead = [DeadLetter(sink, row, tries, _NO_SINK) for row, tries in _all(connection, sink)]
        bury(connection, dead, now)
        connection.execute("DELETE FROM parcels WHERE sink = ?", (sink,))
        connection.execute("DELETE FROM absent_sinks WHERE sink = ?", (sink,))
        if dead:
            gone[sink] = len(dead)
    return gone


def is_told(connection: sqlite3.Connection, sink: str, row: int) -> bool:
    """Whether an alert was made for `sink`, or came to it from another one before."""
    letter = Forwarded("", sink, row, "")
    return _is_told(connection, _Segments(connection), letter)


def _is_told(connection: sqlite3.Connection, segments: _Segments, letter: Forwarded) -> bool:
    if segments.of(letter.row).is_for(letter.receiver, letter.row):
        return True
    (found,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM moves WHERE alert = ? AND receiver = ?)",
        (letter.row, letter.receiver),
    ).fetchone()
    return bool(found)


def _enter(
    connection: sqlite3.Connection,
    segments: _Segments,
    sink: str,
    rows: Iterable[int],
    now: float,
) -> None:
    """Add alerts (ascending) to what `sink` has still to be told.

    What waits there already came with a commit that failed and was carried out all the same.
    """
    for first, some in groupby(rows, lambda row: segments.of(row).first):
        size = segments.of(first).size
        waiting = _waiting(connection, sink, first)
        positions = [row - first for row in some if row - first not in waiting]
        if not positions:
            continue
        (part,) = connection.execute(
            "SELECT coalesce(max(part), 0) + 1 FROM parcels WHERE sink = ? AND segment = ?",
            (sink, first),
        ).fetchone()
        picked = None if len(positions) == size else msgspec.json.encode(positions)
        connection.execute(
            "INSERT INTO parcels VALUES (?, ?, ?, ?, 0, ?, ?)",
            (sink, first, part, len(positions), picked, now),
        )


def _waiting(connection: sqlite3.Connection, sink: str, segment: int) -> set[int]:
    """Positions of the alerts of a segment that are in parcels of `sink`, and not handed out."""
    found: set[int] = set()
    for size, taken, picked in connection.execute(
        "SELECT size, taken, picked FROM parcels WHERE sink = ? AND segment = ?", (sink, segment)
    ):
        positions = range(size) if picked is None else decode_positions(picked)
        found.update(positions[taken:])
    return found


def _note_told(connection: sqlite3.Connection, episode: str, receiver: str) -> None:
    """Who was told of an episode that burns is told of its end, also after a restart."""
    burning = connection.execute(
        "SELECT told FROM burning WHERE episode = ?", (episode,)
    ).fetchone()
    if burning is None:
        return
    told = _decode_names(burning[0])
    if receiver not in told:
        text = msgspec.json.encode([*told, receiver]).decode()
        connection.execute("UPDATE burning SET told = ? WHERE episode = ?", (text, episode))


def _all(connection: sqlite3.Connection, sink: str) -> Iterator[tuple[int, int]]:
    """Number and attempts of each message that waits for `sink`."""
    yield from connection.execute(
        "SELECT alert, attempts FROM retries WHERE sink = ?", (sink,)
    ).fetchall()
    for segment, size, taken, picked in connection.execute(
        "SELECT segment, size, taken, picked FROM parcels WHERE sink = ?", (sink,)
    ):
        positions = range(size) if picked is None else decode_positions(picked)
        for position in positions[taken:]:
            yield segment + position, 0
