"""`-m -x -l --where`: which lines are shown, in the words of a rule.

The flags are the selector of a rule, and what finds lines is the daemon's own reading: what is
shown here is what `--to` alerts on and what the rule of `--as-rule` takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from logwatch.cli.flag_conditions import check_pattern, condition_of
from logwatch.conditions import Condition
from logwatch.errors import UsageError


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
    conditions = tuple(map(condition_of, where))
    patterns = tuple(match)
    for pattern in (*patterns, *exclude):
        check_pattern(pattern)
    if level is not None:
        patterns = _with_level(patterns, level)
    return Wanted(patterns, tuple(exclude), conditions, tuple(match))


def _with_level(patterns: tuple[str, ...], level: str) -> tuple[str, ...]:
    from logwatch.cli.tail_colors import LEVELS, worse_than  # noqa: PLC0415 - as above

    try:
        levels = worse_than(level)
    except KeyError:
        raise UsageError(f"-l: {level!r} is no level; choose {' '.join(LEVELS)}") from None
    if not patterns:
        return (levels,)
    return tuple(rf"^(?=.*?(?:{levels})).*?(?:{pattern})" for pattern in patterns)
