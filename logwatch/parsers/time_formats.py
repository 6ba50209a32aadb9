"""Stamps as a source's `time_format` says that they are written, by the directives of `strptime`.

A format is looked for anywhere in the first `LOOKED_AT` characters of a text, and the first that is
written so is its stamp: what stands before it need not be said. Our own reading, since Python's
would take most of the time of a hit, wants the whole text to fit, and follows the locale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo

from logwatch import telemetry
from logwatch.parsers.stamp_parts import seconds_of
from logwatch.parsers.timestamps import StampReader

LOOKED_AT = 512
_MOST_IN_VAIN = 100
"""After so many texts without one that fits, it is said that the format does not."""

_MONTH = (
    "(?i:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    "|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_WEEKDAY = "(?i:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?i:day)?"
_PARTS = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "1[0-2]|0[1-9]",
    "b": _MONTH,
    "B": _MONTH,
    "d": "3[01]|[12][0-9]|[ 0][1-9]",
    "H": "2[0-3]|[ 01][0-9]",
    "I": "1[0-2]|[ 0][1-9]",
    "p": "[AaPp][Mm]",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]|60",
    "f": "[0-9]{1,12}",
    "z": "[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?",
    "Z": "[A-Za-z][A-Za-z0-9/_+-]{0,40}",
    "s": "[0-9]{9,11}",
}
"""What each directive stands for, and the name of its group."""
_SHORT = dict.fromkeys("mdI", "|[1-9]") | dict.fromkeys("HMS", "|[0-9]")
"""What may stand for one without its leading zero, where no other number is beside it."""
_BESIDE = re.compile(r"%[YymdHIMSfs](?=%[YymdHIMSfs])")
_PASSED_OVER = {"a": _WEEKDAY, "A": _WEEKDAY, "%": "%"}
_SAME = {"B": "b"}
DIRECTIVES = tuple(f"%{letter}" for letter in (*_PASSED_OVER, *_PARTS))

_INSTEAD = {
    **dict.fromkeys(("%L", "%N", "%.", "%3", "%6", "%9"), "%f, for a fraction of any length"),
    **dict.fromkeys(("%e", "%-", "%_"), "%d, %m, %H or %I, for one digit as for two"),
    **dict.fromkeys(("%:", "%O"), "%z, for +0100, +01:00, +01 and Z"),
    "%h": "%b",
    "%k": "%H",
    "%l": "%I",
    "%T": "%H:%M:%S",
    "%R": "%H:%M",
    "%r": "%I:%M:%S %p",
    "%F": "%Y-%m-%d",
    "%D": "%m/%d/%y",
    "%": "%% for a percent sign",
}
"""What other programs have, and what to write for it."""

_PIECE = re.compile(r"%(.?)|\s+|[^%\s]+", re.DOTALL)


class TimeFormatError(ValueError):
    """Raised for a format that cannot be; the text says why and what to write."""

    def __init__(self, text: str, at: int = -1, length: int = 1) -> None:
        super().__init__(text)
        self.at, self.length = at, length
        """Which characters are meant; -1: no single ones."""


def pattern_of(time_format: str) -> str:
    """What finds a stamp that is written so; its groups are named as their directives.

    Raises TimeFormatError.
    """
    pieces: list[str] = []
    given: set[str] = set()
    tight = {at for each in _BESIDE.finditer(time_format) for at in (each.start(), each.end())}
    if "%" not in time_format:
        text = "it has no directives; write '%d/%m/%Y %H:%M:%S' for 05/01/2026 01:00:00"
        raise TimeFormatError(text)
    for piece in _PIECE.finditer(time_format):
        letter = piece[1]
        if letter is None:
            pieces.append(r"[ \t]+" if piece[0].isspace() else re.escape(piece[0]))
        elif letter in _PASSED_OVER:
            pieces.append(f"(?:{_PASSED_OVER[letter]})")
        elif letter in _PARTS:
            name = _SAME.get(letter, letter)
            if name in given:
                raise TimeFormatError(f"it has {piece[0]} twice", piece.start(), 2)
            given.add(name)
            short = "" if piece.start() in tight else _SHORT.get(letter, "")
            pieces.append(f"(?P<{name}>{_PARTS[letter]}{short})")
        else:
            instead = _INSTEAD.get(piece[0]) or f"one of {' '.join(DIRECTIVES)}"
            text = f"there is no directive {piece[0]!r}; write {instead}"
            raise TimeFormatError(text, piece.start(), len(piece[0]))
    _check_complete(given)
    first = time_format[:1] if time_format[:2] != "%%" else ""
    before = "(?<![0-9A-Za-z])" if first == "%" or first.isalnum() else ""
    return f"{before}{''.join(pieces)}(?![0-9])"


def _check_complete(given: set[str]) -> None:
    if "s" in given:
        return
    if "p" in given and "I" not in given:
        raise TimeFormatError("%p is of a 12-hour clock; write %I for its hour")
    if "I" in given and "p" not in given:
        raise TimeFormatError("%I is of a 12-hour clock; write %p for AM and PM, or %H for %I")
    for what, letters in (("month", "mb"), ("day", "d"), ("hour", "HI"), ("minute", "M")):
        if given.isdisjoint(letters):
            either = " or ".join(f"%{letter}" for letter in letters)
            raise TimeFormatError(f"it names no {what}; write {either} where that stands")


class FormattedStamps(StampReader):
    """Reads stamps that are written as one of `formats`, and no others."""

    def __init__(self, tz: tzinfo, formats: Sequence[str], source: str = "") -> None:
        """`source`: what is told of where no stamp is so written; empty: nobody is told."""
        super().__init__(tz)
        self._searches = [re.compile(pattern_of(each)).search for each in formats]
        self._source = source
        self._in_vain = 0

    def leading(self, text: str, now: float) -> float | None:
        """The first stamp in `text` that is written so."""
        for search in self._searches:
            found = search(text, 0, LOOKED_AT)
            if found is not None and found.end() < LOOKED_AT:  # else it may go on behind that
                time = seconds_of(found.groupdict(), self._tz, now)
                if time is not None:
                    self._source = ""
                    return time
        self._miss()
        return None

    def value(self, text: str, now: float) -> float | None:
        """The same in the value of a field."""
        return self.leading(text, now)

    def _miss(self) -> None:
        self._in_vain += 1
        if self._source and self._in_vain >= _MOST_IN_VAIN:
            telemetry.warning(
                "parsers.time_format_never_fits",
                source=self._source,
                lines=self._in_vain,
                remedy="see with `logwatch check` what its lines are; arrival time is used",
            )
            self._source = ""
