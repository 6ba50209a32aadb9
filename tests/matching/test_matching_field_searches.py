"""Patterns in conditions on fields have the budget that patterns of lines have."""

from __future__ import annotations

import pytest

from logwatch.matching import searches
from logwatch.matching.field_searches import FieldSearches

EVIL = "(?:a|aa)+(?!.)"
LINE = "a" * 60 + "!"


class Clock:
    """Each look at it costs so much."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture
def short_limits(monkeypatch):
    """A search that is given up counts for a millisecond, and ten are too many."""
    monkeypatch.setattr(searches, "TIMEOUT_SECONDS", 0.001)
    monkeypatch.setattr(searches, "BURST_SECONDS", 0.0095)


@pytest.mark.usefixtures("short_limits")
def test_a_pattern_that_is_slow_again_and_again_is_put_in_quarantine():
    """It is told, and counted for its rules; others go on."""
    fields = FieldSearches([{"fine": False}, {EVIL: False, "fine": False}], clock=lambda: 0.0)
    search, fine = fields.search(EVIL), fields.search("fine")
    assert [search(LINE) for _ in range(25)] == [None] * 25
    told = list(fields.troubles())
    assert [(one.kind, one.rule, one.pattern) for one in told] == [
        ("timed-out", 1, EVIL),
        ("quarantined", 1, EVIL),
    ]
    assert "so the rule may miss lines" in told[1].message
    assert list(fields.troubles()) == []
    assert fields.timeouts == {1: 10}
    assert fields.quarantined == {1: 15}
    assert search("aaa") is None
    assert fields.quarantined == {1: 16}
    assert fine("all is fine")


@pytest.mark.usefixtures("short_limits")
def test_rules_that_share_a_pattern_are_both_told_what_it_means_for_them():
    """One that wants what does not have it may fire too often."""
    fields = FieldSearches([{EVIL: True}, {EVIL: False}], clock=lambda: 0.0)
    for _ in range(10):
        fields.search(EVIL)(LINE)
    told = [one for one in fields.troubles() if one.kind == "quarantined"]
    assert [one.rule for one in told] == [0, 1]
    assert "may fire too often" in told[0].message
    assert "may miss lines" in told[1].message
    assert fields.quarantined == {0: 0, 1: 0}


@pytest.mark.usefixtures("short_limits")
def test_a_pattern_that_is_slow_now_and_then_goes_on():
    """The log that goes by makes up for it."""
    fields = FieldSearches([{EVIL: False}], clock=lambda: 0.0)
    for _ in range(30):
        fields.search(EVIL)(LINE)
        fields.scanned(20_000)
    assert [one.kind for one in fields.troubles()] == ["timed-out"]
    assert fields.timeouts == {0: 30}
    assert fields.quarantined == {}


def test_what_is_slow_without_being_given_up_is_charged_as_well():
    """Before `re` takes long enough to be interrupted."""
    fields = FieldSearches([{"x*x*y": False}], clock=Clock(0.04))
    search = fields.search("x*x*y")
    for _ in range(30):
        search("x" * 190)
    assert [one.kind for one in fields.troubles()] == ["quarantined"]
    assert fields.timeouts == {}


@pytest.mark.usefixtures("short_limits")
def test_a_pattern_that_explodes_over_newlines_holds_no_file_up():
    """A value of JSON may be a page of empty lines."""
    evil = r"\n+\n+\n+\n+(?![^x])"  # safe in a line
    fields = FieldSearches([{evil: False}], clock=lambda: 0.0)
    assert fields.search(evil)("\n" * 80 + "!") is None
    assert [one.kind for one in fields.troubles()] == ["timed-out"]


def test_a_safe_pattern_is_never_measured():
    """However long the value is."""
    clock = Clock(1.0)
    fields = FieldSearches([{"user failed": False}], clock=clock)
    assert fields.search("user failed")("x" * 100_000 + "user failed")
    assert clock.now == 0.0


@pytest.mark.usefixtures("short_limits")
def test_the_pattern_of_a_format_is_told_of_once_and_as_no_rule_s():
    """However many rules look at its lines."""
    fields = FieldSearches([{}, {"fine": False}], own=EVIL, clock=lambda: 0.0)
    for _ in range(25):
        fields.search(EVIL)(LINE)
    told = list(fields.troubles())
    assert [(one.kind, one.rule, one.pattern) for one in told] == [
        ("timed-out", None, EVIL),
        ("quarantined", None, EVIL),
    ]
    assert "so it has no fields" in told[0].message
    assert "no line has fields" in told[1].message
    assert fields.timeouts == fields.quarantined == {}
