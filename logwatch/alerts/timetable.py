"""What is due when: a heap of names, where a new time for a name replaces the old one.

An old entry stays in the heap until it comes up; the heap is made anew where most entries are old.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

_SLACK = 1000


class Timetable:
    """Names and their times, in seconds since the epoch."""

    def __init__(self) -> None:
        self._times: dict[str, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._turn = 0

    def put(self, name: str, time: float, turn: int | None = None) -> int:
        """From now on `name` is due at `time`; the number of this call, or `turn`, of an older one.

        Equal times come in the order of these numbers.
        """
        turn = self._turn + 1 if turn is None else turn
        self._turn = max(turn, self._turn)
        self._times[name] = (time, turn)
        heappush(self._heap, (time, turn, name))
        if len(self._heap) > 2 * len(self._times) + _SLACK:
            self._heap = [(*entry, name) for name, entry in self._times.items()]
            heapify(self._heap)
        return turn

    def drop(self, name: str) -> None:
        """`name` is not due any more."""
        self._times.pop(name, None)

    def time_of(self, name: str) -> float | None:
        """When `name` is due."""
        entry = self._times.get(name)
        return entry[0] if entry else None

    def next(self) -> float | None:
        """The earliest time of all; None without any."""
        heap = self._heap
        while heap and self._times.get(heap[0][2]) != heap[0][:2]:
            heappop(heap)
        return heap[0][0] if heap else None

    def take(self, now: float) -> str | None:
        """The name that was due first, up to `now`; it is due no more."""
        time = self.next()
        if time is None or time > now:
            return None
        name = heappop(self._heap)[2]
        del self._times[name]
        return name
