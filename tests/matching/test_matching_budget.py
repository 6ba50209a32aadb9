"""A pattern that overruns its time again and again is put in quarantine; all else goes on."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.matching import searches, timed
from logwatch.matching.backtracking import danger
from logwatch.matching.matcher import Matcher, ReferenceMatcher, RulePatterns
from logwatch.matching.syntax import parse

EVIL = "(?:a|aa)+(?!.)"
"""Exponential in both engines; the scan lets it through, since it knows no lookahead."""
EVIL_LINE = b"a" * 60 + b"!\n"


def rules(*patterns):
    return [RulePatterns(match=(pattern,)) for pattern in patterns]


def no_time():
    """A clock that stands still: only what runs out of time costs any."""
    return 0.0


@pytest.fixture
def quick_timeout(monkeypatch):
    """Searches are given up after a millisecond, and ten of them are one too many."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0095)


def rules_taken(hits):
    return Counter(rule for hit in hits for rule, _ in hit.found)


@pytest.mark.usefixtures("quick_timeout")
def test_a_pattern_that_times_out_again_and_again_is_put_in_quarantine():
    """Told twice: at the first line that is lost, and when there are no more searches."""
    matcher = Matcher(rules(EVIL, "!"), clock=no_time)
    hits = matcher.match(EVIL_LINE * 30 + b"aaa\n")
    assert rules_taken(hits) == {1: 30}
    assert [(one.kind, one.rule, one.pattern) for one in matcher.troubles()] == [
        ("timed-out", 0, EVIL),
        ("quarantined", 0, EVIL),
    ]
    assert matcher.troubles() == []
    figures = matcher.statistics
    assert (figures.timeouts, figures.quarantined, figures.passed_over) == ({0: 10}, (0,), {0: 21})
    assert rules_taken(matcher.match(EVIL_LINE)) == {1: 1}
    assert matcher.troubles() == []
    assert matcher.statistics.passed_over == {0: 22}


@pytest.mark.usefixtures("quick_timeout")
def test_a_pattern_in_quarantine_is_not_searched_for_in_short_lines_either():
    """As it is told; it was slow on long lines only."""
    matcher = Matcher(rules(r"\s+(?!.)"), clock=no_time)
    assert rules_taken(matcher.match(b"a \n" * 200)) == {0: 200}
    assert rules_taken(matcher.match((b" " * 100_000 + b"x\n") * 12)) == {}
    assert matcher.statistics.quarantined == (0,)
    before = matcher.statistics.passed_over[0]
    assert rules_taken(matcher.match(b"a \n" * 2_000)) == {}
    assert matcher.statistics.passed_over == {0: before + 2_000}


@pytest.mark.usefixtures("quick_timeout")
def test_what_people_read_says_what_happened_and_what_to_do():
    """The pattern, the loss, how long it lasts, the remedy."""
    matcher = Matcher(rules(EVIL), clock=no_time)
    matcher.match(EVIL_LINE * 10)
    first, second = matcher.troubles()
    assert first.message.startswith(f"the pattern {EVIL!r} took longer than ")
    assert "that line was passed over" in first.message
    assert "is not looked for any more" in second.message
    assert "until logwatch starts again or reads its configuration anew" in second.message
    assert "[^,]* instead of .*" in second.message


@pytest.mark.usefixtures("quick_timeout")
def test_a_slow_line_now_and_then_is_within_the_allowance():
    """The budget grows with every byte that is looked at."""
    matcher = Matcher(rules(EVIL), clock=no_time)
    for _ in range(30):
        matcher.match(EVIL_LINE + b"quiet\n" * 5_000)
    assert [one.kind for one in matcher.troubles()] == ["timed-out"]
    assert matcher.statistics.timeouts == {0: 30}
    assert matcher.statistics.quarantined == ()
    assert matcher.statistics.bytes > 30 * 30_000
    assert matcher.statistics.blocks == 30


@pytest.mark.usefixtures("quick_timeout")
def test_only_the_slow_one_of_a_rules_patterns_is_put_in_quarantine():
    """The rule goes on with the others."""
    matcher = Matcher([RulePatterns(match=(EVIL, "!$"))], clock=no_time)
    hits = matcher.match(EVIL_LINE * 20)
    assert rules_taken(hits) == {0: 20}
    assert matcher.statistics.quarantined == (0,)


