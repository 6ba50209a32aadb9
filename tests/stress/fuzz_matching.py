"""Fuzzes the translator with atheris: bytes become patterns and lines or records.

Coverage is the guide.

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
    from logwatch.matching.matcher import RulePatterns

from matching.exactness import near
from matching.exactness.choices import Consumed, once_in
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
from matching.exactness.record_blocks import block_of_records, record

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
    of_records = once_in(choices, 2)
    text = pattern(choices, 20, over_lines=of_records)
    if not is_valid(text) or danger(parse(text, records=of_records)).degree > 1:
        return None
    lines: list[str] = []
    while len(lines) < 3 or (not choices.is_dry and len(lines) < 8):
        if of_records:
            lines.append(record(choices, text, [text], _LONGEST))
        else:
            lines.append(near.line(choices, text)[:_LONGEST])
    case = Case((RulePatterns(match=(text,)),), b"", encoding)
    if not of_records:
        return case._replace(block=block(choices, lines, encoding))
    data, joined = block_of_records(choices, lines, encoding, case.max_line)
    return case._replace(block=data, joined=joined)


def one(data: bytes) -> None:
    """One input of the fuzzer. Raises DifferenceError."""
    case = decoded(data)
    if case is None:
        return
    wanted = expected(case)
    for engine in ENGINES:
        matcher = case.matcher(engine)
        for cuts in ([], boundaries(case.lines)):
            got = matched_in_parts(matcher.match, case.block, cuts, case.joined)
            if not is_same(got, wanted, matcher):
                raise DifferenceError(f"cut at {cuts}:\n{reproducer(case, engine)}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", FutureWarning)
    # A pattern takes some hundred bytes: from the beginning, not only when short ones are used up.
    atheris.Setup([sys.argv[0], "-len_control=0", "-max_len=600", *sys.argv[1:]], one)
    atheris.Fuzz()
