"""Where a pattern stopped in a line that it does not match, and what it wanted there."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from logwatch.matching.alphabet import parser
from logwatch.matching.backtracking import danger
from logwatch.matching.near_miss import MOST_TIMEOUTS, NearMisses
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.matching.pattern_pieces import pieces_of
from logwatch.matching.prefix_cuts import cuts, near_prefixes
from logwatch.matching.syntax import parse

SSH = r"Failed \w+ for (?P<user>\S+) from (?P<ip>\S+)"
LINE = "web1 sshd[99]: Failed publickey for invalid user admin from 198.51.100.7 port 22"

# fmt: off
_ATOMS = st.sampled_from([
    *"abckx 7-,#:", "foo", "bar ", "é", r"\w", r"\d", r"\s", r"\S", r"\b", r"\.", r"\[", r"\t", ".",
    "[ab]", "[^a]", r"[]x]", r"[\]\-a]", "[a-k]", "^", "$", r"\x41", r"\u00e9", r"\101",
    r"\N{DIGIT ONE}", "(?#c)", "{", "a{,", "x{2}", "a{1,}",
])
_REPEATS = st.sampled_from(["*", "+", "?", "{2}", "{,2}", "{1,3}", "*?", "+?", "{,}", "{3,}", "++"])
_OPENINGS = st.sampled_from(["(?:", "(", "(?P<n>", "(?=", "(?!", "(?<!", "(?>", "(?i:", "(?-i:",
                             "(?x: ", "(?-x:"])
_BACK = st.sampled_from(["(?P=n)", r"\1", "(?(1)a|b)", "(?(n)c)"])
# fmt: on


def _grow(inner):
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, inner).map("{0[0]}|{0[1]}".format),
        st.tuples(inner, _REPEATS).map("(?:{0[0]}){0[1]}".format),
        st.tuples(_OPENINGS, inner).map("{0[0]}{0[1]})".format),
        st.tuples(inner, _BACK).map("(?P<n>a|){0[0]}{0[1]}".format),
    )


def is_valid_and_quick(text):
    """Whether `re` takes it, and takes no long time over it."""
    try:
        compile_pattern(text)
    except PatternError:
        return False
    return danger(parse(text)).degree <= 3


_BODIES = st.recursive(_ATOMS, _grow, max_leaves=10)
_FLAGS = st.sampled_from(["", "", "(?i)", "(?x)", "(?ix)", "(?s)", "(?a)", "(?i)(?s)"])
PATTERNS = st.tuples(_FLAGS, _BODIES).map("".join).filter(is_valid_and_quick)
LINES = st.lists(
    st.sampled_from([*"abckx 7-,#:é{}.[\tA1", "foo", "bar ", "fo", "ba", "aa"]), max_size=20
).map("".join)


def count_of_items(pattern):
    """How many items Python's own parser sees in a pattern that has no alternatives."""
    return len(parser.parse(pattern))


def sequences(pieces):
    """All sequences of a pattern, however deep."""
    pending = list(pieces.alternatives)
    while pending:
        sequence = pending.pop()
        yield sequence
        pending += [body for piece in sequence.pieces for body in piece.bodies]


@given(pattern=PATTERNS)
def test_the_pieces_are_those_that_python_sees(pattern):
    """Each alternative at the top gives the same tree in its pieces as in one."""
    pieces = pieces_of(pattern)
    for sequence in pieces.alternatives:
        assume(not any(piece.groups or piece.kind == "reference" for piece in sequence.pieces))
        texts = [pattern[piece.start : piece.end] for piece in sequence.pieces]
        alone = [parser.parse(pieces.flags + text) for text in texts]
        end = sequence.pieces[-1].end if sequence.pieces else sequence.start
        whole = parser.parse(pieces.flags + pattern[sequence.start : end])
        assert str([item for tree in alone for item in tree]) == str(list(whole))


