"""A pattern as a small tree, read from Python's own parse tree.

The tree describes records of the folded alphabet (alphabet.py). What it cannot describe it makes
larger, never smaller: a back-reference is any text, a condition is a choice. Assertions about the
neighbourhood are kept aside as `Look`, which consumes nothing.
"""

from __future__ import annotations

import re
import warnings
from functools import reduce
from typing import Any, TypeAlias

from msgspec import Struct

from logwatch.matching.alphabet import (
    EVERY,
    IGNORES_CASE,
    RECORDS,
    Leaf,
    characters,
    constants,
    parser,
)


class Chars(Struct, frozen=True):
    """One character out of a set of folded bytes; the empty set never matches."""

    mask: int


class Concat(Struct, frozen=True):
    """One after the other; none of them is the empty text."""

    items: tuple[Node, ...]


class Either(Struct, frozen=True):
    """Any one of them."""

    branches: tuple[Node, ...]


class Repeat(Struct, frozen=True):
    """`least` to `most` times; `most` None is without end."""

    body: Node
    least: int
    most: int | None


class Atomic(Struct, frozen=True):
    """Gives nothing back once it has matched."""

    body: Node


class Look(Struct, frozen=True):
    """Looks ahead or behind; consumes nothing, and may or may not hold."""

    body: Node


class Start(Struct, frozen=True):
    """The beginning of the record."""


class End(Struct, frozen=True):
    """The end of the record."""


Node: TypeAlias = Chars | Concat | Either | Repeat | Atomic | Look | Start | End

EMPTY = Concat(())
NEVER = Chars(0)
ANY_TEXT = Repeat(Chars(EVERY), 0, None)
TOO_DEEP = Repeat(ANY_TEXT, 0, None)
"""Stands for what is nested too deeply to be looked at: any text, and dangerous."""

_MOST_LEVELS = 40
"""Python takes patterns so deep that it, but not we, can walk them with the stack that there is."""
_TYPE_FLAGS = int(re.ASCII | re.LOCALE | re.UNICODE)
"""A number: the complement of a RegexFlag has no bit of ours (RECORDS)."""
_LETTERS = tuple(Chars(characters((constants.LITERAL, code), 0)) for code in range(256))
"""What most of a pattern is made of: characters that stand for themselves, by their code."""


def parse(text: str, *, records: bool = False) -> Node:
    """The tree of a valid pattern, for lines or for `records` of several lines.

    Raises re.error where it is not one.
    """
    try:
        tree = quiet_parse(text)
    except RecursionError:  # on a deeper stack than the one that it was compiled on
        return TOO_DEEP
    flags = tree.state.flags | RECORDS if records else tree.state.flags
    return _sequence(tree, flags, _MOST_LEVELS)


def quiet_parse(text: str) -> Any:
    """Python's own parse tree, without its warnings. Raises re.error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return parser.parse(text)


def concat(items: list[Node]) -> Node:
    """One after the other, flattened."""
    flat: list[Node] = []
    for item in items:
        flat.extend(item.items if isinstance(item, Concat) else (item,))
    return flat[0] if len(flat) == 1 else Concat(tuple(flat))


def either(branches: list[Node]) -> Node:
    """Any one of them, each once; sets join into one.

    Not for a tree that is still to be judged: twice the same branch is twice the backtracking.
    """
    flat: list[Node] = []
    for branch in branches:
        flat.extend(branch.branches if isinstance(branch, Either) else (branch,))
    mask = reduce(int.__or__, (one.mask for one in flat if isinstance(one, Chars)), 0)
    kept: list[Node] = list(dict.fromkeys(one for one in flat if not isinstance(one, Chars)))
    if mask or not kept:
        kept.insert(0, Chars(mask))
    return kept[0] if len(kept) == 1 else Either(tuple(kept))


def repeat(body: Node, least: int, most: int | None) -> Node:
    """`least` to `most` times `body`, in its simplest form."""
    if most == 0 or body == EMPTY:
        return EMPTY
    if body == NEVER:
        return EMPTY if least == 0 else NEVER
    return body if least == most == 1 else Repeat(body, least, most)


def _sequence(tree: Any, flags: int, levels: int) -> Node:
    if not levels:
        return TOO_DEEP
    return concat([_node(item, flags, levels - 1) for item in tree])


def _node(item: Leaf, flags: int, levels: int) -> Node:  # noqa: PLR0911 - one line for each opcode
    opcode, argument = item
    if opcode is constants.LITERAL and argument < 256 and not flags & (IGNORES_CASE | RECORDS):
        return _LETTERS[argument]
    match str(opcode):
        case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
            return Chars(characters(item, flags))
        case "BRANCH":
            return Either(tuple(_sequence(branch, flags, levels) for branch in argument[1]))
        case "SUBPATTERN":
            _, added, removed, body = argument
            return _sequence(body, scoped(flags, added, removed), levels)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeat(str(opcode), argument, flags, levels)
        case "ATOMIC_GROUP":
            return Atomic(_sequence(argument, flags, levels))
        case "ASSERT" | "ASSERT_NOT":
            return Look(_sequence(argument[1], flags, levels))
        case "AT":
            return _position(str(argument), flags)
        case "GROUPREF_EXISTS":
            _, yes, no = argument
            return Either((_sequence(yes, flags, levels), _sequence(no or (), flags, levels)))
        case "FAILURE":
            return NEVER
        case _:  # a back-reference, or something that a later Python has invented
            return ANY_TEXT


def _repeat(opcode: str, argument: Any, flags: int, levels: int) -> Node:
    least, most, body = argument
    unbounded = most is constants.MAXREPEAT
    node = repeat(_sequence(body, flags, levels), least, None if unbounded else most)
    return Atomic(node) if opcode == "POSSESSIVE_REPEAT" else node


def _position(where: str, flags: int) -> Node:
    # A line holds no newline, so that MULTILINE changes nothing and "$" is the very end; neither
    # does a record end with one.
    if flags & RECORDS and flags & re.MULTILINE and where in ("AT_BEGINNING", "AT_END"):
        return EMPTY
    if where.startswith("AT_BEGINNING"):
        return Start()
    return End() if where.startswith("AT_END") else EMPTY


def scoped(flags: int, added: int, removed: int) -> int:
    """Flags inside a group such as `(?i-s:...)`."""
    if added & _TYPE_FLAGS:
        flags &= ~_TYPE_FLAGS
    return (flags | added) & ~removed
