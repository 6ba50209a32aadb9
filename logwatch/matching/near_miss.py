"""How far a pattern got in a line that it does not match, and what it would have needed there.

The longest part of the pattern, from its beginning, that is still found in the line: per
alternative, and inside the groups and repeats that could not be finished. Each part that is tried
is a pattern itself, compiled once and searched for under guard (searches.py), so that one which
takes too long counts as not found. A part that is found has each shorter part in it: so a few
searches, and not one for each piece, find the longest.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from msgspec import Struct

from logwatch.matching.pattern import PatternError
from logwatch.matching.pattern_pieces import Piece, Sequence, pieces_of
from logwatch.matching.prefix_cuts import (
    could_run_over,
    cuts,
    ignoring_case,
    literal_run,
    near_prefixes,
    total,
    weight,
    without,
)
from logwatch.matching.searches import GuardedSearch

MOST_TIMEOUTS = 5
"""So many searches that ran out of time, and the pattern is not looked at any more."""
MOST_PARTS = 2_000
"""Parts of one pattern that are kept compiled."""
MOST_ALTERNATIVES = 40
"""Alternatives of one group that are gone into: those of which most letters are in the line."""
LONGEST_WORD = 24
_CASE_SHARE = 0.95
_LARGEST_SHARE = 0.99
"""All but what weighs nothing, such as the end of the line."""


class NearMiss(Struct, frozen=True, kw_only=True):
    """Where a pattern stopped in a line."""

    pattern: str
    stop: int
    """`pattern[:stop]` is what was found, this alternative and these groups alone considered."""
    part: str
    """The same as a pattern of its own."""
    line_start: int
    line_stop: int
    """`line[line_start:line_stop]` is what that matched; from there on the line is another."""
    needs: str
    """What the pattern wants next: a quoted text, or a piece of the pattern."""
    has: str
    """What the line has instead, "" at its end."""
    anywhere: bool = False
    """What is needed could have come anywhere behind; then `has` is ""."""
    share: float
    """How far it got, of 1; a letter counts more than a class, and what is optional nothing."""
    is_near: bool
    """Whether it got as far as to be told: see `NearMisses.near_patterns`."""
    case_only: bool = False
    """Whether capitals and small letters are all that is in the way."""


class _Stop(NamedTuple):
    """The furthest that one sequence came."""

    gained: float
    sequence: Sequence
    number: int
    """The first piece that was not found."""
    part: str
    position: int
    shorter: str
    """The part without its last piece, where that is a loop; else ""."""
    rounds: tuple[int, int] | None = None
    """How often a repeat was found, and how often it must be."""


class NearMisses:
    """Looks at line after line for one valid pattern. Raises PatternError.

    `timed_out` counts the searches that were given up; after a few, `of` knows nothing any more.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        try:
            self._pieces = pieces_of(pattern)
        except RecursionError as error:
            raise PatternError("the pattern is nested too deeply") from error
        self._caseless = ignoring_case(self._pieces)
        caseless = () if self._caseless is None else (self._caseless,)
        self.near_patterns = (*near_prefixes(self._pieces), *caseless)
        """A line that the pattern nearly matches has one of these, and no other line has: the
        beginnings of `prefix_cuts.near_prefixes`, and the pattern itself but for its case."""
        self._parts: dict[str, GuardedSearch] = {}
        self._cuts: dict[tuple[int, int], list[int]] = {}
        self.timed_out = 0

    def of(self, line: str) -> NearMiss | None:
        """How far the pattern got in `line`, which it does not match; None where nobody can say."""
        try:
            return self._near_miss(line)
        except (PatternError, RecursionError):  # a part that refers to a group behind it
            return None

    def is_near(self, line: str) -> bool:
        """Whether `line` has enough of the pattern to be told."""
        return any(self._search(pattern, line) is not None for pattern in self.near_patterns)

    def _near_miss(self, line: str) -> NearMiss | None:
        pieces = self._pieces
        best: tuple[float, _Stop] | None = None
        for number in _promising(pieces.alternatives, line):
            sequence = pieces.alternatives[number]
            head = pieces.flags + without(pieces.alternatives[:number])
            stop = self._furthest(sequence, head, "", line)
            share = stop.gained / (total(sequence) or 1.0)
            if best is None or share > best[0]:
                best = share, stop
            if self.timed_out >= MOST_TIMEOUTS:
                return None
        assert best is not None, "every pattern has an alternative"
        share, stop = best
        found = self._search(stop.part, line)
        return None if found is None else self._told(line, stop, share, found)

    def _furthest(self, sequence: Sequence, before: str, after: str, line: str) -> _Stop:
        """How far `sequence` comes behind `before`, of which it is known that it is found."""
        kept = self._kept(sequence, before, after, line)
        part = before + self._text(sequence, kept) + after
        gained = sum(map(weight, sequence.pieces[:kept]))
        if kept == len(sequence.pieces):
            end = sequence.pieces[-1].end if sequence.pieces else sequence.start
            return _Stop(gained, sequence, kept, part, end, "")
        piece = sequence.pieces[kept]
        if kept and could_run_over(self._pieces, sequence.pieces[kept - 1], piece):
            shorter = before + self._text(sequence, kept - 1) + after
        else:
            shorter = ""
        stop = _Stop(gained, sequence, kept, part, piece.start, shorter)
        return self._inside(stop, piece, before + self._text(sequence, kept), after, line) or stop

    def _inside(
        self, outer: _Stop, piece: Piece, before: str, after: str, line: str
    ) -> _Stop | None:
        """How far a piece came that was not found as a whole; None where that tells no more."""
        core = self._pattern[piece.start : piece.core_end]
        if piece.least > 1 and self._is_found(before + core + after, line):
            return self._counted(outer, piece, before + core, after, line)
        if not piece.least or not piece.bodies:
            return None
        best: _Stop | None = None
        opening = self._pattern[piece.start : piece.bodies[0].start]
        for number in _promising(piece.bodies, line):
            body = piece.bodies[number]
            head = before + opening + without(piece.bodies[:number])
            stop = self._furthest(body, head, ")" + after, line)
            tells_more = stop.gained or len(piece.bodies) == 1
            if tells_more and (best is None or stop.gained > best.gained):
                best = stop
        if best is None:
            return None
        return best._replace(gained=outer.gained + min(best.gained, weight(piece)))

    def _counted(self, outer: _Stop, piece: Piece, before: str, after: str, line: str) -> _Stop:
        """How often a repeat was found that was found too few times."""
        low, high = 1, piece.least
        while high - low > 1:
            middle = (low + high) // 2
            if self._is_found(f"{before}{{{middle}}}{after}", line):
                low = middle
            else:
                high = middle
        return outer._replace(
            gained=outer.gained + weight(piece) * low / piece.least,
            part=f"{before}{{{low}}}{after}",
            position=piece.core_end,
            shorter="",
            rounds=(low, piece.least),
        )

    def _kept(self, sequence: Sequence, before: str, after: str, line: str) -> int:
        """The most pieces that are found together, of those numbers at which it may be cut."""
        key = sequence.start, len(sequence.pieces)
        allowed = self._cuts.get(key)
        if allowed is None:
            allowed = self._cuts[key] = cuts(self._pieces, sequence)
        low, high = 0, len(allowed)
        while high - low > 1:
            middle = (low + high) // 2
            if self._is_found(before + self._text(sequence, allowed[middle]) + after, line):
                low = middle
            else:
                high = middle
        return allowed[low]

    def _text(self, sequence: Sequence, kept: int) -> str:
        return self._pattern[sequence.start : sequence.pieces[kept - 1].end] if kept else ""

    def _is_found(self, part: str, line: str) -> bool:
        return self._search(part, line) is not None

    def _search(self, part: str, line: str) -> Any:
        guarded = self._parts.get(part)
        if guarded is None:
            if len(self._parts) >= MOST_PARTS:
                self._parts.clear()
            guarded = self._parts[part] = GuardedSearch(part)
        if self.timed_out >= MOST_TIMEOUTS:
            return None
        try:
            return guarded.search(line)
        except TimeoutError:
            self.timed_out += 1
            return None

    def _told(self, line: str, stop: _Stop, share: float, found: Any) -> NearMiss:
        start, end = found.span()
        shorter = self._search(stop.shorter, line) if stop.shorter else None
        if shorter is not None:
            end = shorter.end()
        caseless = self._search(self._caseless, line) if self._caseless else None
        if caseless is not None and start == end:
            start = end = caseless.start()
        needs, back = self._needs(stop)
        return NearMiss(
            pattern=self._pattern,
            stop=stop.position,
            part=stop.part,
            line_start=start,
            line_stop=end,
            needs=needs,
            has="" if shorter is not None else _word_at(line, end - min(back, end - start)),
            anywhere=shorter is not None,
            share=min(max(share, _CASE_SHARE if caseless else 0.0), _LARGEST_SHARE),
            is_near=self.is_near(line),
            case_only=caseless is not None,
        )

    def _needs(self, stop: _Stop) -> tuple[str, int]:
        """What is wanted at a stop, and how many letters of that word were there already."""
        if stop.number >= len(stop.sequence.pieces):
            return "what follows this group", 0
        piece = stop.sequence.pieces[stop.number]
        if stop.rounds is not None:
            core = self._pattern[piece.start : piece.core_end]
            return f"{stop.rounds[1]} times {core}, not {stop.rounds[0]}", 0
        run = literal_run(stop.sequence, stop.number)
        if not run:
            return _in_words(self._pattern[piece.start : piece.end], piece), 0
        begun = ""
        if _is_word(run[0]):
            for before in reversed(stop.sequence.pieces[: stop.number]):
                if before.kind != "literal" or before.is_repeated or not _is_word(before.text):
                    break
                begun = before.text + begun
        rest = re.match(r"\W*\w*", run)
        return f'"{begun}{rest[0] if rest else run}"', len(begun)


