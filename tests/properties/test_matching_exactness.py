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
from matching.exactness.record_blocks import block_of_records, record

from logwatch.matching.backtracking import danger
from logwatch.matching.matcher import RulePatterns
from logwatch.matching.syntax import parse

_UNHURRIED = {HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large}


@st.composite
def cases(draw, most_patterns=3, size=10, *, of_records=False):
    """A few rules, and a block of lines or records that are near to what they ask for."""
    choices = Drawn(draw)
    wanted = 1 + choices.below(most_patterns)
    texts = [pattern(choices, size, over_lines=of_records) for _ in range(wanted)]
    texts = [text for text in texts if is_quick(text, records=of_records)] or ["ok"]
    rules = tuple(RulePatterns(match=(text,)) for text in texts)
    if len(texts) > 2:
        rules = (RulePatterns(match=tuple(texts[:2]), unless=(texts[2],)), *rules)
    encoding = ENCODINGS[choices.below(len(ENCODINGS))]
    max_line = (262_144, 262_144, 40)[choices.below(3)]
    if not of_records:
        lines = [near.line(choices, text)[:400] for text in texts for _ in range(3)]
        return Case(rules, block(choices, lines, encoding), encoding, max_line)
    made = [record(choices, text, texts, 400) for text in texts for _ in range(3)]
    data, joined = block_of_records(choices, made, encoding, max_line)
    return Case(rules, data, encoding, max_line, joined)


def is_quick(text, *, records):
    return is_valid(text) and danger(parse(text, records=records)).degree <= 1


def check(case, engine):
    wanted = expected(case)
    matcher = case.matcher(engine)
    cuts = boundaries(case.lines)
    for at in ([], *([cut] for cut in cuts), cuts):
        got = matched_in_parts(matcher.match, case.block, at, case.joined)
        assert is_same(got, wanted, matcher)


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


@pytest.mark.parametrize("engine", ["hyperscan", "aho-corasick"])
@given(case=cases(of_records=True))
@settings(max_examples=examples(30), deadline=None, suppress_health_check=_UNHURRIED)
def test_records_of_several_lines_are_taken_as_the_reference_takes_them(engine, case):
    """Put together by the tailer's framer, or handed out whole as by the journal."""
    check(case, engine)


@pytest.mark.parametrize(
    ("mode", "seed"),
    [
        ("hyperscan", 1),
        ("aho-corasick", 2),
        ("forms", 3),
        ("records, hyperscan", 4),
        ("records, aho-corasick", 5),
        ("records, forms", 6),
        ("records, twins", 8),
        ("where, hyperscan", 10),
        ("where, aho-corasick", 12),
    ],
)
def test_a_database_of_many_patterns_differs_nowhere(mode, seed):
    """One small batch of each kind of the campaign."""
    campaign = Campaign()
    campaign.step(seed, mode, most_patterns=30)
    assert campaign.differences == []
    assert campaign.counts[mode]["matches"] > 100
