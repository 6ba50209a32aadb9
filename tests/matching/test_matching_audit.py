"""An engine that lies is found out, the rule is told, and nothing more of it is missed."""

from __future__ import annotations

import itertools
from random import Random
from threading import Barrier, Thread

import pytest
from doubles.examples import examples
from doubles.liars import LyingEngines, dropping_every, dropping_expression, inventing
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.matching import matcher as matcher_module
from logwatch.matching import searches
from logwatch.matching.candidates import stopped_at
from logwatch.matching.matcher import Matcher, ReferenceMatcher, RulePatterns

RULES = [
    RulePatterns(match=(r"disk (?P<dev>\w+) failed",)),
    RulePatterns(match=(r"login of (?P<who>\S+)", r"session for \w+"), unless=("root",)),
    RulePatterns(match=(r"(?i)out of memory",)),
    RulePatterns(match=(r"\bcode 5\d\d$",)),
]


def log(seed: int, lines: int = 200) -> bytes:
    """Every tenth line or so is taken."""
    chance = Random(seed)
    texts = [
        b"disk sda failed",
        b"login of ann\r",
        b"login of root",
        b"session for bob",
        b"OUT of Memory: killed",
        b"reply: code 503",
        "caf\u00e9 disk sdb failed".encode(),
        b"\xff\xfe code 599",
    ]
    noise = [b"all is well %d" % number for number in range(70)]
    return b"\n".join(chance.choice(texts + noise) for _ in range(lines)) + b"\n"


def ticking(step: float = 1.0):
    """A clock that goes on by a second at every look, so that there is something to spend."""
    ticks = itertools.count()
    return lambda: next(ticks) * step


def audited(engines=None, *, share=10.0, seed=1, rules=RULES, **settings):
    return Matcher(
        rules, engines=engines, audit=share, random=Random(seed).random, **settings, clock=CLOCK
    )


CLOCK = ticking(0.0001)


def lines_of(hits, rule):
    return [(hit.start, hit.text, one) for hit in hits for one in hit.found if one[0] == rule]


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_expression_that_is_never_found_is_found_out(number, seed):
    """With the alert, and from that very block on nothing is missed."""
    matcher = audited(LyingEngines(dropping_expression(number)), seed=seed)
    oracle = ReferenceMatcher(RULES)
    told = []
    for block in map(log, range(60)):
        hits = matcher.match(block)
        told += matcher.troubles()
        if told:
            assert hits == oracle.match(block)
    [trouble] = told
    # The second rule has two patterns, the first of which is the first rule's neighbour.
    wrong = [0, 1, 1, 2, 3][number]
    assert (trouble.kind, trouble.rule) == ("differs", wrong)
    assert trouble.pattern == " or ".join(RULES[wrong].match)
    assert "From now on Python looks at every line" in trouble.message
    assert matcher.statistics.fallback == (wrong,)
    assert matcher.statistics.differences >= 1


def test_ends_that_are_lost_here_and_there_are_found_out():
    """Every rule in turn; in the end none is left to the engine, and nothing is missed."""
    matcher = audited(LyingEngines(dropping_every(3)))
    oracle = ReferenceMatcher(RULES)
    missed_at = []
    for at, block in enumerate(map(log, range(400))):
        if matcher.match(block) != oracle.match(block):
            missed_at.append(at)
    assert missed_at
    assert max(missed_at) < 300
    assert matcher.statistics.fallback == (0, 1, 2, 3)
    assert [one.kind for one in matcher.troubles()] == ["differs"] * 4
    assert matcher.troubles() == []


def test_ends_that_are_made_up_do_no_harm():
    """Every candidate is confirmed, so there is nothing to find out."""
    matcher = audited(LyingEngines(inventing))
    oracle = ReferenceMatcher(RULES)
    for block in map(log, range(60)):
        assert matcher.match(block) == oracle.match(block)
    assert matcher.statistics.differences == 0
    assert matcher.statistics.pairs_audited > 500


def test_a_line_that_is_found_wrongly_is_found_out_too(monkeypatch):
    """Cut one byte too early: another text, and what the last pattern finds is wrong."""

    def cut_short(folded, ends, patterns):
        for start, end, inside in stopped_at(folded, ends, patterns):
            yield start, end - 1, inside

    monkeypatch.setattr(matcher_module, "stopped_at", cut_short)
    rules = [RulePatterns(match=(r"code 5\d+",))]
    matcher = audited(rules=rules)
    oracle = ReferenceMatcher(rules)
    block = b"well\ncode 5031\n" * 20
    assert matcher.match(block) == oracle.match(block)
    assert [one.kind for one in matcher.troubles()] == ["differs"]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("max_line", [262_144, 12])
def test_an_honest_engine_is_never_said_to_differ(engine, encoding, max_line):
    """Whatever the lines are."""
    matcher = audited(engine=engine, encoding=encoding, max_line=max_line)
    oracle = ReferenceMatcher(RULES, encoding=encoding, max_line=max_line)
    for block in map(log, range(50)):
        assert matcher.match(block) == oracle.match(block)
    for block in (b"", b"\n", b"\n\ndisk sda failed", b"disk sda failed\n\n\r\n"):
        assert matcher.match(block) == oracle.match(block)
    figures = matcher.statistics
    assert (figures.differences, figures.fallback) == (0, ())
    assert (figures.lines_audited > 500) is (engine != "reference")


