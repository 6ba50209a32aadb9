"""Each known way in which a prefilter can lose a match or glue lines, as one story."""

from __future__ import annotations

import pytest
from doubles.engines import ENGINES
from matching.exactness.comparison import Case, boundaries, expected, matched_in_parts, records

from logwatch.matching.framing import encoding_problem
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.scanner import HyperscanScanner
from logwatch.matching.timed import timed_pattern


def texts(pattern, data, *, encoding="utf-8", max_line=262_144, unless=()):
    """Texts of the lines that every engine takes, after the oracle has agreed."""
    rules = (RulePatterns(match=(pattern,), unless=unless),)
    case = Case(rules, data, encoding, max_line)
    wanted = expected(case)
    for engine in ENGINES:
        matcher = Matcher(rules, engine=engine, **case.settings)
        assert records(matcher.match(data)) == wanted, engine
        assert matched_in_parts(matcher.match, data, boundaries(data)) == wanted, engine
    return [record.text for record in wanted]


@pytest.mark.parametrize(
    "pattern", [r"a\sb", r"a\Db", r"a\Wb", r"a[^x]b", "(?s)a.b", r"a[\s\S]*b", r"a\nb", r"a\s*\nb"]
)
def test_a_class_that_can_match_a_newline_never_glues_two_lines(pattern):
    """The end of one line and the beginning of the next are no match."""
    assert texts(pattern, b"a\nb\n") == []


@pytest.mark.parametrize("pattern", ["^b", r"\Ab", "(?m)^b", r"\bb\b", "b$", r"b\Z", "(?m)b$"])
def test_anchors_mean_the_record_and_not_the_block(pattern):
    """Every line of a block has its own beginning and end."""
    assert texts(pattern, b"a\nb\nc\nxbx\nb") == ["b", "b"]


def test_an_anchor_in_the_middle_is_met_where_what_is_before_it_is_empty():
    """Hyperscan refuses such anchors; they are dropped and left to `re`."""
    assert texts("(?:x|)^foo(?:$|,)bar", b"foo,bar\nx foo,bar\n") == ["foo,bar"]
    assert texts("(?:^|,)foo(?:,|$)", b"foo\n,foo,\nxfoo\nfoox\n") == ["foo", ",foo,"]


def test_a_repeat_without_a_lower_bound_is_a_repeat():
    """`{,n}` is literal text to Hyperscan, and `{0,n}` to Python."""
    assert texts("xa{,2}y", b"xy\nxaay\nxaaay\nxa{,2}y\n") == ["xy", "xaay"]


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        (r"(?<=: )down", ["link: down"]),
        (r"(?<!: )down", ["link down"]),
        (r"link(?=:)", ["link: down"]),
        (r"link(?!:)", ["link down"]),
        (r"(?:(?<=: )|up)down", ["link: down"]),
    ],
)
def test_lookaround_is_left_to_the_confirmation(pattern, taken):
    """The pattern without it is scanned for."""
    assert texts(pattern, b"link: down\nlink down\n") == taken


def test_back_references_are_any_text_to_the_scan():
    """What was captured is compared by `re`."""
    assert texts(r"(\w+) is \1", b"eth0 is eth0\neth0 is eth1\n") == ["eth0 is eth0"]


def test_atomic_possessive_and_conditional_groups_are_understood():
    """Hyperscan has none of them."""
    assert texts(r"(?>a+)b", b"aab\naac\n") == ["aab"]
    assert texts(r"a++b", b"aab\naac\n") == ["aab"]
    assert texts(r"(<)?tag(?(1)>|!)", b"<tag>\ntag!\n<tag\n") == ["<tag>", "tag!"]


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"x\wy", "x日y"),
        (r"x\dy", "x٣y"),
        (r"x\sy", "x\u3000y"),
        (r"x\sy", "x\x1cy"),
        (r"x\sy", "x\x85y"),
        ("(?i)disk", "DI\u017f\u212a"),
        ("(?i)\u017f", "s"),
        ("(?i)straße", "STRA\u1e9eE"),
        ("(?i)i", "\u0131"),
        ("(?i)i", "\u0130"),
        ("(?i)µ", "Μ"),
        ("(?i)[à-ý]", "É"),
        ("x.{3}y", "x日本語y"),
        ("x[^a]y", "xéy"),
        ("x[^?]y", "x日y"),
        ("x[^?a]y", "x日y"),
        ("(?i)x[^?]y", "x日y"),
        ("日", "日"),
        ("[\u0100-\u0200]b", "\u0101b"),
        ("[é-\u017f]b", "\u0101b"),
        ("(?a)[!-\u0200]b", "\u0101b"),
    ],
)
def test_characters_beyond_ascii_match_as_they_do_in_python(pattern, line):
    """Classes and caseless letters know all of Unicode, one character being one byte scanned."""
    assert texts(pattern, f"no\n{line}\nno\n".encode()) == [line]


