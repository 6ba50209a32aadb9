r"""The code that a rule names and hardly another does: what to scan for where rules are many.

Hyperscan looks for the last eight characters of a text, and compares the rest of every text that
ends with those. Rules of a kind end alike: where 500 of them end with ` \(attempt \d+ of \d+\)`,
each line with `attempt ` is compared with 500 texts. `job export/admin/10068 ` ends as no other
rule does; and a line that has the code 10068 in these words is hardly about anything else, so that
what follows is left to `re`. Measured on the made-up log of the benchmark: 0.81 to 0.48 CPU s/GB
for 1,000 rules, 1.67 to 0.49 for 5,000, no line more to confirm; and these compile in 0.2 s, not 8.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from logwatch.matching.stretch import MOST_SHARING, weight
from logwatch.matching.syntax import Chars, Concat, Node, concat

MANY = 50
"""Patterns from which Hyperscan hashes what it looks for; with fewer it compares little."""
_LOOKED_FOR = 8
"""Characters that Hyperscan looks for at once."""
_ENOUGH = 50
"""Weight from which a text with a code stands for its pattern: that of ten letters."""
_CODE = re.compile(rb"[0-9]{4,}")
"""A shorter number is in too many lines: a status, a part of an address or of a time."""


def coded(skeletons: Mapping[int, Node], stretches: Mapping[int, Node]) -> dict[int, Node]:
    """Pattern number -> what to scan for in place of its skeleton, where it names a code.

    What `translator.skeleton` gave for all patterns goes in, and `stretch.telling` for some. Every
    match of a skeleton contains a match of what comes out for it. A pattern of which another part
    tells more than that with the code keeps it: a code may also be the number of a frequent event.
    Few patterns have nothing to gain.
    """
    if len(skeletons) < MANY:
        return {}
    texts = {number: list(_texts(node)) for number, node in skeletons.items()}
    naming = Counter(code for each in texts.values() for code in set(_codes(each)))
    found = {
        number: max(choices, key=weight)
        for number, node in skeletons.items()
        if (choices := list(_choices(_texts(stretches.get(number, node)), naming)))
    }
    sharing = Counter(found.values())
    return {number: cut for number, cut in found.items() if sharing[cut] <= MOST_SHARING}


def _texts(skeleton: Node) -> Iterator[bytes]:
    """What stands there letter for letter."""
    items = skeleton.items if isinstance(skeleton, Concat) else (skeleton,)
    for is_plain, run in groupby(items, _is_plain):
        if is_plain:
            yield bytes(item.mask.bit_length() - 1 for item in run if isinstance(item, Chars))


def _is_plain(node: Node) -> bool:
    return isinstance(node, Chars) and node.mask.bit_count() == 1


def _codes(texts: list[bytes]) -> list[bytes]:
    return [code for text in texts for code in _CODE.findall(text)]


def _choices(texts: Iterable[bytes], naming: Mapping[bytes, int]) -> Iterator[Node]:
    """Each text up to a code that few patterns name, and what is looked for at once with it."""
    for text in texts:
        for code in _CODE.finditer(text):
            end = max(code.end(), code.start() + _LOOKED_FOR)
            cut = concat([Chars(1 << byte) for byte in text[:end]])
            if naming[code[0]] <= MOST_SHARING and weight(cut) >= _ENOUGH:
                yield cut
