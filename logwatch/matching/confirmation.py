"""The last word on a candidate line: Python's `re`, under a time limit where it could hang.

A pattern that can hang, and a pattern that backtracks at all on a long line, is run by its twin in
PyPI `regex` instead (timed.py). A search that overruns its time counts as no match, and is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from logwatch.matching.backtracking import danger
from logwatch.matching.hits import Found, RulePatterns
from logwatch.matching.pattern import compile_pattern
from logwatch.matching.reference import captures
from logwatch.matching.syntax import parse
from logwatch.matching.timed import timed_pattern

_TIMEOUT_SECONDS = 0.05
_SAFE_LENGTHS = (1 << 62, 4096, 512)
"""Longest text for `re`, by degree of backtracking; at a higher degree none is short enough."""

Search: TypeAlias = Callable[[str], Any]


class _Rule(NamedTuple):
    match: tuple[int, ...]
    unless: tuple[int, ...]


class Confirmation:
    """The patterns of all rules, each once. Raises PatternError."""

    def __init__(self, rules: Sequence[RulePatterns]) -> None:
        numbers: dict[str, int] = {}
        for rule in rules:
            for text in rule.match or ("",):
                numbers.setdefault(text, len(numbers))
        self.scanned = tuple(numbers)
        """Texts of the `match` patterns, each once; "" stands for a rule without any."""
        for rule in rules:
            for text in rule.unless:
                numbers.setdefault(text, len(numbers))
        self._texts = tuple(numbers)
        self._patterns = tuple(map(compile_pattern, numbers))
        self._rules = [
            _Rule(
                tuple(numbers[text] for text in rule.match or ("",)),
                tuple(numbers[text] for text in rule.unless),
            )
            for rule in rules
        ]
        self._excluding = {number for number, rule in enumerate(self._rules) if rule.unless}
        self._searches: dict[int, Search] = {}
        self._rules_of = self._by_pattern()
        self.timeouts: Counter[int] = Counter()

    def _by_pattern(self) -> list[tuple[int, ...]]:
        rules_of: list[list[int]] = [[] for _ in self.scanned]
        for number, rule in enumerate(self._rules):
            for pattern in dict.fromkeys(rule.match):
                rules_of[pattern].append(number)
        return [tuple(rules) for rules in rules_of]

    def found(self, text: str, candidates: Sequence[int]) -> list[Found]:
        """The rules that take `text`, of those with a pattern among `candidates`."""
        if len(candidates) == 1:  # nearly always
            return self._found_by(candidates[0], text)
        seen: dict[int, Any] = {}
        return [
            Found(rule, captures(match))
            for rule in sorted({rule for one in candidates for rule in self._rules_of[one]})
            if (match := self._first(rule, text, candidates, seen))
            and not self._is_excluded(rule, text, seen)
        ]

    def _found_by(self, pattern: int, text: str) -> list[Found]:
        rules = self._rules_of[pattern]
        search = self._searches.get(pattern) or self._prepare(pattern)
        try:
            match = search(text)
        except TimeoutError:
            self.timeouts.update(rules)
            return []
        if match is None:
            return []
        if self._excluding.isdisjoint(rules):
            return [Found(rule, captures(match)) for rule in rules]
        seen = {pattern: match}
        return [
            Found(rule, captures(match))
            for rule in rules
            if not self._is_excluded(rule, text, seen)
        ]

    def _first(
        self, rule: int, text: str, candidates: Sequence[int], seen: dict[int, Any]
    ) -> Any | None:
        for pattern in self._rules[rule].match:
            if pattern in candidates and (match := self._search(rule, pattern, text, seen)):
                return match
        return None

    def _is_excluded(self, rule: int, text: str, seen: dict[int, Any]) -> bool:
        return any(self._search(rule, one, text, seen) for one in self._rules[rule].unless)

    def _search(self, rule: int, pattern: int, text: str, seen: dict[int, Any]) -> Any | None:
        if pattern not in seen:
            search = self._searches.get(pattern) or self._prepare(pattern)
            try:
                seen[pattern] = search(text)
            except TimeoutError:
                seen[pattern] = None
                self.timeouts[rule] += 1
        return seen[pattern]

    def _prepare(self, pattern: int) -> Search:
        search = guarded_search(self._texts[pattern], self._patterns[pattern])
        self._searches[pattern] = search
        return search


def guarded_search(text: str, pattern: re.Pattern[str]) -> Search:
    """`search` of `pattern`, made of `text`; raises TimeoutError where it would take too long."""
    plain: Search = pattern.search
    degree = danger(parse(text)).degree
    limit = _SAFE_LENGTHS[degree] if degree < len(_SAFE_LENGTHS) else -1
    if degree == 0:
        return plain
    twins: list[Any] = []

    def search(line: str) -> Any:
        if len(line) <= limit:
            return plain(line)
        if not twins:
            twins.append(timed_pattern(text))
        if twins[0] is None:
            return plain(line)
        return twins[0].search(line, timeout=_TIMEOUT_SECONDS, concurrent=True)

    return search
