"""The last word on a candidate line: Python's `re` for each pattern that may match in it.

Searches are guarded and on a budget (searches.py): one that overruns its time, or that the engine
fails in, counts as no match, and so does every search of a pattern in quarantine. All are counted
and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from logwatch.expressions import FAULTS
from logwatch.matching.backtracking import Danger
from logwatch.matching.candidates import Candidate
from logwatch.matching.framing import Piece
from logwatch.matching.hits import Found, LineHit, RulePatterns
from logwatch.matching.reference import captures
from logwatch.matching.searches import Search, Searches

_LOT = 64
"""So many candidate lines are confirmed between two looks at the clock."""
_USUAL_SECONDS = 0.005
_USUAL_SECONDS_PER_LINE = 50e-6
"""A lot that takes longer than this casts suspicion on its patterns; usual is a tenth."""
_WATCHED_LOTS = 16
"""For how many lots every single search is measured once there is a suspicion."""

_WEIGHED_LOTS = 16
"""Of so many lots the time of one is shared out among the patterns that were searched for in it."""

_MOST_COMBINATIONS = 4096

Way: TypeAlias = tuple[Search, int, int]
"""How a pattern is searched for where nothing need be measured: the search of `re`, the longest
line for that, and its rule; _NO_RULE where it has several, or one with `unless`."""
_NO_RULE = -1


class _Rule(NamedTuple):
    match: tuple[int, ...]
    unless: tuple[int, ...]


class Confirmation:
    """The patterns of all rules, each once; they must be valid (`compile_pattern`)."""

    def __init__(
        self,
        rules: Sequence[RulePatterns],
        clock: Callable[[], float],
        dangers: Callable[[Sequence[str]], Sequence[Danger] | None] = lambda _: None,
        *,
        records: bool = False,
    ) -> None:
        """`dangers` says what is known of the patterns, if anything is.

        With `records` they are searched for in records of several lines.
        """
        numbers: dict[str, int] = {}
        for rule in rules:
            for text in rule.match or ("",):
                numbers.setdefault(text, len(numbers))
        self.scanned = tuple(numbers)
        """Texts of the `match` patterns, each once; "" stands for a rule without any."""
        for rule in rules:
            for text in rule.unless:
                numbers.setdefault(text, len(numbers))
        self.texts = tuple(numbers)
        """Texts of all patterns: those of `match`, then those of `unless`."""
        self._rules = [
            _Rule(
                tuple(numbers[text] for text in rule.match or ("",)),
                tuple(numbers[text] for text in rule.unless),
            )
            for rule in rules
        ]
        self._rules_of = self._by_pattern()
        self.searches = Searches(self.texts, clock, dangers(self.texts), records=records)
        """The patterns of `match` and `unless`, and what became of them."""
        self._clock = clock
        self._watched_lots = 0
        self._lots = 0
        self._spent = [0.0] * len(self.texts)
        self._alone = {
            pattern: rules[0]
            for pattern, rules in enumerate(self._rules_of)
            if len(rules) == 1 and not self._rules[rules[0]].unless
        }
        self._ways: list[Way | None] = [None] * len(self.texts)
        self._no_ways: list[Way | None] = [None] * len(self.texts)
        self._rules_of_several: dict[tuple[int, ...], tuple[int, ...]] = {}

    def _by_pattern(self) -> list[tuple[int, ...]]:
        rules_of: list[list[int]] = [[] for _ in self.scanned]
        for number, rule in enumerate(self._rules):
            for pattern in dict.fromkeys(rule.match):
                rules_of[pattern].append(number)
        return [tuple(rules) for rules in rules_of]

    def rules_with(self, pattern: int) -> tuple[int, ...]:
        """The rules that have this pattern, in `match` or in `unless`."""
        return tuple(
            number
            for number, rule in enumerate(self._rules)
            if pattern in rule.match or pattern in rule.unless
        )

    def patterns_of(self, rule: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The patterns of a rule, of `match` and of `unless`."""
        return self._rules[rule].match, self._rules[rule].unless

    def rules_with_any(self, patterns: Iterable[int]) -> tuple[int, ...]:
        """The rules that have one of these patterns, ascending."""
        return tuple(sorted({rule for one in patterns for rule in self.rules_with(one)}))

    def by_rule(self, by_pattern: Counter[int]) -> Counter[int]:
        """For each rule the sum of the counts of its patterns."""
        counts: Counter[int] = Counter()
        for pattern, count in list(by_pattern.items()):  # other threads may be adding
            counts.update(dict.fromkeys(self.rules_with(pattern), count))
        return counts

    def seconds_by_rule(self) -> dict[int, float]:
        """Rule -> CPU seconds of its searches, about, the costliest first."""
        spent: dict[int, float] = {}
        for pattern, seconds in enumerate(self._spent):
            if seconds:
                for rule in self.rules_with(pattern):
                    spent[rule] = spent.get(rule, 0.0) + seconds
        return dict(sorted(spent.items(), key=lambda each: -each[1]))

    def confirm(
        self, piece: Piece, candidates: Iterable[Candidate], codec: str, hits: list[LineHit]
    ) -> None:
        """Add to `hits` the candidate lines of a straight piece that a rule takes."""
        for lot in self.lots(candidates):
            data, offset, found_in = piece.data, piece.start, self.found
            ways = self._no_ways if self._watched_lots else self._ways
            for start, end, patterns in lot:
                text = data[start:end].decode(codec).removesuffix("\r")
                # Nearly always one pattern of one rule, and a line of usual length: nothing is
                # called for it that need not be, since this is what a hit costs.
                if (
                    len(patterns) == 1
                    and (way := ways[patterns[0]])
                    and (rule := way[2]) >= 0
                    and end - start <= way[1]
                ):
                    try:
                        match = way[0](text)
                    except FAULTS:
                        self.searches.fail(patterns[0])
                        continue
                    if match is None:
                        continue
                    named = match.groupdict()
                    found = [(rule, captures(match) if None in named.values() else named)]
                else:
                    found = found_in(text, patterns)
                if found:
                    hits.append(LineHit(offset + start, offset + end, text, False, found))  # noqa: FBT003 - by keyword it would cost twice as much

    def lots(self, candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
        """The candidates in lots, with a look at the clock after each.

        To measure every search would cost as much as the search. So a lot is measured, and only
        when one is slow each search of the next lots.
        """
        coming = iter(candidates)
        while lot := list(islice(coming, _LOT)):
            before = self._clock()
            yield lot
            taken = self._clock() - before
            self._lots += 1
            if not self._lots % _WEIGHED_LOTS:
                self._share_out(taken * _WEIGHED_LOTS / len(lot), lot)
            if taken > _USUAL_SECONDS + len(lot) * _USUAL_SECONDS_PER_LINE:
                self._watched_lots = _WATCHED_LOTS
            elif self._watched_lots:
                self._watched_lots = max(0, self._watched_lots - 1)  # another thread may do so too

    def _share_out(self, seconds_each: float, lot: Sequence[Candidate]) -> None:
        for _, _, patterns in lot:
            for pattern in patterns:
                self._spent[pattern] += seconds_each / len(patterns)

    def found(self, text: str, candidates: Sequence[int]) -> list[Found]:
        """The rules that take `text`, of those with a pattern among `candidates`."""
        if len(candidates) == 1:
            rules = self._rules_of[candidates[0]]
        else:
            key = tuple(candidates)
            rules = self._rules_of_several.get(key) or self._combine(key)
        seen: dict[int, Any] = {}
        return [taken for rule in rules if (taken := self._taken_by(rule, text, candidates, seen))]

    def _combine(self, patterns: tuple[int, ...]) -> tuple[int, ...]:
        rules = tuple(sorted({rule for one in patterns for rule in self._rules_of[one]}))
        if len(self._rules_of_several) >= _MOST_COMBINATIONS:
            self._rules_of_several.clear()
        self._rules_of_several[patterns] = rules
        return rules

    def taken_by(self, rule: int, text: str) -> Found | None:
        """Whether this rule takes `text`, whatever the engine says."""
        return self._taken_by(rule, text, self._rules[rule].match, {})

    def _taken_by(
        self, rule: int, text: str, candidates: Sequence[int], seen: dict[int, Any]
    ) -> Found | None:
        matching, excluding = self._rules[rule]
        for pattern in matching:
            if pattern in candidates and (match := self._search(pattern, text, seen)):
                break
        else:
            return None
        for pattern in excluding:
            if self._search(pattern, text, seen):
                return None
        return rule, captures(match)

    def _search(self, pattern: int, text: str, seen: dict[int, Any]) -> Any | None:
        if pattern in seen:
            return seen[pattern]
        way = self._ways[pattern]
        if way and len(text) <= way[1] and not self._watched_lots:
            try:
                found = way[0](text)
            except FAULTS:
                self.searches.fail(pattern)
                found = None
        else:
            found = self.searches.search(pattern, text, watched=self._watched_lots > 0)
            self._ways[pattern] = self._way(pattern)
        seen[pattern] = found
        return found

    def _way(self, pattern: int) -> Way | None:
        if pattern in self.searches.quarantined:
            return None
        guarded = self.searches.guarded(pattern)
        return guarded.plain, guarded.short, self._alone.get(pattern, _NO_RULE)
