"""What is kept on disk: found without reading a pattern, never trusted where it may be wrong."""

from __future__ import annotations

import ast
import stat
from pathlib import Path

import pytest

from logwatch.matching import (
    dangers,
    database_cache,
    engines,
    known_patterns,
    literal_prefilter,
    prefilter,
    searches,
)
from logwatch.matching.database_cache import DatabaseCache
from logwatch.matching.engines import Engines
from logwatch.matching.known_patterns import KnownPatterns
from logwatch.matching.matcher import Matcher, RulePatterns
from logwatch.matching.pattern import PatternError
from logwatch.matching.scanner import BINDING

RULES = [
    RulePatterns(match=(r"lost (?P<what>\w+)", "gone")),
    RulePatterns(match=(r"\d*",), unless=("7",)),
]
BLOCK = b"lost it\n7\n3\n"


@pytest.fixture
def unread(monkeypatch):
    """No pattern can be read from now on."""

    def start():
        for module in (prefilter, literal_prefilter):
            monkeypatch.setattr(module, "outline", None)

    return start


@pytest.mark.parametrize("engine", ["hyperscan", "aho-corasick"])
def test_a_warm_start_reads_no_pattern(tmp_path, unread, engine):
    """And means the same."""
    first = Matcher(RULES, engine=engine, cache=tmp_path)
    unread()
    second = Matcher(RULES, engine=engine, cache=tmp_path)
    assert second.unfiltered() == first.unfiltered() != []
    assert second.match(BLOCK) == first.match(BLOCK) != []


@pytest.mark.parametrize("engine", ["hyperscan", "aho-corasick"])
def test_patterns_of_which_none_can_be_scanned_for_are_kept_too(tmp_path, unread, engine):
    """There is no database then, only the reasons."""
    rules = [RulePatterns(match=("x*",))]
    first = Matcher(rules, engine=engine, cache=tmp_path)
    unread()
    second = Matcher(rules, engine=engine, cache=tmp_path)
    assert second.unfiltered() == first.unfiltered() != []


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(database_cache, "_translator", lambda: b"other source"),
        lambda patch: patch.setattr(database_cache, "_cpu_flags", lambda: "other processor"),
        lambda patch: patch.setattr(database_cache.sys, "version", "4.0"),
        lambda patch: patch.setattr(prefilter, "version", lambda: "hyperscan 0.7.9"),
    ],
    ids=["translator", "processor", "python", "library"],
)
def test_what_was_made_otherwise_is_made_anew(tmp_path, monkeypatch, change):
    """Another translator, processor, Python or library."""
    Matcher(RULES, cache=tmp_path)
    change(monkeypatch)
    Matcher(RULES, cache=tmp_path)
    assert len(list(tmp_path.glob("*.hyperscan"))) == 2


def test_our_own_source_is_part_of_the_key():
    """Every module that decides what is scanned for."""
    folder = Path(database_cache.__file__).parent
    read = {(folder / f"{name}.py").resolve() for name in database_cache._READERS}
    assert read == imported_by("prefilter", "literal_prefilter", "dangers", "known_patterns")


def test_what_was_kept_for_other_texts_is_never_loaded(tmp_path):
    """The same letters, cut up in another way or in another order, or of another kind or engine."""
    DatabaseCache(tmp_path, "kind", "engine 1").save(("ab", "c"), b"kept")
    assert DatabaseCache(tmp_path, "kind", "engine 1").load(("ab", "c")) == b"kept"
    for texts in (("a", "bc"), ("abc",), ("c", "ab"), ("ab", "c", ""), ("", "ab", "c"), ()):
        assert DatabaseCache(tmp_path, "kind", "engine 1").load(texts) is None
    assert DatabaseCache(tmp_path, "other", "engine 1").load(("ab", "c")) is None
    assert DatabaseCache(tmp_path, "kind", "engine 2").load(("ab", "c")) is None


def test_a_file_with_any_byte_changed_is_as_good_as_none(tmp_path):
    """Of what is not Hyperscan's nobody else would notice."""
    kept = DatabaseCache(tmp_path, "kind", "engine")
    kept.save(("a",), b"body")
    [path] = tmp_path.iterdir()
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert kept.load(("a",)) is None
        path.write_bytes(content[:at])
        assert kept.load(("a",)) is None
    path.write_bytes(content + b"x")
    assert kept.load(("a",)) is None
    path.write_bytes(content)
    assert kept.load(("a",)) == b"body"


