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
_WIDEST = 3
"""Characters in a set that is left at the end of a stretch. Measured: a set of digits there costs
as much as ten literals."""

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
    found = {number: one for number, node in skeletons.items() if (one := stretch(node))}
    sharing = Counter(found.values())
    return {number: one for number, one in found.items() if sharing[one] <= MOST_SHARING}


def stretch(skeleton: Node) -> Node | None:
    """The most telling part of what `translator.skeleton` gave, None where none is enough.

    Every match of the skeleton contains a match of it. Sets of many characters are cut off its
    ends.
    """
    match skeleton:
        case Concat(items):
            choices = [item for item in items if isinstance(item, Either)]
            inner = [one for item in choices if (one := stretch(item))]
            runs = [concat(_without_wide_edges(run)) for run in _runs(items) if _tells(run)]
            return max([*runs, *inner], key=weight, default=None)
        case Either(branches) if len(branches) <= _MOST_BRANCHES:
            parts = [part for branch in branches if (part := stretch(branch))]
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


def _without_wide_edges(run: Sequence[Node]) -> list[Node]:
    kept = list(run)
    while _is_wide(kept[0]):
        del kept[0]
    while _is_wide(kept[-1]):
        del kept[-1]
    return kept


def _is_wide(node: Node) -> bool:
    return isinstance(node, Chars) and node.mask.bit_count() > _WIDEST
