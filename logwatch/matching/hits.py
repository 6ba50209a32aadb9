"""What goes into a matcher and what comes out: the words that it and its oracle share."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class RulePatterns(Struct, frozen=True, kw_only=True):
    """The patterns of one rule: any of `match`, none of `unless`; no `match` takes every record."""

    match: tuple[str, ...]
    unless: tuple[str, ...] = ()


Found: TypeAlias = tuple[int, dict[str, str]]
"""That rule number so and so took the record, and what its pattern captured: the named groups of
the first of `match` that matches, without those that took no part. A plain tuple, since one is made
for every hit and a named one costs four times as much."""


class LineHit(Struct, frozen=True, gc=False):
    """One record that at least one rule took."""

    start: int
    """Offset in the block of the line's first byte."""
    end: int
    """Offset in the block of its newline, or of the block's end."""
    text: str
    """Decoded, without its newline and one carriage return before that."""
    truncated: bool
    """The line was over-long; `text` is its beginning."""
    found: list[Found]
