"""Conditions on the fields of a record's first line find the record as they find that line."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from parsers.test_needles import LINES, NOW, PARSERS, near_tests, parsed_condition

from logwatch.conditions import compile_where
from logwatch.daemon.readings import _of_first_line
from logwatch.parsers import needle
from logwatch.parsers.needles import NEVER

RESTS = st.sampled_from(["", "\n\tat a.b(C.java:1)", "\r\n  more\r\n  x", "\nTraceback: 0 error"])


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")  # of `[[`, which may be drawn
@pytest.mark.parametrize("name", [name for name in LINES if name != "plain"])
@given(data=st.data())
def test_a_condition_on_the_first_line_never_holds_where_its_needle_is_not(name, data):
    text = data.draw(LINES[name])
    assume("\n" not in text)
    fields = PARSERS[name].parse(text, NOW).fields
    assume(fields)
    field = data.draw(st.sampled_from(sorted(fields)))
    condition = parsed_condition(field, [data.draw(near_tests(fields[field]))])
    assume(condition is not None)
    found = needle(name, (condition,))
    if found is None or not compile_where((condition,))(fields):
        return
    record = text + data.draw(RESTS)
    patterns = [_of_first_line(pattern) for pattern in found.patterns]
    assert any(re.search(pattern, record) for pattern in patterns), (record, patterns)


def test_what_can_be_in_no_line_is_in_no_record():
    assert not re.search(_of_first_line(NEVER), "a\nb")


@pytest.mark.parametrize(
    ("written", "meant"),
    [(r"a\Z", True), (r"a\\Z", False), (r"a\\\Z", True), ("aZ", False)],
)
def test_only_the_end_of_the_text_becomes_that_of_the_line(written, meant):
    """A backslash that is meant as such is followed by any letter."""
    assert ("(?=" in _of_first_line(written)) is meant
