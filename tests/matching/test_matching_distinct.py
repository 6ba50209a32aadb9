"""Whether branches can be told apart, which for thousands of words must not take seconds."""

from __future__ import annotations

from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from logwatch.matching import backtracking
from logwatch.matching.alphabet import OTHER
from logwatch.matching.syntax import Chars, concat, parse

_MASKS = st.sampled_from([1, 2, 3, 4, 8, 12, 1 << OTHER, 1 << OTHER | 1, 1 << OTHER | 2])
_BRANCHES = st.lists(
    st.lists(_MASKS.map(Chars), min_size=1, max_size=4).map(concat), min_size=1, max_size=6
)


@given(branches=_BRANCHES)
def test_branches_are_told_apart_as_each_two_of_them_are(branches):
    """The quick way and the plain one agree."""
    prefixes = [backtracking._prefix(branch) for branch in branches]
    plain = backtracking._are_distinct_in_pairs(prefixes)
    assert backtracking._are_distinct(tuple(branches)) == plain


def test_thousands_of_words_are_judged_in_no_time():
    """Twice the words took four times as long: 2 s for 2,000 of them, at their first match."""
    words = "|".join(f"w{number}{end}word" for number in range(1_500) for end in "ab")
    tree = parse(rf"(?:(?:{words}),)+end\b")
    before = process_time()
    assert backtracking.danger(tree).reason is None
    assert process_time() - before < 2
