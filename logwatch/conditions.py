"""`where:` what a rule asks of a record's fields, and whether they answer it.

A condition is a field with tests, any of which must hold; every condition of a rule must hold.

- A text, `=` and `!=` compare the whole value, case and all; `*` and `?` are wildcards. Where the
  operand is a number, another spelling of it is equal too: `500` is `500.0` and `5e2`.
- `~` and `!~` search a regular expression in the value.
- `>`, `>=`, `<`, `<=` compare quantities: a number, or one with a unit of time or size. Bare
  numbers stand for seconds or bytes beside one with a unit. What is no number is not compared.
  Where a field has few values that have an order, such as severities, they compare that.
- `in` and `!in` ask for an address in a network, or in one of several: `in 10.0.0.0/8 ::1`. What
  follows must look like addresses; `in progress` is a text.

`!=`, `!~` and `!in` hold wherever `=`, `~` and `in` do not, also where the record has no such
field; every other test needs the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from operator import ge, gt, le, lt
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

from msgspec import Struct

from logwatch.expressions import compiled
from logwatch.quantities import bounded, comparable, plain_number, quantity

Operator: TypeAlias = Literal["=", "!=", ">", ">=", "<", "<=", "~", "!~", "in", "!in"]

OPERATORS: Final = ("=", "!=", ">", ">=", "<", "<=", "~", "!~")
"""Those of signs; the others are words."""
NETWORK: Final = ("in", "!in")
NEGATIVE: Final = ("!=", "!~", "!in")
"""Operators that a record without the field passes."""


class Comparison(Struct, frozen=True, array_like=True):
    """One comparison; texts are those of the configuration."""

    operator: Operator
    operand: str


class Condition(Struct, frozen=True, array_like=True):
    """What one field must be: at least one of `tests` holds."""

    field: str
    tests: tuple[Comparison, ...]

    @property
    def passes_missing(self) -> bool:
        """Whether a record without the field passes."""
        return any(test.operator in NEGATIVE for test in self.tests)


Where: TypeAlias = tuple[Condition, ...]


class Fields(Protocol):
    """The fields of a record, by name."""

    def get(self, name: str, /) -> str | None:
        """The value of one field; None where the record has it not."""
        ...


Search: TypeAlias = Callable[[str], Any]
"""`search` of a compiled pattern; may raise TimeoutError, which counts as not found."""
MakeSearch: TypeAlias = Callable[[str], Search]


class ConditionError(ValueError):
    """Raised for a text that is no condition; `position` is an index in it."""

    def __init__(self, message: str, remedy: str, position: int = 0, length: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.position = position
        self.length = length


_WRITTEN = re.compile(r"\s*([=!<>~]+)\s*(.*)", re.DOTALL)
_WITHIN = re.compile(r"\s*((?:!\s*|not\s+)?in)\s+([^\s,].*)", re.DOTALL)
_ADDRESS = re.compile(r"(?:#.*)|([^\s,]+)")
"""A word after `in`; or a comment, which a list in a file may have: `in ${file:PATH}`."""
_INSTEAD = {
    **dict.fromkeys(("==", "==="), "="),
    **dict.fromkeys(("!", "<>", "!==", "=!"), "!="),
    **dict.fromkeys(("=~", "~=", "~~"), "~"),
    **dict.fromkeys(("!~=", "~!"), "!~"),
    "=>": ">=",
    "=<": "<=",
}
"""What people write who think of another language."""


def parse_test(text: str, ranks: Sequence[str] = ()) -> Comparison:
    """The test that `text` stands for: `error`, `>= 500`, `~ ^/api/`. Raises ConditionError.

    Patterns are not compiled here. `ranks`: the values that the field can have, from low to high,
    where `>` and the like compare those and not numbers.
    """
    within = _within(text)
    if within is not None:
        return _network_test(within)
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return Comparison("=", text)
    operator, operand = found.groups()
    at = found.start(1)
    if operator not in OPERATORS:
        best = _INSTEAD.get(operator)
        choose = f"did you mean {best!r}?  all: " if best else "choose: "
        raise ConditionError(
            f"there is no operator {operator!r}",
            f"{choose}{' '.join(OPERATORS + NETWORK)}",
            at,
            len(operator),
        )
    if operator in ("~", "!~"):
        if not operand:
            raise ConditionError(
                f"{operator!r} has no pattern", f"write '{operator} ^/api/'", at, len(operator)
            )
    elif operator not in ("=", "!="):
        operand = operand.strip()
        if ranks and operand not in ranks:
            raise ConditionError(
                f"{operator!r} compares with one of {', '.join(ranks)}, not {operand[:60]!r}",
                f"write '{operator} {ranks[-1]}'",
                found.start(2) if operand else at,
                max(len(operand), 1),
            )
        if not ranks and quantity(operand) is None:
            raise ConditionError(
                f"{operator!r} compares numbers, and {operand[:60]!r} is none",
                "write a number, or one with a unit: '>= 500', '> 800ms', '> 3MiB'"
                + (f"; for the text itself '= {text.strip()}'" if operand else ""),
                found.start(2) if operand else at,
                max(len(operand), 1),
            )
    return Comparison(cast("Operator", operator), operand)


def _within(text: str) -> re.Match[str] | None:
    """What `text` has before and after `in`, where addresses are meant."""
    found = _WITHIN.fullmatch(text)
    if found is None:
        return None
    from logwatch.networks import is_meant  # noqa: PLC0415 - few ask for addresses

    first = next(filter(None, _ADDRESS.findall(found[2])), "")
    return found if found[1][0] == "!" or is_meant(first) else None


def _network_test(found: re.Match[str]) -> Comparison:
    from logwatch.networks import NetworkError, network  # noqa: PLC0415 - as above

    words = [word for word in _ADDRESS.finditer(found[2]) if word[1]]
    for word in words:
        try:
            network(word[1])
        except NetworkError as error:
            remedy = f"{error.remedy}; for the text itself '= {found[0].strip()}'"
            at = found.start(2) + word.start()
            raise ConditionError(str(error), remedy, at, len(word[1])) from None
    return Comparison("in" if found[1] == "in" else "!in", " ".join(word[1] for word in words))


def written(test: Comparison) -> str:
    """`test` as it may be written in a configuration."""
    if test.operator == "=" and not (_WRITTEN.match(test.operand) or _within(test.operand)):
        return test.operand
    return f"{test.operator} {test.operand}"


# -- evaluation ----------------------------------------------------------------------------------

_Holds: TypeAlias = Callable[[str], bool]
Predicate: TypeAlias = Callable[[Fields], bool]


def plain_search(pattern: str) -> Search:
    """`re`'s own, without a limit of time."""
    return compiled(pattern).search


