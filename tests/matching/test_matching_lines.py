"""Lines of every odd kind, blocks cut at every place, and matches at a block's very ends."""

from __future__ import annotations

from functools import cache

import pytest
from matching.exactness.comparison import (
    BAD_BYTES,
    Case,
    boundaries,
    expected,
    matched_in_parts,
    records,
)

from logwatch.matching.framing import encoding_problem
from logwatch.matching.matcher import Matcher, RulePatterns

# Some of them certain, some open, some with anchors, some of no prefilter.
PATTERNS = (
    "end", "end$", r"\Aend", "^e", "d$", r"\bend\b", r"\Bnd", r"e\wd", r"e\Wd", r"e\sd", r"e\Sd",
    "(?s)e.d",
    "e[^x]d", r"e\Dd", "(?i)disk", "(?i)end", r"x\d{2,}", r"\x00", r"\\x", r"\\xff", "é",
    "[à-ý]", "日", "😀", r"\u2028", "\x85", r"\xa0", "ß", "(?i)ß", "(?i)i", "(?i)kiss", "^$", "",
    r"^\s*$", r"^.{3}$", r"\r", r"a\r$", "end.*", ".*end", "e+nd?", r"(\w)\1", "(?<=x)end",
    "(?!x)end", "(?>e+)nd", "e?+nd", "(e)?(?(1)n|d)d", "ж", "(?i)Ж", r"[^\x00-\x7f]", "(?a)\\W",
    "^a{70,}$",
    r"\?", "end|", "(?:^|,)end(?:,|$)", "end.{31,40}ok", "error.+(?:ok|fail)", "x,.*,[TF]",
)  # fmt: skip
LINES = (
    "", "end", "xend", "endx", "end end", "e\0d", "\0", "\0end\0", "e\rd", "a\r", "\r", "\rend",
    "e\u2028d", "e\x85d", "e\xa0d", "e\x1cd", "e\x0bd", "é", "eéd", "日本", "e日d", "😀end😀", "ß",
    "ẞ", "SS", "D\u0131SK", "D\u0130SK", "di\u017f\u212a", "\u212ai\u017fs", "\u0130", "i\u0307",
    "Жж", "x٣٤", "x34", "?", "\\xff", "\\", "a" * 70, "é" * 70, "end" + " " * 31 + "ok",
    "end" + "é" * 35 + "ok", "error" + "-" * 40 + "ok", "error" + "日" * 40 + "fail",
    "x," + "a" * 31 + ",T",
    "\ufeffend", "e\u0301nd", "\U0010ffff", "\ud7ff", "\x7f", "\x1b[31mend\x1b[0m",
    "end\t", ",end,",
)  # fmt: skip
RULES = tuple(RulePatterns(match=(text,)) for text in PATTERNS)
RAW = tuple(bad + b"end" for bad in BAD_BYTES) + tuple(b"e" + bad for bad in BAD_BYTES)
ENCODINGS = ("utf-8", "latin-1", "cp1251", "cp1252", "koi8-r", "iso8859-7", "ascii")


def odd_block(encoding, newline=b"\n", *, last=b""):
    lines = [text.encode(encoding, "replace") for text in LINES]
    return newline.join([*lines, *RAW]) + last


@pytest.fixture(scope="module")
def matchers(tmp_path_factory):
    """One for each engine and encoding; the database is compiled once."""
    made = {}

    def matcher(engine, encoding="utf-8", max_line=262_144):
        key = engine, encoding, max_line
        if key not in made:
            made[key] = Matcher(
                RULES, encoding=encoding, max_line=max_line, engine=engine,
                cache=tmp_path_factory.getbasetemp() / "odd",
            )  # fmt: skip
        return made[key]

    return matcher


@cache
def wanted(data, encoding="utf-8"):
    """What the oracle finds, which is the same for each engine."""
    return expected(Case(RULES, data, encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r\r\n", b"\n\n"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\r", b"\r\n"])
