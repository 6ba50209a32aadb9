"""Whether one pattern is in whatever another finds: never a wrong yes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.matching.covering import covers

YES = [
    ("Failed", r"^Failed \w+ for"),
    (".", "abc"),
    ("x?", "b"),
    ("[Ff]a", "Fail"),
    (r"\S+", r"user=\S+"),
    ("(?i)FAILED", "Failed x"),
    ("aab", "a{2,5}b"),
    ("b", "(?:ab)+c"),
    ("ab", "(?:ab)+c"),
]
NO = [
    ("b", "ab?"),
    ("r p", "port|for p"),
    ("^abc", "abc"),
    ("abc$", "abc"),
    ("abc", "(?i)abc"),
    ("a(?=b)", "ab"),
    ("aaab", "a{2,5}b"),
    ("ba", "(?:ab)+c"),
    ("\u4e2d", "\u4e2e"),
    (r"\bb", "b"),
    (r"b\B", "b"),
    (r"(a)b\1", "ab"),
    ("(?:" * 50 + "ab" + ")?" * 50 + "c", "c"),
]


@pytest.mark.parametrize(("wide", "narrow"), YES)
def test_what_is_surely_there_is_known(wide, narrow):
    """Literals, sets, repeats."""
    assert covers(wide, narrow)


@pytest.mark.parametrize(("wide", "narrow"), NO)
def test_what_is_not_sure_is_not_claimed(wide, narrow):
    """Anchors, choices, cases, edges of words, what was found before, what is nested deeply."""
    assert not covers(wide, narrow)


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "[ab]",
        "[^a]",
        ".",
        "a?",
        "b*",
        "a+",
        "(?:ab)+",
        "(?:a|bb)",
        "^",
        "$",
        r"\b",
        r"\B",
        "(?i:a)",
    ]
)
PATTERNS = st.lists(PIECES, min_size=1, max_size=4).map("".join)


@given(wide=PATTERNS, narrow=PATTERNS, line=st.text("abAB c\u4e2d", max_size=8))
def test_a_yes_holds_for_every_line(wide, narrow, line):
    """Python's re is the judge."""
    if covers(wide, narrow) and re.search(narrow, line):
        assert re.search(wide, line)
