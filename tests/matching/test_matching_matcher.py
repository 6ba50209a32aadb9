"""The matcher's surface: what is returned, from which encodings, by which engine."""

from __future__ import annotations

import re

import pytest

from logwatch.matching import engines, literal_scanner, scanner, searches
from logwatch.matching.engines import literals_unusable, unusable
from logwatch.matching.matcher import EngineError, Matcher, RulePatterns
from logwatch.matching.pattern import PatternError, compile_pattern
from logwatch.matching.reference import ReferenceMatcher


def rules(*patterns):
    return [RulePatterns(match=(pattern,)) for pattern in patterns]


def test_a_block_gives_lines_with_their_offsets_and_captures(engine):
    """Start and end are bytes of the block, without the newline."""
    matcher = Matcher(rules(r"dev (?P<dev>\w+)(?: (?P<op>\w+))?"), engine=engine)
    [first, second] = matcher.match("é\ndev sda\nno\ndev sdb read\r\n".encode())
    assert (first.start, first.end, first.text, first.truncated) == (3, 10, "dev sda", False)
    assert first.found == [(0, {"dev": "sda"})]
    assert (second.start, second.end, second.text) == (14, 27, "dev sdb read")
    assert second.found == [(0, {"dev": "sdb", "op": "read"})]


def test_rules_come_in_their_order_and_the_first_pattern_captures(engine):
    """One record, several rules, several patterns of one rule."""
    both = RulePatterns(match=("(?P<a>b)", "(?P<c>a)"))
    matcher = Matcher([*rules("zzz", "b"), both, *rules("a")], engine=engine)
    [hit] = matcher.match(b"ab")
    assert hit.found == [(1, {}), (2, {"a": "b"}), (3, {})]


def test_a_pattern_that_rules_share_is_looked_for_once_and_found_for_each(engine):
    """Identical patterns share one expression; `unless` stays each rule's own."""
    shared = [RulePatterns(match=("fail",)), RulePatterns(match=("fail",), unless=("disk",))]
    matcher = Matcher(shared, engine=engine)
    assert [[rule for rule, _ in hit.found] for hit in matcher.match(b"fail\nfail disk")] == [
        [0, 1],
        [0],
    ]


def test_a_rule_without_match_takes_every_record(engine):
    """The empty line too; an empty block has no record."""
    matcher = Matcher([RulePatterns(match=(), unless=("skip",))], engine=engine)
    assert [hit.text for hit in matcher.match(b"a\n\nskip\nb")] == ["a", "", "b"]
    assert matcher.match(b"") == []
    assert [hit.text for hit in matcher.match(b"\n")] == [""]


def test_no_rules_take_nothing(engine):
    """A source that no rule looks at."""
    assert Matcher([], engine=engine).match(b"a\nb\n") == []


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso8859-15", "koi8-r", "ascii"])
def test_one_byte_encodings_match_as_the_reference_does(encoding, engine):
    """Also for bytes that the encoding does not define."""
    patterns = rules("é", r"\w\w", "€", r"\\x81", ".{3}b")
    data = bytes(range(0x80, 0x100)) + b"\na\x80\x81\xe9b\n" + b"plain\n\x8db\n"
    matcher = Matcher(patterns, encoding=encoding, engine=engine)
    assert matcher.match(data) == ReferenceMatcher(patterns, encoding=encoding).match(data)


@pytest.mark.parametrize("encoding", ["utf-16", "gbk", "utf-8-sig", "cp037", "nonsense", "rot13"])
def test_an_encoding_that_cannot_be_scanned_is_refused(encoding):
    """Two bytes a character, no ASCII in it, or unknown."""
    with pytest.raises(ValueError, match="encoding"):
        Matcher([], encoding=encoding)


def test_no_pattern_is_compiled_before_a_line_comes_for_it(engine, monkeypatch):
    """Thousands of rules cost nothing until they are needed; the caller has looked at them."""
    compiled = []

    def compile_and_note(text):
        compiled.append(text)
        return compile_pattern(text)

    monkeypatch.setattr(searches, "compile_pattern", compile_and_note)
    matcher = Matcher(rules("rare", "usual"), engine=engine, audit=0)
    assert compiled == []
    matcher.match(b"as usual\nas usual")
    assert "usual" in compiled
    assert len(compiled) == len(set(compiled))
    assert engine == "reference" or compiled == ["usual"]


def test_a_bad_pattern_that_nobody_looked_at_shows_at_the_latest_in_the_first_line(engine):
    """`match` as well as `unless`."""
    with pytest.raises((PatternError, re.error)):
        Matcher(rules("("), engine=engine).match(b"(")
    with pytest.raises((PatternError, re.error)):
        Matcher([RulePatterns(match=("a",), unless=("[",))], engine=engine).match(b"a")
    with pytest.raises(PatternError):
        ReferenceMatcher(rules("("))