def test_what_can_hang_is_kept_apart_for_lines_and_for_records(tmp_path):
    """A newline, of which a record may have many, is in no line."""
    texts = (r"(?:\n+)+(?![^x])",)
    kept = Engines(cache=tmp_path)
    [in_lines], [in_records] = kept.dangers(texts), kept.dangers(texts, records=True)
    assert in_lines.degree < in_records.degree
    assert Engines(cache=tmp_path).dangers(texts, records=True) == [in_records]


def imported_by(*names):
    """The files of these modules and of all of ours that they import, but for the cache's own."""
    root = Path(database_cache.__file__).parents[1]
    cache = Path(database_cache.__file__)
    pending = [cache.with_name(f"{name}.py") for name in names]
    found = set()
    while pending:
        path = pending.pop()
        if path == cache or path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("logwatch."):
                parts = node.module.split(".")[1:]
                pending.append(root.joinpath(*parts).with_suffix(".py"))
    return found


def test_a_command_believes_the_probes_of_the_daemon_and_the_daemon_none(tmp_path, monkeypatch):
    """A note of another build is none, and nobody but the daemon writes one."""
    probed = []
    monkeypatch.setattr(engines, "failed_probe", probed.append)

    def start(**settings):
        monkeypatch.setattr(engines, "_verdicts", {})
        probed.clear()
        assert Engines(**settings).choose(("a",)).name == "hyperscan"
        return len(probed)

    assert start(proof=tmp_path / "no such folder") == 1
    assert start(proof=tmp_path) == 1
    assert list(tmp_path.iterdir()) == []
    assert [start(cache=tmp_path), start(cache=tmp_path)] == [1, 1]
    assert [start(proof=tmp_path), start(wanted="hyperscan", proof=tmp_path)] == [0, 0]
    monkeypatch.setattr(database_cache, "_cpu_flags", lambda: "of another machine")
    assert start(proof=tmp_path) == 1


def test_half_a_surrogate_pair_is_a_pattern_as_well(tmp_path):
    """JSON can write one."""
    rules = [RulePatterns(match=("lost \ud800",))]
    for _ in range(2):
        assert Matcher(rules, cache=tmp_path).match(b"lost x") == []


def test_matchers_of_the_same_patterns_share_one_engine(tmp_path):
    """Whatever their encodings; another set of patterns has its own."""
    engines = Engines(cache=tmp_path)
    one, other = (
        Matcher(RULES, engines=engines),
        Matcher(RULES, encoding="latin-1", engines=engines),
    )
    third = Matcher(RULES[:1], engines=engines)
    assert one._prefilter is other._prefilter is not third._prefilter
    assert one.match(BLOCK) == other.match(BLOCK) != []


def test_large_databases_are_cleared_away_sooner(tmp_path, monkeypatch):
    """The folder is bounded in bytes too; the newest always stays."""
    for most, left in ((10**9, 3), (1, 1)):
        monkeypatch.setattr(database_cache, "_MOST_BYTES", most)
        for number in range(3):
            Matcher([RulePatterns(match=(f"word{number}",))], cache=tmp_path / str(most))
        assert len(list((tmp_path / str(most)).glob("*.hyperscan"))) == left


class Watch:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def begin(self, patterns):
        self.told.append(patterns)

    def read(self):
        self.told.append("read")

    def end(self):
        self.told.append("end")


def test_compiling_is_told_of_only_where_nothing_is_kept(tmp_path):
    """The second start has nothing to tell."""
    watch = Watch()
    for _ in range(2):
        Engines("hyperscan", tmp_path, watch).choose(("a", "b"))
    assert watch.told == [2, "read", "end"]
    Engines("aho-corasick", tmp_path, watch).choose(("aa",))
    assert watch.told[3:] == [1, "end"]


def test_compiling_that_fails_is_told_to_have_ended(tmp_path, monkeypatch):
    """Or the line on the terminal would stay."""
    watch = Watch()

    def fail(_expressions):
        raise MemoryError

    monkeypatch.setattr(prefilter, "compile_database", fail)
    with pytest.raises(MemoryError):
        prefilter.build(("a",), tmp_path, watch)
    assert watch.told == [1, "read", "end"]


