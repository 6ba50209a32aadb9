"""Stage 3: a block of bytes in, the records that rules take out, with captures.

The engine scans whole blocks for all patterns at once, decodes only the lines that it stops at, and
has Python's `re` confirm each. It finds exactly what reference.py finds, but for a search that runs
out of time or that the engine of `re` fails in, and for a pattern in quarantine: these count as no
match, are counted in `statistics` and told by `troubles`. One matcher serves any number of threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from os import urandom
from pathlib import Path

from logwatch.clock import thread_seconds
from logwatch.matching.audit import Audit, AuditSettings
from logwatch.matching.candidates import Candidate, all_lines, stopped_at
from logwatch.matching.confirmation import Confirmation
from logwatch.matching.engine_names import Engine
from logwatch.matching.engines import EngineError, Engines
from logwatch.matching.framing import Framing, Piece
from logwatch.matching.hits import LineHit, RulePatterns
from logwatch.matching.reference import ReferenceMatcher
from logwatch.matching.troubles import Statistics, Trouble, difference, failing

__all__ = ["EngineError", "LineHit", "Matcher", "ReferenceMatcher", "RulePatterns"]


def chance() -> float:
    """As SystemRandom().random(), whose module takes a millisecond to load."""
    return (int.from_bytes(urandom(7)) >> 3) * 2**-53


class Matcher:
    """All rules that look at one source.

    Patterns must be valid (`compile_pattern`): they are compiled when a line comes that they may
    match, and a bad one may not show before. Raises ValueError for the encoding, EngineError where
    `engine` cannot be had. `cache` is a folder for compiled databases; matchers that are given the
    same `engines` share what is compiled, and the two others count for nothing. `clock` gives the
    CPU seconds that the calling thread has used; `audit` is how much of what matching costs may be
    spent on looking at a sample of it again (audit.py), chosen by `random`. Nothing is unless that
    is asked for: in a test of the engine an audit would put right what the engine does wrong.
    """

    def __init__(
        self,
        rules: Sequence[RulePatterns],
        *,
        encoding: str = "utf-8",
        max_line: int = 262_144,
        engine: Engine = "auto",
        cache: Path | None = None,
        engines: Engines | None = None,
        clock: Callable[[], float] = thread_seconds,
        audit: float = 0.0,
        random: Callable[[], float] = chance,
        records: bool = False,
    ) -> None:
        """With `records` blocks come with their records of several lines put together."""
        self._rules = tuple(rules)
        self._framing = Framing(encoding, max_line)
        self._records = records
        engines = engines or Engines(engine, cache)
        self._confirmation = Confirmation(
            rules, clock, partial(engines.dangers, records=records), records=records
        )
        self._prefilter, self.engine, self.engine_reason = engines.choose(
            self._confirmation.scanned, records=records
        )
        """Which of "hyperscan", "aho-corasick" and "reference" it is, and why."""
        self._everywhere = tuple(self._prefilter.unfiltered)
        self._clock = clock
        self._seconds = 0.0
        settings = AuditSettings(encoding=encoding, max_line=max_line, share=audit)
        self._audit = Audit(self._filtered(), self._confirmation, settings, clock, random)

    def _filtered(self) -> list[int]:
        """Rules that the engine says something about."""
        filtered = set(range(len(self._confirmation.scanned))).difference(self._everywhere)
        return [
            rule
            for rule in range(len(self._rules))
            if filtered.intersection(self._confirmation.patterns_of(rule)[0])
        ]

    @property
    def timeouts(self) -> Counter[int]:
        """Rule -> how many searches of its patterns were given up."""
        return self._confirmation.by_rule(self._confirmation.searches.given_up)

    @property
    def statistics(self) -> Statistics:
        """The figures so far; any thread may ask."""
        confirmation = self._confirmation
        searches = confirmation.searches
        return Statistics(
            cpu_seconds=self._seconds,
            blocks=searches.blocks,
            bytes=searches.bytes,
            timeouts=self.timeouts,
            quarantined=confirmation.rules_with_any(list(searches.quarantined)),
            passed_over=confirmation.by_rule(searches.passed_over),
            rule_seconds=confirmation.seconds_by_rule(),
            lines_audited=self._audit.lines,
            pairs_audited=self._audit.pairs,
            differences=self._audit.differences,
            fallback=tuple(sorted(self._audit.fallback)),
        )

    def troubles(self) -> list[Trouble]:
        """What came up since somebody last asked; each is told to one thread, and once."""
        found: list[Trouble] = []
        for kind, pattern in self._confirmation.searches.news():
            text = self._confirmation.texts[pattern]
            for rule in self._confirmation.rules_with(pattern):
                is_unless = text not in (self._rules[rule].match or ("",))
                found.append(failing(kind, rule, text, is_unless=is_unless))
        while self._audit.events:
            try:
                rule = self._audit.events.popleft()
            except IndexError:
                break
            found.append(difference(rule, self._rules[rule].match, self.engine))
        return found

    def unfiltered(self) -> list[tuple[int, str, str]]:
        """Rule, pattern and reason of each pattern that has to run on every line."""
        numbers = {text: number for number, text in enumerate(self._confirmation.scanned)}
        return [
            (rule, text, reason or self.engine_reason)
            for rule, patterns in enumerate(self._rules)
            for text in patterns.match or ("",)
            if (reason := self._prefilter.unfiltered.get(numbers[text])) is not None
        ]

    def over_long(self, data: bytes) -> int:
        """How many lines, or records, of `data` are too long to be looked at to their ends."""
        return self._framing.over_long(data)

    def match(self, data: bytes, joined: bytes | None = None) -> list[LineHit]:
        """Records of `data` that a rule took, in order; rules within a record in rule order.

        `joined`, for a matcher of records of several lines, is `data` with a vertical tab for each
        newline inside one.
        """
        if self._records and joined is None:
            joined = data  # each line is a record
        before = self._clock()
        hits = self._hits(data, joined)
        taken = self._clock() - before
        self._seconds += taken
        return self._audit.review(data, hits, taken, joined)

    def _hits(self, data: bytes, joined: bytes | None) -> list[LineHit]:
        """What the engine finds."""
        hits: list[LineHit] = []
        for piece in self._framing.pieces(data, joined):
            folded = piece.folded()
            candidates = self._candidates(folded)
            if piece.is_straight:
                self._confirmation.confirm(piece, candidates, self._framing.plain_codec, hits)
            else:
                self._confirm_decoded(piece, folded, candidates, hits)
        self._confirmation.searches.scanned(len(data))
        return hits

    def _candidates(self, folded: bytes) -> Iterable[Candidate]:
        scanner, expressions, _ = self._prefilter
        ends = scanner.scan(folded) if scanner else []
        stopped = stopped_at(folded, ends, expressions)
        return all_lines(folded, stopped, self._everywhere) if self._everywhere else stopped

    def _confirm_decoded(
        self, piece: Piece, folded: bytes, candidates: Iterable[Candidate], hits: list[LineHit]
    ) -> None:
        """Text that had to be decoded first: lines are found again by their number."""
        decoded = self._framing.decode(piece.data) if piece.text is None else piece.text
        found_in = self._confirmation.found
        offsets: list[int] = []
        line = counted = 0
        for lot in self._confirmation.lots(candidates):
            for start, end, patterns in lot:
                text = decoded[start:end]
                if piece.joined is None:
                    text = text.removesuffix("\r")
                if found := found_in(text, patterns):
                    offsets = offsets or piece.line_offsets()
                    line += folded.count(b"\n", counted, start)
                    counted = start
                    hits.append(piece.hit(offsets[line], offsets[line + 1] - 1, text, found))
