"""Python before 3.11.5 goes on at a wrong place behind a possessive group that failed half-way.

See https://github.com/python/cpython/issues/106052. Debian 12 has 3.11.2, on which `(?:ab?c)?+ab`
does not match `ab`. An atomic group around an ordinary repeat says the same and is sound. Only what
people write as a pattern is put right by itself (expressions.py, which has examples of it).
"""

import re
from pathlib import Path

import logwatch

PACKAGE = Path(logwatch.__file__).parent
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[\w,]+\})\+")


def test_no_pattern_of_ours_repeats_a_group_possessively():
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "expressions.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if POSSESSIVE_GROUP.search(line)
    ]
    assert found == []


def test_what_is_looked_for_is_a_possessive_group():
    for pattern in (r"(?:a|b)*+", r"(?:a)++", r"(a)?+", r"(?:a){2,5}+"):
        assert POSSESSIVE_GROUP.search(pattern)
    for pattern in (r"a*+", r"[ab]++", r"\d{2}+", r"(?>(?:a|b)*)", r"(a)+"):
        assert not POSSESSIVE_GROUP.search(pattern)
