"""`-m -x -l --where`: which lines are shown, in the words of a rule.

The flags are the selector of a rule, and what finds lines is the daemon's own reading: what is
shown here is what `--to` alerts on and what the rule of `--as-rule` takes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from logwatch.conditions import Condition, ConditionError, parse_test
from logwatch.errors import UsageError

_CONDITION = re.compile(r"\s*([\w@.-]+)\s*([=!<>~]+)?\s*(.*?)\s*", re.DOTALL)


class Wanted(NamedTuple):
    """The selector of a rule: `match`, `unless`, `where`."""

    match: tuple[str, ...]
    """Any of these patterns; none: every line."""
    unless: tuple[str, ...]
    where: tuple[Condition, ...]
    shown: tuple[str, ...] = ()
    """The patterns as they were written."""


def wanted_by(
    match: Sequence[str], exclude: Sequence[str], level: str | None, where: Sequence[str]
) -> Wanted | None:
    """What the flags stand for; None where they take every line.

    Raises UsageError where one of them cannot be meant.
    """
    if not (match or exclude or level or where):
        return None
    conditions = tuple(map(_condition, where))
    patterns = tuple(match)
    for pattern in (*patterns, *exclude):
        _check(pattern)
    if level is not None:
        patterns = _with_level(patterns, level)
    for one in conditions:
        for test in one.tests:
            if test.operator in ("~", "!~"):
                _check(test.operand)
    return Wanted(patterns, tuple(exclude), conditions, tuple(match))


def _check(pattern: str) -> None:
    from logwatch.matching.pattern import PatternError, compile_pattern  # noqa: PLC0415 - as above

    try:
        compile_pattern(pattern)
    except PatternError as problem:
        raise UsageError(f"bad pattern {pattern!r}: {problem.message}") from None


def _with_level(patterns: tuple[str, ...], level: str) -> tuple[str, ...]:
    from logwatch.cli.tail_colors import LEVELS, worse_than  # noqa: PLC0415 - as above

    try:
        levels = worse_than(level)
    except KeyError:
        raise UsageError(f"-l: {level!r} is no level; choose {' '.join(LEVELS)}") from None
    if not patterns:
        return (levels,)
    return tuple(rf"^(?=.*?(?:{levels})).*?(?:{pattern})" for pattern in patterns)


def _condition(text: str) -> Condition:
    found = _CONDITION.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        raise UsageError(f"--where {text!r}: write FIELD OPERATOR VALUE, such as 'status >= 500'")
    field, operator, value = found.groups()
    try:
        test = parse_test(f"{operator} {value}" if operator else value)
    except ConditionError as problem:
        raise UsageError(f"--where {text!r}: {problem.message}; {problem.remedy}") from None
    return Condition(field, (test,))
