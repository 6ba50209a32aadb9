"""The compiled database: refusals, threads, and the copy on disk."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from logwatch.matching import database_cache, prefilter
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.reference import ReferenceMatcher
from logwatch.matching.scanner import RefusedError, compile_database, refused
from logwatch.matching.syntax import parse
from logwatch.matching.translator import Form, express, required_literals, skeleton


def test_the_expressions_that_are_refused_are_named_without_compiling_each():
    """By halves, the bad ones among many good ones."""
    expressions = [b"word%d" % number for number in range(500)]
    expressions[3] = b"a(?<=b)"
    expressions[250] = b"("
    expressions[499] = b"a^b"
    reasons = refused(expressions)
    assert list(reasons) == [3, 250, 499]
    assert "Zero-width" in reasons[3]


def test_good_expressions_are_not_refused():
    """None, one and many."""
    assert refused([]) == {}
    assert refused([b"a"]) == {}
    with pytest.raises(RefusedError, match="parenthesis"):
        compile_database([b"a", b"("])


def refuse(monkeypatch, is_bad):
    """Make the engine refuse what `is_bad` says of an expression."""

    def why_not(expressions):
        return "too large" if any(map(is_bad, expressions)) else None

    def compile_or_refuse(expressions):
        if why_not(expressions):
            raise RefusedError("too large")
        return compile_database(expressions)

    def refused_here(expressions):
        return {at: "too large" for at, one in enumerate(expressions) if is_bad(one)}

    monkeypatch.setattr(prefilter, "compile_database", compile_or_refuse)
    monkeypatch.setattr(prefilter, "refused", refused_here)


RULES = [RulePatterns(match=("^disk[0-9]{3,9} (?:lost|gone)$",)), RulePatterns(match=("ok",))]
BLOCK = b"disk123 lost\nok\ndisk12 lost\ndisk1234 gone\nx disk123 gone\n"


@pytest.mark.parametrize("mark", [rb"^", rb"{3,9}", rb"[0-9\x3f]"])
def test_a_refused_pattern_is_scanned_for_in_a_weaker_form(monkeypatch, mark):
    """Without anchors, without counts, then as the literals that must be there."""
    refuse(monkeypatch, lambda one: mark in one)
    matcher = Matcher(RULES)
    assert (matcher.engine, matcher.unfiltered()) == ("hyperscan", [])
    assert matcher.match(BLOCK) == ReferenceMatcher(RULES).match(BLOCK)


def test_a_pattern_that_is_refused_in_every_form_runs_on_every_line(monkeypatch):
    """And says so, with the engine's reason."""
    refuse(monkeypatch, lambda one: b"disk" in one)
    matcher = Matcher(RULES)
    assert matcher.unfiltered() == [
        (0, RULES[0].match[0], "Hyperscan refuses it: too large"),
    ]
    assert matcher.match(BLOCK) == ReferenceMatcher(RULES).match(BLOCK)


def test_patterns_that_are_refused_only_together_leave_it_to_the_next_engine(monkeypatch):
    """A limit of the whole database."""

    def compile_none(_expressions):
        raise RefusedError("resource limit")

    monkeypatch.setattr(prefilter, "compile_database", compile_none)
    monkeypatch.setattr(prefilter, "refused", lambda _expressions: {})
    matcher = Matcher(RULES)
    assert matcher.engine == "aho-corasick"
    assert "resource limit" in matcher.engine_reason
    assert matcher.match(BLOCK) == ReferenceMatcher(RULES).match(BLOCK)


def test_literals_are_known_through_groups_and_alternatives():
    """At least one of them is in every match."""
    required = skeleton(parse(r"(?:lost|gone) (?i:Io) [a-z]+ (?:x|yy)\d"))
    assert required_literals(required) == (b"lost", b"gone")
    assert required_literals(skeleton(parse(r"(?i)io err\w+"))) != ()
    assert required_literals(skeleton(parse(r"(?:lost|\d\d) of \d"))) == (b" of ",)
    assert required_literals(skeleton(parse(r"(?:lost|\d\d)\d"))) == ()
    assert express(skeleton(parse(r"\d+[a-z]")), Form.LITERALS) is None


