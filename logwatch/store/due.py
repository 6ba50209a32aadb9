"""What is handed to a sink: messages one by one, or whole segments as they are stored.

A segment is already the JSON lines that a file gets, so that a sink which wants nothing else takes
it in one piece: to cut it into messages and to join them again costs three times what writing them
does. Whoever looks at a single message of such a lot still gets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from logwatch.records import Notification
from logwatch.store.outgoing import parcel_number


class Parcel(NamedTuple):
    """All alerts of one segment, none of which was handed out before."""

    segment: int
    size: int
    body: bytes
    part: int = 0
    since: float | None = None
    """See `Notification.since`."""

    @property
    def name(self) -> int:
        """What names it among all parcels of its sink."""
        return parcel_number(self.segment, self.part)


class Lot(Sequence[Notification]):
    """Whole parcels for one sink, in their order."""

    def __init__(self, parcels: Sequence[Parcel]) -> None:
        self._parcels = parcels
        self._size = sum(parcel.size for parcel in parcels)
        self._made: list[Notification] | None = None

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Notification: ...
    @overload
    def __getitem__(self, index: slice) -> list[Notification]: ...
    def __getitem__(self, index: int | slice) -> Notification | list[Notification]:
        if index == 0 and self._made is None:  # all that is asked for where all goes well
            return next(_cut(self._parcels[0]))
        if self._made is None:
            self._made = [one for parcel in self._parcels for one in _cut(parcel)]
        return self._made[index]

    def json_lines(self) -> bytes:
        """Every message as JSON, each with a newline after it."""
        return b"".join([parcel.body for parcel in self._parcels])

    def taken(self) -> dict[int, int]:
        """Name of each parcel -> how many of it are done with once all this is."""
        return {parcel.name: parcel.size for parcel in self._parcels}


def taken(notifications: Sequence[Notification]) -> dict[int, int]:
    """Name of each parcel -> how many of it are done with once these (in order) are."""
    if isinstance(notifications, Lot):
        return notifications.taken()
    return {one.parcel: one.position for one in notifications if one.parcel}


def alone(notifications: Sequence[Notification]) -> list[int]:
    """Rows of those that waited on their own."""
    if isinstance(notifications, Lot):
        return []
    return [one.row for one in notifications if not one.parcel]


def _cut(parcel: Parcel) -> Iterator[Notification]:
    """Its messages; one that is not asked for is not cut off either."""
    segment, size, body, _, since = parcel
    start, name = 0, parcel.name
    for position in range(size):
        end = body.index(b"\n", start)
        yield Notification(segment + position, body[start:end], 0, name, position + 1, since=since)
        start = end + 1
