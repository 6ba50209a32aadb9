r"""`{job}` in a later pattern: a group whose text must be that of an earlier record's `job`.

A later step names a capture of an earlier one: `finished job={job} ok`. It is compiled once and not
once for each value, so `{job}` becomes a group of that name, and the rule takes a record only where
what the group found is equal to what the earlier record had.

What the group takes is decided by what follows it. Before a literal, a class, `\s` or `$` it is
the shortest text up to there, blanks and all: `'job ({job}) done'`. Elsewhere, at the end of the
pattern or before something that might be empty or anything, it is as many characters as are no
blanks: `'finished {job}'`. A pattern that begins with it would take all from the beginning of the
line, stamp and host and all: there it is what stands right before the literal and is no blanks:
`'{port}: link is up'`. A second `{job}` in a pattern is a reference back to the first one.

What it may lose: a value that contains what follows it in the pattern is found too short, and so
is equal to none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_TOKEN = re.compile(
    r"\\N\{[^}]*\}"
    r"|\\."
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\(\?\#[^)]*\)"
    r"|\(\?P<(?P<own>\w+)>"
    r"|(?P<mark>[()|])"
    r"|\{(?P<name>[^\W\d]\w*)\}",
    re.DOTALL,
)
"""What a reference may not be looked for in, what nests, and a reference."""

_DELIMITER = re.compile(
    r"""(?: \$ | \\[Zz]
          | (?: \\[^\w] | \\[stnrfv] | \[(?!\^)\]?(?:\\.|[^\]\\])*\] | [^\\.^$*+?{}()|\[] )
            (?! [?*] | \{0?, | \{0\} )
        )""",
    re.DOTALL | re.VERBOSE,
)
"""Something after a reference that cannot be passed over, and so says where its text ends."""

_BEGINNING = re.compile(r"(?:\(\?:|\(|\\[bs][*+?]?| )*")
"""Nothing that a line would have to have before a reference."""

_Branch = tuple[tuple[int, int], ...]
"""The groups around a place, the outermost first, each with the number of its alternative."""


def with_references(pattern: str, known: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """`pattern` with each `{name}` of `known` made a group, and those names in their order.

    Other braces stay as they are: counts, escapes, classes, names that nobody knows. Raises
    ValueError, with a remedy, for a name in two alternatives of one pattern, where a reference
    back from one to the other could never match.
    """
    branches: list[list[int]] = [[0, 0]]
    groups, end = 0, 0
    parts: list[str] = []
    found_in: dict[str, _Branch] = {}
    names: dict[str, None] = {}
    for token in _TOKEN.finditer(pattern):
        if token["own"] or token["mark"] == "(":
            groups += 1
            branches.append([groups, 0])
            if token["own"]:
                found_in[token["own"]] = _here(branches)
        elif token["mark"] == ")":
            del branches[max(1, len(branches) - 1) :]
        elif token["mark"] == "|":
            branches[-1][1] += 1
        elif token["name"] in known and token["name"] is not None:
            name = token["name"]
            names[name] = None
            rest, is_first = (
                pattern[token.end() :],
                bool(_BEGINNING.fullmatch(pattern[: token.start()])),
            )
            group = _group(name, rest, found_in, is_first=is_first)
            parts += (pattern[end : token.start()], group)
            _check(name, found_in.setdefault(name, _here(branches)), _here(branches))
            end = token.end()
    return "".join((*parts, pattern[end:])), tuple(names)


def with_values(pattern: str, values: Mapping[str, str]) -> str:
    """`pattern`, made by `with_references`, with the values that its groups must be equal to."""
    for name, value in values.items():
        texts = (f"(?s:(?P<{name}>.+?))", rf"(?P<{name}>\S+?)", rf"(?P<{name}>\S+)", f"(?P={name})")
        for group in texts:
            pattern = pattern.replace(group, value)
    return pattern


def _here(branches: list[list[int]]) -> _Branch:
    return tuple((group, alternative) for group, alternative in branches)


def _group(name: str, rest: str, found_in: Collection[str], *, is_first: bool) -> str:
    if name in found_in:
        return f"(?P={name})"
    if not _DELIMITER.match(rest):
        return rf"(?P<{name}>\S+)"
    return rf"(?P<{name}>\S+?)" if is_first else f"(?s:(?P<{name}>.+?))"


def _check(name: str, first: _Branch, here: _Branch) -> None:
    alternatives = dict(here)
    if any(alternatives.get(group, number) != number for group, number in first):
        raise ValueError(
            f"{{{name}}} stands in two alternatives of one pattern; write a list of two patterns"
        )
