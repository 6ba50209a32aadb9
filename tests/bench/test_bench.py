"""The bench measures what it says: known hits, the same rules for everyone, figures read right."""

from __future__ import annotations

import json
import re
import sys

import pytest
from bench import child
from bench.corpus import HITS, write_log
from bench.peers import installed
from bench.report import Result, as_json, tables
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


@pytest.mark.parametrize("peer", installed(), ids=lambda peer: peer.name)
def test_a_peer_counts_the_hits(tmp_path, peer):
    corpus = write_log(tmp_path / "log", 100_000, hit_rate=0.02)
    peer.prepare(tmp_path, rule_set(20))
    spent = peer.run(corpus.path)
    assert peer.count() == len(corpus.hits) > 0
    assert 0 < spent.cpu < 10


def test_a_program_that_fails_says_what_it_said():
    with pytest.raises(RuntimeError, match="ended with 3: oh no"):
        child.run([sys.executable, "-c", "import sys; sys.stderr.write('oh no'); sys.exit(3)"])


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
    line = as_json(Result("speed", {"rules": 10}, {"s/GB": [3.0, 1.0]}), {"cores": 2})
    found = json.loads(line)
    assert found["figures"]["s/GB"] == {
        "median": 2.0,
        "least": 1.0,
        "most": 3.0,
        "runs": [3.0, 1.0],
    }
    assert (found["case"], found["machine"]) == ({"rules": 10}, {"cores": 2})
    assert "\n" not in line
