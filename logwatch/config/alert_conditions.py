"""`if`, `while` and `mute` -> conditions on alerts: well formed, and such that one can fulfil them.

Their language is that of a rule's `where`; what they may ask for is what alerts have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from logwatch.alerts.conditions import OWN_FIELDS, RANKED
from logwatch.conditions import (
    NEGATIVE,
    Comparison,
    Where,
    compile_tests,
    has_wildcard,
    passing,
)
from logwatch.config.conditions import build_condition, warn_of_tests
from logwatch.config.found import Found
from logwatch.config.key_forms import Keys
from logwatch.config.names import OWN_PREFIX, Names
from logwatch.config.problems import Place, Report, shown, suggestion


class AlertFields(Struct, frozen=True):
    """What the alerts of a configuration have."""

    names: Mapping[str, Names]
    """Names of rules and of sources, by the field that holds them."""
    fields: Collection[str] | None
    """What rules capture and label; None where only the lines decide which fields there are."""


K_co = TypeVar("K_co", bound=Keys, covariant=True)


class Asked(Struct, Generic[K_co], frozen=True):
    """The conditions under `key` of a map."""

    found: Found[K_co]
    key: str
    where: Where | None
    """None: something in them was reported."""

    def check(self, known: AlertFields, report: Report) -> None:
        """Report conditions that no alert can fulfil."""
        for condition in self.where or ():
            field, place = condition.field, self.found.key(self.key, condition.field)
            if not check_alert_field(field, place, known, report):
                continue
            for number, test in enumerate(condition.tests):
                place = self.found.place(self.key, field, number)
                _check_test(field, test, place, known, report)

    def warn(self, report: Report) -> None:
        """Warn of patterns that hardly mean what is written, or can take very long."""
        warn_of_tests(self.found, self.key, self.where or (), report)


def asked(
    found: Found[K_co], key: str, written: Mapping[str, tuple[str, ...]], report: Report
) -> Asked[K_co]:
    """The conditions under `key`, which the walker read as `written`."""
    if not found.sound(key):
        return Asked(found, key, None)
    where = [
        build_condition(found, key, field, texts, report, RANKED.get(field, ()))
        for field, texts in written.items()
    ]
    conditions = tuple(condition for condition in where if condition is not None)
    return Asked(found, key, conditions if len(conditions) == len(where) else None)


def check_alert_field(field: str, place: Place, known: AlertFields, report: Report) -> bool:
    """Whether an alert can have `field`; reports it when surely none can."""
    if field in OWN_FIELDS or known.fields is None or field in known.fields:
        return True
    report.error(
        place,
        "unknown-field",
        f"no alert has a field {shown(field)}",
        suggestion(field, {*known.fields, *OWN_FIELDS}, of="known"),
    )
    return False


def _check_test(
    field: str, test: Comparison, place: Place, known: AlertFields, report: Report
) -> None:
    ranks = RANKED.get(field)
    if ranks is not None:
        if passing((test,), ranks) in (frozenset(), frozenset(ranks)) and test.operand != "*":
            message = (
                f"every {field!r} is {shown(f'{test.operator} {test.operand}')}"
                if passing((test,), ranks)
                else f"{shown(test.operand)} is no {field!r}"
                if test.operator == "="
                else f"no {field!r} is {shown(f'{test.operator} {test.operand}')}"
            )
            report.error(place, "bad-value", message, suggestion(test.operand, ranks, of="choose"))
        return
    names = known.names.get(field)
    if names is None or not names.complete or test.operand.startswith(OWN_PREFIX):
        return
    holds = compile_tests((test,))
    if test.operator == "=" and not has_wildcard(test.operand):
        names.check(test.operand, place, report)
    elif test.operator not in NEGATIVE and not any(map(holds, names)):
        remedy = suggestion(test.operand, names)
        report.warning(place, "no-match", f"no {field} is named like this", remedy)
    elif test.operator == "!=" and all(map(holds, names)):
        remedy = suggestion(test.operand, names)
        report.warning(place, "no-match", f"every {field} is other than this", remedy)
