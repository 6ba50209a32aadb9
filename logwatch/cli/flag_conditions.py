"""Conditions and patterns on the command line, as `logwatch try` and `logwatch tail` have them."""

from __future__ import annotations

import re

from logwatch.conditions import Condition, ConditionError, parse_test
from logwatch.errors import UsageError

_CONDITION = re.compile(r"\s*([\w.@-]+)\s*((?:[=!<>~]|\s).*)", re.DOTALL)


def condition_of(written: str) -> Condition:
    """`status >= 500`, `level=error`, `client in 10.0.0.0/8`. Raises UsageError."""
    found = _CONDITION.fullmatch(written)
    if found is None or not found[2].strip():
        raise UsageError(
            f"--where {written!r}: write FIELD OPERATOR VALUE, such as 'status >= 500'"
        )
    try:
        test = parse_test(found[2].strip())
    except ConditionError as problem:
        raise UsageError(f"--where {written!r}: {problem.message}; {problem.remedy}") from None
    if test.operator in ("~", "!~"):
        check_pattern(test.operand)
    return Condition(found[1], (test,))


def check_pattern(pattern: str) -> None:
    """Raise UsageError where `pattern` is none."""
    from logwatch.matching.pattern import PatternError, compile_pattern  # noqa: PLC0415 - tail starts fast

    try:
        compile_pattern(pattern)
    except PatternError as problem:
        at = "" if problem.position is None else f" at character {problem.position + 1}"
        raise UsageError(f"bad pattern {pattern!r}: {problem.message}{at}") from None
