"""Patterns that are too long for one expression of the engine."""

from __future__ import annotations

import pytest

from logwatch.matching import splitting
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.reference import ReferenceMatcher
from logwatch.matching.splitting import expressions
from logwatch.matching.syntax import parse
from logwatch.matching.translator import Form, skeleton

WORDS = [f"word{number * 7919 % 100_003:05d}" for number in range(2_000)]


def test_a_list_of_thousands_of_words_has_a_prefilter():
    """Hyperscan takes 16,000 characters at once; the pattern has 20,000."""
    rules = [
        RulePatterns(match=(rf"user (?P<who>{'|'.join(WORDS)}) left",)),
        RulePatterns(match=("left",)),
    ]
    matcher = Matcher(rules, engine="hyperscan")
    assert matcher.unfiltered() == []
    block = b"user word07919 left\nuser word left\nuser word00000 left\nuser word15838 came\n"
    assert matcher.match(block) == ReferenceMatcher(rules).match(block)
    assert len(matcher.match(block)) == 3


@pytest.mark.parametrize(
    "pattern",
    [
        "lost|gone|away|far|near|here|there|nowhere",
        r"^a (?:lost|gone|away|far|near|here|there) \d+ z$",
        "x(?:y(?:lost|gone|away|far|near)|here|there|nowhere) w",
        "(?:lost|gone|away|far|near|here|there|nowhere)+ x",
        "(?i)lost|gone|away|far|near|here|there|nowhere",
        "a(?:lost|gone|away|far|near)(?:here|there|nowhere)",
    ],
)
@pytest.mark.parametrize("form", [Form.WHOLE, Form.UNANCHORED, Form.UNCOUNTED])
def test_the_parts_match_together_what_the_whole_matches(monkeypatch, pattern, form):
    """Each part is short, or cannot be shorter."""
    monkeypatch.setattr(splitting, "_LONGEST", 30)
    parts = expressions(skeleton(parse(pattern)), form)
    assert len(parts) > 1
    assert len(set(parts)) == len(parts)
    rules = [RulePatterns(match=(pattern,))]
    matcher = Matcher(rules, engine="hyperscan")
    words = ["lost", "gone", "away", "far", "near", "here", "there", "nowhere", "LOST"]
    lines = [
        line
        for word in words
        for line in (word, f"a {word} 12 z", f"xy{word} w", f"x{word} w", f"{word}{word} x")
    ]
    lines += [f"a{one}{other}" for one in words for other in words]
    block = "\n".join(lines).encode()
    assert matcher.match(block) == ReferenceMatcher(rules).match(block)


def test_what_has_no_alternatives_stays_in_one_piece(monkeypatch):
    """The engine says what it thinks of it."""
    monkeypatch.setattr(splitting, "_LONGEST", 5)
    assert len(expressions(skeleton(parse("a long text without a choice")), Form.WHOLE)) == 1
    assert expressions(skeleton(parse(r"\d")), Form.LITERALS) == ()
    assert expressions(skeleton(parse(r"(?:lost|\d\d|gone)x")), Form.LITERALS) == ()
