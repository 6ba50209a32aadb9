"""A prefilter that is too long for the engine, in several expressions for the same pattern.

Hyperscan refuses an expression of more than 16,000 characters, which a list of some thousand words
is soon. Each part stands for some of the alternatives, and all parts together for all of them.
"""

from __future__ import annotations

from logwatch.matching.syntax import Concat, Either, Node, concat, either
from logwatch.matching.translator import Form, express

_LONGEST = 12_000
"""Characters of one expression; the engine takes up to 16,000."""


def expressions(required: Node, form: Form) -> tuple[bytes, ...]:
    """What to scan for in place of `required`, () where this form has nothing."""
    text = express(required, form)
    if text is None:
        return ()
    halves = _halved(required) if len(text) > _LONGEST else ()
    if not halves:
        return (text,)
    parts = [expressions(half, form) for half in halves]
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
