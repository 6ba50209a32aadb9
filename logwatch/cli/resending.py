"""Dead letters once more: back into the outbox, by the daemon that runs or in the store."""

from __future__ import annotations

from logwatch.cli.looker import Looker
from logwatch.cli.ordering import give_order, refuse_foreign
from logwatch.clock import Clock
from logwatch.config.search import find_config
from logwatch.config.state_place import state_folder
from logwatch.store.forwarding import Again
from logwatch.store.reader import StoreReader

MOST = 100_000
"""More are never kept: as many as messages of the history."""


def send_again(sink: str, alert: str | None, config: str | None, clock: Clock) -> tuple[int, str]:
    """Put dead letters of `sink` back into the outbox: how many, and who sends them when.

    `alert`: only those of the alert whose id begins so. Raises LogwatchError.
    """
    rows = None if alert is None else _rows(sink, alert, config)
    if rows == ():
        return 0, ""
    again = Again(sink, rows)
    place = Looker(config, clock).place()
    if place is not None:
        done = give_order(place, "send-again", again, Again, clock)
        return done.count, "the daemon sends them now"
    state = state_folder(find_config(config))
    refuse_foreign(state, f"send {sink} --dead")
    from logwatch.store.writer import Store  # noqa: PLC0415 - only where no daemon runs

    store = Store(state, today="send")
    try:
        count = store.send_again(sink, rows, clock.wall())
    finally:
        store.close()
    return count, "no daemon runs: the next start sends them"


def _rows(sink: str, alert: str, config: str | None) -> tuple[int, ...]:
    reader = StoreReader(state_folder(find_config(config)))
    try:
        letters = reader.dead_letters(sink, limit=MOST)
        return tuple(each.row for each in letters if each.alert.id.startswith(alert))
    finally:
        reader.close()
