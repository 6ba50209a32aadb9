"""`multiline:` of a source: a preset, or patterns that cannot hold up whoever reads the file."""

from typing import Annotated, ClassVar

from msgspec import Meta

from logwatch.config.key_forms import Keys, Pieces
from logwatch.matching.backtracking import danger
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.matching.syntax import Concat, Start, parse
from logwatch.tailer.multiline import LOOKED_AT, MAX_LINES, TIMEOUT_SECONDS
from logwatch.tailer.traces import Preset

_MOST_COMPETING = 1
"""Repeats that may compete for the same text: the line is searched by `re`, which nothing stops."""
_MOST_STEPS = 1 << 25
"""So many take it half a second or a little more."""


class MultilineKeys(Keys, frozen=True):
    r"""`multiline: java`, or `{start: '^\d{4}-', max_lines: 500, timeout: 2s}`."""

    examples: ClassVar = {
        "preset": "java",
        "start": "'^\\d{4}-\\d\\d-\\d\\d '",
        "end": "'^END'",
        "max_lines": "500",
        "timeout": "2s",
    }

    preset: Preset | None = None
    start: str | None = None
    end: str | None = None
    max_lines: Annotated[int, Meta(ge=2, le=10_000)] = MAX_LINES
    timeout: Annotated[float, Meta(gt=0, le=3600, extra={"unit": "duration"})] = TIMEOUT_SECONDS

    @classmethod
    def from_text(cls, text: str) -> Pieces:
        """`java`."""
        return {"preset": (0, text)}


def problem_of(pattern: str) -> PatternError | None:
    """Why a pattern cannot be `start` or `end`; None where it can."""
    try:
        compile_pattern(pattern)
    except PatternError as error:
        return error
    node = parse(pattern)
    found = danger(node)
    is_anchored = isinstance(node, Concat) and isinstance(node.items[0], Start)
    loops = found.degree + (not is_anchored)
    steps = (1, LOOKED_AT, LOOKED_AT**2 / 2)[min(loops, 2)] * 2**found.spread_bits
    if found.reason is None and found.degree <= _MOST_COMPETING and steps <= _MOST_STEPS:
        return None
    return PatternError(found.reason or "its repeats can share the same text out in many ways")
