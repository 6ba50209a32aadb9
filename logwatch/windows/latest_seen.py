"""Distinct strings kept one by one, each with its latest time."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from logwatch.windows.adaptive import dead_entries

_SEARCHED = 16
"""Up to so many values are searched one by one: a dictionary would be larger than they are."""


class LatestSeen:
    """Distinct values with the latest time of each, sorted by time and then by value."""

    __slots__ = ("_when", "times", "values")

    def __init__(self) -> None:
        self.times = array("d")
        self.values: list[str] = []
        self._when: dict[str, float] | None = None

    def add(self, time: float, item: str, window: float) -> None:
        """Take a value; see `Exact.add`."""
        times, values = self.times, self.values
        if dead := dead_entries(times, time, window):
            self._forget(dead)
        known = self._where(item)
        if known is not None:
            if times[known] >= time:
                return
            del times[known], values[known]
        if not times or time > times[-1]:
            times.append(time)
            values.append(item)
        else:
            first = bisect_left(times, time)
            place = bisect_right(values, item, first, bisect_right(times, time, first))
            times.insert(place, time)
            values.insert(place, item)
        if self._when is not None:
            self._when[item] = time
        elif len(values) > _SEARCHED:
            self._when = dict(zip(values, times, strict=True))

    def entries(self) -> Iterable[tuple[float, str]]:
        """Every value with its latest time."""
        return zip(self.times, self.values, strict=True)

    @classmethod
    def restored(cls, times: list[float], values: list[str]) -> LatestSeen:
        """As it was when these were taken from it."""
        seen = cls()
        seen.times.extend(times)
        seen.values = values
        if len(values) > _SEARCHED:
            seen._when = dict(zip(values, times, strict=True))
        return seen

    def _forget(self, number: int) -> None:
        when = self._when
        if when is not None:
            if len(self.values) - number > _SEARCHED:
                for value in self.values[:number]:
                    del when[value]
            else:
                self._when = None
        del self.times[:number], self.values[:number]

    def _where(self, value: str) -> int | None:
        values = self.values
        if self._when is None:
            return values.index(value) if value in values else None
        time = self._when.get(value)
        if time is None:
            return None
        first = bisect_left(self.times, time)
        return bisect_left(values, value, first, bisect_right(self.times, time, first))
