"""What a rule means, in a few words."""

from __future__ import annotations

import pytest
from doubles.alerts import alert

from logwatch.cli.rule_words import (
    cooldown_in_words,
    kind_in_words,
    unknown_in_words,
    window_in_words,
)
from logwatch.rules import RULES
from logwatch.rules.absence import Absence
from logwatch.rules.base import PlainMatch, RuleSettings, Selector, Threshold
from logwatch.rules.composite import Composite
from logwatch.rules.expect import Expect
from logwatch.rules.kinds import Cleared, TooFew, TooFewValues
from logwatch.rules.new_template import NewTemplate
from logwatch.rules.new_value import NewValue
from logwatch.rules.ratio import Ratio
from logwatch.rules.sampling import Sampling
from logwatch.rules.sequence import Sequence
from logwatch.rules.spike import Spike
from logwatch.rules.unique import Unique
from logwatch.rules.value import Value

ONE = Selector(match=("x",))
KINDS = [
    (PlainMatch(), "every match", ""),
    (Threshold(count=5, window=120.0), "5 in 2m", "5 of 5 in 2m"),
    (Sampling(which="every", count=5), "every 5", "every 5"),
    (Sampling(which="first", count=5), "the first 5 in 1h", "the first 5 in 1h"),
    (Absence(limit=180.0), "nothing for 3m", "nothing for 3m"),
    (TooFew(limit=180.0, below=9), "fewer than 9 in 3m", "5 in 3m, below 9"),
    (
        TooFewValues(limit=180.0, below=9, of=("node",)),
        "fewer than 9 different node in 3m",
        "5 different node in 3m, below 9",
    ),
    (
        Sequence(steps=(ONE, ONE), within=600.0),
        "2 steps within 10m",
        "2 steps within 10m, 5 times now",
    ),
    (
        Cleared(count=1, window=0.0, closing=ONE),
        "every match, until a line clears it",
        "every match, until a line clears it",
    ),
    (
        Cleared(count=5, window=120.0, closing=ONE),
        "5 in 2m, until a line clears it",
        "5 of 5 in 2m",
    ),
    (Expect(closing=ONE, within=7200.0), "not closed within 2h", "not closed within 2h"),
    (
        Unique(of=("port",), above=4, window=60.0),
        "more than 4 different port in 1m",
        "5 different port in 1m, above 4",
    ),
    (NewValue(value=("who", "as")), "a new who and as", "a new who and as"),
    (NewTemplate(), "a new kind of message", "a new kind of message"),
    (
        Spike(up=3.0, over=600.0, minimum=30),
        "3 times as many as before, in 10m, of 30 at least",
        "5 in 10m: 3 times as many as before, in 10m, of 30 at least",
    ),
    (
        Spike(down=2.0, over=600.0, minimum=3, weeks=4),
        "2 times fewer than usual at this time (4 weeks), in 10m, of 3 at least",
        "5 in 10m: 2 times fewer than usual at this time (4 weeks), in 10m, of 3 at least",
    ),
    (
        Value(measure="p95", field="took", above=0.8, bound="800ms", window=300.0),
        "p95 of took above 800ms in 5m",
        "p95 of took above 800ms in 5m, by 5 records",
    ),
    (
        Ratio(of=ONE, above=0.05, below=0.01, window=300.0),
        "a share out of 1% to 5% in 5m",
        "a share out of 1% to 5% in 5m, by 5 records",
    ),
    (
        Composite(rules=("a", "b"), needed=2, within=300.0),
        "all of a, b within 5m",
        "5 of 2 rules within 5m, 2 needed",
    ),
    (
        Composite(rules=("a", "b"), needed=1, within=300.0),
        "any of a, b within 5m",
        "5 of 2 rules within 5m, 1 needed",
    ),
]


def test_there_are_words_for_every_kind():
    """A new one is not forgotten here."""
    assert {type(kind) for kind, *_ in KINDS} == set(RULES)


@pytest.mark.parametrize(("kind", "meaning", "window"), KINDS)
def test_every_kind_says_what_it_means_and_what_its_window_was(kind, meaning, window):
    """By the count of the alert; one that is over has no window."""
    assert kind_in_words(kind) == meaning
    assert window_in_words(kind, alert(count=5)) == window
    assert window_in_words(kind, alert(status="resolved")) == ""
    assert unknown_in_words(RuleSettings(name="r", kind=kind))


def test_a_level_is_told_with_its_count():
    """The window had so many when it was reached."""
    kind = Threshold(count=5, window=120.0, levels=((5, "warning"), (50, "critical")))
    update = alert(status="updated", severity="critical", count=61)
    assert window_in_words(kind, update) == "50 in 2m: critical, 61 since it fired"
    assert window_in_words(PlainMatch(), alert(status="updated")) == ""


@pytest.mark.parametrize(
    ("cooldown", "since", "said"),
    [
        (0.0, None, "none: every firing is told"),
        (60.0, None, "1m; no firing of this key before this one is kept"),
        (60.0, 3600.4, "1m; the firing before was 1h earlier"),
    ],
)
def test_the_cool_down_is_told_with_the_firing_before(cooldown, since, said):
    """Whatever it was."""
    settings = RuleSettings(name="r", kind=PlainMatch(), cooldown=cooldown)
    assert cooldown_in_words(settings, since) == said


def test_a_plain_rule_without_a_cool_down_remembers_nothing():
    """So no key of it is ever known."""
    settings = RuleSettings(name="r", kind=PlainMatch(), cooldown=0.0)
    assert unknown_in_words(settings) == "this kind remembers nothing"
