"""Patterns mean the same on every Python, possessive repeats of groups for one.

Before 3.11.5 Python finds the first few of these wrongly, and before 3.12.8 and in 3.13.0 it ends
in a SystemError on those behind them. The oracle is PyPI `regex`, an engine of its own.
"""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.conditions import plain_search
from logwatch.expressions import compiled
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.matching.redaction import Redactor
from logwatch.matching.searches import guarded_search
from logwatch.matching.timed import timed_pattern
from logwatch.tailer.multiline import Framer, MultilineSettings


@pytest.mark.parametrize(
    ("pattern", "line", "groups"),
    [
        ("(?:ab?c)?+ab", "ab", ["ab"]),
        ("^(?:ab?c)*+$", "a", None),
        ("(?:ab?c){1,3}+", "aca", ["ac"]),
        ("(?:.(?!D))++", "ABCDE", ["AB"]),
        ("(((?!C).)++)", "ABC", ["AB", "AB", "B"]),
        ("(?:x=1 ?|y)*+z", "x=1 yx=z", ["z"]),
        ("((x)|y|z)*+", "xyz", ["xyz", "z", "x"]),
        ("((x)|y|z){3,}+", "xyz", ["xyz", "z", "x"]),
        ("(?:(?P<user>x)|y|z)++", "xyz", ["xyz", "x"]),
        ("(?:((?:(c)|a|[^a])))*+$", "aca", ["aca", "a", "c"]),
    ],
)
def test_a_possessive_repeat_of_a_group_finds_what_the_manual_says(pattern, line, groups):
    """A round that fails half-way counts as if it had never begun."""
    match = compiled(pattern).search(line)
    assert (match and [match[0], *match.groups()]) == groups


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"(?<=(?:ab|cd){2}+)x", "abcdx"),
        (r"(?x) (?: a b? c )?+  # (?:d)*+ is a remark" + "\n a b", "ab"),
        (r"(?i:(?:ab?c)?+)ab", "AB".lower()),
        (r"(?:[)*+]?\)*+\*)++\+", "+)*+"),
        (r"(a)?(?(1)(?:bc?d)?+b|(?:c)++)", "ab"),
        (r"(?=(?:ab?c)?+ab)a(?!(?:bc)*+$)", "ab"),
        (r"(?:(?:(?:ab?c)?+ab)?+x)*+aby?+", "ab"),
    ],
)
def test_such_a_repeat_may_stand_anywhere_in_a_pattern(pattern, line):
    """In look-behinds, remarks, flags, conditions, and in one another."""
    assert compiled(pattern).search(line)


def test_a_pattern_tells_the_same_of_its_groups_and_flags():
    """Whoever asks a compiled pattern for its captures."""
    text = r"(?is)(?P<b>x)(?:(?P<a>y)|z)*+(w)"
    rewritten, own = compiled(text), re.compile(text)
    assert (rewritten.groups, rewritten.flags) == (own.groups, own.flags)
    assert dict(rewritten.groupindex) == dict(own.groupindex)
    assert compiled(text) is rewritten


@pytest.mark.parametrize("text", ["(?:a)*++", "(?:a)++(", "(?:ab)++(?<=(?:ab)++)", "(?<n>(?:a)*+)"])
def test_what_is_wrong_with_a_pattern_is_said_as_python_says_it(text):
    """And where."""
    with pytest.raises(re.error) as own:
        re.compile(text)
    with pytest.raises(re.error) as ours:
        compiled(text)
    assert (ours.value.msg, ours.value.pos) == (own.value.msg, own.value.pos)


@pytest.mark.parametrize("text", ["a++b", r"[^\]]*+x", "ab}+", r"\*+", "(?>a+)", r"(?#x*+)a"])
def test_what_is_sound_anyway_is_left_to_python(text):
    """A single character that is repeated, above all."""
    assert compiled(text) == re.compile(text)  # the same text, flags and code


_ATOMS = st.sampled_from([*"abcabc", "[ab]", "[^a]", ".", r"\b", "^", "$", ""])
_QUANTIFIERS = st.sampled_from(["*+", "++", "?+", "{2}+", "{1,2}+", "{2,}+", "*", "+?", "?"])


def _larger(parts):
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        several.map("".join),
        several.map(lambda branches: f"(?:{'|'.join(branches)})"),
        st.tuples(parts, st.sampled_from(["(", "(?:", "(?=", "(?!", "(?>"])).map(
            lambda each: f"{each[1]}{each[0]})"
        ),
        st.tuples(parts, st.sampled_from(["(", "(?:"]), _QUANTIFIERS).map(
            lambda each: f"{each[1]}{each[0]}){each[2]}"
        ),
    )


@given(st.recursive(_ATOMS, _larger, max_leaves=8), st.text("abc", max_size=7))
def test_possessive_groups_find_and_capture_what_another_engine_does(pattern, line):
    """Whatever they are made of."""
    found, expected = compiled(pattern).search(line), timed_pattern(pattern).search(line)
    assert (found and found.regs) == (expected and expected.regs)


_LATE = "(?:ab?c)?+ab"
"""Finds `ab`, but not with the `re` of each Python."""


def test_patterns_of_rules_conditions_and_sources_are_compiled_so():
    """Every place in which a configuration has one."""
    (hit,) = Matcher([RulePatterns(match=(_LATE,))]).match(b"ab\nb\n")
    assert hit.text == "ab"
    assert not Matcher([RulePatterns(match=("b",), unless=(_LATE,))]).match(b"ab\n")
    assert plain_search(_LATE)("ab")
    assert guarded_search(_LATE)("ab")
    assert Redactor([_LATE]).text("ab") == "[redacted]"
    settings = MultilineSettings(start=_LATE)
    framed = Framer(settings, encoding="utf-8", max_line=1000).frame(b"ab\nb\nab\n", final=True)
    assert framed.joined == b"ab\x0bb\nab\n"


def test_a_look_behind_that_is_too_wide_is_a_bad_pattern_or_none():
    """Python before 3.11.7 has no error of its own for it."""
    try:
        compile_pattern("(?<=a{4000000000})b")
    except PatternError:
        assert sys.version_info < (3, 11, 7)
