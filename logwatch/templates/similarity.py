"""How much alike a template and a message of as many tokens are: a share of what can be compared.

Drain counts the tokens that are equal and divides by all of them. Here tokens weigh differently,
for after masking they do not tell equally much:

- a wildcard of the template fits whatever stands there, and weighs nothing;
- an equal mask says little: every message has numbers;
- two plain words that differ say much: a name that varies stands among many words that do not;
- two words in capitals that differ say most: `ERROR` and `INFO`, `GET` and `POST` are seldom the
  values of one parameter.

A message that a template covers, equal wherever it has no wildcard, has a similarity of 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.templates.masks import WILDCARD

EQUAL_WORD, EQUAL_MASK = 4, 1
OTHER_VALUE, OTHER_WORD, OTHER_CAPITALS = 4, 12, 24


def similarity(template: Sequence[str], tokens: Sequence[str]) -> float:
    """0.0 to 1.0 for as many `tokens` as `template` has; 1.0 if there is nothing to compare."""
    same = other = 0
    for mine, theirs in zip(template, tokens, strict=True):
        if mine == theirs:
            same += EQUAL_MASK if "<" in mine else EQUAL_WORD
        elif mine != WILDCARD:
            other += _weight(mine, theirs)
    return same / (same + other) if other else 1.0


def _weight(mine: str, theirs: str) -> int:
    if "<" in mine or "<" in theirs:
        return OTHER_VALUE
    return OTHER_CAPITALS if mine.isupper() and theirs.isupper() else OTHER_WORD
