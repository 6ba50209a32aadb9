"""The literals that a pattern requires, and the scanner that looks for them."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.matching import literal_prefilter
from logwatch.matching.alphabet import fold
from logwatch.matching.literal_scanner import Expression, LiteralScanner
from logwatch.matching.literals import SMALL, ignores_case, literals, rarest
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.reference import ReferenceMatcher
from logwatch.matching.syntax import parse
from logwatch.matching.translator import skeleton


def choices(pattern, *, small=False):
    return literals(skeleton(parse(pattern)), small=small)


def chosen(pattern, *, small=False):
    found = choices(pattern, small=small)
    return rarest(found, Counter()) if found else ()


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"Failed password for \S+ from \d+", (b"Failed password for ",)),
        (r"(?:lost|gone) again", (b"lost again", b"gone again")),
        (r"\d+(?:lost|gone|x{3})\d+", (b"lost", b"gone", b"xxx")),
        (r"(?:ab){3}", (b"ababab",)),
        (r"x(?:abc)+[a-z]{9}", (b"abc",)),
        (r"[ab]c[de]", (b"acd", b"ace", b"bcd", b"bce")),
        (r"(?:lost|\d*)[a-z]", ()),
        (r"a?b", ()),
        (r"(?:abc)?", ()),
        (r"日本語 is", (b"??? is",)),
    ],
)
def test_the_longest_text_that_must_be_there_is_known(pattern, texts):
    """Through groups, alternatives, repeats and small sets; nothing where nothing is sure."""
    assert chosen(pattern) == texts


def test_a_long_list_of_words_is_no_trouble():
    """Thousands of words, each found."""
    words = [f"word{number}x" for number in range(5_000)]
    texts = chosen(rf"user (?:{'|'.join(words)}) left")
    assert len(texts) == 5_000
    assert texts[17] == b"user word17x left"


def test_without_case_texts_are_in_small_letters_with_their_odd_relatives():
    """U+017F is an s, U+212A a k: in the folded alphabet both are question marks."""
    tree = skeleton(parse("(?i)KISS"))
    assert ignores_case(tree)
    assert set(literals(tree, small=True)[0]) == {
        a + b + c + d for a in (b"k", b"?") for b in (b"i", b"?") for c in (b"s", b"?")
        for d in (b"s", b"?")
    }  # fmt: skip
    assert chosen("(?i)ÉTAT", small=True) == (b"\xe9tat",)
    assert not ignores_case(skeleton(parse("KISS [abc]")))


def test_a_text_that_few_patterns_have_is_better_than_a_long_one():
    """What all rules have in common would stop at every line of that kind."""
    patterns = [rf"svc-{name}x\d+ failed with status" for name in ("alpha", "beta", "gamma")]
    found = literal_prefilter.build(patterns).scanner.scan(b"svc-betax1 failed with status")
    assert [number for _, number in found] == [1]


_LETTERS = st.sampled_from([*"abkisABKISéÉß?", "\u017f", "\u212a", "日"])
_BLOCKS = st.text(_LETTERS, max_size=40)


@given(st.lists(st.text(_LETTERS, min_size=1, max_size=4), min_size=1, max_size=6), _BLOCKS)
def test_texts_are_found_wherever_they_end(texts, block):
    """Inside one another, side by side, one over the other; exactly as a plain search says."""
    folded, sought = fold(block), [fold(text) for text in texts]
    expected = sorted(
        (at + len(text), number)
        for number, text in enumerate(sought)
        for at in range(len(folded))
        if folded.startswith(text, at)
    )
    scanner = LiteralScanner([Expression((text,)) for text in sought])
    assert sorted(scanner.scan(folded)) == expected
    also_small = LiteralScanner(
        [*(Expression((text,)) for text in sought), Expression((b"\xff\xff",), any_case=True)]
    )
    assert sorted(also_small.scan(folded)) == expected


@given(st.text(_LETTERS, min_size=1, max_size=5), _BLOCKS)
def test_a_text_in_any_case_is_found_wherever_python_finds_it(text, block):
    """At least there: what is found is confirmed."""
    pattern = f"(?i){re.escape(text)}"
    texts = chosen(pattern, small=True)
    if texts and re.search(pattern, block):
        assert LiteralScanner([Expression(texts, any_case=True)]).scan(fold(block))


def test_small_letters_keep_their_place():
    """Each byte is one byte; only letters change."""
    assert len(SMALL) == 256
    assert b"A\xc9\xd7\xdf\xff?\n".translate(SMALL) == b"a\xe9\xd7\xdf\xff?\n"


def test_one_automaton_serves_many_threads():
    """It never changes."""
    rules = [RulePatterns(match=(f"(?i)number {digit}+$",)) for digit in range(10)]
    matcher = Matcher(rules, engine="aho-corasick")
    block = b"".join(b"a line with NUMBER %d\n" % number for number in range(2_000))
    expected = ReferenceMatcher(rules).match(block)
    with ThreadPoolExecutor(8) as pool:
        assert all(hits == expected for hits in pool.map(matcher.match, [block] * 32))


def test_literals_are_kept_on_disk_and_rebuilt_where_damaged(tmp_path, monkeypatch):
    """The second start reads no pattern."""
    rules = [RulePatterns(match=("lost|gone",)), RulePatterns(match=(r"\d",))]
    first = Matcher(rules, engine="aho-corasick", cache=tmp_path)
    [path] = tmp_path.glob("*.literals")
    monkeypatch.setattr(literal_prefilter, "outline", None)
    second = Matcher(rules, engine="aho-corasick", cache=tmp_path)
    assert second.unfiltered() == first.unfiltered() != []
    monkeypatch.undo()
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    third = Matcher(rules, engine="aho-corasick", cache=tmp_path)
    assert third.unfiltered() == first.unfiltered()
    assert path.read_bytes() == content
    for matcher in (first, second, third):
        assert [hit.text for hit in matcher.match(b"a\nlost\n7")] == ["lost", "7"]
