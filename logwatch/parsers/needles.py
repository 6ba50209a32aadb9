"""Patterns over the raw line that match at least wherever a condition can hold.

A line is parsed only where the needle of its rule was found, so a needle may match too much and
never too little. A format says how each of its fields is written (`Writing`); from that and from
what a test asks for, the needle is made. A needle prefers long stretches of plain text, for those
are what an engine finds fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from logwatch.conditions import (
    Comparison,
    Condition,
    Where,
    compile_tests,
    has_wildcard,
)
from logwatch.parsers.literals import SHORTEST, required_literals
from logwatch.quantities import quantity

NEVER = "\n"
"""Matches in no line."""

NUMERIC = "[-+.0-9]"
"""Begins every number."""


class Needle(NamedTuple):
    """Patterns, of which one at least matches, and how rare that may be."""

    patterns: tuple[str, ...]
    """The condition's own come first. Others stand for many conditions at once: as patterns of
    their own they are compiled once, however many rules have them."""
    weight: int
    """The length of text that is sure to be in a match of the first; 0: many lines match."""


class Writing(Protocol):
    """How one field is written in a line, as patterns."""

    def whole(self, text: str) -> str:
        """The value is `text`."""
        ...

    def begins(self, text: str) -> str:
        """The value begins with `text`."""
        ...

    def holds(self, text: str) -> str:
        """`text` is somewhere in the value."""
        ...

    def number(self, bare: str, quoted: str) -> str:
        """The value begins as `bare`; where blanks may be in it, as `quoted`."""
        ...

    def present(self) -> str | None:
        """The line has the field; None where nothing tells."""
        ...

    def hidden(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Other ways in which a character of the field's name or of `texts` may be written."""
        ...

    def implied(self) -> tuple[str, str] | None:
        """A value that the field has without its being written, and the pattern for it."""
        ...


class Verbatim(NamedTuple):
    """A field whose value stands in the line as it is, between what `before` and `after` match."""

    before: str = ""
    after: str = ""
    escape: Callable[[str], str] = re.escape

    def whole(self, text: str) -> str:
        """See `Writing.whole`."""
        return f"{self.before}{self.escape(text)}{self.after}"

    def begins(self, text: str) -> str:
        """See `Writing.begins`."""
        return f"{self.before}{self.escape(text)}"

    def holds(self, text: str) -> str:
        """See `Writing.holds`."""
        return self.escape(text)

    def number(self, bare: str, quoted: str) -> str:
        """See `Writing.number`. Some of these fields stand between quotes."""
        del bare
        return f"{self.before}{quoted}"

    def present(self) -> str | None:
        """See `Writing.present`. Blanks and quotes are in every line."""
        return None

    def hidden(self, texts: Iterable[str]) -> tuple[str, ...]:  # noqa: ARG002 - nothing is hidden
        """See `Writing.hidden`."""
        return ()

    def implied(self) -> tuple[str, str] | None:
        """See `Writing.implied`."""
        return None


class Enumerated(NamedTuple):
    """A field whose value follows from a few digits of the line."""

    before: str
    after: str
    digits: Sequence[str]
    value: Callable[[str], str | None]
    """The field's value, by the digits."""


def best(where: Where, writing_of: Callable[[str], Writing | Enumerated | None]) -> Needle | None:
    """The rarest of the needles of `where`; None where no condition has one."""
    needles = [
        needle
        for condition in where
        if (writing := writing_of(condition.field)) is not None
        and (needle := _needle(condition, writing)) is not None
    ]
    return max(needles, key=lambda needle: needle.weight, default=None)


def _needle(condition: Condition, writing: Writing | Enumerated) -> Needle | None:
    tests = condition.tests
    if condition.passes_missing:
        return None
    if isinstance(writing, Enumerated):
        return _enumerated(tests, writing)
    found = [_of_test(test, writing) for test in tests]
    some = [needle for needle in found if needle is not None]
    if len(some) < len(found):
        return None
    own = [needle.patterns[0] for needle in some]
    implied = writing.implied()
    if implied and compile_tests(tests)(implied[0]):
        own.append(implied[1])
    others = [pattern for needle in some for pattern in needle.patterns[1:]]
    patterns = ("|".join(dict.fromkeys(own)), *dict.fromkeys(others))
    return Needle(patterns, min(needle.weight for needle in some))


def _of_test(test: Comparison, writing: Writing) -> Needle | None:
    match test.operator:
        case "=":
            return _equal(test.operand, writing)
        case "~":
            return _with_one_of(required_literals(test.operand), writing)
        case ">" | ">=":
            spellings = at_least(test.operand)
            if spellings:
                return Needle((writing.number(*spellings), *writing.hidden(())), 2)
        case _:
            pass
    return _presence(writing)


