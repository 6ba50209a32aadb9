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
    quantity,
)
from logwatch.parsers.literals import SHORTEST, required_literals

NEVER = "\n"
"""Matches in no line."""

NUMERIC = "[-+.0-9]"
"""Begins every number."""


class Needle(NamedTuple):
    """A pattern, and how rare its matches may be: the sure length of text in them."""

    pattern: str
    weight: int


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

    def number(self, pattern: str) -> str:
        """The value begins as `pattern`, which takes ASCII digits, signs, points and letters."""
        ...

    def present(self) -> str | None:
        """The line has the field; None where nothing tells."""
        ...

    def hidden(self, texts: Iterable[str]) -> str | None:
        """Other ways in which a character of `texts` may be written."""
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

    def number(self, pattern: str) -> str:
        """See `Writing.number`."""
        return f"{self.before}(?:{pattern})"

    def present(self) -> str | None:
        """See `Writing.present`. Blanks and quotes are in every line."""
        return None

    def hidden(self, texts: Iterable[str]) -> str | None:  # noqa: ARG002 - nothing is hidden
        """See `Writing.hidden`."""
        return None

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
    patterns = [needle.pattern for needle in some]
    implied = writing.implied()
    if implied and compile_tests(tests)(implied[0]):
        patterns.append(implied[1])
    return Needle("|".join(dict.fromkeys(patterns)), min(needle.weight for needle in some))


def _of_test(test: Comparison, writing: Writing) -> Needle | None:
    match test.operator:
        case "=":
            return _equal(test.operand, writing)
        case "~":
            return _with_one_of(required_literals(test.operand), writing)
        case ">" | ">=":
            pattern, digits = at_least(test.operand)
            if digits:
                return Needle(_either(writing.number(pattern), writing.hidden(())), digits)
        case _:
            pass
    return _presence(writing)


def _equal(operand: str, writing: Writing) -> Needle | None:
    if has_wildcard(operand):
        return _of_glob(operand, writing)
    wanted = quantity(operand)
    if wanted is not None and wanted.unit:
        return _presence(writing)
    other = None if wanted is None else writing.number(equal_to(wanted.value))
    # The whole of a value is rarer than its length tells.
    weight = 4 + 2 * len(operand)
    return Needle(_either(writing.whole(operand), other, writing.hidden([operand])), weight)


def _of_glob(operand: str, writing: Writing) -> Needle | None:
    first, *rest = re.split(r"[*?]+", operand)
    longest = max(rest, key=len)
    if first and 2 * len(first) >= len(longest):
        pattern = writing.begins(first)
        return Needle(_either(pattern, writing.hidden([first])), 2 + len(first))
    return _with_one_of((longest,) if len(longest) >= SHORTEST else None, writing)


def _with_one_of(texts: tuple[str, ...] | None, writing: Writing) -> Needle | None:
    if texts is None:
        return _presence(writing)
    pattern = _either(*map(writing.holds, texts), writing.hidden(texts))
    return Needle(pattern, min(map(len, texts)))


def _either(*patterns: str | None) -> str:
    return "|".join(filter(None, patterns))


def _presence(writing: Writing) -> Needle | None:
    pattern = writing.present()
    return None if pattern is None else Needle(pattern, 0)


def _enumerated(tests: tuple[Comparison, ...], writing: Enumerated) -> Needle:
    holds = compile_tests(tests)
    wanted = {
        digits
        for digits in writing.digits
        if (value := writing.value(digits)) is not None and holds(value)
    }
    if not wanted:
        return Needle(NEVER, 1000)
    pattern = f"{writing.before}(?:{one_of_digits(wanted)}){writing.after}"
    return Needle(pattern, 1 if len(wanted) > len(writing.digits) / 2 else 8)


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
    """Spellings of `number`, which has no unit: `500`, `0500.0`, and any with an exponent."""
    if not -18 <= number.adjusted() <= 18:
        return NUMERIC
    whole, _, fraction = f"{abs(number):f}".partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    digits = rf"0*{whole}\.{fraction}0*" if fraction else rf"0*{whole or '0'}(?:\.0*)?"
    if not whole and not fraction:
        digits = r"[0.]+"
    return rf"[-+]?(?:{digits}(?![0-9.])|[0-9.]+[eE])"


def at_least(operand: str) -> tuple[str, int]:
    """Spellings of what may be at least `operand`, and how many digits they surely have.

    0 digits: any number may be.
    """
    bound = quantity(operand)
    if bound is None or bound.unit or not 1 <= bound.value < Decimal("1e18"):
        return NUMERIC, 0
    least = str(int(bound.value))
    longer = f"[1-9][0-9]{{{len(least)}}}"
    higher = [
        f"{least[:at]}[{int(digit) + 1}-9][0-9]{{{len(least) - at - 1}}}"
        for at, digit in enumerate(least)
        if digit != "9"
    ]
    # A number with an exponent or a unit may be larger than its digits.
    alternatives = [longer, *higher, least]
    return rf"\+?(?:0*(?:{'|'.join(alternatives)})|[0-9.]+ ?[A-Za-z\u00b5\u03bc])", len(least)
