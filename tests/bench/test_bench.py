"""The bench measures what it says: known hits, the same rules for everyone, figures read right."""

from __future__ import annotations

import json
import re
import sys

import pytest
from bench import child
from bench.corpus import HITS, write_log
from bench.daemons import installed, with_failure_id
from bench.limits import limits
from bench.report import Result, Run, as_json, tables
from bench.rule_sets import FIRST_TEN, extended, rule_set, without_names


def taken(log, patterns):
    compiled = [re.compile(one.pattern) for one in patterns]
    return [
        [number for number, one in enumerate(compiled) if one.search(line)]
        for line in log.read_text(encoding="utf-8").splitlines()
    ]


def test_every_hit_is_taken_by_one_rule_and_nothing_else_is(tmp_path):
    corpus = write_log(tmp_path / "log", 300_000, hit_rate=0.02, accents=0.01)
    rules = taken(corpus.path, rule_set(100))
    assert len(rules) == corpus.lines
    assert [len(each) for each in rules if each] == [1] * len(corpus.hits)
    assert {each[0] for each in rules if each} == set(range(len(FIRST_TEN)))
    assert corpus.path.stat().st_size == corpus.size


def test_hits_stand_in_the_order_of_the_rules_that_take_them(tmp_path):
    corpus = write_log(tmp_path / "log", 100_000, hit_rate=1.0)
    assert len(corpus.hits) == corpus.lines
    assert len(HITS) == len(FIRST_TEN)


def test_a_larger_set_begins_with_the_smaller_one_and_repeats_none():
    patterns = [one.pattern for one in rule_set(5_000)]
    assert patterns[:100] == [one.pattern for one in rule_set(100)]
    assert len(set(patterns)) == len({one.name for one in rule_set(5_000)}) == 5_000
    for pattern in patterns:
        re.compile(pattern)


def test_the_same_seed_gives_the_same_log(tmp_path):
    one, two = (write_log(tmp_path / name, 50_000, hit_rate=0.01) for name in "ab")
    assert one.path.read_bytes() == two.path.read_bytes()
    assert one.hits == two.hits


def test_a_part_knows_its_own_hits(tmp_path):
    corpus = write_log(tmp_path / "log", 200_000, hit_rate=0.05)
    part = corpus.part(tmp_path / "part", 20_000)
    assert part.path.read_bytes() == corpus.path.read_bytes()[: part.size]
    assert part.path.read_bytes().endswith(b"\n")
    assert len(part.hits) == sum(map(bool, taken(part.path, FIRST_TEN)))
    assert part.lines == part.path.read_bytes().count(b"\n")


def test_other_programs_are_given_the_same_patterns():
    assert extended(r"(?P<a>x|y)(?:\d+)\S") == r"(x|y)([0-9]+)\S"
    assert without_names(r"(?P<a>x|y)(?:\d+)") == r"(?:x|y)(?:\d+)"


def test_a_part_to_a_hit_ends_with_it(tmp_path):
    corpus = write_log(tmp_path / "log", 200_000, hit_rate=0.05)
    for size in (1, 20_000, corpus.size):
        part = corpus.part_to_hit(tmp_path / "part", size)
        lines = taken(part.path, FIRST_TEN)
        assert part.path.read_bytes() == corpus.path.read_bytes()[: part.size]
        assert lines[-1]
        assert len(part.hits) == sum(map(bool, lines)) > 0
        assert (part.lines, part.path.stat().st_size) == (len(lines), part.size)


@pytest.mark.parametrize("peer", [*installed(), *limits()], ids=lambda peer: peer.name)
def test_a_peer_counts_the_hits(tmp_path, peer):
    corpus = write_log(tmp_path / "log", 100_000, hit_rate=0.02).part_to_hit(
        tmp_path / "part", 100_000
    )
    peer.prepare(tmp_path, rule_set(20))
    spent = peer.run(corpus)
    assert peer.count() in (None, len(corpus.hits))
    assert len(corpus.hits) > 0
    assert 0 < spent.cpu < 10


def test_the_id_that_fail2ban_wants_is_never_empty():
    assert with_failure_id(r"Failed for (?P<user>\S+)") == r"(?P<fid>F)ailed for (?:\S+)"
    assert with_failure_id(r"(?P<name>\w+)\[") == r"(?P<fid>\w+)\["
    assert with_failure_id(r"^\S+ x") == r"^(?P<fid>\S)+ x"
    assert with_failure_id(r"\b(?P<class>java)") == r"\b(?P<fid>java)"
    assert with_failure_id(r"[^]a]b") == r"(?P<fid>[^]a])b"
    with pytest.raises(ValueError, match="no place"):
        with_failure_id("^")


def test_a_program_that_fails_says_what_it_said():
    with pytest.raises(RuntimeError, match="ended with 3: oh no"):
        child.run([sys.executable, "-c", "import sys; sys.stderr.write('oh no'); sys.exit(3)"])


def test_a_program_that_never_ends_is_ended_when_it_is_done(tmp_path):
    out = tmp_path / "out"
    code = f"import pathlib, time; pathlib.Path({str(out)!r}).write_text('x'); time.sleep(60)"
    spent = child.run([sys.executable, "-S", "-c", code], until=out.exists, longest=20)
    assert spent.wall < 20


def test_a_program_that_ends_before_it_is_done_has_failed():
    with pytest.raises(RuntimeError, match="ended too soon, with 0"):
        child.run([sys.executable, "-S", "-c", "pass"], until=lambda: False)


def test_a_program_that_takes_too_long_is_killed():
    with pytest.raises(RuntimeError, match="took more than 0 s"):
        child.run([sys.executable, "-S", "-c", "import time; time.sleep(60)"], longest=0.1)


def test_memory_is_that_of_the_child_and_not_of_its_parent():
    code = "import time; held = bytearray(80_000_000); time.sleep(0.2)"
    small = child.run([sys.executable, "-S", "-c", "import time; time.sleep(0.2)"])
    large = child.run([sys.executable, "-S", "-c", code])
    assert 1_000_000 < small.peak_bytes < 40_000_000
    assert large.peak_bytes - small.peak_bytes > 70_000_000


def test_a_table_shows_median_and_range():
    results = [
        Result("speed", {"rules": 10}, {"s/GB": [3.0, 1.234, 2.5], "right": "yes"}),
        Result("speed", {"rules": 1_000}, {"s/GB": [123.4], "extra": 5}),
    ]
    assert tables(results).splitlines() == [
        "### speed",
        "",
        "| rules | s/GB | right | extra |",
        "| --- | --- | --- | --- |",
        "| 10 | 2.50 (1.23-3) | yes |  |",
        "| 1,000 | 123 |  | 5 |",
    ]


def test_a_result_is_one_line_of_json_with_every_run():
    line = as_json(
        Result("speed", {"rules": 10}, {"s/GB": [3.0, 1.0]}),
        Run("2026-01-05T00:00:00+00:00", {"cores": 2}, is_quick=False),
    )
    found = json.loads(line)
    assert found["figures"]["s/GB"] == {
        "median": 2.0,
        "least": 1.0,
        "most": 3.0,
        "runs": [3.0, 1.0],
    }
    assert (found["case"], found["machine"]) == ({"rules": 10}, {"cores": 2})
    assert "\n" not in line
