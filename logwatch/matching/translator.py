"""From a pattern of Python's to one that Hyperscan scans for: its prefilter.

A prefilter matches, in the folded record, at least wherever the pattern matches in the record. It
may match more, since every candidate is confirmed by `re`; it never matches less. Hyperscan reports
every offset at which a match can end, so that a prefilter is also cut down to what must be there:
open beginnings and ends go (".*foo.*" is found wherever "foo" is).

Source of the syntax: Hyperscan's developer reference, "Compiling patterns".
"""

from __future__ import annotations

from enum import IntEnum
from itertools import product
from math import log2

from logwatch.matching.alphabet import EVERY, members
from logwatch.matching.syntax import (
    EMPTY,
    NEVER,
    Atomic,
    Chars,
    Concat,
    Either,
    End,
    Look,
    Node,
    Repeat,
    Start,
    concat,
    either,
    repeat,
)

_HEAVY = 400
"""Positions of an automaton from which counted repeats are given up."""
_MOST_LITERALS = 64
_COMMON_BITS = 14
"""A text that carries less is expected more than once in many a line."""


class Form(IntEnum):
    """How much of the pattern is kept; each form matches wherever the one before it does."""

    WHOLE = 0
    UNANCHORED = 1
    UNCOUNTED = 2
    LITERALS = 3


def skeleton(node: Node) -> Node:
    """What a match must contain: no assertions, no open ends; EMPTY where nothing is required."""
    return _settle(_trim(_trim(_plain(node), 0), -1), head=True, tail=True)


def express(required: Node, form: Form) -> bytes | None:
    """The prefilter for what `skeleton` gave, None where this form has none."""
    if form is Form.LITERALS:
        literals = required_literals(required)
        return _either_of(literals) if literals else None
    if form is not Form.WHOLE:
        required = skeleton(_settle(required, head=False, tail=False))
    if form is Form.UNCOUNTED or _positions(required) > _HEAVY:
        required = skeleton(_uncounted(required))
    return _once_a_line(required) if least_width(required) else None


def plain_text(required: Node) -> bytes:
    """A text that is rare as it is, in Hyperscan's syntax."""
    return _text(required)


def _once_a_line(node: Node) -> bytes:
    """`node` in Hyperscan's syntax; a common one is reported at the end of its line only.

    A digit is in nearly every line, ten times over: at each of them Hyperscan would call back. For
    a rare text the longer pattern would cost more than the few calls.
    """
    text = _text(node)
    is_common = information(node) < _COMMON_BITS and b"$" not in text
    return text + rb"[^\x0a]*$" if is_common else text


def information(node: Node) -> float:
    """About how many bits the rarest certain text of `node` carries, five a letter."""
    match node:
        case Chars(mask):
            return min(5.0, 8 - log2(mask.bit_count()))
        case Concat(items):
            return sum(map(information, items))
        case Either(branches):
            return min(map(information, branches))
        case Repeat(body, least, _):
            return least * information(body)
        case _:
            return 0.0


def least_width(node: Node) -> int:
    """Fewest characters that a match takes."""
    match node:
        case Chars():
            return 1
        case Concat(items):
            return sum(map(least_width, items))
        case Either(branches):
            return min(map(least_width, branches))
        case Repeat(body, least, _):
            return least * least_width(body)
        case Atomic(body):
            return least_width(body)
        case Look() | Start() | End():
            return 0


def _plain(node: Node) -> Node:
    """Without assertions and without the difference that atomic groups make."""
    match node:
        case Concat(items):
            plain = [item if isinstance(item, Chars) else _plain(item) for item in items]
            return NEVER if NEVER in plain else concat(plain)
        case Either(branches):
            return either([_plain(branch) for branch in branches])
        case Repeat(body, least, most):
            return repeat(_plain(body), least, most)
        case Atomic(body):
            return _plain(body)
        case Look():
            return EMPTY
        case Chars() | Start() | End():
            return node


def _trim(node: Node, edge: int) -> Node:
    """Cut the first (`edge` 0) or last (-1) item to its least: any match contains that much."""
    match node:
        case Repeat(body, least, _):
            return _trim(body, edge) if least == 1 else repeat(body, least, least)
        case Either(branches):
            trimmed = [_trim(branch, edge) for branch in branches]
            return EMPTY if EMPTY in trimmed else either(trimmed)
        case Concat(items) if items:
            return _trim_sequence(list(items), edge)
        case _:
            return node


def _trim_sequence(items: list[Node], edge: int) -> Node:
    while items:
        second = items[1:2] if edge == 0 else items[-2:-1]
        if isinstance(items[edge], Start | End) and second and _is_any_text(second[0]):
            del items[edge]  # "^.*" and ".*$" hold everywhere
            continue
        trimmed = _trim(items[edge], edge)
        if trimmed != EMPTY:
            items[edge] = trimmed
            break
        del items[edge]
    return concat(items)


def _is_any_text(node: Node) -> bool:
    return isinstance(node, Repeat) and node == Repeat(Chars(EVERY), 0, None)


