"""The filter box of `status --watch`: only lines with a pattern.

What is no pattern is looked for as a text. One that is slow on the lines that are there holds the
screen up for about a second in all; no line has it then, and whoever asks is told why.
"""

from __future__ import annotations

import re

from logwatch.clock import thread_seconds
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.matching.searches import Searches


class LineFilter:
    """What somebody typed, for one thread."""

    def __init__(self, given: str) -> None:
        self.given = given
        self._searches = Searches((_pattern(given),), thread_seconds)

    @property
    def is_too_slow(self) -> bool:
        """Whether it was given up: it takes no line any more."""
        return bool(self._searches.quarantined)

    def takes(self, text: str) -> bool:
        """Whether a line has it."""
        self._searches.scanned(len(text))
        return self._searches.search(0, text, watched=False) is not None


def _pattern(given: str) -> str:
    try:
        compile_pattern(given)
    except PatternError:
        return re.escape(given)
    return given
