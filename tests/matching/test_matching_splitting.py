"""Patterns that are too long for one expression of the engine."""

from __future__ import annotations

from random import Random
from time import process_time

import pytest

from logwatch.matching import splitting, word_list
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.reference import ReferenceMatcher
from logwatch.matching.splitting import expressions
from logwatch.matching.syntax import parse
from logwatch.matching.translator import Form, skeleton
from logwatch.matching.word_list import spread

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


def texts_of(pattern):
    """The expressions of a pattern."""
    return expressions(skeleton(parse(pattern)), Form.WHOLE)


def test_each_word_of_a_long_list_is_plain_text_with_what_stands_beside_it():
    """Whatever form is asked for; a shorter list stays as it is."""
    assert texts_of("|".join(WORDS)) == tuple(word.encode() for word in WORDS)
    in_sentence = texts_of(f"user (?:{'|'.join(WORDS[:64])}) has \\d+ left")
    assert in_sentence == tuple(f"user {word} has ".encode() for word in WORDS[:64])
    assert len(texts_of(f"user (?:{'|'.join(WORDS[:63])}) has \\d+ left")) == 1
    assert len(expressions(skeleton(parse("|".join(WORDS))), Form.LITERALS)) == len(WORDS)


def test_case_is_no_matter_and_other_spellings_are_texts_of_their_own():
    """In `(?i)` a k is also the Kelvin sign, which is a question mark to the engine."""
    words = "|".join(f"{word}k" for word in WORDS[:64])
    texts = texts_of(f"(?i){words}")
    assert len(texts) == 128
    assert rb"[Ww][Oo][Rr][Dd]00000[Kk]" in texts
    assert rb"[Ww][Oo][Rr][Dd]00000\x3f" in texts


def test_words_that_say_little_are_reported_once_a_line():
    """Together, apart from the others."""
    *texts, short = texts_of("|".join([*WORDS[:100], "a", "bc", "def"]))
    assert texts == [word.encode() for word in WORDS[:100]]
    assert short == rb"(?:a|bc|def)[^\x0a]*$"


def test_what_else_a_pattern_asks_for_is_left_out_only_where_the_words_say_enough():
    """Unless they are so many that it would take too long."""
    names = [f"{number:03x}" for number in range(64)]
    assert all(b"failed" in one for one in texts_of(f"failed .*x(?:{'|'.join(names)})"))
    assert texts_of(f"failed .*x(?:{'|'.join(WORDS)})")[0] == b"xword00000"
    assert texts_of(f"^(?:{'|'.join(WORDS[:64])}) x")[0].startswith(b"^")


def test_words_without_a_fixed_text_stay_what_they_are():
    """The rest of the list does not suffer."""
    *texts, rest = texts_of("|".join([*WORDS[:100], r"ab\d+cd", "x[a-z]{3}yz"]))
    assert len(texts) == 100
    assert rest == rb"(?:ab[0-9\x3f]+cd|x[a-z]{3}yz)"


def test_thousands_of_words_compile_in_a_moment():
    """As one alternation it would take minutes."""
    words = [f"{Random(number).getrandbits(40):08x}" for number in range(3_000)]
    pattern = f"^user (?:{'|'.join(words)}) .*failed$"
    before = process_time()
    matcher = Matcher([RulePatterns(match=(pattern,))], engine="hyperscan")
    hits = matcher.match(f"user {words[7]} has failed\nuser x has failed\n".encode())
    assert process_time() - before < 5
    assert len(hits) == 1


SHAPES = (
    *("{0}", "^{0}", "{0}$", "^{0}$", "x{0}y", "(?i)x{0}", "(?i:{0}) k", "{0}+ y", "x .* {0}"),
    *("{0}.*{1}", r"\b{0}\b", "(?:{0}|{1}) z", "({0})(?=x)", r"x{0}\d", "(?!x){0}", "({0}{1}|{1})"),
)
PARTS = (
    *("k", "is", "abcd", "sixty", r"\d", "é", "S", ".", "xyz", "[a-c]", "K?", "(?:u|vw)", "k{2}"),
)
PIECES = (
    *("k", "is", "abcd", "sixty", "7", "é", "É", "S", "s", "ſ", "\u212a", "xyz", "a", "u", "vw"),
    *("kk", "x", "y", " ", " z", " k", "x "),
)


def a_list(random):
    """A list of a few words, some of which are patterns."""
    words = ["".join(random.choices(PARTS, k=random.randint(1, 3))) for _ in range(6)]
    return f"(?:{'|'.join(words)})"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("very_many", [0, 10**6])
def test_the_words_match_together_what_the_list_matches(monkeypatch, shape, very_many):
    """Lists of a few words stand for long ones."""
    monkeypatch.setattr(word_list, "MANY_WORDS", 2)
    monkeypatch.setattr(word_list, "_VERY_MANY", very_many)
    monkeypatch.setattr(word_list, "TELLING", 20)
    random = Random(shape)
    patterns = [shape.format(a_list(random), a_list(random)) for _ in range(12)]
    assert any(spread(skeleton(parse(pattern))).texts for pattern in patterns)
    lines = ["".join(random.choices(PIECES, k=random.randint(0, 7))) for _ in range(400)]
    block = "".join(line + random.choice(["\n", "\r\n"]) for line in lines).encode()
    rules = [RulePatterns(match=(pattern,)) for pattern in patterns]
    matcher = Matcher(rules, engine="hyperscan")
    assert matcher.match(block) == ReferenceMatcher(rules).match(block)