def test_the_ascii_flag_keeps_classes_small():
    """`(?a)` is honoured by class and by group."""
    assert texts(r"(?a)x\wy", "xéy\nxay\n".encode()) == ["xay"]
    assert texts(r"(?a:x\w)\wy", "xéay\nxaéy\n".encode()) == ["xaéy"]
    assert texts(r"(?a)x(?u:\w)\wy", "x日ay\nxa日y\n".encode()) == ["x日ay"]
    assert texts(r"(?ai)x(?u:k)y", "x\u212ay\n".encode()) == ["x\u212ay"]


def test_bytes_that_are_no_utf_8_become_escapes_and_can_be_matched():
    r"""A bad byte is shown as `\xNN`, and moves no offset of a later line."""
    assert texts(r"a\\xffb", b"a\xffb\n") == [r"a\xffb"]
    hits = Matcher([RulePatterns(match=("end",))]).match(b"\xff\xfe\n\xc3\nend\n")
    assert [(hit.start, hit.end) for hit in hits] == [(5, 8)]


@pytest.mark.parametrize("pattern", ["b$", r"b\Z", r"b\b", "ab$"])
def test_one_carriage_return_at_the_end_is_no_part_of_the_record(pattern):
    """Files with CRLF match as files with LF do."""
    assert texts(pattern, b"ab\r\nabc\r\nab\r\r\nab\r") == (
        ["ab", "ab\r", "ab"] if pattern == r"b\b" else ["ab", "ab"]
    )


def test_a_carriage_return_inside_a_record_is_a_character():
    """Only the last one goes."""
    assert texts("a\rb", b"a\rb\r\n") == ["a\rb"]
    assert texts(r"a\r$", b"a\r\r\na\r\n") == ["a\r"]


@pytest.mark.parametrize("pattern", ["a*", "", "^$", r"\s*$", "(?:)", "x?"])
def test_a_pattern_that_matches_the_empty_text_runs_on_every_line(pattern):
    """It has no prefilter, and `unfiltered` says so."""
    matcher = Matcher([RulePatterns(match=(pattern,))])
    [(rule, text, reason)] = matcher.unfiltered()
    assert (rule, text) == (0, pattern)
    assert "no character is sure" in reason
    assert texts(pattern, b"\nab\n\n")


def test_inline_flags_hold_for_the_whole_and_scoped_ones_for_their_group():
    """`(?i)`, `(?i:...)` and `(?-i:...)`."""
    data = b"ERROR Disk\nerror disk\nERROR disk\n"
    assert texts("(?i)error disk", data) == ["ERROR Disk", "error disk", "ERROR disk"]
    assert texts("(?i:error) disk", data) == ["error disk", "ERROR disk"]
    assert texts("(?i)(?-i:ERROR) disk", data) == ["ERROR Disk", "ERROR disk"]


def test_a_verbose_pattern_is_read_without_its_spaces():
    """`(?x)` is the parser's business."""
    assert texts("(?x) a  b # both\n", b"ab\na b\n") == ["ab"]


@pytest.mark.parametrize("pattern", ["a.*", "a+", ".*a.*", "(?:.*a|a.*)", r"\w*a\w*(?:b|.*)", "a"])
def test_an_open_end_calls_back_a_bounded_number_of_times(pattern):
    """A long line is reported once, not once for each of its characters."""
    matcher = Matcher([RulePatterns(match=(pattern,))])
    line = b"a" * 50_000
    assert len(matcher._prefilter.scanner.scan(line + b"\n" + line)) <= 4
    assert texts(pattern, line) == [line.decode()]