def test_odd_lines_match_as_the_reference_has_it(matchers, engine, encoding, newline, last):
    """Every pattern on every line, in every encoding, with every kind of end."""
    data = odd_block(encoding, newline, last=last)
    if engine == "reference" and (newline, last) != (b"\r\n", b""):
        data = data[: len(data) // 8]
    assert records(matchers(engine, encoding).match(data)) == wanted(data, encoding)


@pytest.mark.parametrize("text", LINES, ids=ascii)
def test_an_odd_line_alone_matches_as_among_others(matchers, engine, text):
    """Nothing follows it, and nothing is before it."""
    data = text.encode("utf-8")
    assert records(matchers(engine).match(data)) == wanted(data)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_a_block_cut_at_any_line_gives_the_same_records(matchers, engine, encoding, newline):
    """As a tailer does that comes sooner or later. Each cut in turn, then all of them at once."""
    matcher = matchers(engine, encoding)
    data = odd_block(encoding, newline)
    data = data[: len(data) // 6] if engine == "reference" else data
    whole = records(matcher.match(data))
    assert whole == wanted(data, encoding)
    cuts = boundaries(data)
    for cut in cuts:
        assert matched_in_parts(matcher.match, data, [cut]) == whole, cut
    assert matched_in_parts(matcher.match, data, cuts) == whole


@pytest.mark.parametrize("size", [0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 1_023])
@pytest.mark.parametrize("filler", ["a", "é", "日", "\0"], ids=ascii)
def test_matches_at_the_very_ends_of_a_block_are_found(matchers, engine, size, filler):
    """In the first and the last line, however long these are, with and without a last newline."""
    wide = filler * (size // len(filler.encode()))
    size_limit = 64 if engine == "reference" else 1 << 20
    wide = wide[:size_limit]
    for first, last in (("end" + wide, wide + "end"), (wide + "error" + wide, "x," + wide + ",T")):
        for finish in ("", "\n", "\r", "\r\n"):
            data = f"{first}\n{last}{finish}".encode()
            assert records(matchers(engine).match(data)) == wanted(data)


@pytest.mark.parametrize("max_line", [262_144, 1 << 23])
@pytest.mark.parametrize("filler", ["a", "é", "a é "])
def test_a_line_of_a_megabyte_matches_at_both_its_ends(engine, filler, max_line):
    """Cut at the longest length, or whole. Patterns that take time on such lines are left out."""
    rules = tuple(RulePatterns(match=(text,)) for text in ("^end", "end$", "middle", "ok|fail"))
    long = "end " + filler * 250_000 + " middle " + filler * 250_000 + " fail end"
    data = f"end\n{long}\nend\nx\n{long}".encode()
    case = Case(rules, data, max_line=max_line)
    found = records(Matcher(rules, engine=engine, **case.settings).match(data))
    assert found == expected(case)
    is_cut = max_line < len(long)
    assert [record.truncated for record in found] == [False, is_cut, False, is_cut]


@pytest.mark.parametrize("max_line", [1, 2, 3, 7, 40])
def test_over_long_lines_are_cut_alike(matchers, engine, max_line):
    """Also in the middle of a character, or between a carriage return and its newline."""
    for newline in (b"\n", b"\r\n"):
        data = odd_block("utf-8", newline)
        data = data[:300] if engine == "reference" else data
        wanted = expected(Case(RULES, data, max_line=max_line))
        assert records(matchers(engine, max_line=max_line).match(data)) == wanted


def test_text_that_is_not_ascii_only_here_and_there_is_found_in_its_place(matchers, engine):
    """Blocks are decoded in pieces of some kilobytes: a match in each, offsets in bytes."""
    plain = b"plain text without anything in it, line after line\n" * 400
    odd = "e日d end\né\n".encode() + b"\xff\xfeend\n"
    data = plain + odd + plain + b"end\n" + plain + odd
    if engine == "reference":
        data = data[len(plain) - 100 : len(plain) + 100]
    assert records(matchers(engine).match(data)) == wanted(data)


@pytest.mark.parametrize(
    "name", ["raw_unicode_escape", "unicode_escape", "utf-7", "hz", "iso2022_jp"]
)
def test_an_encoding_that_reads_ascii_text_as_other_text_is_refused(name):
    r"""`\u000a` in a line would be a newline."""
    assert encoding_problem(name)


def test_nuls_in_the_middle_of_a_file_are_part_of_the_line_behind_them(engine):
    """As a power cut may leave them; whoever wants that line says so."""
    rules = [RulePatterns(match=(text,)) for text in ("^ERROR", "ERROR", r"^\x00*ERROR")]
    matcher = Matcher(rules, engine=engine)
    data = b"ok\n" + b"\0" * 5_000 + b"ERROR a\nERROR b\n"
    found = [(hit.start, [rule for rule, _ in hit.found]) for hit in matcher.match(data)]
    assert found == [(3, [1, 2]), (5_011, [0, 1, 2])]
