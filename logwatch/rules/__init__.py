"""Stage 4, matches -> alerts: what each rule kind means; one file per kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from logwatch.rules.absence import Absence, AbsenceRule
from logwatch.rules.base import KindSettings, PlainMatch, Rule, RuleSettings, Threshold
from logwatch.rules.composite import Composite, CompositeRule
from logwatch.rules.expect import Expect, ExpectRule
from logwatch.rules.match import MatchRule
from logwatch.rules.new_template import NewTemplate, NewTemplateRule
from logwatch.rules.new_value import NewValue, NewValueRule
from logwatch.rules.ratio import Ratio, RatioRule
from logwatch.rules.sampling import Sampling, SamplingRule
from logwatch.rules.sequence import Sequence, SequenceRule
from logwatch.rules.spike import Spike, SpikeRule
from logwatch.rules.threshold import ThresholdRule
from logwatch.rules.unique import Unique, UniqueRule
from logwatch.rules.value import Value, ValueRule


class _MakesRule(Protocol):
    def __call__(self, settings: RuleSettings, *, host: str) -> Rule: ...


RULES: Mapping[type[KindSettings], _MakesRule] = {
    PlainMatch: MatchRule,
    Threshold: ThresholdRule,
    Absence: AbsenceRule,
    Sequence: SequenceRule,
    Expect: ExpectRule,
    Sampling: SamplingRule,
    Unique: UniqueRule,
    Value: ValueRule,
    Ratio: RatioRule,
    Spike: SpikeRule,
    Composite: CompositeRule,
    NewValue: NewValueRule,
    NewTemplate: NewTemplateRule,
}
"""What makes the rules of each kind."""


def make_rule(settings: RuleSettings, *, host: str) -> Rule:
    """The rule that `settings` ask for, with no state yet."""
    return RULES[type(settings.kind)](settings, host=host)


def fingerprint(settings: RuleSettings) -> str:
    """What must stay the same for a rule to keep its state over a restart: kind, key and window."""
    return f"{settings.kind.state_shape()} by {settings.by!r}"
