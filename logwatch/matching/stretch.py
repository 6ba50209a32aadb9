r"""The telling stretch of a prefilter: the one part without open ends that says most.

`"GET \S+ HTTP/1.1" 5\d\d` begins like every line of an access log: an automaton would start at
each and walk to the end of its path. ` HTTP/1.1" 5\d\d` is as good a prefilter, and looking for
it costs a third; what it lets through is confirmed as ever. A stretch that several patterns share
tells none of them from the others, so that each of its lines would be confirmed for all: such
patterns are scanned for whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from logwatch.matching.syntax import Chars, Concat, Either, End, Node, Repeat, Start, concat, either

TELLING = 60
"""Weight from which a stretch stands for its pattern: that of twelve certain letters.

Measured: a lower one lets more lines through than it saves, a higher one spares fewer patterns."""
MOST_SHARING = 3
"""Patterns that may have the same stretch."""
MANY = 500
"""Patterns from which Hyperscan looks for literals in another way."""
WIDEST_OF_FEW = 3
WIDEST_OF_MANY = 128
"""Characters in a set that is left at the end of a stretch. Measured: with few patterns a set of
digits there costs as much as ten literals; with many it spares a third."""

_LETTER = 5
_DIGIT = 1
_SPELLINGS = 3
"""Of one letter: both cases, and a relation such as U+017F."""
_NARROW = 12
"""Characters in a set that still says something: digits, hexadecimal digits nearly."""
_MOST_BRANCHES = 16
_MOST_TIMES = 16


def telling(skeletons: Mapping[int, Node]) -> dict[int, Node]:
    """Pattern number -> what to scan for in place of its skeleton, where there is something."""
    widest = WIDEST_OF_FEW if len(skeletons) < MANY else WIDEST_OF_MANY
    found = {number: one for number, node in skeletons.items() if (one := stretch(node, widest))}
    sharing = Counter(found.values())
    return {number: one for number, one in found.items() if sharing[one] <= MOST_SHARING}


def stretch(skeleton: Node, widest: int) -> Node | None:
    """The most telling part of what `translator.skeleton` gave, None where none is enough.

    Every match of the skeleton contains a match of it. Sets of more than `widest` characters are
    cut off its ends.
    """
    match skeleton:
        case Concat(items):
            choices = [item for item in items if isinstance(item, Either)]
            inner = [one for item in choices if (one := stretch(item, widest))]
            runs = [concat(_without_wide_edges(run, widest)) for run in _runs(items) if _tells(run)]
            return max([*runs, *inner], key=weight, default=None)
        case Either(branches) if len(branches) <= _MOST_BRANCHES:
            parts = [part for branch in branches if (part := stretch(branch, widest))]
            return either(parts) if len(parts) == len(branches) else None
        case _:
            return None


def _runs(items: Sequence[Node]) -> list[tuple[Node, ...]]:
    """The parts of a sequence between its open ends, with what is sure of those beside them."""
    runs: list[tuple[Node, ...]] = []
    run: list[Node] = []
    for item in items:
        if _is_closed(item):
            run.append(item)
            continue
        sure = [item.body] if isinstance(item, Repeat) and _takes_one_of(item) else []
        runs.append((*run, *sure))
        run = list(sure)
    return [*runs, tuple(run)]


def _takes_one_of(item: Repeat) -> bool:
    return item.least > 0 and isinstance(item.body, Chars)


def _is_closed(node: Node) -> bool:
    """Whether its matches are few in length, so that no automaton has to keep going."""
    match node:
        case Chars() | Start() | End():
            return True
        case Concat(items):
            return all(map(_is_closed, items))
        case Either(branches):
            return len(branches) <= _MOST_BRANCHES and all(map(_is_closed, branches))
        case Repeat(body, least, most):
            return least == most and least <= _MOST_TIMES and _is_closed(body)
        case _:
            return False


def _tells(run: Sequence[Node]) -> bool:
    return sum(map(weight, run)) >= TELLING


def weight(node: Node) -> int:
    """How much `node` says of a line: five for a certain letter, one for a certain digit."""
    match node:
        case Chars(mask):
            size = mask.bit_count()
            return _LETTER if size <= _SPELLINGS else _DIGIT if size <= _NARROW else 0
        case Concat(items):
            return sum(map(weight, items))
        case Either(branches):
            return min(map(weight, branches))
        case Repeat(body, least, _):
            return least * weight(body)
        case _:
            return 0


def _without_wide_edges(run: Sequence[Node], widest: int) -> list[Node]:
    kept = list(run)
    while _is_wider(kept[0], widest):
        del kept[0]
    while _is_wider(kept[-1], widest):
        del kept[-1]
    return kept


def _is_wider(node: Node, widest: int) -> bool:
    return isinstance(node, Chars) and node.mask.bit_count() > widest
