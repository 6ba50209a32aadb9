"""Requests over the control socket to take the configuration anew, and what became of them.

Who asks gets a ticket at once, and asks again with it until there is a verdict: the socket goes
away with the daemon of before and comes back with the next one, and the tickets outlive both. A
request counts as answered by the first attempt that began to read the files after it came. The
verdicts are kept for the last `MOST_TICKETS` requests. What was asked is done, or refused and
undone, whether anybody asks for the verdict or not.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock, Thread

import msgspec
from msgspec import Struct

from logwatch.clock import Clock
from logwatch.config.changes import Change
from logwatch.config.problems import InvalidConfigError, Problem
from logwatch.daemon.control_wire import Request
from logwatch.errors import LogwatchError

MOST_TICKETS = 64
MOST_PREVIEWS = 4
"""Dry runs at a time; each reads all files."""
SCHEMA = 1


class Asked(Struct, frozen=True, kw_only=True):
    """The arguments: a request, or the ticket of one."""

    dry_run: bool = False
    """Say what would change, and change nothing."""
    ticket: str | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of a request; what `logwatch reload -o json` prints."""

    schema: int = SCHEMA
    accepted: bool
    """Whether the configuration on disk is running now (after a dry run: could be)."""
    dry_run: bool = False
    generation: int = 0
    """Number of the configuration that is running; the first one is 1."""
    seconds: float = 0.0
    """From the reading of the files until the daemon was ready."""
    changes: tuple[Change, ...] = ()
    problem: str = ""
    """Why it was refused: every line that `logwatch check` would print."""
    problems: tuple[Problem, ...] = ()
    """The same for programs, where the mistakes are in files."""


class Answer(Struct, frozen=True, kw_only=True):
    """What comes back."""

    ticket: str | None = None
    """Ask again with it; None where there is nothing to ask for."""
    verdict: Verdict | None = None
    unknown: bool = False
    """This process has not given out such a ticket, or has forgotten it."""
    busy: bool = False
    """Too many dry runs are under way: ask again later."""


class ReloadRequests:
    """Gives out tickets and keeps verdicts; for the control thread and for the one that reloads."""

    def __init__(
        self,
        *,
        wake: Callable[[], None],
        preview: Callable[[], tuple[Change, ...]],
        clock: Clock,
    ) -> None:
        """`wake` has the configuration taken anew; `preview` says what that would change.

        `preview` may raise LogwatchError.
        """
        self._wake = wake
        self._preview = preview
        self._clock = clock
        self._lock = Lock()  # held for a few assignments; takes no other
        self._asked = 0
        self._covered = 0
        self._verdicts: OrderedDict[int, Verdict | None] = OrderedDict()
        """Number of a request -> what became of it."""
        self._previews: set[int] = set()
        """Requests for a dry run that is under way."""
        self.generation = 1
        """Number of the configuration that is running."""
        self._began = clock.steady()

    def verb(self, request: Request) -> Answer:
        """The verb `reload`: see `Asked` and `Answer`. Raises msgspec.ValidationError."""
        asked = msgspec.convert(request.arguments, type=Asked)
        if asked.ticket is not None:
            return self._told(asked.ticket)
        if not asked.dry_run:
            ticket = self._ticket(self._take())
            self._wake()
            return Answer(ticket=ticket)
        with self._lock:
            if len(self._previews) >= MOST_PREVIEWS:
                return Answer(busy=True)
        number = self._take(preview=True)
        Thread(target=self._look, args=(number,), name="reload preview", daemon=True).start()
        return Answer(ticket=self._ticket(number))

    def begin(self) -> None:
        """From now on the files are read, for all who have asked so far."""
        with self._lock:
            self._covered = self._asked
            self._began = self._clock.steady()

    def accept(self, changes: tuple[Change, ...]) -> Verdict:
        """The next configuration is running."""
        with self._lock:
            self.generation += 1
        return self._decide(Verdict(accepted=True, changes=changes))

    def refuse(self, problem: LogwatchError) -> Verdict:
        """The configuration on disk cannot be used; the one before is running."""
        return self._decide(_refusal(problem))

    def _decide(self, verdict: Verdict) -> Verdict:
        verdict = msgspec.structs.replace(
            verdict, generation=self.generation, seconds=self._clock.steady() - self._began
        )
        with self._lock:
            for number, known in self._verdicts.items():
                if known is None and number <= self._covered and number not in self._previews:
                    self._verdicts[number] = verdict
        return verdict

    def _look(self, number: int) -> None:
        began = self._clock.steady()
        try:
            verdict = Verdict(accepted=True, changes=self._preview())
        except LogwatchError as problem:
            verdict = _refusal(problem)
        except Exception as error:  # noqa: BLE001 - the edge of a thread: who asks must hear of it
            verdict = Verdict(accepted=False, problem=f"a fault of logwatch: {error!r}")
        seconds = self._clock.steady() - began
        with self._lock:
            self._previews.discard(number)
            if number in self._verdicts:
                self._verdicts[number] = msgspec.structs.replace(
                    verdict, dry_run=True, generation=self.generation, seconds=seconds
                )

    def _take(self, *, preview: bool = False) -> int:
        with self._lock:
            self._asked += 1
            self._verdicts[self._asked] = None
            if preview:
                self._previews.add(self._asked)
            if len(self._verdicts) > MOST_TICKETS:
                self._verdicts.popitem(last=False)
            return self._asked

    def _told(self, ticket: str) -> Answer:
        pid, _, number = ticket.partition("-")
        with self._lock:
            if pid != str(os.getpid()) or not number.isdecimal():
                return Answer(unknown=True)
            if int(number) not in self._verdicts:
                return Answer(unknown=True)
            verdict = self._verdicts[int(number)]
        return Answer(ticket=ticket) if verdict is None else Answer(verdict=verdict)

    @staticmethod
    def _ticket(number: int) -> str:
        """Other daemons, and this one started anew, give out others."""
        return f"{os.getpid()}-{number}"


def _refusal(problem: LogwatchError) -> Verdict:
    problems = problem.problems if isinstance(problem, InvalidConfigError) else ()
    return Verdict(accepted=False, problem=str(problem), problems=problems)
