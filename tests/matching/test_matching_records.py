"""The engine against its oracle where records have several lines."""

from __future__ import annotations

import re

import pytest
from doubles.engines import ENGINES
from doubles.examples import examples
from doubles.liars import LyingEngines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matching.corpus import CASES
from matching.test_matching_properties import _BITS, _FLAGS, _RULES, _TEXTS, is_valid_and_quick

from logwatch.matching.alphabet import fold_record
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.reference import ReferenceMatcher
from logwatch.matching.scanner import HyperscanScanner
from logwatch.matching.searches import GuardedSearch
from logwatch.matching.syntax import parse
from logwatch.matching.translator import Form, express, skeleton

_SLOW = {HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large}
_ENCODINGS = st.sampled_from(["utf-8", "latin-1", "cp1252"])


def block_of(records, encoding="utf-8"):
    """The data of records with newlines in them, and the same with each as one line."""
    data = [each.encode(encoding, "replace") for each in records]
    joined = [each.replace(b"\n", b"\x0b") for each in data]
    return b"".join(one + b"\n" for one in data), b"".join(one + b"\n" for one in joined)


def both(rules, data, joined, **settings_):
    """What the reference takes, after every engine took the same."""
    wanted = ReferenceMatcher(rules, **settings_).match(data, joined)
    for engine in ENGINES:
        matcher = Matcher(rules, engine=engine, records=True, **settings_)
        assert matcher.match(data, joined) == wanted, engine
        assert not matcher.timeouts
    return wanted


def rule(*match, unless=()):
    return RulePatterns(match=match, unless=unless)


TRACE = "ERROR no cart\nTraceback (most recent call last):\n  File 'a.py'\nKeyError: 'x'"