def _promising(sequences: tuple[Sequence, ...], line: str) -> list[int]:
    """The numbers of the alternatives that are worth a search."""
    numbers = list(range(len(sequences)))
    if len(numbers) <= MOST_ALTERNATIVES:
        return numbers
    small = line.lower()
    runs = [literal_run(sequence, 0).lower() for sequence in sequences]
    numbers.sort(key=lambda number: -_begun(runs[number], small))
    return sorted(numbers[:MOST_ALTERNATIVES])


def _begun(run: str, line: str) -> float:
    """How much of `run`, from its beginning, is somewhere in `line`, of 1."""
    low, high = 0, len(run) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if run[:middle] in line:
            low = middle
        else:
            high = middle
    return low / (len(run) or 1)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _word_at(line: str, start: int) -> str:
    """What a person would call the next word from `start` on."""
    found = re.compile(r"\w+|\s+\w*|\W\w*").match(line, start)
    if found is None:
        return ""
    word = found[0]
    return word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + "…"


_NAMES = {
    "$": "the end of the line",
    r"\Z": "the end of the line",
    "^": "the beginning of the line",
    r"\A": "the beginning of the line",
    r"\b": r"the edge of a word (\b)",
    r"\B": r"no edge of a word (\B)",
    ".": "one more character",
    ".+": "one more character",
}
_CLASSES = {
    r"\d": "a digit",
    r"\D": "no digit",
    r"\w": "a letter or digit",
    r"\W": "no letter or digit",
    r"\s": "a blank",
    r"\S": "no blank",
}


def _in_words(text: str, piece: Piece) -> str:
    if text in _NAMES:
        return _NAMES[text]
    core = text[: piece.core_end - piece.start]
    if core in _CLASSES:
        return f"{text} ({_CLASSES[core]})"
    return text
