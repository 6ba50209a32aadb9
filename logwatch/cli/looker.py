"""Finds the running daemon of a configuration and asks it how it is.

Several daemons may run on one machine, and a configuration may be broken by the editor that has it
open: the one that is asked is the one with this store, or with this file. Where none answers, the
store tells when one was last seen and what waits in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import msgspec
from msgspec import Struct

from logwatch.clock import Clock
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.daemon.control_wire import (
    ControlDeniedError,
    NoDaemonError,
    ask,
    client_places,
)
from logwatch.daemon.health import SCHEMA, Status
from logwatch.errors import (
    ConfigError,
    LogwatchError,
    StoreDeniedError,
    StoreError,
    StoreTooNewError,
)
from logwatch.stamps import rfc3339
from logwatch.store.last_seen import last_seen, owner
from logwatch.store.reader import StoreReader

PATIENCE_SECONDS = 2.0
"""How long a daemon that has its store and does not answer, while it reloads say, is waited for."""
RETRY_SECONDS = 0.05
ANSWER_SECONDS = 5.0


class LaterVersionError(LogwatchError):
    """Raised when a daemon answers and its answer cannot be read."""


class WaitingSink(Struct, frozen=True, kw_only=True):
    """What lies in the store for one sink."""

    name: str
    waiting: int
    given_up: int


class Absence(Struct, frozen=True, kw_only=True):
    """What is known of a daemon that does not answer; `running` tells it from a `Status`."""

    schema: int = SCHEMA
    running: bool = False
    well: bool = False
    state: str
    """Folder of the store."""
    pid: int | None = None
    """The process that has the store all the same: it starts, reloads, stops, or hangs."""
    last_seen: str | None = None
    """When the store was last written, None where there is none."""
    ended_in_order: bool | None = None
    sinks: tuple[WaitingSink, ...] = ()
    """What goes out with the next start."""


Answer = tuple[Status, bytes] | tuple[Absence, bytes]
"""What is known, and the same as JSON."""


class Looker:
    """Finds the daemon of one configuration, and asks it."""

    def __init__(self, config: str | None, clock: Clock) -> None:
        """Raises ConfigError where there is no configuration."""
        self._config = find_config(config)
        self._clock = clock
        self._broken: ConfigError | None = None
        self._state: Path | None = None
        try:
            self._state = state_folder(self._config)
        except ConfigError as problem:
            # One that was broken by an editor must not hide the daemon that runs.
            self._broken = problem

    def look(self) -> Answer:
        """What the daemon says, else what is known of it.

        Raises ControlDeniedError, StoreDeniedError, StoreTooNewError, ControlRefusedError;
        ConfigError where the configuration is broken and so nobody knows where to look for its
        store.
        """
        until = self._clock.steady() + PATIENCE_SECONDS
        while True:
            found = self._asked()
            if found is not None:
                return found
            if self._state is None:
                assert self._broken is not None
                raise self._broken
            pid = owner(self._state)
            if pid is None or self._clock.steady() >= until:
                absence = _absence(self._state, pid)
                return absence, msgspec.json.encode(absence)
            Event().wait(RETRY_SECONDS)

    def place(self) -> Path | None:
        """The socket of the daemon of this configuration; None where none answers.

        Raises ControlDeniedError, ControlRefusedError.
        """
        found = self._found()
        return None if found is None else found[0]

    def _asked(self) -> tuple[Status, bytes] | None:
        found = self._found()
        return None if found is None else found[1:]

    def _found(self) -> tuple[Path, Status, bytes] | None:
        denied: ControlDeniedError | None = None
        for place in client_places(self._state):
            try:
                text = ask(place, "status", seconds=ANSWER_SECONDS)
            except NoDaemonError:
                continue
            except ControlDeniedError as problem:
                denied = denied or problem
                continue
            status = _decoded(text, place)
            if self._is_ours(status):
                return place, status, text
        if denied is not None:
            raise denied
        return None

    def _is_ours(self, status: Status) -> bool:
        """Whether this is the daemon of our configuration, and not another's on this machine."""
        main = status.config.files[:1]
        same_store = self._state is not None and _same(status.config.state, self._state)
        return same_store or any(_same(each, self._config) for each in main)


def _decoded(text: bytes, place: Path) -> Status:
    try:
        return msgspec.json.decode(text, type=Status)
    except msgspec.DecodeError as problem:
        raise LaterVersionError(
            f"the daemon at {place} is of a later version, and says what this one cannot read"
            f" ({problem}); use the command that came with it"
        ) from problem


def _same(one: str, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _absence(state: Path, pid: int | None) -> Absence:
    try:
        seen = last_seen(state)
        sinks = () if seen is None else _waiting(state)
    except (StoreDeniedError, StoreTooNewError):
        raise
    except StoreError:
        return Absence(state=str(state), pid=pid)
    return Absence(
        state=str(state),
        pid=pid,
        last_seen=None if seen is None else rfc3339(seen.at),
        ended_in_order=None if seen is None or pid is not None else seen.in_order,
        sinks=sinks,
    )


def _waiting(state: Path) -> tuple[WaitingSink, ...]:
    reader = StoreReader(state)
    try:
        return tuple(
            WaitingSink(name=each.sink, waiting=each.waiting, given_up=each.dead)
            for each in reader.waiting()
        )
    finally:
        reader.close()
