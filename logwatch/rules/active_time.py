"""When a silence has lasted too long, where silence counts in active hours only.

A silence that begins outside the active hours counts from their next opening. A deadline outside
them moves to the next opening plus the limit, so that what starts to work at the opening has the
whole limit to be heard of. Where hours are shorter than the limit, so that even this lies outside
of them, the deadline is the opening after it: a whole span of active hours was silent by then.
"""

from __future__ import annotations

import math

from logwatch.schedule import Schedule


class ActiveTime:
    """Deadlines under one schedule; without a schedule all time is active."""

    def __init__(self, schedule: Schedule | None) -> None:
        self._schedule = schedule
        self._closed = (math.inf, -math.inf)
        """Some time that is known to be closed, for openings are costly to find."""

    def deadline(self, since: float, limit: float) -> float:
        """Event time at which a silence since `since` is over `limit`; infinite for never."""
        if self._schedule is None:
            return since + limit
        at = self.opening(since) + limit
        opening = self.opening(at)
        if opening == at:
            return at
        return self.opening(opening + limit)

    def opening(self, time: float) -> float:
        """`time` where that is active, else when the next active hours begin."""
        schedule = self._schedule
        if schedule is None or time == math.inf or schedule.covers(time):
            return time
        begin, end = self._closed
        if not begin <= time < end:
            opening = schedule.next_change(time)
            begin, end = self._closed = time, math.inf if opening is None else opening
        return end
