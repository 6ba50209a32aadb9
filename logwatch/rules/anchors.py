"""The line that an alert is about, and the lines around it, as they come.

An *anchor* is a record around which lines are quoted: the first line of an alert. Its context is
the same however its file is cut into blocks and whatever the other files bring: up to `before`
lines of the same generation that begin at most `REACH` bytes before it, and up to `after` lines
behind it that begin at most `REACH` bytes after the first of them, but for those from the first one
on that was stamped more than `max_wait` after the anchor. A line without a stamp of its own is
taken to be of the anchor's time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from msgspec import UNSET, Struct
from msgspec.structs import replace

from logwatch.records import AlertContext, AlertLine, Batch, NearLine, Record
from logwatch.rules.base import ContextSettings
from logwatch.stamps import rfc3339

REACH = 65_536
"""Bytes within which lines before and behind a record begin; it bounds what is kept of a file."""

_offset = attrgetter("offset")


class Place(NamedTuple):
    """What an alert says of a line that it quotes."""

    path: str
    offset: int
    time: str


class Anchor(Struct, array_like=True, kw_only=True):
    """One record, and what is known of the lines around it."""

    path: str
    identity: str
    offset: int
    time: float
    """Event time."""
    seen: float
    """Steady time at which it was taken."""
    last: int
    """Offset of the last line that is known: of `after`, or its own."""
    before: list[AlertLine]
    after: list[AlertLine]
    stamps: list[float | None]
    """Own stamps of the lines `after`."""
    ended: bool = False
    """There are no more lines behind it, or none that is near enough."""
    turn: int = 0
    """Counts the anchors; the order in which they are forgotten."""

    @property
    def key(self) -> str:
        """Names it among all."""
        return f"{self.identity}\x1f{self.offset}"

    @property
    def place(self) -> Place:
        """How an alert names it."""
        return Place(self.path, self.offset, rfc3339(self.time))

    @property
    def characters(self) -> int:
        """About how long its text is."""
        return 200 + sum(len(line.text) for line in (*self.before, *self.after))

    def context(self, wanted: ContextSettings) -> AlertContext:
        """As much as there is of what a rule wants."""
        before = self.before[max(0, len(self.before) - wanted.before) :]
        return AlertContext(tuple(before), tuple(self.after[: self._in_time(wanted)]))

    def is_complete(self, wanted: ContextSettings) -> bool:
        """Whether no line to come can change `context`."""
        known = len(self.after)
        return self.ended or known >= wanted.after or self._in_time(wanted) < known

    def _in_time(self, wanted: ContextSettings) -> int:
        """How many of the lines behind it are quoted."""
        limit, count = self.time + wanted.max_wait, min(len(self.after), wanted.after)
        for number, stamp in enumerate(self.stamps[:count]):
            if stamp is not None and stamp > limit:
                return number
        return count

    def quoted(self, line: NearLine) -> AlertLine:
        """A line around it as an alert quotes it."""
        time = rfc3339(self.time if line.time is None else line.time)
        return AlertLine(self.path, line.offset, time, line.text)

    def grow(self, near: Sequence[NearLine], at: int, most: int) -> None:
        """Take the lines from `at` on, as long as each is the next one, and `most` in all."""
        while at < len(near) and len(self.after) < most and near[at].previous == self.last:
            if self.after and near[at].offset > self.after[0].offset + REACH:
                self.ended = True
                return
            self.after.append(self.quoted(near[at]))
            self.stamps.append(near[at].time)
            self.last = near[at].offset
            at += 1

    def copy(self) -> Anchor:
        """One that grows on its own."""
        return replace(self, after=list(self.after), stamps=list(self.stamps))


def anchor_in(batch: Batch, record: Record, longest: ContextSettings, steady: float) -> Anchor:
    """The anchor at `record`, with as much around it as `batch` has, `longest` at most."""
    near = () if batch.near is UNSET else batch.near
    anchor = Anchor(
        path=batch.checkpoint.path,
        identity=batch.checkpoint.identity,
        offset=record.offset,
        time=record.time,
        seen=steady,
        last=record.offset,
        before=[],
        after=[],
        stamps=[],
        ended=batch.checkpoint.closed,
    )
    at = bisect_left(near, record.offset, key=_offset)
    if at < len(near) and near[at].offset == record.offset:
        anchor.before = [anchor.quoted(line) for line in _before(near, at, longest.before)][::-1]
        anchor.grow(near, at + 1, longest.after)
    return anchor


def _before(near: Sequence[NearLine], at: int, most: int) -> Iterator[NearLine]:
    """Up to `most` lines before the one at `at`, the nearest first."""
    offset = near[at].offset
    for number in range(at, max(0, at - most), -1):
        line = near[number - 1]
        if near[number].previous != line.offset or line.offset < offset - REACH:
            return
        yield line


class Growing:
    """The anchors that want more lines, found by the line that they had last."""

    def __init__(self, most: int) -> None:
        """`most`: how many lines behind it an anchor wants."""
        self._most = most
        self._waiting: dict[tuple[str, int], dict[str, Anchor]] = {}

    def add(self, key: str, anchor: Anchor) -> None:
        """From now on `anchor`, known by `key`, is given lines."""
        if len(anchor.after) < self._most and not anchor.ended:
            self._waiting.setdefault((anchor.identity, anchor.last), {})[key] = anchor

    def drop(self, key: str, anchor: Anchor) -> None:
        """No longer."""
        place = anchor.identity, anchor.last
        waiting = self._waiting.get(place)
        if waiting is not None:
            waiting.pop(key, None)
            if not waiting:
                del self._waiting[place]

    def learn(self, batch: Batch) -> list[str]:
        """Give what `batch` brings; the keys of the anchors that have more now."""
        changed: list[str] = []
        if not self._waiting:
            return changed
        identity = batch.checkpoint.identity
        near = () if batch.near is UNSET else batch.near
        for number, line in enumerate(near):
            for key, anchor in self._waiting.pop((identity, line.previous), {}).items():
                anchor.grow(near, number, self._most)
                self.add(key, anchor)
                changed.append(key)
        if batch.checkpoint.closed:
            changed += self._end(identity)
        return changed

    def _end(self, identity: str) -> list[str]:
        """Nothing comes any more from this generation of a file."""
        ended: list[str] = []
        for place in [each for each in self._waiting if each[0] == identity]:
            for key, anchor in self._waiting.pop(place).items():
                anchor.ended = True
                ended.append(key)
        return ended