@pytest.mark.parametrize(
    ("pattern", "takes"),
    [
        (r"ERROR[^x]*KeyError", True),
        (r"ERROR.*KeyError", False),
        (r"(?s)ERROR.*KeyError", True),
        (r"(?s:ERROR.*)KeyError", True),
        (r"ERROR(?:.*\n)*KeyError", True),
        (r"cart\s+Traceback", True),
        (r"cart\nTraceback", True),
        (r"cart\WTraceback", True),
        (r"cart\DTraceback", True),
        (r"cart[^ ]Traceback", True),
        (r"cart[\n]Traceback", True),
        (r"(?a:cart\n)Traceback", True),
        (r"(?u:cart[^ ])Traceback", True),
        (r"(?m)(?a:^)KeyError", True),
        (r"cart\x0bTraceback", False),
        (r"cart\x0aTraceback", True),
        (r"^Traceback", False),
        (r"(?m)^Traceback", True),
        (r"(?m)^KeyError: 'x'$", True),
        (r"(?m)cart$", True),
        (r"cart$", False),
        (r"cart\Z", False),
        (r"(?m)cart\Z", False),
        (r"\AERROR", True),
        (r"(?m)\ATraceback", False),
        (r"'x'$", True),
        (r"'x'\Z", True),
        (r"(?m)^ERROR.*$\n^Trace", True),
        (r"(?<=\n)KeyError", True),
        (r"(?i)error(?=(?s:.*)keyerror)", True),
        (r"\n\n", False),
        (r"(?s)\A.{20,60}KeyError", False),
        (r"(?s)\A.{60,90}KeyError", True),
        (r"(?:[^\n]*\n){3}KeyError", True),
        (r"(?:[^\n]*\n){4}KeyError", False),
        (r"cart\Z\n", False),
        (r"(?m)cart$.Traceback", False),
        (r"(?ms)cart$.Traceback", True),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_newlines_inside_a_record_match_as_in_any_text(pattern, takes, newline):
    """Newlines of Windows are newlines, too."""
    records = [each.replace("\n", newline) for each in ("before", TRACE, "behind")]
    data, joined = block_of(records)
    if newline != "\n":
        joined = joined.replace(b"\r\x0b", b"\r\x0b")
    found = both([rule(pattern)], data, joined)
    assert [hit.start for hit in found] == ([len(records[0]) + 1] if takes else [])
    assert bool(re.search(pattern, TRACE)) is takes
    assert all(hit.text == TRACE for hit in found)


def test_a_vertical_tab_of_the_text_is_no_newline():
    data, joined = block_of(["a\x0bb", "a\nb", "a\x0bb\na\nb"])
    assert [hit.start for hit in both([rule("a\nb")], data, joined)] == [4, 8]
    assert [hit.start for hit in both([rule("a\x0bb")], data, joined)] == [0, 8]
    assert [hit.start for hit in both([rule(r"\Aa\sb\Z")], data, joined)] == [0, 4]


def test_a_record_beyond_the_longest_line_is_cut_and_marked():
    data, joined = block_of(["x\n" + "y" * 40 + "z", "x"])
    (first, second) = both([rule("x")], data, joined, max_line=20)
    assert (first.text, first.truncated, first.end) == ("x\n" + "y" * 18, True, 43)
    assert (second.start, second.truncated) == (44, False)


@pytest.mark.parametrize("pattern", [r"cart$", r"cart\Z", r"(?m)cart$", r"(?a:cart)\s*$"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n", "\n\r\n"])
def test_a_record_that_is_cut_behind_a_newline_ends_before_it(pattern, newline):
    """As every record does; so `$` means the very end."""
    data, joined = block_of([f"no cart{newline}Traceback"])
    (hit,) = both([rule(pattern)], data, joined, max_line=len("no cart" + newline))
    assert (hit.text, hit.truncated, hit.end) == ("no cart", True, len(data) - 1)


@pytest.mark.parametrize("before", ["", "a\n", "a\nb\n", "é\n"])
def test_a_carriage_return_that_ends_the_log_is_an_empty_record(before):
    """It has no newline, and no text, and rules that take every record take it."""
    data = before.encode() + b"\r"
    found = both([rule("^$"), rule(), rule("a", unless=("b",))], data, data)
    assert (found[-1].start, found[-1].end, found[-1].text) == (len(data) - 1, len(data), "")
    assert both([rule("^$")], data, data, max_line=1)[-1].start == len(data) - 1


def test_records_that_are_not_ascii_keep_their_places():
    records = ["é" * 9 + "\nüber", "plain\ntext", "日本\n語 über\r\n\x0b\r", "ü"]
    data, joined = block_of(records)
    found = both([rule("über")], data, joined)
    assert [data[hit.start : hit.end].decode() for hit in found] == [records[0], records[2]]
    assert found[1].text == "日本\n語 über\n\x0b"


def test_a_pattern_that_explodes_over_newlines_is_guarded_where_they_can_be():
    """In a line its repeat never has a round."""
    text = r"(?:\n+)*x!"
    assert GuardedSearch(text).short > 1_000
    assert GuardedSearch(text, records=True).short < 1_000


def test_a_lie_of_the_engine_over_records_is_found_out():
    data, joined = block_of([TRACE, "quiet"] * 400)
    engines = LyingEngines(lambda _ends: [])
    matcher = Matcher([rule(r"(?s)ERROR.*Key")], engines=engines, records=True, audit=0.5)
    for _ in range(200):
        hits = matcher.match(data, joined)
        if matcher.troubles():
            break
    assert hits == ReferenceMatcher([rule(r"(?s)ERROR.*Key")]).match(data, joined)


@pytest.mark.parametrize(
    "first",
    [
        first if first % 120 == 0 else pytest.param(first, marks=pytest.mark.stress)
        for first in range(0, len(CASES), 40)
    ],
)
def test_every_real_pattern_takes_its_line_within_a_trace(first):
    """At each place of it: as the first line, in the middle, as the last one."""
    cases = CASES[first : first + 40]
    rules = [rule(case.pattern) for case in cases]
    rules += [rule(f"(?m:{case.pattern})") for case in cases if "(?" not in case.pattern[:3]]
    records = [
        (
            f"{case.line}\n\tat a.b(C.java:1)",
            f"head\n{case.line}\nlast",
            f"head\n{case.line}",
            f"head\n{case.miss}",
        )[number % 4]
        for number, case in enumerate(cases)
    ]
    assert both(rules, *block_of(records))


_RECORDS = st.lists(st.lists(_BITS, max_size=12).map("".join), max_size=6)


def check_engine_equals_oracle(data, rules, encoding):
    records = [each.strip("\n") for each in data.draw(_RECORDS)]
    both(rules, *block_of(records, encoding), encoding=encoding)


@given(data=st.data(), rules=_RULES, encoding=_ENCODINGS)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=_SLOW)
def test_the_engine_takes_exactly_the_records_that_the_reference_takes(data, rules, encoding):
    """Offsets, text, rules and captures; records end with no newline."""
    for _ in range(3):
        check_engine_equals_oracle(data, rules, encoding)


@pytest.mark.stress
@given(data=st.data(), rules=_RULES, encoding=_ENCODINGS)
@settings(max_examples=500, deadline=None, suppress_health_check=_SLOW)
def test_the_engine_takes_exactly_the_same_records_for_long(data, rules, encoding):
    """The same for about a minute."""
    for _ in range(6):
        check_engine_equals_oracle(data, rules, encoding)


_PATTERNS = st.tuples(_FLAGS, _TEXTS).map("".join).filter(is_valid_and_quick)


@given(text=_PATTERNS, record=st.lists(_BITS, max_size=14).map("".join))
@settings(max_examples=examples(150), deadline=None, suppress_health_check=_SLOW)
def test_every_form_of_a_prefilter_for_records_matches_wherever_the_pattern_does(text, record):
    record = record.replace("\r\n", "\n").strip("\n")
    if re.search(text, record):
        required = skeleton(parse(text, records=True))
        for form in Form:
            if expression := express(required, form):
                scanner = HyperscanScanner.compiled([expression])
                assert scanner.scan(fold_record(record)), (form, expression)
