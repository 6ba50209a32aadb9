"""The engine against its oracle, on random patterns and blocks."""

from __future__ import annotations

import re

import pytest
from doubles.engines import ENGINES
from doubles.examples import examples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from logwatch.matching.alphabet import CASED_INTO_LATIN1, characters, fold, parser
from logwatch.matching.backtracking import danger
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.matching.reference import ReferenceMatcher
from logwatch.matching.scanner import HyperscanScanner
from logwatch.matching.syntax import parse
from logwatch.matching.timed import timed_pattern
from logwatch.matching.translator import Form, express, skeleton

# fmt: off
_ATOMS = st.sampled_from([
    *"abcksixKS7 ,éſßÉµÿ日İı\u212a^$.",
    r"\w", r"\d", r"\s", r"\W", r"\D", r"\S", r"\b", r"\B", r"\A", r"\Z", r"\?", r"\r", r"\n",
    r"\x85", r"\xa0", "[ab]", "[^a]", r"[^\n]", "[a-k]", r"[^\W]", r"[\s\d]", "[^é]", "[é-ſ]",
    "[à-ý]",
])
_REPEATS = st.sampled_from([
    "*", "+", "?", "{2}", "{,2}", "{1,3}", "*?", "+?", "??", "{0,2}?", "*+", "++", "?+", "{3,}",
    "{1,40}",
])
_OPENINGS = st.sampled_from([
    "(?:", "(", "(?P<n>", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?s:", "(?a:", "(?-i:",
])
_BITS = st.sampled_from([
    *"aabbcksix7KS ,é?ſßÉµÿ日İı", "\u212a", "\x85", "\xa0", "\x1c", "\r", "\r\n", "\n", "\n",
    "\n\n", "aaaa", "b,c", " " * 33, "x" * 31, "a" * 70,
])
_CLASSES = [
    r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", ".", "[^a]", "(?i)k", "(?i)[a-z]", "(?i)[^s]", "é",
    r"(?a)\w", r"(?a)\W", r"(?a)[\d]", r"(?i)\u0130", r"(?i)\u017f", r"[\w-]", r"[\u0100-\u0105]",
    r"(?i)[\u0160-\u0170]", r"(?i)[\xe0-\xfe]", "(?i)µ", "(?ia)k", r"[^\W]", r"(?s).", r"\n",
]
# fmt: on
_BACK = st.sampled_from(["(?P=n)", r"\1", "(?(1)a|b)", "(?(n)c)"])


def _grow(inner):
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, _REPEATS).map("(?:{0[0]}){0[1]}".format),
        st.tuples(_OPENINGS, inner).map("{0[0]}{0[1]})".format),
        st.tuples(inner, _BACK).map("(?P<n>a|){0[0]}{0[1]}".format),
    )


_BODIES = st.recursive(_ATOMS, _grow, max_leaves=10)
_FLAGS = st.sampled_from(["", "", "", "(?i)", "(?s)", "(?m)", "(?a)", "(?ia)"])
_TEXTS = st.tuples(_FLAGS, _BODIES).map("".join)
_BAD = st.sampled_from([b"\xff", b"\xc3", b"\xe2\x82", b"\x80\x81", b"\xed\xa0\x80"])
_SLOW = {HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large}


def is_valid_and_quick(text):
    """Whether the oracle can run it on any of our lines."""
    try:
        compile_pattern(text)
    except PatternError:
        return False
    return danger(parse(text)).degree <= 3


def blocks(encoding):
    good = _BITS.map(lambda bit: bit.encode(encoding, "replace"))
    return st.lists(st.one_of(good, good, good, good, _BAD), max_size=40).map(b"".join)


_PATTERNS = _TEXTS.filter(is_valid_and_quick)
_RULES = st.lists(
    st.builds(
        RulePatterns,
        match=st.lists(_PATTERNS, max_size=2).map(tuple),
        unless=st.lists(_PATTERNS, max_size=1).map(tuple),
    ),
    min_size=1,
    max_size=4,
)


def check_engines_equal_oracle(rules, encoding, max_line, blocks):
    oracle = ReferenceMatcher(rules, encoding=encoding, max_line=max_line)
    for engine in ENGINES:
        matcher = Matcher(rules, encoding=encoding, max_line=max_line, engine=engine)
        for block in blocks:
            assert matcher.match(block) == oracle.match(block), engine
        assert not matcher.timeouts


