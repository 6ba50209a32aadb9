"""A line cannot hold up the process: risky patterns run under a time limit."""

from __future__ import annotations

import math
import re
from typing import Any

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


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (r"(?i)a(?-i:b)", ["aB", "AB", "Ab"]),
        (r"a(?i:b)c", ["aBc", "ABc", "aBC"]),
        (r"(?s)a(?-s:.)b", ["a\nb", "axb"]),
        (r"a(?s:.)b", ["a\nb", "axb"]),
        (r"(?m)^b$", ["a\nb\nc", "ab"]),
        (r"(?m)a(?-m:^|$)", ["a\nb", "a"]),
        (r"b$", ["b\n", "b\n\n", "b"]),
        (r"b\Z", ["b\n", "b"]),
        (r"\Ab|^c", ["ab", "ac", "b", "c"]),
        (r"(?a)\w\b", ["é", "xé", "éx"]),
        (r"(?i)\b\u212a\B", ["k", "kk", "\u212ak", "-K"]),
        (r"\B", ["", "ab", "a"]),
        (r"\b", ["", "-", "a"]),
        (r"a+?b*?c??d", ["aabbcd", "abccd"]),
        (r"(a+?)(a*)", ["aaa"]),
        (r"(?>a+)ab|(?>a|ab)c", ["aaab", "abc", "ac"]),
        (r"a++a|a?+ab|(?:ab?)++b", ["aaa", "ab", "abb"]),
        (r"(?:.+){2}+|(?:ab|a){2}+b", ["em", "aab", "abab"]),
        (r"(<)?x(?(1)>|!)", ["<x>", "x!", "<x", "<x!"]),
        (r"(a)?b(?(1)c)", ["abc", "b", "ab"]),
        (r"(a)|b\1", ["b", "a", "bb"]),
        (r"(?:(a)|b)*\1", ["aba", "bb", "abaa"]),
        (r"(?<=ab|cd)e(?<!cde)", ["abe", "cde", "e"]),
        (r"a(?=b|$)(?!bc)", ["ab", "abc", "a"]),
        (r"[^\W\d_]+[^a]", ["1_ab", "éa", "ab1"]),
        (r"(?i)[^k]\d", ["\u212a1", "k1", "l٣"]),
        (r"a|", ["b", "a"]),
        (r"a{,2}b{2,}c{0}", ["aaabb", "b"]),
        (r"\N{KELVIN SIGN}|\x85|\s", ["\u212a", "k", "\x1c", "\x85"]),
    ],
)
def test_the_twin_of_each_construct_finds_what_python_finds(text, lines):
    """The same place and the same groups, construct by construct."""
    twin = timed.timed_pattern(text)
    assert twin is not None
    for line in lines:
        found, due = twin.search(line), re.search(text, line)
        assert (found and (found.span(), found.groups())) == (due and (due.span(), due.groups()))


def test_a_search_under_the_limit_lets_other_threads_run():
    """It is told so, and how long it may take."""
    asked: list[dict[str, Any]] = []

    class Twin:
        def search(self, _line: str, **options: Any) -> None:
            asked.append(options)

    guarded = searches.GuardedSearch(EVIL)
    guarded._twin = Twin()
    guarded.search("a" * 60)
    assert asked == [{"timeout": searches.TIMEOUT_SECONDS, "concurrent": True}]


class Crowd:
    """A search in a process of which others use so many times as much as its own thread."""

    def __init__(self, needs: float, *others: float) -> None:
        """`others`: at each attempt; from the last on it stays like that."""
        self._needs = needs
        self._others = list(others)
        self.had = 0.0

    def search(self, limit: float) -> str:
        others = self._others.pop(0) if len(self._others) > 1 else self._others[0]
        allowed = limit / (1 + others)
        self.had += min(self._needs, allowed)
        if self._needs > allowed:
            raise TimeoutError
        return "found"

    def found(self) -> str:
        """Under a limit of 50 ms."""
        return timed.in_time(self.search, 0.05, lambda: self.had)


@pytest.mark.parametrize("others", [0, 0.3, 0.9, 1, 1.1, 3, 7, 14])
def test_what_other_threads_use_is_no_part_of_a_searchs_time(others):
    """The limit of the engine is one of the whole process, on as many cores as it has."""
    assert Crowd(0.02, others).found() == "found"


@pytest.mark.parametrize("others", [(0,), (1,), (3,), (1000,), (7, 0), (1000, 0), (3, 7, 0)])
def test_a_search_without_end_is_given_up_beside_busy_threads_too(others):
    """Also where they all become idle as soon as it has got a limit of their size."""
    crowd = Crowd(math.inf, *others)
    with pytest.raises(TimeoutError):
        crowd.found()
    assert crowd.had < 0.9


def test_what_may_take_long_anyway_is_not_tried_again():
    """All matches in a long text."""
    limits = []

    def search(limit):
        limits.append(limit)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        timed.in_time(search, 4.0, lambda: 0.0)
    assert limits == [4.0]


def test_a_search_that_had_its_time_is_not_tried_again():
    """Alone in its process it takes no longer than it may."""
    crowd = Crowd(math.inf, 0)
    with pytest.raises(TimeoutError):
        crowd.found()
    assert crowd.had == pytest.approx(0.05)


def test_a_line_is_not_lost_because_other_threads_were_busy():
    """The twin is asked again, with more time; so for one match, and for all of them."""

    class Twin:
        def search(self, line: str, *, timeout: float, concurrent: bool) -> str:
            if timeout <= searches.TIMEOUT_SECONDS:
                raise TimeoutError
            return f"{line} {concurrent}"

        def finditer(self, *how: Any, **options: Any) -> list[str]:
            return [self.search(*how, **options)]

    guarded = searches.GuardedSearch(EVIL)
    guarded._twin = Twin()
    assert guarded.search("a") == "a True"
    assert guarded.every("a", searches.TIMEOUT_SECONDS) == ["a True"]


def test_a_condition_on_what_may_have_newlines_is_under_the_limit(monkeypatch):
    """As safe in a line as any, and not in the text of an alert."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    search = searches.guarded_search(r"\n+\n+\n+\n+(?![^x])")
    assert search("a\n\n\n\nx") is not None
    with pytest.raises(TimeoutError):
        search("\n" * 80 + "!")
