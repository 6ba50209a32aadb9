"""From patterns to one scanner that finds, for each, at least the lines where it matches.

A pattern that the scanner refuses is tried again in weaker forms; one that no form helps is named
with the reason, and has to run on every line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from logwatch.matching import database_cache
from logwatch.matching.scanner import (
    HyperscanScanner,
    RefusedError,
    Scanner,
    compile_database,
    refused,
)
from logwatch.matching.syntax import NEVER, Node, parse
from logwatch.matching.translator import Form, express, least_width, skeleton


class Prefilter(NamedTuple):
    """A scanner, and which pattern each of its expressions stands for."""

    scanner: Scanner | None
    """None where there is nothing to scan for."""
    patterns: tuple[int, ...]
    """Expression number -> pattern number."""
    unfiltered: dict[int, str]
    """Pattern number -> why it has to run on every line."""


def build(patterns: Sequence[str], cache: Path | None = None) -> Prefilter:
    """The prefilter of valid patterns; compiled databases are kept in the folder `cache`.

    Raises RefusedError where Hyperscan takes every pattern but not all of them together.
    """
    skeletons: dict[int, Node] = {}
    unfiltered: dict[int, str] = {}
    for number, text in enumerate(patterns):
        skeleton_of_text = skeleton(parse(text))
        if skeleton_of_text == NEVER:  # it needs a newline, and no record has one
            continue
        if least_width(skeleton_of_text) == 0:
            unfiltered[number] = "no character is sure to be in every line that it matches"
        else:
            skeletons[number] = skeleton_of_text
    choice = _Choice(skeletons)
    database = _database(choice, cache)
    unfiltered |= choice.given_up
    scanner = None if database is None else HyperscanScanner(database)
    return Prefilter(scanner, tuple(choice.expressions()), dict(sorted(unfiltered.items())))


class _Choice:
    """Which form of each pattern is scanned for."""

    def __init__(self, skeletons: dict[int, Node]) -> None:
        self._skeletons = skeletons
        self.forms = dict.fromkeys(skeletons, Form.WHOLE)
        self.given_up: dict[int, str] = {}

    def expressions(self) -> dict[int, bytes]:
        chosen = {}
        for number, form in self.forms.items():
            expression = express(self._skeletons[number], form)
            assert expression is not None
            chosen[number] = expression
        return chosen

    def weaken(self, number: int, reason: str) -> None:
        """Take the next form that there is, or give up."""
        for form in tuple(Form)[self.forms[number] + 1 :]:
            if express(self._skeletons[number], form) is not None:
                self.forms[number] = form
                return
        del self.forms[number]
        self.given_up[number] = f"Hyperscan refuses it: {reason}"

    def saved(self) -> database_cache.Weakened:
        weakened = {number: int(form) for number, form in self.forms.items() if form}
        return weakened, self.given_up

    def restore(self, saved: database_cache.Weakened) -> None:
        weakened, self.given_up = saved
        self.forms |= {number: Form(form) for number, form in weakened.items()}
        for number in self.given_up:
            del self.forms[number]


def _database(choice: _Choice, cache: Path | None) -> Any | None:
    wanted = list(choice.expressions().values())
    if not wanted:
        return None
    kept = database_cache.load(cache, wanted) if cache else None
    if kept:
        choice.restore(kept.weakened)
        return kept.database
    database = _compiled(choice, compile_database)
    if cache and database is not None:
        entry = database_cache.Entry(choice.saved(), database)
        database_cache.save(cache, wanted, entry)
    return database


def _compiled(choice: _Choice, make: Callable[[Sequence[bytes]], Any]) -> Any | None:
    while expressions := choice.expressions():
        try:
            return make(list(expressions.values()))
        except RefusedError:
            reasons = refused(list(expressions.values()))
            if not reasons:
                raise
        numbers = list(expressions)
        for at, reason in reasons.items():
            choice.weaken(numbers[at], reason)
    return None