@pytest.mark.parametrize("gap", [0, 1, 30, 31, 32, 63, 64, 127, 300])
def test_a_match_after_a_long_gap_is_found(gap):
    """Later builds of the library lose these (0002-hyperscan-pin)."""
    middle = b"a" * gap
    data = b"error " + middle + b"ok\nerror " + middle + b"fail\nx," + middle + b",T\n"
    assert len(texts("error.+(?:ok|fail)", data)) == 2
    assert len(texts("x,.*,[TF]", data)) == 1


def test_a_pattern_that_is_too_large_is_scanned_for_in_a_weaker_form():
    """Counted repeats are opened."""
    pattern = r"id=(?:[0-9a-f]{1,200}:){1,200}end"
    assert Matcher([RulePatterns(match=(pattern,))]).unfiltered() == []
    assert texts(pattern, b"id=0f:0f:end\nid=:end\n") == ["id=0f:0f:end"]


def test_an_over_long_line_is_cut_before_it_is_decoded():
    """A character cut in two is an escape, and the next line is whole."""
    data = "xxé tail\nxx\n".encode()
    assert texts(r"\\xc3$", data, max_line=3) == [r"xx\xc3"]
    hits = Matcher([RulePatterns(match=("x",))], max_line=3).match(data)
    assert [(hit.start, hit.end, hit.truncated) for hit in hits] == [(0, 9, True), (10, 12, False)]


def test_two_lines_may_differ_in_case_that_only_unicode_knows():
    """A Turkish dotless i and a long s in one block with plain lines."""
    data = "DISK\nd\u0131sk\ndi\u017fk\n".encode()
    assert texts("(?i)disk", data) == ["DISK", "d\u0131sk", "di\u017fk"]


def test_unless_sees_the_whole_record():
    """It runs on what a `match` has taken."""
    assert texts("fail", b"fail a\nfail b\n", unless=("a$",)) == ["fail b"]


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        ("(?i)s", ["s", "S", "\u017f"]),
        ("(?i)\u017f", ["s", "S", "\u017f"]),
        ("(?i)[r-t]", ["s", "S", "\u017f"]),
        ("(?i)[^a-rt-z]", ["s", "S", "\u017f", "7"]),
        ("(?i)k", ["k", "K", "\u212a"]),
        ("(?i)[j-l]", ["k", "K", "\u212a"]),
        ("(?i:K)", ["k", "K", "\u212a"]),
        ("(?ia)k", ["k", "K"]),
        ("(?i)\u212a", ["k", "K", "\u212a"]),
        ("(?i)ss", ["ss", "SS", "\u017f\u017f", "s\u017f"]),
    ],
)
def test_letters_that_are_one_letter_only_when_case_is_ignored_are_one(pattern, lines):
    """The long s and the Kelvin sign, in text of one byte and of more, alone and in sets."""
    assert texts(pattern, "\n".join(lines).encode()) == lines
    wide = [line + "日" for line in lines]
    assert texts(pattern + ".", "\n".join(wide).encode()) == wide


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xe0\x80\xaf",
        b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xfe\xfa",
    ],
)  # fmt: skip
def test_text_that_is_no_utf_8_never_reaches_an_engine_that_expects_it(bad):
    """Cut short, over-long, surrogates, too large: before, inside and at the end of a match."""
    data = bad + b"end\nen" + bad + b"d\nend" + bad + b"\n" + bad + b"\nend\xc3"
    assert len(texts("end", data)) == 3
    assert len(texts(r"en\\x", data)) == 1
    assert len(texts(r"^(?:\\x[0-9a-f]{2})+end$", data)) == 1


def test_a_lookbehind_inside_an_alternation_loses_no_branch():
    """`HS_FLAG_PREFILTER` was seen to lose such a match; it is not used."""
    pattern = r"(?:(?<=: )|(?<=\] )|^)(?:refused|denied) connect from (?P<host>\S+)"
    data = (
        b"in.telnetd: refused connect from a\n[x] denied connect from b\nrefused connect from c\n"
    )
    assert len(texts(pattern, data + b"x refused connect from d\n")) == 3
    assert len(texts(r"(?:a|(?<=b)c|(?<!d)e)f", b"af\nbcf\ncf\nef\ndef\n")) == 3


