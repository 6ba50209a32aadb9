"""Texts that a match must contain: what a pattern leaves for an engine that knows only literals.

From a skeleton (translator.py) come a few texts of the folded alphabet of which every match has at
least one. The longest are taken, for they are rare. Where case is ignored the texts are written in
small letters, and so is the block before it is searched; a text that a pattern wants in one writing
only is looked at again where it was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import product
from typing import TypeAlias

from logwatch.matching.alphabet import LATIN1, members
from logwatch.matching.syntax import Chars, Concat, Either, Node, Repeat

SMALL = "".join(
    low if len(low := letter.lower()) == 1 and ord(low) < 256 else letter for letter in LATIN1
).encode("latin-1")
"""A table for `bytes.translate`: each byte of the folded alphabet as a small letter."""

Texts: TypeAlias = tuple[bytes, ...]

_LEAST_LENGTH = 2
"""A single character is in nearly every line."""
_GOOD_LENGTH = 6
"""From here on it counts more that few rules have a text than how long it is."""
_MOST_VARIANTS = 32
"""Writings of one stretch: in `(?i)` an i, k or s is two characters even in small letters."""
_MOST_WORDS = 20_000
"""Texts for one pattern: long lists of words are what this engine is good at."""


def literals(required: Node, *, small: bool) -> list[Texts]:
    """The choices there are: of each of them every match of a skeleton contains a text.

    `small`: in small letters, for a block in small letters.
    """
    _, choices = _Analysis(small=small).look(required)
    return [texts for texts in choices if min(map(len, texts)) >= _LEAST_LENGTH]


def rarest(choices: Sequence[Texts], shared: Mapping[bytes, int]) -> Texts:
    """The choice that is likely to stop at the fewest lines.

    `shared` says how many patterns could be found by a text: what many rules have in common is
    common in logs too, and each line that has it would be tried with every one of them.
    """

    def worth(texts: Texts) -> tuple[bool, int, int, int]:
        length = min(map(len, texts))
        return length >= _GOOD_LENGTH, -max(shared[text] for text in texts), length, -len(texts)

    return max(choices, key=worth)


def ignores_case(node: Node) -> bool:
    """Whether some character of `node` is a letter in both its cases and little else."""
    match node:
        case Chars(mask):
            both = 1 < mask.bit_count() <= 4
            return both and len(_letters(mask, small=True)) < mask.bit_count()
        case Concat(parts) | Either(parts):
            return any(map(ignores_case, parts))
        case Repeat(body, _, _):
            return ignores_case(body)
        case _:
            return False


def _letters(mask: int, *, small: bool) -> Texts:
    texts = (bytes([byte]) for byte in members(mask))
    return tuple(dict.fromkeys(text.translate(SMALL) if small else text for text in texts))


class _Analysis:
    """Walks a skeleton. For each node: all its texts, where they are few; and choices to find it.

    No choice is empty, but one may hold the empty text.
    """

    def __init__(self, *, small: bool) -> None:
        self._small = small

    def look(self, node: Node) -> tuple[Texts, list[Texts]]:
        match node:
            case Chars(mask) if 0 < mask.bit_count() <= _MOST_VARIANTS:
                texts = _letters(mask, small=self._small)
                return texts, [texts]
            case Concat(items):
                return self._sequence(items)
            case Either(branches):
                return self._either(branches)
            case Repeat(body, least, most) if least:
                exact, choices = self.look(body)
                written = _joined([exact] * least)
                return written if least == most else (), [written, *choices] if written else choices
            case _:
                return (), []

    def _sequence(self, items: Iterable[Node]) -> tuple[Texts, list[Texts]]:
        choices: list[Texts] = []
        run: Texts = (b"",)
        is_whole = True
        for item in items:
            exact, inside = self.look(item)
            if longer := _joined([run, exact]):
                run = longer
                continue
            is_whole = False
            choices += [run, *inside]
            run = exact if 0 < len(exact) <= _MOST_VARIANTS else (b"",)
        return run if is_whole else (), [*choices, run]

    def _either(self, branches: Iterable[Node]) -> tuple[Texts, list[Texts]]:
        exacts, choices = zip(*map(self.look, branches), strict=True)
        if not all(choices):
            return (), []
        longest = _union(max(each, key=_worth) for each in choices)
        return _union(exacts), [longest] if longest else []


def _joined(parts: Iterable[Texts]) -> Texts:
    """Each text of each part after the other; () where one is not known or they are too many."""

    def longer(run: Texts, part: Texts) -> Texts:
        many = len(run) * len(part)
        # A long list of words may be followed by one more letter, but not by many kinds of them.
        fits = many <= _MOST_VARIANTS or (many <= _MOST_WORDS and 1 in (len(run), len(part)))
        return tuple(a + b for a, b in product(run, part)) if fits else ()

    return reduce(longer, parts, (b"",))


def _union(parts: Iterable[Texts]) -> Texts:
    parts = tuple(parts)
    joined = tuple(dict.fromkeys(text for part in parts for text in part))
    return joined if all(parts) and len(joined) <= _MOST_WORDS else ()


def _worth(texts: Texts) -> tuple[int, int]:
    """The longer the rarer; of equals the fewer."""
    return min(map(len, texts), default=0), -len(texts)
