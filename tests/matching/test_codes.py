"""The code that a rule names: what is scanned for in place of the rule where rules are many."""

from __future__ import annotations

import pytest
from doubles.examples import examples
from matching.exactness.campaign import Campaign

from logwatch.matching import codes
from logwatch.matching.codes import MANY, coded
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.stretch import telling
from logwatch.matching.syntax import parse
from logwatch.matching.translator import Form, express, skeleton


@pytest.fixture(name="few_are_many")
def _few_are_many(monkeypatch):
    """So that a test needs no thousand patterns."""
    monkeypatch.setattr(codes, "MANY", 1)


def scanned_for(*patterns):
    """What is scanned for in place of each pattern that names a code, in Hyperscan's syntax."""
    skeletons = {number: skeleton(parse(text)) for number, text in enumerate(patterns)}
    found = coded(skeletons, telling(skeletons))
    return {number: express(node, Form.WHOLE) for number, node in found.items()}


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"job \w+ export/10068 (?:failed|aborted): (?P<why>.+)", rb" export\x2f10068 "),
        (r"^ORA-10801: (?P<what>.+) at line \d+", rb"ORA\x2d10801\x3a "),
        (r"level=(?:error|fatal) code=10804 msg=.lease lost. trace=\w", rb" code\x3d10804 ms"),
        (r"an error of the number 123456789012 was met", rb"an error of the number 123456789012"),
        (r"\[\d+\]: lease lost \(code=10690\)$", rb"\x5d\x3a lease lost \x28code\x3d10690\x29"),
        (r"server 1045: error 10690 of \w+", rb"server 1045\x3a error 10690 of"),
    ],
)
def test_the_text_up_to_the_code_is_taken(pattern, expected):
    """And what is looked for at once with it; of two codes the one that has more before it."""
    assert scanned_for(pattern) == {0: expected}


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize(
    "pattern",
    [
        "no code at all in this text",
        "status=404 for the whole page",
        r"EventID=4625 .*LogonType=\d+ .*Status=0xcaffee6d and more",
        "E10690: x",
        r"(?i)error code=10690 was met",
        r"error code=(?:10690|20691) was met",
        r"(?:error code=10690)? was met",
    ],
)
def test_a_pattern_that_does_not_surely_name_a_code_in_ten_certain_letters_is_left_alone(pattern):
    """A short number, little around it, one of several, or beside a part that tells more."""
    assert scanned_for(pattern) == {}


@pytest.mark.usefixtures("few_are_many")
def test_a_code_that_many_rules_name_stands_for_none_of_them():
    """A port or a year that all of them have tells none from the others."""
    four = [f"{name} cannot reach port 8080 of it" for name in ("alpha", "beta", "gamma", "delta")]
    assert scanned_for(*four) == {}
    assert set(scanned_for(*four[:3])) == {0, 1, 2}


def test_with_few_rules_no_pattern_is_cut_at_its_code():
    """They have nothing to gain."""
    patterns = [rf"job export/admin/{n:05} failed: \w+" for n in range(MANY)]
    assert scanned_for(*patterns[:-1]) == {}
    assert scanned_for(*patterns)[7] == rb"job export\x2fadmin\x2f00007 fa"


def test_a_line_that_has_the_code_alone_is_no_match():
    """It is a prefilter: `re` has the last word."""
    rules = [RulePatterns(match=(rf"job export/{n:05} failed: \w+",)) for n in range(MANY)]
    lines = ["job export/00007 failed: why", "job export/00007 fails", "job export/00008 failed: "]
    hits = Matcher(rules).match("\n".join(lines).encode())
    assert [(hit.text, [rule for rule, _ in hit.found]) for hit in hits] == [(lines[0], [7])]


@pytest.mark.parametrize("seed", range(5, 5 + examples(4)))
def test_the_engine_takes_exactly_what_the_reference_takes(seed):
    """Of random patterns, most with a code somewhere in them."""
    campaign = Campaign()
    campaign.step(seed, "many", most_patterns=50)
    assert campaign.differences == []


def test_the_characters_that_set_the_pace_of_the_scan_are_no_match():
    """With many rules two are looked for that no text has; some binary file may have them."""
    rules = [RulePatterns(match=(rf"job export/{n:05} failed: \w+",)) for n in range(MANY)]
    matcher = Matcher(rules, encoding="latin-1")
    hits = matcher.match(b"\x8d\x90\njob export/00000 failed: why\x8d\x90\n\x8d\x90\x8d\x90")
    assert [(hit.text[:28], hit.found) for hit in hits] == [
        ("job export/00000 failed: why", [(0, {})])
    ]
