"""The one line that `systemctl status` shows: how many files, how fast, what burns, what is wrong.

For one thread.
"""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.clock import Clock
from logwatch.daemon.figures import Figures
from logwatch.daemon.monitor import Monitor

SHORTEST_SECONDS = 1.0
"""Over less than this no rate is reckoned."""


class StatusLine:
    """Makes it anew each time that it is asked for."""

    def __init__(self, figures: Figures, clock: Clock) -> None:
        self._figures = figures
        self._clock = clock
        self._counted: tuple[float | None, int] = None, 0
        """When lines were last counted, and how many there were."""

    def text(self, monitors: Sequence[Monitor]) -> str:
        """What to tell of these."""
        states = [monitor.tail.state().status for monitor in monitors]
        followed = states.count("following")
        rate, burning = self._rate(), self._figures.burning
        text = f"{followed:,} {'file' if followed == 1 else 'files'}"
        text += "" if rate is None else f", {rate:,} lines/s"
        text += f", {burning:,} firing"
        for status, words in (("denied", "not readable"), ("error", "in error")):
            if status in states:
                text += f", {states.count(status)} {words}"
        if hang := sum(1 for monitor in monitors if monitor.not_answering):
            text += f", {hang} not answering"
        return text

    def _rate(self) -> int | None:
        """Lines a second since this was last asked; None where that was just now, or never."""
        now, lines = self._clock.steady(), self._figures.lines
        since, before = self._counted
        if since is not None and now - since < SHORTEST_SECONDS:
            return None
        self._counted = now, lines
        return None if since is None else round((lines - before) / (now - since))
