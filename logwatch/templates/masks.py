"""Takes out of a message what varies: numbers become `<num>`, addresses `<host>`, and so on.

Quoted strings and the request lines of HTTP are looked for in the whole message; everything else
within one token (`patterns.py`), and a number is joined to a unit that follows it. What became of a
token is remembered, so that most tokens cost one look into a table.

Only the first `MOST_CHARACTERS` characters and `MOST_TOKENS` tokens of a message are looked at.
"""

from __future__ import annotations

import re

from logwatch.templates.patterns import SIZE_UNITS, TIME_UNITS, Searches

MOST_CHARACTERS = 1024
"""Characters of a message that are looked at."""
MOST_TOKENS = 128
"""Tokens of a message that are looked at."""
WILDCARD = "<*>"
"""Stands in a template for one token that varies."""

_STAR = "<star>"
"""What `<*>` becomes that a message itself holds: only a template has wildcards."""
_NUMBER = "<num>"
_MOST_KNOWN = 4096
_LONGEST_KNOWN = 64

# A request is told by its method, so that stays. The looks behind come after the quote: the search
# can then skip to the next quote.
_QUOTED = re.compile(
    r'("[A-Z]{3,7}+) [^" ]{1,600}+(?: HTTP/[0-9.]{1,4})?"'
    r'|"(?<![\w"]")[^"]{0,400}+"(?!\w)'
    r"|'(?<![\w']')[^']{0,400}+'(?!\w)",
    re.ASCII,
)
_UNITS = {
    unit + mark: mask + mark
    for mask, units in (("<duration>", TIME_UNITS), ("<size>", SIZE_UNITS))
    for unit in units
    for mark in ("", *".,;:)]")
}
_UNIT_WORDS = frozenset(_UNITS)


class Masks:
    """The built-in masks. One instance may serve all miners of a thread: it keeps some words."""

    def __init__(self) -> None:
        self._known = _Known()

    def tokens(self, message: str) -> list[str]:
        """The words of `message`, what varies masked; at most `MOST_TOKENS`, none of them `<*>`."""
        text = message[:MOST_CHARACTERS]
        if not text.isascii():
            # Half a surrogate pair, which JSON may hold, cannot be stored.
            text = text.encode(errors="replace").decode()
        if '"' in text or "'" in text:
            text = _QUOTED.sub(_quoted, text)
        known = self._known
        tokens = [known[token] for token in text.split()[:MOST_TOKENS]]
        return tokens if _UNIT_WORDS.isdisjoint(tokens) else _with_units(tokens)

    def template(self, text: str) -> list[str]:
        """The tokens of the text of a template, whose wildcards stay what they are."""
        return [WILDCARD if token == _STAR else token for token in self.tokens(text)]


class _Known(dict[str, str]):
    """Masked tokens by what they were; emptied when full, for it can all be found again."""

    def __init__(self) -> None:
        super().__init__()
        self._masked = Searches().masked

    def __missing__(self, token: str) -> str:
        masked = self._masked(token)
        if len(token) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[token] = masked
        return masked


def _quoted(found: re.Match[str]) -> str:
    return f'{found[1]} <path>"' if found[1] else "<quoted>"


def _with_units(tokens: list[str]) -> list[str]:
    """`tokens` with each number and the unit after it as one; `17 bytes (1 KB)` is one size."""
    joined: list[str] = []
    for token in tokens:
        unit = _UNITS.get(token)
        if unit is None or not joined or not _ends_in_number(joined[-1]):
            joined.append(token)
        elif joined[-1] == f"({_NUMBER}" and joined[-2:-1] == ["<size>"] and unit == "<size>)":
            joined.pop()
        else:
            joined[-1] = joined[-1].removesuffix(_NUMBER) + unit
    return joined


def _ends_in_number(token: str) -> bool:
    return token.endswith(_NUMBER) and not token[-6:-5].isalnum()
