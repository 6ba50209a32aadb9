r"""A template of log messages -> a pattern that finds such messages in whole lines.

The words of the template stay, what varies becomes `\S+`. A mask may stand for more than one word
(a quoted text, a size): then `.{1,200}?` takes its place. The pattern is tried on messages of the
template, and only one that finds all of them, and that no line can make slow, is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from logwatch.matching.pattern import PatternError, compile_pattern, risk
from logwatch.templates import WILDCARD

MOST_TOKENS = 14
LONGEST = 240
"""Characters of a pattern, about."""
LEAST_LETTERS = 4
"""A pattern with fewer letters would find anything."""

_MASK = re.compile(r"<(?:\*|time|url|email|uuid|mac|host|path|hex|duration|size|num|quoted|star)>")
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")
_WORD, _WORDS = r"\S+", r".{1,200}?"
_DATE_WORD = re.compile(
    r"\[?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec),?"
)
_MOST_MASKS = 2
"""In one token; of more, all from the first to the last become one."""
_IN_TOKEN = {
    "<num>": r"\d+",
    "<quoted>": "(?:\"[^\"]*\"|'[^']*')",
    "<size>": r"[-+\d.,]+ ?\S+",
    "<duration>": r"[-+\d.,]+ ?\S+",
}


def pattern_for(template: str, examples: Sequence[str], prefix: str = "") -> str | None:
    """A pattern for all of `examples`, messages of `template`; None where there is no good one.

    `prefix` is a pattern for what stands before the message; it is left out where it does not fit.
    """
    tokens = _meaningful(template.split())
    for candidate in _candidates(tokens, examples, prefix):
        if _is_good(candidate, examples):
            return candidate
    return None


def escaped(text: str) -> str:
    """`text` as a pattern, with no more backslashes than it needs."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _candidates(tokens: Sequence[str], examples: Sequence[str], prefix: str) -> Iterator[str]:
    narrow = [_narrow(token) for token in tokens]
    wide = _wide(tokens)
    for start in dict.fromkeys((prefix, "")):
        yield start + " ".join(narrow)
        yield start + r"\s+".join(narrow)
        yield start + wide
    yield r"\s+".join(map(escaped, _longest_run(tokens)))
    for example in examples[:1]:
        yield escaped(example.strip()[: LONGEST // 2])


def _wide(tokens: Sequence[str]) -> str:
    """All tokens; each mask, and the blanks beside it, may be several words."""
    parts = re.split(rf"(?:\s*{_MASK.pattern}\s*)+", " ".join(tokens))
    return _WORDS.join(r"\s+".join(map(escaped, part.split())) for part in parts)


def _narrow(token: str) -> str:
    """One token: its text, and what its masks may be within a word."""
    masks = list(_MASK.finditer(token))
    if len(masks) > _MOST_MASKS:
        return f"{escaped(token[: masks[0].start()])}{_WORD}{escaped(token[masks[-1].end() :])}"
    shown, at = [], 0
    for mask in masks:
        shown.append(escaped(token[at : mask.start()]))
        shown.append(_IN_TOKEN.get(mask[0], _WORD))
        at = mask.end()
    shown.append(escaped(token[at:]))
    return "".join(shown)


def _meaningful(tokens: Sequence[str]) -> Sequence[str]:
    """Without what only varies at both ends, and not too long."""
    first, last = 0, len(tokens)
    while first < last and _letters(tokens[first]) == 0:
        first += 1
    last = min(last, first + MOST_TOKENS)
    while last > first and (
        _letters(tokens[last - 1]) == 0 or len(" ".join(tokens[first:last])) > LONGEST
    ):
        last -= 1
    return tokens[first:last]


def _longest_run(tokens: Sequence[str]) -> Sequence[str]:
    """The words in a row without anything that varies which have most letters."""
    runs: list[list[str]] = [[]]
    for token in tokens:
        if WILDCARD in token or _MASK.search(token):
            runs.append([])
        else:
            runs[-1].append(token)
    return max(runs, key=lambda run: sum(map(len, run)))


def _letters(token: str) -> int:
    if _DATE_WORD.fullmatch(token):
        return 0
    return sum(char.isalpha() for char in _MASK.sub("", token))


def _is_good(pattern: str, examples: Sequence[str]) -> bool:
    if _letters(re.sub(r"\\[a-zA-Z]", "", pattern)) < LEAST_LETTERS:
        return False
    try:
        pattern.encode()  # half a surrogate pair, which JSON may hold, cannot be written
        compiled = compile_pattern(pattern)
        if risk(pattern) is not None:
            return False
    except (PatternError, UnicodeEncodeError):
        return False
    return all(compiled.search(example) for example in examples)
