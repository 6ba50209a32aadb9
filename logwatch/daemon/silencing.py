"""A silence that is ordered: what it may say, who gave it, and which alerts can end it.

For the daemon, and for the command that writes the store where no daemon runs: it loads nothing
that reads logs.
"""

from __future__ import annotations

import pwd

from msgspec import UNSET

from logwatch.alerts.conditions import parse_matcher
from logwatch.alerts.silence_orders import EndSilence, SilenceOrder
from logwatch.alerts.silences import SilenceError
from logwatch.conditions import ConditionError, Where
from logwatch.matching.pattern import PatternError, risk
from logwatch.records import Alert

ROOT = 0
LATEST = 253_402_300_800.0
"""The end of the year 9999: RFC 3339 has no later one."""


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


def is_own(alert: Alert) -> bool:
    """Whether it is an alert, and not a message about several."""
    return alert.group is UNSET


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