def compile_where(where: Where, make_search: MakeSearch = plain_search) -> Predicate:
    """Whether the fields of a record fulfil every condition."""
    parts = [compile_condition(condition, make_search) for condition in where]
    if len(parts) == 1:
        return parts[0]
    return lambda fields: all(part(fields) for part in parts)


def compile_condition(condition: Condition, make_search: MakeSearch = plain_search) -> Predicate:
    """Whether the fields of a record fulfil `condition`."""
    name = condition.field
    holds = compile_tests(condition.tests, make_search)
    missing = condition.passes_missing

    def predicate(fields: Fields) -> bool:
        value = fields.get(name)
        return missing if value is None else holds(value)

    return predicate


def compile_tests(tests: tuple[Comparison, ...], make_search: MakeSearch = plain_search) -> _Holds:
    """Whether a value passes any of `tests`."""
    parts = [_compile_test(test, make_search) for test in tests]
    if len(parts) == 1:
        return parts[0]
    return lambda value: any(part(value) for part in parts)


def passing(tests: tuple[Comparison, ...], ranks: Sequence[str]) -> frozenset[str]:
    """Which of `ranks`, the values of a field from low to high, pass any of `tests`."""

    def passes(value: str, test: Comparison) -> bool:
        if test.operator in _ORDER:
            return _ORDER[test.operator](ranks.index(value), ranks.index(test.operand))
        return _compile_test(test, plain_search)(value)

    return frozenset(value for value in ranks if any(passes(value, test) for test in tests))


def has_wildcard(operand: str) -> bool:
    """Whether `=` and `!=` take `operand` as a glob."""
    return "*" in operand or "?" in operand


def _compile_test(test: Comparison, make_search: MakeSearch) -> _Holds:
    match test.operator:
        case "=" | "!=":
            holds = _equal(test.operand)
        case "~" | "!~":
            holds = _searched(make_search(test.operand))
        case "in" | "!in":
            holds = _inside(test.operand)
        case _:
            holds = bounded(test.operand, _ORDER[test.operator])
    return _opposite(holds) if test.operator in NEGATIVE else holds


def _opposite(holds: _Holds) -> _Holds:
    return lambda value: not holds(value)


def _equal(operand: str) -> _Holds:
    if operand == "*":
        return lambda _: True
    if has_wildcard(operand):
        matches = re.compile(translate(operand.replace("[", "[[]"))).match
        return lambda value: matches(value) is not None
    wanted = quantity(operand)
    if wanted is None:
        return operand.__eq__
    number, unit = wanted

    def same(value: str) -> bool:
        if value == operand:
            return True
        if value[:1] not in _NUMERIC:
            return False
        if not unit:
            return plain_number(value) == number
        other = quantity(value)
        return other is not None and comparable(wanted, other) and other.value == number

    return same


_NUMERIC = frozenset("0123456789.+-")


def _searched(search: Search) -> _Holds:
    def found(value: str) -> bool:
        try:
            return search(value) is not None
        except TimeoutError:
            return False

    return found


def _inside(operand: str) -> _Holds:
    from logwatch.networks import Networks  # noqa: PLC0415 - few ask for addresses

    return Networks(operand.split()).have


_ORDER: dict[str, Callable[[Any, Any], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