def test_a_large_block_of_mixed_text_keeps_its_offsets():
    """Some pieces are ASCII, some are not, some lines are over-long."""
    lines = [b"plain line number %d" % number for number in range(20_000)]
    for number in range(0, 20_000, 4_111):
        lines[number] = f"ünïcode € {number} hit".encode()
        lines[number + 1] = b"bad \xff byte hit"
        lines[number + 2] = b"l" * 5_000 + b" hit"
        lines[number + 3] = b"hit"
    data = b"\n".join(lines)
    patterns = rules("hit", r"l{4000}$", "number 1999$")
    matcher = Matcher(patterns, max_line=4_000)
    hits = matcher.match(data)
    assert hits == ReferenceMatcher(patterns, max_line=4_000).match(data)
    assert len(hits) > 15


def test_the_engine_says_which_it_is_and_why():
    """For `status`."""
    matcher = Matcher([])
    assert matcher.engine == "hyperscan"
    assert matcher.engine_reason == "hyperscan 0.7.8 (vectorscan 5.4.11), probes passed"
    forced = Matcher(rules("a"), engine="reference")
    assert (forced.engine, forced.engine_reason) == ("reference", "it was asked for")
    assert forced.unfiltered() == [(0, "a", "it was asked for")]


def test_without_the_wheel_the_literals_are_looked_for(monkeypatch):
    """Or nothing runs, where Hyperscan was insisted on."""
    monkeypatch.setattr(scanner, "version", lambda: None)
    matcher = Matcher(rules("aa", "b"))
    assert (matcher.engine, len(matcher.match(b"aa\nb\naa"))) == ("aho-corasick", 3)
    assert "Hyperscan is not installed" in matcher.engine_reason
    assert "ahocorasick_rs" in matcher.engine_reason
    assert [text for _, text, _ in matcher.unfiltered()] == ["b"]
    with pytest.raises(EngineError, match="not installed"):
        Matcher(rules("aa"), engine="hyperscan")


def test_without_any_wheel_the_reference_engine_runs(monkeypatch):
    """And tells of both."""
    monkeypatch.setattr(scanner, "version", lambda: None)
    monkeypatch.setattr(literal_scanner, "version", lambda: None)
    matcher = Matcher(rules("aa"))
    assert (matcher.engine, len(matcher.match(b"aa\nb\naa"))) == ("reference", 2)
    assert "Hyperscan is not installed" in matcher.engine_reason
    assert "ahocorasick_rs is not installed" in matcher.engine_reason
    with pytest.raises(EngineError, match="not installed"):
        Matcher(rules("aa"), engine="aho-corasick")


def liar(is_lost):
    """A scanner that keeps the ends for itself of which `is_lost(data, end)` is true."""

    class Liar:
        def __init__(self, expressions):
            self._real = scanner.HyperscanScanner.compiled(expressions)

        def scan(self, data):
            return [found for found in self._real.scan(data) if not is_lost(data, found[0])]

    return Liar


@pytest.mark.parametrize(
    "is_lost",
    [
        # What later builds were seen to do: the gap is long, and nothing follows the match.
        lambda data, end: end == len(data) and end - data.rfind(b"\n", 0, end) > 34,
        lambda data, end: end - data.rfind(b"\n", 0, end) > 34,
        lambda data, end: data[end - 1 : end] == b"T",
        # Only in a line alone, only among others, only in one that is not the last.
        lambda data, end: end == len(data) and b"\n" not in data,
        lambda data, end: b"\n" in data and end - data.rfind(b"\n", 0, end) > 200,
        lambda data, end: data[end : end + 1] == b"\n" and data[end - 2 : end] == b"ok",
    ],
)
def test_a_scanner_that_loses_a_known_match_is_not_used(monkeypatch, is_lost):
    """The probe names what is wrong, and the next engine runs."""
    reason = unusable(liar(is_lost))
    assert reason is not None
    assert "failed a probe: it misses" in reason
    monkeypatch.setattr(engines, "unusable", lambda: reason)
    matcher = Matcher(rules("a"))
    assert matcher.engine == "aho-corasick"
    assert matcher.engine_reason.startswith(reason)


def test_a_scanner_that_invents_matches_is_not_used():
    """An answer to everything is no answer."""

    class Inventing:
        def __init__(self, expressions):
            self.count = len(expressions)

        def scan(self, data):
            return [(at, n) for at in range(1, len(data) + 1) for n in range(self.count)]

    reason = unusable(Inventing)
    assert reason is not None
    assert "it finds" in reason


@pytest.mark.parametrize(
    "is_lost",
    [
        lambda data, end: end == len(data),
        lambda data, end: len(data) > 64,
        lambda data, end: data[end - 1 : end] == b"\xe9",
    ],
)
def test_an_automaton_that_loses_a_known_text_is_not_used(monkeypatch, is_lost):
    """It has probes of its own; when they fail too, every line is looked at."""

    class Losing:
        def __init__(self, expressions):
            self._real = literal_scanner.LiteralScanner(expressions)

        def scan(self, data):
            return [found for found in self._real.scan(data) if not is_lost(data, found[0])]

    reason = literals_unusable(Losing)
    assert reason is not None
    assert "failed a probe: it finds" in reason
    monkeypatch.setattr(engines, "unusable", lambda: "one")
    monkeypatch.setattr(engines, "literals_unusable", lambda: reason)
    matcher = Matcher(rules("a"))
    assert (matcher.engine, matcher.engine_reason) == ("reference", f"one; {reason}")
