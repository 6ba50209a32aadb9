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
    (".", "\u4e2d"),
    ("[^a]", "b"),
    (r"[^\s\S]?x", "x"),
    (r"[\s\S]", "\n"),
    (r"(?s)a.b", r"a\nb"),
    ("x" + "a" * 63, "xa{70}b"),
    ("a{3}b", "xa{70}b"),
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
    ("[^\u4e2d]", "\u4e2d"),
    ("[^\u4e2d]", r"\w"),
    ("[^?]", r"\?"),
    ("[^\u0131]", "(?i:i)"),
    (r"[^\x0b]", r"\x0b"),
    ("a.b", r"a\sb"),
    (".", r"\n"),
    ("xa{64}b", "xa{100}b"),
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
        "(?i:s)",
        "\u4e2d",
        "[^\u4e2d]",
        r"\?",
        "[^?]",
        r"[^\x0b]",
        r"\s",
        r"\n",
        "(?s:.)",
        r"\W",
        "a{66}",
        "a{64,}",
    ]
)
PATTERNS = st.lists(PIECES, min_size=1, max_size=4).map("".join)


CHARACTERS = "abAB sS?\n\x0b\x85\u4e2d\u017f"


@given(wide=PATTERNS, narrow=PATTERNS, data=st.data())
def test_a_yes_holds_for_every_line(wide, narrow, data):
    """Python's re is the judge; a record may have newlines."""
    if not covers(wide, narrow):
        return
    texts = st.lists(st.text(CHARACTERS, max_size=3) | st.just("a" * 64), max_size=4)
    line = data.draw(texts.map("".join) | st.from_regex(narrow))
    if re.search(narrow, line):
        assert re.search(wide, line)