@pytest.mark.usefixtures("quick_timeout")
def test_an_exclusion_in_quarantine_excludes_nothing():
    """An alert too many is better than one lost; it is said."""
    matcher = Matcher([RulePatterns(match=("!",), unless=(EVIL,))], clock=no_time)
    assert rules_taken(matcher.match(EVIL_LINE * 20)) == {0: 20}
    first, second = matcher.troubles()
    assert "excluded nothing there" in first.message
    assert "excludes nothing any more, so the rule may fire too often" in second.message
    assert matcher.statistics.passed_over == {0: 10}


@pytest.mark.usefixtures("quick_timeout")
def test_every_rule_with_the_pattern_is_named():
    """Each of them may miss lines."""
    shared = [*rules(EVIL), RulePatterns(match=("!",), unless=(EVIL,)), *rules("x")]
    matcher = Matcher(shared, clock=no_time)
    matcher.match(EVIL_LINE * 20)
    quarantined = [one.rule for one in matcher.troubles() if one.kind == "quarantined"]
    assert quarantined == [0, 1]
    assert matcher.statistics.quarantined == (0, 1)


@pytest.mark.usefixtures("quick_timeout")
def test_a_trouble_is_told_to_one_of_the_threads_that_share_a_matcher():
    """Whichever asks first."""
    matcher = Matcher(rules(EVIL, "!"), clock=no_time)
    barrier = Barrier(4, timeout=60)
    told = []

    def follow():
        barrier.wait()
        for _ in range(10):
            matcher.match(EVIL_LINE)
            told.extend(matcher.troubles())

    threads = [Thread(target=follow, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(one.kind for one in told) == ["quarantined", "timed-out"]


def clock_of(step):
    """A clock that goes on by `step` seconds at every look."""
    ticks = itertools.count()
    return lambda: next(ticks) * step


def test_a_pattern_that_is_slow_without_running_out_of_time_is_put_in_quarantine_too(engine):
    """Searches are measured one by one after the first slow lot of lines."""
    matcher = Matcher(rules(r"slow \w+$"), clock=clock_of(1 / 64), engine=engine)
    hits = matcher.match(b"slow x\n" * 500)
    assert len(hits) == 64 + 64
    assert matcher.statistics.passed_over == {0: 500 - len(hits)}
    assert [one.kind for one in matcher.troubles()] == ["quarantined"]


def test_a_slow_lot_of_lines_alone_puts_nothing_in_quarantine():
    """The process may have been held up by something else; then all is as before."""
    readings = itertools.chain([0.0, 3.0], itertools.repeat(3.0))
    matcher = Matcher(rules("usual"), clock=lambda: next(readings))
    for _ in range(100):
        assert len(matcher.match(b"usual\n" * 20)) == 20
    assert matcher.troubles() == []


def test_a_machine_that_stands_still_amid_a_search_puts_nothing_in_quarantine():
    """The clock of the thread says that this one search took an hour, while all are measured."""
    stops = {20: 3.0, 300: 3600.0}
    looks, stood = itertools.count(1), [0.0]

    def clock():
        stood[0] += stops.get(next(looks), 0.0)
        return stood[0]

    matcher = Matcher(rules("ERROR"), clock=clock)
    for _ in range(100):
        assert len(matcher.match(b"ERROR\n" * 64)) == 64
    assert stood == [3603.0]
    assert matcher.troubles() == []
    assert matcher.statistics.passed_over == {}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("(a+)+$", "a" * 100_000 + "!"),
        ("(.*,){20}x(?!y)", "," * 100_000 + "xy"),
        ("(?:a?){30}a{30}(?!c)", ("a" * 29 + "b") * 3_000 + "a" * 30 + "c"),
        ("(x+x+)+y(?!z)", "x" * 100_000 + "yz"),
        (r"(\w+)\s+(\1\s*)+(?!.)", "a " * 50_000 + "!"),
        (r"(a*)*\1b(?!c)", "a" * 100_000 + "bc"),
        ("(?=(a+)+b(?!c))", "a" * 100_000 + "bc"),
        ("(?<!x)(?=(?:a|aa)+$)b?", "a" * 100_000 + "!"),
        (".*.*.*=.*(?<!=)$", "a" * 100_000 + "="),
        (r"\s+(?!.)", " " * 100_000 + "x"),
        (r"(?i)(a+)+\1(?!.)", "aA" * 50_000 + "!"),
        (r"(.*)(.*)(.*)\1\2\3x(?!c)", "ab" * 50_000 + "xc"),
        (r"(a|b|ab){5}(a|b|ab){5}(a|b|ab){5}(a|b|ab){5}c(?!d)", "ab" * 50_000 + "cd"),
        ("a?" * 24 + "a" * 24 + "(?!.)", "a" * 24 * 4_000 + "!"),
        ("(?:a{0,9}){9}b(?!c)", "a" * 100_000 + "bc"),
    ],
)
@pytest.mark.usefixtures("quick_timeout")
def test_no_line_however_long_holds_up_the_lines_around_it(pattern, line):
    """The test is over soon, or never: exponential and polynomial patterns on 100 KB."""
    matcher = Matcher(rules(pattern, "good"))
    for text in (line, line[-4_000:], line[-300:], line[-60:]):
        assert rules_taken(matcher.match(f"{text}\ngood\n".encode() * 3))[1] == 3


