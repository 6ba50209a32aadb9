"""Sums of floats that are exact until they are rounded once, whatever the order."""

from __future__ import annotations

from math import inf

_SCALE_BITS = 1074
"""Any float times two to this power is a whole number."""


def scaled_up(value: float) -> int:
    """The value times 2 ** 1074, a whole number for any float: sums are exact in any order."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_SCALE_BITS + 1 - denominator.bit_length())


def divided(scaled: int, count: int) -> float:
    """The scaled number divided, rounded once."""
    try:
        return scaled / (count << _SCALE_BITS)
    except OverflowError:
        return inf if scaled > 0 else -inf
