"""The verb `learn` of the control socket: hands what a rule is to learn to the consumer.

The consumer alone changes what rules know, between batches, and what was learned is in the store
before anybody hears that it is. The control thread waits for that a moment only: who asked gets a
ticket, and asks again with it. Of tickets that nobody asks for any more the oldest are forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import count

import msgspec
from msgspec import Struct

from logwatch import telemetry
from logwatch.daemon.control_wire import Request
from logwatch.daemon.intake import Intake, Teaching
from logwatch.rules.instructions import Instruction, Taught

WAIT_SECONDS = 0.25
MOST_TICKETS = 64


class Lecture(Struct, frozen=True, kw_only=True):
    """The arguments of `learn`: something to learn, or the ticket of what is being learned."""

    instruction: Instruction | None = None
    ticket: int | None = None


class Progress(Struct, frozen=True, kw_only=True):
    """The answer of `learn`."""

    ticket: int | None = None
    """Ask again with it; None where there is nothing to ask for."""
    taught: Taught | None = None
    """What became of it; None: it is not in the store yet."""
    busy: bool = False
    """There is no room for it now: send it again."""


class Teacher:
    """Called by the control thread only."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._tickets: OrderedDict[int, Teaching] = OrderedDict()
        self._numbers = count(1)

    def learn(self, request: Request) -> Progress:
        """See `Lecture` and `Progress`."""
        try:
            lecture = msgspec.convert(request.arguments, type=Lecture)
        except msgspec.ValidationError as problem:
            return _refused(f"this cannot be learned: {problem}")
        if lecture.instruction is not None:
            teaching = Teaching(lecture.instruction)
            if not self._intake.tell(teaching):
                return Progress(busy=True)
            return self._progress(self._keep(teaching), teaching)
        ticket = lecture.ticket or 0
        if ticket not in self._tickets:
            return _refused("nobody knows any more what became of it; learn it again")
        return self._progress(ticket, self._tickets[ticket])

    def _keep(self, teaching: Teaching) -> int:
        ticket = next(self._numbers)
        self._tickets[ticket] = teaching
        if len(self._tickets) > MOST_TICKETS:
            self._tickets.popitem(last=False)
        return ticket

    def _progress(self, ticket: int, teaching: Teaching) -> Progress:
        if not teaching.committed.wait(WAIT_SECONDS):
            return Progress(ticket=ticket)
        del self._tickets[ticket]
        taught, rule = teaching.taught[0], teaching.instruction.rule
        telemetry.info("rules.taught", rule=rule, new=taught.new, known=taught.known)
        return Progress(taught=taught)


def _refused(problem: str) -> Progress:
    return Progress(taught=Taught(problem=problem))
