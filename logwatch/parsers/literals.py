"""Which plain text a regular expression cannot match without: a few that are easy to see.

It need not find all: what is not understood has no literal.
"""

from __future__ import annotations

import re

SHORTEST = 3
"""Shorter text is in nearly every line."""

_FLAGS = re.compile(r"\(\?[aiLmsux-]+[:)]|\(\?#").search
_WRAPPED = re.compile(r"\^?\((?:\?:|\?P<\w+>)?(?!\?)([^()\[\]]*)\)\$?").fullmatch
_TOKEN = re.compile(
    r"(?P<group>[(\[])"
    r"|\\(?P<escaped>[^0-9A-Za-z])"
    r"|(?P<unclear>\\[xuUN0-9])"
    r"|(?P<class>\\[A-Za-z]|[.^$])"
    r"|(?P<optional>[*?]|\{[^}]*\}?)"
    r"|(?P<more>\+)"
    r"|(?P<plain>[^\\])",
    re.DOTALL,
)


def required_literals(pattern: str) -> tuple[str, ...] | None:
    """Texts of which every match of `pattern` holds one; None where that is not easy to see."""
    if _FLAGS(pattern):
        return None
    wrapped = _WRAPPED(pattern)
    if wrapped:
        pattern = wrapped[1]
    branches = _branches(pattern)
    if branches is None:
        return None
    texts = [_longest(branch) for branch in branches]
    if any(text is None or len(text) < SHORTEST for text in texts):
        return None
    return tuple(dict.fromkeys(text for text in texts if text is not None))


def _branches(pattern: str) -> list[str] | None:
    """The alternatives; None where a bar may be inside something."""
    if "|" not in pattern:
        return [pattern]
    if "(" in pattern or "[" in pattern:
        return None
    return re.split(r"(?:(?<=[^\\])|^)\|", pattern) if "\\\\" not in pattern else None


def _longest(branch: str) -> str | None:
    """The longest stretch of plain text that is in every match of `branch`."""
    runs = [""]
    at = 0
    while at < len(branch):
        found = _TOKEN.match(branch, at)
        if found is None or found["unclear"]:
            return None
        at = found.end()
        match found.lastgroup:
            case "plain" | "escaped":
                runs[-1] += found["plain"] or found["escaped"]
            case "optional":
                runs[-1] = runs[-1][:-1]
                runs.append("")
            case "group":
                end = _end_of_group(branch, at, found["group"])
                if end is None:
                    return None
                at = end
                runs.append("")
            case _:
                runs.append("")
    return max(runs, key=len)


def _end_of_group(branch: str, at: int, opening: str) -> int | None:
    """Where the group or set that begins before `at` ends; None where that is not clear."""
    if opening == "[":
        found = re.compile(r"\^?\]?(?:[^\]\\\[]|\\.)*\]", re.DOTALL).match(branch, at)
        return found.end() if found else None
    found = re.compile(r"(?:[^()\[\]\\]|\\.)*\)", re.DOTALL).match(branch, at)
    return found.end() if found else None
