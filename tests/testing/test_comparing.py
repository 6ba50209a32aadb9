"""What came next to what was expected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logwatch.config.problems import Place
from logwatch.config.rule_tests import ExpectedAlert
from logwatch.rules.message import about_logwatch
from logwatch.testing.comparing import aligned, compared, differences
from logwatch.testing.outcome import Happened

PLACE = Place("a.yaml", 3, 1, 2)
names = st.text("ab", min_size=1, max_size=1)


def came(name, at=0.0):
    """An alert with one field."""
    labels = {"name": name}
    alert = about_logwatch("r", "m", id="1", severity="info", wall=at, host="h", labels=labels)
    return Happened(alert=alert, at=at)


def wanted(name, at=None):
    """An entry that asks for it."""
    return ExpectedAlert(at=at, values={"name": name}, place=PLACE, places={})


def shown(pairs):
    """The pairs by the names in them."""
    return [
        (
            one.values["name"] if one is not None else "-",
            other.alert.labels["name"] if other is not None else "-",
        )
        for one, other in pairs
    ]


def test_one_too_many_is_told_as_one():
    """And not as a difference in all that follow."""
    pairs = aligned([wanted("a"), wanted("c")], [came("a"), came("b"), came("c")], 0.0)
    assert shown(pairs) == [("a", "a"), ("-", "b"), ("c", "c")]
    pairs = aligned([wanted("a"), wanted("b"), wanted("c")], [came("b"), came("c")], 0.0)
    assert shown(pairs) == [("a", "-"), ("b", "b"), ("c", "c")]


def test_one_that_is_wholly_different_is_still_one_pair():
    """What came instead of it is what a person wants to see."""
    assert shown(aligned([wanted("a")], [came("b")], 0.0)) == [("a", "b")]


@given(st.lists(names, max_size=6), st.lists(names, max_size=6))
def test_each_entry_and_each_alert_is_in_one_pair_in_order(expected, got):
    """And what is equal as a whole is paired as a whole."""
    pairs = shown(aligned([wanted(name) for name in expected], [came(name) for name in got], 0.0))
    assert [one for one, _ in pairs if one != "-"] == expected
    assert [other for _, other in pairs if other != "-"] == got
    assert ("-", "-") not in pairs
    if expected == got:
        assert all(one == other for one, other in pairs)


@given(st.lists(names, max_size=6), st.lists(names, max_size=6))
def test_only_what_is_equal_passes(expected, got):
    """There is a mismatch wherever the lists differ."""
    found = compared(
        "fires",
        [wanted(name) for name in expected],
        [came(name) for name in got],
        start=0.0,
        place=PLACE,
    )
    assert bool(found) == (expected != got)


def test_a_very_long_list_is_compared_entry_by_entry():
    """An alignment would take longer than a person waits."""
    many = [wanted(str(number)) for number in range(600)]
    got = [came(str(number)) for number in range(600)]
    assert compared("fires", many, got, start=0.0, place=PLACE) == ()
    (missing,) = compared("fires", many, got[:-1], start=0.0, place=PLACE)
    assert missing.got is None


def test_times_are_equal_to_the_millisecond():
    """As alerts tell them."""
    assert differences(wanted("a", 5.0), came("a", 5.001), 0.0) == ()
    (late,) = differences(wanted("a", 5.0), came("a", 5.25), 0.0)
    assert (late.name, late.expected, late.got) == ("at", "+5s", "+5s250ms")
    (early,) = differences(wanted("a", 5.0), came("a", -1.0), 0.0)
    assert early.got == "-1s"


def test_counts_are_compared_as_numbers():
    """`05` is 5."""
    entry = ExpectedAlert(at=None, values={"count": "01"}, place=PLACE, places={})
    assert differences(entry, came("a"), 0.0) == ()
