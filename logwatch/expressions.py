r"""Patterns as people write them, compiled to mean the same on every Python that there is.

Possessive repeats of groups are not sound on all of them. Before 3.11.5 Python goes on at a wrong
place where a round fails half-way (https://github.com/python/cpython/issues/106052): `(?:ab?c)?+ab`
does not match `ab`. Before 3.12.8, and in 3.13.0, what a failed alternative captured is kept, or
the search ends in a SystemError (https://github.com/python/cpython/issues/101955): so does
`((x)|y|z)*+` in `xyz`. Atomic groups are sound on all, so where repeats are not, `X{2,5}+` is made
`(?>(?:(?>X)){2,5})`: of no round, and of no number of rounds, anything is given back.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator, MutableSequence
from functools import lru_cache
from importlib import import_module
from typing import Any

FAULTS = (SystemError, RuntimeError)
"""What `re` and `regex` raise where they themselves are wrong, or go too deep: on the same line
each time. Want of memory passes, so it ends the thread, which is started again at that line."""

# Python's own parser and compiler; they have no public names.
_parser: Any = import_module("re._parser")
_compiler: Any = import_module("re._compiler")
_constants: Any = import_module("re._constants")

_IS_SOUND = sys.version_info >= (3, 13, 1) or (3, 12, 8) <= sys.version_info < (3, 13)
_MAY_BE_POSSESSIVE = re.compile(r"[*+?}]\+").search
_ONE_CHARACTER = ("LITERAL", "NOT_LITERAL", "IN", "ANY")
"""To repeat these there is an operation of its own, and it is sound."""


def compiled(text: str) -> re.Pattern[str]:
    """The pattern. Raises what `re.compile` raises, and warns of nothing."""
    # `re` warns of sets that a later version may read otherwise ("[[a]"): today's reading holds.
    # Two threads here at once may leave the filter behind, which does no harm.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        if _IS_SOUND or not _MAY_BE_POSSESSIVE(text):
            return re.compile(text)
        return _with_atomic_groups(text)


def search_or_none(text: str, failures: MutableSequence[str]) -> Callable[[str], Any]:
    """How to search for a pattern. Where the engine of Python fails, that is None, too.

    The first such failure puts the pattern among `failures`.
    """
    plain, has_failed = compiled(text).search, False

    def search(line: str) -> Any:
        nonlocal has_failed
        try:
            return plain(line)
        except FAULTS:
            if not has_failed:
                has_failed = True
                failures.append(text)
            return None

    return search


def sequences(text: str) -> Iterator[Any]:
    """Every sequence in Python's own parse tree of a pattern, the whole first. Raises re.error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        pending = [_parser.parse(text)]
    while pending:  # not by recursion: patterns are as deep as Python's own takes them
        part = pending.pop()
        yield part
        for _, argument in part:
            pending += _parts(argument)


@lru_cache(maxsize=512)  # as many as `re` keeps
def _with_atomic_groups(text: str) -> re.Pattern[str]:
    """The pattern is as that of `text` in all but its own text, which is None."""
    tree = _parser.parse(text)
    if not _make_atomic(tree):
        return re.compile(text)
    pattern: re.Pattern[str] = _compiler.compile(tree)
    return pattern


def _make_atomic(tree: Any) -> bool:
    """Put atomic groups for the possessive repeats of groups; whether there are any."""
    found = False
    pending = [tree]
    while pending:
        part = pending.pop()
        for at, (opcode, argument) in enumerate(part):
            pending += _parts(argument)
            if opcode is _constants.POSSESSIVE_REPEAT and not _is_one_character(argument[2]):
                least, most, body = argument
                once = _sequence(part, (_constants.ATOMIC_GROUP, body))
                rounds = _sequence(part, (_constants.MAX_REPEAT, (least, most, once)))
                part[at] = (_constants.ATOMIC_GROUP, rounds)
                found = True
    return found


def _is_one_character(tree: Any) -> bool:
    return len(tree) == 1 and str(tree[0][0]) in _ONE_CHARACTER


def _sequence(part: Any, item: tuple[Any, Any]) -> Any:
    return _parser.SubPattern(part.state, [item])


def _parts(argument: Any) -> list[Any]:
    """The sequences that the argument of an opcode has."""
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if not isinstance(argument, (tuple, list)):
        return []
    return [part for one in argument for part in _parts(one)]
