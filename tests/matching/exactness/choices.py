"""Where random patterns and lines take their decisions from: a seed, hypothesis, or bytes.

One generator serves all three. The first of several choices is always the simplest, so that a
source that has run dry (or shrinks) gives the smallest pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choices(Protocol):
    """A source of decisions."""

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1."""
        ...


class Seeded:
    """Decisions that a seed repeats."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self._random = random.random

    def below(self, bound: int) -> int:
        return int(self._random() * bound)


class Drawn:
    """Decisions of hypothesis, which can shrink them."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def below(self, bound: int) -> int:
        return self._draw(st.integers(0, bound - 1)) if bound > 1 else 0


class Consumed:
    """Decisions out of the bytes of a fuzzer, one or two for each; all 0 after the last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, bound: int) -> int:
        if bound <= 1:
            return 0
        width = 1 if bound <= 256 else 2
        taken = self._data[self._at : self._at + width]
        self._at += width
        return int.from_bytes(taken, "big") % bound

    @property
    def is_dry(self) -> bool:
        """Nothing is left."""
        return self._at >= len(self._data)


def pick(choices: Choices, options: Sequence[T]) -> T:
    """One of `options`."""
    return options[choices.below(len(options))]


def once_in(choices: Choices, many: int) -> bool:
    """True once in `many` times, and never where the source is dry."""
    return choices.below(many) == many - 1
