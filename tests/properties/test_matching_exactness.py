"""Patterns and lines made together, so that they match or nearly do, on each engine."""

from __future__ import annotations

import pytest
from doubles.examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matching.exactness import near
from matching.exactness.campaign import Campaign
from matching.exactness.choices import Drawn
from matching.exactness.comparison import (
    ENCODINGS,
    Case,
    block,
    boundaries,
    expected,
    is_same,
    matched_in_parts,
)
from matching.exactness.grammar import is_valid, pattern

from logwatch.matching.backtracking import danger
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.syntax import parse

_UNHURRIED = {HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large}


@st.composite
def cases(draw, most_patterns=3, size=10):
    """A few rules, and a block of lines that are near to what they ask for."""
    choices = Drawn(draw)
    texts = [pattern(choices, size) for _ in range(1 + choices.below(most_patterns))]
    texts = [text for text in texts if is_valid(text) and danger(parse(text)).degree <= 1] or ["ok"]
    lines = [near.line(choices, text)[:400] for text in texts for _ in range(3)]
    rules = tuple(RulePatterns(match=(text,)) for text in texts)
    if len(texts) > 2:
        rules = (RulePatterns(match=tuple(texts[:2]), unless=(texts[2],)), *rules)
    encoding = ENCODINGS[choices.below(len(ENCODINGS))]
    max_line = (262_144, 262_144, 40)[choices.below(3)]
    return Case(rules, block(choices, lines, encoding), encoding, max_line)


def check(case, engine):
    wanted = expected(case)
    matcher = Matcher(case.rules, engine=engine, **case.settings)
    cuts = boundaries(case.block)
    for at in ([], *([cut] for cut in cuts), cuts):
        assert is_same(matched_in_parts(matcher.match, case.block, at), wanted, matcher)


@given(case=cases())
@settings(max_examples=examples(60), deadline=None, suppress_health_check=_UNHURRIED)
def test_hyperscan_takes_what_the_reference_takes_wherever_the_block_is_cut(case):
    """At no line, at each in turn, and at all of them."""
    check(case, "hyperscan")


@given(case=cases())
@settings(max_examples=examples(50), deadline=None, suppress_health_check=_UNHURRIED)
def test_literals_take_what_the_reference_takes_wherever_the_block_is_cut(case):
    """The engine for machines without Hyperscan."""
    check(case, "aho-corasick")


@pytest.mark.parametrize(("mode", "seed"), [("hyperscan", 1), ("aho-corasick", 2), ("forms", 3)])
def test_a_database_of_many_patterns_differs_nowhere(mode, seed):
    """One small batch of each kind of the campaign."""
    campaign = Campaign()
    campaign.step(seed, mode, most_patterns=30)
    assert campaign.differences == []
    assert campaign.counts[mode]["matches"] > 100
