"""Where a rule keeps what it learned: with the daemon that runs, else in the store.

A daemon owns its store, so it is asked over the control socket, piece by piece. Where none runs the
store is opened as the daemon would open it, so that none can start meanwhile, and everything is
written in one transaction. A trial reads what is stored and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec.structs import replace

from logwatch.cli.looker import Looker
from logwatch.cli.ordering import give_order, refuse_foreign
from logwatch.clock import Clock
from logwatch.config.model import Config
from logwatch.daemon.control_wire import LONGEST_REQUEST
from logwatch.errors import Exit, LogwatchError, StoreDeniedError, StoreError
from logwatch.records import StateChange
from logwatch.rules import fingerprint, make_rule
from logwatch.rules.base import Rule, RuleSettings
from logwatch.rules.instructions import Instruction, Lesson, Taught
from logwatch.rules.lessons import FIRST_NEW, teach
from logwatch.store.reader import StoreReader
from logwatch.store.transaction import Transaction

PIECE_BYTES = LONGEST_REQUEST * 3 // 4


class LearningError(LogwatchError):
    """Raised when the daemon does not learn; the text says why and what to do."""

    exit = Exit.NO


class Memory(Protocol):
    """What one rule remembers, wherever that is."""

    kept_by: str
    """Who has it afterwards, in words."""

    def teach(self, instruction: Instruction) -> Taught:
        """Carry out all of it. Raises LogwatchError."""
        ...


class TrialMemory:
    """What is stored, as it would be afterwards."""

    kept_by = "nothing was written (--dry-run)"

    def __init__(self, config: Config, settings: RuleSettings, clock: Clock) -> None:
        self._clock = clock
        self._rule = _restored(settings, _stored(config.state, settings))

    def teach(self, instruction: Instruction) -> Taught:
        """See `Memory.teach`."""
        return teach(self._rule, instruction, self._clock.wall())


class StoreMemory:
    """The store, where no daemon runs."""

    def __init__(self, config: Config, settings: RuleSettings, clock: Clock) -> None:
        self._state = config.state
        self._settings = settings
        self._clock = clock
        self.kept_by = f"written to {config.state}; no daemon runs on it now"

    def teach(self, instruction: Instruction) -> Taught:
        """See `Memory.teach`. Raises StoreError."""
        refuse_foreign(self._state, "learn ...")
        settings = self._settings
        from logwatch.store.writer import Store  # noqa: PLC0415 - only where no daemon runs

        store = Store(self._state, today="learn")
        clean = False
        try:
            rule = _restored(settings, store.adopt_rule(settings.name, fingerprint(settings)))
            taught = teach(rule, instruction, self._clock.wall())
            states = {(change.rule, change.key): change for change in rule.changes()}
            store.commit(Transaction(states=states), now=self._clock.wall())
            clean = True
        finally:
            store.close(clean=clean)
        return taught


class DaemonMemory:
    """The daemon that listens at a control socket."""

    def __init__(self, place: Path, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self.kept_by = f"the daemon at {place} knows it now, and has it in its store"

    def teach(self, instruction: Instruction) -> Taught:
        """See `Memory.teach`. Raises what `give_order` does, and LearningError."""
        return _joined([self._piece(piece) for piece in pieces(instruction)])

    def _piece(self, instruction: Instruction) -> Taught:
        taught = give_order(self._place, "learn", instruction, Taught, self._clock)
        if taught.problem:
            raise LearningError(f"the daemon learned nothing: {taught.problem}")
        return taught


def memory_of(config: Config, settings: RuleSettings, clock: Clock, *, dry_run: bool) -> Memory:
    """Where the rule keeps what it learned now. Raises StoreError, ControlDeniedError."""
    if dry_run:
        return TrialMemory(config, settings, clock)
    place = Looker(str(config.files[0]), clock).place()
    if place is not None:
        return DaemonMemory(place, clock)
    return StoreMemory(config, settings, clock)


def pieces(instruction: Instruction, most: int = PIECE_BYTES) -> Iterator[Instruction]:
    """The same in pieces of about `most` bytes, each short enough for one request."""
    bare = replace(instruction, lessons=())
    piece: list[Lesson] = []
    size = 0
    for lesson in instruction.lessons:
        added = len(msgspec.json.encode(lesson)) + 1
        if piece and size + added > most:
            yield replace(bare, lessons=tuple(piece), accept=None, forget=None)
            piece, size = [], 0
        piece.append(lesson)
        size += added
    yield replace(bare, lessons=tuple(piece))


def _joined(taught: Sequence[Taught]) -> Taught:
    return replace(
        taught[-1],
        known_before=taught[0].known_before,
        new=sum(each.new for each in taught),
        first_new=tuple(words for each in taught for words in each.first_new)[:FIRST_NEW],
    )


def _restored(settings: RuleSettings, states: Sequence[StateChange]) -> Rule:
    """The rule with what it remembers; a state that cannot be read is left out, as `run` does."""
    rule = make_rule(settings, host="")
    for state in states:
        _restore_if_sound(rule.restore, state)
    return rule


def _restore_if_sound(restore: Callable[[StateChange], None], state: StateChange) -> None:
    try:
        restore(state)
    except (ValueError, msgspec.DecodeError):
        return


def _stored(state: Path, settings: RuleSettings) -> Sequence[StateChange]:
    try:
        reader = StoreReader(state)
    except StoreDeniedError:
        raise
    except StoreError:
        return ()  # there is no store yet
    try:
        return reader.states(settings.name, fingerprint(settings))
    finally:
        reader.close()
