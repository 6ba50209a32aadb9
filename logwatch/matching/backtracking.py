"""How badly a backtracking engine can do on a pattern: a static look at its tree.

Exponential: a repeat whose body can match one text in several ways (Kirrage, Rathnayake and
Thielecke, "Static Analysis for Regular Expression Denial-of-Service Attacks", 2013, define the
class; the test here is coarser, and errs by calling safe patterns dangerous). Polynomial: repeats
in a row that compete for the same characters; `degree` of them cost up to length**(degree + 1)
steps, the last factor because a search begins at every character. Bounded: optional parts and short
repeats that compete multiply the steps by a constant, which can be a million (`a?a?a?...`).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log2
from typing import NamedTuple

from logwatch.matching.alphabet import OTHER
from logwatch.matching.syntax import (
    Atomic,
    Chars,
    Concat,
    Either,
    End,
    Look,
    Node,
    Repeat,
    Start,
)

_MANY = 10
"""A repeat that may run so often is as bad as one without end."""
_FOLDED = 1 << OTHER
_ADJACENT = 3
"""So many competing repeats with nothing between them are worth a warning."""
_WORTH_A_WARNING_BITS = 16
_ENDLESS_BITS = 64.0


class Danger(NamedTuple):
    """What the static look found."""

    reason: str | None
    """A sentence for a person, None where there is nothing to warn of."""
    degree: int
    """Most repeats in a row that compete for the same characters."""
    spread_bits: float = 0.0
    """Binary logarithm of the ways in which its bounded parts can share out one text."""


def danger(node: Node) -> Danger:
    """How badly a search for `node` can go."""
    if _explodes(node):
        return Danger(
            "a repeat inside a repeat can match the same text in exponentially many ways", 9
        )
    chained, adjacent = _chain(node)
    bits = min(_spread(node), _ENDLESS_BITS)
    reason = None
    if adjacent >= _ADJACENT:
        reason = f"{adjacent} repeats in a row can share the same text out in very many ways"
    elif bits >= _WORTH_A_WARNING_BITS:
        reason = "optional parts in a row can share the same text out in very many ways"
    return Danger(reason, chained, bits)


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Concat(parts) | Either(parts):
            return parts
        case Repeat(body, _, _) | Atomic(body) | Look(body):
            return (body,)
        case Chars() | Start() | End():
            return ()


def _explodes(node: Node) -> bool:
    if (
        isinstance(node, Repeat)
        and _is_long(node)
        and (_is_ambiguous(node.body, alone=True) or _chain(node.body)[0] > 1)
    ):
        return True
    return any(_explodes(child) for child in _children(node) if not isinstance(child, Chars))


def _is_long(node: Repeat) -> bool:
    return node.most is None or node.most >= _MANY


def _is_ambiguous(node: Node, *, alone: bool) -> bool:
    """Whether a loop over a body that holds `node` can match a text in several ways.

    `alone`: nothing else in the body is sure to tell one round from the next.
    """
    match node:
        case Repeat(body, least, most):
            return (least != most and alone) or _is_ambiguous(body, alone=alone)
        case Concat(items):
            return any(
                _is_ambiguous(item, alone=alone and not _is_told_apart(items, at))
                for at, item in enumerate(items)
            )
        case Either(branches):
            return not _are_distinct(branches) or any(
                _is_ambiguous(branch, alone=alone) for branch in branches
            )
        case Chars() | Atomic() | Look() | Start() | End():
            return False


def _is_told_apart(items: tuple[Node, ...], at: int) -> bool:
    taken = _alphabet(items[at])
    return any(_separates(item, taken) for other, item in enumerate(items) if other != at)


def _separates(node: Node, taken: int) -> bool:
    """Whether every match of `node` has a character outside `taken`."""
    match node:
        case Chars(mask):
            return not _overlap(mask, taken)
        case Concat(items):
            return any(_separates(item, taken) for item in items)
        case Either(branches):
            return all(_separates(branch, taken) for branch in branches)
        case Repeat(body, least, _):
            return least > 0 and _separates(body, taken)
        case Atomic(body):
            return _separates(body, taken)
        case Look() | Start() | End():
            return False


def _overlap(one: int, other: int) -> bool:
    """Whether two sets have a character in common.

    Word characters and spaces both reach above U+00FF and share nothing there; so what is folded
    counts only where it is all that a set has.
    """
    both = one & other
    return both not in {0, _FOLDED} or (both == _FOLDED and _FOLDED in {one, other})


def _alphabet(node: Node) -> int:
    if isinstance(node, Chars):
        return node.mask
    mask = 0
    for child in _children(node):
        mask |= _alphabet(child)
    return mask


def _are_distinct(branches: tuple[Node, ...]) -> bool:
    """Whether a text can begin as one branch only: thousands of words are kept as in a trie."""
    pending = [([_prefix(branch) for branch in branches], 0)]
    while pending:
        prefixes, at = pending.pop()
        if len(prefixes) < 2:
            continue
        groups: dict[int, list[list[int]]] = {}
        for prefix in prefixes:
            if len(prefix) <= at:
                return False
            groups.setdefault(prefix[at], []).append(prefix)
        if _are_disjoint(groups):
            pending += [(group, at + 1) for mask, group in groups.items() if mask]
        elif not _are_distinct_in_pairs([prefix[at:] for prefix in prefixes]):
            return False
    return True


def _are_disjoint(masks: Iterable[int]) -> bool:
    taken = 0
    for mask in masks:
        if mask & taken:
            return False
        taken |= mask
    return True


def _are_distinct_in_pairs(prefixes: list[list[int]]) -> bool:
    return all(
        any(not _overlap(a, b) for a, b in zip(one, other, strict=False))
        for at, one in enumerate(prefixes)
        for other in prefixes[:at]
    )


def _prefix(node: Node) -> list[int]:
    """Sets of the characters that every match begins with, as far as they are certain."""
    match node:
        case Chars(mask):
            return [mask]
        case Concat(items):
            prefix: list[int] = []
            for item in items:
                prefix += _prefix(item)
                if not isinstance(item, Chars):
                    break
            return prefix
        case Repeat(body, least, _) if least:
            return _prefix(body)
        case Atomic(body):
            return _prefix(body)
        case _:
            return []


def _chain(node: Node) -> tuple[int, int]:
    """Most competing repeats in a row, and most of those with nothing certain between them."""
    match node:
        case Concat(items):
            return _chain_of_sequence(items)
        case Repeat(body, _, _):
            inner, adjacent = _chain(body)
            own = int(_is_long(node))
            return max(inner, own), max(adjacent, own)
        case _:
            chains = [_chain(child) for child in _children(node)]
            return (
                max((chain for chain, _ in chains), default=0),
                max((adjacent for _, adjacent in chains), default=0),
            )


def _chain_of_sequence(items: tuple[Node, ...]) -> tuple[int, int]:
    most = most_adjacent = chain = adjacent = taken = 0
    for item in items:
        if isinstance(item, Chars):  # what there is most of
            if _overlap(item.mask, taken):
                adjacent = 0
            else:
                chain = adjacent = taken = 0
            continue
        own, own_adjacent = _chain(item)
        if isinstance(item, Look | Atomic):  # once left it is not entered again
            most, most_adjacent = max(most, own), max(most_adjacent, own_adjacent)
            continue
        if not own:
            if _separates(item, taken):
                chain = adjacent = taken = 0
            elif _is_certain(item):
                adjacent = 0
            continue
        alphabet = _alphabet(item)
        if _separates(item, taken):
            chain, adjacent, taken = own, own_adjacent, alphabet
        elif _overlap(alphabet, taken):
            chain, adjacent, taken = chain + own, adjacent + own_adjacent, taken | alphabet
        else:
            chain, adjacent, taken = max(chain, own), max(adjacent, own_adjacent), taken | alphabet
        most, most_adjacent = max(most, chain), max(most_adjacent, adjacent)
    return most, most_adjacent


def _spread(node: Node) -> float:
    """Binary logarithm of how many ways bounded repeats and choices can match at one place."""
    match node:
        case Concat(items):
            return _spread_of_sequence(items)
        case Either(branches):
            most = max(map(_spread, branches), default=0.0)
            return most if _are_distinct(branches) else most + log2(len(branches))
        case Repeat(body, least, most_rounds) if not _is_long(node):
            assert most_rounds is not None
            inner = _spread(body)
            if inner and _is_ambiguous(body, alone=True):
                inner *= most_rounds
            return inner + log2(most_rounds - least + 1)
        case _:
            return max(map(_spread, _children(node)), default=0.0)


def _spread_of_sequence(items: tuple[Node, ...]) -> float:
    most = total = 0.0
    taken = 0
    for item in items:
        if isinstance(item, Chars):  # what there is most of
            if not _overlap(item.mask, taken):
                total, taken = 0.0, 0
            continue
        bits = _spread(item)
        if isinstance(item, Look | Atomic):  # once left it is not entered again
            most = max(most, bits)
            continue
        if _separates(item, taken):  # what came before can end in one way only
            total, taken = 0.0, 0
        total += bits
        if bits:
            taken |= _alphabet(item)
        most = max(most, total)
    return most


def _is_certain(node: Node) -> bool:
    """Whether `node` always takes a character."""
    match node:
        case Chars():
            return True
        case Concat(items):
            return any(map(_is_certain, items))
        case Either(branches):
            return all(map(_is_certain, branches))
        case Repeat(body, least, _):
            return least > 0 and _is_certain(body)
        case Atomic(body):
            return _is_certain(body)
        case Look() | Start() | End():
            return False
