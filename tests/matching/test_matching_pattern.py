"""Patterns by themselves: validity, captures, danger."""

from __future__ import annotations

import pytest

from logwatch.matching.pattern import PatternError, capture_names, compile_pattern, risk


def test_a_bad_pattern_says_what_is_wrong_and_where():
    """The position is an index in the pattern's text, for a caret."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(r"Failed (?P<user>\S+ from")
    assert caught.value.message == "missing ), unterminated subpattern"
    assert caught.value.position == 7


@pytest.mark.parametrize("text", ["(" * 5_000 + ")" * 5_000, "a{99999999999}", "(?L)a"])
def test_a_pattern_that_python_cannot_hold_is_a_bad_pattern(text):
    """Whatever exception Python chooses for it."""
    with pytest.raises(PatternError):
        compile_pattern(text)


def test_a_pattern_that_a_later_python_may_read_otherwise_is_no_error():
    """`re` warns of nested sets; the tests turn warnings into errors."""
    assert compile_pattern("[[a]b]").search("ab]")


def test_names_come_in_the_order_of_their_groups():
    """Groups without a name are left out."""
    assert capture_names(r"(?P<b>x)(y)(?P<a>z)") == ("b", "a")


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+$",
        "(a*)*b",
        "(?:ab|ab)*c",
        "(?:a|aa)+$",
        r"^(\w+\s?)*$",
        r"(.*,)*x",
        r"(?:\d+|\w+)+;",
        r"(x+x+)+y",
        r"(?:a?){30}a{30}",
        r"(?=(?:a+)+b)",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(?:\w+a*a*,)*x",
        r".*.*.*=",
        r"\s*\s*\s*x",
        r"(?:日*)*x",
        r"(?:\w+\d?\s?)*;",
        r"(?:(?:a+)+\n)?",
    ],
)
def test_a_pattern_that_can_hang_is_named(text):
    """Exponential, or several repeats that compete for the same text."""
    assert risk(text)


@pytest.mark.parametrize(
    "text",
    [
        "ERROR",
        r"Failed \w+ for (?:invalid user )?(?P<user>\S+) from (?P<ip>\S+)",
        r"(?:\d{1,3}\.){3}\d{1,3}",
        r"^\S+ \S+ \[(?P<at>[^\]]+)\] \"(?P<request>[^\"]*)\" (?P<status>5\d\d)",
        r"(?:\w+\.)+service",
        r"(?:[a-z]+=\d+,)*end",
        r"^(?:foo|bar|qux)*$",
        r"error.*timeout",
        r"(?:\w+\s)*end",
        r"^(?=.*\bauth)(?=.*\bfail).*$",
        r"\w+\s+\w+\s+\d+\s*=",
        r"(?>a+)+b",
        r"(?:a++,?)+b",
        r"(?:https?|ftp)://[^/\s]+/",
    ],
)
def test_a_usual_pattern_is_not_called_risky(text):
    """`check` must not cry wolf."""
    assert risk(text) is None
