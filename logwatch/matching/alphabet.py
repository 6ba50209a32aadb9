r"""The alphabet that blocks are scanned in: one byte for each character.

A character up to U+00FF is its own byte; every other one is a question mark. A class of characters
becomes the set of bytes that its members fold to, as an integer with bit `b` set for byte `b`.
Newline is in no set, because a line holds none. The set may be too large, never too small.

Where records have several lines a newline inside one is scanned as a vertical tab, and a vertical
tab of the text as a question mark: so "\n" stays the end of a record, and no class that cannot
match a newline gets to match one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

# Python's own parser and compiler tell us what a class means; they have no public names.
parser: Any = import_module("re._parser")
compiler: Any = import_module("re._compiler")
constants: Any = import_module("re._constants")

NEWLINE = 0x0A
JOINT = 0x0B
"""Stands for a newline inside a record of several lines."""
OTHER = 0x3F
"""Stands for all characters above U+00FF, as `str.encode(..., "replace")` has it."""
EVERY = (1 << 256) - 1 & ~(1 << NEWLINE)
"""All characters but newline."""

RECORDS = 1 << 16
"""Beside the flags of a pattern: it is for records of several lines."""
IGNORES_CASE = int(re.IGNORECASE)
"""As a number: to look at a flag of `re` takes a microsecond, and each letter asks for it."""

LATIN1 = "".join(map(chr, range(256)))
CASED_INTO_LATIN1 = "\u0130\u0131\u0178\u017f\u039c\u03bc\u1e9e\u212a\u212b"
"""Every character above U+00FF that a pattern up to U+00FF can match when case is ignored."""

Leaf = tuple[Any, Any]
"""One item of a parse tree that takes one character: its opcode and argument."""


def fold(text: str) -> bytes:
    """The bytes to scan for `text`, one for each character."""
    return text.encode("latin-1", "replace")


def fold_record(text: str) -> bytes:
    """The bytes to scan for the text of one record, which may have newlines."""
    return fold(text.replace("\x0b", "?").replace("\n", "\x0b"))


def members(mask: int) -> Iterator[int]:
    """The bytes of a set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def characters(leaf: Leaf, flags: int) -> int:
    """The set of bytes that the characters matched by `leaf` under `flags` fold to."""
    opcode, argument = leaf
    if flags & RECORDS:
        return _in_records(_characters(opcode, hashable(argument), flags & ~RECORDS))
    if opcode is constants.LITERAL and not flags & IGNORES_CASE:
        return 1 << (argument if argument < 256 else OTHER) & ~(1 << NEWLINE)
    return _characters(opcode, hashable(argument), flags) & EVERY


def _in_records(mask: int) -> int:
    """A set that may have a newline, in the alphabet of records."""
    folded = mask & EVERY & ~(1 << JOINT)
    if mask >> JOINT & 1:
        folded |= 1 << OTHER
    return folded | (mask >> NEWLINE & 1) << JOINT


def single(leaf: Leaf, flags: int) -> re.Pattern[str]:
    """A pattern of Python's for just this leaf."""
    return _compiled([leaf], flags)


def runs_of(leaf: Leaf, flags: int) -> re.Pattern[str]:
    """A pattern for one or more of what `leaf` matches."""
    once = parser.SubPattern(parser.State(), [leaf])
    return _compiled([(constants.MAX_REPEAT, (1, constants.MAXREPEAT, once))], flags)


def _compiled(items: list[Leaf], flags: int) -> re.Pattern[str]:
    state = parser.State()
    state.flags = flags
    compiled: re.Pattern[str] = compiler.compile(parser.SubPattern(state, items))
    return compiled


def hashable(argument: Any) -> Any:
    """The argument of an opcode, for a cache."""
    return tuple(argument) if isinstance(argument, list) else argument


@lru_cache(maxsize=4096)
def _characters(opcode: Any, argument: Any, flags: int) -> int:
    pattern = single((opcode, argument), flags)
    mask = 0
    for character in pattern.findall(LATIN1):
        mask |= 1 << ord(character)
    if _reaches_above(opcode, argument, flags, pattern):
        mask |= 1 << OTHER
    return mask


def _reaches_above(opcode: Any, argument: Any, flags: int, pattern: re.Pattern[str]) -> bool:
    if opcode is constants.IN:
        items = argument
    elif opcode is constants.LITERAL:
        items = ((opcode, argument),)
    else:  # any character, or any but one
        return True
    if any(_item_reaches_above(item, flags) for item in items):
        return True
    return bool(flags & IGNORES_CASE and pattern.search(CASED_INTO_LATIN1))


def _item_reaches_above(item: Leaf, flags: int) -> bool:
    opcode, argument = item
    if opcode is constants.LITERAL:
        return bool(argument > 0xFF)
    if opcode is constants.RANGE:
        return bool(argument[1] > 0xFF)
    if opcode is constants.CATEGORY:
        return not flags & re.ASCII or "NOT" in str(argument)
    return True  # a negation, or an item of a later Python