def _equal(operand: str, writing: Writing) -> Needle | None:
    if has_wildcard(operand):
        return _of_glob(operand, writing)
    wanted = quantity(operand)
    if wanted is not None and wanted.unit:
        return _presence(writing)
    own = writing.whole(operand)
    if wanted is not None:
        spelling = equal_to(wanted.value)
        own = f"{own}|{writing.number(spelling, spelling)}"
    # The whole of a value is rarer than its length tells.
    return Needle((own, *writing.hidden([operand])), 4 + 2 * len(operand))


def _of_glob(operand: str, writing: Writing) -> Needle | None:
    first, *rest = re.split(r"[*?]+", operand)
    longest = max(rest, key=len)
    if first and 2 * len(first) >= len(longest):
        return Needle((writing.begins(first), *writing.hidden([first])), 2 + len(first))
    return _with_one_of((longest,) if len(longest) >= SHORTEST else None, writing)


def _with_one_of(texts: tuple[str, ...] | None, writing: Writing) -> Needle | None:
    if texts is None:
        return _presence(writing)
    own = "|".join(map(writing.holds, texts))
    return Needle((own, *writing.hidden(texts)), min(map(len, texts)))


def _presence(writing: Writing) -> Needle | None:
    pattern = writing.present()
    return None if pattern is None else Needle((pattern, *writing.hidden(())), 0)


def _enumerated(tests: tuple[Comparison, ...], writing: Enumerated) -> Needle:
    holds = compile_tests(tests)
    wanted = {
        digits
        for digits in writing.digits
        if (value := writing.value(digits)) is not None and holds(value)
    }
    if not wanted:
        return Needle((NEVER,), 1000)
    pattern = f"{writing.before}(?:{one_of_digits(wanted)}){writing.after}"
    return Needle((pattern,), 1 if len(wanted) > len(writing.digits) / 2 else 8)


# -- numbers -------------------------------------------------------------------------------------


def one_of_digits(texts: set[str]) -> str:
    """A pattern for exactly `texts`, which are of digits."""
    endings: dict[str, set[str]] = {}
    for text in texts:
        endings.setdefault(text[:-1], set()).add(text[-1:])
    heads: dict[str, set[str]] = {}
    for head, ends in endings.items():
        heads.setdefault("".join(sorted(ends)), set()).add(head)
    alternatives = []
    for ends_, some in sorted(heads.items()):
        last = "[0-9]" if ends_ == "0123456789" else f"[{ends_}]" if len(ends_) > 1 else ends_
        before = one_of_digits(some - {""}) if some != {""} else ""
        if "" in some and before:
            before = f"(?:{before})?"
        elif "|" in before:
            before = f"(?:{before})"
        alternatives.append(before + last)
    return "|".join(alternatives)


def equal_to(number: Decimal) -> str:
    """Spellings of `number`, which has no unit: `503`, and whatever begins in an odd way.

    Odd are a sign, a zero and a point; else a number begins with its first digit.
    """
    if not -18 <= number.adjusted() <= 18:
        return NUMERIC
    whole, _, fraction = f"{abs(number):f}".lstrip("0").partition(".")
    fraction = fraction.rstrip("0")
    first = f"{whole}{fraction}".lstrip("0")[:1]
    ways = ["[-+0.]"]
    if whole:
        ways.append(whole + (rf"\.{fraction}" if fraction else "(?![0-9])"))
    if first:
        ways.append(f"{first}[0-9.]*[eE]")
    return f"(?:{'|'.join(ways)})"


def at_least(operand: str) -> tuple[str, str] | None:
    """Spellings of what may be at least `operand`, without a blank before a unit and with one.

    None where any number may be.
    """
    bound = quantity(operand)
    if bound is None or bound.unit or not 1 <= bound.value < Decimal("1e18"):
        return None
    least = str(int(bound.value))
    longer = f"[1-9][0-9]{{{len(least)}}}"
    higher = [
        f"{least[:at]}[{int(digit) + 1}-9]"
        + f"[0-9]{{{len(least) - at - 1}}}" * (at + 1 < len(least))
        for at, digit in enumerate(least)
        if digit != "9"
    ]
    # A number that begins oddly or has an exponent or a unit may be larger than its digits.
    usual = "|".join(["[+0.]", *higher, least, longer])
    letter = r"[A-Za-z\u00b5\u03bc]"
    return (
        f"(?:{usual}|[1-9][0-9.]*{letter})",
        f"(?:{usual}|[1-9][0-9.]* ?{letter})",
    )
