"""Searches for single patterns that cannot hold up the process: guarded, measured, on a budget.

A pattern that can hang, and a pattern that backtracks at all on a long line, is run by its twin in
PyPI `regex` instead (timed.py), which gives up after 50 ms. A pattern whose searches together
overrun its budget is put in quarantine: it is searched for no more, until the process starts again.
A search that ends in a fault of the engine itself is given up as well.
Patterns are compiled at their first search, so that thousands of rules that nothing matches cost
neither time at the start nor memory.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

from logwatch.expressions import FAULTS
from logwatch.matching.backtracking import Danger, danger
from logwatch.matching.pattern import compile_pattern
from logwatch.matching.syntax import parse
from logwatch.matching.timed import in_time, near_twin, read_alike, timed_pattern

TIMEOUT_SECONDS = 0.05
TIMEOUT_SECONDS_PER_CHARACTER = 4e-6
"""What there is beside it to find every match in a text: twice what the twin of a pattern that
ignores case takes for ordinary text."""
BURST_SECONDS = 1.0
"""What a pattern may use beyond its allowance before it is put in quarantine: one slow line, or
nineteen, are none. It is also about the longest that it can hold up its file in all."""
_MOST_AT_ONCE = 0.5
"""The share of that which a single search can use up. To the machine all time is a thread's own in
which it looked for memory for it, or was stopped as a whole: no one search proves anything."""
ALLOWANCE_SECONDS_PER_BYTE = 0.1e-6
"""What a pattern may use for ever: 0.1 s a megabyte, a hundred times what all else costs there."""
_MOST_STEPS = 8_000_000
"""So many steps of backtracking take `re` about a tenth of a second."""
_FEW_STEPS = 1_000_000
"""So many are not worth two looks at the clock, as long as the lines around cost little."""
WATCHED_SHARE = 32
"""A text so many times shorter than what takes a million steps takes a thousand at most, which is
within the allowance even where every line has one; it is not worth two looks at the clock."""
_HOPELESS = 3
"""At so high a degree no length is short enough for `re`."""
_EVERY_LENGTH = 1 << 62

Search: TypeAlias = Callable[[str], Any]
Failing: TypeAlias = Literal["timed-out", "failed", "quarantined"]


class SearchFailedError(TimeoutError):
    """Raised when the engine could not search a text: as little came of it as if time ran out."""


class GuardedSearch:
    """The search for one pattern. Raises PatternError where it is not valid."""

    __slots__ = ("_is_near", "_pattern", "_safe", "_text", "_twin", "plain", "short")

    def __init__(self, text: str, known: Danger | None = None, *, records: bool = False) -> None:
        """`known`: what the static look found, where that is known already.

        `records`: what is searched may have newlines.
        """
        self._pattern = compile_pattern(text)
        self.plain: Search = self._pattern.search
        """`re` itself."""
        found = danger(parse(text, records=records)) if known is None else known
        self._text = text
        self._twin: Any = _NOT_MADE
        self._is_near = False
        self._safe = _longest(found, _MOST_STEPS)
        self.short = _longest(found, _FEW_STEPS)
        """The longest text for which `plain` need not even be measured."""

    def prepare(self, line: str) -> None:
        """Compile what `line` needs, which is no part of what the search costs."""
        if len(line) > self._safe and self._twin is _NOT_MADE:
            twin = timed_pattern(self._text)
            self._is_near = twin is None
            self._twin = near_twin(self._text) if twin is None else twin

    def search(self, line: str) -> Any:
        """The first match in `line`, None where there is none. Raises TimeoutError."""
        try:
            return self._search(line)
        except FAULTS as error:
            raise SearchFailedError(f"{type(error).__name__}: {error}") from error

    def every(self, text: str, seconds: float) -> list[Any]:
        """All matches in `text`, one behind the other. Raises TimeoutError after `seconds`."""
        try:
            if len(text) <= self._safe:
                return list(self._pattern.finditer(text))
            self.prepare(text)
            if self._twin is None or (self._is_near and not read_alike(text)):
                raise TimeoutError  # nobody can say how long it would take
            finditer = self._twin.finditer
            return in_time(
                lambda limit: list(finditer(text, timeout=limit, concurrent=True)), seconds
            )
        except FAULTS as error:
            raise SearchFailedError(f"{type(error).__name__}: {error}") from error

    def _search(self, line: str) -> Any:
        if len(line) <= self._safe:
            return self.plain(line)
        self.prepare(line)
        if self._twin is None:
            return self.plain(line)
        if self._is_near and not read_alike(line):
            raise TimeoutError  # nobody can say how long it would take
        search = self._twin.search
        return in_time(lambda limit: search(line, timeout=limit, concurrent=True), TIMEOUT_SECONDS)


def guarded_search(pattern: str) -> Search:
    """How conditions search: what is searched is part of a line, and must not hold anybody up."""
    return GuardedSearch(pattern, records=True).search


_NOT_MADE = object()


def _longest(found: Danger, steps: int) -> int:
    """The longest text on which a search takes at most about so many steps."""
    if found.degree >= _HOPELESS:
        return -1
    if not found.degree and not found.spread_bits:
        return _EVERY_LENGTH
    # Nested loops over a text of length n, each beginning where the one before it stands, make
    # n ** (degree + 1) / (degree + 1)! rounds, and each of these has the bounded choices to try.
    rounds = (1, 1, 2, 6)[found.degree + 1] * steps / 2**found.spread_bits
    return int(rounds ** (1 / (found.degree + 1)))


class Searches:
    """The searches for numbered patterns, with what each has used of its budget."""

    def __init__(
        self,
        texts: Sequence[str],
        clock: Callable[[], float],
        dangers: Sequence[Danger] | None = None,
        *,
        records: bool = False,
    ) -> None:
        self._texts = texts
        self._records = records
        self._dangers = dangers
        self._clock = clock
        self._guarded: list[GuardedSearch | None] = [None] * len(texts)
        self._debts: dict[int, tuple[float, int]] = {}
        self.blocks = 0
        self.bytes = 0
        """Of log that was looked at."""
        self._told: dict[tuple[Failing, int], object] = {}
        self.quarantined: dict[int, bool] = {}
        """Patterns that are searched for no more, in the order of their fall."""
        self.passed_over: Counter[int] = Counter()
        """Pattern -> how many lines it was not searched for in, because of that."""
        self.given_up: Counter[int] = Counter()
        """Pattern -> how many searches were given up, for want of time or for a fault."""
        self.events: deque[tuple[Failing, int]] = deque()
        """What happened to which pattern for the first time; whoever takes it tells people."""

    def guarded(self, pattern: int) -> GuardedSearch:
        """The search for one pattern, compiled at the first call."""
        made = self._guarded[pattern]
        if made is None:
            made = self._guarded[pattern] = self._made(pattern)
        return made

    def peek(self, pattern: int) -> GuardedSearch:
        """The same, but one that was not compiled yet is not kept: it is not for the lines."""
        return self._guarded[pattern] or self._made(pattern)

    def _made(self, pattern: int) -> GuardedSearch:
        known = self._dangers[pattern] if self._dangers else None
        return GuardedSearch(self._texts[pattern], known, records=self._records)

    def scanned(self, size: int) -> None:
        """Another block of log was looked at: every pattern's allowance grows."""
        self.blocks += 1
        self.bytes += size

    def search(self, pattern: int, line: str, *, watched: bool) -> Any:
        """A match or None; None also where it is given up, and for a pattern in quarantine.

        `watched`: measure also what is hardly worth it.
        """
        if pattern in self.quarantined:
            self.passed_over[pattern] += 1
            return None
        guarded = self.guarded(pattern)
        if len(line) <= guarded.short and not watched:
            try:
                return guarded.plain(line)
            except FAULTS:
                self.fail(pattern)
                return None
        guarded.prepare(line)
        before = self._clock()
        try:
            match = guarded.search(line)
        except SearchFailedError:
            self.fail(pattern)
            match = None
        except TimeoutError:
            self._give_up(pattern, "timed-out")
            self._charge(pattern, max(TIMEOUT_SECONDS, self._clock() - before))
            return None
        self._charge(pattern, self._clock() - before)
        return match

    def every(
        self, pattern: int, text: str, *, unless: Callable[[int, str], bool]
    ) -> list[Any] | None:
        """All matches, one behind the other; None where it is not known what they are.

        `unless`: where that may take long, whether it is plain that there are none. Short texts are
        searched even for a pattern in quarantine. The allowance grows by what is looked at here,
        too: a text may be searched several times, and have much beside it that is searched.
        """
        guarded = self.guarded(pattern)
        self.bytes += len(text)
        if len(text) > guarded.short:
            if unless(pattern, text):
                return []
            if pattern in self.quarantined:
                self.passed_over[pattern] += 1
                return None
        guarded.prepare(text)
        is_measured = len(text) > guarded.short // WATCHED_SHARE
        limit = TIMEOUT_SECONDS + len(text) * TIMEOUT_SECONDS_PER_CHARACTER
        before = self._clock() if is_measured else 0.0
        found = None
        try:
            found = guarded.every(text, limit)
        except SearchFailedError:
            self.fail(pattern)
        except TimeoutError:
            self._give_up(pattern, "timed-out")
        if is_measured:
            self._charge(pattern, self._clock() - before)
        return found

    def news(self) -> Iterator[tuple[Failing, int]]:
        """What came up since somebody last asked: each is told to one thread, and once."""
        while self.events:
            try:
                event = self.events.popleft()
            except IndexError:  # another thread took it
                return
            yield event

    def fail(self, pattern: int) -> None:
        """A search for it ended in one of FAULTS, which counts as no match."""
        self._give_up(pattern, "failed")

    def _give_up(self, pattern: int, kind: Failing) -> None:
        self.given_up[pattern] += 1
        self._tell_once(kind, pattern)

    def _charge(self, pattern: int, seconds: float) -> None:
        """A bucket that leaks as bytes go by; an overflow is told by one thread, and once."""
        debt, since = self._debts.get(pattern, (0.0, self.bytes))
        debt = max(0.0, debt - (self.bytes - since) * ALLOWANCE_SECONDS_PER_BYTE)
        debt += min(seconds, _MOST_AT_ONCE * BURST_SECONDS)
        self._debts[pattern] = debt, self.bytes
        if debt >= BURST_SECONDS:
            self.quarantined[pattern] = True
            self._tell_once("quarantined", pattern)

    def _tell_once(self, kind: Failing, pattern: int) -> None:
        mine = object()
        if self._told.setdefault((kind, pattern), mine) is mine:  # of several threads, one
            self.events.append((kind, pattern))
