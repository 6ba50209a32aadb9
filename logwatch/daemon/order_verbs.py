"""The orders there are: to learn, to silence, to send dead letters again.

Each function reads an order off the control socket, refuses one that cannot be carried out, and
gives back what the consumer does with it: see orders.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from logwatch import telemetry
from logwatch.alerts.silence_orders import NewSilence, SilenceOrder
from logwatch.alerts.silences import Silence
from logwatch.clock import Moment
from logwatch.daemon.control_wire import Request
from logwatch.daemon.intake import CarryOut
from logwatch.daemon.silencing import author_of, is_own, where_of
from logwatch.pipeline import Pipeline
from logwatch.records import Alert
from logwatch.rules.instructions import Instruction, Taught
from logwatch.store.writer import Again, Store


def learn(order: Any, _request: Request) -> CarryOut:
    """An `Instruction`; the outcome is what was `Taught`. Raises msgspec.ValidationError."""
    instruction = msgspec.convert(order, type=Instruction)

    def carry_out(pipeline: Pipeline, _store: Store, now: Moment) -> Taught:
        taught = pipeline.teach(instruction, now)
        telemetry.info("rules.taught", rule=instruction.rule, new=taught.new, known=taught.known)
        return taught

    return carry_out


def silence(order: Any, request: Request) -> CarryOut:
    """A `SilenceOrder`; the outcome is the `Silence`. Raises msgspec.ValidationError, SilenceError.

    Who gave it is whoever the kernel says is at the other end.
    """
    wanted = msgspec.convert(order, type=SilenceOrder)
    where = where_of(wanted)
    author = author_of(request.user, wanted.on_behalf_of)

    def carry_out(pipeline: Pipeline, store: Store, now: Moment) -> Silence:
        done = pipeline.silence(wanted, where, author, _burning(pipeline, store, wanted), now)
        note(done)
        return done

    return carry_out


def send_again(order: Any, _request: Request) -> CarryOut:
    """An `Again`; the outcome is the same with its count. Raises msgspec.ValidationError."""
    again = msgspec.convert(order, type=Again)

    def carry_out(pipeline: Pipeline, _store: Store, _now: Moment) -> Again:
        pipeline.pending.again.append(again)
        return again

    return carry_out


def note(done: Silence) -> None:
    """Log that a silence was made or ended."""
    if done.ended is None:
        telemetry.info("silence.made", number=done.number, by=done.author, comment=done.comment)
    else:
        telemetry.info("silence.ended", number=done.number, by=done.ended_by, hid=done.hid)


def _burning(pipeline: Pipeline, store: Store, order: SilenceOrder) -> Iterable[Alert]:
    """Newest messages of the open episodes, those included that are not committed yet."""
    if not (isinstance(order, NewSilence) and order.until_resolved):
        return ()
    found = {each.alert.id: each.alert for each in store.burning() if is_own(each.alert)}
    for one in pipeline.pending.alerts:
        if one.burns and is_own(one.alert):
            found[one.alert.id] = one.alert
        elif one.alert.status == "resolved":
            found.pop(one.alert.id, None)
    return found.values()
