"""Engines that are made to lie: what a broken library would do to us."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from logwatch.matching.engines import Choice, Engines
from logwatch.matching.scanner import End, Scanner

Lie = Callable[[list[End]], list[End]]
"""What becomes of the ends that were found in a block."""


class LyingScanner:
    """Tells only what `lie` leaves of the truth."""

    def __init__(self, honest: Scanner, lie: Lie) -> None:
        self._honest = honest
        self._lie = lie

    def scan(self, data: bytes) -> list[End]:
        return self._lie(self._honest.scan(data))


class LyingEngines(Engines):
    """Every engine that it makes lies."""

    def __init__(self, lie: Lie) -> None:
        super().__init__("auto")
        self._lie = lie

    def choose(self, patterns: Sequence[str], *, records: bool = False) -> Choice:
        choice = super().choose(patterns, records=records)
        assert choice.prefilter.scanner is not None
        scanner = LyingScanner(choice.prefilter.scanner, self._lie)
        return choice._replace(prefilter=choice.prefilter._replace(scanner=scanner))


def dropping_every(nth: int) -> Lie:
    """One end of so many is lost, counted over all blocks."""
    seen = 0

    def lie(ends: list[End]) -> list[End]:
        nonlocal seen
        first = seen
        seen += len(ends)
        return [end for at, end in enumerate(ends, first) if at % nth]

    return lie


def dropping_expression(number: int) -> Lie:
    """One expression is never found."""
    return lambda ends: [end for end in ends if end[1] != number]


def inventing(ends: list[End]) -> list[End]:
    """Each expression is found wherever any is, and three bytes on."""
    numbers = sorted({number for _, number in ends})
    return sorted({(at + more, one) for at, _ in ends for more in (0, 3) for one in numbers})