def _settle(node: Node, *, head: bool, tail: bool) -> Node:
    """Keep anchors only at the outer edges, where Hyperscan takes them."""
    match node:
        case Start():
            return node if head else EMPTY
        case End():
            return node if tail else EMPTY
        case Concat(items):
            last = len(items) - 1
            return concat(
                [
                    item
                    if isinstance(item, Chars)
                    else _settle(item, head=head and at == 0, tail=tail and at == last)
                    for at, item in enumerate(items)
                ]
            )
        case Either(branches):
            return either([_settle(branch, head=head, tail=tail) for branch in branches])
        case Repeat(body, least, most):
            return repeat(_settle(body, head=False, tail=False), least, most)
        case _:
            return node


def _uncounted(node: Node) -> Node:
    match node:
        case Concat(items):
            return concat([_uncounted(item) for item in items])
        case Either(branches):
            return either([_uncounted(branch) for branch in branches])
        case Repeat(body, least, most):
            counted = least > 1 or (most or 0) > 1
            return repeat(_uncounted(body), min(least, 1), None if counted else most)
        case _:
            return node


def _positions(node: Node) -> int:
    """States that an automaton for `node` has, counted repeats written out."""
    match node:
        case Concat(parts) | Either(parts):
            return sum(map(_positions, parts))
        case Repeat(body, least, most):
            return _positions(body) * (most or least or 1)
        case _:
            return 1


def required_literals(node: Node) -> tuple[bytes, ...]:
    """Texts of two bytes and more of which every match contains at least one; () if none known."""
    best: tuple[bytes, ...] = ()
    for candidate in _required(node):
        if min(map(len, candidate)) >= max(2, min(map(len, best), default=0) + 1):
            best = candidate
    return best


def _required(node: Node) -> list[tuple[bytes, ...]]:
    match node:
        case Concat(items):
            return _required_in_sequence(items)
        case Either(branches):
            parts = [required_literals(branch) for branch in branches]
            joined = tuple(dict.fromkeys(text for part in parts for text in part))
            return [joined] if all(parts) and len(joined) <= _MOST_LITERALS else []
        case Repeat(body, least, _) if least:
            return _required(body)
        case _:
            return []


def _required_in_sequence(items: tuple[Node, ...]) -> list[tuple[bytes, ...]]:
    candidates: list[tuple[bytes, ...]] = []
    run: tuple[bytes, ...] = (b"",)
    for item in items:
        exact = _exact(item)
        longer = tuple(a + b for a, b in product(run, exact))
        if not exact or len(longer) > _MOST_LITERALS:
            candidates += [run, *_required(item)]
            run = (b"",)
        else:
            run = longer
    return [*candidates, run]


def _exact(node: Node) -> tuple[bytes, ...]:
    """Every text that `node` matches, if they are few."""
    if isinstance(node, Chars) and node.mask.bit_count() <= 3:
        return tuple(bytes([byte]) for byte in members(node.mask))
    return ()


def _either_of(literals: tuple[bytes, ...]) -> bytes:
    return b"(?:" + b"|".join(b"".join(map(_byte, text)) for text in literals) + b")"


def _text(node: Node) -> bytes:
    """The tree in Hyperscan's syntax, under HS_FLAG_MULTILINE."""
    match node:
        case Chars(mask):
            return _class(mask)
        case Concat(items):
            return b"".join(map(_text, items))
        case Either(branches):
            return b"(?:" + b"|".join(map(_text, branches)) + b")"
        case Repeat(body, least, most):
            return _group(body) + _times(least, most)
        case Start():
            return b"^"
        case End():
            return rb"\r?$"  # the record ends before a carriage return
        case Atomic() | Look():
            raise AssertionError("a skeleton has no assertions")


def _group(node: Node) -> bytes:
    text = _text(node)
    return text if isinstance(node, Chars | Either) else b"(?:" + text + b")"


def _times(least: int, most: int | None) -> bytes:
    if (least, most) in {(0, None), (1, None), (0, 1)}:
        return {(0, None): b"*", (1, None): b"+", (0, 1): b"?"}[least, most]
    if least == most:
        return b"{%d}" % least
    return b"{%d,%s}" % (least, b"" if most is None else b"%d" % most)


def _class(mask: int) -> bytes:
    if mask == EVERY:
        return rb"[^\x0a]"
    inside = list(members(mask))
    if len(inside) == 1:
        return _byte(inside[0])
    return b"[" + b"".join(_span(first, last) for first, last in _spans(inside)) + b"]"


def _spans(inside: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for byte in inside:
        if spans and spans[-1][1] == byte - 1:
            spans[-1] = (spans[-1][0], byte)
        else:
            spans.append((byte, byte))
    return spans


def _span(first: int, last: int) -> bytes:
    return _byte(first) if first == last else _byte(first) + b"-" + _byte(last)


def _byte(byte: int) -> bytes:
    character = bytes([byte])
    return character if character.isalnum() or character in b" _" else b"\\x%02x" % byte
