"""Stage 4, matches -> alerts: what each rule kind means; one file per kind."""

from __future__ import annotations

from logwatch.rules.base import PlainMatch, Rule, RuleSettings, Threshold
from logwatch.rules.match import MatchRule
from logwatch.rules.threshold import ThresholdRule


def make_rule(settings: RuleSettings, *, host: str, max_keys: int = 100_000) -> Rule:
    """The rule that `settings` ask for, with no state yet."""
    match settings.kind:
        case PlainMatch():
            return MatchRule(settings, host=host, max_keys=max_keys)
        case Threshold():
            return ThresholdRule(settings, host=host, max_keys=max_keys)


def fingerprint(settings: RuleSettings) -> str:
    """What must stay the same for a rule to keep its state over a restart: kind, key and window."""
    return f"{settings.kind!r} by {settings.by!r}"
