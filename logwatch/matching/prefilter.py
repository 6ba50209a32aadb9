"""From patterns to one scanner that finds, for each, at least the lines where it matches.

A pattern that the scanner refuses is tried again in weaker forms; one that no form helps is named
with the reason, and has to run on every line. What was compiled is kept, so that the next start
with the same patterns reads none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from logwatch.matching.codes import coded
from logwatch.matching.database_cache import DatabaseCache
from logwatch.matching.outline import Unfiltered, outline
from logwatch.matching.scanner import (
    BINDING,
    HyperscanScanner,
    RefusedError,
    Scanner,
    compile_database,
    refused,
    version,
)
from logwatch.matching.splitting import expressions
from logwatch.matching.stretch import telling
from logwatch.matching.syntax import Node
from logwatch.matching.translator import Form

_HASHED = 50
"""Expressions from which Hyperscan hashes what it looks for."""
_PACER = rb"\x8d\x90"
"""Two control characters that no text has. Up to 800 literals of six characters and more Hyperscan
hashes only every fourth position, and compares much that it need not; one short literal makes it
hash every second one. Measured with 60 to 5,000 rules of two logs: 0.45 to 0.57 CPU s/GB in place
of 0.47 to 1.05. What it finds is confirmed as ever."""


class Prefilter(NamedTuple):
    """A scanner, and which pattern each of its expressions stands for."""

    scanner: Scanner | None
    """None where there is nothing to scan for."""
    patterns: tuple[int, ...]
    """Expression number -> pattern number."""
    unfiltered: Unfiltered


class Compiling(Protocol):
    """Is told how far it is with what may take seconds: begin, read, end, in this order."""

    seconds: float
    """What all of it has taken so far."""

    def begin(self, patterns: int) -> None:
        """So many patterns are read now, and compiled then."""
        ...

    def read(self) -> None:
        """They are read; what remains takes some six times as long."""
        ...

    def end(self) -> None:
        """Done, or failed."""
        ...


class Unwatched:
    """Nobody wants to know."""

    seconds = 0.0

    def begin(self, patterns: int) -> None:
        """See `Compiling.begin`."""

    def read(self) -> None:
        """See `Compiling.read`."""

    def end(self) -> None:
        """See `Compiling.end`."""


class _Compiled(NamedTuple):
    """What is kept: a database, None where there is nothing to scan for, and its meaning."""

    database: Any | None
    patterns: tuple[int, ...]
    unfiltered: Unfiltered


def build(
    patterns: Sequence[str],
    cache: Path | None = None,
    compiling: Compiling | None = None,
    *,
    records: bool = False,
) -> Prefilter:
    """The prefilter of valid patterns; compiled databases are kept in the folder `cache`.

    With `records` it is for records of several lines.
    `compiling` is told of patterns for which nothing is kept. Raises RefusedError where Hyperscan
    takes every pattern but not all of them together.
    """
    kind = "hyperscan-records" if records else "hyperscan"
    kept = DatabaseCache(cache, kind, str(version())) if cache and patterns else None
    compiled = _load(kept, patterns) if kept else None
    if compiled is None:
        compiled = _compiled(patterns, compiling or Unwatched(), records=records)
        if kept:
            kept.save(patterns, _packed(compiled))
    database, numbers, unfiltered = compiled
    return Prefilter(database and HyperscanScanner(database), numbers, unfiltered)


def _packed(compiled: _Compiled) -> bytes:
    packed = b"" if compiled.database is None else BINDING.dumpb(compiled.database)
    return msgspec.msgpack.encode((compiled.patterns, compiled.unfiltered, packed))


def _load(cache: DatabaseCache, patterns: Sequence[str]) -> _Compiled | None:
    body = cache.load(patterns)
    if body is None:
        return None
    try:
        numbers, unfiltered, packed = msgspec.msgpack.decode(
            body, type=tuple[tuple[int, ...], Unfiltered, bytes]
        )
        if not packed:
            return _Compiled(None, numbers, unfiltered)
        database = BINDING.loadb(packed, mode=BINDING.HS_MODE_BLOCK)
        database.scratch = BINDING.Scratch(database)  # the binding leaves it unset
    except (msgspec.MsgspecError, BINDING.error):
        return None
    return _Compiled(database, numbers, unfiltered)


def _compiled(patterns: Sequence[str], compiling: Compiling, *, records: bool) -> _Compiled:
    compiling.begin(len(patterns))
    try:
        skeletons, unfiltered = outline(patterns, records=records)
        choice = _Choice(skeletons)
        compiling.read()
        database, numbers = _database(choice, compile_database)
    finally:
        compiling.end()
    unfiltered |= choice.given_up
    return _Compiled(database, numbers, dict(sorted(unfiltered.items())))


class _Choice:
    """Which form of each pattern is scanned for."""

    def __init__(self, skeletons: dict[int, Node]) -> None:
        stretches = telling(skeletons)
        self._skeletons = skeletons | stretches | coded(skeletons, stretches)
        self.forms = dict.fromkeys(skeletons, Form.WHOLE)
        self.given_up: Unfiltered = {}

    def expressions(self) -> list[tuple[int, bytes]]:
        """Each with the number of its pattern."""
        return [
            (number, expression)
            for number, form in self.forms.items()
            for expression in expressions(self._skeletons[number], form)
        ]

    def weaken(self, number: int, reason: str) -> None:
        """Take the next form that there is, or give up."""
        for form in tuple(Form)[self.forms[number] + 1 :]:
            if expressions(self._skeletons[number], form):
                self.forms[number] = form
                return
        del self.forms[number]
        self.given_up[number] = f"Hyperscan refuses it: {reason}"


def _database(
    choice: _Choice, make: Callable[[Sequence[bytes]], Any]
) -> tuple[Any | None, tuple[int, ...]]:
    """A database, None where there is nothing to scan for, and the pattern of each expression."""
    while wanted := choice.expressions():
        texts = [expression for _, expression in wanted]
        numbers = tuple(number for number, _ in wanted)
        try:
            if len(texts) < _HASHED:
                return make(texts), numbers
            return make([*texts, _PACER]), (*numbers, numbers[0])
        except RefusedError:
            reasons = refused(texts)
            if not reasons:
                raise
        for number, reason in {wanted[at][0]: reason for at, reason in reasons.items()}.items():
            choice.weaken(number, reason)
    return None, ()