@given(
    lines=st.lists(
        st.sampled_from(
            ["disk a failed", "login of x", "root", "session for", "code 500", "\u00e9"]
        ),
        max_size=30,
    ),
    number=st.integers(0, 5),
    seed=st.integers(0, 9),
)
@settings(max_examples=examples(150), deadline=None)
def test_a_rule_that_is_not_left_to_the_engine_is_exact(lines, number, seed):
    """Merged with what the engine says of the others, line by line."""
    matcher = audited(LyingEngines(dropping_expression(number)), seed=seed)
    matcher.match(log(seed))
    block = "\n".join(lines).encode()
    hits = matcher.match(block)
    expected = ReferenceMatcher(RULES).match(block)
    for rule in matcher.statistics.fallback:
        assert lines_of(hits, rule) == lines_of(expected, rule)


def test_the_audit_spends_no_more_than_its_share():
    """Every look at the clock is a second; three of them are one block."""
    matcher = Matcher(RULES, clock=ticking(), audit=0.01, random=Random(1).random)
    looks = before = 0
    for _ in range(1_000):
        matcher.match(b"nothing\n" * 40)
        looks += matcher.statistics.lines_audited > before
        before = matcher.statistics.lines_audited
    # A block takes one second of this clock, and to look at it again takes another one.
    assert 9 <= looks <= 11
    assert before <= 16 * looks
    assert matcher.statistics.blocks == 1_000


def test_there_is_no_audit_where_none_is_wanted():
    """A share of nothing."""
    matcher = audited(LyingEngines(dropping_expression(0)), share=0.0)
    for block in map(log, range(20)):
        matcher.match(block)
    assert matcher.statistics.lines_audited == 0
    assert matcher.troubles() == []


def test_a_pattern_that_is_slow_is_not_said_to_differ(monkeypatch):
    """A search that was given up once and not the next time is no fault of the engine."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    evil = [RulePatterns(match=("(?:a|aa)+(?!.)",))]
    matcher = audited(rules=evil)
    for _ in range(30):
        matcher.match(b"a" * 60 + b"!\naaa\n")
    assert [one.kind for one in matcher.troubles()] == ["timed-out"]
    assert matcher.statistics.differences == 0


def test_a_rule_in_quarantine_is_not_said_to_differ(monkeypatch):
    """It is the quarantine by which lines are missed, and that is told already."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0095)
    matcher = audited(rules=[RulePatterns(match=(r"a\s+(?!.)",))])
    matcher.match((b"a" + b" " * 100_000 + b"x\n") * 12)
    assert matcher.statistics.quarantined == (0,)
    for _ in range(20):
        assert matcher.match(b"a \n" * 40) == []
    assert matcher.statistics.pairs_audited > 100
    assert (matcher.statistics.differences, matcher.statistics.fallback) == (0, ())


def test_rules_that_run_on_every_line_anyway_are_not_looked_at():
    """The engine says nothing about them."""
    matcher = audited(rules=[RulePatterns(match=(r"^\w?$",)), RulePatterns(match=())])
    for block in map(log, range(20)):
        matcher.match(block)
    assert matcher.statistics.lines_audited == 0


def test_a_line_too_long_to_be_searched_quickly_is_passed_over_by_the_audit():
    """It is bounded by time, whatever comes."""
    matcher = audited(rules=[RulePatterns(match=(r"x\s+\S+\s+end$",))])
    for _ in range(10):
        matcher.match(b"x" + b" " * 9_000 + b"!\n")
    assert matcher.statistics.lines_audited > 0
    assert matcher.statistics.pairs_audited == 0


def test_threads_that_share_a_matcher_miss_nothing_once_one_of_them_was_told():
    """Each of them works on blocks of its own."""
    matcher = audited(LyingEngines(dropping_expression(0)))
    oracle = ReferenceMatcher(RULES)
    barrier = Barrier(3, timeout=60)
    wrong = []
    told = []

    def follow(first):
        barrier.wait()
        for seed in range(first, first + 40):
            block = log(seed)
            was_told = bool(told)
            hits = matcher.match(block)
            told.extend(matcher.troubles())
            if was_told and hits != oracle.match(block):
                wrong.append(seed)

    threads = [Thread(target=follow, args=(first,), daemon=True) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert [(one.kind, one.rule) for one in told] == [("differs", 0)]


@pytest.mark.parametrize("at", range(30, 50))
def test_a_thread_that_comes_just_after_the_last_rule_was_found_out_goes_on(at):
    """Two threads look at the only rule; the slower one finds nothing left to look at."""
    made = Matcher(RULES[:1], audit=10.0, random=Random(1).random, clock=lambda: next(looks) * 1e-4)
    oracle, numbers = ReferenceMatcher(RULES[:1]), itertools.count()

    def other_thread():
        for number in numbers:
            if number == at:  # in the middle of a review
                made._audit.fallback[0] = object()
            yield number

    looks = other_thread()
    for block in map(log, range(30)):
        assert made.match(block) == oracle.match(block)
    assert made.statistics.fallback == (0,)
