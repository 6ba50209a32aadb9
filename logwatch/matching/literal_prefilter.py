"""The prefilter where Hyperscan cannot be had: the literals that each pattern requires.

A pattern that requires none is named with the reason, and has to run on every line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from logwatch.matching.database_cache import DatabaseCache
from logwatch.matching.literal_scanner import Expression, LiteralScanner, version
from logwatch.matching.literals import Texts, ignores_case, literals, rarest
from logwatch.matching.outline import Unfiltered, outline
from logwatch.matching.prefilter import Compiling, Prefilter, Unwatched


class _Literals(NamedTuple):
    """What is kept."""

    expressions: list[Expression]
    patterns: tuple[int, ...]
    """Expression number -> pattern number."""
    unfiltered: Unfiltered


def build(
    patterns: Sequence[str],
    cache: Path | None = None,
    compiling: Compiling | None = None,
    *,
    records: bool = False,
) -> Prefilter:
    """The prefilter of valid patterns; their literals are kept in the folder `cache`.

    With `records` it is for records of several lines.
    `compiling` is told of patterns for which nothing is kept.
    """
    kind = "literals-records" if records else "literals"
    kept = DatabaseCache(cache, kind, str(version())) if cache and patterns else None
    found = _load(kept, patterns) if kept else None
    if found is None:
        compiling = compiling or Unwatched()
        compiling.begin(len(patterns))
        try:
            found = _literals(patterns, records=records)
        finally:
            compiling.end()
        if kept:
            kept.save(patterns, msgspec.msgpack.encode(found))
    expressions, numbers, unfiltered = found
    return Prefilter(LiteralScanner(expressions) if expressions else None, numbers, unfiltered)


def _load(cache: DatabaseCache, patterns: Sequence[str]) -> _Literals | None:
    body = cache.load(patterns)
    try:
        return None if body is None else msgspec.msgpack.decode(body, type=_Literals)
    except msgspec.MsgspecError:
        return None


def _literals(patterns: Sequence[str], *, records: bool) -> _Literals:
    skeletons, unfiltered = outline(patterns, records=records)
    choices: dict[int, tuple[list[Texts], bool]] = {}
    for number, required in skeletons.items():
        any_case = ignores_case(required)
        if found := literals(required, small=any_case):
            choices[number] = found, any_case
        else:
            unfiltered[number] = "no text of two characters is sure to be in every such line"
    shared = Counter(
        text for found, _ in choices.values() for text in {text for one in found for text in one}
    )
    expressions = [
        Expression(rarest(found, shared), any_case) for found, any_case in choices.values()
    ]
    return _Literals(expressions, tuple(choices), dict(sorted(unfiltered.items())))
