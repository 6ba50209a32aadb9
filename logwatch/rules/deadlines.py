"""When something must be done about a key: one deadline a key, the earliest first.

A heap cannot change an entry, so a deadline that moves leaves its old entry behind. Those go when
they come up, or all at once when they outnumber the keys: memory is bounded by the number of keys
and not by the number of records.
"""

from __future__ import annotations

import heapq

_SPARE = 64
"""Old entries that are not worth the trouble."""


class Deadlines:
    """Key -> deadline, in seconds of whichever clock its owner uses."""

    def __init__(self) -> None:
        self._by_key: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self.at = self._by_key.get
        """The deadline of a key, None where it has none; asked for at each line."""

    def put(self, key: str, at: float) -> None:
        """From now on the deadline of `key` is `at`."""
        self._by_key[key] = at
        heapq.heappush(self._heap, (at, key))
        if len(self._heap) > 2 * len(self._by_key) + _SPARE:
            self._heap = [(at, key) for key, at in self._by_key.items()]
            heapq.heapify(self._heap)

    def drop(self, key: str) -> None:
        """`key` has no deadline any more."""
        self._by_key.pop(key, None)

    def first(self) -> float | None:
        """The earliest deadline, None where there is none."""
        heap, by_key = self._heap, self._by_key
        while heap:
            at, key = heap[0]
            if by_key.get(key) == at:
                return at
            heapq.heappop(heap)
        return None

    def pop(self, now: float) -> str | None:
        """A key whose deadline is `now` or was before; it has none from then on."""
        first = self.first()
        if first is None or first > now:
            return None
        _, key = heapq.heappop(self._heap)
        del self._by_key[key]
        return key

    def __len__(self) -> int:
        return len(self._heap)
