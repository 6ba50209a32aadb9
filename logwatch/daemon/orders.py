"""Orders: what commands have the running daemon do, and how they hear that it is done.

The consumer alone changes what rules know and what is silenced. It carries out an order between
batches, and what that brought about is in the store before anybody hears of it. The control thread
waits for that a moment only: who asked gets a ticket, and asks again with it. Of tickets that
nobody asks for any more the oldest are forgotten; what was ordered is done all the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from msgspec import Raw

from logwatch.daemon.control_wire import Request
from logwatch.daemon.intake import CarryOut, Intake, Order
from logwatch.daemon.order_wire import Ordered, Progress
from logwatch.errors import LogwatchError

WAIT_SECONDS = 0.25
MOST_TICKETS = 64


class Orders:
    """Takes orders and remembers them until they are done; called by the control thread only."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._tickets: OrderedDict[int, Order] = OrderedDict()
        self._numbers = count(1)

    def verb(self, read: Callable[[Any, Request], CarryOut]) -> Callable[[Request], Progress]:
        """A verb of the control socket: see `Ordered` and `Progress`.

        `read` makes of an order what the consumer does. It may raise msgspec.ValidationError and
        LogwatchError where that cannot be done.
        """

        def take(request: Request) -> Progress:
            try:
                ordered = msgspec.convert(request.arguments, type=Ordered)
                if ordered.order is None:
                    return self._asked_again(ordered.ticket)
                order = Order(read(ordered.order, request))
            except (msgspec.ValidationError, LogwatchError) as problem:
                return Progress(problem=str(problem))
            if not self._intake.tell(order):
                return Progress(busy=True)
            return self._progress(self._keep(order), order)

        return take

    def _keep(self, order: Order) -> int:
        ticket = next(self._numbers)
        self._tickets[ticket] = order
        if len(self._tickets) > MOST_TICKETS:
            self._tickets.popitem(last=False)
        return ticket

    def _asked_again(self, ticket: int | None) -> Progress:
        order = self._tickets.get(ticket or 0)
        if ticket is None or order is None:
            problem = "nobody knows any more what became of it: look whether it was done"
            return Progress(problem=problem)
        return self._progress(ticket, order)

    def _progress(self, ticket: int, order: Order) -> Progress:
        if not order.committed.wait(WAIT_SECONDS):
            return Progress(ticket=ticket)
        del self._tickets[ticket]
        outcome = order.outcome[0]
        if isinstance(outcome, LogwatchError):
            return Progress(problem=str(outcome))
        return Progress(result=Raw(msgspec.json.encode(outcome)))
