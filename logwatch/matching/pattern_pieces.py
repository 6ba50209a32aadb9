"""A pattern as the pieces of its own text: where its groups, repeats and alternatives are.

Python's parse tree forgets where in the text its items stood, and rewrites alternatives. What it is
asked here is only where a pattern could be cut, and what it needs there. The pattern must be valid
(`compile_pattern`); of another one the pieces are some pieces.

Source: the Python Library Reference, "Regular Expression Syntax".
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, TypeAlias

from msgspec import Struct

from logwatch.matching.pattern import compile_pattern

Kind: TypeAlias = Literal["literal", "class", "position", "group", "look", "reference"]


class Piece(Struct, frozen=True, kw_only=True):
    """One item of a pattern with its repeat: `pattern[start:end]`."""

    kind: Kind
    start: int
    end: int
    core_end: int
    """Where the repeat is written; `end` where there is none."""
    text: str = ""
    """The character that a literal stands for."""
    bodies: tuple[Sequence, ...] = ()
    """The alternatives of a group that can be cut."""
    groups: tuple[str, ...] = ()
    """What captures in it, in order; "" is a group without a name."""
    least: int = 1
    most: int | None = 1
    """None: without end."""

    @property
    def is_repeated(self) -> bool:
        """Whether a repeat is written behind it."""
        return self.end != self.core_end


class Sequence(Struct, frozen=True):
    """Pieces one after the other: one alternative. `pattern[start:...]` begins with the first."""

    start: int
    pieces: tuple[Piece, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """What captures in it, in order."""
        return tuple(name for piece in self.pieces for name in piece.groups)


class Pieces(Struct, frozen=True):
    """A whole pattern."""

    pattern: str
    flags: str
    """What must stand before a part of it that is to mean the same, such as `(?ix)`."""
    alternatives: tuple[Sequence, ...]


def pieces_of(pattern: str) -> Pieces:
    """The pieces of a valid pattern. Raises PatternError, RecursionError."""
    flags = compile_pattern(pattern).flags
    letters = "".join(letter for letter, flag in _LETTERS.items() if flags & flag)
    reader = _Reader(pattern)
    verbose = bool(flags & re.VERBOSE)
    alternatives = reader.alternatives(verbose=verbose)
    return Pieces(pattern, f"(?{letters})" if letters else "", alternatives)


_LETTERS = {
    "a": re.ASCII,
    "i": re.IGNORECASE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
    "x": re.VERBOSE,
}
_GLOBAL_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_BLANK = re.compile(r"[ \t\n\r\v\f]+|#[^\n]*\n?")
_REPEAT = re.compile(r"(?:([*+?])|\{(?!\})([0-9]*)(?:(,)([0-9]*))?\})[?+]?")
_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|0[0-7]{0,2}"
    r"|[0-3][0-7]{2}|[1-9][0-9]?|.)",
    re.DOTALL,
)
_SET = re.compile(r"\[\^?(?:\\.|[^\\])(?:\\.|[^\\\]])*\]", re.DOTALL)
_OPENING = re.compile(
    r"\((?:(?P<look>\?<?[=!])|(?P<condition>\?\()|(?P<same>\?P=)"
    r"|\?P<(?P<name>[^>]*)>|\?(?P<on>[aiLmsux]*)(?:-(?P<off>[imsx]+))?:|(?P<atomic>\?>))?"
)
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class _Reader:
    """Reads from the front; `_at` is how far it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def alternatives(self, *, verbose: bool) -> tuple[Sequence, ...]:
        """Up to the end, or to the parenthesis that closes the group."""
        found = [self._sequence(verbose=verbose)]
        while self._text[self._at : self._at + 1] == "|":
            self._at += 1
            found.append(self._sequence(verbose=verbose))
        return tuple(found)

    def _sequence(self, *, verbose: bool) -> Sequence:
        start = self._at
        pieces: list[Piece] = []
        while True:
            self._pass_over(verbose=verbose)
            if not pieces and (flags := _GLOBAL_FLAGS.match(self._text, self._at)):
                start = self._at = flags.end()
                continue
            if self._at >= len(self._text) or self._text[self._at] in "|)":
                return Sequence(start, tuple(pieces))
            repeat = _REPEAT.match(self._text, self._at) if pieces else None
            if repeat:
                pieces[-1] = self._repeated(pieces[-1], repeat)
            else:
                pieces.append(self._piece(verbose=verbose))

    def _pass_over(self, *, verbose: bool) -> None:
        """Comments, and in a verbose pattern blanks."""
        while found := (
            _COMMENT.match(self._text, self._at)
            or (_BLANK.match(self._text, self._at) if verbose else None)
        ):
            self._at = found.end()

    def _repeated(self, piece: Piece, repeat: re.Match[str]) -> Piece:
        sign, least, comma, most = repeat.groups()
        if sign:
            bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        else:
            fewest = int(least or 0)
            exactly = fewest if least else None  # "{,}" is any number
            bounds = fewest, (int(most) if most else None) if comma else exactly
        self._at = repeat.end()
        return Piece(
            kind=piece.kind,
            start=piece.start,
            end=self._at,
            core_end=piece.core_end,
            text=piece.text,
            bodies=piece.bodies,
            groups=piece.groups,
            least=bounds[0],
            most=bounds[1],
        )

    def _piece(self, *, verbose: bool) -> Piece:
        match self._text[self._at]:
            case "\\":
                return self._escape()
            case "[":
                found = _SET.match(self._text, self._at)
                return self._simple("class", found.end() if found else self._at + 1)
            case ".":
                return self._simple("class", self._at + 1)
            case "^" | "$":
                return self._simple("position", self._at + 1)
            case "(":
                return self._group(verbose=verbose)
            case character:
                return self._simple("literal", self._at + 1, character)

    def _simple(self, kind: Kind, end: int, text: str = "") -> Piece:
        start, self._at = self._at, end
        return Piece(kind=kind, start=start, end=end, core_end=end, text=text)

    def _escape(self) -> Piece:
        found = _ESCAPE.match(self._text, self._at)
        end = found.end() if found else self._at + 1
        name = self._text[self._at + 1 : end]
        if name in ("d", "D", "s", "S", "w", "W"):
            return self._simple("class", end)
        if name in ("A", "Z", "b", "B"):
            return self._simple("position", end)
        if name[:1] in "123456789" and len(name) < 3:
            return self._simple("reference", end)
        return self._simple("literal", end, _character(name))

    def _group(self, *, verbose: bool) -> Piece:
        start = self._at
        opening = _OPENING.match(self._text, start)
        assert opening is not None, "the first character alone is one"
        if opening["same"]:
            return self._simple("reference", self._text.index(")", start) + 1)
        self._at = opening.end()
        if opening["condition"]:
            self._at = self._text.index(")", self._at) + 1
        if opening["off"] and "x" in opening["off"]:
            verbose = False
        elif opening["on"] and "x" in opening["on"]:
            verbose = True
        bodies = self.alternatives(verbose=verbose)
        self._at = end = min(self._at + 1, len(self._text))
        inner = tuple(name for body in bodies for name in body.groups)
        captures = opening.end() == start + 1 or opening["name"] is not None
        kind: Kind = "look" if opening["look"] else "reference" if opening["condition"] else "group"
        return Piece(
            kind=kind,
            start=start,
            end=end,
            core_end=end,
            bodies=bodies if kind == "group" else (),
            groups=(opening["name"] or "", *inner) if captures else inner,
        )


def _character(name: str) -> str:
    """What an escape stands for: `x41`, `t`, `.`, `N{EM DASH}`, `101`."""
    if name[:1] in "xuU" and len(name) > 1:
        return chr(int(name[1:], 16))
    if name.startswith("N{"):
        return unicodedata.lookup(name[2:-1])
    if name[:1].isdecimal() and name[:1].isascii():
        return chr(int(name, 8))
    return _CONTROLS.get(name, name)
