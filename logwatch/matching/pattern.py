"""One pattern of a rule: whether it is valid, what it captures, whether it can hang.

Patterns are Python's `re` over text. Nothing here runs a pattern against a line.
"""

from __future__ import annotations

import re

from logwatch.expressions import compiled
from logwatch.matching.backtracking import danger
from logwatch.matching.syntax import parse


class PatternError(ValueError):
    """Raised when a text is no valid pattern; `position` is an index in that text, if known."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def compile_pattern(text: str) -> re.Pattern[str]:
    """The compiled pattern. Raises PatternError."""
    try:
        return compiled(text)
    except re.error as error:
        raise PatternError(error.msg, error.pos) from error
    except (OverflowError, RuntimeError) as error:  # of which RecursionError is one
        raise PatternError("the pattern is too large or nested too deeply") from error


def capture_names(text: str) -> tuple[str, ...]:
    """Names of the groups, in order. Raises PatternError."""
    return tuple(compile_pattern(text).groupindex)


def risk(text: str) -> str | None:
    """Why some line can make this pattern take practically for ever; None where none can.

    A static look: it may warn of a pattern that is safe for a reason it does not see (in particular
    it does not know what the prefilter rules out). Raises PatternError.
    """
    compile_pattern(text)
    return danger(parse(text)).reason
