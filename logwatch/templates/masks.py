"""Takes out of a message what varies: numbers become `<num>`, addresses `<ip>`, and so on.

What a message is made of is found in two goes. Quoted strings may hold blanks, so they are looked
for in the message; everything else is looked for within one token. A token of letters only has
nothing to mask, and one without anything to mask is remembered, so that most tokens cost one look
into a table.

Only the first `MOST_CHARACTERS` characters and `MOST_TOKENS` tokens of a message are looked at.
Every pattern is possessive or bounded, so that within them the time grows with the length and no
faster.
"""

from __future__ import annotations

import re

MOST_CHARACTERS = 1024
"""Characters of a message that are looked at."""
MOST_TOKENS = 128
"""Tokens of a message that are looked at."""
WILDCARD = "<*>"
"""Stands in a template for one token that varies."""

_MOST_KNOWN = 4096
_LONGEST_KNOWN = 64
_STAR = "<star>"
"""What `<*>` becomes that a message itself holds: only a template has wildcards."""

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_ZONE = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_CLOCK = rf"[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}(?:[.,:][0-9]{{1,9}})?{_ZONE}"

_QUOTED = re.compile(r"""(?<![\w"])"[^"]{0,400}+"(?!\w)|(?<![\w'])'[^']{0,400}+'(?!\w)""", re.ASCII)

# The order decides where two could match at the same place.
_KINDS: tuple[tuple[str, str], ...] = (
    (
        "time",
        (
            r"(?<![\w.])[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
            rf"(?:[-T_:][0-9]{{2}}[:.][0-9]{{2}}(?:[:.][0-9]{{2}}(?:[.,:][0-9]{{1,9}})?)?{_ZONE})?(?!\w)"
        ),
    ),
    ("time", rf"(?<![\w.:]){_CLOCK}(?![\w:])"),
    ("time", rf"(?<!\w)[0-9]{{1,2}}[/-]{_MONTH}[/-][0-9]{{4}}(?::{_CLOCK})?(?!\w)"),
    ("time", rf"\A(?:{_MONTH}|{_DAY}),?\Z"),
    ("url", r"(?<!\w)[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s\"'<>,;)\]}]++"),
    ("email", r"(?<![\w.+-])[\w.+-]{1,64}+@[A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+)++"),
    (
        "uuid",
        r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])",
    ),
    ("mac", r"(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])"),
    ("ip", r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:[:/][0-9]{1,5})?(?!\w|\.[0-9])"),
    (
        "ip",
        (
            r"(?<![\w:.])\[?(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)(?:[0-9A-Fa-f]{1,4}(?=:)|(?=::))"
            r"(?::{1,2}[0-9A-Fa-f]{1,4}){1,7}(?:::)?(?:\.[0-9]{1,3}){0,3}(?:\]:[0-9]{1,5})?"
            r"(?:%\w{1,15})?(?![\w:])"
        ),
    ),
    ("host", r"(?<![\w.@-])(?:[A-Za-z0-9_-]{1,63}+\.){1,8}[A-Za-z]{2,24}+:[0-9]{1,5}(?!\w)"),
    ("path", r"(?<![\w.)>\]])/(?:[\w.@%+~$*:-]++/?+)++(?<![:.])"),
    ("path", r"(?<!\w)[A-Za-z]:\\[^\s\"'<>|,;]*+|(?<![\w\\])\\\\[\w.$-]++\\[^\s\"'<>|,;]*+"),
    ("hex", r"(?<![A-Za-z0-9])0[xX][0-9A-Fa-f]++"),
    (
        "hex",
        r"(?<![A-Za-z0-9])(?=[A-Fa-f]{0,31}[0-9])(?=[0-9]{0,31}[A-Fa-f])[0-9A-Fa-f]{6,128}+(?![A-Za-z0-9])",
    ),
    (
        "duration",
        (
            r"(?<![\w.])[-+]?[0-9]++(?:\.[0-9]++)?"
            r"(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
            r"(?:[0-9]++(?:ms|m|s|h))*+(?![A-Za-z0-9])"
        ),
    ),
    (
        "size",
        r"(?<![\w.])[0-9]++(?:\.[0-9]++)?(?:[KMGTPkmgt]i?[Bb]?|[Bb]|bytes)(?:/s)?(?![A-Za-z0-9])",
    ),
    ("num", r"(?:(?<![A-Za-z0-9_)\]])[-+])?[0-9]++(?:[.,][0-9]++)*+%?"),
    ("star", r"\A<\*>\Z"),
)
_VARYING = re.compile("|".join(f"({pattern})" for _, pattern in _KINDS), re.ASCII)
_MASK_OF = ("", *(f"<{kind}>" for kind, _ in _KINDS))


class Masks:
    """The built-in masks. One instance may serve all miners of a thread: it keeps some words."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def tokens(self, message: str) -> list[str]:
        """The words of `message`, what varies masked; at most `MOST_TOKENS`, none of them `<*>`."""
        text = message[:MOST_CHARACTERS]
        if not text.isascii():
            # Half a surrogate pair, which JSON may hold, cannot be stored.
            text = text.encode(errors="replace").decode()
        if '"' in text or "'" in text:
            text = _QUOTED.sub("<quoted>", text)
        known = self._known
        return [
            token if (token.isalpha() and len(token) > 3) or token in known else self._masked(token)
            for token in text.split()[:MOST_TOKENS]
        ]

    def template(self, text: str) -> list[str]:
        """The tokens of the text of a template, whose wildcards stay what they are."""
        return [WILDCARD if token == _STAR else token for token in self.tokens(text)]

    def _masked(self, token: str) -> str:
        masked = _VARYING.sub(_mask, token)
        if masked == token and len(token) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known.add(token)
        return masked


def _mask(found: re.Match[str]) -> str:
    return _MASK_OF[found.lastindex or 0]