@given(pattern=PATTERNS)
def test_pieces_lie_in_their_order_and_have_their_repeats(pattern):
    """Inside their groups, one after the other; a literal is what its text says."""
    pieces = pieces_of(pattern)
    for sequence in sequences(pieces):
        at = sequence.start
        for piece in sequence.pieces:
            assert at <= piece.start < piece.core_end <= piece.end <= len(pattern)
            at = piece.end
            if piece.kind == "literal" and "x" not in pieces.flags:
                core = pattern[piece.start : piece.core_end]
                assert re.fullmatch(core, piece.text) or core == "{"


@given(pattern=PATTERNS, line=LINES)
def test_the_part_is_a_valid_pattern_that_the_line_has_up_to_the_stop(pattern, line):
    """And what it matched is where the near miss says."""
    assume(not compile_pattern(pattern).search(line))
    found = NearMisses(pattern).of(line)
    assume(found is not None)
    match = compile_pattern(found.part).search(line)
    assert match is not None
    assert found.line_start <= found.line_stop <= len(line)
    if not found.case_only:
        assert match.start() == found.line_start
        assert found.line_stop == match.end() or found.anywhere
    assert 0 <= found.stop <= len(pattern)
    assert 0 <= found.share < 1


@given(pattern=PATTERNS, line=LINES)
def test_no_longer_part_is_found_in_the_line(pattern, line):
    """Of all cuts of one alternative, each tried by itself, the claimed one is the last."""
    assume(not compile_pattern(pattern).search(line))
    pieces = pieces_of(pattern)
    assume(len(pieces.alternatives) == 1)
    found = NearMisses(pattern).of(line)
    assume(found is not None)
    (sequence,) = pieces.alternatives
    kept = [
        number
        for number in cuts(pieces, sequence)
        if number == 0
        or compile_pattern(
            pieces.flags + pattern[sequence.start : sequence.pieces[number - 1].end]
        ).search(line)
    ]
    longest = max(kept)
    assert kept == [number for number in cuts(pieces, sequence) if number <= longest]
    piece = sequence.pieces[longest]
    assert piece.start <= found.stop <= piece.core_end


@given(pattern=PATTERNS, line=LINES)
def test_what_a_pattern_matches_it_nearly_matches(pattern, line):
    """The prefixes by which near misses are found are beginnings of the pattern."""
    near = near_prefixes(pieces_of(pattern))
    assume(len(pieces_of(pattern).alternatives) == 1)
    if near and compile_pattern(pattern).search(line):
        assert any(compile_pattern(prefix).search(line) for prefix in near)


@pytest.mark.parametrize(
    ("pattern", "line", "stop", "at", "wanted"),
    [
        (SSH, LINE, r"Failed \w+ for (?P<user>\S+) ", "user admin", ('"from"', "user")),
        (r"took \d{4}ms", "took 812ms", r"took \d", "ms", (r"4 times \d, not 3", "ms")),
        ("^ERROR$", "ERRORS", "^ERROR", "S", ("the end of the line", "S")),
        (r"dev (?:sd[ab]|nvme\d)", "dev nvX", r"dev (?:sd[ab]|nv", "X", ('"nvme"', "nvX")),
        (r"dev (?:sd[ab]|nvme\d)", "dev sdc", "dev (?:sd", "c", ("[ab]", "c")),
        ("(?i)OOM killer", "oom killed", "(?i)OOM kille", "d", ('"killer"', "killed")),
        ("(?x) foo \\s # c\n bar", "foo baz", "(?x) foo \\s # c\n ba", "z", ('"bar"', "baz")),
        (r"\[x\]\x41b", "[x]Ac", r"\[x\]\x41", "c", ('"Ab"', "Ac")),
        ("err: (?P<what>disk|net) down", "err: disk up", "err: (?P<what>disk|net) ", "up",
         ('"down"', "up")),
        (r"code (?P<n>5\d\d)", "code 404", "code (?P<n>", "404", ('"5"', "404")),
        ("(a)|user(b)x", "userby", "(a)|user(b)", "y", ('"x"', "y")),
    ],
)  # fmt: skip
def test_it_says_where_the_pattern_stopped_and_what_it_wanted(pattern, line, stop, at, wanted):
    """Both places, in the text of the pattern as it was written."""
    found = NearMisses(pattern).of(line)
    assert pattern[: found.stop] == stop
    assert line[found.line_stop :].startswith(at)
    assert (found.needs, found.has) == wanted


