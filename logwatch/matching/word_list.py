"""A long list of words in a pattern: each word is looked for by itself.

Hyperscan compiles ten thousand plain texts in a quarter of a second, and one alternation of as many
in minutes. So each word becomes an expression of its own, with the fixed text beside the list. What
else stands in the pattern is left out, where the word with that text is rare enough without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from typing import NamedTuple, TypeAlias

from logwatch.matching.alphabet import members
from logwatch.matching.stretch import TELLING, weight
from logwatch.matching.syntax import Chars, Concat, Either, Node, Repeat, concat, either
from logwatch.matching.translator import information

MANY_WORDS = 64
"""Words from which a list is long."""
_VERY_MANY = 1_000
"""Words from which a list that must fit together with more is too slow to compile: 1,000 between
`^` and `$` took five seconds."""
_RARE_BITS = 16
"""A word that carries less, one of three letters, is expected more than once in many a line."""
_MOST_WRITINGS = 8
"""Of one word. In `(?i)` a k is three characters, and plain to Hyperscan are two of them."""
_MOST_TIMES = 16
_CASE = 0x20

_Text: TypeAlias = tuple[Chars, ...]


class Spread(NamedTuple):
    """Trees that match together at least wherever a tree matches that has a long list in it."""

    texts: tuple[Node, ...]
    """Each is plain text for Hyperscan."""
    rest: Node | None
    """What is left of the tree, None where that is nothing."""


def spread(required: Node) -> Spread:
    """The words of the longest list in what `translator.skeleton` gave, if it is long."""
    items = required.items if isinstance(required, Concat) else (required,)
    at = max(range(len(items)), key=lambda number: _words(items[number]), default=0)
    if not items or _words(items[at]) < MANY_WORDS:
        return Spread((), required)
    before = _fixed(reversed(items[:at]))[::-1]
    after = _fixed(items[at + 1 :])
    is_whole = len(before) + 1 + len(after) == len(items)
    is_rare = _has_some if is_whole or _words(items[at]) >= _VERY_MANY else _has_much
    texts: list[Node] = []
    others: list[Node] = []
    for word in _branches(items[at]):
        written = [concat([*before, *text, *after]) for text in _writings(word)]
        if written and all(map(is_rare, written)):
            texts += written
        else:
            others.append(word)
    rest = concat([*items[:at], either(others), *items[at + 1 :]]) if others else None
    return Spread(tuple(dict.fromkeys(texts)), rest)


def _branches(node: Node) -> Sequence[Node]:
    return node.branches if isinstance(node, Either) else ()


def _words(node: Node) -> int:
    return len(_branches(node))


def _fixed(items: Iterator[Node] | Sequence[Node]) -> list[Chars]:
    """Characters with one writing, as far as they go."""
    fixed: list[Chars] = []
    for item in items:
        if not isinstance(item, Chars) or len(_letters(item.mask)) != 1:
            break
        fixed.append(item)
    return fixed


def _has_some(text: Node) -> bool:
    """Whether `text` is not expected more than once in many a line."""
    return information(text) >= _RARE_BITS


def _has_much(text: Node) -> bool:
    """Whether few lines have `text`, so that what else stands in the pattern can be left out."""
    return weight(text) >= TELLING


def _writings(node: Node) -> list[_Text]:
    """Every text that `node` matches, up to the case of a letter; [] where they are not few."""
    match node:
        case Chars(mask):
            return [(letter,) for letter in _letters(mask)]
        case Concat(items):
            return _joined([_writings(item) for item in items])
        case Repeat(body, least, most) if least == most and least <= _MOST_TIMES:
            return _joined([_writings(body)] * least)
        case _:
            return []


def _joined(parts: Sequence[list[_Text]]) -> list[_Text]:
    if reduce(int.__mul__, map(len, parts), 1) > _MOST_WRITINGS:
        return []
    return [tuple(one for part in chosen for one in part) for chosen in product(*parts)]


def _letters(mask: int) -> list[Chars]:
    """The characters of a set, a letter in both its cases as one; [] where they are many."""
    if mask.bit_count() > 2 * _MOST_WRITINGS:
        return []
    letters: list[Chars] = []
    for byte in members(mask):
        other = byte ^ _CASE
        if not (_is_letter(byte) and mask >> other & 1):
            letters.append(Chars(1 << byte))
        elif byte < other:
            letters.append(Chars(1 << byte | 1 << other))
    return letters


def _is_letter(byte: int) -> bool:
    """Whether Hyperscan knows its two cases."""
    return bytes([byte]).isalpha()
