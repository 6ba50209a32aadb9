"""Fuzzes the translator with atheris: bytes become patterns and lines, coverage is the guide.

Alone: `PYTHONPATH=tests .venv/bin/python tests/stress/fuzz_matching.py -max_total_time=600`, before
the options (libFuzzer's) a folder for inputs to begin with and to keep. What it finds it prints as
a reproducer, and stops.
"""

from __future__ import annotations

import sys
import warnings

import atheris

with atheris.instrument_imports(
    include=[
        "logwatch.matching.syntax",
        "logwatch.matching.translator",
        "logwatch.matching.alphabet",
        "logwatch.matching.literals",
        "logwatch.matching.candidates",
        "logwatch.matching.framing",
    ]
):
    from logwatch.matching.matcher import Matcher, RulePatterns

from matching.exactness import near
from matching.exactness.choices import Consumed
from matching.exactness.comparison import (
    ENCODINGS,
    Case,
    block,
    boundaries,
    expected,
    is_same,
    matched_in_parts,
    reproducer,
)
from matching.exactness.grammar import is_valid, pattern

from logwatch.matching.backtracking import danger
from logwatch.matching.syntax import parse

ENGINES = ("hyperscan", "aho-corasick")
_LONGEST = 300


class DifferenceError(AssertionError):
    """Raised when an engine does not find what the reference finds."""


def decoded(data: bytes) -> Case | None:
    """What the bytes stand for; None where the pattern is not valid, or may take long."""
    choices = Consumed(data)
    encoding = ENCODINGS[choices.below(len(ENCODINGS))]
    text = pattern(choices, 20)
    if not is_valid(text) or danger(parse(text)).degree > 1:
        return None
    lines = [near.line(choices, text)[:_LONGEST] for _ in range(3)]
    while not choices.is_dry and len(lines) < 8:
        lines.append(near.line(choices, text)[:_LONGEST])
    return Case((RulePatterns(match=(text,)),), block(choices, lines, encoding), encoding)


def one(data: bytes) -> None:
    """One input of the fuzzer. Raises DifferenceError."""
    case = decoded(data)
    if case is None:
        return
    wanted = expected(case)
    for engine in ENGINES:
        matcher = Matcher(case.rules, engine=engine, **case.settings)
        for cuts in ([], boundaries(case.block)):
            if not is_same(matched_in_parts(matcher.match, case.block, cuts), wanted, matcher):
                raise DifferenceError(f"cut at {cuts}:\n{reproducer(case, engine)}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", FutureWarning)
    # A pattern takes some hundred bytes: from the beginning, not only when short ones are used up.
    atheris.Setup([sys.argv[0], "-len_control=0", "-max_len=600", *sys.argv[1:]], one)
    atheris.Fuzz()