@given(pattern=PATTERNS, line=LINES)
def test_a_near_miss_is_near_where_a_near_pattern_is_found(pattern, line):
    """So that an engine can find them."""
    assume(not compile_pattern(pattern).search(line))
    misses = NearMisses(pattern)
    found = misses.of(line)
    assume(found is not None)
    near = any(compile_pattern(one).search(line) for one in misses.near_patterns)
    assert found.is_near == near
    assert not found.case_only or near


@pytest.mark.parametrize(
    ("pattern", "line", "at", "wanted"),
    [
        ("failed login", "a Failed Login", "Failed", ('"failed"', "Failed")),
        ("code x", "code X", "X", ('"x"', "X")),
    ],
)
def test_that_only_the_case_is_in_the_way_is_said(pattern, line, at, wanted):
    """Even where not one letter was found."""
    found = NearMisses(pattern).of(line)
    assert found.case_only
    assert found.is_near
    assert line[found.line_stop :].startswith(at)
    assert (found.needs, found.has) == wanted
    assert not NearMisses(r"\d login").of("x Login").case_only


def test_what_could_have_come_anywhere_is_said_so():
    """One letter of the word behind `.*` is in every line."""
    found = NearMisses("error.*timeout after").of("an error: disk t full")
    assert found.anywhere
    assert (found.needs, found.has) == ('"timeout"', "")
    assert found.line_stop == len("an error")


@pytest.mark.parametrize(
    ("pattern", "prefixes"),
    [
        (SSH, ("Failed",)),
        ("ERROR", ("ERRO",)),
        ("OOM", ()),
        (r"\d+\.\d+", ()),
        (r"x (?:Accepted|Failed) y", ("x (?:Accepted)", "x (?:Failed)")),
        ("disk full|net down", ("disk", "net")),
        ("|".join(f"word{n}" for n in range(50)), ()),
    ],
)
def test_near_is_a_word_or_nearly_all(pattern, prefixes):
    """Two letters are in any line."""
    assert near_prefixes(pieces_of(pattern)) == prefixes


def test_a_pattern_that_can_hang_costs_a_bounded_time():
    """Each search is given up, and after a few nothing is said any more."""
    misses = NearMisses("(?:a|aa)+(?!.)end of it")
    before = time.thread_time()
    for _ in range(20):
        misses.of("a" * 60 + "!")
    assert time.thread_time() - before < 2.0
    assert misses.timed_out == MOST_TIMEOUTS


def test_a_near_miss_costs_little():
    """Some milliseconds for the first line, some microseconds for the next."""
    pattern = (
        SSH + r" port (?P<port>\d+) (?:ssh2|ssh1)(?: \[preauth\])? in (?:[0-9]+)ms by (?P<by>\w+)$"
    )
    costs = []
    for _ in range(5):
        before = time.thread_time()
        NearMisses(pattern).of(LINE)
        costs.append(time.thread_time() - before)
    assert min(costs) < 0.02


@pytest.mark.parametrize("form", ["{}", "(?:{}) is down", "start (?P<what>{})$"])
def test_of_a_long_list_of_words_the_one_that_is_nearest_is_found(form):
    """Without a search for each of them."""
    words = "|".join(f"service{number * 7919}x" for number in range(900))
    misses = NearMisses(form.format(words))
    line = f"start service{7919 * 450}y is down"
    before = time.thread_time()
    found = misses.of(line)
    assert time.thread_time() - before < 1.0
    assert found.needs == f'"service{7919 * 450}x"'
    before = time.thread_time()
    misses.of(line + " again")
    assert time.thread_time() - before < 0.1


def test_a_pattern_that_is_nested_too_deeply_is_left_alone():
    """No near miss, and no stack overflow."""
    pattern = "(?:" * 90 + "a" + ")" * 90 + "b"
    found = NearMisses(pattern).of("ac")
    assert found is None or found.stop <= len(pattern)
