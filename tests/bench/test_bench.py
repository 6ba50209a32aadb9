"""The bench measures what it says: known hits, the same rules for everyone, figures read right."""

from __future__ import annotations

import re

from bench.corpus import HITS, write_log
from bench.rule_sets import FIRST_TEN, extended, rule_set


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


def test_posix_takes_the_same_lines_as_python(tmp_path):
    assert extended(r"(?P<a>x|y)(?:\d+)\S") == "(x|y)([0-9]+)\\S"
