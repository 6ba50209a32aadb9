"""What patterns require of a line, before any engine has seen them.

Needs no engine, so that `check` can name the patterns that no engine can look for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from logwatch.matching.syntax import NEVER, Node, parse
from logwatch.matching.translator import least_width, skeleton

Unfiltered: TypeAlias = dict[int, str]
"""Pattern number -> why it has to run on every line."""


def outline(
    patterns: Sequence[str], *, records: bool = False
) -> tuple[dict[int, Node], Unfiltered]:
    """What each valid pattern requires of a line; and those that require nothing, or why not.

    With `records` what it requires of a record of several lines.

    One that can match in no line, because it needs a newline, is in neither.
    """
    skeletons: dict[int, Node] = {}
    unfiltered: Unfiltered = {}
    for number, text in enumerate(patterns):
        required = skeleton(parse(text, records=records))
        if required == NEVER:  # no line has a newline
            continue
        if least_width(required) == 0:
            unfiltered[number] = "no character is sure to be in every line that it matches"
        else:
            skeletons[number] = required
    return skeletons, unfiltered
