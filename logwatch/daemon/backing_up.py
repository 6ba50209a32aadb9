"""Copies the store every hour in which it was written, for the day on which it is damaged.

The copying itself (store/backup.py) is done in a thread of its own, in small pieces, so that it
holds up neither commits nor the stop. What goes wrong is said once, tried again in an hour, and
harms nothing: the copy before it stays. A single run (`--once`) makes one at its end where the last
is older than an hour, without a rest, since nobody is in its way.
"""

from __future__ import annotations

from pathlib import Path
from threading import Event

from logwatch import telemetry
from logwatch.clock import Clock, Moment
from logwatch.daemon.threads import Worker
from logwatch.errors import StoreError
from logwatch.store.backup import Made, back_up, backed_up_at, changed_at

EVERY_SECONDS = 3600.0
FIRST_SECONDS = 60.0
"""After the start there is more important work."""
REST_SECONDS = 0.02
"""After each megabyte; a hundred take three seconds."""

_REMEDY = "make room on the disk of the state folder"


class BackingUp(Worker):
    """The thread that copies the store in `folder`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__("backup", clock=clock, stop=Event())
        self._folder = folder
        self._news = Event()
        self._at_once = False
        self._next = clock.steady() + FIRST_SECONDS
        self._trouble = ""

    @property
    def busy(self) -> bool:
        """Whether it has still to do what `hasten` asked for."""
        return self._at_once and self.is_alive()

    def hasten(self) -> None:
        """Look now whether it is time; callable from any thread, once."""
        self._at_once = True
        self._news.set()

    def end(self) -> None:
        """Stop, also in the middle of a copy."""
        self.stopping.set()
        self._news.set()

    def step(self, now: Moment) -> None:
        """Wait until it is time, and copy."""
        self._news.wait(max(0.0, self._next - now.steady))
        if self.stopping.is_set():
            return
        now = self.clock.moment()
        if self._at_once or now.steady >= self._next:
            self._next = now.steady + self.look(now)
            self._news.clear()
            self._at_once = False

    def look(self, now: Moment) -> float:
        """Copy where it is time; seconds until the next look."""
        made_at = backed_up_at(self._folder)
        if made_at is not None:
            age = now.wall - made_at
            if 0.0 <= age < EVERY_SECONDS:
                return EVERY_SECONDS - age
            if made_at >= changed_at(self._folder):
                return EVERY_SECONDS
        try:
            made: Made | str = back_up(self._folder, at=now.wall, rest=self._rest)
        except (OSError, StoreError) as problem:
            made = str(problem)
        self._say(made)
        return EVERY_SECONDS

    def _rest(self) -> bool:
        return self.stopping.wait(0.0 if self._at_once else REST_SECONDS)

    def _say(self, made: Made | str) -> None:
        if made == "made":
            telemetry.info("store.backed_up", folder=str(self._folder))
            self._trouble = ""
        elif made not in ("stopped", self._trouble):
            telemetry.warning("store.not_backed_up", reason=made, remedy=_REMEDY)
            self._trouble = made
