"""From offsets at which patterns may end to the lines that they may match in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from logwatch.matching.scanner import End

# A plain tuple: one is made for every line that the scan stops at, and a named one costs a third
# of what the line costs in all.
Candidate: TypeAlias = tuple[int, int, Sequence[int]]
"""Where a line begins and ends, and the patterns that may match in it, each once."""


def stopped_at(folded: bytes, ends: Sequence[End], patterns: Sequence[int]) -> Iterator[Candidate]:
    """The lines of `folded` in which `ends` (ascending) lie; `patterns` names the expressions."""
    start = end = -1
    inside: list[int] = []
    for offset, expression in ends:
        if offset > end:
            if inside:
                yield start, end, inside
            # A match takes at least one character and no newline: its last one is in the line.
            start = folded.rfind(b"\n", 0, offset) + 1
            end = folded.find(b"\n", offset)
            if end < 0:
                end = len(folded)
            inside = [patterns[expression]]
        elif (pattern := patterns[expression]) not in inside:
            inside.append(pattern)
    if inside:
        yield start, end, inside


def all_lines(
    folded: bytes, stopped: Iterator[Candidate], everywhere: Sequence[int]
) -> Iterator[Candidate]:
    """Every line of `folded`, with the patterns that it was stopped at for and `everywhere`'s."""
    start = 0
    coming = next(stopped, None)
    while start < len(folded):
        end = folded.find(b"\n", start)
        if end < 0:
            end = len(folded)
        if coming and coming[0] == start:
            yield start, end, [*everywhere, *coming[2]]
            coming = next(stopped, None)
        else:
            yield start, end, everywhere
        start = end + 1
