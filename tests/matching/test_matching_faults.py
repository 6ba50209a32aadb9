"""A fault of Python's own engine costs the pattern that line, and nothing else."""

from __future__ import annotations

import re

import pytest

from logwatch.conditions import compile_tests, parse_test
from logwatch.matching import confirmation, searches
from logwatch.matching.field_searches import FieldSearches
from logwatch.matching.matcher import Matcher, RulePatterns

FAULTS = [
    SystemError("The span of capturing group is wrong"),
    RuntimeError("invalid SRE code"),
    RecursionError("maximum recursion limit exceeded"),
]


class Broken:
    """A compiled pattern that fails in some lines."""

    def __init__(self, text, error):
        self._pattern, self._error = re.compile(text), error

    def search(self, line):
        if "poison" in line:
            raise self._error
        return self._pattern.search(line)


@pytest.fixture(params=FAULTS, ids=lambda error: type(error).__name__)
def broken(request, monkeypatch):
    """All patterns with `bad` in them fail, in lines with `poison`."""
    breaks(monkeypatch, request.param)


def breaks(monkeypatch, error):
    """Python's engine raises `error` for patterns with `bad` in them, in lines with `poison`."""
    monkeypatch.setattr(
        searches,
        "compile_pattern",
        lambda text: Broken(text, error) if "bad" in text else re.compile(text),
    )


def told(matcher):
    """What happened to which pattern of which rule."""
    return [(one.kind, one.rule, one.pattern) for one in matcher.troubles()]


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("lines", [1, 200])
def test_a_search_that_fails_counts_as_no_match_and_is_told_once(lines):
    """Other lines, other patterns of the rule and other rules go on."""
    rules = [RulePatterns(match=("bad",)), RulePatterns(match=("bad", "line"))]
    matcher = Matcher([*rules, RulePatterns(match=("end",))])
    data = b"bad line\n" * lines + b"bad poison line end\n" + b"bad\n" * lines
    found = [[rule for rule, _ in hit.found] for hit in matcher.match(data * 2)]
    assert found == ([[0, 1]] * lines + [[1, 2]] + [[0, 1]] * lines) * 2
    assert told(matcher) == [("failed", 0, "bad"), ("failed", 1, "bad")]
    assert matcher.statistics.timeouts == {0: 2, 1: 2}
    assert matcher.statistics.quarantined == ()


@pytest.mark.usefixtures("broken")
def test_a_pattern_of_its_own_rule_may_fail():
    """It is searched for without a detour, as nearly all are."""
    matcher = Matcher([RulePatterns(match=("bad",))])
    for _ in range(3):
        assert len(matcher.match(b"bad\nbad poison\nbad\n")) == 2
    assert told(matcher) == [("failed", 0, "bad")]
    assert matcher.timeouts == {0: 3}


@pytest.mark.usefixtures("broken")
def test_an_unless_that_fails_excludes_nothing():
    """And is told so."""
    matcher = Matcher([RulePatterns(match=("line",), unless=("bad",))])
    assert len(matcher.match(b"line poison\nline bad\nline\n")) == 2
    [trouble] = matcher.troubles()
    assert "Python's engine failed in it, so excluded nothing there" in trouble.message


@pytest.mark.usefixtures("broken")
def test_a_search_that_is_measured_may_fail(monkeypatch):
    """As when the lines before it were slow."""
    monkeypatch.setattr(confirmation, "_USUAL_SECONDS", -1.0)
    monkeypatch.setattr(confirmation, "_USUAL_SECONDS_PER_LINE", 0.0)
    matcher = Matcher([RulePatterns(match=("bad",))])
    for _ in range(3):
        assert len(matcher.match(b"bad\nbad poison\nbad\n")) == 2
    assert matcher.timeouts == {0: 3}


@pytest.mark.usefixtures("broken")
def test_the_audit_may_fail_where_the_search_did():
    """It says nothing of the engine that scans."""
    matcher = Matcher([RulePatterns(match=("bad",))], audit=1e9)
    for _ in range(5):
        matcher.match(b"bad poison\nbad\n" * 50)
    assert told(matcher) == [("failed", 0, "bad")]
    assert matcher.statistics.differences == 0


@pytest.mark.usefixtures("broken")
def test_a_condition_whose_search_fails_does_not_hold():
    """It is counted and told for its rule."""
    fields = FieldSearches([{"bad": False}])
    search = fields.search("bad")
    assert [bool(search(text)) for text in ("bad", "bad poison", "bad")] == [True, False, True]
    assert [one.kind for one in fields.troubles()] == ["failed"]
    assert fields.timeouts == {0: 1}


@pytest.mark.usefixtures("broken")
def test_a_condition_of_a_route_or_mute_whose_search_fails_does_not_hold():
    """These have no budget; a thread that all depend on asks them."""
    holds = compile_tests((parse_test("~ bad"),), searches.guarded_search)
    assert [holds(text) for text in ("bad", "bad poison")] == [True, False]


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), SystemExit()])
def test_what_passes_is_no_fault_of_the_pattern(monkeypatch, error):
    """The thread ends and begins again at that line, or the program ends: no line is given up."""
    breaks(monkeypatch, error)
    with pytest.raises(type(error)):
        Matcher([RulePatterns(match=("bad",))]).match(b"bad poison\n")
