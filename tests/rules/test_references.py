"""`{job}` in a later pattern."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.rules.references import with_references


def found(pattern: str, line: str, *known: str) -> str | None:
    """What the reference `{job}` of `pattern` finds in `line`."""
    rewritten, _ = with_references(pattern, {"job", *known})
    match = re.search(rewritten, line)
    return match["job"] if match else None


def test_a_reference_in_the_middle_takes_the_shortest_text_up_to_what_follows():
    """Blanks may be in it."""
    rewritten, names = with_references("finished job={job} ok", {"job"})
    assert rewritten == "finished job=(?s:(?P<job>.+?)) ok"
    assert names == ("job",)
    assert found("job '{job}' done", "job 'nightly backup' done") == "nightly backup"


def test_a_reference_at_the_end_takes_what_is_no_blank():
    """Nothing says where it would end otherwise."""
    assert with_references("finished {job}", {"job"}) == (r"finished (?P<job>\S+)", ("job",))
    assert found("finished {job}", "finished db at 03:00") == "db"


@pytest.mark.parametrize(
    "pattern",
    ["{job}: link is up", r"\b{job}: link is up", r"(?:{job}): link", r"\s+({job}: )?link"],
)
def test_a_reference_at_the_beginning_takes_what_stands_before_its_end(pattern):
    """Not the stamp and the host that a line begins with."""
    assert found(pattern, "Jan  5 01:00:00 sw1 kernel: bnx2 eth0: link is up") == "eth0"
    assert found(pattern, "eth0: link is up") in {"eth0", None}


def test_an_anchored_reference_takes_all_from_there():
    """Blanks may be in it."""
    assert found("^{job} done", "nightly backup done") == "nightly backup"


def test_a_second_use_refers_back_to_the_first():
    """Both must be the same text."""
    rewritten, names = with_references("{job}: {job} ok", {"job"})
    assert rewritten == r"(?P<job>\S+?): (?P=job) ok"
    assert names == ("job",)
    assert found("{job}: {job} ok", "db: web ok") is None
    assert found("{job}: {job} ok", "db: db ok") == "db"


def test_a_group_of_the_same_name_before_it_is_referred_back_to():
    """The pattern says itself what the text looks like."""
    assert with_references(r"(?P<job>\w+) then {job}", {"job"}) == (
        r"(?P<job>\w+) then (?P=job)",
        ("job",),
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "a{2,3}",
        "a{2}",
        "a{,3}",
        r"\{job}",
        r"\{job\}",
        "[{job}]",
        "[^{job}]",
        "[]{job}]",
        r"[\]{job}]",
        "(?#{job})x",
        r"\N{BULLET}",
        "{other}",
        "{job.name}",
        "{}",
        "{ job }",
    ],
)
def test_braces_that_are_no_reference_stay(pattern):
    """Counts, escapes, classes, comments, names that nobody knows."""
    assert with_references(pattern, {"job", "BULLET"}) == (pattern, ())


@pytest.mark.parametrize(
    "pattern",
    [
        "(finished {job})",
        "(?:finished {job})?",
        "finished {job}|gave up",
        "finished {job}.*",
        "finished {job}( with .*)?",
        r"finished {job}\b",
        r"finished {job}\s*",
        "finished {job}(?: with| within)",
        "finished {job}[^,]*",
        r"finished {job}\s+with",
        "finished {job}[ \t]",
        r"finished {job}\ with",
    ],
)
def test_what_follows_never_cuts_a_value_to_its_first_character(pattern):
    """An end that may be empty is no end."""
    assert found(pattern, "finished nightly-db with 3 warnings") == "nightly-db"


def test_a_dollar_ends_a_value_with_blanks():
    """The end of the line is as good an end as any."""
    assert found("finished {job}$", "finished nightly backup") == "nightly backup"


def test_a_class_with_a_bracket_first_ends_before_the_reference():
    """`[]x]` is a class of two."""
    assert with_references("[]x] {job}", {"job"})[1] == ("job",)


def test_several_references_come_in_the_order_of_their_first_use():
    """One group each."""
    _, names = with_references("{b}, {a}, {b}", {"a", "b"})
    assert names == ("b", "a")


@pytest.mark.parametrize("pattern", ["done {job}|failed {job}", "x(?:{job} a|b {job})"])
def test_a_reference_in_two_alternatives_is_refused_with_the_remedy(pattern):
    """A reference back to a group that took no part never matches: that must not pass silently."""
    with pytest.raises(ValueError, match="list of two patterns"):
        with_references(pattern, {"job"})


def test_a_reference_before_and_in_an_alternative_is_fine():
    """The first one always took part."""
    assert found("{job} (?:ok|failed {job})", "db failed db") == "db"


def test_a_stray_bracket_is_left_for_the_compiler_to_refuse():
    """This is not where patterns are checked."""
    assert with_references("){job}", {"job"})[1] == ("job",)


@given(st.text(alphabet="ab{}[]()|\\^?*+,2$. ", max_size=20))
def test_a_pattern_without_references_is_never_changed(pattern):
    """Whatever it is made of."""
    assert with_references(pattern, {"job"}) == (pattern, ())


@given(st.text(alphabet="abcXYZ019_-", min_size=1), st.sampled_from([" ok", "", ", ", "' done"]))
def test_a_value_without_blanks_is_found_whole(value, after):
    """For every literal end."""
    assert found(f"job='{{job}}{re.escape(after)}", f"job='{value}{after}") == value
