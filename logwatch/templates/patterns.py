"""What varies within one token of a message, and what to call it.

The order decides where two could match at the same place. Every repetition is possessive or
bounded, and what could begin anywhere looks behind it first, so that a hostile token costs no more
than its length.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TIME_UNITS = [
    *("ns", "us", "µs", "ms", "s", "m", "h", "d"),
    *("sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes"),
    *("hr", "hrs", "hour", "hours", "day", "days"),
    *("nanoseconds", "microseconds", "millisecond", "milliseconds"),
]
SIZE_UNITS = [
    "b",
    "B",
    "byte",
    "bytes",
    *(f"{prefix}{rest}" for prefix in "KMGTPkmgt" for rest in ("B", "b", "iB", "ib")),
]


class Kind(NamedTuple):
    """A mask and what it stands for. `signed`: has one of `SIGNS` in every spelling."""

    mask: str
    pattern: str
    signed: bool = False


SIGNS = ":/@\\"
"""What addresses, paths and clocks are written with; few tokens have one of these."""

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_ZONE = "(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_CLOCK = rf"[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,:][0-9]{{1,9}})?)?{_ZONE}"
_DOTTED_CLOCK = r"[0-9]{2}(?:\.[0-9]{2,9}){1,3}"
_DATE = "[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
_IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_IPV6 = (
    r"\[?(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)(?:[0-9A-Fa-f]{1,4}(?=:)|(?=::))"
    r"(?::{1,2}[0-9A-Fa-f]{1,4}){1,7}(?:::)?(?:\.[0-9]{1,3}){0,3}(?:\]:[0-9]{1,5})?(?:%\w{1,15})?"
)
_NAME_AND_PORT = r"(?:[A-Za-z0-9_-]{1,63}+\.){1,8}[a-z]{2,8}+:[0-9]{1,5}"
_UUID = "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
_HEX_WORD = "(?=[A-Fa-f]{0,31}[0-9])(?=[0-9]{0,31}[A-Fa-f])[0-9A-Fa-f]{6,128}+"
_NUMBER = r"[0-9]++(?:\.[0-9]++)?"
# Longer units first: a regular expression takes the first that fits.
_TIME_UNIT = "|".join(sorted(TIME_UNITS, key=len, reverse=True))
_SIZE_UNIT = "|".join(sorted([*SIZE_UNITS, *"KMGT"], key=len, reverse=True))

KINDS = (
    Kind("<time>", rf"(?<![\w.]){_DATE}(?:[-T_:](?:{_CLOCK}|{_DOTTED_CLOCK}))?(?!\w)"),
    Kind("<time>", rf"(?<![\w.:]){_CLOCK}(?![\w:])", signed=True),
    Kind("<time>", rf"(?<!\w)[0-9]{{1,2}}[/-]{_MONTH}[/-][0-9]{{4}}(?::{_CLOCK})?(?!\w)"),
    Kind("<time>", rf"\A(?:{_MONTH}|{_DAY}),?\Z"),
    Kind("<url>", r"(?<!\w)[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s\"'<>,;)\]}]++", signed=True),
    Kind(
        "<email>",
        r"(?<![\w.+-])[\w.+-]{1,64}+@[A-Za-z0-9-]{1,63}+(?>(?:\.[A-Za-z0-9-]{1,63}+)+)",
        signed=True,
    ),
    Kind("<uuid>", rf"(?<![0-9A-Fa-f]){_UUID}(?![0-9A-Fa-f])"),
    Kind("<mac>", r"(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])"),
    Kind("<host>", rf"(?<![\w.]){_IPV4}(?:[:/][0-9]{{1,5}})?(?>(?:,{_IPV4})*)(?!\w|\.[0-9])"),
    Kind("<host>", rf"(?<![\w:.]){_IPV6}(?![\w:])", signed=True),
    Kind("<host>", rf"(?<![\w.@-]){_NAME_AND_PORT}(?!\w)", signed=True),
    Kind("<path>", rf"(?<![\w.)>\]])/(?!{_IPV4})(?>(?:[\w.@%+~$*-]++/?+)+)", signed=True),
    Kind("<path>", r"(?<!\w)[A-Za-z]:\\[^\s\"'<>|,;]*+", signed=True),
    Kind("<path>", r"(?<![\w\\])\\\\[\w.$-]++\\[^\s\"'<>|,;]*+", signed=True),
    Kind("<hex>", r"(?<![A-Za-z0-9])0[xX][0-9A-Fa-f]++"),
    Kind("<hex>", rf"(?<![A-Za-z0-9]){_HEX_WORD}(?![A-Za-z0-9])"),
    Kind(
        "<duration>",
        rf"(?<![\w.])[-+]?{_NUMBER}(?:{_TIME_UNIT})(?>(?:[0-9]++(?:ms|m|s|h))*)(?![A-Za-z0-9])",
    ),
    Kind("<size>", rf"(?<![\w.]){_NUMBER}(?:{_SIZE_UNIT})(?:/s)?(?![A-Za-z0-9])"),
    Kind("<num>", r"(?:(?<![A-Za-z0-9_)\]])[-+])?[0-9]++(?>(?:[.,][0-9]++)*)%?"),
    Kind("<star>", r"\A<\*>\Z"),
)


class Searches:
    """Finds what varies in a token, with the patterns that its characters leave possible."""

    def __init__(self) -> None:
        self._all = _Search(KINDS)
        self._plain = _Search(tuple(kind for kind in KINDS if not kind.signed))

    def masked(self, token: str) -> str:
        """`token` with what varies in it masked."""
        signed = any(sign in token for sign in SIGNS)
        return (self._all if signed else self._plain).masked(token)


class _Search:
    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self._sub = re.compile("|".join(f"({kind.pattern})" for kind in kinds), re.ASCII).sub
        self._masks = [kind.mask for kind in kinds]

    def masked(self, token: str) -> str:
        return self._sub(self._mask, token)

    def _mask(self, found: re.Match[str]) -> str:
        return self._masks[(found.lastindex or 0) - 1]
