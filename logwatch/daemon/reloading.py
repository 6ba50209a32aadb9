"""The next configuration, got ready in a thread of its own while the present one runs on.

Reading and checking it and compiling its patterns can take seconds, in which files are to be
followed. Whoever asks again meanwhile gets what the files say then: the attempt under way is
finished and thrown away. An attempt cannot be interrupted, and need not be: its thread does not
hold up the exit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from logwatch import telemetry
from logwatch.daemon.threads import start_deep
from logwatch.errors import LogwatchError

_T = TypeVar("_T")


class NotStartedError(Exception):
    """A daemon could not be started, for the reason that is its cause."""


class Reloads(Protocol):
    """What the supervisor asks for at SIGHUP, and then looks at until there is an answer."""

    def ask(self) -> None:
        """Get the next configuration ready."""
        ...

    @property
    def under_way(self) -> bool:
        """Whether there will be an answer."""
        ...

    def answer(self) -> bool | None:
        """Once: True where there is something to go on with, False where not. None: no news."""
        ...

    def in_force(self) -> None:
        """A daemon is ready: the one asked for, or where that cannot run the one before."""
        ...

    @property
    def can_go_back(self) -> bool:
        """Whether there is one before, and the present one has not been ready yet."""
        ...


class NoReloads:
    """For those who have no file to read again."""

    under_way = False
    can_go_back = False

    def ask(self) -> None:
        """See `Reloads.ask`."""

    def answer(self) -> bool | None:
        """See `Reloads.answer`."""
        return None

    def in_force(self) -> None:
        """See `Reloads.in_force`."""


class Reloading(Generic[_T]):
    """Calls `prepare` in a thread at each request; what it raises is given to `refuse`.

    `ask` and `answer` belong to one thread. `refuse` is called by that one too.
    """

    can_go_back = False
    """See `Reloads.can_go_back`; set by whoever assembles daemons."""

    def __init__(
        self,
        prepare: Callable[[], _T],
        refuse: Callable[[LogwatchError], None],
        in_force: Callable[[], None] = lambda: None,
    ) -> None:
        """`in_force` is called whenever a daemon is ready, the first one too."""
        self._prepare = prepare
        self._refuse = refuse
        self._in_force = in_force
        self._attempt: _Attempt[_T] | None = None
        self._again = False
        self._ready: _T | None = None

    def take(self) -> _T | None:
        """What was got ready, once."""
        ready, self._ready = self._ready, None
        return ready

    def ask(self) -> None:
        """See `Reloads.ask`."""
        if self._attempt is None:
            self._attempt = _start(_Attempt(self._prepare))
        else:
            self._again = True

    @property
    def under_way(self) -> bool:
        """See `Reloads.under_way`."""
        return self._attempt is not None

    def in_force(self) -> None:
        """See `Reloads.in_force`."""
        self._in_force()

    def answer(self) -> bool | None:
        """See `Reloads.answer`."""
        attempt = self._attempt
        if attempt is None or not attempt.done.is_set():
            return None
        self._attempt = None
        if self._again:
            self._again = False
            self.ask()
            return None
        if attempt.problem is not None:
            self._refuse(attempt.problem)
            return False
        self._ready = attempt.result
        return True


class _Attempt(Generic[_T]):
    """One call of `prepare`."""

    def __init__(self, prepare: Callable[[], _T]) -> None:
        self._prepare = prepare
        self.result: _T | None = None
        self.problem: LogwatchError | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self.result = self._prepare()
        except LogwatchError as problem:
            self.problem = problem
        except Exception as error:  # noqa: BLE001 - the edge of a thread: the daemon must go on
            telemetry.error("config.reload_failed", exc_info=True)
            self.problem = LogwatchError(f"{type(error).__name__}: {error}")
        finally:
            self.done.set()


def _start(attempt: _Attempt[_T]) -> _Attempt[_T]:
    start_deep(threading.Thread(target=attempt.run, name="reload", daemon=True))
    return attempt
