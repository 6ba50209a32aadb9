"""Many literals at once over a block, with the Aho-Corasick automaton of `ahocorasick_rs`.

It stands in for Hyperscan where that cannot be had. An expression is a few texts, any of which
counts; the offsets at which they end are what a scan gives, so that candidates and confirmation are
the same for both engines. The binding lets go of the GIL while it looks, and takes it back to make
the list of what it found. The automaton never changes, and any number of threads may share it.

Source: Aho and Corasick, "Efficient string matching", 1975.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias

from logwatch.matching.literals import SMALL, Texts
from logwatch.matching.scanner import End, Scanner

_MOST_FOR_TABLE = 500_000
"""Bytes of literals up to which a full table of transitions, twice as fast, takes 80 MB at most."""


class Expression(NamedTuple):
    """Any of `texts`."""

    texts: Texts
    any_case: bool = False
    """They are in small letters, and found in whatever letters."""


@lru_cache(maxsize=1)
def automata() -> Any:
    """The module `ahocorasick_rs`, None where there is none; loaded where it is to scan."""
    try:
        return import_module("ahocorasick_rs")
    except ImportError:
        return None


@lru_cache(maxsize=1)
def version() -> str | None:
    """Name and version of the binding, None where there is none."""
    if automata() is None:
        return None
    # Ten milliseconds to import, and needed only where this engine is.
    from importlib import metadata  # noqa: PLC0415 - see above

    return f"ahocorasick_rs {metadata.version('ahocorasick-rs')}"


MakeLiteralScanner: TypeAlias = Callable[[Sequence[Expression]], Scanner]
"""Makes a scanner from expressions; their numbers are their positions."""


class LiteralScanner:
    """Finds where texts end, in the folded alphabet."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._small = any(one.any_case for one in expressions)
        owners: dict[bytes, list[tuple[int, bytes | None]]] = {}
        for number, one in enumerate(expressions):
            for text in one.texts:
                # In a block of small letters, a text with its own capitals has to be looked up.
                exact = None if one.any_case or not self._small else text
                sought = text.translate(SMALL) if self._small else text
                owners.setdefault(sought, []).append((number, exact))
        self._owners = list(owners.values())
        table = sum(map(len, owners)) <= _MOST_FOR_TABLE
        binding = automata()
        self._automaton = binding.BytesAhoCorasick(
            list(owners),
            matchkind=binding.MatchKind.Standard,
            implementation=binding.Implementation.DFA if table else None,
        )

    def scan(self, data: bytes) -> list[End]:
        """Where texts end in `data`, ascending."""
        block = data.translate(SMALL) if self._small else data
        found = self._automaton.find_matches_as_indexes(block, overlapping=True)
        owners = self._owners
        return [
            (end, number)
            for text, start, end in found
            for number, exact in owners[text]
            if exact is None or data[start:end] == exact
        ]
