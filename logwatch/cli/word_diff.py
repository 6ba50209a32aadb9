"""Two texts one above the other, what differs in the second one underlined.

Differences are told in words: a word is marked as a whole. Texts that are too long for the screen
are shown from a little before the first difference on, and the cut is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from logwatch.cli.marking import YELLOW, Screen, columns_of
from logwatch.sinks.plain_text import visible

LEAST_ROOM = 20
BEFORE = 12
"""Characters that are shown before the first difference of a text that is cut."""
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def told_apart(head: str, expected: str, got: str, screen: Screen) -> Iterator[str]:
    """Lines `HEAD expected 'TEXT'`, `got 'TEXT'`, and what underlines the words that differ."""
    expected, got = visible(expected), visible(got)
    room = max(LEAST_ROOM, screen.columns - columns_of(head) - len("expected  ''") - 1)
    wanted, had = (
        _cut(text, _first_difference(expected, got), room, screen) for text in (expected, got)
    )
    blank = " " * columns_of(head)
    yield f"{head}expected  '{wanted}'"
    extra, missing = _differing(wanted, had)
    under = _under(had, extra)
    if not under:
        yield from _underlined(
            f"{blank}{' ' * len('expected  ')} ", _under(wanted, missing), screen
        )
    yield f"{blank}got       '{had}'"
    yield from _underlined(f"{blank}{' ' * len('got       ')} ", under, screen)


def _underlined(blank: str, under: str, screen: Screen) -> Iterator[str]:
    if under:
        lead = len(under) - len(under.lstrip())
        yield f"{blank}{under[:lead]}{screen.paint(YELLOW, under[lead:])}"


def _first_difference(one: str, other: str) -> int:
    """Where the first word begins that is not the same in both."""
    at = 0
    for mine, theirs in zip(_WORDS.findall(one), _WORDS.findall(other), strict=False):
        if mine != theirs:
            break
        at += len(mine)
    return at


def _cut(text: str, first: int, room: int, screen: Screen) -> str:
    """At most `room` columns of `text`, with the place `first` in it."""
    if columns_of(text) <= room:
        return text
    mark = screen.marks.cut
    left = 0 if first + 2 * BEFORE <= room else first - BEFORE
    before = mark if left else ""
    room -= columns_of(before)
    shown = text[left:]
    if columns_of(shown) <= room:
        return before + shown
    while shown and columns_of(shown) > room - columns_of(mark):
        shown = shown[: len(shown) - max(1, (columns_of(shown) - room) // 2)]
    return before + shown + mark


def _differing(
    expected: str, got: str
) -> tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int]]]:
    """Spans of `got` that `expected` has not, and spans of `expected` that `got` has not."""
    one, other = _WORDS.findall(expected), _WORDS.findall(got)
    extra, missing = [], []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if j2 > j1:
            extra.append((len("".join(other[:j1])), len("".join(other[:j2]))))
        if i2 > i1:
            missing.append((len("".join(one[:i1])), len("".join(one[:i2]))))
    return extra, missing


def _under(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """What stands under `text` so that `spans` of it are underlined; "" where there are none."""
    under, at = [], 0
    for start, end in spans:
        # Blanks at the edges differ too, but a mark under them says nothing to the eye.
        words = text[start:end].strip()
        if not words:
            continue
        first = text.index(words, start)
        under.append(" " * columns_of(text[at:first]) + "~" * columns_of(words))
        at = first + len(words)
    return "".join(under)
