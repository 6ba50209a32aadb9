"""When deadlines may take effect again after nothing ran for a while: what was written comes first.

A process may be stopped, a container frozen, a machine sent to sleep; or it is so busy that nobody
has a turn. What took longer than it asked for is no silence of a log: its lines lie unread, and
those who read them have just woken up as well.
"""

from __future__ import annotations

OVERSLEPT_SECONDS = 10.0
"""So much longer than it asked for means that the process was stopped, or the machine asleep."""
CATCHING_BREATH_SECONDS = 5.0
"""How long deadlines wait after that: what was written meanwhile is still to be read."""
NAPPED_SECONDS, GLANCE_SECONDS = 0.1, 0.5
"""The same for what may be a short stop, or no turn in time. Where that goes on, deadlines wait for
half of the time at most."""
MOST_BUSY = 2
"""So many steps of work one behind the other that took long may have been stops, and no more: else
deadlines waited for ever where each commit takes a slow disk seconds, and there is always more."""


class AfterSleep:
    """For one thread, which says each time when it comes back from waiting."""

    def __init__(self) -> None:
        self._came_back_at: float | None = None
        self._busy = 0
        """Steps one behind the other that took long without a wait."""
        self.holds_until = 0.0
        """Steady time up to which no deadline takes effect."""

    def notice(self, now: float, asked: float, *, live: bool) -> float:
        """It is back at steady time `now`, having asked to wait for `asked` seconds.

        For how long nothing ran, where that was long; else 0. Unless it is `live` a moment more is
        what reading a backlog takes, and no deadline takes effect before the end of that.
        """
        before, self._came_back_at = self._came_back_at, now
        asleep = 0.0 if before is None else now - before - asked
        if not asked:
            self._busy = self._busy + 1 if asleep > NAPPED_SECONDS else 0
            if self._busy > MOST_BUSY:
                self._busy = 0
                return 0.0
        if asleep > OVERSLEPT_SECONDS:
            self.holds_until = now + CATCHING_BREATH_SECONDS
            return asleep
        if live and asleep > NAPPED_SECONDS and now >= self.holds_until + GLANCE_SECONDS:
            self.holds_until = now + GLANCE_SECONDS
        return 0.0
