"""The telling stretch: what of a pattern is scanned for in place of all of it."""

from __future__ import annotations

import pytest

from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.stretch import stretch, telling
from logwatch.matching.syntax import parse
from logwatch.matching.translator import Form, express, skeleton


def scanned_for(pattern: str) -> bytes | None:
    """The stretch of a pattern, in Hyperscan's syntax."""
    found = stretch(skeleton(parse(pattern)))
    return found and express(found, Form.WHOLE)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"Failed password for (?P<user>\S+) from", rb"Failed password for "),
        (r'"GET \S+ HTTP/1\.1" 5\d\d', rb" HTTP\x2f1\x2e1\x22 5"),
        (r'"GET \S+ HTTP/1\.1" 5\d\d ', rb" HTTP\x2f1\x2e1\x22 5[0-9\x3f][0-9\x3f] "),
        (r"a.*segfault at \d+", rb"segfault at "),
        (r"^connection refused: .+x", rb"^connection refused\x3a "),
        (r"x.*connection refused$", rb"connection refused\r?$"),
        (r"(?:no such file|no such folder).*in", rb"no such f(?:ile|older)"),
        (
            r"a.*(?:no route to host.*by|connection refused.*at).*z",
            rb"(?:no route to host|connection refused)",
        ),
        (
            r"no route to host.*by|connection refused.*at",
            rb"(?:no route to host|connection refused)",
        ),
        (r"no route to host.*by|refused.*at", None),
    ],
)
def test_the_most_telling_part_between_open_ends_is_taken(pattern, expected):
    """With its anchor; without a set at its ends, of which each character would be looked for."""
    assert scanned_for(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [r"error.*timeout", r"\d+\.\d+\.\d+\.\d+ GET", r"java\.\w+Exception", r"short \S+ text", "abc"],
)
def test_a_pattern_without_twelve_certain_letters_in_a_row_is_scanned_for_whole(pattern):
    """Each of its parts is in too many lines."""
    assert scanned_for(pattern) is None


def test_a_stretch_that_many_patterns_share_stands_for_none_of_them():
    """Or a line of one would be confirmed for all."""
    texts = [rf"{name}\[\d+\]: dead letter queue full" for name in ("a", "b", "c", "d")]
    skeletons = {number: skeleton(parse(text)) for number, text in enumerate(texts)}
    assert telling(skeletons) == {}
    assert set(telling({number: skeletons[number] for number in range(3)})) == {0, 1, 2}


def test_a_line_that_has_the_stretch_alone_is_no_match():
    """It is a prefilter: `re` has the last word."""
    matcher = Matcher([RulePatterns(match=(r'"GET \S+ HTTP/1\.1" 5\d\d',))])
    lines = ['"GET /a HTTP/1.1" 500', '"PUT /a HTTP/1.1" 500', '"GET /a HTTP/1.1" 200']
    assert [hit.text for hit in matcher.match("\n".join(lines).encode())] == lines[:1]
