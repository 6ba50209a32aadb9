"""The meaning of matching, in its plainest form: the oracle that the engine is measured against.

A block is split at newlines, those inside records of several lines excepted; each record is cut at
the longest length allowed, decoded, and loses one carriage return from the end of each of its
lines, and the newlines at its own end. A rule takes it where any `match` is found and no `unless`
is.
There are no tricks here, and no protection against a pattern that takes for ever. All patterns are
compiled at once, so that a bad one raises PatternError then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from logwatch.matching.hits import Found, LineHit, RulePatterns
from logwatch.matching.pattern import compile_pattern


class ReferenceMatcher:
    """Python's `re` on every record."""

    def __init__(
        self,
        rules: Sequence[RulePatterns],
        *,
        encoding: str = "utf-8",
        max_line: int = 262_144,
    ) -> None:
        self._rules = [
            (
                [compile_pattern(text) for text in rule.match or ("",)],
                [compile_pattern(text) for text in rule.unless],
            )
            for rule in rules
        ]
        self._encoding = encoding
        self._max_line = max_line

    def match(self, data: bytes, joined: bytes | None = None) -> list[LineHit]:
        """Records of `data` that a rule took, in order; rules within a record in rule order.

        `joined` is `data` with each record as one line, where records have several.
        """
        hits = []
        start = 0
        whole = data if joined is None else joined
        for record in whole.removesuffix(b"\n").split(b"\n") if data else ():
            end = start + len(record)
            kept = data[start:end][: self._max_line].decode(self._encoding, "backslashreplace")
            text = "\n".join(line.removesuffix("\r") for line in kept.split("\n")).rstrip("\n")
            if found := self._found(text):
                hits.append(LineHit(start, end, text, len(record) > self._max_line, found))
            start = end + 1
        return hits

    def _found(self, text: str) -> list[Found]:
        found = []
        for rule, (match, unless) in enumerate(self._rules):
            first = next((hit for one in match if (hit := one.search(text))), None)
            if first and not any(one.search(text) for one in unless):
                found.append((rule, captures(first)))
        return found


def captures(match: re.Match[str]) -> dict[str, str]:
    """Named groups that took part in the match."""
    named: dict[str, str | None] = match.groupdict()
    if None not in named.values():
        return cast("dict[str, str]", named)
    return {name: text for name, text in named.items() if text is not None}