def test_one_matcher_serves_many_threads():
    """The database is shared, the scratch spaces are not."""
    rules = [RulePatterns(match=(f"number {digit}+$",)) for digit in range(10)]
    matcher = Matcher(rules)
    block = b"".join(b"a line with number %d\n" % number for number in range(5_000))
    expected = ReferenceMatcher(rules).match(block)
    with ThreadPoolExecutor(8) as pool:
        assert all(hits == expected for hits in pool.map(matcher.match, [block] * 64))
    assert 1 <= len(matcher._prefilter.scanner._spare) <= 8


@pytest.fixture
def compiled(monkeypatch):
    """How often a database was compiled."""
    calls = []

    def counting(expressions):
        calls.append(len(expressions))
        return compile_database(expressions)

    monkeypatch.setattr(prefilter, "compile_database", counting)
    return calls


def test_a_database_is_compiled_once_and_then_loaded(tmp_path, compiled):
    """The second start finds it, readable by its owner alone."""
    folder = tmp_path / "new" / "cache"
    for _ in range(2):
        matcher = Matcher(RULES, cache=folder)
        assert matcher.match(BLOCK) == ReferenceMatcher(RULES).match(BLOCK)
    assert compiled == [2]
    [path] = folder.glob("*.hyperscan")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_other_patterns_have_a_database_of_their_own(tmp_path, compiled):
    """The name depends on the expressions."""
    Matcher(RULES, cache=tmp_path)
    Matcher(RULES[:1], cache=tmp_path)
    assert compiled == [2, 1]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "foreign", "rehashed"])
def test_a_damaged_database_is_compiled_again(tmp_path, compiled, damage):
    """Whatever is in the file, the matcher comes up and is right."""
    Matcher(RULES, cache=tmp_path)
    [path] = tmp_path.glob("*.hyperscan")
    content = path.read_bytes()
    bad = {
        "cut": content[:-100],
        "flip": content[:200] + bytes([content[200] ^ 1]) + content[201:],
        "empty": b"",
        "foreign": b"x" * 1_000,
        "rehashed": database_cache._digest(b"\x92\x92\x80\x80\xc4\x01x")
        + b"\x92\x92\x80\x80\xc4\x01x",
    }[damage]
    path.write_bytes(bad)
    matcher = Matcher(RULES, cache=tmp_path)
    assert compiled == [2, 2]
    assert matcher.match(BLOCK) == ReferenceMatcher(RULES).match(BLOCK)
    assert path.read_bytes() == content


def test_what_was_weakened_is_remembered_with_the_database(tmp_path, monkeypatch):
    """A loaded database stands for the same patterns as the compiled one."""
    refuse(monkeypatch, lambda one: b"disk" in one)
    first = Matcher(RULES, cache=tmp_path)
    monkeypatch.undo()
    second = Matcher(RULES, cache=tmp_path)
    assert second.unfiltered() == first.unfiltered() != []
    assert second.match(BLOCK) == ReferenceMatcher(RULES).match(BLOCK)


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, capsys):
    """It is said once, and the matcher works."""
    (tmp_path / "file").write_text("in the way")
    matcher = Matcher(RULES, cache=tmp_path / "file" / "cache")
    assert matcher.match(BLOCK) == ReferenceMatcher(RULES).match(BLOCK)
    assert "matching.cache_not_written" in capsys.readouterr().err


def test_old_databases_are_cleared_away(tmp_path, monkeypatch):
    """The folder is bounded."""
    monkeypatch.setattr(database_cache, "_MOST_FILES", 3)
    for number in range(6):
        Matcher([RulePatterns(match=(f"word{number}",))], cache=tmp_path)
    assert len(list(tmp_path.glob("*.hyperscan"))) == 3
