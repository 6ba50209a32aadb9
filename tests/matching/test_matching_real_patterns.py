"""Every pattern of the corpus (`patterns/`) on every line of it, on every engine."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
from matching.corpus import CASES
from matching.exactness.comparison import (
    Case,
    boundaries,
    expected,
    is_same,
    matched_in_parts,
    records,
)

from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.syntax import quiet_parse

RULES = tuple(RulePatterns(match=(case.pattern,)) for case in CASES)
LINES = [text for case in CASES for text in (case.line, case.miss)]
ENDINGS = (b"\n", b"\r\n", b"\n", b"\r\r\n")


def block(encoding, share):
    """Every so many lines, some with a carriage return, the last without a newline."""
    data = [line.encode(encoding, "replace") for line in LINES[::share]]
    joined = b"".join(line + ENDINGS[at % len(ENDINGS)] for at, line in enumerate(data))
    return joined.removesuffix(b"\n")


@pytest.fixture
def cache_folder(tmp_path_factory):
    """The large database is compiled once."""
    return tmp_path_factory.getbasetemp() / "compiled"


@cache
def case(encoding, share):
    return Case(RULES, block(encoding, share), encoding)


@cache
def wanted(encoding, share):
    return expected(case(encoding, share))


@pytest.mark.parametrize("real", CASES, ids=lambda real: real.service)
def test_a_pattern_takes_its_line_and_not_the_one_much_like_it(real):
    """What its author meant, as Python has it."""
    pattern = re.compile(real.pattern)
    assert pattern.search(real.line)
    assert not pattern.search(real.miss)


@pytest.mark.parametrize(
    ("engine", "encoding", "share"),
    [
        ("hyperscan", "utf-8", 1), ("hyperscan", "latin-1", 3), ("hyperscan", "cp1251", 5),
        ("aho-corasick", "utf-8", 1), ("aho-corasick", "latin-1", 3), ("reference", "utf-8", 7),
    ],
)  # fmt: skip
def test_all_patterns_at_once_find_what_the_reference_finds(engine, encoding, share, cache_folder):
    """One database, each pattern on each line of all, whole and in some hundred parts."""
    matcher = Matcher(RULES, encoding=encoding, engine=engine, cache=cache_folder)
    data = case(encoding, share).block
    cuts = boundaries(data)[::5] if engine != "reference" else []
    assert is_same(records(matcher.match(data)), wanted(encoding, share), matcher)
    assert is_same(matched_in_parts(matcher.match, data, cuts), wanted(encoding, share), matcher)


def check_alone(at, engine):
    real = CASES[at]
    one = Case(RULES[at : at + 1], f"{real.miss}\n{real.line}\r\n{real.miss}".encode())
    found = records(Matcher(one.rules, engine=engine).match(one.block))
    assert found == expected(one), real.pattern
    assert [record.text for record in found] == [real.line]


@pytest.mark.parametrize("engine", ["hyperscan", "aho-corasick"])
def test_a_pattern_alone_finds_its_line(engine):
    """An engine treats a pattern that is alone otherwise than one among hundreds. Every fifth."""
    for at in range(0, len(CASES), 5):
        check_alone(at, engine)


@pytest.mark.stress
def test_each_pattern_alone_finds_its_line(engine):
    """All of them."""
    for at in range(len(CASES)):
        check_alone(at, engine)


def test_only_patterns_of_which_nothing_is_certain_have_no_prefilter(cache_folder):
    """All others are looked for by the scan."""
    unfiltered = Matcher(RULES, engine="hyperscan", cache=cache_folder).unfiltered()
    assert {pattern for _, pattern, _ in unfiltered} == {
        r"^\s*$|^-{3,}$",
        r"^(?=.*\bauth)(?=.*\bfail).*$",
        r"(?<=^id=)\w{,4}(?=;)",
    }


# What a parse tree says of a construct, and how many patterns must have it.
CONSTRUCTS = {
    "AT_BEGINNING": 40, "AT_BEGINNING_STRING": 2, "AT_END": 25,
    "AT_END_STRING": 5, "AT_BOUNDARY": 40, "AT_NON_BOUNDARY": 2, "look ahead": 12, "look behind": 8,
    "not ahead": 25, "not behind": 5, "GROUPREF": 10, "GROUPREF_EXISTS": 4, "named group": 200,
    "flags of a group": 10, "flags of all": 10, "repeat in repeat": 20, "MIN_REPEAT": 40,
    "POSSESSIVE_REPEAT": 8, "ATOMIC_GROUP": 3, "hundreds of words": 2, "beyond ASCII": 10,
    "verbose": 3, "{,n}": 3, "newline in a class": 140,
}  # fmt: skip


def constructs(text):
    """Names of what the pattern is made of."""
    tree = quiet_parse(text)
    found = set()
    if tree.state.groupdict:
        found.add("named group")
    if tree.state.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.ASCII):
        found.add("flags of all")
    if "(?x" in text:
        found.add("verbose")
    if re.search(r"\{,\d", text):
        found.add("{,n}")
    if not text.isascii() or r"\N" in text:
        found.add("beyond ASCII")
    return found | set(walked(tree, in_repeat=False))


def walked(tree, *, in_repeat):
    for opcode, argument in tree:
        name = str(opcode)
        yield {"AT": str(argument)}.get(name, name)
        if name == "IN" and any(
            str(item[1]).endswith(("NOT_DIGIT", "NOT_WORD", "SPACE")) or str(item[0]) == "NEGATE"
            for item in argument
        ):
            yield "newline in a class"
        if name.endswith("REPEAT"):
            if in_repeat:
                yield "repeat in repeat"
            yield from walked(argument[2], in_repeat=True)
        elif name == "BRANCH":
            if len(argument[1]) > 200:
                yield "hundreds of words"
            for branch in argument[1]:
                yield from walked(branch, in_repeat=in_repeat)
        elif name == "SUBPATTERN":
            if argument[1] or argument[2]:
                yield "flags of a group"
            yield from walked(argument[3], in_repeat=in_repeat)
        elif name in {"ASSERT", "ASSERT_NOT"}:
            where = "ahead" if argument[0] > 0 else "behind"
            yield f"{'look' if name == 'ASSERT' else 'not'} {where}"
            yield from walked(argument[1], in_repeat=in_repeat)
        elif name == "ATOMIC_GROUP":
            yield from walked(argument, in_repeat=in_repeat)
        elif name == "GROUPREF_EXISTS":
            for branch in argument[1:]:
                yield from walked(branch or (), in_repeat=in_repeat)


def test_the_corpus_is_large_and_has_every_construct():
    """Counted in the parse trees: patterns that have it at all."""
    assert len({real.pattern for real in CASES}) >= 300
    counts = Counter(name for real in CASES for name in constructs(real.pattern))
    missing = {name: counts[name] for name, least in CONSTRUCTS.items() if counts[name] < least}
    assert not missing
