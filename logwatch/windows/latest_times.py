"""A sliding window of event times that answers "how many in (t - T, t]" and forgets by count.

Only the latest `capacity` times are kept, sorted: to know whether at least N fell into a window
needs no more than the last N. Out-of-order times are put where they belong, so that the answer
depends on the times and not on the order of arrival. Appending in order costs O(1).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort


class LatestTimes:
    """The latest `capacity` event times of one key, in seconds since the epoch."""

    __slots__ = ("_capacity", "_times")

    def __init__(self, capacity: int, stored: bytes = b"") -> None:
        self._capacity = capacity
        self._times = array("d")
        self._times.frombytes(stored)

    def add(self, time: float) -> None:
        """Take one time; the oldest goes when there are more than `capacity`."""
        times = self._times
        if not times or time >= times[-1]:
            times.append(time)
        else:
            insort(times, time)
        # Cutting a chunk at once keeps appending O(1) on average.
        if len(times) > self._capacity + 64:
            del times[: len(times) - self._capacity]

    def forget_after(self, time: float) -> None:
        """The date was set back to `time`."""
        del self._times[bisect_right(self._times, time) :]

    def forget_before(self, time: float) -> None:
        """What was counted before `time` counts no more."""
        del self._times[: bisect_left(self._times, time)]

    def count(self, now: float, window: float) -> int:
        """How many fell into (now - window, now]; exact up to `capacity`."""
        times = self._times
        upper = len(times) if not times or times[-1] <= now else bisect_right(times, now)
        return upper - bisect_right(times, now - window, 0, upper)

    def first_full(self, at: float, number: int, window: float) -> float | None:
        """The earliest time at which a window that `at` has joined holds at least `number`.

        Windows end with one of the times; None where no such window is full. In order it is O(1).
        """
        times = self._times
        place = bisect_right(times, at) - 1 if times and times[-1] > at else len(times) - 1
        for end in range(max(place, number - 1), min(place + number, len(times))):
            if times[end] - window >= at:
                return None
            if times[end] - window < times[end - number + 1]:
                return times[end]
        return None

    def after(self, time: float) -> tuple[float, int]:
        """The first one after `time`, and how many there are from it on. Raises IndexError."""
        times = self._times
        place = bisect_right(times, time)
        return times[place], len(times) - place

    def latest(self, number: int) -> float | None:
        """The `number`-th latest time (1 is the newest), None where there are fewer."""
        return self._times[-number] if number <= len(self._times) else None

    def __len__(self) -> int:
        return len(self._times)

    def dump(self) -> bytes:
        """The times as bytes, for `stored`: all, so that a count after a restart is the same."""
        return self._times.tobytes()
