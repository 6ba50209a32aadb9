"""The twin of a pattern in PyPI `regex`, which can give up after a time and lets go of the GIL.

The two engines backtrack alike but read patterns and classes differently, so the twin is written
anew from the parse tree, every class spelled out as the characters that `re` says it has. Where
that cannot be done there is no twin.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from logwatch.clock import thread_seconds
from logwatch.matching.alphabet import Leaf, constants, runs_of
from logwatch.matching.syntax import quiet_parse, scoped

_LAST = 0x10FFFF
_UTF32 = f"utf-32-{sys.byteorder[0]}e"
_COMMON = re.compile("[\\x00-\\xb4\\xb6-\\xff]+")
_ENOUGH = 0.5
"""So much of its time must a search have had to be given up,"""
_MOST_SECONDS = 0.8
"""but nobody knows whether the others go on, so that it may take so long after all."""
_ATTEMPTS = 3
_LEAST_SECONDS = 1e-6
_WORD: Leaf = (constants.IN, [(constants.CATEGORY, constants.CATEGORY_WORD)])


class NoTwinError(ValueError):
    """Raised when a pattern has something that cannot be written for the other engine."""


def timed_pattern(text: str) -> Any | None:
    """The twin of a valid pattern; its `search` takes `timeout` (seconds). None if it has none."""
    return _compiled(text, near=False)


def near_twin(text: str) -> Any | None:
    """What stands for a pattern that has no twin, in lines that both engines `read_alike`.

    The other engine has its own idea of which letters a back-reference that ignores case may be.
    """
    return _compiled(text, near=True)


def read_alike(line: str) -> bool:
    """Whether both engines agree which characters of `line` are one letter but for its case.

    They do up to U+00FF but for the micro sign, and where characters have no case; elsewhere one
    takes `lower()` and the other case folding, by which also U+017F is an s.
    """
    rest = _COMMON.sub("", line)
    return rest.lower() == rest.upper()


_T = TypeVar("_T")


def in_time(
    search: Callable[[float], _T],
    seconds: float,
    cpu_seconds: Callable[[], float] = thread_seconds,
) -> _T:
    """What `search` finds under the limit that it is given. Raises TimeoutError.

    It has `seconds` of the calling thread, as `cpu_seconds` tells, but the limit of `regex` counts
    what all threads of the process use. So what was given up too early is tried again with a limit
    so much higher as others were busy.
    """
    limit, highest = seconds, max(seconds, _MOST_SECONDS)
    for _ in range(_ATTEMPTS - 1):
        began = cpu_seconds()
        try:
            return search(limit)
        except TimeoutError:
            had = cpu_seconds() - began
            if had >= _ENOUGH * seconds or limit >= highest:
                raise
        limit = min(highest, limit * seconds / max(had, _LEAST_SECONDS))
    return search(limit)


def _compiled(text: str, *, near: bool) -> Any | None:
    tree = quiet_parse(text)
    names = {number: name for name, number in tree.state.groupdict.items()}
    writer = _Writer(names, near=near)
    import regex  # noqa: PLC0415 - ten milliseconds, and few patterns ever need it

    try:
        return regex.compile(writer.sequence(tree, tree.state.flags), regex.VERSION0)
    except (NoTwinError, RecursionError, regex.error):
        return None


class _Writer:
    """Writes a parse tree in a syntax that both engines read alike, with no flags."""

    def __init__(self, names: dict[int, str], *, near: bool) -> None:
        self._names = names
        self._near = near

    def sequence(self, tree: Any, flags: int) -> str:
        return "".join(self._item(item, flags) for item in tree)

    def _item(self, item: Leaf, flags: int) -> str:  # noqa: PLR0911 - one line for each opcode
        opcode, argument = item
        match str(opcode):
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
                return _class(item, flags)
            case "BRANCH":
                return "(?:" + "|".join(self.sequence(one, flags) for one in argument[1]) + ")"
            case "SUBPATTERN":
                return self._group(argument, flags)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(str(opcode), argument, flags)
            case "ATOMIC_GROUP":
                return f"(?>{self.sequence(argument, flags)})"
            case "ASSERT" | "ASSERT_NOT":
                ahead = "" if argument[0] > 0 else "<"
                sign = "=" if opcode is constants.ASSERT else "!"
                return f"(?{ahead}{sign}{self.sequence(argument[1], flags)})"
            case "AT":
                return _position(argument, flags)
            case "FAILURE":
                return "(?!)"
            case "GROUPREF" if not flags & re.IGNORECASE:
                return f"(?:\\g<{argument}>)"
            case "GROUPREF" if self._near:
                return f"(?i:\\g<{argument}>)"
            case "GROUPREF_EXISTS":
                number, yes, no = argument
                return f"(?({number}){self.sequence(yes, flags)}|{self.sequence(no or (), flags)})"
            case _:
                raise NoTwinError(str(opcode))

    def _group(self, argument: Any, flags: int) -> str:
        number, added, removed, body = argument
        inside = self.sequence(body, scoped(flags, added, removed))
        if number is None:
            return f"(?:{inside})"
        return f"(?P<{self._names[number]}>{inside})" if number in self._names else f"({inside})"

    def _repeat(self, opcode: str, argument: Any, flags: int) -> str:
        least, most, body = argument
        greed = {"MAX_REPEAT": "", "MIN_REPEAT": "?", "POSSESSIVE_REPEAT": "+"}[opcode]
        last = "" if most is constants.MAXREPEAT else most
        inside = self.sequence(body, flags)
        if greed == "+":  # `re` gives nothing back of a round that is over, `regex` would
            inside = f"(?>{inside})"
        return f"(?:{inside}){{{least},{last}}}{greed}"


def _position(where: Any, flags: int) -> str:
    match str(where):
        case "AT_BEGINNING" if flags & re.MULTILINE:
            return r"(?:\A|(?<=\n))"
        case "AT_BEGINNING" | "AT_BEGINNING_STRING":
            return r"\A"
        case "AT_END":
            return r"(?:\Z|(?=\n))" if flags & re.MULTILINE else r"(?=\n?\Z)"
        case "AT_END_STRING":
            return r"\Z"
        case "AT_BOUNDARY":
            return _word_edge(flags)
        case "AT_NON_BOUNDARY":
            return _not_a_word_edge(flags)
        case _:
            raise NoTwinError(str(where))


def _word_edge(flags: int) -> str:
    word = _class(_WORD, flags & ~re.IGNORECASE)
    return f"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"


def _not_a_word_edge(flags: int) -> str:
    edge = _word_edge(flags)
    # Until Python 3.14 neither kind of edge is found in the empty text.
    return f"(?!{edge})" if re.search(r"\B", "") else rf"(?:(?!{edge})(?!\A\Z))"


def _class(item: Leaf, flags: int) -> str:
    opcode, argument = item
    return _spelled(opcode, tuple(argument) if isinstance(argument, list) else argument, flags)


@lru_cache(maxsize=1024)
def _spelled(opcode: Any, argument: Any, flags: int) -> str:
    if opcode is constants.LITERAL and not flags & re.IGNORECASE:
        return _character(argument)
    if opcode is constants.ANY:
        return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
    spans = _spans(runs_of((opcode, argument), flags))
    return "(?!)" if not spans else f"[{''.join(_span(*span) for span in spans)}]"


def _spans(pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    """Ranges of the code points that runs of a class cover, when it is run over all there are."""
    everything = array("I", range(_LAST + 1)).tobytes().decode(_UTF32, "surrogatepass")
    return [(run.start(), run.end() - 1) for run in pattern.finditer(everything)]


def _span(first: int, last: int) -> str:
    return f"{_character(first)}-{_character(last)}"


def _character(point: int) -> str:
    character = chr(point)
    return character if character.isalnum() and point < 128 else f"\\U{point:08x}"
