r"""Secrets in lines: what patterns capture is replaced before anybody is told of the line.

Rules match the line as it was written. What is made of it then, and so everything that is stored or
sent, has `[redacted]` in the place of each secret: the text, the parsed fields, what patterns
captured, and the lines around it. A secret is what the groups of a pattern took, or all that it
found where it has none. It is a safety net, with holes: no pattern knows every secret.

A pattern of the configuration is searched for under the limits of those of rules (searches.py).
Where a search is given up nobody knows what is secret, so all that was found in the line is
withheld. Once a pattern is in quarantine, so is what it finds in lines that may take it long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from logwatch.clock import thread_seconds
from logwatch.expressions import FAULTS, compiled
from logwatch.matching.alphabet import fold_record
from logwatch.matching.literals import SMALL, Texts, ignores_case, literals
from logwatch.matching.searches import Searches
from logwatch.matching.stock_secrets import STOCK_PATTERNS
from logwatch.matching.syntax import parse
from logwatch.matching.translator import skeleton
from logwatch.matching.troubles import Trouble, withheld

MASK = "[redacted]"

WITHHELD = "[withheld: its secrets could not be looked for]"
"""Stands for a text, and for each value found in it, of which nobody knows what is secret."""

_LEAST_TOLD_APART = 4
"""Characters of a secret that is looked for within other values; a shorter one is in anything."""


class Redactor:
    """Replaces what its patterns capture; they are valid. For any thread.

    `clock` gives the CPU seconds that the calling thread has used.
    """

    def __init__(
        self, patterns: Sequence[str], clock: Callable[[], float] = thread_seconds
    ) -> None:
        self._texts = tuple(patterns)
        # Those that we wrote take no longer than a line is long, in `re`; in its twin they would.
        self._stock = {
            number: compiled(text) for number, text in enumerate(patterns) if text in STOCK_PATTERNS
        }
        self._searches = Searches(self._texts, clock, records=True)

    def text(self, text: str) -> str:
        """`text` without its secrets."""
        return self.split(text)[0]

    def split(self, text: str) -> tuple[str, frozenset[str] | None]:
        """`text` without its secrets, and these; None where they could not be looked for."""
        found = self._spans(text)
        if found is None:
            return WITHHELD, None
        spans = sorted(found)
        if not spans:
            return text, frozenset()
        parts: list[str] = []
        secrets: set[str] = set()
        end = 0
        for start, stop in spans:
            secrets.add(text[start:stop])
            if start >= end:
                parts += (text[end:start], MASK)
            end = max(end, stop)
        return "".join((*parts, text[end:])), frozenset(secrets)

    def scanned(self, size: int) -> None:
        """Another block of log was looked at: every pattern's allowance grows."""
        self._searches.scanned(size)

    def troubles(self) -> Iterator[Trouble]:
        """What came up since somebody last asked; each is told to one thread, and once."""
        for kind, number in self._searches.news():
            yield withheld(kind, self._texts[number])

    def _spans(self, text: str) -> set[tuple[int, int]] | None:
        """Where the secrets are; None where that is not known."""
        found: set[tuple[int, int]] = set()
        for number in range(len(self._texts)):
            matches = self._matches(number, text)
            if matches is None:
                return None
            for match in matches:
                groups = range(1, match.re.groups + 1) if match.re.groups else (0,)
                found.update(match.span(group) for group in groups)
        return {(start, end) for start, end in found if end > start >= 0}

    def _matches(self, number: int, text: str) -> list[Any] | None:
        pattern = self._stock.get(number)
        if pattern is None:
            return self._searches.every(number, text, unless=self._cannot_be_in)
        try:
            return list(pattern.finditer(text))
        except FAULTS:
            self._searches.fail(number)
            return None

    def _cannot_be_in(self, number: int, text: str) -> bool:
        """Whether `text` has none of the words of which every match has one.

        Long texts take the twin of a pattern long even where there is nothing for it to find.
        """
        words, any_case = _words(self._texts[number])
        if not words:
            return False
        data = fold_record(text)
        data = data.translate(SMALL) if any_case else data
        return not any(word in data for word in words)


@lru_cache(maxsize=64)
def _words(pattern: str) -> tuple[Texts, bool]:
    """Texts of which every match has one, () where none are known; whether in small letters."""
    required = skeleton(parse(pattern, records=True))
    any_case = ignores_case(required)
    choices = literals(required, small=any_case)
    return max(choices, key=lambda texts: min(map(len, texts)), default=()), any_case


def hidden(values: dict[str, str], secrets: frozenset[str] | None) -> dict[str, str]:
    """`values` without what is in `secrets`; None: without anything."""
    if secrets is None:
        return dict.fromkeys(values, WITHHELD)
    return {name: _hidden(value, secrets) for name, value in values.items()}


def _hidden(value: str, secrets: frozenset[str]) -> str:
    if value in secrets:
        return MASK
    for secret in secrets:
        if len(secret) >= _LEAST_TOLD_APART:
            value = value.replace(secret, MASK)
    return value