@pytest.mark.parametrize("gap", [0, 27, 28, 29, 30, 31, 32, 33, 62, 63, 64, 100, 139, 1_000])
@pytest.mark.parametrize("behind", [b"", b"\n", b"\r\n", b"\nnext\n"])
@pytest.mark.parametrize(
    ("pattern", "first", "last"),
    [
        ("error.+(?:ok|fail)", b"error ", b"ok"),
        ("x,.*,[TF]", b"x,", b",T"),
        ("x,.*,[TF]", b"x,", b",F"),
    ],
)
def test_the_matches_that_vectorscan_5_4_12_loses_are_found(pattern, first, last, gap, behind):
    """At the end of what is scanned, after a long gap (0002-hyperscan-pin)."""
    rules = (RulePatterns(match=(pattern,)),)
    data = first + b"a" * gap + last + behind
    assert len(Matcher(rules, engine="hyperscan").match(data)) == 1
    assert len(Matcher(rules, engine="hyperscan").match(b"y\n" * 7 + data)) == 1


def test_a_possessive_repeat_gives_nothing_back_of_any_round():
    """`re` keeps what a round took; the twin for long lines would have tried again."""
    assert texts("(?:.+){2}+", b"em\n") == []
    twin = timed_pattern("(?:.+){2}+")
    assert twin.search("em") is None
    assert timed_pattern("(?:.+?){2}+").search("em")


@pytest.mark.parametrize("shape", ["(%s)", "(?:%s)*", "(?=%s)a", "(?:b|%s)", "(?>%s)"])
@pytest.mark.parametrize("depth", [39, 40, 41, 60, 300])
def test_a_pattern_that_is_nested_deeply_is_searched_for_all_the_same(shape, depth):
    """Python takes some hundred levels; deeper than forty the prefilter is any text."""
    pattern = "a"
    for _ in range(depth):
        pattern = shape % pattern
    assert texts(pattern + "b", b"ab\n") == ["ab"]


def test_ascii_text_is_never_an_escape():
    """An encoding that reads it so could make a newline out of it."""
    assert encoding_problem("raw_unicode_escape")
    assert texts(r"\\u000aend", rb"\u000aend", encoding="cp1252") == [r"\u000aend"]


@pytest.mark.parametrize("text", ["[[:alpha:]]x", "[[a]b]", "[a||b]", "[a&&b]", "[a~~b]"])
def test_sets_that_other_dialects_read_otherwise_mean_what_python_says(text):
    """POSIX classes and set operations are plain characters."""
    texts(text, b"[x\n:x]\nax\nab]\n-\n|\n&\n~]\na]x\nb\n")


def test_hundreds_of_words_are_one_pattern():
    """As text, ignoring case, and with something open behind."""
    words = "|".join(f"w{number}ord" for number in range(200))
    data = b"w17ord\nW199ORD\nw200ord\nx w3ord x\n"
    assert texts(rf"\b(?:{words})\b", data) == ["w17ord", "x w3ord x"]
    assert texts(rf"(?i)\b(?:{words})\b", data) == ["w17ord", "W199ORD", "x w3ord x"]
    assert texts(rf"(?:{words}).*$", data) == ["w17ord", "x w3ord x"]


def test_a_repeat_larger_than_the_engine_counts_is_opened():
    """Hyperscan counts to some thousands, Python to four thousand millions."""
    data = b"a" * 40_000 + b"b\n" + b"a" * 30_000 + b"b\nab\n"
    assert len(texts("^a{1,4000000000}b", data)) == 3
    counted = (RulePatterns(match=("^a{35000}",)),)
    matcher = Matcher(counted, engine="hyperscan")
    assert records(matcher.match(data)) == expected(Case(counted, data))
    assert matcher.unfiltered() == []


def test_a_scanner_that_is_given_a_nul_reads_on():
    """It is a character like any other, in the pattern and in the text."""
    assert texts(r"a\0b$", b"a\0b\nab\n\0\n") == ["a\0b"]
    assert HyperscanScanner.compiled([rb"\x00end"]).scan(b"x\0end") == [(5, 0)]
