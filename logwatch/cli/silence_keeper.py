"""Who keeps the silences: the daemon that runs, else the store, which is written under its lock."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import msgspec

from logwatch import telemetry
from logwatch.alerts.silence_orders import SilenceOrder, obey
from logwatch.alerts.silences import NAME, Silence, SilenceError, Silences
from logwatch.cli.looker import Looker
from logwatch.cli.ordering import OrderError, give_order, refuse_foreign
from logwatch.clock import Clock, Moment
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.daemon.silencing import author_of, is_own, where_of
from logwatch.matching.searches import guarded_search
from logwatch.store.reader import StoreReader
from logwatch.store.transaction import Transaction


class Keeper(Protocol):
    """Keeps silences, wherever that is."""

    note: str
    """What is to be known beside; empty where they are in force at once."""

    def obey(self, order: SilenceOrder) -> Silence:
        """Make one, or end one; it is stored when this returns. Raises LogwatchError."""
        ...


class DaemonKeeper:
    """The daemon that listens at a control socket."""

    note = ""

    def __init__(self, place: Path, clock: Clock) -> None:
        self._place = place
        self._clock = clock

    def obey(self, order: SilenceOrder) -> Silence:
        """See `Keeper.obey`. Raises what `give_order` does."""
        return give_order(self._place, "silence", order, Silence, self._clock)


class StoreKeeper:
    """The store, where no daemon runs."""

    note = "no daemon runs now: it is in the store, and the next start obeys it"

    def __init__(self, state: Path, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def obey(self, order: SilenceOrder) -> Silence:
        """See `Keeper.obey`. Raises StoreError, NotOwnerError, OrderError."""
        from logwatch.store.writer import Store  # noqa: PLC0415 - only where no daemon runs

        where = where_of(order)
        refuse_foreign(self._state, "silence ...")
        now = self._clock.moment()
        store = Store(self._state, today="silence")
        clean = False
        try:
            reader = StoreReader(self._state)
            try:
                silences = stored_silences(reader, now)
            finally:
                reader.close()
            author = author_of(os.geteuid(), order.on_behalf_of)
            burning = [each.alert for each in store.burning() if is_own(each.alert)]
            done = obey(silences, order, where, author=author, burning=burning, now=now)
            states = {(change.rule, change.key): change for change in silences.changes()}
            store.commit(Transaction(states=states), now=now.wall)
            clean = True
        except SilenceError as problem:
            clean = True
            raise OrderError(str(problem)) from None
        finally:
            store.close(clean=clean)
        return done


def keeper_of(config: str | None, clock: Clock) -> Keeper:
    """Who keeps them now. Raises ConfigError, ControlDeniedError, ControlRefusedError."""
    place = Looker(config, clock).place()
    if place is not None:
        return DaemonKeeper(place, clock)
    return StoreKeeper(state_folder(find_config(config)), clock)


def stored_silences(reader: StoreReader, now: Moment) -> Silences:
    """The silences of a store, as a daemon that starts now would have them."""
    silences = Silences(guarded_search)
    for state in reader.states(NAME, ""):
        try:
            silences.restore(state)
        except (ValueError, msgspec.DecodeError) as problem:  # another version wrote it
            telemetry.warning("silence.not_read", key=state.key, reason=repr(problem))
    silences.begin({each.id for each in reader.burning()}, now)
    return silences
