"""What routes, mutes, silences and inhibition ask of an alert, in the language of `where`.

A condition names what every alert has (rule, severity, source, path, host, status), else one of its
labels, else a field of its key, else a field of its newest record. Where a rule tells hosts or
paths apart (`by: host`), the key's is meant, and not this machine. Severities compare by their
rank: `>= error` is error and critical. Everything is compiled once; a search that runs out of time
counts as not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, TypeAlias

from logwatch.conditions import (
    NETWORK,
    Condition,
    ConditionError,
    MakeSearch,
    Where,
    compile_tests,
    parse_test,
    passing,
    plain_search,
)
from logwatch.records import SEVERITIES, STATUSES, Alert

OWN_FIELDS: Final = ("rule", "severity", "source", "path", "host", "status")
"""What every alert has."""

_PLACES = ("path", "host")
"""Those of them which a key may name better."""

RANKED: Final[dict[str, Sequence[str]]] = {"severity": SEVERITIES, "status": STATUSES}
"""Fields that can have few values, from low to high."""

Holds: TypeAlias = Callable[[Alert], bool]
"""Whether an alert fulfils a condition."""


def field_of(alert: Alert, name: str) -> str | None:
    """The value that a condition on `name` looks at; None where the alert has no such field."""
    if name in OWN_FIELDS:
        own = str(getattr(alert, name))
        return alert.key.get(name, own) if name in _PLACES else own
    for values in (alert.labels, alert.key, alert.fields):
        if name in values:
            return values[name]
    return None


def values_of(alert: Alert, names: Sequence[str]) -> tuple[str, ...] | None:
    """The values of all `names`; None where the alert lacks one of them."""
    values = tuple(field_of(alert, name) for name in names)
    return None if None in values else tuple(value for value in values if value is not None)


def compile_alert_where(where: Where, make_search: MakeSearch = plain_search) -> Holds:
    """Whether an alert fulfils every condition; without conditions each does."""
    parts = [compile_alert_condition(condition, make_search) for condition in where]
    if not parts:
        return lambda _: True
    if len(parts) == 1:
        return parts[0]
    return lambda alert: all(part(alert) for part in parts)


def compile_alert_condition(condition: Condition, make_search: MakeSearch = plain_search) -> Holds:
    """Whether an alert fulfils `condition`."""
    name = condition.field
    if name in OWN_FIELDS and name not in _PLACES:
        own: Callable[[Alert], str] = attrgetter(name)
        holds = _ranked(condition) or compile_tests(condition.tests, make_search)
        return lambda alert: holds(own(alert))
    tests, missing = compile_tests(condition.tests, make_search), condition.passes_missing

    def predicate(alert: Alert) -> bool:
        value = field_of(alert, name)
        return missing if value is None else tests(value)

    return predicate


def _ranked(condition: Condition) -> Callable[[str], bool] | None:
    ranks = RANKED.get(condition.field)
    return None if ranks is None else passing(condition.tests, ranks).__contains__


_OPERATORS = ("!~", "!=", ">=", "<=", "=~", "~", "=", ">", "<")
"""As they stand in one word; those of two characters first."""
_WITHIN = re.compile(r"\s*([^\s=!<>~]+)\s+((?:!\s*|not\s+)?in\s.*)", re.DOTALL)


def written_matcher(condition: Condition) -> str:
    """The matcher that `parse_matcher` reads as `condition`, which must have one test."""
    (test,) = condition.tests
    if test.operator in NETWORK:
        return f"{condition.field} {test.operator} {test.operand}"
    operator = "=~" if test.operator == "~" else test.operator
    return f"{condition.field}{operator}{test.operand}"


def parse_matcher(text: str) -> Condition:
    """`rule=ssh-*`, `ip!=10.0.0.1`, `host=~^web`, `severity>=error` or `ip in 10.0.0.0/8`.

    Patterns are not compiled here. Raises ConditionError.
    """
    if asked := _WITHIN.fullmatch(text):
        test = parse_test(asked[2])
        if test.operator in NETWORK:
            return Condition(asked[1], (test,))
    found = [(text.find(operator), -len(operator), operator) for operator in _OPERATORS]
    at, _, operator = min((each for each in found if each[0] > 0), default=(0, 0, ""))
    if not operator:
        raise ConditionError(
            f"{text[:60]!r} names no field and value", "write rule=ssh-*", 0, max(len(text), 1)
        )
    field, operand = text[:at].strip(), text[at + len(operator) :].strip()
    if not operand:
        raise ConditionError(
            f"{text[:60]!r} compares {field} with nothing", f"write {field}=VALUE", at
        )
    written = f"{'~' if operator == '=~' else operator} {operand}"
    return Condition(field, (parse_test(written, RANKED.get(field, ())),))
