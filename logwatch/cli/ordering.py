"""Has the running daemon do something, and waits until that is in its store."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event
from typing import TypeVar

import msgspec
from msgspec import UNSET

from logwatch.clock import Clock
from logwatch.daemon.control_wire import NoDaemonError, ask
from logwatch.daemon.order_wire import Ordered, Progress
from logwatch.errors import Exit, LogwatchError

PATIENCE_SECONDS = 60.0
"""How long a daemon may take for one order: it may have a backlog to read."""
RETRY_SECONDS = 0.1

_Outcome = TypeVar("_Outcome")


class OrderError(LogwatchError):
    """Raised when the daemon does not do what it is asked to; the text says why."""

    exit = Exit.NO


class NotOwnerError(LogwatchError):
    """Raised when the store is another user's, who could not open what we would write."""

    exit = Exit.NOT_PERMITTED


def give_order(
    place: Path, verb: str, order: object, outcome: type[_Outcome], clock: Clock
) -> _Outcome:
    """What came of `order`, once the daemon at `place` has it in its store.

    Raises OrderError, NoDaemonError, ControlDeniedError, ControlRefusedError.
    """
    until = clock.steady() + PATIENCE_SECONDS
    ordered = Ordered(order=order)
    while True:
        progress = _asked(place, verb, ordered)
        if progress.problem:
            raise OrderError(progress.problem)
        if progress.result is not UNSET:
            return _decoded(bytes(progress.result), outcome, place)
        if clock.steady() >= until:
            raise OrderError(
                f"the daemon has not stored it within {PATIENCE_SECONDS:g} s: it has a backlog, or"
                " no room on its disk (logwatch status); it may still do it"
            )
        if progress.busy:
            Event().wait(RETRY_SECONDS)
        else:
            ordered = Ordered(ticket=progress.ticket)


def refuse_foreign(state: Path, words: str) -> None:
    """Raise NotOwnerError where a store is another user's; `words` are to be typed as that one.

    A store that root writes for a daemon of another user could not be opened by that daemon.
    """
    try:
        owner = state.stat().st_uid
    except OSError:
        return
    if owner != os.geteuid():
        raise NotOwnerError(
            f"{state} belongs to user {owner}, this is user {os.geteuid()}; run it as the user of"
            f" the daemon: sudo -u '#{owner}' logwatch {words}"
        )


def _asked(place: Path, verb: str, ordered: Ordered) -> Progress:
    return _decoded(ask(place, verb, arguments=msgspec.to_builtins(ordered)), Progress, place)


def _decoded(text: bytes, kind: type[_Outcome], place: Path) -> _Outcome:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as problem:
        raise NoDaemonError(f"{place} answers what cannot be read: {problem}") from None
