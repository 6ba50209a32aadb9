"""Quantities as logs write them: numbers, and numbers with a unit of time or of size.

A bare number stands for seconds or bytes beside one with a unit. The durations and sizes of the
configuration itself are stricter: units.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

LONGEST_NUMBER: Final = 64
"""Characters beyond which a text is no number."""


class Quantity(NamedTuple):
    """A number, in seconds or bytes where it has a unit."""

    value: Decimal
    unit: Literal["", "time", "size"]


_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?"
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "\u00b5s": Decimal("1e-6"),  # the sign for micro, and the Greek letter
    "\u03bcs": Decimal("1e-6"),
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "min": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86_400),
    "w": Decimal(604_800),
}
_BYTES = {"B": Decimal(1)} | {
    f"{prefix}{i}{b}": Decimal(base) ** power
    for power, prefixes in enumerate(("kK", "M", "G", "T", "P", "E"), start=1)
    for prefix in prefixes
    for i, base in (("", 1000), ("i", 1024))
    for b in ("", "B")
}
_PLAIN = re.compile(_NUMBER).fullmatch
_MEASURE = re.compile(rf"({_NUMBER})(?: ?(?:({'|'.join(_SECONDS)})|([kKMGTPE]i?B?|B)))?").fullmatch
_PART = rf"([0-9]+(?:\.[0-9]*)?)({'|'.join(_SECONDS)})"
_PARTS = re.compile(rf"([-+]?)((?:{_PART}){{2,10}})").fullmatch
_EACH_PART = re.compile(_PART).findall


def quantity(text: str) -> Quantity | None:
    """What `text` measures: `503`, `-1.5e3`, `812ms`, `1m3.5s`, `3MiB`, `12 kB`; None for others.

    Units of time are ns us ms s m min h d w; of size B and k K M G T P E with B, iB, i or nothing.
    """
    if len(text) > LONGEST_NUMBER:
        return None
    if found := _MEASURE(text):
        number, time, size = found.groups()
        if time:
            return Quantity(Decimal(number) * _SECONDS[time], "time")
        if size:
            return Quantity(Decimal(number) * _BYTES[size], "size")
        return Quantity(Decimal(number), "")
    if found := _PARTS(text):
        parts = [Decimal(number) * _SECONDS[unit] for number, unit in _EACH_PART(found[2])]
        return Quantity(sum(parts, Decimal(0)) * (-1 if found[1] == "-" else 1), "time")
    return None


def comparable(one: Quantity, other: Quantity) -> bool:
    """Whether they measure the same; a bare number may be seconds as well as bytes."""
    return one.unit == other.unit or not one.unit or not other.unit


def plain_number(text: str) -> Decimal | None:
    """`text` as a number that has no unit, None for others."""
    return Decimal(text) if len(text) <= LONGEST_NUMBER and _PLAIN(text) else None


def bounded(operand: str, compare: Callable[[Any, Any], bool]) -> Callable[[str], bool]:
    """Whether a value is a quantity that `compare` finds so beside `operand`, which is one."""
    bound = quantity(operand)
    assert bound is not None, "nobody asks for others"
    limit, near = bound.value, float(bound.value)
    margin = abs(near) * 1e-9

    def holds(value: str) -> bool:
        if len(value) > LONGEST_NUMBER:
            return False
        found = _MEASURE(value)
        if found:
            # What is clearly more or less need not be looked at to the last digit.
            number, time, size = found.groups()
            other = "time" if time else "size" if size else ""
            if other and bound.unit and other != bound.unit:
                return False
            about = float(number) * _ABOUT[time or size or ""]
            if abs(about - near) > margin:
                return compare(about, near)
        exact = quantity(value)
        return exact is not None and comparable(bound, exact) and compare(exact.value, limit)

    return holds


_ABOUT = {"": 1.0} | {unit: float(factor) for unit, factor in (_SECONDS | _BYTES).items()}