@pytest.mark.parametrize(
    "text",
    ["(?:a{0,9}){9}b", ".{0,9}" * 5 + "=", "a?" * 24 + "a" * 24, "(?:a|b|ab){5}" * 5 + "c"],
)
def test_short_repeats_that_share_out_the_same_text_are_dangerous(text):
    """No single one is long, and together they take a million steps at every character."""
    assert danger(parse(text)).spread_bits > 16
    assert danger(parse(text)).reason is not None
    assert searches.GuardedSearch(text).short < 1_000


@pytest.mark.parametrize(
    "text",
    [r"(?:\d{1,3}\.){3}\d{1,3}", "(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}", r"a(?: b)?(?: c)? \d{1,2}"],
)
def test_short_repeats_that_are_told_apart_are_not(text):
    """Addresses, dates and optional words."""
    assert danger(parse(text)).spread_bits < 6
    assert searches.GuardedSearch(text).short > 10_000


@pytest.mark.usefixtures("quick_timeout")
def test_a_back_reference_that_ignores_case_is_given_up_where_the_engines_read_it_otherwise():
    """Only for a pattern that can hang, and a letter whose case is disputed."""
    text = r"(?i)x(a|aa)*(s)\2$"
    matcher = Matcher(rules(text), clock=no_time)
    hits = matcher.match("xaasS\nxaas\u017f\nx\u00e9\u65e5xasS\n".encode())
    assert [hit.text for hit in hits] == ["xaasS", "x\u00e9\u65e5xasS"]
    assert matcher.timeouts == {0: 1}


@given(text=st.text(st.characters(codec="utf-8"), max_size=6).filter(lambda text: "\n" not in text))
def test_where_the_engines_read_alike_a_back_reference_finds_the_same(text):
    """The other engine stands in for the first, in those lines only."""
    pattern = r"(?is)(.)(.?)\1"
    twin = timed.near_twin(pattern)
    assert twin is not None
    if timed.read_alike(text):
        expected, got = re.search(pattern, text), twin.search(text)
        assert (got and got.span()) == (expected and expected.span())


def test_letters_up_to_latin_1_read_alike_in_both_engines():
    """Each pair of them, but for the micro sign."""
    twin = timed.near_twin(r"(?is)(.)\1")
    assert twin is not None
    letters = [chr(point) for point in range(256) if point != 0xB5]
    for one, two in itertools.product(letters, repeat=2):
        assert timed.read_alike(one + two)
        assert bool(twin.fullmatch(one + two)) == (one.lower() == two.lower())
    assert not timed.read_alike("\xb5")
    assert not timed.read_alike("\u017f")


def test_what_is_not_in_quarantine_is_found_as_the_reference_finds_it(engine):
    """Also while every search is measured."""
    several = [*rules("a(?P<x>b)?", "b"), RulePatterns(match=("a", "c"), unless=("d",))]
    matcher = Matcher(several, clock=clock_of(0.006), engine=engine)
    data = b"ab\na\r\nac\nacd\nb\n\xc3\xa9a\n" * 5
    for _ in range(3):
        assert matcher.match(data) == ReferenceMatcher(several).match(data)


def test_what_a_rule_costs_is_estimated_from_every_sixteenth_lot():
    """A clock that goes on by a millisecond at each look: so long takes each lot of 64 lines."""
    ticks = itertools.count()
    matcher = Matcher(rules("often", "seldom"), clock=lambda: next(ticks) / 1000)
    assert matcher.statistics.rule_seconds == {}
    matcher.match((b"often\n" * 48 + b"seldom\n" * 16) * 64)
    found = matcher.statistics.rule_seconds
    assert list(found) == [0, 1]
    assert found == pytest.approx({0: 0.048, 1: 0.016})
