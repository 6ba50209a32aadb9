"""The orders there are: to learn, to silence, to send dead letters again.

Each function reads an order off the control socket, refuses one that cannot be carried out, and
gives back what the consumer does with it: see orders.py.
"""

from __future__ import annotations

import pwd
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from logwatch import telemetry
from logwatch.alerts.conditions import parse_matcher
from logwatch.alerts.silence_orders import EndSilence, NewSilence, SilenceOrder
from logwatch.alerts.silences import Silence, SilenceError
from logwatch.clock import Moment
from logwatch.conditions import ConditionError, Where
from logwatch.daemon.control_wire import Request
from logwatch.daemon.intake import CarryOut
from logwatch.matching.pattern import PatternError, risk
from logwatch.pipeline import Pipeline
from logwatch.records import Alert
from logwatch.rules.instructions import Instruction, Taught
from logwatch.store.writer import Again, Store

ROOT = 0
LATEST = 253_402_300_800.0
"""The end of the year 9999: RFC 3339 has no later one."""


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


def where_of(order: SilenceOrder) -> Where:
    """The conditions of a new silence. Raises SilenceError where it cannot be."""
    if isinstance(order, EndSilence):
        return ()
    if order.until is not None and not order.until < LATEST:
        raise SilenceError("its end lies beyond what a calendar has")
    try:
        where = tuple(parse_matcher(text) for text in order.matchers)
    except ConditionError as problem:
        raise SilenceError(f"{problem.message}; {problem.remedy}") from None
    for test in (test for condition in where for test in condition.tests):
        if test.operator in ("~", "!~"):
            _refuse_pattern(test.operand)
    return where


def author_of(user: int, on_behalf_of: str) -> str:
    """Name of the user with this number; root may name somebody for whom it acts."""
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = f"user {user}"
    return f"{on_behalf_of} ({name})" if on_behalf_of and user == ROOT else name


def note(done: Silence) -> None:
    """Log that a silence was made or ended."""
    if done.ended is None:
        telemetry.info("silence.made", number=done.number, by=done.author, comment=done.comment)
    else:
        telemetry.info("silence.ended", number=done.number, by=done.ended_by, hid=done.hid)


def _refuse_pattern(pattern: str) -> None:
    """Raises SilenceError where `pattern` is none, or could hold up the consumer."""
    try:
        reason = risk(pattern)
    except PatternError as problem:
        remedy = "write a \\ before a character that stands for itself, or = and * for any text"
        raise SilenceError(
            f"{pattern[:60]!r} is no regular expression: {problem}; {remedy}"
        ) from None
    if reason:
        raise SilenceError(f"{pattern[:60]!r} can take very long: {reason}")


def is_own(alert: Alert) -> bool:
    """Whether it is an alert, and not a message about several."""
    return alert.group is UNSET


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
