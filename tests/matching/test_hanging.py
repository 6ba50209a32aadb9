"""A line on which a risky pattern hangs is found soon, and is one."""

from __future__ import annotations

import re
import time

import pytest

from logwatch.matching.hanging import hanging_line

EXPLODING = [
    r"(a+)+$",
    r"^(\w+\s?)*$",
    r"id=(x+x+)+y",
    r"(\d+|[0-9a-f]+)*z",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"((a?)?b?)*c$",
    r"(?:(?:(?:ab)?c?)?d?)*!$",
]


def cost(text: str, line: str) -> float:
    """The least CPU time of five searches, in seconds."""
    costs = []
    for _ in range(5):
        began = time.process_time()
        assert not re.search(text, line)
        costs.append(time.process_time() - began)
    return min(costs)


@pytest.mark.parametrize("text", EXPLODING)
def test_some_characters_more_cost_many_times_as_much(text):
    """So that the line itself, with its sixty rounds, would take years."""
    found = hanging_line(text, time.process_time)
    assert found is not None
    assert found.explodes
    short, longer = (
        found.head + found.pump * (count // len(found.pump)) + found.tail for count in (9, 12)
    )
    assert cost(text, longer) > 2 * cost(text, short)


@pytest.mark.parametrize(
    "text",
    [
        r"(?:a*a*a*)*b", r"(?:.*.*.*.*)*=", r"(?:a*a*a*a*a*a*a*a*)*b", r"(?:a?a?a?a?a?a?a?a?)*b",
        r"(?:\w*[\w.]*[\w-]*)+@", r"(?:a{0,9}){10,}b", r"(?:(?:a|b|ab)?(?:a|b|ab)?(?:ab)?)*c",
        r"(?:[a-z]*[0-9a-z]*[a-f0-9]*\d*\w*)*=", r"(?:(a)?(b)?(c)?(ab)?(bc)?(abc)?)+d",
        r"(?:x?x*){50}y", r"(?:(?:\w+\s?)*\w*\s*)*!", r"((((a*)*)*)*)*b",
        r"(?:[a-z0-9]*[a-z]*\w*\w*\d*\w*\S*\S*.*)*=",
    ],
)  # fmt: skip
def test_no_line_is_tried_that_could_take_minutes(text):
    """However many ways there are in a single round."""
    began = time.process_time()
    found = hanging_line(text, time.process_time)
    assert found is not None
    assert found.explodes
    assert time.process_time() - began < 10


def test_a_line_of_a_slow_pattern_is_long():
    """It grows with a power of the length, not exponentially."""
    found = hanging_line(".*.*.*=.*", time.process_time)
    assert found is not None
    assert not found.explodes
    assert str(found) == "'a' * 20000 + '!'"
    assert len(found.line) == 20_001


def test_the_recipe_is_python():
    """To be copied."""
    found = hanging_line(r"id=(x+x+)+y", time.process_time)
    assert eval(str(found)) == found.line


@pytest.mark.parametrize("text", ["abc", r"^(?P<a>[^,]*),(?P<b>[^,]*)$", r"\d+ \w+", "(?=x)", ""])
def test_nothing_is_claimed_of_a_harmless_pattern(text):
    """And little time is spent."""
    began = time.process_time()
    assert hanging_line(text, time.process_time) is None
    assert time.process_time() - began < 1.0
