"""A prefilter that is long, in several expressions for the same pattern.

Hyperscan refuses an expression of more than 16,000 characters, and long before that takes seconds:
its time grows faster than the length. The words of a long list become expressions of their own
(word_list.py). What is still too long is cut in parts, of which each stands for some of the
alternatives, and all together for all of them.
"""

from __future__ import annotations

from logwatch.matching.syntax import Concat, Either, Node, concat, either
from logwatch.matching.translator import Form, express, plain_text
from logwatch.matching.word_list import spread

_LONGEST = 3_000
"""Characters of one expression. Measured with 900 words of 5 to 10 letters: between `^` and `$` it
takes 1.7 s where 12,000 take 6.8; behind `error.*` to scan costs half as much again."""


def expressions(required: Node, form: Form) -> tuple[bytes, ...]:
    """What to scan for in place of `required`, () where this form has nothing."""
    texts, rest = spread(required)
    others = () if rest is None else _in_parts(rest, form)
    if rest is not None and not others:
        return ()
    return (*map(plain_text, texts), *others)


def _in_parts(required: Node, form: Form) -> tuple[bytes, ...]:
    text = express(required, form)
    if text is None:
        return ()
    halves = _halved(required) if len(text) > _LONGEST else ()
    if not halves:
        return (text,)
    parts = [_in_parts(half, form) for half in halves]
    return tuple(part for some in parts for part in some) if all(parts) else ()


def _halved(node: Node) -> tuple[Node, ...]:
    """Two trees that match together what `node` matches, () where that cannot be."""
    match node:
        case Either(branches):
            half = len(branches) // 2
            return either([*branches[:half]]), either([*branches[half:]])
        case Concat(items):
            return _halved_sequence(items)
        case _:
            return ()


def _halved_sequence(items: tuple[Node, ...]) -> tuple[Node, ...]:
    """At the alternatives that are most."""
    at = max(range(len(items)), key=lambda number: _alternatives(items[number]))
    return tuple(concat([*items[:at], half, *items[at + 1 :]]) for half in _halved(items[at]))


def _alternatives(node: Node) -> int:
    match node:
        case Either(branches):
            return sum(map(_alternatives, branches))
        case Concat(items):
            return max(map(_alternatives, items), default=0)
        case _:
            return 1