def test_a_database_of_another_make_is_compiled_again(tmp_path, monkeypatch):
    """Sound as a file, and refused by the library."""
    Matcher(RULES, cache=tmp_path)

    def refuse(*_args, **_keywords):
        raise BINDING.error("incompatible version")

    monkeypatch.setattr(BINDING, "loadb", refuse)
    assert Matcher(RULES, cache=tmp_path).match(BLOCK) != []


def known(folder):
    patterns = KnownPatterns()
    patterns.open(folder)
    return patterns


def test_a_pattern_is_compiled_once_and_then_known_with_its_names(tmp_path, monkeypatch):
    """In a file that its owner alone can read."""
    first = known(tmp_path)
    assert first.names("(?P<a>x)(y)(?P<b>z)") == ("a", "b")
    assert first.names("x") == ()
    first.save()
    [path] = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setattr(known_patterns, "capture_names", None)
    second = known(tmp_path)
    assert second.names("(?P<a>x)(y)(?P<b>z)") == ("a", "b")
    with pytest.raises(TypeError):
        second.names("new")


def test_only_patterns_that_were_asked_for_are_kept(tmp_path):
    """The file does not grow with every pattern that ever was; nothing new writes nothing."""
    first = known(tmp_path)
    assert first.names("old") == first.names("kept") == ()
    first.save()
    [path] = tmp_path.iterdir()
    before = path.read_bytes()
    second = known(tmp_path)
    second.names("kept")
    second.names("old")
    second.save()
    assert path.read_bytes() == before
    third = known(tmp_path)
    third.names("kept")
    third.save()
    assert len(path.read_bytes()) < len(before)


@pytest.mark.parametrize("content", [b"", b"x" * 100, None])
def test_a_damaged_file_of_names_is_worth_nothing(tmp_path, content):
    """Nothing in it is believed; it is written anew."""
    first = known(tmp_path)
    first.names("(?P<a>x)")
    first.save()
    [path] = tmp_path.iterdir()
    good = path.read_bytes()
    foreign = database_cache._digest(b"\x01") + b"\x01"
    path.write_bytes(foreign if content is None else content)
    second = known(tmp_path)
    assert second.names("(?P<a>x)") == ("a",)
    second.save()
    assert path.read_bytes() == good


def test_a_bad_pattern_is_bad_every_time(tmp_path):
    """It is never kept."""
    for _ in range(2):
        patterns = known(tmp_path)
        with pytest.raises(PatternError, match="unterminated"):
            patterns.names("(")
        patterns.save()


def test_a_pattern_that_cannot_be_written_is_compiled_each_time(tmp_path):
    """It holds half of a surrogate pair; the others are kept all the same."""
    first = known(tmp_path)
    assert first.names("\ud800(?P<a>x)") == ("a",)
    assert first.names("(?P<b>x)") == ("b",)
    first.save()
    second = known(tmp_path)
    assert second.names("(?P<b>x)") == ("b",)
    assert second.names("\ud800(?P<a>x)") == ("a",)


def test_without_a_folder_every_pattern_is_compiled():
    """`check` and texts that come from no file."""
    patterns = KnownPatterns()
    assert patterns.names("(?P<a>x)") == ("a",)
    patterns.save()


def test_the_static_look_at_a_pattern_is_kept_too(tmp_path, monkeypatch):
    """A rule's first line after a start waits for `re` alone."""
    evil = [RulePatterns(match=("(a+)+$",), unless=("(b+)+$",))]
    block = b"a" * 40 + b"!\naa\nab\n"
    first = Matcher(evil, cache=tmp_path).match(block)
    monkeypatch.setattr(dangers, "danger", None)
    monkeypatch.setattr(searches, "danger", None)
    assert Matcher(evil, cache=tmp_path).match(block) == first != []
    (file,) = tmp_path.glob("*.dangers")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(TypeError):  # it is not believed, and so looks again
        Matcher(evil, cache=tmp_path)


def test_without_a_folder_a_pattern_is_looked_at_when_its_line_comes():
    """Nothing is known before."""
    assert dangers.dangers(("(a+)+$",), None) is None
