"""A line cannot hold up the process: risky patterns run under a time limit."""

from __future__ import annotations

import pytest

from logwatch.matching import searches, timed
from logwatch.matching.matcher import Matcher, RulePatterns

EVIL = "(?:a|aa)+(?!.)"
"""Exponential in both engines; the scan lets it through, since it knows no lookahead."""


def test_a_search_that_overruns_counts_as_no_match_and_is_counted():
    """The lines around it are matched as ever."""
    rules = [RulePatterns(match=(EVIL,)), RulePatterns(match=("a!",))]
    matcher = Matcher(rules)
    hits = matcher.match(b"aa\n" + b"a" * 60 + b"!\nba\n")
    assert [(hit.text[:2], [rule for rule, _ in hit.found]) for hit in hits] == [
        ("aa", [0]),
        ("aa", [1]),
        ("ba", [0]),
    ]
    assert matcher.timeouts == {0: 1}


def test_text_beyond_ascii_is_under_the_limit_too():
    """An accent is no way around it."""
    matcher = Matcher([RulePatterns(match=(r"(?:\w|\w\w)+(?!.)",))])
    assert matcher.match(("é" * 60 + "!\n").encode()) == []
    assert matcher.timeouts == {0: 1}


def test_an_unless_that_overruns_excludes_nothing():
    """It is counted for its rule."""
    matcher = Matcher([RulePatterns(match=("!",), unless=(EVIL,))])
    assert len(matcher.match(b"a" * 60 + b"!")) == 1
    assert matcher.timeouts == {0: 1}


def test_a_shared_pattern_that_overruns_is_counted_for_each_of_its_rules():
    """Each of them may have lost the line."""
    rules = [RulePatterns(match=(EVIL,)), RulePatterns(match=(EVIL, "zz"))]
    matcher = Matcher(rules)
    assert matcher.match(b"a" * 60 + b"!") == []
    assert matcher.timeouts == {0: 1, 1: 1}


def test_a_plain_pattern_on_a_long_line_is_under_the_limit(monkeypatch):
    """Quadratic time is nothing on a short line, and minutes on 256 KiB."""
    used = []
    monkeypatch.setattr(searches, "timed_pattern", used.append)
    monkeypatch.setattr(searches, "near_twin", lambda _text: None)
    rules = [RulePatterns(match=(r"\s+$", "end")), RulePatterns(match=("plain",))]
    matcher = Matcher(rules)
    assert len(matcher.match(b"x \nplain\n")) == 2
    assert used == []
    matcher.match(b" " * 5_000 + b"\nplain" + b"x" * 9_000)
    assert used == [r"\s+$"]


@pytest.mark.parametrize("text", [r"(?i)(?P<a>x)+(?P=a)", r"(a+)+(?i:\1)"])
def test_where_there_is_no_twin_python_runs_without_a_limit(text):
    """A back-reference that ignores case cannot be written for the other engine."""
    assert timed.timed_pattern(text) is None
    assert Matcher([RulePatterns(match=(text,))]).match(b"aaa xx")


def test_the_twin_gives_the_same_captures():
    """Names and numbers, and groups that took no part."""
    text = r"(?:(?P<key>\w+)=(?P<value>\S+)?\s?)+(end)(?(3)!)"
    [hit] = Matcher([RulePatterns(match=(text,))]).match(b"a=1 b= end!")
    assert hit.found == [(0, {"key": "b", "value": "1"})]
