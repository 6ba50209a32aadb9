r"""Whether every record in which one pattern is found has another pattern in it, too.

Answers "surely" or "not known": it compares what one pattern requires in a row, character by
character, with another of a fixed length. So it knows `Failed` behind `^Failed \w+`, and `.`
behind letters; of a back-reference, a word's edge or a look-ahead it knows nothing. It is asked
for records, which may have newlines: what holds for them holds for lines.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from logwatch.matching.alphabet import (
    OTHER,
    RECORDS,
    Leaf,
    characters,
    constants,
    hashable,
    runs_of,
)
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
    scoped,
)

_MOST_ROUNDS = 64
_MOST_LEVELS = 20


def covers(wide: str, narrow: str) -> bool:
    """Whether surely each record that `narrow` is found in has `wide` in it. Raises re.error."""
    try:
        tree = quiet_parse(wide)
        wanted = _fixed(tree, tree.state.flags, _MOST_LEVELS)
    except RecursionError:
        return False
    if wanted is None:
        return False
    return any(_stands_in(wanted, run) for run in _runs(parse(narrow, records=True)))


def _fixed(items: Any, flags: int, levels: int) -> list[int] | None:
    """The sets of the shortest text that these items of Python's own tree are found in.

    None where they are more than characters, and groups and repeats of such. Not from the tree of
    syntax.py: what that cannot say it makes larger, which is wrong for what is sought.
    """
    masks: list[int] = []
    for item in items:
        part = _part(item, flags, levels)
        if part is None:
            return None
        masks += part
    return masks


def _part(item: Leaf, flags: int, levels: int) -> list[int] | None:
    opcode, argument = item
    match str(opcode):
        case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
            return [_surely(item, flags)]
        case "SUBPATTERN" if levels:
            _, added, removed, body = argument
            return _fixed(body, scoped(flags, added, removed), levels - 1)
        case "MAX_REPEAT" | "MIN_REPEAT" if levels:
            least, _, body = argument
            once = _fixed(body, flags, levels - 1)
            is_short = once is not None and least * len(once) <= _MOST_ROUNDS
            return once * least if once is not None and is_short else None
        case _:
            return None


def _surely(leaf: Leaf, flags: int) -> int:
    """The bytes of which each character that folds to them is one of `leaf`."""
    mask = characters(leaf, flags | RECORDS)
    if mask >> OTHER & 1 and not _has_all_others(leaf[0], hashable(leaf[1]), flags):
        mask ^= 1 << OTHER
    return mask


@lru_cache(maxsize=256)
def _has_all_others(opcode: Any, argument: Any, flags: int) -> bool:
    """Whether it has everything that one byte stands for: see alphabet.py."""
    if opcode is constants.ANY:
        return True
    others = "?\x0b" + "".join(map(chr, range(0x100, 0x110000)))
    return runs_of((opcode, argument), flags).fullmatch(others) is not None


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
            known = [mask] * min(least, _MOST_ROUNDS)
            runs[-1] += known
            if len(known) != most:
                runs.append(known[:])  # what follows follows these
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
        all(not run[start + at] & ~wanted[at] for at in range(width))
        for start in range(len(run) - width + 1)
    )
