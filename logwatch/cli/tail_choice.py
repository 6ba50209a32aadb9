"""Which lines of a block are shown: the daemon's matcher and its conditions, then their time.

A line without a stamp of its own goes with the line before it.
"""

from __future__ import annotations

from logwatch.cli.tail_filters import Wanted
from logwatch.cli.tail_folding import Folding
from logwatch.cli.tail_page import Line, as_lines
from logwatch.cli.tail_time import TimeSpan
from logwatch.conditions import compile_where
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.searches import GuardedSearch

LONGEST_LINE = 262_144
"""Bytes of a line that are looked at, as in the daemon."""


class Choice:
    """What the flags of one command line choose. Raises EngineError."""

    def __init__(self, wanted: Wanted | None, span: TimeSpan) -> None:
        self._span = span
        self._matcher: Matcher | None = None
        self._predicate = None
        self._shown: list[GuardedSearch] = []
        self._only: GuardedSearch | None = None
        """The search that alone decides, where there is one."""
        self._takes_most = False
        """Whether most lines that came last were chosen."""
        if wanted is None:
            return
        self._shown = [GuardedSearch(each) for each in wanted.shown]
        if wanted.match or wanted.unless:
            patterns = RulePatterns(match=wanted.match, unless=wanted.unless)
            self._matcher = Matcher([patterns], audit=0.0, max_line=LONGEST_LINE)
            if len(wanted.match) == 1 and not wanted.unless:
                self._only = GuardedSearch(wanted.match[0])
        if wanted.where:
            self._predicate = compile_where(
                wanted.where, lambda pattern: GuardedSearch(pattern, records=True).search
            )

    def of(self, data: bytes, folding: Folding, now: float) -> list[Line]:
        """Those of the whole lines in `data` that are chosen."""
        lines = self._matching(data)
        if self._predicate is not None:
            fits = self._predicate
            lines = [line for line in lines if fits(folding.fields_of(line.text, now)[1])]
        if self._span.is_all:
            return lines
        return self._in_time(lines, folding, now)

    def bytes_of(self, data: bytes) -> bytes | None:
        """The same lines as they are, one behind the other; None where each must be looked at.

        It costs half of what `of` does, where nearly every line is chosen.
        """
        if self._matcher is None or self._predicate is not None or not self._span.is_all:
            return None
        if self._takes_most and self._is_straight(data):
            assert self._only is not None
            search = self._only.plain
            texts = [each for each in data[:-1].decode("ascii").split("\n") if search(each)]
            chosen = "".join([f"{each}\n" for each in texts]).encode("ascii")
        else:
            hits = self._matcher.match(data)
            chosen = b"".join([data[hit.start : hit.end] + b"\n" for hit in hits])
        self._takes_most = len(chosen) * 2 > len(data)
        return chosen

    def _is_straight(self, data: bytes) -> bool:
        """Whether a search in each line does it, and cannot take long: no engine need find them."""
        return (
            self._only is not None
            and self._only.short >= len(data)
            and len(data) <= LONGEST_LINE
            and data.endswith(b"\n")
            and data.isascii()
            and b"\r" not in data
        )

    def emphasis(self, text: str) -> tuple[str, ...]:
        """What the patterns found in a line that they chose."""
        try:
            found = [search.search(text) for search in self._shown]
        except TimeoutError:
            return ()
        return tuple(each[0] for each in found if each is not None)

    def _matching(self, data: bytes) -> list[Line]:
        if self._matcher is None:
            return as_lines(data)
        hits = self._matcher.match(data)
        return [Line(data[hit.start : hit.end], hit.text) for hit in hits]

    def _in_time(self, lines: list[Line], folding: Folding, now: float) -> list[Line]:
        shown: list[Line] = []
        holds = False
        for line in lines:
            at = folding.time_of(line.text, now)
            if at is not None:
                holds = self._span.holds(at)
            if holds:
                shown.append(line)
        return shown
