"""Lines that a pattern matches, or nearly: a walk through its parse tree, then a few mistakes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from matching.exactness.choices import Choices, once_in, pick

from logwatch.matching.alphabet import constants, single
from logwatch.matching.syntax import quiet_parse, scoped

# fmt: off
ODD = (
    "\r", "\0", "\x85", "\xa0", "\x1c", "\x1e", "\x0b", "\u2028", "ſ", "\u212a", "ß", "ẞ", "İ",
    "ı", "é", "É", "µ", "μ", "Μ", "ÿ", "Ÿ", "日", "😀", "\U0010ffff", "٣", "?", "\\", "\x7f",
    "\u3000", "Å", "\n", "à",
)
POOL = "aksi07AKSI ,.:;=-_/\"'[](){}<>?\\%#+*^$@!~|&`bcdefgxyzXYZT9\t\v\f" + "".join(ODD)
GAPS = (1, 2, 7, 16, 28, 31, 32, 33, 63, 64, 65, 127, 200)
FILLERS = ("a", " ", "x", "-", "0", "é", "日", "abc ")
# fmt: on
_NEVER_LONGER = 3_000


def line(choices: Choices, text: str) -> str:
    """A line for the valid pattern `text`; seldom it holds a newline, and is two."""
    made = sample(choices, text)
    for _ in range(pick(choices, (0, 0, 1, 1, 2, 3))):
        made = _mistaken(choices, made)
    if once_in(choices, 3):
        made = pick(choices, FILLERS) * pick(choices, GAPS) + made
    if once_in(choices, 4):
        made += pick(choices, FILLERS) * pick(choices, GAPS)
    return made[:_NEVER_LONGER]


def sample(choices: Choices, text: str) -> str:
    """What `text` is likely to match: assertions are guessed."""
    tree = _parsed(text)
    return _Sampler(choices).sequence(tree, tree.state.flags)


@lru_cache(maxsize=2_048)
def _parsed(text: str) -> Any:
    return quiet_parse(text)


def _mistaken(choices: Choices, text: str) -> str:  # noqa: PLR0911 - one line for each kind
    at = choices.below(len(text) + 1)
    kind = choices.below(8)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + pick(choices, POOL) + text[at + 1 :]
    if kind == 2:
        return text[:at] + pick(choices, ODD) + text[at:]
    if kind == 3:
        return text[:at] + text[at : at + 1].swapcase() + text[at + 1 :]
    if kind == 4:
        return text[:at] + text[at : at + 4] + text[at:]
    if kind == 5:
        return text[:at]
    if kind == 6:
        return text[at:]
    return text[:at] + pick(choices, FILLERS) * pick(choices, GAPS) + text[at:]


@lru_cache(maxsize=8_192)
def _members(opcode: Any, argument: Any, flags: int) -> str:
    shown = list(argument) if isinstance(argument, tuple) else argument
    found = "".join(single((opcode, shown), flags).findall(POOL))
    if not found and opcode is constants.IN:
        literals = [one[1] for one in shown if one[0] is constants.LITERAL]
        firsts = [one[1][0] for one in shown if one[0] is constants.RANGE]
        found = "".join(map(chr, literals + firsts))
    return found or "a"


class _Sampler:
    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._groups: dict[int, str] = {}
        self._length = 0

    def sequence(self, tree: Any, flags: int) -> str:
        return "".join(self._item(item, flags) for item in tree)

    def _item(self, item: Any, flags: int) -> str:  # noqa: PLR0911 - one line for each opcode
        opcode, argument = item
        match str(opcode):
            case "LITERAL" if not flags & re.IGNORECASE:
                return chr(argument)
            case "LITERAL":
                cased = _members(opcode, argument, flags) + chr(argument)
                return pick(self._choices, cased)
            case "NOT_LITERAL" | "IN" | "ANY":
                shown = tuple(argument) if isinstance(argument, list) else argument
                return pick(self._choices, _members(opcode, shown, flags))
            case "BRANCH":
                return self.sequence(pick(self._choices, argument[1]), flags)
            case "SUBPATTERN":
                number, added, removed, body = argument
                text = self.sequence(body, scoped(flags, added, removed))
                if number is not None:
                    self._groups[number] = text
                return text
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(argument, flags)
            case "ATOMIC_GROUP":
                return self.sequence(argument, flags)
            case "ASSERT":
                return self.sequence(argument[1], flags) if self._choices.below(2) else ""
            case "ASSERT_NOT":
                return self.sequence(argument[1], flags) if once_in(self._choices, 6) else ""
            case "GROUPREF":
                return self._groups.get(argument, "")
            case "GROUPREF_EXISTS":
                number, yes, no = argument
                return self.sequence((yes if number in self._groups else no) or (), flags)
            case _:
                return ""

    def _repeat(self, argument: Any, flags: int) -> str:
        least, most, body = argument
        times = min(least + pick(self._choices, (0, 1, 0, 1, 2, 3)), int(most))
        if len(body) == 1 and once_in(self._choices, 12):
            times = min(least + pick(self._choices, GAPS), int(most))
        text = ""
        for _ in range(times):
            text += self.sequence(body, flags)
            if self._length + len(text) > _NEVER_LONGER:
                break
        self._length += len(text)
        return text
