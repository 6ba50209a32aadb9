"""Stage 4, matches -> alerts: what each rule kind means; one file per kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Protocol

from logwatch.rules import kinds
from logwatch.rules.base import KindSettings, PlainMatch, Rule, RuleSettings, Threshold


class _MakesRule(Protocol):
    def __call__(self, settings: RuleSettings, *, host: str) -> Rule: ...


RULES: Mapping[type[KindSettings], tuple[str, str]] = {
    PlainMatch: ("match", "MatchRule"),
    Threshold: ("threshold", "ThresholdRule"),
    kinds.Absence: ("absence", "AbsenceRule"),
    kinds.TooFew: ("too_few", "TooFewRule"),
    kinds.TooFewValues: ("too_few", "TooFewRule"),
    kinds.Sequence: ("sequence", "SequenceRule"),
    kinds.Expect: ("expect", "ExpectRule"),
    kinds.Cleared: ("cleared", "ClearedRule"),
    kinds.Sampling: ("sampling", "SamplingRule"),
    kinds.Unique: ("unique", "UniqueRule"),
    kinds.Value: ("value", "ValueRule"),
    kinds.Ratio: ("ratio", "RatioRule"),
    kinds.Spike: ("spike", "SpikeRule"),
    kinds.Composite: ("composite", "CompositeRule"),
    kinds.NewValue: ("new_value", "NewValueRule"),
    kinds.NewTemplate: ("new_template", "NewTemplateRule"),
}
"""What makes the rules of each kind: its module here and its class.

Together they take a quarter of a start to load, and most configurations have few of them.
"""


def make_rule(settings: RuleSettings, *, host: str) -> Rule:
    """The rule that `settings` ask for, with no state yet."""
    return maker_of(type(settings.kind))(settings, host=host)


@cache  # of thousands of rules nearly all are of a few kinds
def maker_of(kind: type[KindSettings]) -> _MakesRule:
    """The class of rules of a kind; its module is loaded with the first of them."""
    module, name = RULES[kind]
    made: _MakesRule = getattr(import_module(f"{__name__}.{module}"), name)
    return made


def fingerprint(settings: RuleSettings) -> str:
    """What must stay the same for a rule to keep its state over a restart: kind, key and window."""
    return f"{settings.kind.state_shape()} by {settings.by!r}"


def fingerprints(rules: Iterable[RuleSettings]) -> dict[str, str]:
    """The fingerprint of each rule by its name, those of what is stored beside rules among them."""
    from logwatch.rules import context, timeline  # noqa: PLC0415 - not to read a configuration

    known = {rule.name: fingerprint(rule) for rule in rules}
    return {**known, timeline.NAME: "1", context.NAME: "1"}