@given(data=st.data(), rules=_RULES, encoding=st.sampled_from(["utf-8", "latin-1", "cp1252"]))
@settings(max_examples=examples(100), deadline=None, suppress_health_check=_SLOW)
def test_the_engine_takes_exactly_what_the_reference_takes(data, rules, encoding):
    """Lines, offsets, text, rules and captures."""
    max_line = data.draw(st.sampled_from([262_144, 262_144, 262_144, 7, 30]))
    drawn = [data.draw(blocks(encoding)) for _ in range(3)]
    check_engines_equal_oracle(rules, encoding, max_line, drawn)


@pytest.mark.stress
@given(data=st.data(), rules=_RULES, encoding=st.sampled_from(["utf-8", "latin-1", "cp1252"]))
@settings(max_examples=1_000, deadline=None, suppress_health_check=_SLOW)
def test_the_engine_takes_exactly_what_the_reference_takes_for_long(data, rules, encoding):
    """The same for about two minutes, the longest that a test may take."""
    max_line = data.draw(st.sampled_from([262_144, 262_144, 262_144, 7, 30]))
    drawn = [data.draw(blocks(encoding)) for _ in range(6)]
    check_engines_equal_oracle(rules, encoding, max_line, drawn)


def check_every_form_finds(text, line):
    if not re.search(text, line):
        return
    required = skeleton(parse(text))
    for form in Form:
        if expression := express(required, form):
            assert HyperscanScanner.compiled([expression]).scan(fold(line) + b"\r"), form


_RECORDS = st.lists(_BITS, max_size=12).map("".join)
_LINES = _RECORDS.map(lambda record: record.replace("\n", ""))


@given(text=_PATTERNS, line=_LINES)
@settings(max_examples=examples(150), deadline=None, suppress_health_check=_SLOW)
def test_every_form_of_a_prefilter_matches_wherever_the_pattern_does(text, line):
    """The weaker forms too, which are seldom needed."""
    check_every_form_finds(text, line)


@given(text=_TEXTS, line=st.one_of(_LINES, _RECORDS).map(lambda line: line[:20]))
@settings(max_examples=examples(75), deadline=None, suppress_health_check=_SLOW)
def test_the_timed_twin_of_a_pattern_finds_the_same(text, line):
    """The other engine reads its own dialect of the same tree."""
    try:
        pattern = compile_pattern(text)
    except PatternError:
        assume(False)
    assume("(?i" not in text or "=n" not in text)
    twin = timed_pattern(text)
    assume(twin is not None)
    expected = pattern.search(line)
    # Of some patterns `re` says that they match nowhere, and that they match at a place, which it
    # looks for by the flags of the whole: `(?a:\W)` and "é".
    places = (pattern.match(line, start) for start in range(len(line) + 1))
    assume(bool(expected) == any(places))
    got = twin.search(line, timeout=5)
    assert (got and (got.span(), got.groupdict())) == (
        expected and (expected.span(), expected.groupdict())
    )


@pytest.mark.parametrize("flags", ["", "(?a)"])
def test_no_other_character_folds_its_case_into_latin_1(flags):
    """The constant holds all that any Python we run on knows."""
    everything = "".join(map(chr, range(0x100, 0x110000)))
    found = set(re.findall(f"(?i){flags}[\0-\xff]", everything))
    assert found == (set() if flags else set(CASED_INTO_LATIN1))


@pytest.mark.parametrize(
    "text",
    _CLASSES,
)
def test_a_set_holds_what_every_character_of_its_class_folds_to(text):
    """Compared with Python over all of Unicode: never too small, and exact up to U+00FF."""
    tree = parser.parse(text)
    mask = characters(tree[0], tree.state.flags)
    pattern = re.compile(text)
    below = {ord(c) for c in pattern.findall("".join(map(chr, range(256)))) if c != "\n"}
    above = pattern.search("".join(map(chr, range(256, 0x110000))))
    wanted = below | ({0x3F} if above else set())
    assert {byte for byte in range(256) if mask >> byte & 1} == wanted
