r"""Whether every line in which one pattern is found has another pattern in it, too.

Answers "surely" or "not known": it compares what one pattern requires in a row, character by
character, with another of a fixed length. So it knows `Failed` behind `^Failed \w+`, and `.`
behind anything; of a back-reference, a word's edge or a look-ahead it knows nothing.
"""

from __future__ import annotations

from typing import Any

from logwatch.matching.alphabet import EVERY, OTHER
from logwatch.matching.syntax import (
    Atomic,
    Chars,
    Concat,
    End,
    Look,
    Node,
    Repeat,
    Start,
    parse,
    quiet_parse,
)

_MOST_ROUNDS = 64
_MOST_LEVELS = 20
_CHARACTERS = frozenset({"ANY", "IN", "LITERAL", "NOT_LITERAL"})


def covers(wide: str, narrow: str) -> bool:
    """Whether surely each line that `narrow` is found in has `wide` in it. Raises re.error."""
    wanted = _fixed(parse(wide)) if _is_told_in_full(wide) else None
    if wanted is None:
        return False
    return any(_stands_in(wanted, run) for run in _runs(parse(narrow)))


def _is_told_in_full(text: str) -> bool:
    """Whether the tree says all of it.

    What it cannot say it makes larger (syntax.py), which is wrong for what is sought.
    """
    try:
        return _is_plain(quiet_parse(text), _MOST_LEVELS)
    except RecursionError:
        return False


def _is_plain(parsed: Any, levels: int) -> bool:
    """Whether these items of Python's own tree are characters, and groups and repeats of such."""
    for opcode, argument in parsed:
        name = str(opcode)
        if name in _CHARACTERS:
            continue
        if not levels or name not in {"SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT"}:
            return False
        if not _is_plain(argument[-1], levels - 1):
            return False
    return True


def _fixed(node: Node) -> list[int] | None:
    """The sets of characters that `node` is, one after the other; None where it is not so plain."""
    match node:
        case Chars(mask):
            return [mask]
        case Concat(items):
            masks: list[int] = []
            for item in items:
                part = _fixed(item)
                if part is None:
                    return None
                masks += part
            return masks
        case Repeat(_, 0, _):
            # As often as not at all: it is found wherever the rest is.
            return []
        case Repeat(Chars(mask), least, _) if least <= _MOST_ROUNDS:
            return [mask] * least
        case _:
            return None


def _runs(node: Node) -> list[list[int]]:
    """What surely stands in a row in each text of `node`, as far as it is known."""
    runs: list[list[int]] = [[]]
    match node:
        case Chars(mask):
            runs[-1].append(mask)
        case Concat(items):
            for item in items:
                _append(runs, item)
        case Repeat(Chars(mask), least, most):
            runs[-1] += [mask] * min(least, _MOST_ROUNDS)
            if most != least and least:
                runs.append([mask] * min(least, _MOST_ROUNDS))  # what follows follows these
            elif most != least:
                runs.append([])
        case Repeat(body, least, _) if least:
            runs += [*_runs(body), []]
        case Atomic(body):
            return _runs(body)
        case Start() | End() | Look():
            pass
        case _:
            runs.append([])
    return runs


def _append(runs: list[list[int]], item: Node) -> None:
    first, *others = _runs(item)
    runs[-1] += first
    runs += others


def _stands_in(wanted: list[int], run: list[int]) -> bool:
    width = len(wanted)
    return any(
        all(_is_within(run[start + at], wanted[at]) for at in range(width))
        for start in range(len(run) - width + 1)
    )


def _is_within(narrow: int, wide: int) -> bool:
    """Whether each character of `narrow` is one of `wide`; those beyond Latin-1 are one and all."""
    if wide == EVERY:
        return True
    return narrow & ~wide == 0 and not narrow >> OTHER & 1
