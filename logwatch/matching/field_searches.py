"""The patterns of conditions on fields: searched for under the same budget as those of lines.

A search that is given up, and a pattern in quarantine, count as not found; both are counted
for their rules and told, as matcher.py does for the patterns of `match` and `unless`. That of a
format which is a pattern is searched for here, too; it is of no rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from logwatch.clock import thread_seconds
from logwatch.expressions import FAULTS
from logwatch.matching.searches import WATCHED_SHARE, Search, Searches
from logwatch.matching.troubles import Trouble, failing, unread


class FieldSearches:
    """The conditions of all rules of one matcher.

    `patterns` has for each rule its valid patterns, and whether it wants what does not have them.
    Values may have newlines, as those of JSON do. `own` finds the fields themselves.
    `clock` gives the CPU seconds that the calling thread has used.
    """

    def __init__(
        self,
        patterns: Sequence[Mapping[str, bool]],
        clock: Callable[[], float] = thread_seconds,
        *,
        own: str | None = None,
    ) -> None:
        self._patterns = patterns
        self._own = own
        texts = dict.fromkeys(text for one in patterns for text in one)
        self._texts = tuple(texts if own is None else {own: None} | texts)
        self._searches = Searches(self._texts, clock, records=True)

    def search(self, text: str) -> Search:
        """How to search for one of the patterns in a value."""
        number, searches = self._texts.index(text), self._searches
        guarded = searches.guarded(number)
        plain, short = guarded.plain, guarded.short // WATCHED_SHARE
        quarantined = searches.quarantined

        def search(value: str) -> Any:
            if len(value) <= short and number not in quarantined:
                try:
                    return plain(value)
                except FAULTS:
                    searches.fail(number)
                    return None
            return searches.search(number, value, watched=True)

        return search

    def scanned(self, size: int) -> None:
        """Another block of log was looked at: every pattern's allowance grows."""
        self._searches.scanned(size)

    def troubles(self) -> Iterator[Trouble]:
        """What came up since somebody last asked; each is told to one thread, and once."""
        for kind, number in self._searches.news():
            text = self._texts[number]
            if text == self._own:
                yield unread(kind, text)
            for rule, patterns in enumerate(self._patterns):
                if text in patterns:
                    yield failing(kind, rule, text, is_unless=patterns[text])

    @property
    def timeouts(self) -> Counter[int]:
        """Rule -> searches that were given up."""
        return self._by_rule(dict(self._searches.given_up))

    @property
    def quarantined(self) -> Counter[int]:
        """Rule of which a pattern is searched for no more -> values passed over for it."""
        passed_over = self._searches.passed_over
        return self._by_rule({one: passed_over[one] for one in list(self._searches.quarantined)})

    def _by_rule(self, counts: Mapping[int, int]) -> Counter[int]:
        by_rule: Counter[int] = Counter()
        for number, count in counts.items():
            for rule, patterns in enumerate(self._patterns):
                if self._texts[number] in patterns:
                    by_rule[rule] += count
        return by_rule
