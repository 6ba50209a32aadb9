"""`inhibit:` -> which alerts are not told while which episodes burn."""

from __future__ import annotations

from collections.abc import Sequence

from logwatch.alerts.mute_settings import InhibitSettings
from logwatch.conditions import compile_tests
from logwatch.config.alert_conditions import AlertFields, Asked, check_alert_field
from logwatch.config.found import Found
from logwatch.config.keys import InhibitKeys
from logwatch.config.names import distinct
from logwatch.config.problems import Report
from logwatch.rules.base import RuleSettings


def build_inhibit(
    source: Asked[InhibitKeys], target: Asked[InhibitKeys], report: Report
) -> InhibitSettings | None:
    """The settings of one inhibition; None after reporting why it cannot be."""
    found = source.found
    for asked in (source, target):
        if asked.where == () and asked.key in found.given:
            message = f"{asked.key!r} holds no condition"
            remedy = f"write {asked.key}: {InhibitKeys.examples[asked.key]}"
            report.error(found.key(asked.key), "bad-value", message, remedy)
            return None
    if not source.where or not target.where or found.broken:
        return None
    return InhibitSettings(
        source=source.where,
        target=target.where,
        same=distinct(found.value.same),
        defined_at=found.place().short,
    )


def check_same(found: Found[InhibitKeys], known: AlertFields, report: Report) -> None:
    """Report fields of `same` that no alert can have."""
    for number, field in enumerate(found.value.same):
        check_alert_field(field, found.place("same", number), known, report)


def warn_of_events(
    source: Asked[InhibitKeys], rules: Sequence[RuleSettings], report: Report
) -> None:
    """Warn where no rule that `while` names has episodes: nothing of it ever burns."""
    for condition in source.where or ():
        if condition.field != "rule":
            continue
        holds = compile_tests(condition.tests)
        named = [rule for rule in rules if holds(rule.name)]
        if named and not any(rule.kind.burns for rule in named):
            report.warning(
                source.found.place("while", "rule"),
                "unused",
                "each alert of this rule is an event that is over at once, so it inhibits nothing",
                "name a rule that burns: one with 'when', 'absent', 'spike' ...",
            )
