"""The engine is not trusted but watched: a sample of what it did is done again by Python's `re`.

Now and then one rule is looked at in a few lines of the block that was just matched: some lines
from anywhere, and lines with a text that the rule requires, for these it may well take. Lines are
cut, decoded and searched here in the plainest way. A rule of which the engine said something else
is never again left to it: all its lines are searched, in that very block to begin with.

What it costs is measured, and bounded by a share of what matching costs. So a rule that the engine
is often wrong about is found, the sooner the fewer rules there are; a single rare fault is not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec import Struct

from logwatch.matching.confirmation import Confirmation
from logwatch.matching.hits import Found, LineHit
from logwatch.matching.reference import captures
from logwatch.matching.searches import Search
from logwatch.matching.syntax import parse
from logwatch.matching.translator import required_literals, skeleton

_BLOCKS_A_RULE = 3
"""So many blocks are looked at for the same rule, since to compile one for the purpose costs as
much as a thousand lines do."""
_LINES = 16
_LIKELY_LINES = 4
"""For each text that a rule requires."""
_MOST_TEXTS = 4
_STRETCH = 1 << 18
"""Bytes that are searched for such a text."""
_LONGEST_TIMED = 4096
"""The longest line for a pattern that is always under a time limit."""
_SUSPICION_SECONDS = 1.0
"""What may be spent at once on other rules after the engine was found to be wrong about one."""


class AuditSettings(Struct, frozen=True, kw_only=True):
    """How blocks are read, and how much may be spent."""

    encoding: str
    max_line: int
    share: float
    """Of the CPU seconds that matching takes; 0 is no audit."""


class _Audited(NamedTuple):
    rule: int
    match: tuple[Search, ...]
    unless: tuple[Search, ...]
    longest: int
    """The longest line that these are tried on."""
    texts: tuple[bytes, ...]
    """Lines with one of them are likely to be taken."""


class _Block(NamedTuple):
    data: bytes
    lines: bytes
    """The same with each record as one line."""


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    truncated: bool


class Audit:
    """The audit of one matcher; `rules` are those that the engine filters lines for."""

    def __init__(
        self,
        rules: Sequence[int],
        confirmation: Confirmation,
        settings: AuditSettings,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._rules = rules
        self._confirmation = confirmation
        self._settings = settings
        self._clock = clock
        self._random = random
        self._credit = 0.0
        self._next = int(random() * len(rules))
        self._audited: _Audited | None = None
        self._blocks_left = 0
        self.lines = 0
        self.pairs = 0
        """Rule and line."""
        self.differences = 0
        self.fallback: dict[int, object] = {}
        """Rules that are no longer left to the engine, in the order in which it was wrong."""
        self.events: deque[int] = deque()
        """The same rules; whoever takes one tells people."""

    def review(
        self, data: bytes, hits: list[LineHit], seconds: float, joined: bytes | None = None
    ) -> list[LineHit]:
        """The hits of a block as they are to be, when the engine took `seconds` to find `hits`.

        `joined` is `data` with each record as one line, where records have several.
        """
        block = _Block(data, data if joined is None else joined)
        self._credit += seconds * self._settings.share
        # Another thread may do the same at once; then a little more is looked at.
        if self._credit > 0 and len(self.fallback) < len(self._rules):
            before = self._clock()
            if audited := self._due():
                self._look(audited, block, hits)
            self._credit -= self._clock() - before
        return self._with_fallback(block, hits) if self.fallback else hits

    def _due(self) -> _Audited | None:
        """The rule to look at; None where another thread has just found the last one to differ."""
        audited = self._audited
        if audited is None or self._blocks_left <= 0 or audited.rule in self.fallback:
            rules = [*self._rules[self._next :], *self._rules[: self._next]]
            rule = next((rule for rule in rules if rule not in self.fallback), None)
            if rule is None:
                return None
            self._next = (self._rules.index(rule) + 1) % len(rules)
            self._audited = audited = self._prepare(rule)
            self._blocks_left = _BLOCKS_A_RULE
        self._blocks_left -= 1
        return audited

    def _look(self, audited: _Audited, block: _Block, hits: list[LineHit]) -> None:
        by_start = [hit.start for hit in hits]
        anywhere = self._lines_from(block, int(self._random() * len(block.data)), _LINES)
        for line in chain(anywhere, self._likely_lines(block, audited.texts)):
            at = bisect_left(by_start, line.start)
            is_hit = at < len(hits) and by_start[at] == line.start
            self.lines += 1
            if len(line.text) <= audited.longest:
                self._compare(audited, line, hits[at] if is_hit else None)

    def _compare(self, audited: _Audited, line: _Line, hit: LineHit | None) -> None:
        try:
            due = _found(audited, line.text)
        except TimeoutError:
            return
        self.pairs += 1
        got = [one for one in hit.found if one[0] == audited.rule] if hit else []
        if hit and got:
            is_same = (hit.end, hit.text, hit.truncated) == line[1:] and got == due
        else:
            is_same = got == due
        if is_same or self._is_excused(audited.rule):
            return
        self.differences += 1
        self._credit = _SUSPICION_SECONDS
        mine = object()
        if self.fallback.setdefault(audited.rule, mine) is mine:  # of several threads, one
            self.events.append(audited.rule)

    def _is_excused(self, rule: int) -> bool:
        """Whether something else than the engine may have made the difference."""
        searches = self._confirmation.searches
        return any(
            pattern in searches.quarantined or pattern in searches.given_up
            for patterns in self._confirmation.patterns_of(rule)
            for pattern in patterns
        )

    def _prepare(self, rule: int) -> _Audited:
        peek = self._confirmation.searches.peek
        matching, excluding = self._confirmation.patterns_of(rule)
        match, unless = [peek(one) for one in matching], [peek(one) for one in excluding]
        texts = [
            text
            for one in matching
            for text in required_literals(skeleton(parse(self._confirmation.texts[one])))
            if text.isascii()
        ]
        return _Audited(
            rule,
            tuple(one.search for one in match),
            tuple(one.search for one in unless),
            min(one.short if one.short > 0 else _LONGEST_TIMED for one in (*match, *unless)),
            tuple(texts[:_MOST_TEXTS]),
        )

    def _lines_from(self, block: _Block, offset: int, most: int) -> Iterator[_Line]:
        """Up to `most` lines, the first being the one that `offset` is in."""
        start = block.lines.rfind(b"\n", 0, offset) + 1
        while most and start < len(block.data):
            line = self._line(block, start)
            yield line
            start = line.end + 1
            most -= 1

    def _line(self, block: _Block, start: int) -> _Line:
        data, lines = block
        end = lines.find(b"\n", start)
        if end < 0:
            end = len(data)
        longest, encoding = self._settings.max_line, self._settings.encoding
        text = data[start : min(end, start + longest)].decode(encoding, "backslashreplace")
        text = "\n".join(line.removesuffix("\r") for line in text.split("\n")).rstrip("\n")
        return _Line(start, end, text, end - start > longest)

    def _likely_lines(self, block: _Block, texts: Sequence[bytes]) -> Iterator[_Line]:
        data, lines = block
        for text in texts:
            start = int(self._random() * max(0, len(data) - _STRETCH))
            stop = start + _STRETCH
            for _ in range(_LIKELY_LINES):
                at = data.find(text, start, stop)
                if at < 0:
                    break
                line = self._line(block, lines.rfind(b"\n", 0, at) + 1)
                yield line
                start = line.end

    def _with_fallback(self, block: _Block, hits: list[LineHit]) -> list[LineHit]:
        """`hits`, with every single line searched for the rules that are not left to the engine."""
        engine = {hit.start: hit for hit in hits}
        rules, taken_by = sorted(self.fallback), self._confirmation.taken_by
        merged: list[LineHit] = []
        for line in self._lines_from(block, 0, len(block.data)):
            hit = engine.get(line.start)
            found = [one for one in hit.found if one[0] not in self.fallback] if hit else []
            found += [one for rule in rules if (one := taken_by(rule, line.text))]
            if found:
                found.sort(key=_rule)
                start, end, text, truncated = line
                merged.append(LineHit(start, end, text, truncated, found))
        return merged


def _rule(found: Found) -> int:
    return found[0]


def _found(audited: _Audited, text: str) -> list[Found]:
    """What the reference says of one rule and one line. Raises TimeoutError."""
    first = next((match for search in audited.match if (match := search(text))), None)
    if first is None or any(search(text) for search in audited.unless):
        return []
    return [(audited.rule, captures(first))]
